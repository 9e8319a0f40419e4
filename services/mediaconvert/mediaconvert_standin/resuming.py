"""After a restart: jobs that were waiting or running begin again, and none is lost."""

from __future__ import annotations

import time

from mediaconvert_standin.events import EventSender, error_detail
from mediaconvert_standin.jobs import Job
from mediaconvert_standin.scheduler import Scheduler
from mediaconvert_standin.store import JobStore

# A job that was running at so many ends of the process may be what ends it.
MAX_RETRIES = 3
GAVE_UP = 1999
UNFINISHED = {"SUBMITTED", "PROGRESSING"}


def resume(store: JobStore, scheduler: Scheduler, events: EventSender) -> None:
    """Submit the unfinished jobs of an earlier process again; one that keeps failing ends as ERROR."""
    for job in store.unfinished():
        if job.retries >= MAX_RETRIES:
            _give_up(job, store, events)
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


def _give_up(job: Job, store: JobStore, events: EventSender) -> None:
    message = f"The service stopped {job.retries} times while it worked on this job."
    failed = store.change(
        job.id, UNFINISHED, status="ERROR", finished_at=time.time(), error_code=GAVE_UP, error_message=message
    )
    if failed is not None:
        events.send(failed, "ERROR", error_detail(failed))
