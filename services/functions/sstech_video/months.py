"""`usage/{owner}/{yyyy-mm}.json`: what one month saw of an owner, or of everybody; conditional writes only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sstech_video import aws
from sstech_video.catalog import ABSENT, LOST, MAX_TRIES, pause
from sstech_video.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Everybody's document has many writers, and none of them has a caller who waits.
PATIENT_TRIES: Final = 30


@dataclass(frozen=True)
class Item:
    """One video in the ledger; `size` in bytes as announced."""

    size: int
    open: bool


Ledger = Mapping[str, Item]


@dataclass(frozen=True)
class Month:
    """`videos` were made in this month, by id; `spent` in it, in micro-dollars by attempt."""

    videos: Ledger = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Months:
    s3: S3Client
    bucket: str
    tries: int = MAX_TRIES

    def read(self, key: str) -> Month:
        return self._read(key)[0]

    def update(self, key: str, change: Callable[[Month], Month]) -> None:
        """Apply a pure change to the newest document. Raises `UnavailableError` when others keep winning."""
        for tried in range(self.tries):
            month, etag = self._read(key)
            changed = change(month)
            if changed == month or self._write(key, changed, etag):
                return
            pause(tried)
        raise UnavailableError("Too many uploads start at once. Try again in a moment.")

    def _read(self, key: str) -> tuple[Month, str | None]:
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if aws.error_code(error) in ABSENT:
                return Month(), None
            raise
        return from_json(answer["Body"].read()), answer["ETag"]

    def _write(self, key: str, month: Month, etag: str | None) -> bool:
        """False when another writer was faster."""
        put = {"Bucket": self.bucket, "Key": key, "Body": to_json(month), "ContentType": "application/json"}
        try:
            self.s3.put_object(**put, **({"IfMatch": etag} if etag else {"IfNoneMatch": "*"}))  # type: ignore[arg-type]
        except ClientError as error:
            if aws.error_code(error) in LOST | ABSENT:
                return False
            raise
        return True


def month_at(moment: datetime) -> str:
    """`yyyy-mm`."""
    return moment.strftime("%Y-%m")


def to_json(month: Month) -> bytes:
    videos = {video_id: {"size": item.size, "open": item.open} for video_id, item in month.videos.items()}
    return json.dumps({"videos": videos, "spent": dict(month.spent)}, separators=(",", ":")).encode()


def from_json(body: bytes) -> Month:
    document = json.loads(body)
    videos = document.get("videos", {})
    return Month(
        {video_id: Item(int(item["size"]), bool(item["open"])) for video_id, item in videos.items()},
        {attempt: int(cost) for attempt, cost in document.get("spent", {}).items()},
    )
