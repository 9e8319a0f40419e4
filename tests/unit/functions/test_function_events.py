from __future__ import annotations

import json
from typing import Any

import pytest

from functions.harness import complete_event, job_event, s3_event, sns_envelope
from sstech_video import events
from sstech_video.entries import FailureCode
from sstech_video.events import EventError
from sstech_video.failures import from_job
from sstech_video.transitions import Result

KEY = "uploads/owner-1/00000000000000000000/original.mp4"
JOB: dict[str, Any] = {
    "id": "1712252725875-abcdef",
    "userMetadata": {"stage": "unit", "owner": "owner-1", "videoId": "0" * 20, "attempt": "1"},
    "settings": {
        "outputGroups": [
            {"outputGroupSettings": {"fileGroupSettings": {"destination": "s3://media/media/owner-1/v/1/video"}}}
        ]
    },
}


@pytest.mark.parametrize("body", [json.dumps(s3_event(KEY, 7)), sns_envelope(s3_event(KEY, 7))])
def test_a_notification_is_read_with_and_without_its_envelope(body: str) -> None:
    (arrival,) = events.arrivals(body)
    assert (arrival.key, arrival.size, arrival.bucket) == (KEY, 7, "temp")
    assert arrival.original is not None
    assert arrival.original.owner == "owner-1"


def test_keys_are_url_decoded() -> None:
    (arrival,) = events.arrivals(json.dumps(s3_event("a+b%2Bc%C3%A7.mp4", 1)))
    assert arrival.key == "a b+cç.mp4"
    assert arrival.original is None


def test_the_test_event_of_s3_is_nothing() -> None:
    assert events.arrivals(sns_envelope({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "temp"})) == ()


def test_only_creations_count() -> None:
    event = s3_event(KEY, 7)
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert events.arrivals(json.dumps(event)) == ()


def test_a_retry_reads_like_an_upload() -> None:
    (arrival,) = events.arrivals(events.retry_message("temp", KEY, 7))
    assert (arrival.bucket, arrival.key, arrival.size) == ("temp", KEY, 7)


@pytest.mark.parametrize(
    "body", ["", "x", "[]", "null", "{}", '{"Records":[{}]}', '{"Type":"Notification"}', "[" * 9999]
)
def test_a_message_of_another_shape_is_an_error(body: str) -> None:
    with pytest.raises(EventError):
        events.arrivals(body)


def test_complete_tells_duration_and_size_of_the_mp4() -> None:
    event = events.job_event(complete_event(JOB))
    assert event is not None
    assert (event.status, event.attempt, event.result) == ("COMPLETE", 1, Result(12_300, 1280, 720))


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [{}],
        [{"outputDetails": [{}]}],
        [{"outputDetails": [{"outputFilePaths": ["s3://m/media/o/v/1/video.mp4"]}]}],
        [{"outputDetails": [{"outputFilePaths": ["s3://m/video.mp4"], "durationInMs": "x", "videoDetails": {}}]}],
    ],
)
def test_every_member_of_complete_is_optional(groups: list[dict[str, Any]]) -> None:
    event = events.job_event(job_event(JOB, "COMPLETE", outputGroupDetails=groups))
    assert event is not None
    assert event.result == Result(None, None, None)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"owner": "owner-1"},
        {**JOB["userMetadata"], "owner": "../x"},
        {**JOB["userMetadata"], "videoId": "short"},
        {**JOB["userMetadata"], "attempt": "-1"},
        {**JOB["userMetadata"], "attempt": "²"},
        {**JOB["userMetadata"], "attempt": ""},
    ],
)
def test_jobs_of_others_are_not_ours(metadata: dict[str, str] | None) -> None:
    assert events.job_event(job_event({**JOB, "userMetadata": metadata}, "COMPLETE")) is None


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"detail": {"userMetadata": JOB["userMetadata"]}}])
def test_an_event_of_another_shape_is_an_error(event: dict[str, Any]) -> None:
    with pytest.raises(EventError):
        events.job_event(event)


@pytest.mark.parametrize(
    ("error_code", "code"),
    [
        (1010, FailureCode.UNSUPPORTED_FORMAT),
        (1020, FailureCode.NO_VIDEO),
        (1076, FailureCode.DAMAGED_FILE),
        (1404, FailureCode.SOURCE_UNREADABLE),
        (1999, FailureCode.CONVERSION_FAILED),
        (None, FailureCode.CONVERSION_FAILED),
    ],
)
def test_a_job_error_becomes_a_stable_code_and_a_sentence(error_code: int | None, code: FailureCode) -> None:
    failure = from_job(error_code)
    assert failure.code is code
    assert failure.message.endswith((".", "again."))
