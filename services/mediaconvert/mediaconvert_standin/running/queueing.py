"""Which waiting job starts or hops next. Pure: queues, jobs and the time in, a decision out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class QueueState:
    """``limit``: jobs at once. ``resumed_at``: epoch seconds of the last change from PAUSED to ACTIVE."""

    paused: bool
    limit: int
    resumed_at: float = 0.0


@dataclass(frozen=True)
class Waiting:
    """A job that has not started. ``hops_at``: epoch seconds of its next hop, if it has one."""

    id: str
    queue: str
    priority: int
    submitted_at: float
    hops_at: float | None = None

    @property
    def rank(self) -> tuple[int, float, str]:
        """Place in its queue: higher priority first, then the older."""
        return (-self.priority, self.submitted_at, self.id)


def next_start(
    queues: Mapping[str, QueueState], waiting: Iterable[Waiting], running: Counter[str], machine_limit: int
) -> Waiting | None:
    """The job to start now, if any: queues run side by side, so the least busy one is served first."""
    if running.total() >= machine_limit:
        return None
    heads = first_of_each(waiting)
    ready = [job for job in heads.values() if _has_room(queues.get(job.queue), running[job.queue])]
    return min(ready, key=lambda job: (running[job.queue], job.submitted_at, job.id), default=None)


def next_hop(queues: Mapping[str, QueueState], waiting: Iterable[Waiting], now: float) -> Waiting | None:
    """A job whose time to hop has come.

    None leaves a paused queue. One that got due during a pause hops after it only if others are ahead of it.
    """
    jobs = list(waiting)
    heads = first_of_each(jobs)
    for job in sorted(jobs, key=lambda job: (job.hops_at or 0.0, job.rank)):
        queue = queues.get(job.queue)
        if job.hops_at is None or job.hops_at > now or queue is None or queue.paused:
            continue
        if queue.resumed_at > job.hops_at and heads[job.queue].id == job.id:
            continue
        return job
    return None


def next_due(queues: Mapping[str, QueueState], waiting: Iterable[Waiting], now: float) -> float | None:
    """When the next hop after ``now`` gets due, in epoch seconds."""
    times = [
        job.hops_at
        for job in waiting
        if job.hops_at is not None and job.hops_at > now and job.queue in queues and not queues[job.queue].paused
    ]
    return min(times, default=None)


def first_of_each(waiting: Iterable[Waiting]) -> dict[str, Waiting]:
    """The job at the head of each queue."""
    heads: dict[str, Waiting] = {}
    for job in waiting:
        head = heads.get(job.queue)
        if head is None or job.rank < head.rank:
            heads[job.queue] = job
    return heads


def _has_room(queue: QueueState | None, running: int) -> bool:
    return queue is not None and not queue.paused and running < queue.limit
