"""Deleting a video: a tombstone first, then everything.

Each step may be repeated, so a deletion that was cut short is finished by the next DELETE or by the reconciler, which
finds its marker; what late events find is cleaned up by whoever receives them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sstech_video import clock, keys, pending, storage
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry
from sstech_video.errors import no_such_video
from sstech_video.invalidation import Invalidation
from sstech_video.jobs import Jobs
from sstech_video.multipart import UploadBucket
from sstech_video.observability import Count, count, logger
from sstech_video.tombstones import Tombstones
from sstech_video.usage import Usage
from sstech_video.video_ids import is_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Whoever deletes a video waits for no more of it than this; API Gateway itself waits 29 s for the function.
AT_ONCE_SECONDS: Final = 8.0


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
        """From here on it is gone for everybody, however much there is to clean up.

        Raises `NotFoundError` for what the owner never had.
        """
        if not is_video_id(video_id):
            raise no_such_video()
        entry = self.catalog.read(owner, video_id)
        known = entry or self.tombstones.read(owner, video_id)
        if known is None:
            raise no_such_video()
        pending.mark(self.s3, self.temp_bucket, owner, video_id, now)
        gone = self._bury(entry) if entry else known
        if not self._finished_at_once(gone, now):
            count(Count.DELETIONS_LEFT)

    def _finished_at_once(self, gone: Entry, now: datetime) -> bool:
        """It is deleted for everybody now: what is left of it has a marker, by which the reconciler finishes."""
        try:
            # Again: as long as the entry was there, whoever settled the video may have taken the first one away.
            pending.mark(self.s3, self.temp_bucket, gone.owner, gone.video_id, now)
            return self._clean_up(gone, clock.deadline(AT_ONCE_SECONDS))
        except storage.OutOfTimeError as error:
            logger.info("the rest of the deletion is left to the reconciler", extra={"reason": str(error)})
        except Exception:  # noqa: BLE001 - logged, and tried again by the reconciler
            logger.exception("deletion left to the reconciler")
        return False

    def finish(self, owner: str, video_id: str) -> bool:
        """Delete all there is of a video but its tombstone; whether that is done, or is to be gone on with later.

        Nothing happens to what was never there.
        """
        entry = self.catalog.read(owner, video_id)
        gone = self._bury(entry) if entry else self.tombstones.read(owner, video_id)
        return gone is not None and self._clean_up(gone, clock.never)

    def sweep(self, owner: str, video_id: str, late: Callable[[], bool] = clock.never) -> int:
        """Delete objects that came after their video was deleted; returns how many. Raises `OutOfTimeError`."""
        deleted = storage.delete_under(self.s3, self.temp_bucket, keys.originals(owner, video_id), late)
        return deleted + storage.delete_under(self.s3, self.media_bucket, keys.media(owner, video_id), late)

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

    def _clean_up(self, entry: Entry, late: Callable[[], bool]) -> bool:
        """Whether nothing is left. First what its owner feels at once, then what costs money, the marker last."""
        self.usage.release(entry.owner, entry.video_id)
        if entry.upload_id:
            self.upload_bucket.abort(entry.key, entry.upload_id)
        if entry.job_id:
            self.jobs().cancel(entry.job_id)
        self.sweep(entry.owner, entry.video_id, late)
        if entry.attempt and not self.invalidation.of_video(entry.owner, entry.video_id):
            logger.info("CloudFront has too many invalidations under way, it is asked again later")
            return False
        pending.clear(self.s3, self.temp_bucket, entry.video_id)
        return True
