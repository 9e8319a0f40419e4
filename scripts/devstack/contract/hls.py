"""HLS playlists, as far as a player needs them (RFC 8216)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')
"""One `NAME=value` of an attribute list (RFC 8216 section 4.2); a quoted value may hold commas."""


class PlaylistError(ValueError):
    """The text is not the playlist it should be."""


@dataclass(frozen=True)
class Variant:
    """One `#EXT-X-STREAM-INF` of a multivariant playlist. `bandwidth` in bits per second, size in pixels."""

    url: str
    bandwidth: int
    width: int
    height: int
    codecs: str


@dataclass(frozen=True)
class Segment:
    """One media segment. `duration` in seconds."""

    url: str
    duration: float


def parse_master(text: str, url: str) -> tuple[Variant, ...]:
    """The variants of the playlist at `url`, in its order. Raises PlaylistError."""
    variants = []
    pending: dict[str, str] | None = None
    for line in _lines(text):
        if line.startswith("#EXT-X-STREAM-INF:"):
            pending = _attributes(line.partition(":")[2])
        elif not line.startswith("#") and pending is not None:
            variants.append(_variant(pending, urljoin(url, line)))
            pending = None
    if not variants:
        raise PlaylistError(f"{url} lists no variant.")
    return tuple(variants)


def parse_media(text: str, url: str) -> tuple[Segment, ...]:
    """The segments of a complete (VOD) media playlist. Raises PlaylistError."""
    segments = []
    duration: float | None = None
    ended = False
    for line in _lines(text):
        if line.startswith("#EXTINF:"):
            duration = _seconds(line.partition(":")[2].split(",")[0])
        elif line == "#EXT-X-ENDLIST":
            ended = True
        elif not line.startswith("#"):
            if duration is None:
                raise PlaylistError(f"{url}: segment {line} has no EXTINF.")
            segments.append(Segment(urljoin(url, line), duration))
            duration = None
    if not segments or not ended:
        raise PlaylistError(f"{url} is not a complete media playlist.")
    return tuple(segments)


def _lines(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0] != "#EXTM3U":
        raise PlaylistError("A playlist starts with #EXTM3U.")
    return (line for line in lines[1:] if line)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise PlaylistError(f"{text!r} is not a duration.") from error


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in ATTRIBUTE.findall(text)}


def _variant(attributes: dict[str, str], url: str) -> Variant:
    try:
        width, _, height = attributes["RESOLUTION"].partition("x")
        return Variant(
            url=url,
            bandwidth=int(attributes["BANDWIDTH"]),
            width=int(width),
            height=int(height),
            codecs=attributes.get("CODECS", ""),
        )
    except (KeyError, ValueError) as error:
        raise PlaylistError(f"{url}: EXT-X-STREAM-INF needs BANDWIDTH and RESOLUTION.") from error
