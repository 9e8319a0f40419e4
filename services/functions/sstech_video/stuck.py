"""What to do about a video that no event has brought on for a while. Pure.

| the video | is | remedy |
|---|---|---|
| has a tombstone | a deletion cut short | finish it |
| has no entry | an admission cut short | remove what it left |
| ready | a clean-up cut short | delete original and marker |
| failed | at its end | see that its job is over and what that wrote is gone, forget the marker |
| not with MediaConvert yet, and the queue is not empty | perhaps waiting its turn | wait, an hour at most |
| uploading, quiet | sent without an event, or given up by its owner | look at what S3 holds |
| uploaded, quiet; converting without a job, quiet | a message was lost | send it again, after some times give up |
| converting with a job, quiet | an event was lost, or a long job | ask MediaConvert |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from sstech_video.entries import Entry, Status

# Longer than SQS and EventBridge need for a second delivery of what they have.
QUIET_AFTER: Final = timedelta(minutes=15)
# MediaConvert tells progress every ten seconds, but nothing while a job waits for its turn.
ABANDONED_AFTER: Final = timedelta(days=3)
# A job may run for so long beyond a multiple of its video's duration before it is stopped.
JOB_ALLOWANCE: Final = timedelta(hours=24)
JOB_DURATIONS: Final = 5
# The queue itself tries a message several times on each sending.
MAX_NUDGES: Final = 5
# However impatient a round is: a message needs a while through the queue, and must not be given up on its way.
NUDGE_TAKES: Final = timedelta(seconds=10)
# While the queue holds any message, a video's own may be among them, for so long: many uploads at once, or a service
# that throttles. Sending it again would only make the queue longer, giving the video up would be wrong.
QUEUE_TAKES: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Patience:
    """How long nothing may happen before something is done about it."""

    quiet: timedelta = QUIET_AFTER
    upload: timedelta = ABANDONED_AFTER
    job: timedelta = JOB_ALLOWANCE


class Remedy(Enum):
    WAIT = auto()
    FINISH_DELETION = auto()
    REMOVE_ORPHAN = auto()
    FINISH_CLEAN_UP = auto()
    FORGET = auto()
    LOOK_AT_UPLOAD = auto()
    SEND_AGAIN = auto()
    GIVE_UP = auto()
    ASK_MEDIACONVERT = auto()


def remedy(
    entry: Entry | None, deleted: bool, marked_at: datetime, now: datetime, patience: Patience, queue_is_empty: bool
) -> Remedy:
    """For a video with a marker since `marked_at`; `deleted` when it has a tombstone."""
    if deleted:
        return Remedy.FINISH_DELETION
    if entry is None:
        return Remedy.REMOVE_ORPHAN if now - marked_at >= patience.quiet else Remedy.WAIT
    if entry.status is Status.READY:
        return Remedy.FINISH_CLEAN_UP
    if entry.status is Status.FAILED:
        return Remedy.FORGET
    if now - entry.updated_at < patience.quiet:
        return Remedy.WAIT
    if entry.status is Status.CONVERTING and entry.job_id:
        return Remedy.ASK_MEDIACONVERT
    if entry.nudged_at and now - entry.nudged_at < NUDGE_TAKES:
        return Remedy.WAIT
    if not queue_is_empty and now - entry.updated_at < QUEUE_TAKES:
        return Remedy.WAIT
    if entry.status is Status.UPLOADING:
        return Remedy.LOOK_AT_UPLOAD
    return Remedy.GIVE_UP if entry.nudges >= MAX_NUDGES else Remedy.SEND_AGAIN


def is_abandoned(started_at: datetime, newest_part_at: datetime | None, now: datetime, patience: Patience) -> bool:
    """Whether an upload has seen no new part for too long."""
    return now - max(started_at, newest_part_at or started_at) >= patience.upload


def job_is_overdue(entry: Entry, now: datetime, patience: Patience) -> bool:
    """Whether the live attempt's job has run past its deadline."""
    duration = timedelta(milliseconds=entry.duration_ms or 0)
    since = entry.claimed_at or entry.updated_at
    return now - since >= patience.job + JOB_DURATIONS * duration
