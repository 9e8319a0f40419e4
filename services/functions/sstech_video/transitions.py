"""What may happen to a video, and what it makes of its state. Pure.

Events arrive twice, late and swapped. Each function here returns the changed entry, or the very same entry when
what happened has no say (any more): a caller stores the result only if it differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from sstech_video.entries import Entry, Failure, Status


class Happening(Enum):
    UPLOADED = auto()
    REFUSED = auto()
    CLAIMED = auto()
    PROGRESSED = auto()
    COMPLETED = auto()
    FAILED = auto()
    RETRIED = auto()
    NUDGED = auto()
    ABANDONED = auto()
    GAVE_UP = auto()


# What is not in the table does not change anything. COMPLETED wins over an earlier failure of the same attempt, and
# nothing wins over READY.
TABLE: Final[Mapping[tuple[Status, Happening], Status]] = MappingProxyType(
    {
        (Status.UPLOADING, Happening.UPLOADED): Status.UPLOADED,
        (Status.UPLOADING, Happening.REFUSED): Status.FAILED,
        (Status.UPLOADED, Happening.REFUSED): Status.FAILED,
        (Status.UPLOADED, Happening.CLAIMED): Status.CONVERTING,
        (Status.UPLOADED, Happening.COMPLETED): Status.READY,
        (Status.CONVERTING, Happening.PROGRESSED): Status.CONVERTING,
        (Status.CONVERTING, Happening.COMPLETED): Status.READY,
        (Status.CONVERTING, Happening.FAILED): Status.FAILED,
        (Status.FAILED, Happening.COMPLETED): Status.READY,
        (Status.FAILED, Happening.RETRIED): Status.UPLOADED,
        # The reconciler's: what no event finishes is sent through the queue again, then given up.
        (Status.UPLOADING, Happening.NUDGED): Status.UPLOADING,
        (Status.UPLOADED, Happening.NUDGED): Status.UPLOADED,
        (Status.CONVERTING, Happening.NUDGED): Status.CONVERTING,
        (Status.UPLOADING, Happening.ABANDONED): Status.FAILED,
        (Status.UPLOADED, Happening.GAVE_UP): Status.FAILED,
        (Status.CONVERTING, Happening.GAVE_UP): Status.FAILED,
    }
)

# 100 is said by READY alone.
PROGRESS_BEFORE_READY: Final = 99


@dataclass(frozen=True)
class Result:
    """What a finished conversion made; None where the event did not say."""

    duration_ms: int | None
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Plan:
    """What an attempt is going to be: seconds between thumbnails, duration if it is known, estimated cost."""

    thumbnail_seconds: int
    duration_ms: int | None = None
    cost_micros: int | None = None


def uploaded(entry: Entry, now: datetime) -> Entry:
    """The original is in the temporary bucket."""
    return _step(entry, Happening.UPLOADED, now, uploaded_at=now, assembling_since=None)


def assembling(entry: Entry, parts_digest: str, now: datetime) -> Entry:
    """S3 is asked to put these parts together."""
    if entry.status is not Status.UPLOADING:
        return entry
    return replace(entry, parts_digest=parts_digest, assembling_since=now, updated_at=now)


def refused(entry: Entry, failure: Failure, now: datetime) -> Entry:
    """The upload will not be converted: there is no attempt to blame."""
    return _step(entry, Happening.REFUSED, now, error=failure)


def claimed(entry: Entry, plan: Plan, now: datetime) -> Entry:
    """The next attempt begins: whoever stores this entry first makes the job."""
    return _step(
        entry,
        Happening.CLAIMED,
        now,
        attempt=entry.attempt + 1,
        claimed_at=now,
        job_id=None,
        progress=0,
        duration_ms=plan.duration_ms,
        thumbnail_seconds=plan.thumbnail_seconds,
        cost_micros=plan.cost_micros,
    )


def job_made(entry: Entry, attempt: int, job_id: str, now: datetime) -> Entry:
    """MediaConvert has accepted the job of an attempt."""
    if not _is_live(entry, attempt) or entry.job_id == job_id:
        return entry
    return replace(entry, job_id=job_id, nudges=0, updated_at=now)


def progressed(entry: Entry, attempt: int, percent: int, now: datetime) -> Entry:
    """Progress only ever grows."""
    percent = min(percent, PROGRESS_BEFORE_READY)
    if not _is_live(entry, attempt) or percent <= entry.progress:
        return entry
    return _step(entry, Happening.PROGRESSED, now, progress=percent)


def completed(entry: Entry, attempt: int, result: Result, now: datetime) -> Entry:
    """The outputs of the live attempt are there."""
    if not _is_live(entry, attempt):
        return entry
    return _step(
        entry,
        Happening.COMPLETED,
        now,
        progress=100,
        error=None,
        duration_ms=entry.duration_ms if result.duration_ms is None else result.duration_ms,
        width=result.width,
        height=result.height,
    )


def failed(entry: Entry, attempt: int, failure: Failure, now: datetime) -> Entry:
    """The live attempt came to nothing."""
    if not _is_live(entry, attempt):
        return entry
    return _step(entry, Happening.FAILED, now, error=failure)


def retried(entry: Entry, now: datetime) -> Entry:
    """The owner asks for another attempt."""
    return _step(entry, Happening.RETRIED, now, error=None, progress=0, nudges=0)


def nudged(entry: Entry, now: datetime) -> Entry:
    """The original goes through the queue once more, because no event has brought the video on."""
    if entry.job_id and entry.status is Status.CONVERTING:
        return entry
    if entry.nudged_at == now:
        return entry
    return _step(entry, Happening.NUDGED, now, nudges=entry.nudges + 1, nudged_at=now)


def abandoned(entry: Entry, failure: Failure, now: datetime) -> Entry:
    """Nobody goes on with this upload."""
    return _step(entry, Happening.ABANDONED, now, error=failure)


def gave_up(entry: Entry, failure: Failure, now: datetime) -> Entry:
    """No job could be made, however often it was tried. A job that is known is waited for instead."""
    if entry.job_id and entry.status is Status.CONVERTING:
        return entry
    return _step(entry, Happening.GAVE_UP, now, error=failure)


def renamed(entry: Entry, title: str, now: datetime) -> Entry:
    return entry if entry.title == title else replace(entry, title=title, updated_at=now)


def _is_live(entry: Entry, attempt: int) -> bool:
    """Attempt 0 is none: nothing was claimed yet."""
    return 0 < attempt == entry.attempt


def _step(entry: Entry, happening: Happening, now: datetime, **changes: object) -> Entry:
    status = TABLE.get((entry.status, happening))
    if status is None:
        return entry
    return replace(entry, status=status, updated_at=now, **changes)  # type: ignore[arg-type]
