"""Tags of jobs, queues, presets and job templates, by ARN."""

from __future__ import annotations

from typing import Any

from mediaconvert_standin.errors import NotFound
from mediaconvert_standin.operations.blueprints import Blueprints
from mediaconvert_standin.state.library import JOBS, QUEUES, Library
from mediaconvert_standin.state.store import JobStore

Json = dict[str, Any]


class Tags:
    def __init__(self, library: Library, store: JobStore, blueprints: tuple[Blueprints, ...]) -> None:
        self._library = library
        self._store = store
        self._blueprints = blueprints

    def add(self, request: Json) -> Json:
        self._library.change_tags(self._known(request["arn"]), request["tags"], ())
        return {}

    def remove(self, request: Json) -> Json:
        self._library.change_tags(self._known(request["arn"]), {}, request.get("tagKeys") or [])
        return {}

    def page(self, request: Json) -> Json:
        tags = self._library.tags(self._known(request["arn"]))
        return {"resourceTags": {"arn": request["arn"], "tags": tags}}

    def _known(self, arn: str) -> str:
        """The ARN under which the tags of something that exists are kept. Raises NotFound."""
        queue = self._library.find(QUEUES, arn)
        if queue is not None and self._library.plain_name(QUEUES, arn) != arn:
            return queue.arn
        job = self._store.get(self._library.plain_name(JOBS, arn))
        if job is not None and job.id != arn:
            return job.arn
        for blueprints in self._blueprints:
            known = blueprints.known(arn)
            if known is not None:
                return known
        raise NotFound(f"The specified resource doesn't exist: {arn}")
