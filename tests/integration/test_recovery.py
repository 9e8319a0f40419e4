"""Events get lost; the reconciler and the operator's commands make up for it, with the rights that they have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from devstack.contract import aws_clients
from devstack.contract.answers import Upload
from devstack.contract.client import Library
from devstack.owner import maintenance
from devstack.waiting import wait_for

from .people import CONVERSION_TIMEOUT, publish
from .store import Store

QUIET = 1


def catalog_key(library: Library, video_id: str) -> str:
    return f"catalog/{library.owner}/{video_id}.json"


def entry(store: Store, library: Library, video_id: str) -> dict[str, Any]:
    body = store.s3.get_object(Bucket=store.media, Key=catalog_key(library, video_id))["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def write_entry(store: Store, library: Library, video_id: str, document: dict[str, Any]) -> None:
    store.s3.put_object(Bucket=store.media, Key=catalog_key(library, video_id), Body=json.dumps(document).encode())


def upload_unheard(library: Library, store: Store, clip: Path) -> Upload:
    """The original is there, the video is `uploading`, and no event will ever come."""
    body = clip.read_bytes()
    upload = library.open_upload("lost.mp4", "video/mp4", len(body))
    known = entry(store, library, upload.video_id)
    # Without its entry the video's event finds nobody, and is used up.
    store.s3.delete_object(Bucket=store.media, Key=catalog_key(library, upload.video_id))
    assert upload.url is not None
    assert requests.put(upload.url, data=body, headers=dict(upload.headers), timeout=30).status_code == 200
    wait_for(lambda: is_unknown(store, upload.video_id), "the event to find nobody", timeout=CONVERSION_TIMEOUT)
    write_entry(store, library, upload.video_id, known)
    return upload


def is_unknown(store: Store, video_id: str) -> bool:
    """Whether the trigger had the video's event and found no entry for it."""
    return any(
        line["message"].startswith("original of an unknown video") and line.get("correlation_id") == video_id
        for line in store.log_lines("mediaconvert-trigger")
    )


def reconcile_until(stack: aws_clients.Outputs, video_id: str, done: Callable[[], bool], what: str) -> None:
    """Rounds for one video, until something is so: nothing must happen to it for a second first."""

    def is_done() -> bool:
        maintenance.reconcile(stack, QUIET, video_id)
        return done()

    wait_for(is_done, what, timeout=CONVERSION_TIMEOUT)


def test_an_upload_whose_event_was_lost_is_converted(
    library: Library, clip: Callable[[str], Path], store: Store, stack: aws_clients.Outputs
) -> None:
    upload = upload_unheard(library, store, clip("mp4-silent"))
    reconcile_until(
        stack,
        upload.video_id,
        lambda: library.video(upload.video_id).status != "uploading",
        "the reconciler to send it again",
    )
    library.wait_ready(upload.video_id, CONVERSION_TIMEOUT)
    store.wait_original_gone(upload)
    assert len(store.jobs(upload.video_id)) == 1


def test_a_job_whose_last_event_was_lost_is_published(
    library: Library, clip: Callable[[str], Path], store: Store, stack: aws_clients.Outputs
) -> None:
    upload, before = publish(library, clip("mp4-silent"))
    store.wait_original_gone(upload)
    known = entry(store, library, upload.video_id)
    write_entry(store, library, upload.video_id, {**known, "status": "converting", "progress": 50})
    marker = {"owner": library.owner, "videoId": upload.video_id, "since": known["createdAt"]}
    store.s3.put_object(Bucket=store.temp, Key=f"pending/{upload.video_id}", Body=json.dumps(marker).encode())
    reconcile_until(
        stack, upload.video_id, lambda: library.video(upload.video_id).status == "ready", "the job to be asked for"
    )
    after = library.video(upload.video_id)
    assert (after.width, after.height, after.duration_ms) == (before.width, before.height, before.duration_ms)
    assert store.keys(store.temp, f"pending/{upload.video_id}") == []


def test_what_arrived_for_a_deleted_video_and_was_not_heard_of_is_deleted(
    library: Library, store: Store, stack: aws_clients.Outputs
) -> None:
    upload = library.open_upload("a.mp4", "video/mp4", 10)
    library.delete(upload.video_id)
    output = f"media/{library.owner}/{upload.video_id}/1/hls/video.m3u8"
    store.s3.put_object(Bucket=store.media, Key=output, Body=b"late")
    reconcile_until(
        stack, upload.video_id, lambda: not store.leftovers(library.owner, upload.video_id), "the late output to go"
    )


@pytest.fixture
def dead_letter(library: Library, clip: Callable[[str], Path], store: Store, stack: aws_clients.Outputs) -> Upload:
    """An upload whose notification lies with the dead letters."""
    upload = upload_unheard(library, store, clip("mp4-silent"))
    size = clip("mp4-silent").stat().st_size
    s3 = {"bucket": {"name": store.temp}, "object": {"key": upload.key, "size": size}}
    body = json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]})
    aws_clients.sqs(stack).send_message(QueueUrl=stack["DeadLetterQueueUrl"], MessageBody=body)
    return upload


def test_a_dead_letter_of_an_upload_is_sent_on_its_way_again(
    dead_letter: Upload, library: Library, stack: aws_clients.Outputs
) -> None:
    assert maintenance.redrive(stack).notifications >= 1
    library.wait_ready(dead_letter.video_id, CONVERSION_TIMEOUT)


def test_a_dead_letter_of_a_job_event_is_sent_on_its_way_again(
    library: Library, clip: Callable[[str], Path], store: Store, stack: aws_clients.Outputs
) -> None:
    upload, _ = publish(library, clip("mp4-silent"))
    known = entry(store, library, upload.video_id)
    write_entry(store, library, upload.video_id, {**known, "status": "converting", "progress": 50})
    metadata = {"stage": stack["Stage"], "owner": library.owner, "videoId": upload.video_id, "attempt": "1"}
    event = {"detail": {"status": "COMPLETE", "jobId": known["jobId"], "userMetadata": metadata}}
    record = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event}
    aws_clients.sqs(stack).send_message(QueueUrl=stack["EventDeadLetterQueueUrl"], MessageBody=json.dumps(record))
    assert maintenance.redrive(stack).job_events >= 1
    library.wait_ready(upload.video_id, CONVERSION_TIMEOUT)
