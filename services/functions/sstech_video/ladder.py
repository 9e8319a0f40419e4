"""The renditions of one video: never above the source, at most 1080 lines, aspect kept. Pure.

A rung is a square box that the picture is fitted into. A square needs no knowledge of which side is up, so a phone's
rotated film and an upright one get the same, right renditions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sstech_video.sources import Source

MAX_SHORT_SIDE: Final = 1080
MAX_LONG_SIDE: Final = 1920
# Sizes that MediaConvert takes for an output: 32 to 8192, even.
MIN_SIDE: Final = 32
MAX_FRAME_RATE: Final = 60

# A rung must be this much smaller than the one above, or it only costs.
WORTHWHILE: Final = Fraction(9, 10)
# Above this rate a picture needs half as many bits again.
_CALM_FRAME_RATE: Final = 31


@dataclass(frozen=True)
class Quality:
    """QVBR by the short side in pixels: bit/s at most, and the quality level of MediaConvert."""

    short_side: int
    max_bitrate: int
    level: int


QUALITIES: Final = (
    Quality(1080, 6_000_000, 8),
    Quality(720, 3_500_000, 8),
    Quality(480, 1_600_000, 7),
    Quality(360, 900_000, 7),
    Quality(240, 450_000, 7),
)


@dataclass(frozen=True)
class Rung:
    """Fit the picture into `width` x `height`, both even, without enlarging it."""

    name: str
    short_side: int
    width: int
    height: int
    max_bitrate: int
    level: int


def ladder(source: Source) -> tuple[Rung, ...]:
    """From best to least; the first one is also the MP4's."""
    if not source.width or not source.height:
        return _UNKNOWN
    short, long = sorted((source.width, source.height))
    scale = min(Fraction(1), Fraction(MAX_SHORT_SIDE, short), Fraction(MAX_LONG_SIDE, long))
    top = int(short * scale)
    heights = [top] + [q.short_side for q in QUALITIES[:-1] if q.short_side < top * WORTHWHILE]
    return tuple(_rung(height, short, long, source.frame_rate) for height in heights)


def _rung(short_side: int, source_short: int, source_long: int, frame_rate: Fraction | None) -> Rung:
    quality = _quality(short_side)
    side = _box(short_side, source_short, source_long)
    bitrate = quality.max_bitrate
    if frame_rate and frame_rate > _CALM_FRAME_RATE:
        bitrate = bitrate * 3 // 2
    return Rung(f"{short_side}p", short_side, side, side, bitrate, quality.level)


def _box(short_side: int, source_short: int, source_long: int) -> int:
    """The even side of the square in which a picture's short side comes out at `short_side`.

    Rounded up where that keeps the short side whole (480 lines of 16:9 need 854, not 852), never above the source.
    """
    exact = Fraction(short_side * source_long, source_short)
    above = -(-exact // 2) * 2
    fits = above * source_short < (short_side + 1) * source_long
    side = above if fits else above - 2
    return max(MIN_SIDE, min(MAX_LONG_SIDE, source_long // 2 * 2, side))


def _quality(short_side: int) -> Quality:
    """The least of the qualities that is not below the size."""
    return next((q for q in reversed(QUALITIES) if q.short_side >= short_side), QUALITIES[0])


# Nothing is known: the boxes lie on their side, so that whatever comes stays within the price of 1080 lines.
_UNKNOWN: Final = tuple(
    Rung(f"{q.short_side}p", q.short_side, q.short_side * 16 // 9 // 2 * 2, q.short_side, q.max_bitrate, q.level)
    for q in QUALITIES[:-1]
)
