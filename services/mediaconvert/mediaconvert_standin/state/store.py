"""The jobs there are. All of them are on disk; in memory are only those that run, with their progress."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from mediaconvert_standin.state import records
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import TERMINAL, UNFINISHED, Job

TOKEN_SECONDS = 60  # a clientRequestToken names the same job for this long
MAX_JOBS = 10_000  # the oldest finished ones are forgotten, as the service does after 90 days
_FORGET_EVERY = 100

logger = logging.getLogger("mediaconvert_standin")


class JobStore:
    def __init__(self, database: Database) -> None:
        self._lock = threading.RLock()
        self._database = database
        self._running: dict[str, Job] = {}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._added = 0
        self.revision = 0  # grows with every change, for those who watch
        self._remember_tokens()

    def unfinished(self) -> list[Job]:
        """Jobs that are still to be done, in order of creation."""
        with self._lock:
            return [self._fresh(job) for job in _readable(self._database.jobs(sorted(UNFINISHED)))]

    def finished(self) -> Iterator[Job]:
        """Jobs that ended, newest first."""
        return _readable(self._database.jobs(sorted(TERMINAL), ascending=False))

    def add(self, job: Job, tags: dict[str, str] | None = None) -> Job:
        """Store a new job, or return the one its token already made. Raises KeyError when the id is taken."""
        with self._lock:
            replayed = self._by_token(job)
            if replayed is not None:
                return replayed
            if not self._database.add_job(job.id, records.to_text(job), job.arn, json.dumps(tags) if tags else None):
                raise KeyError(job.id)
            if job.token:
                self._tokens[job.token] = (job.created_at, job.id)
            self._added += 1
            if self._added % _FORGET_EVERY == 0:
                self._database.forget_jobs(sorted(TERMINAL), MAX_JOBS)
            self.revision += 1
            return job

    def get(self, job_id: str) -> Job | None:
        with self._lock:
            if job_id in self._running:
                return self._running[job_id]
            text = self._database.job(job_id)
        return next(_readable([text]), None) if text is not None else None

    def all(self, status: str | None = None, *, ascending: bool = True, after: str | None = None) -> Iterator[Job]:
        """Jobs in order of creation, or newest first, from the one after ``after``."""
        statuses = [status] if status else []
        for job in _readable(self._database.jobs(statuses, ascending=ascending, after=after)):
            yield self._fresh(job)

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of unfinished jobs by the queue they are in and their status."""
        return {(queue, status): number for queue, status, number in self._database.count_jobs(sorted(UNFINISHED))}

    def change(self, job_id: str, when: Collection[str], **changes: Any) -> Job | None:
        """Replace members if the job's status is one of ``when``; the new job, or None if it is not."""
        with self._lock:
            job = self.get(job_id)
            if job is None or job.status not in when:
                return None
            changed = replace(job, **changes)
            # Progress alone is of no use to a later process: it starts the job again.
            if changed.status != job.status or changed.status != "PROGRESSING":
                self._database.save_job(job_id, records.to_text(changed))
            if changed.status == "PROGRESSING":
                self._running[job_id] = changed
            else:
                self._running.pop(job_id, None)
            self.revision += 1
            return changed

    def _fresh(self, job: Job) -> Job:
        with self._lock:
            return self._running.get(job.id, job)

    def _by_token(self, job: Job) -> Job | None:
        for token, (created_at, _) in list(self._tokens.items()):
            if job.created_at - created_at > TOKEN_SECONDS:
                del self._tokens[token]
        _, job_id = self._tokens.get(job.token or "", (0.0, ""))
        return self.get(job_id) if job_id else None

    def _remember_tokens(self) -> None:
        """The newest jobs' tokens; those of older ones no longer count."""
        newest: float | None = None
        for job in self.all(ascending=False):
            newest = job.created_at if newest is None else newest
            if newest - job.created_at > TOKEN_SECONDS:
                return
            if job.token:
                self._tokens.setdefault(job.token, (job.created_at, job.id))


def _readable(texts: Iterable[str]) -> Iterator[Job]:
    for text in texts:
        try:
            yield records.from_text(text)
        except (KeyError, TypeError, ValueError):
            logger.exception("a job that an earlier release stored cannot be read and is left out")
