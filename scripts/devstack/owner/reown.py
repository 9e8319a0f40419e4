"""Moves a person's videos to a new account id: for whoever had to make a new account.

A video is copied, then entered into the new library, then taken out of the old one. Interrupted at any point, it is
whole in at least one of the two, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from bootstrap.errors import BootstrapError
from sstech_video import keys
from sstech_video.entries import Entry, Status
from sstech_video.months import Months
from sstech_video.usage import month_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALREADY_THERE = "PreconditionFailed"


class ReownError(BootstrapError):
    """The videos cannot be moved; the message says what to do first."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Ids of the videos that were moved, and of those that stay because they are not ready."""

    moved: tuple[str, ...]
    unfinished: tuple[str, ...]


def reown(s3: S3Client, bucket: str, old: str, new: str, say: Callable[[str], None] = lambda _message: None) -> Moved:
    """Moves every ready video of account `old` to account `new`, in the main bucket `bucket`.

    Raises:
        ReownError: one of the two is no account id, or both are the same.
    """
    if not keys.is_owner(old) or not keys.is_owner(new) or old == new:
        raise ReownError("Give two different account ids: the `sub` of the old account and that of the new one.")
    entries = list(_entries(s3, bucket, old))
    ready = [entry for entry in entries if entry.status is Status.READY]
    for number, entry in enumerate(ready, 1):
        say(f"Moving {number} of {len(ready)}")
        _move(s3, bucket, entry, new)
    unfinished = tuple(entry.video_id for entry in entries if entry.status is not Status.READY)
    return Moved(tuple(entry.video_id for entry in ready), unfinished)


def _move(s3: S3Client, bucket: str, entry: Entry, new: str) -> None:
    old_folder, new_folder = keys.media(entry.owner, entry.video_id), keys.media(new, entry.video_id)
    files = list(_keys(s3, bucket, old_folder))
    for key in files:
        # Managed: in parts where a file is beyond what one copy takes.
        s3.copy({"Bucket": bucket, "Key": key}, bucket, new_folder + key.removeprefix(old_folder))
    _enter(s3, bucket, replace(entry, owner=new, key=keys.original(new, entry.video_id, keys.extension(entry.key))))
    _move_usage(s3, bucket, entry, new)
    s3.delete_object(Bucket=bucket, Key=keys.catalog(entry.owner, entry.video_id))
    for key in files:
        s3.delete_object(Bucket=bucket, Key=key)


def _enter(s3: S3Client, bucket: str, entry: Entry) -> None:
    try:
        s3.put_object(
            Bucket=bucket,
            Key=keys.catalog(entry.owner, entry.video_id),
            Body=entry.to_json(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        # An interrupted move had come so far already.
        if error.response["Error"]["Code"] != ALREADY_THERE:
            raise


def _move_usage(s3: S3Client, bucket: str, entry: Entry, new: str) -> None:
    """What the video takes of the monthly quota goes with it."""
    months, month = Months(s3, bucket), month_of(entry.video_id)
    item = months.read(keys.usage(entry.owner, month)).videos.get(entry.video_id)
    if item is None:
        return
    months.update(keys.usage(new, month), lambda known: replace(known, videos={**known.videos, entry.video_id: item}))
    months.update(
        keys.usage(entry.owner, month),
        lambda known: replace(
            known, videos={video: one for video, one in known.videos.items() if video != entry.video_id}
        ),
    )


def _entries(s3: S3Client, bucket: str, owner: str) -> Iterator[Entry]:
    for key in _keys(s3, bucket, keys.catalog_of(owner)):
        yield Entry.from_json(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _keys(s3: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"]
