"""From S3's notifications to jobs: duplicates, crashes, refusals and strangers."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from functions import harness
from functions.harness import MP4_START, TEMP_BUCKET, probe_result, s3_event, sns_envelope
from sstech_video import backing_off

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from functions.conftest import Platform

SIZE = len(MP4_START)


def test_an_upload_makes_one_job_however_often_it_is_told(platform: Platform) -> None:
    upload = platform.uploaded()
    body = sns_envelope(s3_event(upload["key"], SIZE))
    assert platform.deliver(body, body) == []
    assert platform.deliver(body) == []
    job = platform.job(upload)
    entry = platform.entry(upload)
    assert (entry["status"], entry["attempt"], entry["jobId"]) == ("converting", 1, job["id"])
    assert entry["durationMs"] == 12300


def test_deliveries_at_the_same_time_make_one_job(platform: Platform) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import mediaconvert_trigger
    from sstech_video import clock, events

    upload = platform.uploaded()
    (arrival,) = events.arrivals(json.dumps(s3_event(upload["key"], SIZE)))
    starter = mediaconvert_trigger.starter()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(starter.arrived, arrival, clock.now()) for _ in range(4)]:
            done.result()
    assert platform.entry(upload)["jobId"] == platform.job(upload)["id"]


def test_a_claim_whose_holder_died_before_the_job_is_taken_up(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.refusals["CreateJob"] = (403, "AccessDeniedException")
    assert platform.arrive(upload) == ["message-0"]
    assert platform.entry(upload)["status"] == "converting"
    platform.mediaconvert.refusals.clear()
    assert platform.arrive(upload) == []
    entry = platform.entry(upload)
    assert (entry["attempt"], entry["jobId"]) == (1, platform.job(upload)["id"])


def test_a_job_whose_answer_was_lost_is_found_and_not_made_again(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.answers_get_lost = True
    assert platform.arrive(upload) == ["message-0"]
    platform.mediaconvert.answers_get_lost = False
    platform.mediaconvert.forget_tokens()
    assert platform.arrive(upload) == []
    assert platform.entry(upload)["jobId"] == platform.job(upload)["id"]


@pytest.fixture
def short_of_time() -> object:
    """There is time for one message of a batch."""
    times = iter([60_000, 19_999])
    return SimpleNamespace(**{**vars(harness.CONTEXT), "get_remaining_time_in_millis": lambda: next(times)})


def test_what_a_slow_batch_has_no_time_for_is_postponed_and_loses_no_try(
    platform: Platform,
    sqs: SQSClient,
    queue_url: str,
    short_of_time: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backing_off, "FIRST_DELAY_SECONDS", 0)
    sqs.purge_queue(QueueUrl=queue_url)
    first, second = platform.uploaded(), platform.uploaded()
    bodies = [sns_envelope(s3_event(upload["key"], SIZE)) for upload in (first, second)]
    assert platform.deliver(*bodies, context=short_of_time) == []
    assert platform.entry(first)["status"] == "converting"
    assert platform.entry(second)["status"] == "uploading"
    answer = sqs.receive_message(QueueUrl=queue_url, AttributeNames=["ApproximateReceiveCount"], WaitTimeSeconds=5)
    (copy,) = answer["Messages"]
    sqs.purge_queue(QueueUrl=queue_url)
    assert copy["Attributes"]["ApproximateReceiveCount"] == "1"
    assert platform.deliver(copy["Body"]) == []
    assert platform.entry(second)["jobId"] == platform.job(second)["id"]


def test_what_cannot_be_postponed_goes_back_before_lambda_stops_the_function(
    platform: Platform, short_of_time: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mediaconvert_trigger

    monkeypatch.setattr(mediaconvert_trigger, "postpone", lambda *_: False)
    bodies = [sns_envelope(s3_event(platform.uploaded()["key"], SIZE)) for _ in range(2)]
    assert platform.deliver(*bodies, context=short_of_time) == ["message-1"]


def test_throttling_sends_the_message_back_and_only_this_one(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.refusals["CreateJob"] = (429, "TooManyRequestsException")
    good = sns_envelope({"Event": "s3:TestEvent"})
    assert platform.deliver(good, sns_envelope(s3_event(upload["key"], SIZE))) == ["message-1"]
    platform.mediaconvert.refusals.clear()
    assert platform.arrive(upload) == []
    platform.job(upload)


def test_a_request_that_mediaconvert_refuses_fails_the_video(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.refusals["CreateJob"] = (400, "BadRequestException")
    assert platform.arrive(upload) == []
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "conversion_rejected")
    assert platform.keys(TEMP_BUCKET, upload["key"])
    assert not platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "BadRequestException"),
        (403, "ForbiddenException"),
        (404, "NotFoundException"),
        (422, "UnprocessableEntityException"),
    ],
)
def test_a_probe_that_can_tell_nothing_does_not_stop_the_conversion(
    platform: Platform, status: int, error: str
) -> None:
    platform.mediaconvert.refusals["Probe"] = (status, error)
    upload = platform.converting()
    settings = platform.job(upload)["settings"]
    assert len(settings["outputGroups"][1]["outputs"]) == 4


BUSY = [
    (429, "TooManyRequestsException"),
    (500, "InternalServerErrorException"),
    (503, "ServiceUnavailable"),
    (402, "ServiceQuotaExceededException"),
    (409, "ConflictException"),
    (403, "AccessDeniedException"),
]


@pytest.mark.parametrize(("status", "error"), BUSY)
def test_a_busy_probe_is_asked_again_later_and_prices_nothing_by_its_size(
    platform: Platform, status: int, error: str
) -> None:
    upload = platform.uploaded()
    platform.mediaconvert.refusals["Probe"] = (status, error)
    assert platform.arrive(upload) == ["message-0"]
    assert platform.entry(upload)["status"] == "uploaded"
    assert platform.mediaconvert.jobs == []
    platform.mediaconvert.refusals.clear()
    assert platform.arrive(upload) == []
    assert platform.entry(upload)["durationMs"] == 12300


def test_a_probe_that_hangs_is_asked_once_and_later_again(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    import mediaconvert_trigger

    asked: list[str] = []

    def hangs(**request: Any) -> None:
        asked.append(request["InputFiles"][0]["FileUrl"])
        raise ReadTimeoutError(endpoint_url="https://mediaconvert.example")

    upload = platform.uploaded()
    with monkeypatch.context() as patch:
        patch.setattr(mediaconvert_trigger.starter().prober, "probe", hangs)
        assert platform.arrive(upload) == ["message-0"]
    assert len(asked) == 1
    assert platform.entry(upload)["status"] == "uploaded"


def test_probe_is_tried_once_for_each_delivery(platform: Platform) -> None:
    """By the SDK too: what hangs three times over would use up the time of the whole batch."""
    import mediaconvert_trigger

    config = mediaconvert_trigger.starter().prober.meta.config
    assert config.retries["total_max_attempts"] == 1
    seconds = config.connect_timeout + config.read_timeout
    assert seconds * 1000 < mediaconvert_trigger.ONE_MESSAGE_MILLISECONDS


def test_a_file_that_probe_always_fails_at_is_converted_in_the_end(
    platform: Platform, sqs: SQSClient, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sstech_video import starting

    monkeypatch.setattr(starting, "NUDGES_WITHOUT_PROBE", 1)
    platform.mediaconvert.refusals["Probe"] = (500, "InternalServerErrorException")
    upload = platform.uploaded()
    assert platform.arrive(upload) == ["message-0"]
    platform.reconcile(videoId=upload["videoId"])
    sqs.purge_queue(QueueUrl=queue_url)
    assert platform.arrive(upload) == []
    assert platform.entry(upload)["jobId"] == platform.job(upload)["id"]


@pytest.mark.parametrize("counted", ["MessagesReturned", "MessagesPostponed"])
def test_messages_that_go_back_are_counted(
    platform: Platform, short_of_time: object, capsys: pytest.CaptureFixture[str], counted: str
) -> None:
    """A function that hands failures back has no error of its own that an alarm could hear."""
    bad = ["not json", sns_envelope({"Event": "s3:TestEvent"})]
    bodies = bad if counted == "MessagesReturned" else bad[::-1]
    platform.deliver(*bodies, context=short_of_time)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert sum(sum(metric.get(counted, [])) for metric in metrics) == 1


def test_a_file_without_video_fails_without_a_job(platform: Platform) -> None:
    platform.mediaconvert.probe = probe_result(video=False)
    upload = platform.uploaded()
    assert platform.arrive(upload) == []
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "no_video")
    assert platform.mediaconvert.jobs == []
    assert platform.keys(TEMP_BUCKET, upload["key"])


@pytest.mark.parametrize("data", [b"#EXTM3U\n../../other/original.mp4\n", b"ffconcat version 1.0\n", b"<MPD></MPD>"])
def test_a_manifest_never_reaches_the_converter(platform: Platform, data: bytes) -> None:
    upload = platform.uploaded(data)
    assert platform.arrive(upload, len(data)) == []
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "unsupported_format")
    assert platform.mediaconvert.jobs == []


def test_an_event_with_a_wrong_size_does_not_lose_a_whole_upload(platform: Platform) -> None:
    upload = platform.uploaded()
    assert platform.arrive(upload, 0) == []
    assert platform.video(upload)["status"] == "converting"
    assert len(platform.mediaconvert.jobs) == 1


def test_an_object_of_another_size_than_announced_fails(platform: Platform) -> None:
    upload = platform.new_upload(SIZE)
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=upload["key"], Body=MP4_START + b"1")
    assert platform.arrive(upload, SIZE + 1) == []
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "size_mismatch")
    assert platform.mediaconvert.jobs == []


def test_an_original_that_vanished_fails_its_video(platform: Platform) -> None:
    upload = platform.uploaded()
    platform.s3.delete_object(Bucket=TEMP_BUCKET, Key=upload["key"])
    assert platform.arrive(upload) == []
    assert platform.video(upload)["error"]["code"] == "source_unreadable"


def test_foreign_keys_and_buckets_are_dropped(platform: Platform) -> None:
    upload = platform.uploaded()
    bodies = [
        sns_envelope(s3_event("uploads/readme.txt", 1)),
        sns_envelope(s3_event("uploads/o/00000000000000000000/original.mp4", 1)),
        sns_envelope(s3_event(upload["key"], SIZE, bucket="somebody-elses")),
        sns_envelope(s3_event(upload["key"].replace(".mp4", ".mov"), SIZE)),
    ]
    assert platform.deliver(*bodies) == []
    assert platform.mediaconvert.jobs == []
    assert platform.video(upload)["status"] == "uploading"


def test_what_is_no_notification_goes_to_the_dead_letters(platform: Platform) -> None:
    assert platform.deliver("not json", sns_envelope({"Event": "s3:TestEvent"})) == ["message-0"]


def test_an_original_that_comes_after_its_video_was_deleted_is_deleted(platform: Platform) -> None:
    upload = platform.new_upload()
    assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == 204
    assert harness.put(upload, MP4_START).status_code == 200
    assert platform.arrive(upload) == []
    assert platform.leftovers(upload) == []
    assert platform.mediaconvert.jobs == []


def test_an_original_of_an_unknown_video_is_left_alone(platform: Platform) -> None:
    key = f"uploads/{platform.owner}/{'0' * 20}/original.mp4"
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=key, Body=MP4_START)
    assert platform.deliver(sns_envelope(s3_event(key, SIZE))) == []
    assert platform.keys(TEMP_BUCKET, key) == [key]


def test_a_second_original_of_a_ready_video_is_deleted(platform: Platform) -> None:
    upload = platform.ready()
    assert harness.put(upload, MP4_START).status_code == 200
    assert platform.arrive(upload) == []
    assert platform.keys(TEMP_BUCKET, upload["key"]) == []
    assert platform.video(upload)["status"] == "ready"


def test_a_video_deleted_while_its_job_is_made_loses_the_job(platform: Platform) -> None:
    upload = platform.uploaded()

    def delete(_: dict[str, Any]) -> None:
        import videos_library
        from sstech_video import clock

        videos_library.deletion().delete(platform.owner, upload["videoId"], clock.now())

    platform.mediaconvert.before_answer = delete
    assert platform.arrive(upload) == []
    assert platform.mediaconvert.canceled == [platform.job(upload)["id"]]
    assert platform.leftovers(upload) == []
