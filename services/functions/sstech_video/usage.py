"""What an owner has in store, and the quotas on it.

`usage/{owner}/{yyyy-mm}.json` lists every video whose id was made in that month, with its announced size, until the
video is deleted. The month follows from the id, so adding and removing are idempotent and need no scan of the
catalog: a decision reads one small object for each month in which the owner uploaded.

An upload counts as open until somebody looks: only when a quota would be exceeded are the open ones looked up in
the catalog, and those that got through (or vanished) closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sstech_video import keys, video_ids
from sstech_video.catalog import READERS, Catalog
from sstech_video.entries import Status
from sstech_video.errors import QuotaExceededError
from sstech_video.months import Item, Ledger, Month, Months, month_at

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Well after the reconciler has given up an upload that nobody goes on with (`stuck.ABANDONED_AFTER`). One that is still
# going on then does not count among the open ones any more; its bytes do.
OPEN_FOR: Final = timedelta(days=7)
# An id this young may still be on its way into the catalog.
SETTLED_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Quotas:
    max_open_uploads: int
    max_stored_bytes: int


class Usage:
    def __init__(self, s3: S3Client, bucket: str, catalog: Catalog, quotas: Quotas) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._months = Months(s3, bucket)
        self._catalog = catalog
        self._quotas = quotas

    def reserve(self, owner: str, video_id: str, size: int, now: datetime) -> None:
        """Put a new upload on the ledger. Raises `QuotaExceededError`."""
        month = month_of(video_id)
        others = self._other_months(owner, month)

        def add(known: Month) -> Month:
            everything: Ledger = {**others, **known.videos}
            if refusal(everything, size, self._quotas, now):
                everything = self._settled(owner, everything, now)
            if reason := refusal(everything, size, self._quotas, now):
                raise QuotaExceededError(reason)
            kept = {video: everything[video] for video in known.videos if video in everything}
            return replace(known, videos={**kept, video_id: Item(size, open=True)})

        self._months.update(keys.usage(owner, month), add)

    def release(self, owner: str, video_id: str) -> None:
        """Take a deleted video off the ledger."""

        def drop(known: Month) -> Month:
            return replace(known, videos={video: item for video, item in known.videos.items() if video != video_id})

        self._months.update(keys.usage(owner, month_of(video_id)), drop)

    def _settled(self, owner: str, ledger: Ledger, now: datetime) -> Ledger:
        """The ledger after a look at the uploads it believes to be open."""
        from concurrent.futures import ThreadPoolExecutor

        settled = dict(ledger)
        known = [
            video_id for video_id in open_uploads(ledger, now) if now - video_ids.created_at(video_id) >= SETTLED_AFTER
        ]
        # Together: a full quota is a few hundred of them, and the caller waits.
        with ThreadPoolExecutor(READERS) as pool:
            entries = list(pool.map(lambda video_id: self._catalog.read(owner, video_id), known))
        for video_id, entry in zip(known, entries, strict=True):
            if entry is None:
                del settled[video_id]
            elif entry.status is not Status.UPLOADING:
                settled[video_id] = replace(settled[video_id], open=False)
        return settled

    def _other_months(self, owner: str, month: str) -> Ledger:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=keys.usage_of(owner))
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        merged: dict[str, Item] = {}
        for key in found:
            if key != keys.usage(owner, month):
                merged.update(self._months.read(key).videos)
        return merged


def month_of(video_id: str) -> str:
    return month_at(video_ids.created_at(video_id))


def open_uploads(ledger: Ledger, now: datetime) -> list[str]:
    """Ids of the uploads that count as open."""
    return [
        video_id for video_id, item in ledger.items() if item.open and now - video_ids.created_at(video_id) < OPEN_FOR
    ]


def refusal(ledger: Ledger, size: int, quotas: Quotas, now: datetime) -> str | None:
    """Why an upload of `size` bytes more would be too much, in words for its owner."""
    if len(open_uploads(ledger, now)) >= quotas.max_open_uploads:
        return f"{quotas.max_open_uploads} uploads are open. Finish or delete one of them first."
    if sum(item.size for item in ledger.values()) + size > quotas.max_stored_bytes:
        return f"This would exceed your {quotas.max_stored_bytes} bytes of storage. Delete some videos first."
    return None
