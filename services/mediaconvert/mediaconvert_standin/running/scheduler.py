"""Starts jobs as their queues allow, and moves on those that waited long enough to hop."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.running.queueing import QueueState, Waiting, next_due, next_hop, next_start
from mediaconvert_standin.state.jobs import Job

PUT_BACK_SECONDS = 1.0

logger = logging.getLogger("mediaconvert_standin")


class Conversion(Protocol):
    def run(self) -> None: ...

    def stop(self) -> None: ...


class Rules(Protocol):
    """What the scheduler has to know about the queues."""

    machine_limit: int

    def states(self) -> Mapping[str, QueueState]:
        """Of every queue, by ARN."""
        ...

    def waiting(self, job: Job) -> Waiting:
        """The job as one that waits."""
        ...

    def hop(self, job_id: str) -> Waiting | None:
        """Move a job to its next hop destination; how it waits from now on, None if it no longer does."""
        ...


class Scheduler:
    def __init__(self, start: Callable[[str], Conversion | None], rules: Rules, clock: Clock) -> None:
        """``start`` makes the conversion of a job by its id; None if the job no longer waits."""
        self._make = start
        self._rules = rules
        self._clock = clock
        self._condition = threading.Condition()
        self._waiting: dict[str, Waiting] = {}
        self._running: dict[str, tuple[str, Conversion]] = {}
        self._threads: set[threading.Thread] = set()
        self._stopping = False
        self._dispatcher = threading.Thread(target=self._dispatch, name="scheduler", daemon=True)
        self._dispatcher.start()
        clock.on_advance(self.wake)

    def submit(self, job: Job) -> None:
        with self._condition:
            self._waiting[job.id] = self._rules.waiting(job)
            self._condition.notify_all()

    def wake(self) -> None:
        """Look again: a queue or the time has changed."""
        with self._condition:
            self._condition.notify_all()

    def cancel(self, job_id: str) -> None:
        """Stop a running job, and forget a waiting one."""
        with self._condition:
            self._waiting.pop(job_id, None)
            _, conversion = self._running.get(job_id, (None, None))
        if conversion is not None:
            conversion.stop()

    def close(self, timeout: float) -> None:
        with self._condition:
            self._stopping = True
            self._waiting.clear()
            running = list(self._running.values())
            threads = [self._dispatcher, *self._threads]
            self._condition.notify_all()
        for _, conversion in running:
            conversion.stop()
        for thread in threads:
            thread.join(timeout / len(threads))

    def _dispatch(self) -> None:
        with self._condition:
            while not self._stopping:
                try:
                    wait = self._advance()
                except Exception:
                    logger.exception("the scheduler could not look at the queues")
                    wait = 1.0
                if not self._stopping:
                    self._condition.wait(wait)

    def _advance(self) -> float | None:
        """Start and move what can be started and moved; seconds until there may be more, None if unknown."""
        queues = self._rules.states()
        while job := next_start(queues, self._waiting.values(), self._busy(), self._rules.machine_limit):
            self._start(job)
        now = self._clock.now()
        while job := next_hop(queues, self._waiting.values(), now):
            moved = self._rules.hop(job.id)
            if moved is not None:
                self._waiting[job.id] = moved
            else:
                del self._waiting[job.id]
            queues = self._rules.states()
            if next_start(queues, self._waiting.values(), self._busy(), self._rules.machine_limit):
                return 0.0
        due = next_due(queues, self._waiting.values(), now)
        return None if due is None else max(0.0, due - now)

    def _busy(self) -> Counter[str]:
        return Counter(queue for queue, _ in self._running.values())

    def _start(self, job: Waiting) -> None:
        """The job waits until its thread runs: where none can be started now, it is tried again."""
        conversion = self._make(job.id)
        if conversion is not None:
            thread = threading.Thread(target=self._work, args=(job, conversion), name=f"job-{job.id}", daemon=True)
            thread.start()  # it can not end before it is listed: that takes the lock which is held here
            self._running[job.id] = (job.queue, conversion)
            self._threads.add(thread)
        del self._waiting[job.id]

    def _work(self, job: Waiting, conversion: Conversion) -> None:
        try:
            conversion.run()
        except Exception:  # it could not even be begun, on a full disk; one that was begun ends by itself
            logger.exception("job %s could not be begun", job.id)
            self._put_back(job)
        finally:
            with self._condition:
                del self._running[job.id]
                self._threads.discard(threading.current_thread())
                self._condition.notify_all()

    def _put_back(self, job: Waiting) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._stopping, PUT_BACK_SECONDS)
            if not self._stopping:
                self._waiting[job.id] = job
