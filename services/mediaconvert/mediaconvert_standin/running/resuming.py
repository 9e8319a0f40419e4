"""After a restart: jobs that were waiting or running begin again, and no end of a job stays untold."""

from __future__ import annotations

import itertools

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.events.sender import EventSender
from mediaconvert_standin.running.scheduler import Scheduler
from mediaconvert_standin.state.jobs import UNFINISHED, Job
from mediaconvert_standin.state.store import JobStore

# A job that was running at so many ends of the process may be what ends it.
MAX_RETRIES = 3
GAVE_UP = 1999
# The process can only have died between the end of a job and its event for the last few that ended.
CHECKED_ENDS = 100


def resume(store: JobStore, scheduler: Scheduler, events: EventSender, clock: Clock) -> None:
    """Submit the unfinished jobs of an earlier process again; one that keeps failing ends as ERROR."""
    for ended in itertools.islice(store.finished(), CHECKED_ENDS):
        events.send_end(ended)
    for job in store.unfinished():
        if job.retries >= MAX_RETRIES:
            _give_up(job, store, events, clock)
            continue
        began = job.status == "PROGRESSING"
        again = store.change(
            job.id,
            UNFINISHED,
            status="SUBMITTED",
            retries=job.retries + began,
            phase=None,
            percent=None,
            started_at=None,
        )
        if again is not None:
            scheduler.submit(again)


def _give_up(job: Job, store: JobStore, events: EventSender, clock: Clock) -> None:
    message = f"The service stopped {job.retries} times while it worked on this job."
    failed = store.change(
        job.id, UNFINISHED, status="ERROR", finished_at=clock.now(), error_code=GAVE_UP, error_message=message
    )
    if failed is not None:
        events.send_end(failed)
