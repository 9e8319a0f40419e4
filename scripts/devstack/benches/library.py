"""`dev.py bench library`: how long a page of the library takes while the library grows, beside the engine's own LIST.

One person's catalog grows in a stack of the benchmark's own; the entries are written straight into S3. A page is what
a person sees: 24 videos through the CDN and the API. LIST is one request for the same 24 keys. A round asks for both at
the newest end, in the middle and at the oldest end, in turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import functools
import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.progress import Progress
from rich.table import Table

from devstack.benches import BenchError, Setting
from devstack.benches.fresh_stack import fresh_stack
from devstack.contract import aws_clients
from devstack.contract.client import Library, Platform, new_password
from devstack.contract.inbox import read_inbox
from sstech_video import keys
from sstech_video.bodies import cursor_after
from sstech_video.entries import Entry, Status
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIZES = (100, 10_000, 100_000)
PAGE = 24
"""The API's own default."""
ROUNDS = 30
WARM_UP = 5
WRITERS = 4
BETWEEN = timedelta(minutes=7)
"""Age difference of two neighbours in the seeded library."""


@dataclass(frozen=True)
class Figures:
    """Medians in seconds, of a page and of the engine's LIST, with so many videos in the library."""

    videos: int
    page: float
    listing: float

    def growth_ratio(self, smallest: Figures) -> float:
        """How much the page grew since the smallest library, to how much LIST did; 1 or less is as it should be."""
        return (self.page / smallest.page) / (self.listing / smallest.listing)


def run(setting: Setting) -> int:
    """Starts a stack, grows a library in it and prints a line for each size; returns the exit code."""
    with fresh_stack() as outputs, Platform(outputs, lambda: read_inbox(outputs)) as platform:
        _, library = platform.join(f"bench-{time.time_ns()}@example.com", new_password())
        with library:
            figures = list(_grow(outputs, library, setting))
    _print(figures, setting)
    return 0


def _grow(outputs: Mapping[str, str], library: Library, setting: Setting) -> Iterator[Figures]:
    video_ids: list[str] = []
    with Progress(console=setting.console, transient=True) as progress:
        for size in SIZES:
            task = progress.add_task(f"{size} videos", total=size - len(video_ids))
            video_ids += _seed(
                outputs, library.owner, range(len(video_ids), size), functools.partial(progress.advance, task)
            )
            yield _measure(outputs, library, sorted(video_ids))


def _seed(outputs: Mapping[str, str], owner: str, numbers: range, advance: Callable[[], None]) -> list[str]:
    """Entries of videos that are ready, each older than the one before; returns their ids."""
    newest = datetime.now(UTC)
    s3 = aws_clients.s3(outputs)

    def write(number: int) -> str:
        entry = _entry(owner, newest - number * BETWEEN)
        s3.put_object(
            Bucket=outputs["MediaBucketName"],
            Key=keys.catalog(owner, entry.video_id),
            Body=entry.to_json(),
            ContentType="application/json",
        )
        advance()
        return entry.video_id

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(write, numbers))


def _entry(owner: str, made: datetime) -> Entry:
    video_id = new_video_id(made)
    return Entry(
        owner=owner,
        video_id=video_id,
        title="A video of the benchmark",
        file_name="benchmark.mp4",
        status=Status.READY,
        size=123_456_789,
        created_at=made,
        updated_at=made,
        progress=100,
        duration_ms=60_000,
        width=1920,
        height=1080,
        key=keys.original(owner, video_id, "mp4"),
        content_type="video/mp4",
        uploaded_at=made,
        attempt=1,
    )


def _measure(outputs: Mapping[str, str], library: Library, video_ids: Sequence[str]) -> Figures:
    """`video_ids` in S3's key order."""
    s3 = aws_clients.s3(outputs)
    places = (None, video_ids[len(video_ids) // 2], video_ids[-PAGE - 1])
    rounds = [_round(s3, outputs["MediaBucketName"], library, places) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
    page, listing = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    return Figures(len(video_ids), page, listing)


def _round(s3: S3Client, bucket: str, library: Library, places: Sequence[str | None]) -> tuple[float, float]:
    """Seconds of a page and of a LIST, averages of the places (ids after which to go on)."""
    paging = listing = 0.0
    for after in places:
        started = time.monotonic()
        page = library.videos(PAGE, cursor_after(after) if after else None)
        paged = time.monotonic()
        s3.list_objects_v2(
            Bucket=bucket,
            Prefix=keys.catalog_of(library.owner),
            MaxKeys=PAGE,
            StartAfter=keys.catalog(library.owner, after) if after else "",
        )
        paging += paged - started
        listing += time.monotonic() - paged
        if len(page.videos) != PAGE:
            raise BenchError(f"A page held {len(page.videos)} videos, not {PAGE}.")
    return paging / len(places), listing / len(places)


def _print(figures: Sequence[Figures], setting: Setting) -> None:
    smallest = figures[0]
    if setting.as_json:
        document = [
            {
                "videos": one.videos,
                "pageSeconds": one.page,
                "listSeconds": one.listing,
                "pageGrowth": one.page / smallest.page,
                "listGrowth": one.listing / smallest.listing,
                "growthRatio": one.growth_ratio(smallest),
            }
            for one in figures
        ]
        print(json.dumps(document, indent=2))
        return
    table = Table(title=f"A page of {PAGE}, medians of {ROUNDS} rounds", title_justify="left")
    for heading in ("videos", "page", "the engine's LIST", "page grew", "LIST grew", "page's growth to LIST's"):
        table.add_column(heading, justify="right")
    for one in figures:
        table.add_row(
            f"{one.videos:,}",
            _milliseconds(one.page),
            _milliseconds(one.listing),
            f"x {one.page / smallest.page:.2f}",
            f"x {one.listing / smallest.listing:.2f}",
            f"{one.growth_ratio(smallest):.2f}",
        )
    setting.console.print(table)
    worst = max(one.growth_ratio(smallest) for one in figures[1:])
    verdict = "no more than" if worst <= 1 else "MORE than"
    setting.console.print(f"A page grows {verdict} the engine's own LIST: at most {worst:.2f} of its growth.")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
