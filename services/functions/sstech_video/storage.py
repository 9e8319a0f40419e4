"""The few S3 gestures that several parts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from sstech_video import aws
from sstech_video.catalog import ABSENT
from sstech_video.clock import never

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
DELETE_BATCH: Final = 1000


class DeletionError(RuntimeError):
    """S3 refused to delete some objects; the message has the first refusal."""


class OutOfTimeError(RuntimeError):
    """The caller's time is up; what is left can be gone on with later."""


def size_of(s3: S3Client, bucket: str, key: str) -> int | None:
    """Size in bytes, None if there is no such object."""
    try:
        return s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if aws.error_code(error) in ABSENT:
            return None
        raise


@dataclass(frozen=True)
class Found:
    """An object in a listing."""

    key: str
    modified_at: datetime


def objects_under(s3: S3Client, bucket: str, prefix: str) -> Iterator[Found]:
    """All objects with the prefix, in S3's order, page by page."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield Found(item["Key"], item["LastModified"])


def keys_under(s3: S3Client, bucket: str, prefix: str) -> list[str]:
    """All keys with the prefix, in S3's order."""
    return [found.key for found in objects_under(s3, bucket, prefix)]


def delete_under(s3: S3Client, bucket: str, prefix: str, late: Callable[[], bool] = never) -> int:
    """Delete every object with the prefix; returns how many.

    Raises `DeletionError`, and `OutOfTimeError` when it is `late` before everything is gone.
    """
    found = keys_under(s3, bucket, prefix)
    for start in range(0, len(found), DELETE_BATCH):
        if late():
            raise OutOfTimeError(f"{len(found) - start} objects are left under {prefix}")
        batch: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in found[start : start + DELETE_BATCH]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        for refused in answer.get("Errors", []):
            raise DeletionError(f"{refused.get('Key')}: {refused.get('Code')} {refused.get('Message')}")
    return len(found)
