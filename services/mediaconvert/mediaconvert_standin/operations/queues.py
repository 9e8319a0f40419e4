"""Queues: their operations, and what the scheduler asks about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.errors import BadRequest, Conflict, Forbidden, TooManyRequests
from mediaconvert_standin.events.sender import EventSender, warning_detail
from mediaconvert_standin.running.queueing import QueueState, Waiting
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.jobs import Job, Transition
from mediaconvert_standin.state.library import DEFAULT_QUEUE, QUEUES, Library, Resource, list_page
from mediaconvert_standin.state.store import JobStore

Json = dict[str, Any]

HOP_FAILED = 100000  # warning code
MIN_WAIT_MINUTES, MAX_WAIT_MINUTES = 1, 4320  # HopDestination.waitMinutes in the API reference
# Queues run side by side: all together may run so many times what one queue may.
MACHINE_FACTOR = 4
_RESERVATION_SECONDS = 365 * 24 * 3600
_CONCURRENCY = "concurrentJobs"


class Queues:
    def __init__(self, library: Library, settings: Settings, store: JobStore, clock: Clock) -> None:
        self._library = library
        self._settings = settings
        self._store = store
        self._clock = clock
        self.machine_limit = MACHINE_FACTOR * settings.concurrent_jobs
        if library.find(QUEUES, DEFAULT_QUEUE) is None:
            members = {"status": "ACTIVE", "pricingPlan": "ON_DEMAND"}
            library.create(QUEUES, DEFAULT_QUEUE, members, {}, "SYSTEM")

    def arn(self, name: str | None) -> str:
        """ARN of a queue given by name or ARN, Default when absent. Raises NotFound."""
        return self._library.get(QUEUES, name or DEFAULT_QUEUE).arn

    def default_arn(self) -> str:
        return self._library.arn(QUEUES, DEFAULT_QUEUE)

    def exists(self, arn: str) -> bool:
        return self._library.find(QUEUES, arn) is not None

    def states(self) -> dict[str, QueueState]:
        return {queue.arn: self._state(queue) for queue in self._library.all(QUEUES)}

    def _state(self, queue: Resource) -> QueueState:
        asked = _concurrency(queue.members)
        limit = self._settings.concurrent_jobs if asked is None else min(asked, self.machine_limit)
        return QueueState(queue.members["status"] == "PAUSED", limit, queue.members.get("resumedAt") or 0.0)

    def create(self, request: Json) -> Json:
        plan = request.get("pricingPlan") or "ON_DEMAND"
        members = {"pricingPlan": plan, "status": request.get("status") or "ACTIVE"}
        members |= _given(request, "description", _CONCURRENCY, "maximumConcurrentFeeds")
        if plan == "RESERVED":
            if "reservationPlanSettings" not in request:
                raise BadRequest("/: reservationPlanSettings is a required property")
            members["reservationPlan"] = self._reservation(request["reservationPlanSettings"])
        elif "reservationPlanSettings" in request:
            raise BadRequest("/pricingPlan: Must be RESERVED")
        self._check_quota(members, None)
        return {"queue": self._describe(self._library.create(QUEUES, request["name"], members, _tags(request)))}

    def get(self, request: Json) -> Json:
        return {"queue": self._describe(self._library.get(QUEUES, request["name"]))}

    def page(self, request: Json) -> Json:
        queues = self._library.all(QUEUES)
        page, token = list_page(request, queues, request.get("listBy") or "CREATION_DATE")
        allocated = sum(_concurrency(queue.members) or 0 for queue in queues)
        return {
            "queues": [self._describe(queue) for queue in page],
            "nextToken": token,
            "totalConcurrentJobs": self._settings.job_quota,
            "unallocatedConcurrentJobs": max(0, self._settings.job_quota - allocated),
        }

    def update(self, request: Json) -> Json:
        queue = self._library.get(QUEUES, request["name"])
        changes = _given(request, "description", "status", _CONCURRENCY, "maximumConcurrentFeeds")
        if "reservationPlanSettings" in request:
            if queue.members["pricingPlan"] != "RESERVED":
                raise BadRequest("/reservationPlanSettings: The pricing plan of the queue must be RESERVED")
            changes["reservationPlan"] = self._reservation(request["reservationPlanSettings"])
        self._check_quota(queue.members | changes, queue.name)
        if queue.members["status"] == "PAUSED" and changes.get("status") == "ACTIVE":
            changes["resumedAt"] = self._clock.now()
        return {"queue": self._describe(self._library.update(QUEUES, queue.name, changes))}

    def delete(self, request: Json) -> Json:
        queue = self._library.get(QUEUES, request["name"])
        if queue.type == "SYSTEM":
            raise Forbidden(f"The queue {queue.name} is a system queue and can not be deleted.")
        counts = self._store.counts()
        if any(place == queue.arn for place, _ in counts):
            raise Conflict(
                f"The queue {queue.name} has unfinished jobs. Wait for their end or cancel them, then retry."
            )
        self._library.delete(QUEUES, queue.name)
        return {}

    def _check_quota(self, members: Json, name: str | None) -> None:
        asked = _concurrency(members)
        if asked is None:
            return
        if asked < 1:
            raise BadRequest(f"/{_CONCURRENCY}: Should be greater than or equal to 1")
        others = sum(_concurrency(queue.members) or 0 for queue in self._library.all(QUEUES) if queue.name != name)
        if asked + others > self._settings.job_quota:
            # Observed on the service: 429 and not the 402 of the model.
            raise TooManyRequests(
                f"{_CONCURRENCY} {asked} exceeds the {self._settings.job_quota - others} that are not allocated yet."
            )

    def _reservation(self, settings: Json) -> Json:
        now = self._clock.now()
        return {**settings, "status": "ACTIVE", "purchasedAt": now, "expiresAt": now + _RESERVATION_SECONDS}

    def _describe(self, queue: Resource) -> Json:
        counts = self._store.counts()
        shown = {name: value for name, value in queue.describe().items() if name != "resumedAt"}
        return {
            _CONCURRENCY: self._state(queue).limit,
            **shown,
            "submittedJobsCount": counts.get((queue.arn, "SUBMITTED"), 0),
            "progressingJobsCount": counts.get((queue.arn, "PROGRESSING"), 0),
        }


class QueueRules:
    """The queues as the scheduler sees them."""

    def __init__(self, queues: Queues, store: JobStore, events: EventSender, clock: Clock) -> None:
        self._queues = queues
        self._store = store
        self._events = events
        self._clock = clock
        self.machine_limit = queues.machine_limit
        self.states: Callable[[], dict[str, QueueState]] = queues.states

    def waiting(self, job: Job) -> Waiting:
        hops = job.hop_destinations[job.hops :]
        hops_at = job.created_at + self._clock.real(60 * hops[0]["waitMinutes"]) if hops else None
        return Waiting(job.id, job.place, job.priority, job.created_at, hops_at)

    def hop(self, job_id: str) -> Waiting | None:
        job = self._store.get(job_id)
        if job is None or job.status != "SUBMITTED":
            return None
        destination = job.hop_destinations[job.hops]
        target = destination.get("queue")
        arn = self._queues.arn(target) if target is None or self._queues.exists(target) else None
        if arn is None:
            return self._stay(job, str(target))
        if arn == job.place:
            return self._waits(self._store.change(job.id, {"SUBMITTED"}, hops=job.hops + 1))
        moved = self._store.change(
            job.id,
            {"SUBMITTED"},
            hops=job.hops + 1,
            current_queue=arn,
            current_priority=destination.get("priority", job.priority),
            transitions=(*job.transitions, Transition(job.place, arn, self._clock.now())),
        )
        if moved is not None:
            detail = {"previousQueue": job.place, "priority": moved.priority, "previousPriority": job.priority}
            self._events.send(moved, "QUEUE_HOP", detail)
        return self._waits(moved)

    def _stay(self, job: Job, target: str) -> Waiting | None:
        warned = self._store.change(job.id, {"SUBMITTED"}, hops=job.hops + 1, warnings=(*job.warnings, HOP_FAILED))
        if warned is not None:
            message = f"The job can not hop: the queue [{target}] doesn't exist. It stays in its queue."
            self._events.send(warned, "NEW_WARNING", warning_detail(HOP_FAILED, message))
        return self._waits(warned)

    def _waits(self, job: Job | None) -> Waiting | None:
        return self.waiting(job) if job is not None else None


def check_hops(hops: list[Json], queue: str, queues: Queues) -> None:
    """Raise BadRequest or NotFound for hop destinations that cannot be."""
    for index, hop in enumerate(hops):
        pointer = f"/hopDestinations/{index}"
        minutes = hop.get("waitMinutes")
        if minutes is None:
            raise BadRequest(f"{pointer}: waitMinutes is a required property")
        if minutes < MIN_WAIT_MINUTES:
            raise BadRequest(f"{pointer}/waitMinutes: Should be greater than or equal to {MIN_WAIT_MINUTES}")
        if minutes > MAX_WAIT_MINUTES:
            raise BadRequest(f"{pointer}/waitMinutes: Should be less than or equal to {MAX_WAIT_MINUTES}")
        if "queue" not in hop and queue == queues.default_arn():
            raise BadRequest(f"{pointer}: queue is a required property")
        if queues.arn(hop.get("queue")) == queue:
            raise BadRequest(f"{pointer}/queue: Should not be the queue that the job is submitted to")


def _concurrency(members: Json) -> int | None:
    """Jobs at once that a queue has for itself, None when it shares what is not allocated."""
    if members.get("pricingPlan") == "RESERVED":
        return int(members["reservationPlan"]["reservedSlots"])
    asked = members.get(_CONCURRENCY)
    return None if asked is None else int(asked)


def _given(request: Json, *names: str) -> Json:
    return {name: request[name] for name in names if name in request}


def _tags(request: Json) -> dict[str, str]:
    return request.get("tags") or {}
