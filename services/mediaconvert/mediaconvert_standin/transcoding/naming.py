"""Names of output objects: destinations, modifiers and format identifiers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mediaconvert_standin.job_settings.modifiers import COUNTERS, IDENTIFIER
from mediaconvert_standin.job_settings.plan import FrameCapture, Output, S3Location, VideoEncoder

SEGMENT_DIGITS = 9

_EXTENSIONS = {
    "F4V": "f4v",
    "GIF": "gif",
    "M2TS": "m2ts",
    "M3U8": "m3u8",
    "MOV": "mov",
    "MP4": "mp4",
    "MPD": "mp4",
    "MXF": "mxf",
    "OGG": "ogg",
    "WEBM": "webm",
}
_RAW_EXTENSIONS = {
    "AAC": "aac",
    "AC3": "ac3",
    "AIFF": "aiff",
    "EAC3": "eac3",
    "FLAC": "flac",
    "H_264": "h264",
    "H_265": "h265",
    "IMSC": "ttml",
    "MP2": "mp2",
    "MP3": "mp3",
    "MPEG2": "m2v",
    "SMI": "smi",
    "SRT": "srt",
    "TTML": "ttml",
    "WAV": "wav",
    "WEBVTT": "vtt",
}


def extension_of(output: Output) -> str:
    """The extension that the service gives an output."""
    if output.sidecar is not None and output.container != "M3U8":
        return _RAW_EXTENSIONS[output.sidecar.format]
    if output.container == "CMFC":
        return "cmfa" if output.video is None else "cmfv"
    if output.container != "RAW":
        return _EXTENSIONS[output.container]
    if output.video is None:
        return _RAW_EXTENSIONS[output.audio[0].codec]
    if isinstance(output.video.encoder, FrameCapture):
        return "jpg"
    assert isinstance(output.video.encoder, VideoEncoder)  # noqa: S101 - planning allows no other
    return _RAW_EXTENSIONS[output.video.encoder.codec]


@dataclass(frozen=True)
class Counter:
    """``$Number$`` (from 1) or ``$Time$`` (in units of the timescale) of a segment, with at least so many digits."""

    name: str
    digits: int


DEFAULT_COUNTER = Counter("Number", SEGMENT_DIGITS)


@dataclass(frozen=True)
class SegmentNames:
    """Keys of the segments of a DASH or CMAF output, without extension: text and what counts."""

    parts: tuple[str | Counter, ...]

    @classmethod
    def of(cls, base: str, modifier: tuple[str | Counter, ...]) -> SegmentNames:
        """A modifier that does not count is followed by the usual number."""
        counts = any(isinstance(part, Counter) for part in modifier)
        return cls((base, *modifier) if counts else (base, *modifier, "_", DEFAULT_COUNTER))

    @property
    def by_time(self) -> bool:
        return any(isinstance(part, Counter) and part.name == "Time" for part in self.parts)

    def key(self, number: int, time: int) -> str:
        values = {"Number": number, "Time": time}
        return "".join(
            str(values[part.name]).zfill(part.digits) if isinstance(part, Counter) else part for part in self.parts
        )


def uncounted(modifier: tuple[str | Counter, ...]) -> str:
    """What a modifier calls the files that are not segments."""
    return "".join(part for part in modifier if isinstance(part, str))


@dataclass(frozen=True)
class Identifiers:
    """Values of ``$name$``; numbers may carry a width, ``$h%04$``. Unknown names stay as they are."""

    values: Mapping[str, str | int]

    def resolve(self, text: str) -> str:
        return IDENTIFIER.sub(self._value, text)

    def counted(self, text: str) -> tuple[str | Counter, ...]:
        """``text`` resolved but for what counts segments."""
        parts: list[str | Counter] = []
        end = 0
        for match in IDENTIFIER.finditer(text):
            name, width = match.groups()
            counter = Counter(name, int(width or 1)) if name in COUNTERS else None
            parts += [text[end : match.start()], counter or self._value(match)]
            end = match.end()
        return (*parts, text[end:])

    def _value(self, match: re.Match[str]) -> str:
        name, width = match.groups()
        if not name and width is None:
            return "$"
        value = self.values.get(name)
        if value is None or (width is not None and isinstance(value, str)):
            return match.group(0)
        return str(value).zfill(int(width or 0))


def job_identifiers(started: datetime, source: S3Location) -> dict[str, str | int]:
    """Identifiers that are the same for the whole job; times are UTC, of the job's start."""
    return {**time_identifiers(started), "fn": base_name(source.key)}


def time_identifiers(time: datetime) -> dict[str, str]:
    return {"dt": f"{time:%Y%m%dT%H%M%S}", "d": f"{time:%Y%m%d}", "t": f"{time:%H%M%S}"}


def base_name(key: str) -> str:
    """The last part of a key without its last extension."""
    name = key.rpartition("/")[2]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def destination_base(destination: str, source: S3Location, identifiers: Identifiers) -> S3Location:
    """Bucket and key stem of a group: a destination that ends in a slash takes the input's name."""
    bucket, _, key = identifiers.resolve(destination).removeprefix("s3://").partition("/")
    if not key or key.endswith("/"):
        key += base_name(source.key)
    return S3Location(bucket, key)
