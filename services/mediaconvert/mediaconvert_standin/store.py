"""The jobs there are: in memory to be asked, and on disk to be there after a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from mediaconvert_standin import records
from mediaconvert_standin.database import Database
from mediaconvert_standin.errors import ApiError
from mediaconvert_standin.jobs import TERMINAL, Job

TOKEN_SECONDS = 60  # a clientRequestToken names the same job for this long
MAX_JOBS = 10_000  # the oldest finished ones are forgotten, as the service does after 90 days


logger = logging.getLogger("mediaconvert_standin")


class JobStore:
    def __init__(self, database: Database) -> None:
        self._lock = threading.Lock()
        self._database = database
        self._jobs = {job.id: job for job in _readable(database.jobs())}

    def unfinished(self) -> list[Job]:
        """Jobs of an earlier process that are still to be done, in order of creation."""
        return [job for job in self.all() if job.status not in TERMINAL]

    def add(self, job: Job) -> Job:
        """Store a new job, or return the one its token already made. Raises KeyError when the id is taken."""
        with self._lock:
            replayed = self._by_token(job)
            if replayed is not None:
                return replayed
            if job.id in self._jobs:
                raise KeyError(job.id)
            self._jobs[job.id] = job
            self._database.save_job(job.id, records.to_text(job))
            self._forget_oldest()
            return job

    def get(self, job_id: str) -> Job | None:
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Jobs in order of creation."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: (job.created_at, job.id))

    def change(self, job_id: str, when: Collection[str], **changes: Any) -> Job | None:
        """Replace members if the job's status is one of ``when``; the new job, or None if it is not."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.status not in when:
                return None
            self._jobs[job_id] = changed = replace(job, **changes)
            # Progress is of no use to a later process: it starts the job again.
            if changed.status != job.status:
                self._database.save_job(job_id, records.to_text(changed))
            return changed

    def _by_token(self, job: Job) -> Job | None:
        if not job.token:
            return None
        return next((other for other in self._recent(job.created_at) if other.token == job.token), None)

    def _recent(self, now: float) -> Iterator[Job]:
        for other in reversed(self._jobs.values()):
            if now - other.created_at > TOKEN_SECONDS:
                return
            yield other

    def _forget_oldest(self) -> None:
        if len(self._jobs) <= MAX_JOBS:
            return
        finished = next((job.id for job in self._jobs.values() if job.finished_at is not None), None)
        if finished is not None:
            del self._jobs[finished]
            self._database.forget_job(finished)


def _readable(texts: list[str]) -> Iterator[Job]:
    for text in texts:
        try:
            yield records.from_text(text)
        except (ApiError, KeyError, TypeError, ValueError):
            logger.exception("a job that an earlier release stored cannot be read and is left out")
