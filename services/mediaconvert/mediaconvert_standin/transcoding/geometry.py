"""Where every pixel goes: source size, crop, scaling behaviour and sample aspect → filters and real output size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from mediaconvert_standin.errors import InvalidMedia
from mediaconvert_standin.job_settings.plan import Rectangle, Video, VideoEncoder
from mediaconvert_standin.transcoding.graph import Chain

_SQUARE = Fraction(1)
# Inputs that are joined must all have one size, so the behaviours that let it vary get bars.
_FILLING = {"STRETCH_TO_OUTPUT": "STRETCH_TO_OUTPUT", "FILL": "FILL"}


@dataclass(frozen=True)
class Picture:
    """A picture as stored: ``width`` x ``height`` samples of shape ``aspect`` (width : height of one sample)."""

    width: int
    height: int
    aspect: Fraction = _SQUARE

    def rotated(self, degrees: int) -> Picture:
        return Picture(self.height, self.width, 1 / self.aspect) if degrees % 180 else self


@dataclass(frozen=True)
class Fitted:
    """Filters, and the frame they end in: its size in samples and the shape of one sample."""

    filters: Chain
    width: int
    height: int
    aspect: Fraction = _SQUARE


def rotation_filters(degrees: int) -> tuple[str, ...]:
    """Filters that turn the picture clockwise by 0, 90, 180 or 270 degrees."""
    return {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}[degrees % 360]


def fit(
    source: Picture,
    video: Video,
    crop: Rectangle | None,
    ordinal: int,
    position: Rectangle | None = None,
    frame: Fitted | None = None,
) -> Fitted:
    """Filters from an upright source to the output's frame, and its size.

    ``ordinal`` is the output's place in the job from 1, for messages. ``frame`` is the frame of a programme
    of several inputs, which each of them must fill. Raises InvalidMedia (1040).
    """
    filters: Chain = ()
    if crop is not None:
        filters, source = _cropped(source, crop)
    if frame is not None:
        filling = _filling(video, frame)
        if position is None:
            scaled = _scaled(source, filling)
            return Fitted((*filters, *scaled.filters), frame.width, frame.height, frame.aspect)
        video = filling
    if position is not None:
        return _placed(filters, source, video, position)
    if video.width is None and video.height is None:
        if source.width % 2 or source.height % 2:
            raise InvalidMedia(
                f"Invalid resolution [{source.width} x {source.height}], only even values are supported. "
                f"video_description [{ordinal}]."
            )
        aspect = _output_aspect(source, video, follows=True)
        return Fitted((*filters, _set_aspect(aspect)), source.width, source.height, aspect)
    scaled = _scaled(source, video)
    return Fitted((*filters, *scaled.filters), scaled.width, scaled.height, scaled.aspect)


def _filling(video: Video, frame: Fitted) -> Video:
    """Settings that bring any input into the frame of the programme."""
    encoder = video.encoder
    if isinstance(encoder, VideoEncoder):
        encoder = replace(encoder, sample_aspect=frame.aspect)
    scaling = _FILLING.get(video.scaling, "DEFAULT")
    return replace(video, width=frame.width, height=frame.height, scaling=scaling, encoder=encoder)


def _placed(filters: Chain, source: Picture, video: Video, place: Rectangle) -> Fitted:
    """The picture inside a rectangle of a black frame; the scaling behaviour does not count."""
    width, height = video.width or source.width, video.height or source.height
    if place.x + place.width > width or place.y + place.height > height:
        raise InvalidMedia(
            f"Invalid position [{place.width} x {place.height} at {place.x},{place.y}]: outside the output's "
            f"{width} x {height}."
        )
    aspect = _output_aspect(source, video, follows=False)
    pad = f"pad={width}:{height}:{place.x}:{place.y}:color=black"
    scale = _scale(place.width, place.height, video.sharpness)
    return Fitted((*filters, scale, pad, _set_aspect(aspect)), width, height, aspect)


def _cropped(source: Picture, crop: Rectangle) -> tuple[tuple[str, ...], Picture]:
    if crop.x + crop.width > source.width or crop.y + crop.height > source.height:
        raise InvalidMedia(
            f"Invalid crop [{crop.width} x {crop.height} at {crop.x},{crop.y}]: outside the input's "
            f"{source.width} x {source.height}."
        )
    name = f"crop={crop.width}:{crop.height}:{crop.x}:{crop.y}"
    return (name,), Picture(crop.width, crop.height, source.aspect)


def _output_aspect(source: Picture, video: Video, *, follows: bool) -> Fraction:
    encoder = video.encoder
    if isinstance(encoder, VideoEncoder):
        if encoder.sample_aspect is not None:
            return encoder.sample_aspect
        return source.aspect if follows or encoder.keep_sample_aspect else _SQUARE
    return source.aspect if follows else _SQUARE


def _scaled(source: Picture, video: Video) -> Fitted:
    aspect = _output_aspect(source, video, follows=False)
    # The source's width in samples of the output's shape.
    wide = source.width * source.aspect / aspect
    if video.width is None or video.height is None:
        width, height = _derived(video.width, video.height, wide / source.height)
        return Fitted((_scale(width, height, video.sharpness), _set_aspect(aspect)), width, height, aspect)
    width, height = video.width, video.height
    ratio = (Fraction(width) / wide, Fraction(height, source.height))
    if video.scaling == "STRETCH_TO_OUTPUT":
        return Fitted((_scale(width, height, video.sharpness), _set_aspect(aspect)), width, height, aspect)
    if video.scaling == "FILL":
        inner = (max(width, _even(wide * max(ratio))), max(height, _even(source.height * max(ratio))))
        crop = f"crop={width}:{height}"
        return Fitted((_scale(*inner, video.sharpness), crop, _set_aspect(aspect)), width, height, aspect)
    box = (Fraction(width), Fraction(height))
    if video.scaling == "FIT_NO_UPSCALE":
        box = (min(box[0], wide), min(box[1], Fraction(source.height)))
    factor = min(box[0] / wide, box[1] / source.height)
    inner = (_even(wide * factor, box[0]), _even(source.height * factor, box[1]))
    scale = (_scale(*inner, video.sharpness),)
    if video.scaling == "DEFAULT" and inner != (width, height):
        pad = f"pad={width}:{height}:{(width - inner[0]) // 2}:{(height - inner[1]) // 2}:color=black"
        return Fitted((*scale, pad, _set_aspect(aspect)), width, height, aspect)
    return Fitted((*scale, _set_aspect(aspect)), *inner, aspect)


def _derived(width: int | None, height: int | None, shape: Fraction) -> tuple[int, int]:
    """The missing side from the display aspect."""
    if width is not None:
        return width, _even(width / shape)
    assert height is not None  # noqa: S101 - the caller passes one of the two
    return _even(height * shape), height


def _even(side: Fraction, limit: Fraction | None = None) -> int:
    """The nearest even number, not above ``limit``."""
    nearest = 2 * int(side / 2 + Fraction(1, 2))
    if limit is not None:
        nearest = min(nearest, 2 * int(limit / 2))
    return max(2, nearest)


def _scale(width: int, height: int, sharpness: int) -> str:
    kernel = "bilinear" if sharpness < 34 else "bicubic" if sharpness < 67 else "lanczos"
    return f"scale={width}:{height}:flags={kernel}"


def _set_aspect(aspect: Fraction) -> str:
    limited = aspect.limit_denominator(4096)
    return f"setsar={limited.numerator}/{limited.denominator}"
