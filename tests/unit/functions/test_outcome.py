"""What jobs come to: only COMPLETE deletes an original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.harness import MEDIA_BUCKET, TEMP_BUCKET, complete_event, job_event

if TYPE_CHECKING:
    from functions.conftest import Platform


def has_original(platform: Platform, upload: dict[str, Any]) -> bool:
    return bool(platform.keys(TEMP_BUCKET, upload["key"]))


def write_part_of_the_outputs(platform: Platform, upload: dict[str, Any]) -> str:
    """All but the MP4, which comes last; returns the folder."""
    folder = platform.publish(upload)
    platform.s3.delete_object(Bucket=MEDIA_BUCKET, Key=f"{folder}video.mp4")
    return folder


def test_complete_twice_is_complete_once(platform: Platform) -> None:
    upload = platform.ready()
    before = platform.video(upload)
    platform.happen(complete_event(platform.job(upload)))
    assert platform.video(upload) == before


def test_a_clean_up_that_was_cut_short_is_finished_by_the_next_event(platform: Platform) -> None:
    upload = platform.ready()
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=upload["key"], Body=b"x")
    platform.happen(complete_event(platform.job(upload)))
    assert not has_original(platform, upload)


def test_complete_without_its_mp4_fails_and_keeps_the_original(platform: Platform) -> None:
    upload = platform.converting()
    platform.happen(complete_event(platform.job(upload)))
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", "output_missing")
    assert has_original(platform, upload)


def test_an_empty_mp4_is_none(platform: Platform) -> None:
    upload = platform.converting()
    folder = platform.publish(upload)
    platform.s3.put_object(Bucket=MEDIA_BUCKET, Key=f"{folder}video.mp4", Body=b"")
    platform.happen(complete_event(platform.job(upload)))
    assert platform.video(upload)["error"]["code"] == "output_missing"
    assert has_original(platform, upload)


@pytest.mark.parametrize(
    ("status", "detail", "code"),
    [
        ("ERROR", {"errorCode": 1010, "errorMessage": "s3://temp/secret"}, "unsupported_format"),
        ("ERROR", {"errorCode": 1020}, "no_video"),
        ("ERROR", {}, "conversion_failed"),
        ("CANCELED", {}, "conversion_canceled"),
    ],
)
def test_a_job_that_fails_keeps_the_original(
    platform: Platform, status: str, detail: dict[str, Any], code: str
) -> None:
    upload = platform.converting()
    platform.happen(job_event(platform.job(upload), status, **detail))
    video = platform.video(upload)
    assert (video["status"], video["error"]["code"]) == ("failed", code)
    assert "s3://" not in video["error"]["message"]
    assert has_original(platform, upload)
    assert not platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")


@pytest.mark.parametrize("status", ["ERROR", "CANCELED", "COMPLETE"])
def test_what_a_failed_job_has_written_goes(platform: Platform, status: str) -> None:
    upload = platform.converting()
    folder = write_part_of_the_outputs(platform, upload)
    platform.happen(job_event(platform.job(upload), status))
    assert platform.video(upload)["status"] == "failed"
    assert platform.keys(MEDIA_BUCKET, folder) == []
    assert has_original(platform, upload)


def test_a_failure_cut_short_before_its_outputs_were_gone_is_finished_by_the_reconciler(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sstech_video import storage

    upload = platform.converting()
    folder = write_part_of_the_outputs(platform, upload)

    def dies(*_: object) -> int:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete_under", dies)
        with pytest.raises(SystemExit):
            platform.happen(job_event(platform.job(upload), "ERROR", errorCode=1999))
    assert platform.video(upload)["status"] == "failed"
    platform.job(upload)["status"] = "ERROR"
    platform.reconcile(videoId=upload["videoId"])
    assert platform.keys(MEDIA_BUCKET, folder) == []
    assert not platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")


def test_the_end_of_an_earlier_attempt_removes_what_that_wrote_and_nothing_else(platform: Platform) -> None:
    upload = platform.converting()
    first = platform.job(upload)
    platform.happen(job_event(first, "ERROR", errorCode=1999))
    assert platform.library.send("POST", f"/videos/{upload['videoId']}/retry").status == 202
    assert platform.arrive(upload) == []
    folders = [platform.publish(upload, attempt) for attempt in (1, 2)]
    platform.happen(job_event(first, "CANCELED"))
    assert platform.keys(MEDIA_BUCKET, folders[0]) == []
    assert f"{folders[1]}video.mp4" in platform.keys(MEDIA_BUCKET, folders[1])
    assert platform.video(upload)["status"] == "converting"


@pytest.mark.parametrize("status", ["PROGRESSING", "INPUT_INFORMATION", "NEW_WARNING", "QUEUE_HOP", "SOMETHING_NEW"])
def test_other_events_delete_nothing(platform: Platform, status: str) -> None:
    upload = platform.converting()
    platform.publish(upload)
    platform.happen(job_event(platform.job(upload), status))
    assert platform.video(upload)["status"] == "converting"
    assert has_original(platform, upload)


def test_a_late_error_does_not_demote_a_ready_video(platform: Platform) -> None:
    upload = platform.ready()
    before = platform.video(upload)
    platform.happen(job_event(platform.job(upload), "ERROR", errorCode=1010))
    platform.happen(job_event(platform.job(upload), "STATUS_UPDATE", jobProgress={"jobPercentComplete": 50}))
    assert platform.video(upload) == before


def test_complete_after_an_error_of_the_same_job_wins(platform: Platform) -> None:
    upload = platform.converting()
    job = platform.job(upload)
    platform.happen(job_event(job, "ERROR", errorCode=1999))
    platform.publish(upload)
    platform.happen(complete_event(job))
    video = platform.video(upload)
    assert (video["status"], video["error"]) == ("ready", None)


def test_a_percentage_that_is_unknown_changes_nothing(platform: Platform) -> None:
    upload = platform.converting()
    for percent in (30, None, 20):
        event = job_event(platform.job(upload), "STATUS_UPDATE", jobProgress={"jobPercentComplete": percent})
        platform.happen(event)
    assert platform.video(upload)["progress"] == 30


def test_complete_before_the_job_id_is_recorded_counts(platform: Platform) -> None:
    """A job that is over before CreateJob's answer is stored."""
    upload = platform.uploaded()

    def finish(job: dict[str, Any]) -> None:
        import conversion_complete
        from sstech_video import clock, events

        platform.publish(upload)
        event = events.job_event(complete_event(job))
        assert event is not None
        conversion_complete.outcomes().happened(event, clock.now())

    platform.mediaconvert.before_answer = finish
    assert platform.arrive(upload) == []
    assert platform.video(upload)["status"] == "ready"
    assert not has_original(platform, upload)


def test_jobs_of_other_stages_and_strangers_are_ignored(platform: Platform) -> None:
    upload = platform.converting()
    platform.publish(upload)
    event = complete_event(platform.job(upload))
    metadata = event["detail"]["userMetadata"]
    for change in ({"stage": "prod"}, {"videoId": "0" * 20}, {"owner": "somebody"}, {"videoId": ""}):
        event["detail"]["userMetadata"] = {**metadata, **change}
        platform.happen(event)
    assert platform.video(upload)["status"] == "converting"
    assert has_original(platform, upload)


def test_an_attempt_that_nobody_claimed_is_ignored(platform: Platform) -> None:
    upload = platform.converting()
    platform.publish(upload, attempt=2)
    event = complete_event(platform.job(upload))
    event["detail"]["userMetadata"] = {**event["detail"]["userMetadata"], "attempt": "2"}
    platform.happen(event)
    assert platform.video(upload)["status"] == "converting"
    assert has_original(platform, upload)


def test_outputs_of_a_superseded_attempt_are_deleted_and_change_nothing(platform: Platform) -> None:
    upload = platform.converting()
    first = platform.job(upload)
    platform.happen(job_event(first, "ERROR", errorCode=1999))
    assert platform.library.send("POST", f"/videos/{upload['videoId']}/retry").status == 202
    assert platform.arrive(upload) == []
    folder = platform.publish(upload, attempt=1)
    platform.happen(complete_event(first))
    assert platform.keys(MEDIA_BUCKET, folder) == []
    assert platform.video(upload)["status"] == "converting"
    assert has_original(platform, upload)
    platform.publish(upload, attempt=2)
    platform.happen(complete_event(platform.job(upload, attempt=2)))
    assert platform.video(upload)["status"] == "ready"
    assert not has_original(platform, upload)


@pytest.mark.parametrize("status", ["COMPLETE", "ERROR", "CANCELED"])
def test_what_a_job_left_after_its_video_was_deleted_is_cleaned_up(platform: Platform, status: str) -> None:
    upload = platform.converting()
    job = platform.job(upload)
    assert platform.library.send("DELETE", f"/videos/{upload['videoId']}").status == 204
    platform.publish(upload)
    platform.s3.put_object(Bucket=TEMP_BUCKET, Key=upload["key"], Body=b"x")
    platform.happen(complete_event(job) if status == "COMPLETE" else job_event(job, status))
    assert platform.leftovers(upload) == []
