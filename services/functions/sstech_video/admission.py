"""A new upload is let in: marker, quota, entry, URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sstech_video import keys, pending, uploads
from sstech_video.bodies import NewUpload
from sstech_video.catalog import Catalog
from sstech_video.entries import Entry, Status
from sstech_video.errors import QuotaExceededError
from sstech_video.multipart import UploadBucket
from sstech_video.observability import follow
from sstech_video.uploads import URL_LIFETIME_SECONDS
from sstech_video.usage import Usage
from sstech_video.video_ids import new_video_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Admission:
    s3: S3Client
    temp_bucket: str
    catalog: Catalog
    usage: Usage
    upload_bucket: UploadBucket
    new_id: Callable[[datetime], str] = new_video_id

    def admit(self, owner: str, wanted: NewUpload, now: datetime) -> dict[str, Any]:
        """The answer to `POST /videos/upload-url`. Raises `QuotaExceededError`.

        The marker comes first: by it the reconciler finds what an admission that was cut short has left, room that is
        booked for nothing or parts of no upload.
        """
        video_id = self.new_id(now)
        follow(video_id)
        key = keys.original(owner, video_id, keys.extension(wanted.file_name))
        plan = uploads.plan(wanted.size)
        pending.mark(self.s3, self.temp_bucket, owner, video_id, now)
        try:
            self.usage.reserve(owner, video_id, wanted.size, now)
        except QuotaExceededError:
            pending.clear(self.s3, self.temp_bucket, video_id)
            raise
        upload_id = self.upload_bucket.create(key, wanted.content_type, wanted.algorithm) if plan else None
        self.catalog.create(
            Entry(
                owner=owner,
                video_id=video_id,
                title=title_of(wanted.file_name),
                file_name=wanted.file_name,
                status=Status.UPLOADING,
                size=wanted.size,
                created_at=now,
                updated_at=now,
                key=key,
                content_type=wanted.content_type,
                upload_id=upload_id,
                part_size=plan.part_size if plan else None,
                checksum_algorithm=wanted.algorithm,
            )
        )
        answer = {"videoId": video_id, "key": key, "expiresIn": URL_LIFETIME_SECONDS}
        if plan:
            multipart: dict[str, Any] = {"partSize": plan.part_size, "partCount": plan.part_count}
            if wanted.algorithm:
                multipart["checksumAlgorithm"] = wanted.algorithm.value
            return {**answer, "uploadUrl": None, "headers": None, "multipart": multipart}
        url, headers = self.upload_bucket.put_url(key, wanted)
        return {**answer, "uploadUrl": url, "headers": headers, "multipart": None}


def title_of(file_name: str) -> str:
    """A file's name without its extension, as a first title."""
    stem, dot, ext = file_name.rpartition(".")
    return stem.strip() if dot and stem.strip() and " " not in ext else file_name
