"""WebVTT that tells a player which picture belongs to which moment. Pure.

https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Enough to scrub by, few enough for one page of an S3 listing.
MAX_THUMBNAILS: Final = 300
MIN_INTERVAL_SECONDS: Final = 2
UNKNOWN_INTERVAL_SECONDS: Final = 10


def interval_seconds(duration_ms: int | None) -> int:
    """Whole seconds between two pictures, so that no video has more than `MAX_THUMBNAILS`."""
    if duration_ms is None:
        return UNKNOWN_INTERVAL_SECONDS
    return max(MIN_INTERVAL_SECONDS, -(-duration_ms // (1000 * MAX_THUMBNAILS)))


def webvtt(image_names: Sequence[str], every_seconds: int, duration_ms: int | None) -> str:
    """One cue for each picture, in order; the last one lasts until the end of the video.

    `image_names` are relative to the file itself. Pictures that start at or after the end are left out.
    """
    step = every_seconds * 1000
    cues = ["WEBVTT"]
    for index, name in enumerate(image_names):
        start = index * step
        if index and duration_ms is not None and start >= duration_ms:
            break
        last = index + 1 == len(image_names)
        end = start + step if duration_ms is None else duration_ms if last else min(start + step, duration_ms)
        cues.append(f"{timestamp(start)} --> {timestamp(max(end, start + 1))}\n{name}")
    return "\n\n".join(cues) + "\n"


def timestamp(milliseconds: int) -> str:
    """`HH:MM:SS.mmm`; hours have as many digits as they need."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
