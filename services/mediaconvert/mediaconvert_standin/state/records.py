"""A job as text and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from mediaconvert_standin.packaging.results import GroupResult, OutputResult
from mediaconvert_standin.state.jobs import Job, Transition


def to_text(job: Job) -> str:
    members = {field.name: getattr(job, field.name) for field in fields(Job)}
    members["results"] = [asdict(group) for group in job.results]
    members["transitions"] = [asdict(transition) for transition in job.transitions]
    return json.dumps(members)


def from_text(text: str) -> Job:
    """Raises KeyError, TypeError or ValueError when this release can not read what an earlier one wrote."""
    members: dict[str, Any] = json.loads(text)
    return Job(
        **members
        | {
            "results": tuple(_group(group) for group in members.get("results", ())),
            "transitions": tuple(Transition(**transition) for transition in members.get("transitions", ())),
            "warnings": tuple(members.get("warnings", ())),
            "notices": tuple(members.get("notices", ())),
        }
    )


def _group(members: dict[str, Any]) -> GroupResult:
    outputs = tuple(OutputResult(**{**output, "paths": tuple(output["paths"])}) for output in members["outputs"])
    return GroupResult(members["type"], outputs, tuple(members["playlists"]))
