"""What must be true of everything once a fault is over, whatever it was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from integration.store import Store

from devstack.contract.answers import Video
from devstack.contract.client import ENDED, Library
from devstack.waiting import DeadlineExceededError, wait_for
from sstech_video import keys, months
from sstech_video.entries import Entry

from .stack import FaultyStack

if TYPE_CHECKING:
    from collections.abc import Sequence

VISIBILITY_SECONDS = 360
"""Of the trigger's queue: a message that was being handled when everything stopped comes back after so long."""
SETTLE_SECONDS = VISIBILITY_SECONDS + 240
"""For everything that was under way to end, on a machine with other work."""
TIDY_SECONDS = 30
SECONDS_FOR_EACH = 5
ROUND_SECONDS = 5.0
"""Between two rounds of the reconciler."""
QUIET_SECONDS = 5
"""It looks at what was quiet for so long."""


@dataclass
class Numbers:
    """What one test did and saw; printed at the end of the run.

    `faults` are kills, cuts, and events that were lost, doubled or late; `orphans` what was left in the end and belongs
    to nothing; `published` the folders of outputs.
    """

    uploads: int = 0
    faults: int = 0
    ready: int = 0
    failed: int = 0
    published: int = 0
    orphans: int = 0
    reconciled: Counter[str] = field(default_factory=Counter)

    def add(self, other: Numbers) -> None:
        self.uploads += other.uploads
        self.faults += other.faults
        self.ready += other.ready
        self.failed += other.failed
        self.published += other.published
        self.orphans += other.orphans
        self.reconciled += other.reconciled


def settle(stack: FaultyStack, library: Library, numbers: Numbers, uploads: int) -> list[Video]:
    """All videos of the library once each has ended; the reconciler makes its rounds meanwhile."""
    timeout = SETTLE_SECONDS + SECONDS_FOR_EACH * uploads

    def ended() -> list[Video] | None:
        videos = list(library.all_videos(100))
        if all(video.status in ENDED for video in videos):
            return videos
        numbers.reconciled.update(stack.reconcile(quiet=QUIET_SECONDS))
        return None

    return wait_for(ended, "every video to be ready or failed", timeout=timeout, longest_pause=ROUND_SECONDS)


def check(
    stack: FaultyStack, store: Store, library: Library, numbers: Numbers, uploads: int, failed: int | None = 0
) -> list[Video]:
    """Settles, lets the reconciler clean up, and finds nothing that should not be there. Returns the videos.

    `failed` of them have failed; None when the fault leaves open how many.
    """
    videos = settle(stack, library, numbers, uploads)
    store.wait_queue_drained(SETTLE_SECONDS)
    numbers.reconciled.update(stack.reconcile())
    # An original goes a moment after its video is ready.
    with suppress(DeadlineExceededError):
        wait_for(lambda: not problems_of(store, library, videos), "everything to be tidy", timeout=TIDY_SECONDS)
    numbers.uploads, numbers.ready = uploads, sum(video.status == "ready" for video in videos)
    numbers.failed = sum(video.status == "failed" for video in videos)
    numbers.published = len(_folders(store, library.owner))
    numbers.orphans = len(_orphans(store, library.owner, videos))
    problems = problems_of(store, library, videos)
    assert not problems, "\n".join(problems)
    assert len(videos) == uploads
    assert failed is None or numbers.failed == failed
    return videos


def problems_of(store: Store, library: Library, videos: Sequence[Video]) -> list[str]:
    """Everything in S3 that has no right to be there, or is missing, in words."""
    owner = library.owner
    entries = {video.video_id: _entry(store, owner, video.video_id) for video in videos}
    return [
        *_reasons(videos),
        *_outputs(store, owner, entries.values()),
        *_originals(store, owner, entries),
        *_orphans(store, owner, videos),
    ]


def _entry(store: Store, owner: str, video_id: str) -> Entry:
    answer = store.s3.get_object(Bucket=store.media, Key=keys.catalog(owner, video_id))
    return Entry.from_json(answer["Body"].read())


def _reasons(videos: Iterable[Video]) -> list[str]:
    silent = [video for video in videos if video.status == "failed" and not (video.error and video.error.message)]
    open_ended = [video for video in videos if video.status not in ENDED]
    return [
        *(f"{video.video_id} failed without a reason" for video in silent),
        *(f"{video.video_id} is {video.status}" for video in open_ended),
    ]


def _outputs(store: Store, owner: str, entries: Iterable[Entry]) -> list[str]:
    """One published attempt for each ready video, none for any other."""
    problems: list[str] = []
    published: dict[str, set[str]] = {}
    for video_id, attempt in _folders(store, owner):
        published.setdefault(video_id, set()).add(attempt)
    for entry in entries:
        found = published.pop(entry.video_id, set())
        wanted = {str(entry.attempt)} if entry.status == "ready" else set()
        if found != wanted:
            problems.append(f"{entry.video_id} ({entry.status}) has outputs of attempts {found}, not {wanted}")
        mp4 = f"{keys.attempt(owner, entry.video_id, entry.attempt)}{keys.MP4_NAME}"
        if wanted and not store.keys(store.media, mp4):
            problems.append(f"{entry.video_id} is ready without an MP4")
    return problems


def _folders(store: Store, owner: str) -> set[tuple[str, str]]:
    """Video and attempt of all outputs."""
    found = (key.split("/") for key in store.keys(store.media, f"media/{owner}/"))
    return {(video_id, attempt) for _, _, video_id, attempt, *_ in found}


def _originals(store: Store, owner: str, entries: dict[str, Entry]) -> list[str]:
    """An original may only wait for the retry of a failed video."""
    return [
        f"{key} is left although its video is {entry.status}"
        for key in store.keys(store.temp, f"uploads/{owner}/")
        if (entry := entries.get(key.split("/")[2])) and entry.status != "failed"
    ]


def _orphans(store: Store, owner: str, videos: Iterable[Video]) -> list[str]:
    """Parts, markers and dead letters of anything, and whatever belongs to none of the videos."""
    known = {video.video_id for video in videos}
    uploads = store.s3.list_multipart_uploads(Bucket=store.temp, Prefix=f"uploads/{owner}/").get("Uploads", [])
    entries = {keys.parse_catalog(key) or key for key in store.keys(store.media, keys.catalog_of(owner))}
    booked = {video_id for key in store.keys(store.media, keys.usage_of(owner)) for video_id in _booked(store, key)}
    return [
        *(f"parts of {upload['Key']}" for upload in uploads),
        *(f"marker {key}" for key in store.keys(store.temp, keys.PENDING) if _marks(store, key, owner)),
        *(f"entry of {entry}, which is no video" for entry in entries - known),
        *(f"{video_id} counts for the quota and is no video" for video_id in booked - known),
        *(
            f"outputs of {video_id}, which is no video"
            for video_id, _ in _folders(store, owner)
            if video_id not in known
        ),
        *(
            f"original {key} of no video"
            for key in store.keys(store.temp, f"{keys.UPLOADS}{owner}/")
            if key.split("/")[2] not in known
        ),
        *(f"{count} messages in {queue}" for queue, count in store.dead_letters().items() if count),
    ]


def _booked(store: Store, key: str) -> Mapping[str, object]:
    body = store.s3.get_object(Bucket=store.media, Key=key)["Body"].read()
    return months.from_json(body).videos


def _marks(store: Store, key: str, owner: str) -> bool:
    body = store.s3.get_object(Bucket=store.temp, Key=key)["Body"].read()
    return bool(json.loads(body)["owner"] == owner)
