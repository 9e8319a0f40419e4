"""What a conversion will cost, estimated before its job is made. Pure. Money is whole micro-dollars.

Prices: AWS Elemental MediaConvert, on demand, Basic tier, AVC, single pass, US East (N. Virginia), first volume step,
in effect since 2024-12 and read in 2026-11. https://aws.amazon.com/mediaconvert/pricing/
Other regions are dearer: the deployment says how much, in percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import Final

from sstech_video.ladder import Rung
from sstech_video.sources import Source

PRICES_AS_OF: Final = date(2024, 12, 1)
DOLLAR: Final = 1_000_000
CENT: Final = DOLLAR // 100

# Per minute of output: (height class, more than 30 frames a second).
SD: Final = "SD"
HD: Final = "HD"
PRICE_PER_MINUTE: Final[Mapping[tuple[str, bool], int]] = MappingProxyType(
    {
        (SD, False): 7_500,
        (SD, True): 15_000,
        (HD, False): 15_000,
        (HD, True): 30_000,
    }
)
HD_FROM_SHORT_SIDE: Final = 720
SLOW_FRAME_RATE: Final = 30
# Every output is billed for at least ten seconds.
MIN_BILLED_MILLISECONDS: Final = 10_000
MINUTE: Final = 60_000
# Frame captures are counted like SD outputs: more than they cost, but never less.
FRAME_CAPTURES: Final = 2
# Nobody films with less: a file of unknown duration is at most so long for its size.
LEAST_BITS_PER_SECOND: Final = 1_000_000


def estimate(rungs: Sequence[Rung], source: Source, size: int, percent: int) -> int:
    """Micro-dollars for the MP4 (the first rung), a rendition of each rung, poster and thumbnails.

    `size` of the original in bytes stands in for an unknown duration; `percent` is the region's price level.
    """
    minutes = Fraction(max(billed_milliseconds(source, size), MIN_BILLED_MILLISECONDS), MINUTE)
    fast = source.frame_rate is None or source.frame_rate > SLOW_FRAME_RATE
    outputs = sum(PRICE_PER_MINUTE[_class_of(rung), fast] for rung in (rungs[0], *rungs))
    captures = FRAME_CAPTURES * PRICE_PER_MINUTE[SD, False]
    return ceil(minutes * (outputs + captures) * percent / 100)


def billed_milliseconds(source: Source, size: int) -> int:
    if source.duration_ms is not None:
        return source.duration_ms
    return size * 8 * 1000 // LEAST_BITS_PER_SECOND


def dollars(micros: int) -> str:
    """For people: `$12.34`, rounded up to the cent."""
    cents = -(-micros // CENT)
    return f"${cents // 100}.{cents % 100:02}"


def _class_of(rung: Rung) -> str:
    return HD if rung.short_side >= HD_FROM_SHORT_SIDE else SD
