"""Events come twice, late, in the wrong order, or never."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from integration.people import Person, but_poster, publish
from integration.store import Store

from devstack.contract.answers import Upload
from devstack.settings import EVENT_SOURCE
from devstack.waiting import wait_for

from .audit import Numbers, check
from .stack import FaultyStack

START_SECONDS = 60
COPIES = 3
TRUE = 3
"""So many of `life` are what really happened."""
SEED = 20260101
SOME = 4
"""Videos at a time: enough that a mix-up between them would show."""


def job_event(job: Mapping[str, Any], status: str, **extra: object) -> dict[str, Any]:
    """A state change as MediaConvert tells it, made by hand."""
    detail = {
        "timestamp": 0,
        "accountId": job["Arn"].split(":")[4],
        "queue": job["Queue"],
        "jobId": job["Id"],
        "status": status,
        "userMetadata": job["UserMetadata"],
        **extra,
    }
    return {
        "Source": EVENT_SOURCE,
        "DetailType": "MediaConvert Job State Change",
        "Resources": [job["Arn"]],
        "Detail": json.dumps(detail),
    }


def life(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that may be told about a job that succeeded, and lies that a late delivery could amount to."""
    progress = {"jobProgress": {"jobPercentComplete": 40}}
    return [
        job_event(job, "PROGRESSING"),
        job_event(job, "STATUS_UPDATE", **progress),
        job_event(job, "COMPLETE", outputGroupDetails=[]),
        job_event(job, "ERROR", errorCode=1999, errorMessage="late"),
        job_event(job, "CANCELED"),
    ]


def damaged(clip: Path, folder: Path) -> Path:
    """The clip without its pictures: its conversion fails."""
    file = folder / "damaged.mp4"
    body = clip.read_bytes()
    start = body.index(b"mdat") + 4
    file.write_bytes(body[:start] + bytes(len(body) - start))
    return file


def wait_job_done(store: Store, upload: Upload) -> dict[str, Any]:
    def done() -> dict[str, Any] | None:
        return next((job for job in store.jobs(upload.video_id) if job["Status"] == "COMPLETE"), None)

    return wait_for(done, "the job to end", timeout=START_SECONDS)


def test_every_event_comes_many_times_in_any_order_after_the_end(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    published = [publish(library, tiny) for _ in range(SOME)]
    entries = [event for upload, _ in published for job in store.jobs(upload.video_id) for event in life(job)] * COPIES
    random.Random(SEED).shuffle(entries)  # noqa: S311 - the same order in every run
    stack.put_events(entries)
    for upload, _ in published * COPIES:
        store.announce(upload, tiny.stat().st_size)
    numbers.faults = len(entries) + SOME * COPIES
    videos = check(stack, store, library, numbers, uploads=SOME)
    before = {upload.video_id: but_poster(video) for upload, video in published}
    assert {video.video_id: but_poster(video) for video in videos} == before
    assert all(len(store.jobs(upload.video_id)) == 1 for upload, _ in published)


def test_every_upload_is_told_many_times_at_once(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    uploads = [library.upload(tiny) for _ in range(SOME)]
    with ThreadPoolExecutor(SOME) as pool:
        told = [pool.submit(store.announce, upload, tiny.stat().st_size) for upload in uploads * COPIES]
    numbers.faults = len([one.result() for one in told])
    videos = check(stack, store, library, numbers, uploads=SOME)
    assert {video.status for video in videos} == {"ready"}
    assert all(len(store.jobs(upload.video_id)) == 1 for upload in uploads)


def test_job_events_come_late_and_backwards(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    with stack.without_job_events():
        uploads = [library.upload(tiny) for _ in range(SOME)]
        jobs = [wait_job_done(store, upload) for upload in uploads]
    assert {video.status for video in library.all_videos()} == {"converting"}
    backwards = [event for job in jobs for event in reversed(life(job)[:TRUE])]
    stack.put_events([event for event in backwards for _ in range(COPIES)])
    numbers.faults = len(backwards) * COPIES
    # No help from the reconciler: the events alone must do it.
    for upload in uploads:
        assert library.wait_ready(upload.video_id, START_SECONDS).progress == 100
    check(stack, store, library, numbers, uploads=SOME)


def test_every_job_event_is_lost(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    with stack.without_job_events():
        for upload in [library.upload(tiny) for _ in range(SOME)]:
            wait_job_done(store, upload)
    numbers.faults = SOME
    videos = check(stack, store, library, numbers, uploads=SOME)
    assert {video.status for video in videos} == {"ready"}
    assert numbers.reconciled["LostJobEventsRecovered"] == SOME


def test_a_lost_failure_is_told_too(
    stack: FaultyStack, store: Store, person: Person, tmp_path: Path, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    with stack.without_job_events():
        upload = library.upload(damaged(tiny, tmp_path))
        wait_for(
            lambda: [job for job in store.jobs(upload.video_id) if job["Status"] == "ERROR"],
            "the job to fail",
            timeout=START_SECONDS,
        )
    numbers.faults = 1
    check(stack, store, library, numbers, uploads=1, failed=1)
    assert store.has_original(upload)


def test_the_notification_of_every_upload_is_lost(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    kept = store.s3.get_bucket_notification_configuration(Bucket=store.temp)
    kept.pop("ResponseMetadata", None)  # type: ignore[misc]
    store.s3.put_bucket_notification_configuration(Bucket=store.temp, NotificationConfiguration={})
    try:
        for _ in range(SOME):
            library.upload(tiny)
    finally:
        store.s3.put_bucket_notification_configuration(Bucket=store.temp, NotificationConfiguration=kept)  # type: ignore[arg-type]
    assert {video.status for video in library.all_videos()} == {"uploading"}
    numbers.faults = SOME
    videos = check(stack, store, library, numbers, uploads=SOME)
    assert {video.status for video in videos} == {"ready"}
    assert numbers.reconciled["VideosSentAgain"] == SOME


def test_uploads_that_nobody_finishes_are_given_up(
    stack: FaultyStack, store: Store, person: Person, large: Path, numbers: Numbers
) -> None:
    library = person.library
    size = large.stat().st_size
    whole = library.open_upload("never.mp4", "video/mp4", 1000)
    parts = library.open_upload("half.mp4", "video/mp4", size)
    assert parts.multipart is not None
    (url,) = library.part_urls(parts.video_id, [parts.multipart.part_count]).values()
    last = size - (parts.multipart.part_count - 1) * parts.multipart.part_size
    assert requests.put(url, data=bytes(last), timeout=60).ok
    numbers.faults = 2
    numbers.reconciled.update(stack.reconcile(quiet=0, abandonedAfterSeconds=3600))
    assert {library.video(upload.video_id).status for upload in (whole, parts)} == {"uploading"}
    numbers.reconciled.update(stack.reconcile(quiet=0, abandonedAfterSeconds=0))
    videos = check(stack, store, library, numbers, uploads=2, failed=2)
    assert {video.error.code for video in videos if video.error} == {"upload_abandoned"}
