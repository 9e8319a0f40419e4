"""Deleting a video: a tombstone first, then everything.

Each step may be repeated, so a deletion that was cut short is finished by the next DELETE, and what late events find
is cleaned up by whoever receives them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sstech_video import aws, keys, pending, storage
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry
from sstech_video.errors import no_such_video
from sstech_video.multipart import UploadBucket
from sstech_video.tombstones import Tombstones
from sstech_video.usage import Usage
from sstech_video.video_ids import is_video_id

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert import MediaConvertClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Deletion:
    s3: S3Client
    mediaconvert: Callable[[], MediaConvertClient]
    temp_bucket: str
    media_bucket: str
    catalog: Catalog
    tombstones: Tombstones
    usage: Usage
    upload_bucket: UploadBucket

    def delete(self, owner: str, video_id: str) -> None:
        """Raises `NotFoundError` for what the owner never had."""
        self._clean_up(self._bury(owner, video_id))

    def _bury(self, owner: str, video_id: str) -> Entry:
        """Take the entry out of the catalog for good; returns what it was."""
        if not is_video_id(video_id):
            raise no_such_video()
        entry = self.catalog.read(owner, video_id)
        if entry is None:
            buried = self.tombstones.read(owner, video_id)
            if buried is None:
                raise no_such_video()
            return buried
        self.tombstones.write(entry)
        # Whoever changes the entry from here on looks for the tombstone afterwards; whoever did before is seen now.
        newest = self.catalog.read(owner, video_id) or entry
        if newest != entry:
            self.tombstones.write(newest)
        self.catalog.remove(owner, video_id)
        return newest

    def _clean_up(self, entry: Entry) -> None:
        if entry.job_id:
            cancel_job(self.mediaconvert(), entry.job_id)
        if entry.upload_id:
            self.upload_bucket.abort(entry.key, entry.upload_id)
        storage.delete_under(self.s3, self.temp_bucket, keys.originals(entry.owner, entry.video_id))
        storage.delete_under(self.s3, self.media_bucket, keys.media(entry.owner, entry.video_id))
        pending.clear(self.s3, self.temp_bucket, entry.video_id)
        self.usage.release(entry.owner, entry.video_id)


def cancel_job(mediaconvert: MediaConvertClient, job_id: str) -> None:
    """Cancel a job unless it is over already; its last event cleans up then."""
    with aws.ignoring("ConflictException", "NotFoundException", "BadRequestException"):
        mediaconvert.cancel_job(Id=job_id)
