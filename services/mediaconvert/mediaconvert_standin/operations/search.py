"""Finding jobs: ListJobs, SearchJobs and jobs queries."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from mediaconvert_standin.errors import BadRequest, NotFound
from mediaconvert_standin.protocol.paging import read_page
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import Job, describe
from mediaconvert_standin.state.store import JobStore

Json = dict[str, Any]

MAX_INPUT_FILE = 300  # characters of SearchJobs' inputFile
MAX_QUERIES = 1000  # results that are kept
_KIND = "jobsQueries"


class JobSearch:
    def __init__(self, store: JobStore, database: Database, queue_arn: Callable[[str], str]) -> None:
        """``queue_arn`` gives the ARN for a queue's name or ARN, or raises NotFound."""
        self._store = store
        self._database = database
        self._queue_arn = queue_arn

    def page(self, request: Json) -> Json:
        return self._find(request, None)

    def search(self, request: Json) -> Json:
        part = request.get("inputFile")
        if part is not None and len(part) > MAX_INPUT_FILE:
            raise BadRequest(f"/inputFile: Should have at most {MAX_INPUT_FILE} characters")
        return self._find(request, part)

    def _find(self, request: Json, part: str | None) -> Json:
        queue = self._queue_arn(request["queue"]) if request.get("queue") else None
        status = request.get("status")
        ascending = request.get("order") == "ASCENDING"  # newest first unless asked otherwise
        page = read_page(request, queue, status, ascending, part)
        jobs = (
            job
            for job in self._store.all(status, ascending=ascending, after=page.after)
            if queue in (None, job.queue) and status in (None, job.status) and _reads(job, part)
        )
        found, token = page.take(jobs, lambda job: job.id)
        return {"jobs": [describe(job) for job in found], "nextToken": token}

    def start_query(self, request: Json) -> Json:
        """The answer is found at once and kept until it is asked for; filters combine by OR."""
        filters = [(item.get("key"), tuple(item.get("values") or ())) for item in request.get("filterList") or []]
        ascending = request.get("order") == "ASCENDING"
        page = read_page(request, filters, ascending)
        found, token = page.take(self._matching(filters, ascending, page.after), lambda job: job.id)
        query_id = secrets.token_hex(16)
        record = json.dumps({"jobs": [job.id for job in found], "nextToken": token})
        self._database.add_resource(_KIND, query_id, record)
        self._database.forget_oldest_resources(_KIND, MAX_QUERIES)
        return {"id": query_id}

    def query_results(self, request: Json) -> Json:
        record = self._database.resource(_KIND, request["id"])
        if record is None:
            raise NotFound(f"The specified jobs query doesn't exist: {request['id']}")
        query = json.loads(record)
        jobs = [job for job_id in query["jobs"] if (job := self._store.get(job_id)) is not None]
        return {"jobs": [describe(job) for job in jobs], "nextToken": query["nextToken"], "status": "COMPLETE"}

    def _matching(
        self, filters: list[tuple[Any, tuple[str, ...]]], ascending: bool, after: str | None
    ) -> Iterator[Job]:
        for job in self._store.all(ascending=ascending, after=after):
            if not filters or any(_fits(job, key, values) for key, values in filters):
                yield job


def _reads(job: Job, part: str | None) -> bool:
    return part is None or any(part in uri for uri in job.input_files)


def _fits(job: Job, key: str | None, values: tuple[str, ...]) -> bool:
    if key == "fileInput":
        return any(_reads(job, part) for part in values)
    if key == "queue":  # by name or ARN
        return job.queue.rpartition("/")[2] in {value.rpartition("/")[2] for value in values}
    return bool(_values(job, key) & set(values))


def _values(job: Job, key: str | None) -> set[str]:
    """What a job has for a key of a jobs query."""
    if key == "status":
        return {job.status}
    if key == "errorCode":
        return {str(job.error_code)} if job.error_code is not None else set()
    if key == "jobEngineVersionRequested":
        return {str(job.request.get("jobEngineVersion"))}
    if key == "videoCodec":
        return {str(codec) for codec in _codecs(job, "videoDescription")}
    if key == "audioCodec":
        return {str(codec) for codec in _codecs(job, "audioDescriptions")}
    return set()


def _codecs(job: Job, name: str) -> Iterator[Any]:
    settings = job.resolved or job.request["settings"]
    for group in settings.get("outputGroups") or []:
        for output in group.get("outputs") or []:
            described = output.get(name) or []
            for item in described if isinstance(described, list) else [described]:
                yield (item.get("codecSettings") or {}).get("codec")
