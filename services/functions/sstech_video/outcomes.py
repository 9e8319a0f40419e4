"""What a MediaConvert job came to: published, failed, on its way, or too late.

Only COMPLETE of the live attempt, with its MP4 really there, deletes an original. Everything else keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sstech_video import failures, keys, pending, storage, thumbnails, transitions
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry, Failure, FailureCode, Status
from sstech_video.events import JobEvent
from sstech_video.observability import Count, count, logger
from sstech_video.spending import Spending
from sstech_video.tombstones import Tombstones

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Outcomes:
    s3: S3Client
    stage: str
    temp_bucket: str
    media_bucket: str
    catalog: Catalog
    tombstones: Tombstones
    spending: Spending

    def happened(self, event: JobEvent, now: datetime) -> None:
        """Apply one event; it may come twice, late, or out of order."""
        if event.stage != self.stage:
            logger.info("job of another stage, ignored", extra={"stage": event.stage})
            return
        match event.status:
            case "COMPLETE":
                self._complete(event, now)
            case "ERROR":
                logger.warning("job failed", extra={"code": event.error_code, "reason": event.error_message})
                self.fail(event, failures.from_job(event.error_code), now)
            case "CANCELED":
                self.fail(event, failures.failure(FailureCode.CONVERSION_CANCELED), now)
            case "PROGRESSING" | "STATUS_UPDATE":
                self._progress(event, now)
            case _:
                logger.debug("nothing to do", extra={"status": event.status})

    def _progress(self, event: JobEvent, now: datetime) -> None:
        self.catalog.update(
            event.owner,
            event.video_id,
            lambda entry: transitions.progressed(entry, event.attempt, event.percent or 0, now),
        )

    def _complete(self, event: JobEvent, now: datetime) -> None:
        entry = self.catalog.read(event.owner, event.video_id)
        if entry is None:
            self._too_late(event)
        elif entry.attempt != event.attempt:
            self._superseded(entry, event)
        elif entry.status is Status.READY:
            self.clean_up(entry, now)
        elif not self._mp4_size(entry):
            self.fail(event, failures.failure(FailureCode.OUTPUT_MISSING), now)
        else:
            self._publish(entry, event, now)

    def _publish(self, entry: Entry, event: JobEvent, now: datetime) -> None:
        duration_ms = entry.duration_ms if event.result.duration_ms is None else event.result.duration_ms
        self._write_webvtt(entry, duration_ms)
        published = self.catalog.update(
            event.owner,
            event.video_id,
            lambda known: transitions.completed(known, event.attempt, event.result, now),
        )
        if published is None:
            self._too_late(event)
        elif published.status is Status.READY and published.attempt == event.attempt:
            logger.info("video is ready", extra={"attempt": event.attempt, "job_id": event.job_id})
            count(Count.CONVERSIONS_COMPLETED)
            self.clean_up(published, now)

    def fail(self, event: JobEvent, failure: Failure, now: datetime) -> None:
        """The job's attempt came to nothing. The original is kept for another one.

        Once the job is over, what it has written of its outputs goes, and only then the marker. A job that is not over
        yet may still complete, and be published.
        """
        entry = self.catalog.update(
            event.owner, event.video_id, lambda known: transitions.failed(known, event.attempt, failure, now)
        )
        if entry is None:
            self._too_late(event)
        elif entry.attempt != event.attempt:
            self._superseded(entry, event)
        elif entry.status is not Status.READY:
            if entry.status is Status.FAILED and entry.updated_at == now:
                logger.warning("video failed, original kept", extra={"error_code": failure.code.value})
                count(Count.CONVERSIONS_FAILED)
            self._refund(entry, event)
            if event.is_over:
                self._remove_failed(entry, now)

    def _remove_failed(self, entry: Entry, now: datetime) -> None:
        self._delete_attempts(entry, entry.attempt)
        if entry.status is Status.FAILED:
            self._settle(entry, now)

    def _refund(self, entry: Entry, event: JobEvent) -> None:
        """MediaConvert charges nothing for jobs that end in ERROR."""
        if event.status == "ERROR" and entry.claimed_at:
            self.spending.refund(entry.owner, entry.video_id, entry.attempt, entry.claimed_at)

    def clean_up(self, entry: Entry, now: datetime) -> None:
        """The original, the earlier attempts and at last the marker of a video that is ready."""
        self.s3.delete_object(Bucket=self.temp_bucket, Key=entry.key)
        logger.info("conversion complete, original deleted", extra={"key": entry.key})
        count(Count.ORIGINALS_DELETED)
        self._delete_attempts(entry, entry.attempt - 1)
        self._settle(entry, now)

    def _settle(self, entry: Entry, now: datetime) -> None:
        pending.settle(self.s3, self.temp_bucket, self.catalog, self.tombstones, entry, now)

    def _delete_attempts(self, entry: Entry, last: int) -> None:
        """The outputs of the first attempts, up to the given one."""
        for number in range(1, last + 1):
            folder = keys.attempt(entry.owner, entry.video_id, number)
            if deleted := storage.delete_under(self.s3, self.media_bucket, folder):
                logger.info("outputs of no use, deleted", extra={"folder": folder, "objects": deleted})

    def _superseded(self, entry: Entry, event: JobEvent) -> None:
        """The outputs of an attempt that is not the live one serve nobody."""
        if event.attempt > entry.attempt:
            logger.error("job of an attempt that nobody claimed, ignored", extra={"attempt": event.attempt})
            return
        folder = keys.attempt(event.owner, event.video_id, event.attempt)
        deleted = storage.delete_under(self.s3, self.media_bucket, folder)
        logger.info("superseded attempt, outputs deleted", extra={"folder": folder, "objects": deleted})

    def _too_late(self, event: JobEvent) -> None:
        """The video was deleted while its job ran: what is there now came after the deletion.

        Its marker, if there still is one, stays: a deletion that was cut short has more to finish than this.
        """
        buried = self.tombstones.read(event.owner, event.video_id)
        if buried is None:
            logger.warning("job of an unknown video, ignored", extra={"job_id": event.job_id})
            return
        folder = keys.media(event.owner, event.video_id)
        deleted = storage.delete_under(self.s3, self.media_bucket, folder)
        self.s3.delete_object(Bucket=self.temp_bucket, Key=buried.key)
        logger.info("video was deleted, outputs deleted too", extra={"folder": folder, "objects": deleted})

    def _mp4_size(self, entry: Entry) -> int | None:
        return storage.size_of(self.s3, self.media_bucket, _folder(entry) + keys.MP4_NAME)

    def _write_webvtt(self, entry: Entry, duration_ms: int | None) -> None:
        folder = _folder(entry)
        images = [
            key.removeprefix(folder)
            for key in storage.keys_under(self.s3, self.media_bucket, folder + keys.THUMBNAIL_PREFIX)
            if key.endswith(".jpg")
        ]
        every = entry.thumbnail_seconds or thumbnails.UNKNOWN_INTERVAL_SECONDS
        self.s3.put_object(
            Bucket=self.media_bucket,
            Key=folder + keys.WEBVTT_NAME,
            Body=thumbnails.webvtt(images, every, duration_ms).encode(),
            ContentType="text/vtt; charset=utf-8",
        )


def _folder(entry: Entry) -> str:
    return keys.attempt(entry.owner, entry.video_id, entry.attempt)
