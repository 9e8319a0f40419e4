"""`deleted/{owner}/{videoId}`: proof that a video was deleted, for events that come late.

It holds the last catalog entry, so that a deletion cut short can be taken up again. A lifecycle rule removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sstech_video import aws, keys, storage
from sstech_video.catalog import ABSENT
from sstech_video.entries import Entry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Tombstones:
    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def write(self, entry: Entry) -> None:
        self._s3.put_object(
            Bucket=self._bucket,
            Key=keys.tombstone(entry.owner, entry.video_id),
            Body=entry.to_json(),
            ContentType="application/json",
        )

    def since(self, moment: datetime) -> Iterator[tuple[str, str]]:
        """Owner and id of the videos deleted after `moment`. A listing of a month's deletions, not of the library."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=keys.TOMBSTONES):
            for item in page.get("Contents", []):
                buried = keys.parse_tombstone(item["Key"])
                if buried and item["LastModified"] >= moment:
                    yield buried

    def exists(self, owner: str, video_id: str) -> bool:
        return storage.size_of(self._s3, self._bucket, keys.tombstone(owner, video_id)) is not None

    def read(self, owner: str, video_id: str) -> Entry | None:
        """The entry as it was when the video was deleted."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=keys.tombstone(owner, video_id))
        except ClientError as error:
            if aws.error_code(error) in ABSENT:
                return None
            raise
        return Entry.from_json(answer["Body"].read())
