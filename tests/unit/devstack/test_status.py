"""The numbers of `dev.py status` that logs and jobs tell, where CloudWatch has none."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from botocore.exceptions import ClientError

from devstack.status.conversions import read_jobs
from devstack.status.function_logs import parse_activity

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPORT = "REPORT RequestId: d396f54e\tDuration: {} ms\tMemory Size: 256 MB\tMax Memory Used: 0 MB"


def answered(status: int) -> str:
    return json.dumps({"level": "INFO", "message": "answered", "route": "/videos", "status": status})


def counted(name: str, values: object) -> str:
    described = {"CloudWatchMetrics": [{"Namespace": "SStechVideo", "Metrics": [{"Name": name, "Unit": "Count"}]}]}
    return json.dumps({"_aws": described, "service": "upload", name: values})


def test_a_log_tells_calls_failures_counts_and_answers() -> None:
    activity = parse_activity(
        [
            "START RequestId: d396f54e Version: $LATEST",
            answered(201),
            answered(404),
            counted("UploadsStarted", [1.0, 2.0]),
            counted("UploadsStarted", 4),
            "END RequestId: d396f54e",
            REPORT.format("991.5"),
            REPORT.format("12"),
            "2026-11-23T12:00:00Z d396f54e Task timed out after 30.00 seconds",
            "[ERROR] KeyError: 'nothing'",
        ]
    )

    assert activity.durations == [991.5, 12]
    assert activity.failures == 2
    assert activity.counts == {"UploadsStarted": 7}
    assert activity.answers == {201: 1, 404: 1}


def test_lines_of_other_kinds_are_passed_over() -> None:
    strange = [
        "",
        "hello",
        "[1, 2]",
        '"text"',
        "{",
        json.dumps({"message": "video is ready"}),
        json.dumps({"_aws": {}}),
    ]

    activity = parse_activity(strange)

    assert (activity.durations, activity.failures) == ([], 0)
    assert not activity.counts
    assert not activity.answers


class Jobs:
    """MediaConvert's list, page by page; `read` is how many pages were asked for."""

    def __init__(self, pages: list[list[dict[str, Any]]]) -> None:
        self._pages = pages
        self.read = 0

    def get_paginator(self, _operation: str) -> "Jobs":
        return self

    def paginate(self, **_options: Any) -> Any:
        for page in self._pages:
            self.read += 1
            yield {"Jobs": page}


def job(hours_ago: int, status: str, stage: str = "prod", *milliseconds: int) -> dict[str, Any]:
    return {
        "CreatedAt": NOW - timedelta(hours=hours_ago),
        "Status": status,
        "UserMetadata": {"stage": stage},
        "OutputGroupDetails": [{"OutputDetails": [{"DurationInMs": one} for one in milliseconds]}],
    }


def test_jobs_of_the_stage_and_the_day_are_counted_and_older_pages_never_asked_for() -> None:
    service = Jobs(
        [
            [job(1, "COMPLETE", "prod", 60_000, 30_000), job(2, "ERROR"), job(3, "COMPLETE", "other", 60_000)],
            [job(23, "COMPLETE", "prod", 30_000), job(25, "COMPLETE", "prod", 60_000)],
            [job(26, "COMPLETE", "prod", 60_000)],
        ]
    )

    jobs = read_jobs(cast(Any, service), "prod", NOW)

    assert jobs
    assert jobs.by_status == {"COMPLETE": 2, "ERROR": 1}
    assert jobs.minutes == 2
    assert service.read == 2


class Closed(Jobs):
    """Nobody here may list jobs."""

    def paginate(self, **_options: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListJobs")


def test_who_may_not_list_jobs_has_no_numbers_of_them() -> None:
    assert read_jobs(cast(Any, Closed([])), "prod", NOW) is None
