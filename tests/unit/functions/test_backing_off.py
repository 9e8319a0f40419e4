"""A message that could not be handled comes back soon, then later and later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions import harness
from functions.harness import MP4_START, s3_event, sns_envelope
from sstech_video import backing_off
from sstech_video.backing_off import delay_seconds

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from functions.conftest import Platform


def test_the_delay_doubles_up_to_the_queues_own() -> None:
    delays = [delay_seconds(count) for count in range(1, 12)]
    assert delays[:4] == [5, 10, 20, 40]
    assert delays == sorted(delays)
    assert delays[-1] == backing_off.LONGEST_DELAY_SECONDS


def test_a_throttled_message_is_seen_again_before_the_visibility_timeout(
    platform: Platform, sqs: SQSClient, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mediaconvert_trigger

    monkeypatch.setattr(backing_off, "delay_seconds", lambda _: 0)
    sqs.purge_queue(QueueUrl=queue_url)
    upload = platform.uploaded()
    platform.mediaconvert.refusals["CreateJob"] = (429, "TooManyRequestsException")
    body = sns_envelope(s3_event(upload["key"], len(MP4_START)))
    sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    (message,) = sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=360)["Messages"]
    event: dict[str, Any] = harness.sqs_event(body)
    event["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
    failed = mediaconvert_trigger.handler(event, harness.CONTEXT)["batchItemFailures"]
    assert len(failed) == 1
    (again,) = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=5)["Messages"]
    assert again["MessageId"] == message["MessageId"]
    sqs.purge_queue(QueueUrl=queue_url)


def test_an_object_without_bytes_is_waited_for_and_loses_nothing(platform: Platform) -> None:
    upload = platform.new_upload(len(MP4_START))
    platform.s3.put_object(Bucket=harness.TEMP_BUCKET, Key=upload["key"], Body=b"")
    assert platform.arrive(upload, 0) == ["message-0"]
    assert platform.video(upload)["status"] == "uploading"
    platform.s3.put_object(Bucket=harness.TEMP_BUCKET, Key=upload["key"], Body=MP4_START)
    assert platform.arrive(upload, 0) == []
    assert platform.video(upload)["status"] == "converting"


def test_a_foreign_message_backs_off_like_any_other(platform: Platform) -> None:
    assert platform.deliver(json.dumps({"Records": [{}]})) == ["message-0"]
