"""Large uploads, part by part: signing parts, telling what has arrived, putting them together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sstech_video import failures, storage, transitions
from sstech_video.bodies import SentPart
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry, Status
from sstech_video.errors import InvalidRequestError, WrongStateError, no_such_video
from sstech_video.multipart import Assembly, HeldPart, Upload, UploadBucket, UploadGoneError, check_parts
from sstech_video.uploads import URL_LIFETIME_SECONDS, PartPlan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# For so long an upload that S3 no longer lists is believed to be under assembly.
ASSEMBLY_LIMIT: Final = timedelta(hours=1)

_WHOLE: Final = frozenset({Status.UPLOADED, Status.CONVERTING, Status.READY})


@dataclass(frozen=True)
class PartUploads:
    s3: S3Client
    temp_bucket: str
    catalog: Catalog
    upload_bucket: UploadBucket

    def sign(self, entry: Entry, part_numbers: Sequence[int], checksums: Sequence[str | None]) -> dict[str, Any]:
        """The answer to `POST parts`; each part has headers of its own if its upload has checksums."""
        upload = open_upload(entry)
        parts: list[dict[str, Any]] = []
        for number, checksum in zip(part_numbers, checksums, strict=True):
            url, headers = self.upload_bucket.part_url(upload, number, checksum)
            parts.append({"partNumber": number, "url": url, **({"headers": headers} if headers else {})})
        return {"parts": parts, "expiresIn": URL_LIFETIME_SECONDS}

    def held(self, entry: Entry, after: int) -> dict[str, Any]:
        """The answer to `GET parts`: what has arrived, and the plan, so that another browser can go on with it."""
        upload = open_upload(entry)
        try:
            page = self.upload_bucket.held_parts(upload, after)
        except UploadGoneError as error:
            raise upload_gone() from error
        return {
            "parts": [_shown(part) for part in page.parts],
            "nextAfter": page.next_after,
            "partSize": upload.plan.part_size,
            "partCount": upload.plan.part_count,
            "checksumAlgorithm": upload.algorithm.value if upload.algorithm else None,
        }

    def complete(self, entry: Entry, sent: Sequence[SentPart], now: datetime) -> tuple[Entry, bool]:
        """The entry, and whether the original is there; else S3 is still at it. Idempotent.

        Raises `InvalidRequestError` for parts that are not the file, also when it is whole already; an upload is kept
        then.
        """
        if entry.upload_id and entry.status in _WHOLE:
            check_same_parts(entry, sent)
            return entry, True
        upload = open_upload(entry)
        try:
            held = self.upload_bucket.all_held_parts(upload)
        except UploadGoneError:
            return self._after_upload(entry, sent, now)
        check_parts(upload.plan, sent, held)
        # Before S3 is asked: whatever becomes of this request, the next one knows what was asked, and when.
        entry = self._change(entry, lambda known: transitions.assembling(known, digest_of(sent), now))
        if entry.status is not Status.UPLOADING:
            return self._after_upload(entry, sent, now)
        match self.upload_bucket.assemble(upload, held):
            case Assembly.DONE:
                return self._verified(entry, now)
            case Assembly.UNDER_WAY:
                return entry, False
            case Assembly.NO_SUCH_UPLOAD:
                return self._after_upload(entry, sent, now)

    def _verified(self, entry: Entry, now: datetime) -> tuple[Entry, bool]:
        """S3 says it is done: what it holds is measured. An object without bytes is one that S3 is still at."""
        size = storage.size_of(self.s3, self.temp_bucket, entry.key)
        if size == entry.size:
            return self._change(entry, lambda known: transitions.uploaded(known, now)), True
        if not size:
            return entry, False
        mismatch = failures.size_mismatch(entry.size, size)
        return self._change(entry, lambda known: transitions.refused(known, mismatch, now)), True

    def _after_upload(self, entry: Entry, sent: Sequence[SentPart], now: datetime) -> tuple[Entry, bool]:
        """S3 knows no such upload: it is whole, or being assembled, or lost."""
        newest = self.catalog.read(entry.owner, entry.video_id)
        if newest is None:
            raise no_such_video()
        check_same_parts(newest, sent)
        if newest.status in _WHOLE:
            return newest, True
        open_upload(newest)
        if storage.size_of(self.s3, self.temp_bucket, newest.key) == newest.size:
            return self._change(newest, lambda known: transitions.uploaded(known, now)), True
        if newest.assembling_since and now - newest.assembling_since < ASSEMBLY_LIMIT:
            return newest, False
        raise upload_gone()

    def _change(self, entry: Entry, change: Callable[[Entry], Entry]) -> Entry:
        changed = self.catalog.update(entry.owner, entry.video_id, change)
        if changed is None:
            raise no_such_video()
        return changed


def _shown(part: HeldPart) -> dict[str, Any]:
    shown: dict[str, Any] = {"partNumber": part.part_number, "size": part.size, "etag": part.etag}
    return {**shown, "checksum": part.checksum} if part.checksum else shown


def open_upload(entry: Entry) -> Upload:
    """Raises `WrongStateError` unless parts may still come."""
    if entry.status is not Status.UPLOADING:
        raise WrongStateError(f"This video is {entry.status.value}: its upload is over.")
    return Upload(entry.key, entry.upload_id or "", plan_of(entry), entry.checksum_algorithm)


def plan_of(entry: Entry) -> PartPlan:
    """Raises `WrongStateError` for a file that goes up in one PUT."""
    if entry.upload_id is None or entry.part_size is None:
        raise WrongStateError("This file goes up in one PUT, it has no parts.")
    return PartPlan(entry.size, entry.part_size)


def digest_of(parts: Sequence[SentPart]) -> str:
    """Stands for a list of parts: only the same parts have the same."""
    listed = "\n".join(f"{part.part_number} {part.etag}" for part in parts)
    return hashlib.sha256(listed.encode()).hexdigest()


def check_same_parts(entry: Entry, sent: Sequence[SentPart]) -> None:
    """Raises `InvalidRequestError` for other parts than those that the original was put together from."""
    if entry.parts_digest not in (None, digest_of(sent)):
        raise InvalidRequestError("The upload was completed with other parts than these.")


def upload_gone() -> WrongStateError:
    return WrongStateError("This upload was given up and its parts are gone. Delete the video and upload it again.")
