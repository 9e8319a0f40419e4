from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.harness import NOW, TEMP_BUCKET, Answer, complete_event, job_event, some_entry
from sstech_video.entries import Status
from sstech_video.retrying import may_be_retried

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from functions.conftest import Platform


@pytest.fixture(autouse=True)
def _empty_queue(sqs: SQSClient, queue_url: str) -> Iterator[None]:
    sqs.purge_queue(QueueUrl=queue_url)
    yield
    sqs.purge_queue(QueueUrl=queue_url)


def failed(platform: Platform) -> dict[str, Any]:
    upload = platform.converting()
    platform.happen(job_event(platform.job(upload), "ERROR", errorCode=1999))
    return upload


def retry(platform: Platform, upload: dict[str, Any]) -> Answer:
    return platform.library.send("POST", f"/videos/{upload['videoId']}/retry")


def queued(sqs: SQSClient, queue_url: str) -> list[str]:
    answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_failed_video_is_converted_again_in_a_folder_of_its_own(
    platform: Platform, sqs: SQSClient, queue_url: str
) -> None:
    upload = failed(platform)
    answer = retry(platform, upload)
    assert answer.status == 202
    assert (answer.json["status"], answer.json["error"]) == ("uploaded", None)
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")
    (message,) = queued(sqs, queue_url)
    assert platform.deliver(message) == []
    job = platform.job(upload, attempt=2)
    platform.publish(upload, attempt=2)
    platform.happen(complete_event(job))
    assert platform.video(upload)["status"] == "ready"


def test_a_retry_keeps_its_marker_though_its_failure_is_told_again_meanwhile(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late duplicate takes the marker away and still reads `failed`: without a marker nobody would find the video."""
    import videos_library

    upload = failed(platform)
    catalog = videos_library.retrying().catalog
    update = catalog.update

    def told_again_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        platform.happen(job_event(platform.job(upload), "ERROR", errorCode=1999))
        return update(*arguments)

    monkeypatch.setattr(catalog, "update", told_again_first)
    assert retry(platform, upload).status == 202
    assert platform.video(upload)["status"] == "uploaded"
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")


def test_a_retry_of_a_video_that_is_deleted_meanwhile_leaves_the_deletions_marker(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    import videos_library

    upload = failed(platform)
    catalog = videos_library.retrying().catalog
    update = catalog.update

    def deleted_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        platform.mediaconvert.refusals["CancelJob"] = (403, "AccessDeniedException")
        assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == 204
        return update(*arguments)

    monkeypatch.setattr(catalog, "update", deleted_first)
    assert retry(platform, upload).error == (404, "not_found")
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")


def test_a_retry_whose_message_was_lost_can_be_asked_for_again(
    platform: Platform, sqs: SQSClient, queue_url: str
) -> None:
    upload = failed(platform)
    assert [retry(platform, upload).status for _ in range(2)] == [202, 202]
    assert platform.deliver(*queued(sqs, queue_url), *queued(sqs, queue_url)) == []
    platform.job(upload, attempt=2)


@pytest.mark.parametrize("state", ["new_upload", "converting", "ready"])
def test_only_a_failed_video_can_be_tried_again(platform: Platform, state: str) -> None:
    assert retry(platform, getattr(platform, state)()).error == (409, "wrong_state")


def test_without_its_original_a_video_cannot_be_tried_again(platform: Platform) -> None:
    upload = failed(platform)
    platform.s3.delete_object(Bucket=TEMP_BUCKET, Key=upload["key"])
    assert retry(platform, upload).error == (409, "wrong_state")
    assert platform.video(upload)["status"] == "failed"


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({"status": Status.FAILED}, True),
        ({"status": Status.UPLOADED}, True),
        ({"status": Status.CONVERTING, "claimed_at": NOW - timedelta(minutes=16)}, True),
        ({"status": Status.CONVERTING, "claimed_at": NOW - timedelta(minutes=14)}, False),
        ({"status": Status.CONVERTING, "claimed_at": NOW - timedelta(hours=9), "job_id": "job-1"}, False),
        ({"status": Status.UPLOADING}, False),
        ({"status": Status.READY}, False),
    ],
)
def test_what_failed_or_was_lost_on_the_way_may_be_tried_again(changes: dict[str, Any], allowed: bool) -> None:
    assert may_be_retried(some_entry(**changes), NOW) is allowed
