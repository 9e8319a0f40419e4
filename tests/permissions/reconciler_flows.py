"""What the reconciler finishes, one round at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from unit.functions import harness

from sstech_video import keys, video_ids

from .flows import LARGE, flow, somebody
from .person import Person, expect
from .world import World

LONG_AGO = "2026-01-01T00:00:00.000Z"


def run_round(
    world: World, wanted: str, pause_before: str = "", meanwhile: Callable[[], object] = lambda: None, **patience: int
) -> None:
    """A round without any patience but what is given; it must have done the thing and failed in none."""
    world.lose_messages()
    event = {"quietAfterSeconds": 0, **patience}
    report = world.invoke("ReconcilerFunction", event, pause_before, meanwhile)
    expect("ReconcilerErrors" not in report, f"a video was left to the next round: {report}")
    expect(wanted in report, f"{wanted} was wanted: {report}")


def mark(person: Person, video_id: str) -> None:
    body = json.dumps({"owner": person.owner, "videoId": video_id, "since": LONG_AGO}).encode()
    person.world.s3.put_object(Bucket=person.temp, Key=keys.pending(video_id), Body=body)


def bury(person: Person, upload: dict[str, Any]) -> None:
    """The first step of a deletion, and no other."""
    entry = person.world.s3.get_object(Bucket=person.media, Key=keys.catalog(person.owner, upload["videoId"]))
    tombstone = keys.tombstone(person.owner, upload["videoId"])
    person.world.s3.put_object(Bucket=person.media, Key=tombstone, Body=entry["Body"].read())
    mark(person, upload["videoId"])


@flow
def send_a_lost_message_again(world: World) -> None:
    person = somebody(world)
    upload = person.sent()
    run_round(world, "VideosSentAgain")
    person.expect_status(upload, "uploaded")


@flow
def refuse_an_original_of_another_size(world: World) -> None:
    person = somebody(world)
    upload = person.open()
    world.s3.put_object(Bucket=person.temp, Key=upload["key"], Body=b"shorter")
    run_round(world, "ConversionsFailed")
    person.expect_status(upload, "failed")


@flow
def give_an_unsent_upload_up(world: World) -> None:
    person = somebody(world)
    upload = person.open()
    run_round(world, "UploadsAbandoned", abandonedAfterSeconds=0)
    person.expect_status(upload, "failed")


@flow
def give_a_large_upload_up(world: World) -> None:
    person = somebody(world)
    upload = person.open(LARGE)
    run_round(world, "UploadsAbandoned", abandonedAfterSeconds=0)
    person.expect_status(upload, "failed")
    expect("Uploads" not in world.s3.list_multipart_uploads(Bucket=person.temp), "the upload is still open")


@flow
def recover_a_lost_event(world: World) -> None:
    person = somebody(world)
    upload = person.converting()
    person.publish(upload)
    output = {"durationInMs": 12300, "videoDetails": {"widthInPx": 1280, "heightInPx": 720}}
    person.job(upload).update({"status": "COMPLETE", "outputGroupDetails": [{"outputDetails": [output]}]})
    run_round(world, "LostJobEventsRecovered")
    person.expect_status(upload, "ready")
    person.expect_gone_originals(upload)


@flow
def finish_the_deletion_of_a_conversion(world: World) -> None:
    person = somebody(world)
    upload = person.converting()
    bury(person, upload)
    person.publish(upload)
    run_round(world, "DeletionsFinished")
    person.expect_gone(upload)
    expect(person.job(upload)["id"] in world.mediaconvert.canceled, "the job goes on")


@flow
def stop_a_job_that_takes_too_long(world: World) -> None:
    person = somebody(world)
    world.mediaconvert.probe = None
    try:
        upload = person.converting()
    finally:
        world.mediaconvert.probe = harness.probe_result()
    person.job(upload).update({"status": "PROGRESSING", "jobPercentComplete": 3})
    run_round(world, "ConversionsTimedOut", jobAllowanceSeconds=0)
    expect(person.job(upload)["id"] in world.mediaconvert.canceled, "the job goes on")


@flow
def finish_a_clean_up(world: World) -> None:
    person = somebody(world)
    upload = person.ready()
    world.s3.put_object(Bucket=person.temp, Key=upload["key"], Body=b"x")
    mark(person, upload["videoId"])
    run_round(world, "CleanUpsFinished")
    person.expect_gone_originals(upload)


@flow
def forget_a_failure_that_is_tried_again(world: World) -> None:
    """The mark that the new attempt made is taken away with the old one's, and must come back."""
    person = somebody(world)
    upload = person.failed()
    person.job(upload)["status"] = "ERROR"
    mark(person, upload["videoId"])
    run_round(world, "CleanUpsFinished", "DeleteObject", lambda: person.retry(upload))
    expect(person.has(person.temp, keys.pending(upload["videoId"])), "the new attempt has lost its mark")


@flow
def wait_for_the_job_of_a_failed_video(world: World) -> None:
    """It may still write: what it has written goes once it is over."""
    person = somebody(world)
    upload = person.failed()
    person.publish(upload)
    mark(person, upload["videoId"])
    run_round(world, "VideosPending")
    expect(person.job(upload)["id"] in world.mediaconvert.canceled, "the job goes on")
    person.job(upload)["status"] = "CANCELED"
    run_round(world, "CleanUpsFinished")
    expect(not person.has(person.media, keys.media(person.owner, upload["videoId"])), "outputs are still there")


@flow
def finish_the_deletion_of_an_upload(world: World) -> None:
    person = somebody(world)
    upload = person.open(LARGE)
    bury(person, upload)
    run_round(world, "DeletionsFinished")
    person.expect_gone(upload)
    expect("Uploads" not in world.s3.list_multipart_uploads(Bucket=person.temp), "the upload is still open")


@flow
def finish_the_deletion_of_a_ready_video(world: World) -> None:
    person = somebody(world)
    upload = person.ready()
    bury(person, upload)
    run_round(world, "DeletionsFinished")
    person.expect_gone(upload)


@flow
def delete_what_came_after_a_deletion(world: World) -> None:
    person = somebody(world)
    upload = person.open()
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    world.s3.put_object(Bucket=person.temp, Key=upload["key"], Body=harness.MP4_START)
    person.publish(upload)
    run_round(world, "LateObjectsDeleted")
    person.expect_gone(upload)


@flow
def cancel_the_job_of_a_deleted_video(world: World) -> None:
    person = somebody(world)
    upload = person.sent()
    person.arrive_and_lose_the_answer(upload)
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    world.invoke("ReconcilerFunction", {"quietAfterSeconds": 0})
    expect(person.job(upload)["id"] in world.mediaconvert.canceled, "the job goes on")


@flow
def remove_what_a_cut_admission_left(world: World) -> None:
    person = somebody(world)
    video_id = video_ids.new_video_id(datetime.now(UTC) - timedelta(hours=1))
    key = keys.original(person.owner, video_id, "mp4")
    world.s3.create_multipart_upload(Bucket=person.temp, Key=key)
    mark(person, video_id)
    run_round(world, "OrphansRemoved")
    expect("Uploads" not in world.s3.list_multipart_uploads(Bucket=person.temp), "the upload is still open")
