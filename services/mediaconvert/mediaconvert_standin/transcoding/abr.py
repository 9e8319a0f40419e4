"""Automated ABR: a ladder made from the source's size and the limits of the job.

The service looks at the pictures; here the ladder is fixed and cut to size, bit rates and rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from mediaconvert_standin.job_settings.plan import AutomatedAbr, Output, Video, VideoEncoder
from mediaconvert_standin.transcoding.geometry import Picture
from mediaconvert_standin.transcoding.video_arguments import default_quality_level

# Short side in pixels and bit/s of H.264, the usual rungs of an HLS ladder (HLS Authoring Specification, 1.29).
_LADDER = (
    (2160, 16_800_000),
    (1440, 9_700_000),
    (1080, 6_000_000),
    (720, 3_400_000),
    (540, 2_000_000),
    (432, 1_100_000),
    (360, 730_000),
    (234, 365_000),
)
_ROUNDING = 2  # pixels between even sizes
_PEAK = Fraction(3, 2)  # highest to average rate of a rung


def expand(
    outputs: tuple[Output, ...], abr: AutomatedAbr, source: Callable[[Video], Picture], *, joined: bool
) -> tuple[Output, ...]:
    """The outputs with each video output replaced by its rungs, largest first; other nameless ones get a number.

    ``source`` says what an output shows of the input; inputs that are ``joined`` to it may have other shapes.
    """
    expanded = [rung for output in outputs for rung in _rungs(output, abr, source, joined=joined)]
    return tuple(
        output if output.name_modifier else replace(output, name_modifier=f"_{number}")
        for number, output in enumerate(expanded, start=1)
    )


def _rungs(output: Output, abr: AutomatedAbr, source: Callable[[Video], Picture], *, joined: bool) -> list[Output]:
    if output.video is None or not isinstance(output.video.encoder, VideoEncoder):
        return [output]
    rungs = []
    largest = at_most(source(output.video), output.video.width, output.video.height)
    for number, (size, rate) in enumerate(ladder(abr, largest), start=1):
        control = replace(
            output.video.encoder.rate_control,
            bitrate=None,
            max_bitrate=round(rate * _PEAK),
            buffer_size=None,
            quality_level=_quality_level(abr, size),
        )
        encoder = replace(output.video.encoder, rate_control=control, sample_aspect=Fraction(1))
        video = replace(output.video, encoder=encoder, width=size[0], height=size[1])
        if not joined and _same_shape(size, largest):
            video = replace(video, scaling="STRETCH_TO_OUTPUT")  # no bars where an even size is a little off
        name = f"{output.name_modifier}_{number}"
        rungs.append(replace(output, name_modifier=name, rung_of=output.name_modifier, video=video))
    return rungs


def _same_shape(size: tuple[int, int], source: Picture) -> bool:
    """But for rounding; sizes that the job names need not have the source's shape."""
    wide = Fraction(source.width, source.height)
    return abs(size[0] - size[1] * wide) <= _ROUNDING or abs(size[1] - size[0] / wide) <= _ROUNDING


def at_most(source: Picture, width: int | None, height: int | None) -> Picture:
    """The source in square pixels, no larger than the base output: that is a ladder's maximum resolution."""
    wide = source.width * source.aspect
    factor = min(
        Fraction(1), Fraction(width) / wide if width else Fraction(1), Fraction(height or source.height, source.height)
    )
    return Picture(_even(wide * factor), _even(source.height * factor))


def _quality_level(abr: AutomatedAbr, size: tuple[int, int]) -> float | None:
    """None leaves it to the size."""
    return None if abr.max_quality is None else min(abr.max_quality, default_quality_level(size[1]))


def ladder(abr: AutomatedAbr, source: Picture) -> list[tuple[tuple[int, int], int]]:
    """Sizes and average bit rates, largest first; at least one rung."""
    sizes = [size for short, _ in _LADDER if (size := _scaled_to(short, source)) is not None]
    if not sizes or _area(sizes[0]) < _area(_even_size(source)):
        sizes.insert(0, _even_size(source))
    if abr.allowed:
        allowed = sorted(abr.allowed, key=_area, reverse=True)
        sizes = [size for size in allowed if size[0] <= source.width and size[1] <= source.height] or allowed[-1:]
    if abr.min_top is not None and _area(sizes[0]) < _area(abr.min_top):
        sizes.insert(0, _smallest_top(abr.allowed, abr.min_top))
    if abr.min_bottom is not None:
        sizes = [size for size in sizes if _area(size) >= _area(abr.min_bottom)] or sizes[:1]
    sizes = sorted({*sizes, *abr.forced}, key=_area, reverse=True)
    rungs = [(size, min(abr.max_bitrate, _rate(size))) for size in sizes]
    kept = [rung for rung in rungs if rung[1] >= abr.min_bitrate or rung[0] in abr.forced] or rungs[-1:]
    return _at_most(kept, abr)


def _smallest_top(allowed: Sequence[tuple[int, int]], least: tuple[int, int]) -> tuple[int, int]:
    return min((size for size in allowed if _area(size) >= _area(least)), key=_area, default=least)


def _at_most(rungs: list[tuple[tuple[int, int], int]], abr: AutomatedAbr) -> list[tuple[tuple[int, int], int]]:
    """Drop from the middle: the ends say what the ladder reaches."""
    while len(rungs) > abr.max_renditions:
        middle = [index for index in range(1, len(rungs) - 1) if rungs[index][0] not in abr.forced]
        del rungs[middle[len(middle) // 2] if middle else -1]
    return rungs


def _scaled_to(short: int, source: Picture) -> tuple[int, int] | None:
    wide = source.width * source.aspect
    factor = Fraction(short) / min(wide, Fraction(source.height))
    return (_even(wide * factor), _even(source.height * factor)) if factor <= 1 else None


def _even_size(source: Picture) -> tuple[int, int]:
    return _even(source.width * source.aspect), _even(Fraction(source.height))


def _even(side: Fraction) -> int:
    return max(2, 2 * round(side / 2))


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _rate(size: tuple[int, int]) -> int:
    """The rate of the smallest rung that is not smaller than ``size``."""
    return next((rate for short, rate in reversed(_LADDER) if short >= min(size)), _LADDER[0][1])
