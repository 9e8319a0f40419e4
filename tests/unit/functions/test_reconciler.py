"""What no event will ever finish is brought to its right end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions import harness
from functions.harness import MEDIA_BUCKET, MP4_START, TEMP_BUCKET, job_event, some_entry
from sstech_video import events, reconciling, stuck, uploads
from sstech_video.catalog import Catalog
from sstech_video.deletion import Deletion
from sstech_video.entries import Status
from sstech_video.events import EventError
from sstech_video.multipart import UploadBucket
from sstech_video.spending import Spending
from sstech_video.stuck import Patience, Remedy
from sstech_video.uploads import MIB
from sstech_video.usage import Usage
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from functions.conftest import Platform


@pytest.fixture(autouse=True)
def _nothing_of_other_tests(s3: S3Client, sqs: SQSClient, queue_url: str) -> Iterator[None]:
    """A round looks at everything that is pending."""
    for bucket, prefix in ((TEMP_BUCKET, "pending/"), (TEMP_BUCKET, "uploads/"), (MEDIA_BUCKET, "deleted/")):
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
    for upload in s3.list_multipart_uploads(Bucket=TEMP_BUCKET).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=TEMP_BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    sqs.purge_queue(QueueUrl=queue_url)
    yield
    sqs.purge_queue(QueueUrl=queue_url)


@pytest.fixture
def without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Admissions and messages take no time."""
    monkeypatch.setattr(reconciling, "ADMISSION_TAKES", timedelta(0))
    monkeypatch.setattr(stuck, "NUDGE_TAKES", timedelta(0))
    monkeypatch.setattr(stuck, "QUEUE_TAKES", timedelta(0))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "SINGLE_PUT_BYTES", 1 * MIB)
    monkeypatch.setattr(uploads, "PREFERRED_PART_BYTES", 5 * MIB)


def messages(sqs: SQSClient, queue_url: str) -> list[str]:
    """Taken off the queue, as Lambda does."""
    taken = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in taken:
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in taken]


def is_pending(platform: Platform, upload: dict[str, Any]) -> bool:
    return bool(platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}"))


def tell_job(platform: Platform, upload: dict[str, Any], status: str, **members: Any) -> None:
    """MediaConvert knows; its event is lost."""
    platform.job(upload).update({"status": status, **members})


def test_a_video_that_is_getting_on_is_left_alone(platform: Platform) -> None:
    upload = platform.converting()
    before = platform.entry(upload)
    assert platform.reconcile(quietAfterSeconds=900) == {}
    assert platform.entry(upload) == before


def test_an_upload_whose_event_was_lost_is_converted(platform: Platform, sqs: SQSClient, queue_url: str) -> None:
    upload = platform.uploaded()
    assert platform.reconcile() == {"VideosSentAgain": 1}
    assert platform.video(upload)["status"] == "uploaded"
    (message,) = messages(sqs, queue_url)
    assert platform.deliver(message) == []
    assert platform.entry(upload)["jobId"] == platform.job(upload)["id"]


def test_an_uploaded_video_whose_message_was_lost_is_converted(
    platform: Platform, sqs: SQSClient, queue_url: str
) -> None:
    upload = platform.converting()
    platform.happen(job_event(platform.job(upload), "ERROR", errorCode=1999))
    assert platform.library.send("POST", f"/videos/{upload['videoId']}/retry").status == 202
    messages(sqs, queue_url)
    assert platform.reconcile() == {"VideosSentAgain": 1}
    assert platform.deliver(*messages(sqs, queue_url)) == []
    platform.job(upload, attempt=2)


def test_a_claim_without_a_job_is_taken_up_and_makes_one_job(
    platform: Platform, sqs: SQSClient, queue_url: str
) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.answers_get_lost = True
    assert platform.arrive(upload) == ["message-0"]
    platform.mediaconvert.answers_get_lost = False
    platform.mediaconvert.forget_tokens()
    assert platform.reconcile() == {"VideosSentAgain": 1}
    assert platform.deliver(*messages(sqs, queue_url)) == []
    assert platform.entry(upload)["jobId"] == platform.job(upload)["id"]


def test_a_message_on_its_way_is_not_sent_again_however_impatient_a_round_is(platform: Platform) -> None:
    platform.uploaded()
    assert platform.reconcile() == {"VideosSentAgain": 1}
    assert platform.reconcile() == {}


@pytest.mark.parametrize("being_handled", [False, True])
def test_what_may_still_wait_in_the_queue_is_neither_sent_again_nor_given_up(
    platform: Platform, sqs: SQSClient, queue_url: str, monkeypatch: pytest.MonkeyPatch, being_handled: bool
) -> None:
    monkeypatch.setattr(stuck, "NUDGE_TAKES", timedelta(0))
    upload = platform.uploaded()
    sqs.send_message(QueueUrl=queue_url, MessageBody="somebody's")
    if being_handled:
        sqs.receive_message(QueueUrl=queue_url)
    for _ in range(stuck.MAX_NUDGES + 1):
        assert platform.reconcile() == {}
    assert is_pending(platform, upload)
    sqs.purge_queue(QueueUrl=queue_url)
    assert platform.reconcile() == {"VideosSentAgain": 1}


def test_a_queue_that_is_never_empty_keeps_no_video_waiting_for_ever() -> None:
    entry = some_entry(status=Status.UPLOADED)
    now, wait = entry.updated_at, stuck.QUEUE_TAKES - timedelta(seconds=1)
    busy = {"deleted": False, "marked_at": now, "patience": Patience(), "queue_is_empty": False}
    assert stuck.remedy(entry, now=now + wait, **busy) is Remedy.WAIT  # type: ignore[arg-type]
    assert stuck.remedy(entry, now=now + stuck.QUEUE_TAKES, **busy) is Remedy.SEND_AGAIN  # type: ignore[arg-type]


def test_room_that_was_booked_for_an_admission_that_died_right_after_is_given_back(
    platform: Platform, without_delay: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Usage.reserve

    def book_and_die(*arguments: Any) -> None:
        reserve(*arguments)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Usage, "reserve", book_and_die)
        with pytest.raises(SystemExit):
            platform.new_upload()
    assert len(ledger(platform)) == 1
    assert platform.reconcile() == {"OrphansRemoved": 1}
    assert ledger(platform) == {}


def test_what_was_reserved_for_a_conversion_that_never_began_is_given_back(
    platform: Platform, without_delay: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Spending.reserve

    def book_and_die(*arguments: Any) -> None:
        reserve(*arguments)
        raise SystemExit

    upload = platform.uploaded()
    with monkeypatch.context() as patch:
        patch.setattr(Spending, "reserve", book_and_die)
        with pytest.raises(SystemExit):
            platform.arrive(upload)
    assert list(spent(platform)) == [f"{upload['videoId']}-1"]
    for _ in range(stuck.MAX_NUDGES):
        platform.reconcile()
    assert platform.reconcile() == {"ConversionsGivenUp": 1}
    assert spent(platform) == {}


def test_what_never_starts_fails_in_the_end_and_can_be_tried_again(platform: Platform, without_delay: None) -> None:
    upload = platform.uploaded()
    for _ in range(stuck.MAX_NUDGES):
        assert platform.reconcile() == {"VideosSentAgain": 1}
    assert platform.reconcile() == {"ConversionsGivenUp": 1}
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "conversion_failed")
    assert not is_pending(platform, upload)
    assert platform.library.send("POST", f"/videos/{upload['videoId']}/retry").status == 202


def test_an_uploaded_original_that_is_gone_fails_its_video(
    platform: Platform, sqs: SQSClient, queue_url: str, without_delay: None
) -> None:
    upload = platform.uploaded()
    platform.reconcile()
    messages(sqs, queue_url)
    platform.s3.delete_object(Bucket=TEMP_BUCKET, Key=upload["key"])
    assert platform.reconcile() == {"ConversionsGivenUp": 1}
    assert platform.video(upload)["error"]["code"] == "source_unreadable"


def test_an_object_of_another_size_fails_its_video(platform: Platform) -> None:
    upload = platform.new_upload(len(MP4_START))
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=upload["key"], Body=MP4_START + b"1")
    assert platform.reconcile() == {"ConversionsFailed": 1}
    assert platform.video(upload)["error"]["code"] == "size_mismatch"


def test_a_complete_event_that_was_lost_is_made_up_for(platform: Platform) -> None:
    upload = platform.converting()
    platform.publish(upload)
    output = {"durationInMs": 12300, "videoDetails": {"widthInPx": 1280, "heightInPx": 720}}
    tell_job(platform, upload, "COMPLETE", outputGroupDetails=[{"outputDetails": [output]}])
    assert platform.reconcile() == {"LostJobEventsRecovered": 1}
    video = platform.video(upload)
    assert (video["status"], video["width"], video["durationMs"]) == ("ready", 1280, 12300)
    assert not platform.keys(TEMP_BUCKET, upload["key"])
    assert not is_pending(platform, upload)


def test_complete_without_its_mp4_keeps_the_original(platform: Platform) -> None:
    upload = platform.converting()
    tell_job(platform, upload, "COMPLETE")
    assert platform.reconcile() == {"LostJobEventsRecovered": 1}
    assert platform.video(upload)["error"]["code"] == "output_missing"
    assert platform.keys(TEMP_BUCKET, upload["key"])


def test_an_error_event_that_was_lost_is_made_up_for(platform: Platform) -> None:
    upload = platform.converting()
    tell_job(platform, upload, "ERROR", errorCode=1010, errorMessage="secret")
    assert platform.reconcile() == {"LostJobEventsRecovered": 1}
    assert platform.video(upload)["error"]["code"] == "unsupported_format"
    assert platform.keys(TEMP_BUCKET, upload["key"])


def test_a_job_that_mediaconvert_forgot_fails_its_video(platform: Platform) -> None:
    upload = platform.converting()
    platform.mediaconvert.jobs.clear()
    assert platform.reconcile() == {"LostJobEventsRecovered": 1}
    assert platform.video(upload)["error"]["code"] == "conversion_failed"


def test_a_job_under_way_tells_its_progress(platform: Platform) -> None:
    upload = platform.converting()
    tell_job(platform, upload, "PROGRESSING", jobPercentComplete=42)
    assert platform.reconcile() == {}
    video = platform.video(upload)
    assert (video["status"], video["progress"]) == ("converting", 42)


def test_a_job_past_its_deadline_is_canceled(platform: Platform) -> None:
    platform.mediaconvert.probe = None
    upload = platform.converting()
    tell_job(platform, upload, "PROGRESSING", jobPercentComplete=3)
    assert platform.reconcile(jobAllowanceSeconds=0) == {"ConversionsTimedOut": 1}
    assert platform.mediaconvert.canceled == [platform.job(upload)["id"]]
    assert platform.video(upload)["error"]["code"] == "conversion_timed_out"
    assert platform.keys(TEMP_BUCKET, upload["key"])


@pytest.mark.parametrize("end", ["CANCELED", "COMPLETE"])
def test_a_job_that_was_stopped_keeps_its_outputs_until_it_is_over(platform: Platform, end: str) -> None:
    """It may have completed just then; its event may be lost."""
    platform.mediaconvert.probe = None
    upload = platform.converting()
    folder = platform.publish(upload)
    tell_job(platform, upload, "PROGRESSING")
    assert platform.reconcile(jobAllowanceSeconds=0) == {"ConversionsTimedOut": 1}
    assert platform.keys(MEDIA_BUCKET, folder)
    assert platform.reconcile() == {}
    assert is_pending(platform, upload)
    tell_job(platform, upload, end)
    assert platform.reconcile() == {"CleanUpsFinished": 1}
    assert not is_pending(platform, upload)
    assert platform.video(upload)["status"] == ("ready" if end == "COMPLETE" else "failed")
    assert bool(platform.keys(MEDIA_BUCKET, folder)) == (end == "COMPLETE")


def test_an_unfinished_video_that_lost_its_marker_gets_it_back(platform: Platform) -> None:
    upload = platform.converting()
    platform.s3.delete_object(Bucket=TEMP_BUCKET, Key=f"pending/{upload['videoId']}")
    assert platform.reconcile() == {}
    assert is_pending(platform, upload)


def test_a_clean_up_that_was_cut_short_is_finished(platform: Platform) -> None:
    upload = platform.ready()
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=upload["key"], Body=b"x")
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=f"pending/{upload['videoId']}", Body=marker(platform.owner))
    assert platform.reconcile() == {"CleanUpsFinished": 1}
    assert not platform.keys(TEMP_BUCKET, upload["key"])
    assert not is_pending(platform, upload)
    assert platform.video(upload)["status"] == "ready"


def test_an_upload_that_nobody_sends_is_given_up_and_its_quota_given_back(platform: Platform) -> None:
    upload = platform.new_upload()
    assert platform.reconcile() == {}
    assert platform.reconcile(abandonedAfterSeconds=0) == {"UploadsAbandoned": 1}
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "upload_abandoned")
    assert not is_pending(platform, upload)
    assert upload["videoId"] not in ledger(platform)


def test_a_large_upload_is_given_up_with_its_parts(platform: Platform, small_parts: None) -> None:
    upload = platform.new_upload(6 * MIB)
    assert platform.reconcile() == {}
    assert platform.reconcile(abandonedAfterSeconds=0) == {"UploadsAbandoned": 1}
    assert platform.video(upload)["error"]["code"] == "upload_abandoned"
    assert platform.s3.list_multipart_uploads(Bucket=TEMP_BUCKET).get("Uploads", []) == []


def test_an_upload_is_given_up_three_days_after_its_last_part_not_after_its_start() -> None:
    start, now = harness.NOW, harness.NOW + timedelta(days=4)
    assert stuck.is_abandoned(start, None, now, Patience())
    assert not stuck.is_abandoned(start, start + timedelta(days=1, seconds=1), now, Patience())
    assert stuck.is_abandoned(start, start + timedelta(days=1), now, Patience())


def test_a_completed_upload_that_nobody_heard_of_is_converted(
    platform: Platform, small_parts: None, sqs: SQSClient, queue_url: str
) -> None:
    upload = platform.new_upload(6 * MIB)
    upload_id = platform.entry(upload)["uploadId"]
    parts = []
    for number, size in ((1, 5 * MIB), (2, MIB)):
        answer = platform.s3.upload_part(
            Bucket=TEMP_BUCKET, Key=upload["key"], UploadId=upload_id, PartNumber=number, Body=bytes(size)
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    platform.s3.complete_multipart_upload(
        Bucket=TEMP_BUCKET, Key=upload["key"], UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    assert platform.reconcile(abandonedAfterSeconds=0) == {"VideosSentAgain": 1}
    assert platform.deliver(*messages(sqs, queue_url)) == []
    platform.job(upload)


def test_parts_of_no_upload_are_aborted(platform: Platform, without_delay: None) -> None:
    ready = platform.ready()
    unknown = f"uploads/{platform.owner}/{new_video_id(harness.NOW)}/original.mp4"
    for key in (ready["key"], unknown):
        platform.s3.create_multipart_upload(Bucket=TEMP_BUCKET, Key=key)
    assert platform.reconcile() == {"MultipartUploadsAborted": 2}
    assert platform.s3.list_multipart_uploads(Bucket=TEMP_BUCKET).get("Uploads", []) == []


def test_an_open_upload_without_its_marker_gets_it_back(
    platform: Platform, small_parts: None, without_delay: None
) -> None:
    upload = platform.new_upload(6 * MIB)
    platform.s3.delete_object(Bucket=TEMP_BUCKET, Key=f"pending/{upload['videoId']}")
    assert platform.reconcile() == {}
    assert is_pending(platform, upload)
    assert len(platform.s3.list_multipart_uploads(Bucket=TEMP_BUCKET)["Uploads"]) == 1


@pytest.mark.parametrize(("where", "name"), [(Catalog, "create"), (UploadBucket, "create")])
def test_an_admission_that_was_cut_short_leaves_nothing(
    platform: Platform,
    without_delay: None,
    monkeypatch: pytest.MonkeyPatch,
    small_parts: None,
    where: type,
    name: str,
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("cut short")

    with monkeypatch.context() as patch:
        patch.setattr(where, name, crash)
        body = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 6 * MIB}
        assert platform.uploader.send("POST", "/videos/upload-url", body).status == 500
    assert len(ledger(platform)) == 1
    assert platform.reconcile()["OrphansRemoved"] == 1
    assert platform.keys(TEMP_BUCKET, "pending/") == []
    assert platform.s3.list_multipart_uploads(Bucket=TEMP_BUCKET).get("Uploads", []) == []
    assert ledger(platform) == {}


def test_an_admission_under_way_is_not_taken_for_one_that_was_cut_short(platform: Platform) -> None:
    from sstech_video import clock, pending

    video_id = new_video_id(clock.now())
    pending.mark(platform.s3, TEMP_BUCKET, platform.owner, video_id, clock.now())
    assert platform.reconcile() == {}
    assert platform.keys(TEMP_BUCKET, f"pending/{video_id}")


@pytest.mark.parametrize("state", ["new_upload", "uploaded", "converting", "ready"])
@pytest.mark.parametrize(("where", "name", "answer"), [(Catalog, "remove", 500), (Deletion, "_clean_up", 204)])
def test_a_deletion_that_was_cut_short_is_finished(
    platform: Platform, state: str, where: type, name: str, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = getattr(platform, state)()

    def crash(*_: object) -> None:
        raise RuntimeError("cut short")

    with monkeypatch.context() as patch:
        patch.setattr(where, name, crash)
        assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == answer
    assert platform.reconcile() == {"DeletionsFinished": 1}
    assert platform.leftovers(upload) == []
    assert platform.show(upload).status == 404
    assert upload["videoId"] not in ledger(platform)


def test_what_arrives_after_a_deletion_without_an_event_is_deleted(platform: Platform) -> None:
    upload = platform.new_upload()
    assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == 204
    assert harness.put(upload, MP4_START).status_code == 200
    platform.publish(upload)
    assert platform.reconcile() == {"LateObjectsDeleted": 2}, "the original, and the outputs"
    assert platform.leftovers(upload) == []


def test_bytes_that_come_again_without_an_event_do_not_stay(platform: Platform) -> None:
    upload = platform.ready()
    assert harness.put(upload, MP4_START).status_code == 200
    assert platform.reconcile(quietAfterSeconds=900) == {}
    assert platform.reconcile() == {"LateObjectsDeleted": 1}
    assert not platform.keys(TEMP_BUCKET, upload["key"])
    assert platform.video(upload)["status"] == "ready"


def test_originals_of_unfinished_failed_and_unknown_videos_stay(platform: Platform) -> None:
    failed, converting = platform.converting(), platform.converting()
    platform.happen(job_event(platform.job(failed), "ERROR", errorCode=1999))
    unknown = f"uploads/{platform.owner}/{new_video_id(harness.NOW)}/original.mp4"
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=unknown, Body=MP4_START)
    assert platform.reconcile() == {}
    for key in (failed["key"], converting["key"], unknown):
        assert platform.keys(TEMP_BUCKET, key)


def test_every_deleted_video_has_its_hour_of_the_day() -> None:
    video_id = new_video_id(harness.NOW)
    turns = [reconciling.is_turn_of(video_id, harness.NOW + timedelta(hours=hour)) for hour in range(24)]
    assert turns.count(True) == 1


def test_a_job_made_while_its_video_was_deleted_is_canceled(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.answers_get_lost = True
    assert platform.arrive(upload) == ["message-0"]
    assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == 204
    platform.reconcile()
    assert platform.mediaconvert.canceled == [platform.job(upload)["id"]]


def test_one_video_that_cannot_be_read_does_not_stop_the_others(
    platform: Platform, sqs: SQSClient, queue_url: str
) -> None:
    broken, other = platform.uploaded(), platform.uploaded()
    key = f"catalog/{platform.owner}/{broken['videoId']}.json"
    platform.s3.put_object(Bucket=MEDIA_BUCKET, Key=key, Body=b"{}")
    assert platform.reconcile() == {"ReconcilerErrors": 2, "VideosSentAgain": 1}, "by its marker and by its original"
    assert platform.video(other)["status"] == "uploaded"
    platform.s3.delete_object(Bucket=MEDIA_BUCKET, Key=key)


def test_a_round_without_time_leaves_everything_to_the_next(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.uploaded()
    monkeypatch.setattr(harness.CONTEXT, "get_remaining_time_in_millis", lambda: 1000)
    assert platform.reconcile() == {}
    monkeypatch.undo()
    assert platform.reconcile() == {"VideosSentAgain": 1}


def test_a_round_may_be_for_one_video_alone(platform: Platform) -> None:
    one, other = platform.uploaded(), platform.uploaded()
    assert platform.reconcile(videoId=one["videoId"]) == {"VideosSentAgain": 1}
    assert (platform.video(one)["status"], platform.video(other)["status"]) == ("uploaded", "uploading")


@pytest.mark.parametrize("video_id", ["", "x", 1, "../" + "0" * 17])
def test_what_is_no_video_id_is_refused(video_id: object) -> None:
    with pytest.raises(EventError, match="videoId"):
        events.only_video({"videoId": video_id})


def test_a_schedules_event_leaves_the_usual_patience() -> None:
    assert events.patience({"source": "aws.events", "detail": {}}) == Patience()


@pytest.mark.parametrize("value", [-1, "1", None, 1.5, True, events.MAX_PATIENCE_SECONDS + 1])
def test_patience_is_a_whole_number_of_seconds(value: object) -> None:
    with pytest.raises(EventError, match="quietAfterSeconds"):
        events.patience({"quietAfterSeconds": value})


def marker(owner: str) -> bytes:
    return b'{"owner": "%s", "since": "2026-01-01T00:00:00.000Z"}' % owner.encode()


def ledger(platform: Platform) -> dict[str, Any]:
    return _of_all_months(platform, "videos")


def spent(platform: Platform) -> dict[str, Any]:
    return _of_all_months(platform, "spent")


def _of_all_months(platform: Platform, member: str) -> dict[str, Any]:
    import json

    keys = platform.keys(MEDIA_BUCKET, f"usage/{platform.owner}/")
    found: dict[str, Any] = {}
    for key in keys:
        found |= json.loads(platform.s3.get_object(Bucket=MEDIA_BUCKET, Key=key)["Body"].read())[member]
    return found
