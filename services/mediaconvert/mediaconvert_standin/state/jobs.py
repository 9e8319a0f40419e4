"""A job's record and how the API shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mediaconvert_standin.job_settings.plan import ConversionPlan
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.packaging.results import GroupResult, details_of_job

Json = dict[str, Any]

TERMINAL = frozenset({"COMPLETE", "ERROR", "CANCELED"})
UNFINISHED = frozenset({"SUBMITTED", "PROGRESSING"})
DEFAULT_STATUS_UPDATE = "SECONDS_60"
# Stored and shown as given.
_ECHOED = ("hopDestinations", "jobTemplate", "simulateReservedQueue")


@dataclass(frozen=True)
class Transition:
    """A hop from one queue to another: ARNs, and epoch seconds."""

    source: str
    destination: str
    at: float


@dataclass(frozen=True)
class Job:
    """Times are epoch seconds. Changed only through the store, by replacement."""

    id: str
    arn: str
    queue: str  # ARN of the queue it was submitted to
    request: Json  # CreateJob's, with the template laid under it
    created_at: float
    resolved: Json | None = None  # settings with the presets' contents, where the request names presets
    status: str = "SUBMITTED"
    phase: str | None = None
    percent: int | None = None
    started_at: float | None = None
    finished_at: float | None = None
    error_code: int | None = None
    error_message: str | None = None
    results: tuple[GroupResult, ...] = ()
    warnings: tuple[int, ...] = field(default=())
    notices: tuple[str, ...] = ()  # settings that were accepted without effect
    retries: int = 0  # how often a restart of the service began it again
    current_queue: str | None = None  # after a hop
    current_priority: int | None = None
    hops: int = 0  # hop destinations that are behind it, reached or not
    transitions: tuple[Transition, ...] = ()

    @cached_property
    def plan(self) -> ConversionPlan:
        """What is to be done. Raises BadRequest when this release no longer reads the settings."""
        return parse_settings(self.resolved or self.request["settings"])

    @property
    def role(self) -> str:
        return str(self.request["role"])

    @property
    def place(self) -> str:
        """ARN of the queue it is in."""
        return self.current_queue or self.queue

    @property
    def submitted_priority(self) -> int:
        return int(self.request.get("priority") or 0)

    @property
    def priority(self) -> int:
        return self.submitted_priority if self.current_priority is None else self.current_priority

    @property
    def hop_destinations(self) -> list[Json]:
        return list(self.request.get("hopDestinations") or [])

    @property
    def token(self) -> str | None:
        return self.request.get("clientRequestToken")

    @property
    def user_metadata(self) -> dict[str, str]:
        return self.request.get("userMetadata") or {}

    @property
    def status_update_seconds(self) -> int:
        interval = self.request.get("statusUpdateInterval") or DEFAULT_STATUS_UPDATE
        return int(interval.removeprefix("SECONDS_"))

    @property
    def has_estimate(self) -> bool:
        """Whether the service tells how far it is: not for a job with an output of sound alone."""
        outputs = [
            output
            for group in (self.resolved or self.request["settings"]).get("outputGroups") or []
            for output in group.get("outputs") or []
        ]
        return not any(output.get("audioDescriptions") and not output.get("videoDescription") for output in outputs)

    @property
    def input_files(self) -> list[str]:
        return [item.get("fileInput") or "" for item in self.request["settings"].get("inputs") or []]


def describe(job: Job) -> Json:
    """``Job`` of the API; members that are None are left out when it is written."""
    request = job.request
    acceleration = request.get("accelerationSettings") or {"mode": "DISABLED"}
    shown = {
        "arn": job.arn,
        "id": job.id,
        "createdAt": job.created_at,
        "queue": job.queue,
        "role": job.role,
        "settings": request["settings"],
        "status": job.status,
        "timing": {"submitTime": job.created_at, "startTime": job.started_at, "finishTime": job.finished_at},
        "billingTagsSource": request.get("billingTagsSource") or "JOB",
        "accelerationSettings": acceleration,
        "accelerationStatus": _acceleration_status(acceleration["mode"], job.status),
        "statusUpdateInterval": request.get("statusUpdateInterval") or DEFAULT_STATUS_UPDATE,
        "priority": job.submitted_priority,
        "messages": {"info": [], "warning": list(job.notices)},
        "clientRequestToken": job.token,
        "userMetadata": job.user_metadata or None,
        "currentPhase": job.phase,
        "jobPercentComplete": job.percent if job.status in TERMINAL or job.has_estimate else None,
        "errorCode": job.error_code,
        "errorMessage": job.error_message,
        "jobEngineVersionRequested": request.get("jobEngineVersion"),
        **{name: request[name] for name in _ECHOED if request.get(name) is not None},
    }
    if job.transitions:
        shown["queueTransitions"] = [
            {"sourceQueue": hop.source, "destinationQueue": hop.destination, "timestamp": hop.at}
            for hop in job.transitions
        ]
    if job.started_at is not None:
        shown["retryCount"] = job.retries
    if job.status == "COMPLETE":
        shown["outputGroupDetails"] = details_of_job(job.results)
    if job.warnings:
        shown["warnings"] = [{"code": code, "count": job.warnings.count(code)} for code in sorted(set(job.warnings))]
    return shown


def _acceleration_status(mode: str, status: str) -> str:
    if mode == "DISABLED":
        return "NOT_APPLICABLE"
    if status not in TERMINAL:
        return "IN_PROGRESS"
    return "ACCELERATED" if mode == "ENABLED" else "NOT_ACCELERATED"
