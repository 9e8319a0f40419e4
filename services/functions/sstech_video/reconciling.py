"""Brings what no event will ever finish to its right end.

It reads `pending/`, S3's list of unfinished multipart uploads, the originals that are still there and the tombstones,
never the library. Every step
may be repeated and may run beside the events themselves: two runs at once, or a run and a late event, do no harm.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from sstech_video import failures, keys, pending, storage, stuck, transitions
from sstech_video.catalog import Catalog
from sstech_video.deletion import Deletion
from sstech_video.entries import Entry, FailureCode, Status
from sstech_video.events import JobEvent
from sstech_video.jobs import Jobs
from sstech_video.multipart import OpenUpload, Upload, UploadBucket, UploadGoneError
from sstech_video.observability import Count, count, follow, logger
from sstech_video.outcomes import Outcomes
from sstech_video.part_uploads import ASSEMBLY_LIMIT, plan_of
from sstech_video.pending import Marker
from sstech_video.retrying import Retrying
from sstech_video.storage import Found
from sstech_video.stuck import Patience, Remedy
from sstech_video.tombstones import Tombstones
from sstech_video.usage import Usage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

WORKERS: Final = 8
# An admission between marker and entry must never be taken for one that was cut short.
ADMISSION_TAKES: Final = timedelta(minutes=1)
# A pre-signed URL lives for an hour, and what was begun with it may take a while longer.
WATCH_DELETED_FOR: Final = timedelta(hours=3)
HOURS: Final = 24


@dataclass(frozen=True)
class Reconciler:
    s3: S3Client
    temp_bucket: str
    catalog: Catalog
    tombstones: Tombstones
    jobs: Jobs
    outcomes: Outcomes
    upload_bucket: UploadBucket
    usage: Usage
    retrying: Retrying
    deletion: Deletion

    def run(
        self, now: datetime, patience: Patience, late: Callable[[], bool], only: str | None = None
    ) -> Counter[Count]:
        """One round; returns what was done. What there is no time for (`late`) is left to the next round.

        `only` is the id of the one video that is to be looked at.
        """
        markers = [known for known in pending.video_ids(self.s3, self.temp_bucket) if only in (None, known)]
        # So that a list longer than a round does not always begin with the same videos.
        random.shuffle(markers)
        uploads = (found for found in self.upload_bucket.open_uploads() if only in (None, _video_of(found)))
        originals = (
            found
            for found in storage.objects_under(self.s3, self.temp_bucket, keys.UPLOADS)
            if only in (None, _video_of(found))
        )
        deleted = (
            (owner, video_id)
            for owner, video_id, deleted_at in self.tombstones.all()
            if only in (None, video_id) and (now - deleted_at < WATCH_DELETED_FOR or is_turn_of(video_id, now))
        )
        idle = self.retrying.queue_is_empty()
        done = Counter({Count.VIDEOS_PENDING: len(markers)})
        done += self._each(markers, str, lambda video_id: self._video(video_id, now, patience, idle), late)
        done += self._each(uploads, _video_of, lambda found: self._open_upload(found, now, patience), late)
        done += self._each(originals, _video_of, lambda found: self._original(found, now, patience), late)
        done += self._each(deleted, lambda buried: buried[1], lambda buried: self._deleted(*buried), late)
        for name, number in done.items():
            count(name, number)
        return done

    def _each(
        self,
        items: Iterable[T],
        video_of: Callable[[T], str | None],
        step: Callable[[T], Count | None],
        late: Callable[[], bool],
    ) -> Counter[Count]:
        """One failure keeps nobody else's video from its end."""

        def attempt(item: T) -> Count | None:
            if late():
                return None
            follow(video_of(item))
            try:
                return step(item)
            except Exception:  # noqa: BLE001 - logged, counted, and tried again in the next round
                logger.exception("left to the next round", extra={"item": str(item)})
                return Count.RECONCILER_ERRORS

        with ThreadPoolExecutor(WORKERS) as pool:
            return Counter(done for done in pool.map(attempt, items) if done)

    def _video(self, video_id: str, now: datetime, patience: Patience, queue_is_empty: bool) -> Count | None:
        marker = pending.read(self.s3, self.temp_bucket, video_id)
        if marker is None:
            return None
        entry = self.catalog.read(marker.owner, video_id)
        deleted = self.tombstones.exists(marker.owner, video_id)
        todo = stuck.remedy(entry, deleted, marker.since, now, patience, queue_is_empty)
        if todo is not Remedy.WAIT:
            logger.info("reconciling", extra={"remedy": todo.name})
        match todo:
            case Remedy.WAIT:
                return None
            case Remedy.FINISH_DELETION:
                return Count.DELETIONS_FINISHED if self.deletion.finish(marker.owner, video_id) else None
            case Remedy.REMOVE_ORPHAN:
                return self._remove_orphan(marker, now)
        if entry is None:
            return None
        match todo:
            case Remedy.FINISH_CLEAN_UP:
                self.outcomes.clean_up(entry, now)
                return Count.CLEAN_UPS_FINISHED
            case Remedy.FORGET:
                return self._forget(entry, now)
            case Remedy.LOOK_AT_UPLOAD:
                return self._look_at_upload(entry, now, patience)
            case Remedy.SEND_AGAIN:
                return self._send_again(entry, now)
            case Remedy.GIVE_UP:
                return self._give_up(entry, FailureCode.CONVERSION_FAILED, now)
            case Remedy.ASK_MEDIACONVERT:
                return self._ask_mediaconvert(entry, now, patience)
        return None

    def _remove_orphan(self, marker: Marker, now: datetime) -> Count | None:
        """An admission ended before it had an entry: nobody was ever given a URL."""
        if now - marker.since < ADMISSION_TAKES:
            return None
        for upload in self.upload_bucket.open_uploads(keys.originals(marker.owner, marker.video_id)):
            self.upload_bucket.abort(upload.key, upload.upload_id)
        self.usage.release(marker.owner, marker.video_id)
        pending.clear(self.s3, self.temp_bucket, marker.video_id)
        return Count.ORPHANS_REMOVED

    def _forget(self, entry: Entry, now: datetime) -> Count | None:
        """A failed video is at its end when its job is over and what that has written is gone."""
        if entry.error and entry.error.code is FailureCode.UPLOAD_ABANDONED:
            self.usage.release(entry.owner, entry.video_id)
        job_id = entry.job_id or (self.jobs.find(entry) if entry.attempt else None)
        if job_id is None:
            pending.settle(self.s3, self.temp_bucket, self.catalog, self.tombstones, entry, now)
            return Count.CLEAN_UPS_FINISHED
        told = self.jobs.state(job_id) or self._lost_job(entry)
        if not told.is_over:
            self.jobs.cancel(job_id)
            return None
        self.outcomes.happened(told, now)
        return Count.CLEAN_UPS_FINISHED

    def _look_at_upload(self, entry: Entry, now: datetime, patience: Patience) -> Count | None:
        size = storage.size_of(self.s3, self.temp_bucket, entry.key)
        if size == entry.size:
            return self._send_again(entry, now)
        if size:
            mismatch = failures.size_mismatch(entry.size, size)
            self.catalog.update(entry.owner, entry.video_id, lambda known: transitions.refused(known, mismatch, now))
            return Count.CONVERSIONS_FAILED
        if entry.upload_id is None:
            return self._abandon(entry, now) if stuck.is_abandoned(entry.created_at, None, now, patience) else None
        return self._look_at_parts(entry, entry.upload_id, now, patience)

    def _look_at_parts(self, entry: Entry, upload_id: str, now: datetime, patience: Patience) -> Count | None:
        started = entry.created_at
        if not stuck.is_abandoned(started, None, now, patience) and not _assembly_failed(entry, now):
            return None
        try:
            parts = self.upload_bucket.all_held_parts(Upload(entry.key, upload_id, plan_of(entry)))
        except UploadGoneError:
            # Neither upload nor object: S3 had its time to put the parts together.
            return self._abandon(entry, now) if _assembly_failed(entry, now) or not entry.assembling_since else None
        newest = max((part.arrived_at for part in parts), default=None)
        if not stuck.is_abandoned(started, newest, now, patience):
            return None
        self.upload_bucket.abort(entry.key, upload_id)
        return self._abandon(entry, now)

    def _abandon(self, entry: Entry, now: datetime) -> Count | None:
        failure = failures.failure(FailureCode.UPLOAD_ABANDONED)
        changed = self.catalog.update(
            entry.owner, entry.video_id, lambda known: transitions.abandoned(known, failure, now)
        )
        if changed is None or changed.status is not Status.FAILED:
            return None
        self._forget(changed, now)
        return Count.UPLOADS_ABANDONED

    def _send_again(self, entry: Entry, now: datetime) -> Count | None:
        size = storage.size_of(self.s3, self.temp_bucket, entry.key)
        if size is None:
            return self._give_up(entry, FailureCode.SOURCE_UNREADABLE, now)
        nudged = self.catalog.update(
            entry.owner,
            entry.video_id,
            lambda known: transitions.nudged(transitions.uploaded(known, now), now),
        )
        if nudged is None or nudged.nudged_at != now:
            return None
        self.retrying.send(nudged, size)
        return Count.VIDEOS_SENT_AGAIN

    def _give_up(self, entry: Entry, code: FailureCode, now: datetime) -> Count | None:
        failure = failures.failure(code)
        changed = self.catalog.update(
            entry.owner, entry.video_id, lambda known: transitions.gave_up(known, failure, now)
        )
        if changed is None or changed.status is not Status.FAILED:
            return None
        spending = self.outcomes.spending
        if changed.claimed_at and not changed.job_id:
            spending.refund(changed.owner, changed.video_id, changed.attempt, changed.claimed_at)
        # Whoever died before claiming the next attempt had reserved its cost: now, or when the video was last changed.
        for reserved_at in {entry.updated_at, now}:
            spending.refund(changed.owner, changed.video_id, changed.attempt + 1, reserved_at)
        self._forget(changed, now)
        return Count.CONVERSIONS_GIVEN_UP

    def _ask_mediaconvert(self, entry: Entry, now: datetime, patience: Patience) -> Count | None:
        told = self.jobs.state(entry.job_id or "")
        if told is None:
            logger.error("MediaConvert does not know the job", extra={"job_id": entry.job_id})
            self.outcomes.happened(self._lost_job(entry), now)
            return Count.EVENTS_RECOVERED
        if told.is_over:
            self.outcomes.happened(told, now)
            return Count.EVENTS_RECOVERED
        if not stuck.job_is_overdue(entry, now, patience):
            self.outcomes.happened(told, now)
            return None
        self.jobs.cancel(told.job_id)
        self.outcomes.fail(told, failures.failure(FailureCode.CONVERSION_TIMED_OUT), now)
        return Count.CONVERSIONS_TIMED_OUT

    def _lost_job(self, entry: Entry) -> JobEvent:
        return JobEvent(
            status="ERROR",
            job_id=entry.job_id or "",
            stage=self.jobs.stage,
            owner=entry.owner,
            video_id=entry.video_id,
            attempt=entry.attempt,
        )

    def _open_upload(self, upload: OpenUpload, now: datetime, patience: Patience) -> Count | None:
        """Parts that belong to no upload of the catalog cost money and are of no use."""
        original = keys.parse_original(upload.key)
        if original is None or now - upload.initiated < max(patience.quiet, ADMISSION_TAKES):
            return None
        entry = self.catalog.read(original.owner, original.video_id)
        if entry and entry.upload_id == upload.upload_id and entry.status is Status.UPLOADING:
            self._mark_if_lost(entry, now)
            return None
        logger.info("parts of no upload, aborted", extra={"key": upload.key})
        self.upload_bucket.abort(upload.key, upload.upload_id)
        return Count.PARTS_ABORTED

    def _mark_if_lost(self, entry: Entry, now: datetime) -> None:
        """Whoever settled the video while it was taken up again may have died before marking it once more."""
        if pending.read(self.s3, self.temp_bucket, entry.video_id) is None:
            pending.mark(self.s3, self.temp_bucket, entry.owner, entry.video_id, now)

    def _original(self, found: Found, now: datetime, patience: Patience) -> Count | None:
        """Bytes that came once more, or too late, and that nobody was told of."""
        original = keys.parse_original(found.key)
        if original is None or now - found.modified_at < patience.quiet:
            return None
        entry = self.catalog.read(original.owner, original.video_id)
        if entry and entry.status in pending.UNFINISHED:
            self._mark_if_lost(entry, now)
        if entry and (entry.status is not Status.READY or entry.key != original.key):
            return None
        if entry is None and not self.tombstones.exists(original.owner, original.video_id):
            logger.warning("original of an unknown video, left alone", extra={"key": found.key})
            return None
        self.s3.delete_object(Bucket=self.temp_bucket, Key=found.key)
        return Count.LATE_OBJECTS_DELETED

    def _deleted(self, owner: str, video_id: str) -> Count | None:
        """Bytes that arrive by a URL that was still good, and jobs that nobody could cancel in time.

        Also what a deletion has left that died together with whoever took its marker away.
        """
        if self.catalog.read(owner, video_id):
            return Count.DELETIONS_FINISHED if self.deletion.finish(owner, video_id) else None
        self.usage.release(owner, video_id)
        buried = self.tombstones.read(owner, video_id)
        if buried and buried.status is Status.CONVERTING and not buried.job_id and (job := self.jobs.find(buried)):
            self.jobs.cancel(job)
        return Count.LATE_OBJECTS_DELETED if self.deletion.sweep(owner, video_id) else None


def _video_of(found: OpenUpload | Found) -> str | None:
    """Id of the video whose original this is; None for a key that is not ours."""
    original = keys.parse_original(found.key)
    return original.video_id if original else None


def is_turn_of(video_id: str, now: datetime) -> bool:
    """One hour a day is each deleted video's, so that what no round saw in time is found all the same."""
    return zlib.crc32(video_id.encode()) % HOURS == now.hour


def _assembly_failed(entry: Entry, now: datetime) -> bool:
    return entry.assembling_since is not None and now - entry.assembling_since >= ASSEMBLY_LIMIT
