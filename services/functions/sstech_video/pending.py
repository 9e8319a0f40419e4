"""`pending/{videoId}`: the short list of unfinished work.

Written before the catalog entry and removed at its end state, so whoever looks for stuck videos needs no scan of the
catalog; a deletion writes it too, until nothing is left. It lies outside the prefix of the bucket's notification.

Whoever takes a video up again (a retry, a deletion) marks it before changing its entry, lest it dies right after, and
once more behind it: `settle` may have come in between and taken the first marker for its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sstech_video import aws, keys
from sstech_video.catalog import ABSENT, Catalog
from sstech_video.entries import Entry, Status, iso
from sstech_video.tombstones import Tombstones
from sstech_video.video_ids import is_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


UNFINISHED: Final = frozenset({Status.UPLOADING, Status.UPLOADED, Status.CONVERTING})


@dataclass(frozen=True)
class Marker:
    """Unfinished work, and since when."""

    owner: str
    video_id: str
    since: datetime


def mark(s3: S3Client, bucket: str, owner: str, video_id: str, now: datetime) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=keys.pending(video_id),
        Body=json.dumps({"owner": owner, "videoId": video_id, "since": iso(now)}).encode(),
        ContentType="application/json",
    )


def clear(s3: S3Client, bucket: str, video_id: str) -> None:
    s3.delete_object(Bucket=bucket, Key=keys.pending(video_id))


def settle(s3: S3Client, bucket: str, catalog: Catalog, tombstones: Tombstones, entry: Entry, now: datetime) -> None:
    """Take away the marker of a video that is at its end, unless it is tried again or deleted meanwhile."""
    clear(s3, bucket, entry.video_id)
    # Only now: a change before this look is seen here, one after it is followed by a marker of its own.
    newest = catalog.read(entry.owner, entry.video_id)
    unfinished = newest.status in UNFINISHED if newest is not None else tombstones.exists(entry.owner, entry.video_id)
    if unfinished:
        mark(s3, bucket, entry.owner, entry.video_id, now)


def video_ids(s3: S3Client, bucket: str) -> Iterator[str]:
    """Ids of the videos with a marker; other keys are passed over."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=keys.PENDING):
        for item in page.get("Contents", []):
            video_id = item["Key"].removeprefix(keys.PENDING)
            if is_video_id(video_id):
                yield video_id


def read(s3: S3Client, bucket: str, video_id: str) -> Marker | None:
    """None if there is no marker (any more), or not one of ours."""
    try:
        body = s3.get_object(Bucket=bucket, Key=keys.pending(video_id))["Body"].read()
    except ClientError as error:
        if aws.error_code(error) in ABSENT:
            return None
        raise
    try:
        document = json.loads(body)
        owner, since = document["owner"], datetime.fromisoformat(document["since"])
    except (KeyError, TypeError, ValueError):
        return None
    return Marker(owner, video_id, since) if keys.is_owner(owner) else None
