"""Notifications may come twice or late; a video is converted once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests

from devstack.contract.client import Library

from .people import CONVERSION_TIMEOUT, but_poster, publish
from .store import Store

COPIES = 5


def test_a_notification_that_comes_many_times_makes_one_job(
    library: Library, clip: Callable[[str], Path], store: Store
) -> None:
    source = clip("mp4-h264-aac")
    upload = library.upload(source)
    for _ in range(COPIES):
        store.announce(upload, source.stat().st_size)
    library.wait_ready(upload.video_id, CONVERSION_TIMEOUT)
    store.wait_queue_drained()
    assert len(store.jobs(upload.video_id)) == 1


def test_a_late_notification_changes_nothing(library: Library, clip: Callable[[str], Path], store: Store) -> None:
    source = clip("mp4-silent")
    upload, before = publish(library, source)
    store.wait_original_gone(upload)
    store.announce(upload, source.stat().st_size)
    store.wait_queue_drained()
    assert but_poster(library.video(upload.video_id)) == but_poster(before)
    assert len(store.jobs(upload.video_id)) == 1


def test_bytes_sent_again_after_the_conversion_replace_nothing_and_do_not_stay(
    library: Library, clip: Callable[[str], Path], store: Store
) -> None:
    body = clip("mp4-h264-aac").read_bytes()
    upload = library.open_upload("a.mp4", "video/mp4", len(body))
    assert upload.url is not None
    headers = dict(upload.headers)
    assert requests.put(upload.url, data=body, headers=headers, timeout=30).status_code == 200
    before = library.wait_ready(upload.video_id, CONVERSION_TIMEOUT)
    store.wait_original_gone(upload)
    requests.put(upload.url, data=bytes(len(body)), headers=headers, timeout=30)
    store.wait_original_gone(upload)
    store.wait_queue_drained()
    assert but_poster(library.video(upload.video_id)) == but_poster(before)
    assert len(store.jobs(upload.video_id)) == 1


def test_the_state_only_moves_forward(library: Library, clip: Callable[[str], Path]) -> None:
    order = ["uploading", "uploaded", "converting", "ready"]
    seen: list[tuple[int, int]] = []
    upload = library.upload(clip("mp4-h264-aac"))
    library.wait_ready(
        upload.video_id,
        CONVERSION_TIMEOUT,
        on_change=lambda video: seen.append((order.index(video.status), video.progress)),
    )
    assert seen == sorted(seen)
    assert seen[-1] == (order.index("ready"), 100)
    assert all(0 <= progress <= 100 for _, progress in seen)
