"""Fragmented MP4: the fragments ffmpeg cut, put together to the segments or the single file of an output."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mediaconvert_standin.errors import TranscodeFailed
from mediaconvert_standin.inspection.boxes import Box, top_level_boxes

_STYP = struct.pack(">I4s4sI4s4s", 24, b"styp", b"msdh", 0, b"msdh", b"msix")
_KEPT = {b"moof", b"mdat", b"emsg"}
_STARTS_WITH_KEY_FRAME = 0x90000000  # sidx: starts_with_SAP 1, SAP_type 1 (ISO/IEC 14496-12, 8.16.3)
_MAX_SIDX_REFERENCES = 0xFFFF
_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Fragment:
    """One moof and its mdat in a file of its own. ``start`` and ``duration`` in units of the timescale."""

    path: Path
    timescale: int
    start: int
    duration: int


@dataclass(frozen=True)
class MediaSegment:
    """One or more whole fragments. ``offset`` is its place in a single file, None in a file of its own."""

    path: Path
    timescale: int
    start: int
    duration: int
    size: int
    offset: int | None = None

    @property
    def seconds(self) -> float:
        return self.duration / self.timescale

    @property
    def bit_rate(self) -> float:
        return self.size * 8 / self.seconds if self.duration else 0.0


def read_fragments(folder: Path, name: str) -> list[Fragment]:
    """The fragments of an output, in order. Raises TranscodeFailed when there are none."""
    paths = sorted(folder.glob(f"{name}_*.m4s"))
    if not paths:
        raise TranscodeFailed("Encoder: [no media was produced for a fragmented output]")
    return [_read(path) for path in paths]


def _read(path: Path) -> Fragment:
    """Time and length from the segment index that the muxer put in front."""
    with path.open("rb") as file:
        for box in _boxes(file, path.stat().st_size):
            if box.kind == b"sidx":
                file.seek(box.start + 8)
                return _parse_sidx(path, file.read(box.size - 8))
    raise TranscodeFailed("Encoder: [a fragment has no segment index]")


def _parse_sidx(path: Path, body: bytes) -> Fragment:
    version = body[0]
    timescale = struct.unpack_from(">I", body, 8)[0]
    start = struct.unpack_from(">Q" if version else ">I", body, 12)[0]
    references = 12 + (16 if version else 8) + 4
    count = struct.unpack_from(">H", body, references - 2)[0]
    duration = sum(struct.unpack_from(">I", body, references + 12 * item + 4)[0] for item in range(count))
    return Fragment(path, timescale, start, duration)


def _boxes(file: BinaryIO, size: int) -> list[Box]:
    def read_at(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    return list(top_level_boxes(read_at, size))


def group_fragments(fragments: Sequence[Fragment], seconds: float, minimum_last: float) -> list[list[Fragment]]:
    """Fragments by segment: each is closed by the first fragment that brings it to its length."""
    groups: list[list[Fragment]] = []
    elapsed = 0.0
    for fragment in fragments:
        length = fragment.duration / fragment.timescale
        # Half a fragment of tolerance keeps sound, whose frames do not divide the length, with the picture.
        if not groups or elapsed + length / 2 >= seconds * len(groups):
            groups.append([])
        groups[-1].append(fragment)
        elapsed += length
    if len(groups) > 1 and sum(item.duration / item.timescale for item in groups[-1]) < minimum_last:
        tail = groups.pop()
        groups[-1] += tail
    return groups


def write_segments(groups: Sequence[Sequence[Fragment]], folder: Path, name: str) -> list[MediaSegment]:
    """One file for each segment; the fragments' files are gone afterwards."""
    segments = []
    for number, group in enumerate(groups, start=1):
        path = folder / f"{name}.{number:09d}.segment"
        with path.open("wb") as target:
            target.write(_STYP)
            for fragment in group:
                _append(target, fragment)
            size = target.tell()
        segments.append(_segment(path, group, size, None))
    return segments


def write_single_file(init: Path, groups: Sequence[Sequence[Fragment]], path: Path) -> tuple[list[MediaSegment], int]:
    """One file with an index of its segments in front; the segments, and the size of the index."""
    with path.open("wb") as target:
        with init.open("rb") as source:
            shutil.copyfileobj(source, target)
        header = target.tell()
        index_size = 32 + 8 + 12 * min(len(groups), _MAX_SIDX_REFERENCES)
        target.write(bytes(index_size))
        segments = []
        for group in groups:
            start = target.tell()
            for fragment in group:
                _append(target, fragment)
            segments.append(_segment(path, group, target.tell() - start, start))
        target.seek(header)
        target.write(_sidx(segments[:_MAX_SIDX_REFERENCES], index_size))
    return segments, index_size


def _segment(path: Path, group: Sequence[Fragment], size: int, offset: int | None) -> MediaSegment:
    first = group[0]
    return MediaSegment(path, first.timescale, first.start, sum(item.duration for item in group), size, offset)


def _append(target: BinaryIO, fragment: Fragment) -> None:
    with fragment.path.open("rb") as source:
        for box in _boxes(source, fragment.path.stat().st_size):
            if box.kind in _KEPT:
                source.seek(box.start)
                _copy(source, target, box.size)
    fragment.path.unlink()


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while length > 0 and (data := source.read(min(length, _COPY_BYTES))):
        target.write(data)
        length -= len(data)


def _sidx(segments: Sequence[MediaSegment], size: int) -> bytes:
    first = segments[0]
    parts = [struct.pack(">I4sIIIQQHH", size, b"sidx", 1 << 24, 1, first.timescale, first.start, 0, 0, len(segments))]
    parts += [struct.pack(">III", item.size, item.duration, _STARTS_WITH_KEY_FRAME) for item in segments]
    return b"".join(parts)
