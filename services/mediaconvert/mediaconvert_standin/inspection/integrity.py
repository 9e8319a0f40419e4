"""Is the input whole? Known before the transcode where the container says, after it by what came out."""

from __future__ import annotations

from pathlib import Path

from mediaconvert_standin.errors import NoMoov, Truncated
from mediaconvert_standin.inspection.boxes import top_level_boxes
from mediaconvert_standin.inspection.media import VideoTrack

WARNING_TRUNCATED = 220000
WARNING_COLOR_TAGS = 230001
WARNING_RANGE_TAG = 230005
WARNINGS = {
    WARNING_TRUNCATED: "The input file may be truncated.",
    WARNING_COLOR_TAGS: "The input has no complete color space metadata.",
    WARNING_RANGE_TAG: "The input has no sample range metadata.",
}
MILD_CUT = 0.02  # a smaller missing share completes with WARNING_TRUNCATED
SHORT_OUTPUT = 0.1
SHORT_SECONDS = 1.0
_UNSPECIFIED = (0, 2)  # ITU-T H.273: reserved, unspecified
_PAYLOAD = {b"mdat", b"moof", b"moov"}


def check_boxes(path: Path, size: int, uri: str) -> list[int]:
    """Warning codes for an ISO file. Raises NoMoov, Truncated."""
    with path.open("rb") as file:

        def read_at(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        boxes = list(top_level_boxes(read_at, size))
    if not any(box.kind == b"moov" and box.end <= size for box in boxes):
        raise NoMoov(uri)
    missing = max((box.end - size for box in boxes if box.kind in _PAYLOAD), default=0)
    if missing <= 0:
        return []
    if missing > MILD_CUT * (size + missing):
        raise Truncated(size)
    return [WARNING_TRUNCATED]


def check_tags(track: VideoTrack) -> list[int]:
    """Warning codes for pictures that do not say what their samples mean."""
    *colors, value_range = track.color
    missing = [WARNING_COLOR_TAGS] if any(number in _UNSPECIFIED for number in colors) else []
    return missing + ([] if value_range else [WARNING_RANGE_TAG])


def check_length(declared: float | None, produced: float, size: int) -> list[int]:
    """Warning codes when less media came out than the container declares (seconds). Raises Truncated."""
    if declared is None or declared - produced <= SHORT_SECONDS:
        return []
    if declared - produced > SHORT_OUTPUT * declared:
        raise Truncated(size)
    return [WARNING_TRUNCATED] if declared - produced > MILD_CUT * declared else []
