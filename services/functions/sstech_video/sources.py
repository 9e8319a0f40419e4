"""What is known of an original before its conversion: its first bytes, and MediaConvert's Probe. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from fractions import Fraction
from typing import Any, Final

from sstech_video import signatures
from sstech_video.signatures import Container

FIRST_BYTES: Final = 512

# Control characters that no text holds.
_BINARY: Final = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")

# Containers of which MediaConvert reads a rotation.
_ROTATABLE: Final = frozenset({"mp4", "quicktime", "three_gp", "three_g2"})


class Kind(Enum):
    """What the first bytes say."""

    ISO_MEDIA = auto()
    BINARY = auto()
    # A playlist or manifest makes a converter read whatever it names, other people's files too.
    TEXT = auto()
    # A picture, a document, a program: nothing that a converter shall open.
    NO_VIDEO = auto()


@dataclass(frozen=True)
class Source:
    """None everywhere means unknown.

    Width and height are pixels as displayed, sample aspect ratio applied, rotation not: nothing decided from them
    depends on which side is up.
    """

    rotatable: bool = False
    duration_ms: int | None = None
    has_video: bool | None = None
    has_audio: bool | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None
    interlaced: bool | None = None


def kind(first_bytes: bytes) -> Kind:
    if signatures.is_no_video(first_bytes):
        return Kind.NO_VIDEO
    if signatures.container(first_bytes) is Container.ISO_MEDIA:
        return Kind.ISO_MEDIA
    return Kind.BINARY if _BINARY.intersection(first_bytes) else Kind.TEXT


def from_probe(answer: Mapping[str, Any], rotatable: bool) -> Source:
    """Read Probe's answer for one file. What it leaves out stays unknown.

    https://docs.aws.amazon.com/mediaconvert/latest/apireference/probe.html
    """
    results = answer.get("ProbeResults") or [{}]
    container = results[0].get("Container") or {}
    tracks = container.get("Tracks") or []
    if not container.get("Format") or not tracks:
        return Source(rotatable)
    pictures = [track.get("VideoProperties") or {} for track in tracks if track.get("TrackType") == "video"]
    picture = pictures[0] if pictures else {}
    width, height = _display_size(picture)
    return Source(
        rotatable=rotatable or container["Format"] in _ROTATABLE,
        duration_ms=_milliseconds(container.get("Duration")),
        has_video=bool(pictures),
        has_audio=any(track.get("TrackType") == "audio" for track in tracks),
        width=width,
        height=height,
        frame_rate=_ratio(picture.get("FrameRate")),
        interlaced=_interlaced(picture.get("CodecMetadata") or {}),
    )


def _display_size(picture: Mapping[str, Any]) -> tuple[int | None, int | None]:
    width, height = picture.get("Width"), picture.get("Height")
    if not width or not height:
        return None, None
    return round(width * (_ratio(picture.get("SampleAspectRatio")) or 1)), height


def _ratio(value: Mapping[str, Any] | None) -> Fraction | None:
    if not value or not value.get("Numerator") or not value.get("Denominator"):
        return None
    ratio = Fraction(value["Numerator"], value["Denominator"])
    return ratio if ratio > 0 else None


def _milliseconds(seconds: float | None) -> int | None:
    return round(seconds * 1000) if seconds and seconds > 0 else None


def _interlaced(codec: Mapping[str, Any]) -> bool | None:
    scan_type = str(codec.get("ScanType") or "").lower()
    return "progressive" not in scan_type if scan_type else None
