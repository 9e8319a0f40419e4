"""What is laid over the picture: still images, a running timecode, captions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from mediaconvert_standin.job_settings.plan import S3Location, StillImage, TimecodeBurnin
from mediaconvert_standin.job_settings.timecodes import Timecode, label

_NTSC_DENOMINATOR = 1001
_MARGIN = 16  # pixels between the frame and a burned-in timecode
_PLACES = {"LEFT": f"{_MARGIN}", "CENTER": "(w-tw)/2", "RIGHT": f"w-tw-{_MARGIN}"}
_HEIGHTS = {"TOP": f"{_MARGIN}", "MIDDLE": "(h-th)/2", "BOTTOM": f"h-th-{_MARGIN}"}


@dataclass(frozen=True)
class Overlay:
    """A still image from a further input of ffmpeg's. It takes the place of a filter in a chain."""

    input: int
    image: StillImage
    start: float  # seconds, where the chain's time is 0 at the first frame
    rate: Fraction

    def statement(self, name: str) -> str:
        """Filters that follow a comma and go before one. ``name`` is unique among the graph's labels."""
        image = self.image
        prepare = ["format=rgba"]
        if image.width or image.height:
            prepare.insert(0, f"scale={image.width or -1}:{image.height or -1}")
        if image.opacity < 100:
            prepare.append(f"colorchannelmixer=aa={image.opacity / 100:g}")
        shortest = ""
        if image.fade_in or image.fade_out:
            prepare += [
                f"loop=loop=-1:size=1,setpts=N*{self.rate.denominator}/{self.rate.numerator}/TB",
                *self._fades(),
            ]
            shortest = ":shortest=1"
        enable = f":enable='{self._enabled()}'" if self.start > 0 or image.duration is not None else ""
        chain = ",".join(prepare)
        return (
            f"null[{name}_under];[{self.input}:v:0]{chain}[{name}_over];"
            f"[{name}_under][{name}_over]overlay=x={image.x}:y={image.y}:format=auto{enable}{shortest}"
        )

    @property
    def _end(self) -> float | None:
        if self.image.duration is None:
            return None
        return self.start + self.image.fade_in + self.image.duration + self.image.fade_out

    def _enabled(self) -> str:
        # Half a frame early on both sides: the frame at the end is no longer covered.
        half = float(1 / self.rate) / 2
        start = max(0.0, self.start - half)
        return f"gte(t,{start:.6f})" if self._end is None else f"between(t,{start:.6f},{self._end - half:.6f})"

    def _fades(self) -> list[str]:
        fades = []
        if self.image.fade_in:
            fades.append(f"fade=t=in:st={self.start:.6f}:d={self.image.fade_in:.6f}:alpha=1")
        if self.image.fade_out and self._end is not None:
            begin = self._end - self.image.fade_out
            fades.append(f"fade=t=out:st={begin:.6f}:d={self.image.fade_out:.6f}:alpha=1")
        return fades


def overlays(
    images: tuple[StillImage, ...], inputs: dict[S3Location, int], first: Timecode | None, rate: Fraction
) -> tuple[Overlay, ...]:
    """``first`` is the timecode of the first frame, None for zero."""
    origin = first.frame(rate) if first is not None else 0
    return tuple(
        Overlay(
            inputs[image.location],
            image,
            float((image.start.frame(rate) - origin) / rate) if image.start is not None else 0.0,
            rate,
        )
        for image in images
    )


def timecode_filter(burnin: TimecodeBurnin, prefix_file: str | None, first: Timecode | None, rate: Fraction) -> str:
    """The prefix is read from a file of ours: what people type is no part of a filter graph."""
    origin = first.frame(rate) if first is not None else 0
    # Frames are dropped at 29.97 and 59.94 only (SMPTE ST 12-1).
    droppable = rate.denominator == _NTSC_DENOMINATOR and round(rate) % 30 == 0
    separator = ";" if first is not None and first.drop_frame and droppable else ":"
    hours, minutes, seconds, frames = label(origin, rate).split(":")
    if first is not None:
        hours, minutes, seconds, frames = (
            f"{part:02d}" for part in (first.hours, first.minutes, first.seconds, first.frames)
        )
    height, _, place = burnin.position.partition("_")
    options = [
        f"timecode='{hours}\\:{minutes}\\:{seconds}\\{separator}{frames}'",
        f"rate={rate.numerator}/{rate.denominator}",
        *([f"textfile={prefix_file}"] if prefix_file else []),
        "expansion=none",
        f"fontsize={burnin.font_size}",
        "fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=4",
        f"x={_PLACES.get(place, _PLACES['CENTER'])}",
        f"y={_HEIGHTS.get(height, _HEIGHTS['TOP'])}",
    ]
    return f"drawtext={':'.join(options)}"
