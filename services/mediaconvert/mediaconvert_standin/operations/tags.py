"""Tags of jobs, queues, presets and job templates, by ARN."""

from __future__ import annotations

from typing import Any

from mediaconvert_standin.errors import NotFound
from mediaconvert_standin.operations.blueprints import Blueprints
from mediaconvert_standin.state.library import QUEUES, Library
from mediaconvert_standin.state.store import JobStore

Json = dict[str, Any]


class Tags:
    def __init__(self, library: Library, store: JobStore, blueprints: tuple[Blueprints, ...]) -> None:
        self._library = library
        self._store = store
        self._blueprints = blueprints

    def add(self, request: Json) -> Json:
        arn = self._known(request["arn"])
        self._library.set_tags(arn, self._library.tags(arn) | request["tags"])
        return {}

    def remove(self, request: Json) -> Json:
        arn = self._known(request["arn"])
        gone = set(request.get("tagKeys") or [])
        self._library.set_tags(arn, {key: value for key, value in self._library.tags(arn).items() if key not in gone})
        return {}

    def page(self, request: Json) -> Json:
        arn = self._known(request["arn"])
        return {"resourceTags": {"arn": arn, "tags": self._library.tags(arn)}}

    def _known(self, arn: str) -> str:
        """The ARN of something that exists. Raises NotFound."""
        queue = self._library.find(QUEUES, arn)
        job = self._store.get(arn.rpartition("/")[2])
        if (
            (queue is not None and queue.arn == arn)
            or (job is not None and job.arn == arn)
            or any(blueprints.knows(arn) for blueprints in self._blueprints)
        ):
            return arn
        raise NotFound(f"The specified resource doesn't exist: {arn}")
