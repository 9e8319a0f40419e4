"""From an original in the temporary bucket to a MediaConvert job, exactly one for each attempt.

Events come twice, together and late. The right to make a job is claimed by a conditional write of the catalog
entry; a claim whose holder died is taken up by the next delivery, which first looks for a job made already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from sstech_video import (
    aws,
    conversion,
    failures,
    pending,
    pricing,
    signatures,
    sources,
    storage,
    thumbnails,
    transitions,
)
from sstech_video.catalog import ABSENT, Catalog
from sstech_video.conversion import Target
from sstech_video.entries import Entry, Failure, FailureCode, Status
from sstech_video.events import Arrival
from sstech_video.jobs import Jobs
from sstech_video.keys import Original
from sstech_video.ladder import ladder
from sstech_video.observability import Count, count, logger
from sstech_video.sources import Kind, Source
from sstech_video.spending import CostLimitError, Spending
from sstech_video.tombstones import Tombstones
from sstech_video.transitions import Plan

if TYPE_CHECKING:
    from mypy_boto3_mediaconvert import MediaConvertClient
    from mypy_boto3_s3 import S3Client


# Probe's own words for a file of which it can tell nothing. Whatever else it answers, or that it does not answer, says
# nothing of the file: https://docs.aws.amazon.com/mediaconvert/latest/apireference/probe.html
NOTHING_KNOWN: Final = frozenset(
    {"BadRequestException", "UnprocessableEntityException", "NotFoundException", "ForbiddenException"}
)
# A video that the reconciler had to send again so often has waited for Probe for three quarters of an hour: it is this
# file that Probe fails at, and a conversion may work all the same.
NUDGES_WITHOUT_PROBE: Final = 2


class NotYetWholeError(Exception):
    """S3 tells of an object without bytes, which nobody can have sent: it is still being put together."""


@dataclass(frozen=True)
class Starter:
    """`prober` is a client of MediaConvert that does not try again: the queue does."""

    s3: S3Client
    mediaconvert: MediaConvertClient
    prober: MediaConvertClient
    target: Target
    catalog: Catalog
    tombstones: Tombstones
    jobs: Jobs
    spending: Spending
    price_percent: int

    def arrived(self, arrival: Arrival, now: datetime) -> None:
        """An original is there: do what its video's state calls for."""
        original = arrival.original
        if original is None or arrival.bucket != self.target.temp_bucket:
            logger.warning("not an original, dropped", extra={"bucket": arrival.bucket, "key": arrival.key})
            return
        entry = self.catalog.update(
            original.owner, original.video_id, lambda entry: _arrived(entry, original, self._size(arrival, entry), now)
        )
        if entry is None:
            self._orphaned(original)
        elif entry.key != original.key:
            logger.warning("another original of a known video, dropped", extra={"key": arrival.key})
        elif entry.status is Status.READY:
            self._delete_original(original, "its video is ready")
        elif entry.status is Status.FAILED:
            self._failed(entry, now)
        elif entry.job_id is None or entry.status is Status.UPLOADED:
            self._start(entry, original, now)
        else:
            logger.info("a job exists already, dropped", extra={"job_id": entry.job_id})

    def _start(self, entry: Entry, original: Original, now: datetime) -> None:
        source = self._inspect(entry)
        if isinstance(source, Failure):
            self._fail(entry, lambda known: transitions.refused(known, source, now), now)
            return
        cost = pricing.estimate(ladder(source), source, entry.size, self.price_percent)
        if entry.status is Status.UPLOADED and not self._afford(entry, cost, now):
            return
        plan = Plan(thumbnails.interval_seconds(source.duration_ms), source.duration_ms, cost)
        claimed = self._update(entry, lambda known: transitions.claimed(known, plan, now))
        if claimed is None:
            self.spending.refund(entry.owner, entry.video_id, entry.attempt + 1, now)
            self._orphaned(original)
        elif claimed.status is Status.CONVERTING and claimed.job_id is None:
            self._make_job(claimed, source, now)

    def _afford(self, entry: Entry, cost: int, now: datetime) -> bool:
        """Reserve the next attempt's cost, or stop the video."""
        logger.info("conversion estimated", extra={"micro_dollars": cost, "attempt": entry.attempt + 1})
        try:
            self.spending.reserve(entry.owner, entry.video_id, entry.attempt + 1, cost, now)
        except CostLimitError as error:
            refusal = failures.cost_limit(str(error))
            count(Count.CONVERSIONS_REFUSED_BY_COST)
            self._fail(entry, lambda known: transitions.refused(known, refusal, now), now)
            return False
        return True

    def _inspect(self, entry: Entry) -> Source | Failure:
        """What the source is, or why it cannot be converted."""
        first_bytes = self._first_bytes(entry.key)
        if first_bytes is None:
            return failures.failure(FailureCode.SOURCE_UNREADABLE)
        kind = sources.kind(first_bytes)
        if kind in (Kind.TEXT, Kind.NO_VIDEO):
            return failures.failure(FailureCode.UNSUPPORTED_FORMAT)
        if signatures.contradicts(entry.content_type, first_bytes):
            # Browsers guess types by the name: the bytes decide, the guess is only worth a line.
            logger.info("the bytes are of another type than declared", extra={"declared": entry.content_type})
            count(Count.TYPES_CONTRADICTED)
        source = sources.from_probe(self._probe(entry), kind is Kind.ISO_MEDIA)
        if source.has_video is False:
            return failures.failure(FailureCode.NO_VIDEO)
        return source

    def _first_bytes(self, key: str) -> bytes | None:
        try:
            answer = self.s3.get_object(
                Bucket=self.target.temp_bucket, Key=key, Range=f"bytes=0-{sources.FIRST_BYTES - 1}"
            )
        except ClientError as error:
            if aws.error_code(error) in ABSENT:
                return None
            raise
        return answer["Body"].read()

    def _probe(self, entry: Entry) -> dict[str, Any]:
        """Probe's answer; an empty one if it can tell nothing, because a conversion may work where a probe does not.

        Raises what a busy or broken service raises: without its duration an ordinary video would be priced by its size,
        and could be refused as too expensive.
        """
        uri = f"s3://{self.target.temp_bucket}/{entry.key}"
        try:
            return dict(self.prober.probe(InputFiles=[{"FileUrl": uri}]))
        except (ClientError, BotoCoreError) as error:
            if not _tells_nothing(error) and entry.nudges < NUDGES_WITHOUT_PROBE:
                raise
            logger.warning("probe failed, going on without", extra={"reason": str(error)})
            return {}

    def _make_job(self, claimed: Entry, source: Source, now: datetime) -> None:
        job_id = None if claimed.claimed_at == now else self.jobs.find(claimed)
        try:
            job_id = job_id or self._create_job(claimed, source)
        except self.mediaconvert.exceptions.BadRequestException as error:
            logger.error("CreateJob refused", extra={"reason": str(error)})
            rejected = failures.failure(FailureCode.CONVERSION_REJECTED)
            self.spending.refund(claimed.owner, claimed.video_id, claimed.attempt, claimed.claimed_at or now)
            self._fail(claimed, lambda known: transitions.failed(known, claimed.attempt, rejected, now), now)
            return
        self._record(claimed, job_id, now)

    def _record(self, claimed: Entry, job_id: str, now: datetime) -> None:
        recorded = self._update(claimed, lambda known: transitions.job_made(known, claimed.attempt, job_id, now))
        logger.info("job created", extra={"job_id": job_id, "attempt": claimed.attempt})
        count(Count.CONVERSIONS_STARTED)
        if recorded is None or self.tombstones.exists(claimed.owner, claimed.video_id):
            logger.info("the video was deleted meanwhile, job canceled", extra={"job_id": job_id})
            self.jobs.cancel(job_id)

    def _create_job(self, claimed: Entry, source: Source) -> str:
        request = conversion.job_request(claimed, source, self.target)
        return self.mediaconvert.create_job(**request)["Job"]["Id"]

    def _fail(self, entry: Entry, change: Callable[[Entry], Entry], now: datetime) -> None:
        failed = self._update(entry, change)
        if failed and failed.status is Status.FAILED:
            self._failed(failed, now)

    def _failed(self, entry: Entry, now: datetime) -> None:
        if entry.error is None or entry.updated_at != now:
            logger.info("the video has failed before, dropped")
            return
        if entry.attempt <= 1 and entry.job_id is None:
            # No job was ever made. What one may have left is the reconciler's to remove, before the marker goes.
            pending.settle(self.s3, self.target.temp_bucket, self.catalog, self.tombstones, entry, now)
        logger.warning("video failed, original kept", extra={"error_code": entry.error.code.value})
        count(Count.CONVERSIONS_FAILED)

    def _orphaned(self, original: Original) -> None:
        """No entry: either the video was deleted, or the upload is none of ours."""
        if not self.tombstones.exists(original.owner, original.video_id):
            logger.warning("original of an unknown video, left alone", extra={"key": original.key})
            return
        self._delete_original(original, "its video was deleted")

    def _delete_original(self, original: Original, reason: str) -> None:
        self.s3.delete_object(Bucket=self.target.temp_bucket, Key=original.key)
        logger.info("original deleted", extra={"key": original.key, "reason": reason})
        count(Count.ORIGINALS_DELETED)

    def _size(self, arrival: Arrival, entry: Entry) -> int:
        """Bytes that arrived. Where the event disagrees with what was announced, S3 itself decides: LocalStack has
        been seen to send 0 for a large upload whose parts it was asked to assemble twice. Raises `NotYetWholeError`.
        """
        if arrival.size == entry.size:
            return arrival.size
        size = storage.size_of(self.s3, arrival.bucket, entry.key)
        if size == 0:
            raise NotYetWholeError(f"{entry.key} has no bytes yet: the message is tried again later.")
        return arrival.size if size is None else size

    def _update(self, entry: Entry, change: Callable[[Entry], Entry]) -> Entry | None:
        return self.catalog.update(entry.owner, entry.video_id, change)


def _tells_nothing(error: ClientError | BotoCoreError) -> bool:
    """Whether Probe has looked at the file and cannot say what it is."""
    return isinstance(error, ClientError) and aws.error_code(error) in NOTHING_KNOWN


def _arrived(entry: Entry, original: Original, size: int, now: datetime) -> Entry:
    if entry.key != original.key:
        return entry
    if entry.size != size:
        return transitions.refused(entry, failures.size_mismatch(entry.size, size), now)
    return transitions.uploaded(entry, now)
