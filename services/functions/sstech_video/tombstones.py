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

    def all(self) -> Iterator[tuple[str, str, datetime]]:
        """Owner, id and time of deletion: a listing of a month's deletions, not of the library."""
        for found in storage.objects_under(self._s3, self._bucket, keys.TOMBSTONES):
            buried = keys.parse_tombstone(found.key)
            if buried:
                yield *buried, found.modified_at

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
