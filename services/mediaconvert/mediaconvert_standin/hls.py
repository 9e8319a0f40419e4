"""HLS: segments that ffmpeg cut are measured and the playlists written as the service writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from mediaconvert_standin.errors import TranscodeFailed

_EXTINF = re.compile(r"#EXTINF:([0-9.]+),")
_SPS_SEARCH_BYTES = 256 * 1024
_SPS_START = re.compile(rb"\x00\x00\x01[\x27\x47\x67](...)", re.DOTALL)
_RFC_4281_PROFILES = {0x42: 66, 0x4D: 77}  # Baseline and Main, written in decimal at level 3.0


@dataclass(frozen=True)
class Segment:
    path: Path
    duration: float  # seconds
    size: int  # bytes

    @property
    def bit_rate(self) -> float:
        return self.size * 8 / self.duration if self.duration > 0 else 0.0


@dataclass(frozen=True)
class Variant:
    """One line of the master playlist and the child playlist it names."""

    playlist: str
    bandwidth: int
    average_bandwidth: int
    codecs: tuple[str, ...]
    width: int
    height: int
    frame_rate: float


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
    with before.path.open("ab") as target, tail.path.open("rb") as source:
        while chunk := source.read(1024 * 1024):
            target.write(chunk)
    tail.path.unlink()
    joined = replace(before, duration=before.duration + tail.duration, size=before.size + tail.size)
    return [*segments[:-2], joined]


def peak_bit_rate(segments: Sequence[Segment]) -> int:
    """Bit/s of the largest segment; short tails do not count (RFC 8216, 4.3.4.2: half a target duration)."""
    longest = max(segment.duration for segment in segments)
    return ceil(max(segment.bit_rate for segment in segments if segment.duration * 2 >= longest))


def average_bit_rate(segments: Sequence[Segment]) -> int:
    return ceil(sum(segment.size for segment in segments) * 8 / sum(segment.duration for segment in segments))


def avc_codec(segment: Path, *, rfc_4281: bool) -> str:
    """``avc1…`` of the stream that is really in the segment, from its sequence parameter set."""
    with segment.open("rb") as file:
        found = _SPS_START.search(file.read(_SPS_SEARCH_BYTES))
    if found is None:
        raise TranscodeFailed("Encoder: [an HLS segment has no sequence parameter set]")
    profile, constraints, level = found.group(1)
    if rfc_4281 and level == 30 and profile in _RFC_4281_PROFILES:
        return f"avc1.{_RFC_4281_PROFILES[profile]}.30"
    return f"avc1.{profile:02x}{constraints:02x}{level:02x}"


def media_playlist(
    segments: Sequence[tuple[str, float]], *, integer_durations: bool = False, legacy_target: bool = True
) -> str:
    """A child playlist from (name, seconds) pairs."""
    longest = max(duration for _, duration in segments)
    target = ceil(longest) if legacy_target or integer_durations else int(longest + 0.5)
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{max(1, target)}"]
    lines += ["#EXT-X-MEDIA-SEQUENCE:1", "#EXT-X-PLAYLIST-TYPE:VOD"]
    for name, duration in segments:
        seconds = f"{max(1, round(duration))}" if integer_durations else f"{duration:.3f}"
        lines += [f"#EXTINF:{seconds},", name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def master_playlist(variants: Sequence[Variant], *, resolution: bool = True) -> str:
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for variant in variants:
        attributes = [f"BANDWIDTH={variant.bandwidth}", f"AVERAGE-BANDWIDTH={variant.average_bandwidth}"]
        attributes.append(f'CODECS="{",".join(variant.codecs)}"')
        if resolution:
            attributes.append(f"RESOLUTION={variant.width}x{variant.height}")
        attributes.append(f"FRAME-RATE={variant.frame_rate:.3f}")
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", variant.playlist]
    return "\n".join([*lines, ""])
