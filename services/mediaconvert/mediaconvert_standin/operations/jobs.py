"""CreateJob, GetJob, CancelJob."""

from __future__ import annotations

import secrets
import string
from typing import Any

from botocore.model import StructureShape

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.errors import BadRequest, Conflict, NotFound
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.operations.blueprints import Blueprints
from mediaconvert_standin.operations.merging import apply_presets, merge_template, names_presets
from mediaconvert_standin.operations.policy import InputPolicy
from mediaconvert_standin.operations.queues import Queues, check_hops
from mediaconvert_standin.operations.rules import check_rules
from mediaconvert_standin.protocol.schema import check_request
from mediaconvert_standin.protocol.wire import service_model
from mediaconvert_standin.running.conversion import Tools, undo_earlier
from mediaconvert_standin.running.scheduler import Scheduler
from mediaconvert_standin.state.jobs import Job, describe
from mediaconvert_standin.state.library import check_tags

Json = dict[str, Any]

_SUFFIX = string.ascii_lowercase + string.digits


class JobOperations:
    def __init__(
        self,
        tools: Tools,
        scheduler: Scheduler,
        queues: Queues,
        presets: Blueprints,
        templates: Blueprints,
        policy: InputPolicy,
        clock: Clock,
    ) -> None:
        self._tools = tools
        self._store = tools.store
        self._events = tools.events
        self._settings = tools.settings
        self._scheduler = scheduler
        self._queues = queues
        self._presets = presets
        self._templates = templates
        self._policy = policy
        self._clock = clock
        shape = service_model().operation_model("CreateJob").input_shape
        assert isinstance(shape, StructureShape)  # noqa: S101 - for the types
        self._shape = shape

    def create(self, raw: Json) -> Json:
        """Only the merged job is checked: a template may leave out what the request gives, and the reverse."""
        request = self._with_template(raw)
        settings = request.get("settings")
        resolved = settings
        if isinstance(settings, dict) and names_presets(settings):
            resolved = apply_presets(settings, lambda name: dict(self._presets.members(name)["settings"]))
        checked = request | {"settings": resolved} if resolved is not None else request
        check_request(self._shape, checked)
        check_rules(checked)
        check_tags(request.get("tags") or {})
        self._policy.check(checked["settings"])
        queue = self._queues.arn(request.get("queue"))
        check_hops(request.get("hopDestinations") or [], queue, self._queues)
        plan = parse_settings(checked["settings"])
        return {"job": describe(self._store_new(request, queue, resolved if resolved is not settings else None, plan))}

    def get(self, request: Json) -> Json:
        return {"job": describe(self._job(request["id"]))}

    def cancel(self, request: Json) -> Json:
        job = self._job(request["id"])
        now = self._clock.now()
        waiting = self._store.change(job.id, {"SUBMITTED"}, status="CANCELED", finished_at=now)
        if waiting is not None:
            self._scheduler.cancel(job.id)
            undo_earlier(self._tools, job)
            self._events.send_end(waiting)
            return {}
        canceled = self._store.change(job.id, {"PROGRESSING"}, status="CANCELED", finished_at=now)
        if canceled is None:
            raise Conflict(f"Job {job.id} is already {self._job(job.id).status} and can not be canceled.")
        self._scheduler.cancel(job.id)
        self._events.send_end(canceled)
        return {}

    def _with_template(self, raw: Json) -> Json:
        name = raw.get("jobTemplate")
        if not name:
            return raw
        if not isinstance(name, str):
            raise BadRequest("/jobTemplate: Should be a string")
        if not isinstance(raw.get("settings") or {}, dict):
            raise BadRequest("/settings: Should be a structure")
        return merge_template(raw, self._templates.members(name))

    def _store_new(self, request: Json, queue: str, resolved: Json | None, plan: Any) -> Job:
        while True:
            now = self._clock.now()
            job_id = f"{int(now * 1000):013d}-{''.join(secrets.choice(_SUFFIX) for _ in range(6))}"
            arn = self._settings.arn(f"jobs/{job_id}")
            job = Job(job_id, arn, queue, request, now, resolved, notices=plan.warnings)
            try:
                stored = self._store.add(job, request.get("tags") or {})
            except KeyError:
                continue
            if stored is job:
                self._scheduler.submit(job)
            return stored

    def _job(self, job_id: str) -> Job:
        job = self._store.get(job_id)
        if job is None:
            raise NotFound(f"The specified job doesn't exist: {job_id}")
        return job
