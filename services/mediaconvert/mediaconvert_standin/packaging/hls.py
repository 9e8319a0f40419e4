"""HLS: segments that ffmpeg cut are measured and the playlists written as the service writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from urllib.parse import quote

from mediaconvert_standin.errors import TranscodeFailed
from mediaconvert_standin.job_settings.plan import StaticKey

_EXTINF = re.compile(r"#EXTINF:([0-9.]+),")
_DEFAULT_TRACK = {None, "ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT"}
_SELECTED_TRACKS = {*_DEFAULT_TRACK, "ALTERNATE_AUDIO_AUTO_SELECT"}
# A programme without a time of its own starts on this day, as on the service without an anchor date.
_URI_SAFE = "/-_.~!$&'()*+,;=@"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Segment:
    path: Path
    duration: float  # seconds
    size: int  # bytes
    offset: int | None = None  # its place in a file of several segments

    @property
    def bit_rate(self) -> float:
        return self.size * 8 / self.duration if self.duration > 0 else 0.0


@dataclass(frozen=True)
class Variant:
    """One line of the multivariant playlist and the child playlist it names. No width: sound alone."""

    playlist: str
    bandwidth: int
    average_bandwidth: int
    codecs: tuple[str, ...]
    width: int | None
    height: int | None
    frame_rate: float | None
    audio_group: str | None = None
    subtitles: bool = False


@dataclass(frozen=True)
class IFrames:
    playlist: str
    bandwidth: int
    codecs: tuple[str, ...]
    width: int
    height: int


@dataclass(frozen=True)
class Alternative:
    """A line of EXT-X-MEDIA: sound or captions that go with variants."""

    type: str  # AUDIO, SUBTITLES
    group: str
    name: str
    language: str | None
    playlist: str
    default: bool
    selected: bool
    channels: int | None = None


@dataclass(frozen=True)
class Entry:
    """A segment as a media playlist lists it."""

    name: str
    duration: float
    size: int | None = None  # with ``offset``: a byte range
    offset: int | None = None


@dataclass(frozen=True)
class PlaylistStyle:
    integer_durations: bool = False
    legacy_target: bool = True
    version: int = 3
    init: str | None = None
    init_size: int | None = None  # bytes at the start of a single file
    date_time_period: int | None = None
    client_cache: bool = True
    i_frames: bool = False
    key: StaticKey | None = None


def read_segments(playlist: Path) -> list[Segment]:
    """Segments that ffmpeg listed, in order, with their real sizes. Raises TranscodeFailed for none."""
    segments: list[Segment] = []
    duration: float | None = None
    for line in playlist.read_text("utf-8").splitlines() if playlist.exists() else ():
        found = _EXTINF.match(line)
        if found:
            duration = float(found.group(1))
        elif line and not line.startswith("#") and duration is not None:
            path = playlist.parent / line.removeprefix("file:")
            segments.append(Segment(path, duration, path.stat().st_size))
            duration = None
    if not segments:
        raise TranscodeFailed("Encoder: [no video was produced for an HLS output]")
    return segments


def join_short_tail(segments: list[Segment], minimum: float) -> list[Segment]:
    """A last segment shorter than ``minimum`` seconds goes into the one before it."""
    if len(segments) < 2 or segments[-1].duration >= minimum:
        return segments
    before, tail = segments[-2], segments[-1]
    _append(tail.path, before.path)
    joined = replace(before, duration=before.duration + tail.duration, size=before.size + tail.size)
    return [*segments[:-2], joined]


def join_all(segments: list[Segment]) -> list[Segment]:
    """All segments in the file of the first, with their places in it."""
    first, offset = segments[0], 0
    placed = []
    for segment in segments:
        if segment is not first:
            _append(segment.path, first.path)
        placed.append(replace(segment, path=first.path, offset=offset))
        offset += segment.size
    return placed


def _append(tail: Path, before: Path) -> None:
    with before.open("ab") as target, tail.open("rb") as source:
        while chunk := source.read(1024 * 1024):
            target.write(chunk)
    tail.unlink()


def as_uri(name: str) -> str:
    """A key's last parts as a relative URI: fetching it asks for exactly that key."""
    return quote(name, safe=_URI_SAFE)


def peak_bit_rate(segments: Sequence[Segment]) -> int:
    """Bit/s of the largest segment; short tails do not count (RFC 8216, 4.3.4.2: half a target duration)."""
    longest = max(segment.duration for segment in segments)
    return ceil(max(segment.bit_rate for segment in segments if segment.duration * 2 >= longest))


def average_bit_rate(segments: Sequence[Segment]) -> int:
    return ceil(sum(segment.size for segment in segments) * 8 / sum(segment.duration for segment in segments))


def media_playlist(entries: Sequence[Entry], style: PlaylistStyle | None = None) -> str:
    """A child playlist."""
    style = style or PlaylistStyle()
    longest = max(entry.duration for entry in entries)
    target = ceil(longest) if style.legacy_target or style.integer_durations else int(longest + 0.5)
    ranges = any(entry.offset is not None for entry in entries)
    version = max(style.version, 4 if ranges or style.i_frames else 3)
    if style.key is not None and (style.key.key_format or style.key.key_format_versions):
        version = max(version, 5)  # RFC 8216, 7
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{version}", f"#EXT-X-TARGETDURATION:{max(1, target)}"]
    lines += ["#EXT-X-MEDIA-SEQUENCE:1", "#EXT-X-PLAYLIST-TYPE:VOD"]
    if not style.client_cache:
        lines.append("#EXT-X-ALLOW-CACHE:NO")
    if style.i_frames:
        lines.append("#EXT-X-I-FRAMES-ONLY")
    if style.init is not None:
        size = f',BYTERANGE="{style.init_size}@0"' if style.init_size is not None else ""
        lines.append(f'#EXT-X-MAP:URI="{as_uri(style.init)}"{size}')
    if style.key is not None:
        lines.append(_key_line(style.key))
    elapsed, dated = 0.0, -1
    for entry in entries:
        if style.date_time_period is not None and elapsed >= dated * max(1, style.date_time_period):
            stamp = (_EPOCH + timedelta(seconds=elapsed)).isoformat(timespec="milliseconds")
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{stamp.replace('+00:00', 'Z')}")
            dated = int(elapsed // max(1, style.date_time_period)) + 1
        seconds = f"{max(1, round(entry.duration))}" if style.integer_durations else f"{entry.duration:.3f}"
        lines.append(f"#EXTINF:{seconds},")
        if entry.offset is not None:
            lines.append(f"#EXT-X-BYTERANGE:{entry.size}@{entry.offset}")
        lines.append(as_uri(entry.name))
        elapsed += entry.duration
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _key_line(key: StaticKey) -> str:
    attributes = ["METHOD=AES-128", f'URI="{_plain(key.url)}"']
    if key.vector is not None and key.vector_in_manifest:
        attributes.append(f"IV=0x{key.vector.hex()}")
    if key.key_format:
        attributes.append(f'KEYFORMAT="{_plain(key.key_format)}"')
    if key.key_format_versions:
        attributes.append(f'KEYFORMATVERSIONS="{_plain(key.key_format_versions)}"')
    return f"#EXT-X-KEY:{','.join(attributes)}"


def alternatives(
    type_: str, group: str, name: str, language: str | None, playlist: str, track_type: str | None, channels: int | None
) -> Alternative:
    """``track_type`` says what a player does by itself; absent is the default track."""
    return Alternative(
        type_,
        group,
        name,
        language,
        playlist,
        track_type in _DEFAULT_TRACK,
        track_type in _SELECTED_TRACKS,
        channels,
    )


def master_playlist(
    variants: Sequence[Variant],
    *,
    resolution: bool = True,
    media: Sequence[Alternative] = (),
    i_frames: Sequence[IFrames] = (),
    version: int = 3,
) -> str:
    version = max(version, 4 if media or i_frames else 3)
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{version}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_media_line(item) for item in media]
    for variant in variants:
        attributes = [f"BANDWIDTH={variant.bandwidth}", f"AVERAGE-BANDWIDTH={variant.average_bandwidth}"]
        attributes.append(f'CODECS="{",".join(variant.codecs)}"')
        if resolution and variant.width is not None:
            attributes.append(f"RESOLUTION={variant.width}x{variant.height}")
        if variant.frame_rate is not None:
            attributes.append(f"FRAME-RATE={variant.frame_rate:.3f}")
        if variant.audio_group is not None:
            attributes.append(f'AUDIO="{_plain(variant.audio_group)}"')
        if variant.subtitles:
            attributes.append('SUBTITLES="subs"')
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", as_uri(variant.playlist)]
    for item in i_frames:
        lines.append(
            f'#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={item.bandwidth},CODECS="{",".join(item.codecs)}",'
            f'RESOLUTION={item.width}x{item.height},URI="{as_uri(item.playlist)}"'
        )
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    """A quoted string can hold neither a quotation mark nor a line break (RFC 8216, 4.2)."""
    return "".join(" " if letter in '"\r\n' else letter for letter in text)


def _media_line(item: Alternative) -> str:
    attributes = [f"TYPE={item.type}", f'GROUP-ID="{_plain(item.group)}"']
    if item.language:
        attributes.append(f'LANGUAGE="{item.language}"')
    attributes.append(f'NAME="{_plain(item.name)}"')
    attributes.append(f"DEFAULT={'YES' if item.default else 'NO'}")
    attributes.append(f"AUTOSELECT={'YES' if item.selected else 'NO'}")
    if item.channels is not None:
        attributes.append(f'CHANNELS="{item.channels}"')
    attributes.append(f'URI="{as_uri(item.playlist)}"')
    return f"#EXT-X-MEDIA:{','.join(attributes)}"
