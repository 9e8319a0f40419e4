"""Empties and deletes buckets: CloudFormation deletes none that holds anything."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bootstrap.artifacts import NOT_FOUND

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# S3 takes up to 1,000 keys in one DeleteObjects.
KEYS_PER_CALL = 1000


def empty_bucket(s3: "S3Client", bucket: str) -> None:
    """Deletes every object, version and unfinished upload; a bucket that is not there is empty."""
    if not _exists(s3, bucket):
        return
    for upload in _unfinished(s3, bucket):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload[0], UploadId=upload[1])
    keys = (
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    )
    for some in _batches(keys):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True})


def delete_bucket(s3: "S3Client", bucket: str) -> None:
    """Deletes the bucket with all that is in it; one that is not there is no error."""
    if _exists(s3, bucket):
        empty_bucket(s3, bucket)
        s3.delete_bucket(Bucket=bucket)


def _exists(s3: "S3Client", bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return False
        raise
    return True


def _unfinished(s3: "S3Client", bucket: str) -> list[tuple[str, str]]:
    return [
        (upload["Key"], upload["UploadId"])
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
        for upload in page.get("Uploads", [])
    ]


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for key in keys:
        batch.append(key)
        if len(batch) == KEYS_PER_CALL:
            yield batch
            batch = []
    if batch:
        yield batch
