from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from functions.harness import MEDIA_BUCKET, TEMP_BUCKET, complete_event, job_event
from sstech_video import clock, storage
from sstech_video.deletion import AT_ONCE_SECONDS, Deletion
from sstech_video.errors import UnavailableError
from sstech_video.invalidation import Invalidation
from sstech_video.jobs import Jobs
from sstech_video.outcomes import Outcomes
from sstech_video.storage import DeletionError
from sstech_video.usage import Usage

if TYPE_CHECKING:
    from functions.conftest import Platform


def delete(platform: Platform, upload: dict[str, Any]) -> int:
    return platform.library.send("DELETE", f"/videos/{upload['videoId']}").status


def booked(platform: Platform) -> set[str]:
    """Ids that count for the owner's quota."""
    (usage,) = platform.keys(MEDIA_BUCKET, f"usage/{platform.owner}/")
    return set(json.loads(platform.s3.get_object(Bucket=MEDIA_BUCKET, Key=usage)["Body"].read())["videos"])


def raises(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("state", ["new_upload", "uploaded", "converting", "ready"])
def test_a_video_in_any_state_goes_with_all_it_has(platform: Platform, state: str) -> None:
    upload = getattr(platform, state)()
    assert delete(platform, upload) == 204
    assert platform.leftovers(upload) == []
    assert platform.show(upload).error == (404, "not_found")
    assert platform.library.send("GET", "/videos").json["videos"] == []
    assert platform.keys(MEDIA_BUCKET, f"deleted/{platform.owner}/{upload['videoId']}")


def test_deleting_again_is_204_for_the_owner_and_404_for_others(platform: Platform) -> None:
    upload = platform.ready()
    assert delete(platform, upload) == 204
    assert delete(platform, upload) == 204
    stranger = platform.stranger().send("DELETE", f"/videos/{upload['videoId']}")
    assert stranger.error == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "route", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("GET", "/playback", None),
        ("GET", "/parts", None),
        ("POST", "/parts", {"partNumbers": [1]}),
        ("POST", "/complete", {"parts": [{"partNumber": 1, "etag": "a"}]}),
        ("POST", "/retry", None),
    ],
)
def test_a_deleted_video_is_404_everywhere(platform: Platform, method: str, route: str, body: object) -> None:
    upload = platform.new_upload(104_857_601)
    assert delete(platform, upload) == 204
    assert platform.library.send(method, f"/videos/{upload['videoId']}{route}", body).error == (404, "not_found")


def test_the_job_of_a_converting_video_is_canceled(platform: Platform) -> None:
    upload = platform.converting()
    assert delete(platform, upload) == 204
    assert platform.mediaconvert.canceled == [platform.job(upload)["id"]]


def test_a_job_that_is_over_already_does_not_stop_the_deletion(platform: Platform) -> None:
    upload = platform.ready()
    platform.mediaconvert.refusals["CancelJob"] = (409, "ConflictException")
    assert delete(platform, upload) == 204
    assert platform.leftovers(upload) == []


def test_a_deletion_that_was_cut_short_is_finished_by_the_next(platform: Platform) -> None:
    upload = platform.converting()
    folder = platform.publish(upload)
    platform.mediaconvert.refusals["CancelJob"] = (403, "AccessDeniedException")
    assert delete(platform, upload) == 204  # it is gone for everybody; the reconciler would finish too
    assert platform.show(upload).status == 404
    assert platform.keys(MEDIA_BUCKET, folder)
    platform.mediaconvert.refusals.clear()
    assert delete(platform, upload) == 204
    assert platform.leftovers(upload) == []


@pytest.mark.parametrize("late", ["job event", "original"])
def test_a_deletion_that_was_cut_short_is_finished_whatever_comes_late(platform: Platform, late: str) -> None:
    upload = platform.converting()
    job = platform.job(upload)
    platform.mediaconvert.refusals["CancelJob"] = (403, "AccessDeniedException")
    assert delete(platform, upload) == 204
    platform.mediaconvert.refusals.clear()
    if late == "original":
        assert platform.arrive(upload) == []
    else:
        platform.happen(job_event(job, "CANCELED"))
    platform.reconcile()
    assert platform.leftovers(upload) == []
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}") == []
    assert upload["videoId"] not in booked(platform)


@pytest.mark.parametrize("order", ["before the deletion", "between its marker and its tombstone"])
def test_a_deletion_that_was_cut_short_keeps_its_marker_whoever_settles_the_video(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """COMPLETE is told again: its clean-up takes away a marker that is the deletion's by now."""
    upload = platform.ready()
    again = complete_event(platform.job(upload))
    platform.mediaconvert.refusals["CancelJob"] = (403, "AccessDeniedException")
    clean_up, bury = Outcomes.clean_up, Deletion._bury

    def overtaken(*arguments: Any) -> None:
        monkeypatch.undo()
        assert delete(platform, upload) == 204
        clean_up(*arguments)

    def told_again_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        platform.happen(again)
        return bury(*arguments)

    if order == "before the deletion":
        monkeypatch.setattr(Outcomes, "clean_up", overtaken)
        platform.happen(again)
    else:
        monkeypatch.setattr(Deletion, "_bury", told_again_first)
        assert delete(platform, upload) == 204
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")
    platform.mediaconvert.refusals.clear()
    platform.reconcile(videoId=upload["videoId"])
    assert platform.leftovers(upload) == []
    assert upload["videoId"] not in booked(platform)


def test_a_deletion_that_lost_its_marker_gives_its_room_back_all_the_same(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = platform.converting()
    with monkeypatch.context() as patch:
        patch.setattr(Usage, "release", raises(UnavailableError("others keep winning")))
        assert delete(platform, upload) == 204
    assert upload["videoId"] in booked(platform)
    platform.s3.delete_object(Bucket=TEMP_BUCKET, Key=f"pending/{upload['videoId']}")
    platform.reconcile(videoId=upload["videoId"])
    assert platform.leftovers(upload) == []
    assert upload["videoId"] not in booked(platform)


@pytest.mark.parametrize(
    ("where", "name", "error"),
    [
        (storage, "delete_under", DeletionError("media/x: InternalError")),
        (storage, "delete_under", EndpointConnectionError(endpoint_url="https://s3.example")),
        (Usage, "release", UnavailableError("others keep winning")),
        (Jobs, "cancel", ReadTimeoutError(endpoint_url="https://mediaconvert.example")),
        (Invalidation, "of_video", ValueError("anything else")),
    ],
    ids=["refused", "unreachable", "contended", "hanging", "unforeseen"],
)
def test_whatever_a_clean_up_meets_the_video_is_gone_at_once_and_all_of_it_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, where: object, name: str, error: Exception
) -> None:
    upload = platform.ready()
    with monkeypatch.context() as patch:
        patch.setattr(where, name, raises(error))
        assert delete(platform, upload) == 204
    assert platform.show(upload).status == 404
    assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")
    assert platform.reconcile(videoId=upload["videoId"])["DeletionsFinished"] == 1
    assert platform.leftovers(upload) == []
    assert upload["videoId"] not in booked(platform)


def test_a_deletion_of_very_many_objects_is_answered_before_they_are_gone(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = platform.ready()
    folder = platform.publish(upload, thumbnails=9)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "DELETE_BATCH", 4)
        patch.setattr(clock, "deadline", lambda _seconds: iter([False, True]).__next__)
        assert delete(platform, upload) == 204
    assert len(platform.keys(MEDIA_BUCKET, folder)) == 9
    assert platform.reconcile(videoId=upload["videoId"]) == {"DeletionsFinished": 1}
    assert platform.leftovers(upload) == []


def test_a_job_is_asked_to_stop_once_while_somebody_waits(platform: Platform) -> None:
    import videos_library

    config = videos_library.deletion().jobs().mediaconvert.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout < AT_ONCE_SECONDS


def test_a_video_stays_on_the_list_until_the_caches_are_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = platform.ready()
    with monkeypatch.context() as patch:
        patch.setattr(Invalidation, "of_video", lambda *_: False)
        assert delete(platform, upload) == 204
        assert platform.reconcile(videoId=upload["videoId"]) == {}
        assert upload["videoId"] not in booked(platform)
        assert platform.keys(TEMP_BUCKET, f"pending/{upload['videoId']}")
    assert platform.reconcile(videoId=upload["videoId"]) == {"DeletionsFinished": 1}
    assert platform.leftovers(upload) == []


def test_the_deadline_is_reached_when_its_seconds_are_over() -> None:
    assert clock.deadline(0)()
    assert not clock.deadline(3600)()


def test_parts_of_a_deleted_upload_are_aborted_and_no_more_can_come(platform: Platform) -> None:
    upload = platform.new_upload(104_857_601)
    path = f"/videos/{upload['videoId']}"
    url = platform.library.send("POST", f"{path}/parts", {"partNumbers": [7]}).json["parts"][0]["url"]
    last = 104_857_601 - 6 * 16 * 1024 * 1024
    assert delete(platform, upload) == 204
    assert requests.put(url, data=bytes(last), timeout=20).status_code == 404
    listing = platform.s3.list_multipart_uploads(Bucket=TEMP_BUCKET, Prefix=upload["key"])
    assert listing.get("Uploads", []) == []


def test_many_objects_go_in_batches(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    from sstech_video import storage

    monkeypatch.setattr(storage, "DELETE_BATCH", 3)
    upload = platform.ready()
    platform.publish(upload, thumbnails=11)
    assert delete(platform, upload) == 204
    assert platform.leftovers(upload) == []


def test_nothing_of_another_video_is_touched(platform: Platform) -> None:
    kept, deleted = platform.ready(), platform.ready()
    before = platform.leftovers(kept)
    assert delete(platform, deleted) == 204
    assert platform.leftovers(kept) == before
    assert platform.video(kept)["status"] == "ready"


def test_an_entry_changed_during_the_deletion_does_not_come_back(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that read the entry before its deletion writes after it."""
    import conversion_complete

    upload = platform.converting()
    job = platform.job(upload)
    catalog = conversion_complete.outcomes().catalog
    write_over = catalog._write_over

    def delete_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        assert delete(platform, upload) == 204
        return write_over(*arguments)

    monkeypatch.setattr(catalog, "_write_over", delete_first)
    platform.happen(job_event(job, "STATUS_UPDATE", jobProgress={"jobPercentComplete": 50}))
    assert platform.show(upload).status == 404
    assert platform.leftovers(upload) == []
