"""The parts of the inputs, one after the other, that make up the programme every output shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mediaconvert_standin.errors import ClipOutside
from mediaconvert_standin.inspection.media import Media
from mediaconvert_standin.inspection.rates import output_rate
from mediaconvert_standin.job_settings.plan import Clip, Input, Timeline
from mediaconvert_standin.job_settings.timecodes import Timecode

SEEK_MARGIN = 5.0  # seconds before a clip at which decoding starts, for demuxers that seek roughly


@dataclass(frozen=True)
class Piece:
    """``start`` and ``length`` in seconds of the input; a length of None is all there is."""

    input: int
    media: Media
    start: float = 0.0
    length: float | None = None
    frame: float = 0.0  # seconds that one frame lasts; 0 without pictures

    @property
    def trimmed(self) -> bool:
        return self.length is not None

    @property
    def seek(self) -> float:
        """Where the demuxer is to start."""
        return max(0.0, self.start - SEEK_MARGIN)

    @property
    def seconds(self) -> float | None:
        """How long it lasts, as far as is known."""
        return self.media.duration if self.length is None else self.length


def cut(inputs: Sequence[Input], medias: Sequence[Media]) -> tuple[Piece, ...]:
    """Raises ClipOutside for a clip that is not in its input."""
    pieces: list[Piece] = []
    for index, (source, media) in enumerate(zip(inputs, medias, strict=True)):
        if not source.clips:
            pieces.append(Piece(index, media))
        pieces += [_clipped(index, media, clip, source.timeline) for clip in source.clips]
    return tuple(pieces)


def picture_seconds(pieces: Sequence[Piece]) -> float | None:
    """How long the pictures last, which may be less than the sound; None when an input does not say."""
    total = 0.0
    for piece in pieces:
        track = piece.media.main_video
        whole = track.duration if track is not None and track.duration is not None else piece.media.duration
        length = whole if piece.length is None else piece.length
        if length is None:
            return None
        total += length
    return total


def timeline_start(timeline: Timeline, media: Media) -> Timecode | None:
    """The timecode of an input's first frame; None is zero."""
    if timeline.source == "SPECIFIEDSTART":
        return timeline.start
    if timeline.source != "EMBEDDED" or media.timecode is None:
        return None
    try:
        return Timecode.parse(media.timecode)
    except ValueError:
        return None


def _clipped(index: int, media: Media, clip: Clip, timeline: Timeline) -> Piece:
    track = media.main_video
    rate = output_rate(track) if track is not None else None
    first = timeline_start(timeline, media)
    begin = _seconds(clip.start, first, rate) if clip.start is not None else Fraction(0)
    end = _seconds(clip.end, first, rate) if clip.end is not None else None
    frame = 1 / rate if rate is not None else Fraction(0)
    if media.duration is not None:
        # The declared length may count sound that outlasts the picture, or miss the last frame.
        inside = Fraction(media.duration) + frame
        _check_inside(index, clip, begin, end, inside)
    length = (end - begin + frame) if end is not None else _rest(media, begin)
    return Piece(index, media, float(begin), float(length), float(frame))


def _seconds(timecode: Timecode, first: Timecode | None, rate: Fraction | None) -> Fraction:
    if rate is None:
        return timecode.audio_seconds() - (first.audio_seconds() if first else 0)
    return (timecode.frame(rate) - (first.frame(rate) if first else 0)) / rate


def _check_inside(index: int, clip: Clip, begin: Fraction, end: Fraction | None, inside: Fraction) -> None:
    if clip.start is not None and not 0 <= begin < inside:
        if clip.end is None or end is None:
            raise ClipOutside(f"The clipping start timecode [{clip.start.text}] was not found in input number", index)
        raise ClipOutside(
            f"The clipping region [{clip.start.text}] to [{clip.end.text}] was not found in input number", index
        )
    if clip.end is not None and end is not None and not begin <= end < inside:
        start = clip.start.text if clip.start is not None else "00:00:00:00"
        raise ClipOutside(f"The clipping region [{start}] to [{clip.end.text}] was not found in input number", index)


def _rest(media: Media, begin: Fraction) -> Fraction:
    """From ``begin`` to the end; a day when the container does not say how long it is."""
    return Fraction(media.duration if media.duration is not None else 86_400) - begin
