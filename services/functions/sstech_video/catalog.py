"""The catalog in S3: one JSON object per video, changed by conditional writes only."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sstech_video import aws, keys
from sstech_video.entries import Entry, EntryError
from sstech_video.errors import UnavailableError
from sstech_video.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A conditional write that loses answers 412, or 409 while another one is under way:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
LOST: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
ABSENT: Final = frozenset({"NoSuchKey", "404"})

MAX_TRIES: Final = 12
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.5

READERS: Final = 8


@dataclass(frozen=True)
class Stored:
    """An entry as read, with the ETag that a write must match."""

    entry: Entry
    etag: str


@dataclass(frozen=True)
class Page:
    """`last` is the id to go on after, None at the end."""

    entries: tuple[Entry, ...]
    last: str | None


class Catalog:
    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def read(self, owner: str, video_id: str) -> Entry | None:
        stored = self._read(owner, video_id)
        return stored.entry if stored else None

    def create(self, entry: Entry) -> None:
        """Raises ClientError `PreconditionFailed` if the id is taken."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=keys.catalog(entry.owner, entry.video_id),
            Body=entry.to_json(),
            ContentType="application/json",
            IfNoneMatch="*",
        )

    def update(self, owner: str, video_id: str, change: Callable[[Entry], Entry]) -> Entry | None:
        """Apply a pure change to the newest entry, again whenever another writer was faster.

        Returns what is stored now, None if the entry does not exist (any more). `change` returns its argument to
        leave it as it is. Raises `UnavailableError` when others keep winning.
        """
        for tried in range(MAX_TRIES):
            stored = self._read(owner, video_id)
            if stored is None:
                return None
            changed = change(stored.entry)
            if changed == stored.entry:
                return changed
            outcome = self._write_over(stored, changed)
            if outcome is not None:
                return changed if outcome else None
            pause(tried)
        raise UnavailableError("This video is being changed by something else. Try again in a moment.")

    def remove(self, owner: str, video_id: str) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=keys.catalog(owner, video_id))

    def page(self, owner: str, limit: int, after: str | None) -> Page:
        """Up to `limit` entries, newest first, after the given video id."""
        listing = self._s3.list_objects_v2(
            Bucket=self._bucket,
            Prefix=keys.catalog_of(owner),
            MaxKeys=limit,
            StartAfter=keys.catalog(owner, after) if after else "",
        )
        found = [keys.parse_catalog(item["Key"]) for item in listing.get("Contents", [])]
        video_ids = [video_id for video_id in found if video_id]
        last = video_ids[-1] if listing["IsTruncated"] and video_ids else None
        return Page(self._read_all(owner, video_ids), last)

    def _read_all(self, owner: str, video_ids: list[str]) -> tuple[Entry, ...]:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(READERS) as pool:
            entries = pool.map(lambda video_id: self._readable(owner, video_id), video_ids)
            return tuple(entry for entry in entries if entry)

    def _readable(self, owner: str, video_id: str) -> Entry | None:
        """One bad entry must not hide a whole library."""
        try:
            return self.read(owner, video_id)
        except EntryError as error:
            logger.error("unreadable entry left out", extra={"video_id": video_id, "reason": str(error)})
            return None

    def _read(self, owner: str, video_id: str) -> Stored | None:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=keys.catalog(owner, video_id))
        except ClientError as error:
            if aws.error_code(error) in ABSENT:
                return None
            raise
        return Stored(Entry.from_json(answer["Body"].read()), answer["ETag"])

    def _write_over(self, stored: Stored, changed: Entry) -> bool | None:
        """True when written, False when the entry is gone, None when another writer was faster."""
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=keys.catalog(changed.owner, changed.video_id),
                Body=changed.to_json(),
                ContentType="application/json",
                IfMatch=stored.etag,
            )
        except ClientError as error:
            if aws.error_code(error) in LOST:
                return None
            if aws.error_code(error) in ABSENT:
                return False
            raise
        return True


def pause(tried: int) -> None:
    """Wait a random while, longer after every lost race, so that rivals come apart."""
    longest = min(FIRST_PAUSE_SECONDS * 2**tried, LONGEST_PAUSE_SECONDS)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads load, hides nothing
