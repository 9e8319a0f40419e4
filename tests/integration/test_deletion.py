"""A deleted video is gone at once for its owner, and within a minute for good, whatever was going on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from devstack import clips
from devstack.contract.client import Library
from devstack.contract.client_errors import StorageError
from devstack.waiting import wait_for

from .people import Person, fail, publish
from .store import CLEAN_UP_TIMEOUT, UNFINISHED, Store

LONG_CLIP_SECONDS = 60
"""Long enough to be met while it converts."""
LARGE = 200_000_000


def delete_and_check(library: Library, video_id: str, store: Store) -> None:
    assert library.send("DELETE", f"/videos/{video_id}").status_code == 204
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("GET", "/playback", None),
        ("GET", "/parts", None),
        ("POST", "/parts", {"partNumbers": [1]}),
        ("POST", "/complete", {"parts": [{"partNumber": 1, "etag": "x"}]}),
        ("POST", "/retry", None),
    ):
        assert library.send(method, f"/videos/{video_id}{path}", body).status_code == 404, (method, path)
    assert video_id not in {video.video_id for video in library.all_videos()}
    assert library.send("DELETE", f"/videos/{video_id}").status_code == 204
    store.wait_nothing_left(library.owner, video_id)


def test_an_upload_that_was_never_sent(library: Library, store: Store) -> None:
    upload = library.open_upload("a.mp4", "video/mp4", 10)
    delete_and_check(library, upload.video_id, store)


def test_bytes_that_arrive_after_the_deletion_do_not_stay(
    library: Library, clip: Callable[[str], Path], store: Store
) -> None:
    body = clip("mp4-h264-aac").read_bytes()
    upload = library.open_upload("a.mp4", "video/mp4", len(body))
    delete_and_check(library, upload.video_id, store)
    assert upload.url is not None
    requests.put(upload.url, data=body, headers=dict(upload.headers), timeout=30)
    store.wait_nothing_left(library.owner, upload.video_id)
    assert store.jobs(upload.video_id) == []
    assert library.send("GET", f"/videos/{upload.video_id}").status_code == 404


def test_an_upload_in_parts_is_aborted(library: Library, store: Store) -> None:
    upload = library.open_upload("a.mp4", "video/mp4", LARGE)
    assert upload.multipart is not None
    last = upload.multipart.part_count
    (url,) = library.part_urls(upload.video_id, [last]).values()
    length = LARGE - (last - 1) * upload.multipart.part_size
    assert requests.put(url, data=bytes(length), timeout=30).status_code == 200
    delete_and_check(library, upload.video_id, store)
    assert requests.put(url, data=bytes(length), timeout=30).status_code == 404


def test_a_conversion_is_cancelled(library: Library, tmp_path: Path, store: Store) -> None:
    source = clips.make_clip("mp4-h264-aac", tmp_path, seconds=LONG_CLIP_SECONDS, size=(1280, 720))
    upload = library.upload(source)
    library.wait(upload.video_id, 60, {"converting"})
    delete_and_check(library, upload.video_id, store)
    wait_for(
        lambda: not UNFINISHED & {job["Status"] for job in store.jobs(upload.video_id)},
        "the job to end",
        timeout=CLEAN_UP_TIMEOUT,
    )
    assert {job["Status"] for job in store.jobs(upload.video_id)} <= {"CANCELED"}
    store.wait_nothing_left(library.owner, upload.video_id)


def test_a_ready_video(library: Library, clip: Callable[[str], Path], store: Store) -> None:
    upload, _ = publish(library, clip("mp4-h264-aac"))
    playback = library.playback(upload.video_id)
    delete_and_check(library, upload.video_id, store)
    with pytest.raises(StorageError):
        library.fetch(playback.mp4_url, playback)


def test_a_failed_video(library: Library, clip: Callable[[str], Path], store: Store) -> None:
    upload, _ = fail(library, clip("corrupt"))
    delete_and_check(library, upload.video_id, store)


def test_nobody_deletes_what_belongs_to_another(
    resident: Person, new_person: Callable[[], Person], clip: Callable[[str], Path]
) -> None:
    owner = resident.library
    upload, _ = publish(owner, clip("mp4-silent"))
    stranger = new_person().library
    assert stranger.send("DELETE", f"/videos/{upload.video_id}").status_code == 404
    assert owner.video(upload.video_id).status == "ready"
    owner.delete(upload.video_id)
    assert stranger.send("DELETE", f"/videos/{upload.video_id}").status_code == 404


def test_the_other_videos_stay(library: Library, store: Store) -> None:
    kept = library.open_upload("kept.mp4", "video/mp4", 10)
    gone = library.open_upload("gone.mp4", "video/mp4", 10)
    delete_and_check(library, gone.video_id, store)
    assert [video.video_id for video in library.videos().videos] == [kept.video_id]
