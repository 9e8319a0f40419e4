"""The JSON schema that every event has to fit."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "job_state_change.json").read_text())
_VALIDATOR = Draft202012Validator(SCHEMA)


def check_event(event: dict[str, Any]) -> None:
    """Fail, naming what does not fit."""
    problems = [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(event)]
    assert problems == []
    # What a schema cannot say: the envelope and the detail agree.
    detail = event["detail"]
    assert event["resources"][0].endswith(f"jobs/{detail['jobId']}")
    assert event["account"] == detail["accountId"]
    videos = [video for item in detail.get("inputDetails", []) for video in item.get("video", [])]
    assert all(round(video["frameRate"], 2) == video["frameRate"] for video in videos)
