"""What cannot be converted ends as failed, says why, and keeps the original."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.contract.client_errors import ApiError

from .people import Person, fail
from .store import Store

BROKEN = ("m4a-audio-only", "corrupt", "truncated")


@pytest.mark.parametrize("name", BROKEN)
def test_the_person_is_told_why_and_the_original_is_kept(
    name: str, resident: Person, clip: Callable[[str], Path], store: Store
) -> None:
    upload, video = fail(resident.library, clip(name))
    assert video.error is not None
    assert video.error.code
    assert len(video.error.message.split()) > 3
    assert "Traceback" not in video.error.message
    assert store.has_original(upload)
    assert store.s3.head_object(Bucket=store.temp, Key=upload.key)["ContentLength"] == clip(name).stat().st_size
    assert store.keys(store.media, f"media/{resident.library.owner}/{upload.video_id}/") == []
    assert len(store.jobs(upload.video_id)) <= 1


def test_a_failed_video_does_not_play(resident: Person, clip: Callable[[str], Path]) -> None:
    upload, _ = fail(resident.library, clip("corrupt"))
    with pytest.raises(ApiError) as caught:
        resident.library.playback(upload.video_id)
    assert caught.value.status == 409


def test_a_failed_video_can_be_tried_again_while_its_original_is_there(
    resident: Person, clip: Callable[[str], Path], store: Store
) -> None:
    library = resident.library
    upload, before = fail(library, clip("corrupt"))
    jobs = len(store.jobs(upload.video_id))
    assert library.send("POST", f"/videos/{upload.video_id}/retry").status_code == 202
    after = library.wait(upload.video_id, 120, {"failed"})
    assert after.updated_at > before.updated_at
    attempts = [job["UserMetadata"]["attempt"] for job in store.jobs(upload.video_id)]
    assert len(attempts) == len(set(attempts)) == 2 * jobs
    assert store.has_original(upload)


def test_a_failed_video_without_original_cannot_be_tried_again(
    resident: Person, clip: Callable[[str], Path], store: Store
) -> None:
    upload, _ = fail(resident.library, clip("corrupt"))
    store.s3.delete_object(Bucket=store.temp, Key=upload.key)
    with pytest.raises(ApiError) as caught:
        resident.library.retry(upload.video_id)
    assert caught.value.status == 409
