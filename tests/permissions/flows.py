"""What people and services do with the platform, one function call at a time.

Each flow fails with one of BROKEN when a function could not do its part. They are used twice: to write down which calls
each function makes, and to see which of them break without a permission.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from unit.functions import harness

from sstech_video import keys, uploads, video_ids

from .person import FlowBrokenError, Person, expect, put
from .world import MAX_OPEN_UPLOADS, FunctionFailedError, World

Flow = Callable[[World], None]
FLOWS: list[Flow] = []

LARGE = 200_000_000
SECONDS_OF_CLIP = 12.3
TEXT = b"#EXTM3U\nhttp://169.254.169.254/\n"
"""A playlist: it would make a converter read what it names."""


BROKEN = (FlowBrokenError, FunctionFailedError)
"""What a flow that could not go on raises."""


def flow(function: Flow) -> Flow:
    FLOWS.append(function)
    return function


def somebody(world: World) -> Person:
    """The only one with unfinished work."""
    world.forget_unfinished_work()
    return Person(world)


@flow
def send_a_small_file(world: World) -> None:
    person = Person(world)
    upload = person.sent()
    expect(person.has(person.temp, upload["key"]), "nothing arrived")
    expect(person.has(person.temp, keys.pending(upload["videoId"])), "the upload is not marked as unfinished")


@flow
def send_another_file(world: World) -> None:
    """The ledger of the month is there already."""
    person = Person(world)
    person.open()
    person.open()


@flow
def start_an_upload_with_a_full_ledger(world: World) -> None:
    """Uploads that were never sent are looked up before anybody is refused."""
    person = Person(world)
    past = datetime.now(UTC) - timedelta(hours=2)
    ids = [video_ids.new_video_id(past + timedelta(seconds=second)) for second in range(MAX_OPEN_UPLOADS)]
    ledger = {"videos": {video_id: {"size": 1, "open": True} for video_id in ids}}
    key = keys.usage(person.owner, past.strftime("%Y-%m"))
    world.s3.put_object(Bucket=person.media, Key=key, Body=json.dumps(ledger).encode())
    person.open()


@flow
def ask_for_more_uploads_than_the_quota(world: World) -> None:
    """What is refused leaves no mark of unfinished work."""
    person = somebody(world)
    for _ in range(MAX_OPEN_UPLOADS):
        person.open()
    person.ask(429, "POST", "/videos/upload-url", {"fileName": "a.mp4", "contentType": "video/mp4", "size": 1})
    marked = world.s3.list_objects_v2(Bucket=person.temp, Prefix=keys.PENDING)["Contents"]
    expect(len(marked) == MAX_OPEN_UPLOADS, f"marks of unfinished work: {marked}")


@flow
def send_a_large_file(world: World) -> None:
    person = Person(world)
    upload = person.open(LARGE)
    path = f"/videos/{upload['videoId']}"
    count, size = upload["multipart"]["partCount"], upload["multipart"]["partSize"]
    signed = person.ask(200, "POST", f"{path}/parts", {"partNumbers": list(range(1, count + 1))})
    lengths = {number: min(size, LARGE - (number - 1) * size) for number in range(1, count + 1)}
    last = signed["parts"][-1]
    answer = requests.put(last["url"], data=bytes(lengths[count]), timeout=30)
    expect(answer.status_code == 200, f"part: {answer.status_code} {answer.text}")
    held = person.ask(200, "GET", f"{path}/parts")
    expect([part["partNumber"] for part in held["parts"]] == [count], "the part is not listed")


@flow
def complete_a_large_file(world: World) -> None:
    """Cut down to two parts, the smallest that S3 assembles."""
    person = Person(world)
    upload = person.open(LARGE)
    person.change_entry(upload, size=uploads.MIN_PART_BYTES + 1, partSize=uploads.MIN_PART_BYTES)
    path = f"/videos/{upload['videoId']}"
    sent = []
    for part in person.ask(200, "POST", f"{path}/parts", {"partNumbers": [1, 2]})["parts"]:
        length = uploads.MIN_PART_BYTES if part["partNumber"] == 1 else 1
        answer = requests.put(part["url"], data=bytes(length), timeout=60)
        expect(answer.status_code == 200, f"part: {answer.status_code} {answer.text}")
        sent.append({"partNumber": part["partNumber"], "etag": answer.headers["ETag"]})
    person.ask(200, "POST", f"{path}/complete", {"parts": sent})
    person.ask(200, "POST", f"{path}/complete", {"parts": sent})


@flow
def complete_a_file_whose_answer_got_lost(world: World) -> None:
    """S3 has assembled it and the entry does not know: the original itself is asked."""
    person = Person(world)
    upload = person.open(LARGE)
    upload_id = person.entry(upload)["uploadId"]
    world.s3.abort_multipart_upload(Bucket=person.temp, Key=upload["key"], UploadId=upload_id)
    world.s3.put_object(Bucket=person.temp, Key=upload["key"], Body=b"another size")
    person.ask(409, "POST", f"/videos/{upload['videoId']}/complete", {"parts": [{"partNumber": 1, "etag": "0"}]})


@flow
def look_at_the_library(world: World) -> None:
    person = Person(world)
    upload = person.open()
    listed = person.ask(200, "GET", "/videos")["videos"]
    expect([video["videoId"] for video in listed] == [upload["videoId"]], "the video is not listed")
    person.ask(404, "GET", f"/videos/{'0' * 20}")


@flow
def rename_a_video(world: World) -> None:
    person = Person(world)
    upload = person.open()
    path = f"/videos/{upload['videoId']}"
    expect(person.ask(200, "PATCH", path, {"title": "B"})["title"] == "B", "the title is the old one")


@flow
def play_a_video(world: World) -> None:
    person = Person(world)
    upload = person.ready()
    person.ask(200, "GET", f"/videos/{upload['videoId']}/playback")


@flow
def delete_an_upload(world: World) -> None:
    person = Person(world)
    upload = person.open(LARGE)
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    open_ones = world.s3.list_multipart_uploads(Bucket=person.temp, Prefix=upload["key"]).get("Uploads", [])
    expect(open_ones == [], "the upload is still open")
    person.expect_gone(upload)


@flow
def delete_an_original(world: World) -> None:
    person = Person(world)
    upload = person.sent()
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    person.expect_gone(upload)


@flow
def delete_a_conversion(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    expect(person.job(upload)["id"] in world.mediaconvert.canceled, "the job goes on")
    person.expect_gone(upload)


@flow
def delete_a_ready_video(world: World) -> None:
    person = Person(world)
    upload = person.ready()
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    person.expect_gone(upload)


@flow
def retry_a_failed_video(world: World) -> None:
    person = Person(world)
    upload = person.failed()
    person.retry(upload)
    expect(person.has(person.temp, keys.pending(upload["videoId"])), "the retry is not marked as unfinished")


@flow
def convert_an_original(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    person.expect_status(upload, "converting")
    duration = person.video(upload)["durationMs"]
    expect(duration == SECONDS_OF_CLIP * 1000, f"Probe was not heard: {duration}")


@flow
def refuse_a_playlist(world: World) -> None:
    person = Person(world)
    upload = person.sent(TEXT)
    person.arrive(upload, len(TEXT))
    person.expect_status(upload, "failed")
    expect(not person.has(person.temp, keys.pending(upload["videoId"])), "a failed upload is no unfinished work")


@flow
def believe_s3_about_a_size(world: World) -> None:
    """The event says another size than announced."""
    person = Person(world)
    upload = person.sent()
    person.arrive(upload, 0)
    person.expect_status(upload, "converting")


@flow
def find_a_job_whose_answer_got_lost(world: World) -> None:
    person = Person(world)
    upload = person.sent()
    person.arrive_and_lose_the_answer(upload)
    world.mediaconvert.forget_tokens()
    person.arrive(upload)
    person.expect_status(upload, "converting")
    person.job(upload)


@flow
def put_a_message_off(world: World) -> None:
    """What cannot be handled comes back before the queue's own timeout. The call is all there is to see of it."""
    sqs, url = world.client("sqs"), world.outputs["TriggerQueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="nothing")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = harness.sqs_event("no notification")
    event["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
    answer = world.invoke("TriggerFunction", event)
    expect(len(answer["batchItemFailures"]) == 1, "the message was taken for handled")
    put_off = [one.call for one in world.records if one.call.operation == "ChangeMessageVisibility"]
    expect([call.error for call in put_off] == [""], f"the message was not put off: {put_off}")


@flow
def put_off_what_there_is_no_time_for(world: World) -> None:
    """A copy waits in the queue, and the message itself is done with."""
    person = Person(world)
    upload = person.sent()
    message = harness.sns_envelope(harness.s3_event(upload["key"], len(harness.MP4_START), person.temp))
    answer = world.invoke("TriggerFunction", harness.sqs_event(message), milliseconds=1000)
    expect(answer == {"batchItemFailures": []}, "the message lost one of its tries")
    world.lose_messages()


@flow
def receive_an_original_twice(world: World) -> None:
    person = Person(world)
    upload = person.ready()
    world.s3.put_object(Bucket=person.temp, Key=upload["key"], Body=harness.MP4_START)
    person.arrive(upload)
    person.expect_gone_originals(upload)


@flow
def receive_an_original_of_a_deleted_video(world: World) -> None:
    person = Person(world)
    upload = person.open()
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    put(upload, harness.MP4_START)
    person.arrive(upload)
    person.expect_gone(upload)


@flow
def receive_an_original_of_an_unknown_video(world: World) -> None:
    """Without a tombstone it is left alone: it may be somebody else's."""
    person = Person(world)
    key = keys.original(person.owner, video_ids.new_video_id(datetime.now(UTC)), "mp4")
    world.s3.put_object(Bucket=person.temp, Key=key, Body=harness.MP4_START)
    person.arrive({"key": key})
    expect(person.has(person.temp, key), "somebody else's object was deleted")


@flow
def convert_an_original_that_is_gone(world: World) -> None:
    person = Person(world)
    upload = person.open()
    person.arrive(upload)
    person.expect_status(upload, "failed")


@flow
def delete_a_video_while_its_job_is_made(world: World) -> None:
    person = Person(world)
    upload = person.sent()
    video_id = upload["videoId"]

    def delete(_: dict[str, Any]) -> None:
        key = keys.catalog(person.owner, video_id)
        entry = world.s3.get_object(Bucket=person.media, Key=key)["Body"].read()
        world.s3.put_object(Bucket=person.media, Key=keys.tombstone(person.owner, video_id), Body=entry)
        world.s3.delete_object(Bucket=person.media, Key=key)

    world.mediaconvert.before_answer = delete
    try:
        person.arrive(upload)
    finally:
        world.mediaconvert.before_answer = lambda _: None
    expect(person.job(upload)["id"] in world.mediaconvert.canceled, "the job goes on")


@flow
def tell_progress(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    person.happen(harness.job_event(person.job(upload), "STATUS_UPDATE", jobProgress={"jobPercentComplete": 40}))
    expect(person.video(upload)["progress"] == 40, "the progress is not told")


@flow
def publish_a_video(world: World) -> None:
    person = Person(world)
    upload = person.ready()
    person.expect_status(upload, "ready")
    person.expect_gone_originals(upload)
    index = keys.attempt(person.owner, upload["videoId"], 1) + keys.WEBVTT_NAME
    written = world.s3.get_object(Bucket=person.media, Key=index)["Body"].read()
    expect(written.startswith(b"WEBVTT"), "there is no index of thumbnails")


@flow
def find_no_output(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    person.happen(harness.complete_event(person.job(upload)))
    person.expect_status(upload, "failed")


@flow
def mark_a_failure(world: World) -> None:
    person = Person(world)
    upload = person.failed()
    person.expect_status(upload, "failed")
    expect(not person.has(person.temp, keys.pending(upload["videoId"])), "a failed video is no unfinished work")
    expect(person.has(person.temp, upload["key"]), "the original of a failed video is gone")


@flow
def drop_a_superseded_attempt(world: World) -> None:
    person = Person(world)
    upload = person.failed()
    job = person.job(upload)
    person.retry(upload)
    person.arrive(upload)
    person.publish(upload)
    person.happen(harness.complete_event(job))
    expect(not person.has(person.media, keys.media(person.owner, upload["videoId"])), "old outputs are still there")


@flow
def finish_a_job_of_a_deleted_video(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    job = person.job(upload)
    person.ask(204, "DELETE", f"/videos/{upload['videoId']}")
    person.publish(upload)
    world.s3.put_object(Bucket=person.temp, Key=upload["key"], Body=harness.MP4_START)
    person.happen(harness.complete_event(job))
    person.expect_gone(upload)


@flow
def finish_a_job_of_an_unknown_video(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    job = {**person.job(upload), "userMetadata": {**person.job(upload)["userMetadata"], "videoId": "0" * 20}}
    person.happen(harness.complete_event(job))


@flow
def try_a_refused_file_again_while_it_is_marked(world: World) -> None:
    """The mark that the new attempt made is taken away with the old one's, and must come back."""
    person = Person(world)
    upload = person.sent(TEXT)
    message = harness.sns_envelope(harness.s3_event(upload["key"], len(TEXT), person.temp))
    world.invoke("TriggerFunction", harness.sqs_event(message), "DeleteObject", lambda: person.retry(upload))
    expect(person.has(person.temp, keys.pending(upload["videoId"])), "the new attempt has lost its mark")


@flow
def try_a_failed_video_again_while_it_is_marked(world: World) -> None:
    person = Person(world)
    upload = person.converting()
    failure = harness.job_event(person.job(upload), "ERROR", errorCode=1401, errorMessage="unreadable")
    world.invoke("ConversionCompleteFunction", failure, "DeleteObject", lambda: person.retry(upload))
    expect(person.has(person.temp, keys.pending(upload["videoId"])), "the new attempt has lost its mark")
