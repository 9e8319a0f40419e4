"""What a function's log tells of its last 24 hours: Lambda's own lines, ours, and the metrics embedded in them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from devstack.status.metrics import WINDOW

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

REPORT = re.compile(r"^REPORT RequestId: .*\tDuration: ([\d.]+) ms")
# Lambda's words for an invocation that ended badly.
FAILURE = re.compile(r"^\[ERROR\]|Task timed out|Runtime exited")


@dataclass(slots=True)
class Activity:
    """`durations` in milliseconds; `counts` by metric; `answers` of the API by status."""

    durations: list[float] = field(default_factory=list)
    failures: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        return len(self.durations)


def read_activity(logs: CloudWatchLogsClient, function: str, until: datetime) -> Activity:
    """The function's activity; nothing when it has never run."""
    try:
        return parse_activity(_messages(logs, f"/aws/lambda/{function}", until))
    except logs.exceptions.ResourceNotFoundException:
        return Activity()


def parse_activity(messages: Iterable[str]) -> Activity:
    """Lines that say nothing of this are passed over."""
    activity = Activity()
    for message in messages:
        if report := REPORT.search(message):
            activity.durations.append(float(report[1]))
        elif FAILURE.search(message):
            activity.failures += 1
        else:
            _add_structured(activity, message)
    return activity


def _add_structured(activity: Activity, message: str) -> None:
    try:
        line = json.loads(message)
    except ValueError:
        return
    if not isinstance(line, dict):
        return
    for metric in _embedded(line):
        values = line.get(metric, [])
        activity.counts[metric] += int(sum(values)) if isinstance(values, list) else int(values)
    if line.get("message") == "answered":
        activity.answers[int(line["status"])] += 1


def _embedded(line: dict[str, Any]) -> list[str]:
    """Names of the metrics in CloudWatch's embedded format."""
    described = line.get("_aws", {}).get("CloudWatchMetrics", [])
    return [metric["Name"] for one in described for metric in one["Metrics"]]


def _messages(logs: CloudWatchLogsClient, group: str, until: datetime) -> Iterable[str]:
    start = int((until - WINDOW).timestamp() * 1000)
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start):
        for event in page["events"]:
            yield from event["message"].splitlines()
