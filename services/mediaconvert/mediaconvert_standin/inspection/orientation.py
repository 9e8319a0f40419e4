"""Takes the display matrix out of our own copy of an ISO file, so that no release of ffmpeg can pass it on.

Releases before 6.0 copy the matrix to the encoded output although the pixels were turned already, and have no option
against it. The rotation itself was read before, by the prober.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mediaconvert_standin.inspection.boxes import Box, top_level_boxes

# ISO/IEC 14496-12, track header box: where the matrix stands after the box's eight bytes of header, by version.
_MATRIX_AT = {0: 40, 1: 52}
_UPRIGHT = bytes.fromhex("00010000 00000000 00000000 00000000 00010000 00000000 00000000 00000000 40000000")
_HEADER = 8


def lay_upright(path: Path) -> None:
    """Writes the identity matrix into every track header of the file at `path`; other bytes stay."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        whole = Box(b"", -_HEADER, size + _HEADER)
        for moov in _inside(file, whole, b"moov"):
            for track in _inside(file, moov, b"trak"):
                for header in _inside(file, track, b"tkhd"):
                    _write_matrix(file, header)


def _inside(file: BinaryIO, parent: Box, kind: bytes) -> Iterator[Box]:
    start = parent.start + _HEADER

    def read_at(offset: int, length: int) -> bytes:
        file.seek(start + offset)
        return file.read(length)

    for box in top_level_boxes(read_at, parent.end - start):
        if box.kind == kind:
            yield Box(kind, start + box.start, box.size)


def _write_matrix(file: BinaryIO, header: Box) -> None:
    file.seek(header.start + _HEADER)
    version = file.read(1)
    place = _MATRIX_AT.get(version[0]) if version else None
    if place is None or _HEADER + place + len(_UPRIGHT) > header.size:
        return
    file.seek(header.start + _HEADER + place)
    file.write(_UPRIGHT)
