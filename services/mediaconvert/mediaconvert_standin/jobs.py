"""A job's record and how the API shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mediaconvert_standin.plan import ConversionPlan
from mediaconvert_standin.results import GroupResult, details_of_job

Json = dict[str, Any]

TERMINAL = frozenset({"COMPLETE", "ERROR", "CANCELED"})
DEFAULT_STATUS_UPDATE = "SECONDS_60"
# Stored and shown as given.
_ECHOED = ("billingTagsSource", "hopDestinations", "jobTemplate", "simulateReservedQueue")


@dataclass(frozen=True)
class Job:
    """Times are epoch seconds. Changed only through the store, by replacement."""

    id: str
    arn: str
    queue: str  # ARN
    request: Json
    plan: ConversionPlan
    created_at: float
    status: str = "SUBMITTED"
    phase: str | None = None
    percent: int | None = None
    started_at: float | None = None
    finished_at: float | None = None
    error_code: int | None = None
    error_message: str | None = None
    results: tuple[GroupResult, ...] = ()
    warnings: tuple[int, ...] = field(default=())
    retries: int = 0  # how often a restart of the service began it again

    @property
    def role(self) -> str:
        return str(self.request["role"])

    @property
    def priority(self) -> int:
        return int(self.request.get("priority") or 0)

    @property
    def token(self) -> str | None:
        return self.request.get("clientRequestToken")

    @property
    def user_metadata(self) -> dict[str, str]:
        return self.request.get("userMetadata") or {}

    @property
    def tags(self) -> dict[str, str]:
        return self.request.get("tags") or {}

    @property
    def status_update_seconds(self) -> int:
        interval = self.request.get("statusUpdateInterval") or DEFAULT_STATUS_UPDATE
        return int(interval.removeprefix("SECONDS_"))


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
        "billingTagsSource": "JOB",
        "accelerationSettings": acceleration,
        "accelerationStatus": _acceleration_status(acceleration["mode"], job.status),
        "statusUpdateInterval": request.get("statusUpdateInterval") or DEFAULT_STATUS_UPDATE,
        "priority": job.priority,
        "messages": {"info": [], "warning": list(job.plan.warnings)},
        "clientRequestToken": job.token,
        "userMetadata": job.user_metadata or None,
        "currentPhase": job.phase,
        "jobPercentComplete": job.percent,
        "errorCode": job.error_code,
        "errorMessage": job.error_message,
        **{name: request[name] for name in _ECHOED if request.get(name) is not None},
    }
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
