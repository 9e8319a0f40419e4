"""The operations: parsed request in, answer out."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import string
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediaconvert_standin.conversion import Tools
from mediaconvert_standin.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    JobError,
    NotFound,
    ReadDenied,
    SourceMissing,
    Unsupported,
)
from mediaconvert_standin.jobs import Job, describe
from mediaconvert_standin.locations import parse_s3_uri
from mediaconvert_standin.plan import S3Location
from mediaconvert_standin.planning import parse_settings
from mediaconvert_standin.prober import ProbeError
from mediaconvert_standin.reports import probe_result
from mediaconvert_standin.rules import check_rules
from mediaconvert_standin.scheduler import Scheduler
from mediaconvert_standin.sniff import SNIFF_BYTES, sniff
from mediaconvert_standin.sources import Source

Json = dict[str, Any]

PAGE_SIZE = 20
MAX_PROBE_FILES = 10
_SUFFIX = string.ascii_lowercase + string.digits


class Operations:
    """One method per operation, named as in the service model."""

    def __init__(self, tools: Tools, scheduler: Scheduler, clock: Callable[[], float] = time.time) -> None:
        self._tools = tools
        self._settings = tools.settings
        self._store = tools.store
        self._scheduler = scheduler
        self._clock = clock
        self._created_at = clock()

    def find(self, operation: str) -> Callable[[Json], Json] | None:
        handlers: dict[str, Callable[[Json], Json]] = {
            "CancelJob": self.cancel_job,
            "CreateJob": self.create_job,
            "GetJob": self.get_job,
            "GetQueue": self.get_queue,
            "ListJobs": self.list_jobs,
            "ListQueues": self.list_queues,
            "ListTagsForResource": self.list_tags,
            "Probe": self.probe,
        }
        return handlers.get(operation)

    def create_job(self, request: Json) -> Json:
        check_rules(request)
        if request.get("jobTemplate"):
            raise NotFound(f"The specified job template doesn't exist: {request['jobTemplate']}")
        queue = self._queue_arn(request.get("queue"))
        plan = parse_settings(request["settings"])
        while True:
            now = self._clock()
            job_id = f"{int(now * 1000):013d}-{''.join(secrets.choice(_SUFFIX) for _ in range(6))}"
            job = Job(job_id, self._settings.arn(f"jobs/{job_id}"), queue, request, plan, now)
            try:
                stored = self._store.add(job)
            except KeyError:
                continue
            if stored is job:
                self._scheduler.submit(job)
            return {"job": describe(stored)}

    def get_job(self, request: Json) -> Json:
        return {"job": describe(self._job(request["id"]))}

    def cancel_job(self, request: Json) -> Json:
        job = self._job(request["id"])
        now = self._clock()
        if self._store.change(job.id, {"SUBMITTED"}, status="CANCELED", finished_at=now):
            return {}
        canceled = self._store.change(job.id, {"PROGRESSING"}, status="CANCELED", finished_at=now)
        if canceled is None:
            raise Conflict(f"Job {job.id} is already {self._job(job.id).status} and can not be canceled.")
        self._scheduler.cancel(job.id)
        self._tools.events.send(canceled, "CANCELED")
        return {}

    def list_jobs(self, request: Json) -> Json:
        queue = self._queue_arn(request["queue"]) if request.get("queue") else None
        status = request.get("status")
        jobs = [job for job in self._store.all() if queue in (None, job.queue) and status in (None, job.status)]
        if request.get("order", "DESCENDING") == "DESCENDING":
            jobs.reverse()
        page, token = _page(jobs, request, filters=f"{queue}|{status}|{request.get('order')}")
        return {"jobs": [describe(job) for job in page], "nextToken": token}

    def get_queue(self, request: Json) -> Json:
        self._queue_arn(request["name"])
        return {"queue": self._queue()}

    def list_queues(self, request: Json) -> Json:  # noqa: ARG002 - one queue fits every page
        total = self._settings.concurrent_jobs
        return {"queues": [self._queue()], "totalConcurrentJobs": total, "unallocatedConcurrentJobs": 0}

    def list_tags(self, request: Json) -> Json:
        arn = request["arn"]
        if arn == self._settings.arn("queues/Default"):
            return {"resourceTags": {"arn": arn, "tags": {}}}
        job = self._store.get(arn.rpartition("/")[2])
        if job is None or job.arn != arn:
            raise NotFound(f"The specified resource doesn't exist: {arn}")
        return {"resourceTags": {"arn": arn, "tags": job.tags}}

    def probe(self, request: Json) -> Json:
        files = request.get("inputFiles") or []
        if not 1 <= len(files) <= MAX_PROBE_FILES:
            raise BadRequest(f"/inputFiles: Should have at least 1 items and at most {MAX_PROBE_FILES} items")
        return {"probeResults": [self._probe(item.get("fileUrl") or "", index) for index, item in enumerate(files)]}

    def _probe(self, uri: str, index: int) -> Json:
        if uri.startswith(("http://", "https://")):
            raise Unsupported(f"/inputFiles/{index}/fileUrl over http; use s3://")
        location = parse_s3_uri(uri, f"/inputFiles/{index}/fileUrl")
        work_dir = self._settings.work_dir / "probes"
        work_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=work_dir) as folder:
            return self._probe_into(location, Path(folder) / "in0.bin")

    def _probe_into(self, location: S3Location, path: Path) -> Json:
        source = Source(self._tools.clients.s3, location)
        try:
            found = source.download_windows(path)
        except SourceMissing as error:
            raise NotFound(error.message) from error
        except ReadDenied as error:
            raise Forbidden(error.message) from error
        except JobError as error:
            raise BadRequest(error.message) from error
        with path.open("rb") as file:
            container = sniff(file.read(SNIFF_BYTES))
        if container is None:
            return probe_result(None, found)
        try:
            return probe_result(self._tools.prober.probe(path, container), found)
        except ProbeError:
            return probe_result(None, found)

    def _job(self, job_id: str) -> Job:
        job = self._store.get(job_id)
        if job is None:
            raise NotFound(f"The specified job doesn't exist: {job_id}")
        return job

    def _queue_arn(self, name: str | None) -> str:
        """ARN of a queue given by name or ARN, Default when absent. Raises NotFound."""
        arn = self._settings.arn("queues/Default")
        if name in (None, "", "Default", arn):
            return arn
        raise NotFound(f"The specified queue doesn't exist: {name}")

    def _queue(self) -> Json:
        statuses = [job.status for job in self._store.all()]
        return {
            "arn": self._settings.arn("queues/Default"),
            "name": "Default",
            "type": "SYSTEM",
            "status": "ACTIVE",
            "pricingPlan": "ON_DEMAND",
            "createdAt": self._created_at,
            "lastUpdated": self._created_at,
            "concurrentJobs": self._settings.concurrent_jobs,
            "submittedJobsCount": statuses.count("SUBMITTED"),
            "progressingJobsCount": statuses.count("PROGRESSING"),
        }


def _page(jobs: list[Job], request: Json, filters: str) -> tuple[list[Job], str | None]:
    """One page and the token of the next; a token only continues the list it came from."""
    mark = hashlib.sha256(filters.encode()).hexdigest()[:16]
    start = 0
    if request.get("nextToken"):
        after = _read_token(request["nextToken"], mark)
        start = next((place + 1 for place, job in enumerate(jobs) if job.id == after), len(jobs))
    page = jobs[start : start + (request.get("maxResults") or PAGE_SIZE)]
    if start + len(page) >= len(jobs):
        return page, None
    token = json.dumps([mark, page[-1].id]).encode()
    return page, base64.urlsafe_b64encode(token).decode()


def _read_token(token: str, mark: str) -> str:
    try:
        found_mark, after = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError):
        raise BadRequest("/nextToken: The token is not valid") from None
    if found_mark != mark or not isinstance(after, str):
        raise BadRequest("/nextToken: The token is not valid for this request")
    return after
