"""Which job runs when: by priority, then by age, as many at once as the queue allows."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Protocol

from mediaconvert_standin.jobs import Job


class Conversion(Protocol):
    def run(self) -> None: ...

    def stop(self) -> None: ...


class Scheduler:
    def __init__(self, start: Callable[[Job], Conversion], concurrent_jobs: int) -> None:
        self._make = start
        self._condition = threading.Condition()
        self._waiting: list[tuple[int, int, Job]] = []
        self._numbers = itertools.count()
        self._running: dict[str, Conversion] = {}
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{number}", daemon=True) for number in range(concurrent_jobs)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        with self._condition:
            heapq.heappush(self._waiting, (-job.priority, next(self._numbers), job))
            self._condition.notify()

    def cancel(self, job_id: str) -> None:
        """Stop a running job. A waiting one is skipped when its turn comes, by its status."""
        with self._condition:
            conversion = self._running.get(job_id)
        if conversion is not None:
            conversion.stop()

    def close(self, timeout: float) -> None:
        with self._condition:
            self._stopping = True
            self._waiting.clear()
            running = list(self._running.values())
            self._condition.notify_all()
        for conversion in running:
            conversion.stop()
        for thread in self._threads:
            thread.join(timeout / len(self._threads))

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            job, conversion = taken
            try:
                conversion.run()
            finally:
                with self._condition:
                    del self._running[job.id]

    def _next(self) -> tuple[Job, Conversion] | None:
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._stopping)
            if self._stopping:
                return None
            job = heapq.heappop(self._waiting)[2]
            conversion = self._make(job)
            self._running[job.id] = conversion
            return job, conversion
