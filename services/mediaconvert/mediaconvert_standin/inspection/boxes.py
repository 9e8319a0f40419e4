"""Top level of an ISO base media file (MP4, MOV): is there a moov box, and is the file whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_BOXES = 4096  # a real file has a few, a fragmented one a few per fragment

ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Box:
    kind: bytes
    start: int
    size: int  # header included, as declared

    @property
    def end(self) -> int:
        return self.start + self.size


def top_level_boxes(read_at: ReadAt, file_size: int, limit: int = MAX_BOXES) -> Iterator[Box]:
    """Boxes in file order; ``read_at(offset, length)`` may answer short at the end of the file."""
    position = 0
    for _ in range(limit):
        header = read_at(position, 16) if position < file_size else b""
        if len(header) < 8:
            return
        size = int.from_bytes(header[:4], "big")
        if size == 1 and len(header) == 16:
            size = int.from_bytes(header[8:16], "big")
        elif size == 0:
            size = file_size - position
        if size < 8:
            return
        yield Box(header[4:8], position, size)
        position += size
