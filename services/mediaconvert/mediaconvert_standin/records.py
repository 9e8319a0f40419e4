"""A job as text and back: everything but the plan, which follows from the request."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from mediaconvert_standin.jobs import Job
from mediaconvert_standin.planning import parse_settings
from mediaconvert_standin.results import GroupResult, OutputResult


def to_text(job: Job) -> str:
    members = {name: value for name, value in vars(job).items() if name not in {"plan", "results"}}
    return json.dumps({**members, "results": [asdict(group) for group in job.results]})


def from_text(text: str) -> Job:
    """Raises BadRequest when this release can no longer read the job's settings."""
    members: dict[str, Any] = json.loads(text)
    results = tuple(_group(group) for group in members.pop("results"))
    warnings = tuple(members.pop("warnings"))
    plan = parse_settings(members["request"]["settings"])
    return Job(**members, plan=plan, results=results, warnings=warnings)


def _group(members: dict[str, Any]) -> GroupResult:
    outputs = tuple(OutputResult(**{**output, "paths": tuple(output["paths"])}) for output in members["outputs"])
    return GroupResult(members["type"], outputs, tuple(members["playlists"]))
