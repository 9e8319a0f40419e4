"""Deleting a video: a tombstone first, then everything.

Each step may be repeated, so a deletion that was cut short is finished by the next DELETE or by the reconciler, which
finds its marker; what late events find is cleaned up by whoever receives them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sstech_video import keys, pending, storage
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry
from sstech_video.errors import no_such_video
from sstech_video.invalidation import Invalidation
from sstech_video.jobs import Jobs
from sstech_video.multipart import UploadBucket
from sstech_video.observability import logger
from sstech_video.tombstones import Tombstones
from sstech_video.usage import Usage
from sstech_video.video_ids import is_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Deletion:
    s3: S3Client
    jobs: Callable[[], Jobs]
    temp_bucket: str
    media_bucket: str
    catalog: Catalog
    tombstones: Tombstones
    usage: Usage
    upload_bucket: UploadBucket
    invalidation: Invalidation

    def delete(self, owner: str, video_id: str, now: datetime) -> None:
        """Raises `NotFoundError` for what the owner never had."""
        if not is_video_id(video_id):
            raise no_such_video()
        entry = self.catalog.read(owner, video_id)
        known = entry or self.tombstones.read(owner, video_id)
        if known is None:
            raise no_such_video()
        pending.mark(self.s3, self.temp_bucket, owner, video_id, now)
        gone = self._bury(entry) if entry else known
        # Again: as long as the entry was there, whoever settled the video may have taken the first one away.
        pending.mark(self.s3, self.temp_bucket, owner, video_id, now)
        try:
            self._clean_up(gone)
        except (BotoCoreError, ClientError):
            # It is deleted for everybody; what is left of it has a marker, by which the reconciler finishes.
            logger.exception("deletion left to the reconciler", extra={"video_id": video_id})

    def finish(self, owner: str, video_id: str) -> None:
        """Delete all there is of a video but its tombstone. Nothing happens to what was never there."""
        entry = self.catalog.read(owner, video_id)
        gone = self._bury(entry) if entry else self.tombstones.read(owner, video_id)
        if gone is not None:
            self._clean_up(gone)

    def sweep(self, owner: str, video_id: str) -> int:
        """Delete objects that came after their video was deleted; returns how many."""
        late = storage.delete_under(self.s3, self.temp_bucket, keys.originals(owner, video_id))
        return late + storage.delete_under(self.s3, self.media_bucket, keys.media(owner, video_id))

    def _bury(self, entry: Entry) -> Entry:
        """Take the entry out of the catalog for good; returns what it was."""
        owner, video_id = entry.owner, entry.video_id
        self.tombstones.write(entry)
        # Whoever changes the entry from here on looks for the tombstone afterwards; whoever did before is seen now.
        newest = self.catalog.read(owner, video_id) or entry
        if newest != entry:
            self.tombstones.write(newest)
        self.catalog.remove(owner, video_id)
        return newest

    def _clean_up(self, entry: Entry) -> None:
        if entry.job_id:
            self.jobs().cancel(entry.job_id)
        if entry.upload_id:
            self.upload_bucket.abort(entry.key, entry.upload_id)
        self.sweep(entry.owner, entry.video_id)
        if entry.attempt:
            self.invalidation.of_video(entry.owner, entry.video_id)
        self.usage.release(entry.owner, entry.video_id)
        pending.clear(self.s3, self.temp_bucket, entry.video_id)
