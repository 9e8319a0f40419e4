"""Uploading the outputs: media first, manifests last; on failure nothing stays behind.

What is begun is noted in a journal first, so that this holds over the end of the process too.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from mediaconvert_standin.errors import DestinationMissing, WriteDenied, WriteFailed
from mediaconvert_standin.job_settings.plan import S3Location, S3Options
from mediaconvert_standin.packaging.results import Upload
from mediaconvert_standin.storage.aws import error_status
from mediaconvert_standin.storage.journal import Journal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THREADS = 4
MULTIPART_THRESHOLD = 64 * 1024 * 1024
PART_BYTES = 16 * 1024 * 1024
MAX_PARTS = 10_000  # Amazon S3 multipart upload limits
DELETE_BATCH = 1000  # DeleteObjects


class Publisher:
    def __init__(
        self, client: S3Client, journal: Journal, check: Callable[[], None], progress: Callable[[int, int], None]
    ) -> None:
        """``check`` raises once the job is cancelled; ``progress(done, total)`` counts bytes."""
        self._client = client
        self._journal = journal
        self._check = check
        self._progress = progress
        self._lock = threading.Lock()
        self._done = 0
        self._total = 0

    def publish(self, uploads: Sequence[Upload]) -> None:
        """Upload in stages, each complete before the next. Raises WriteDenied, DestinationMissing, WriteFailed."""
        self._total = sum(upload.path.stat().st_size for upload in uploads)
        ordered = sorted(uploads, key=lambda upload: upload.stage)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="upload") as pool:
            for _, stage in groupby(ordered, key=lambda upload: upload.stage):
                list(pool.map(self._upload, stage))

    def settle(self, uploads: Sequence[Upload]) -> None:
        """The job is complete: what an earlier process began under other names goes."""
        kept = {upload.location for upload in uploads}
        undo(self._client, {where: upload for where, upload in self._journal.noted().items() if where not in kept})
        self._journal.clear()

    def withdraw(self) -> None:
        """Delete what was published; a role that may not delete leaves it, as does a lost bucket."""
        undo(self._client, self._journal.noted())
        self._journal.clear()

    def _upload(self, upload: Upload) -> None:
        self._check()
        location = upload.location
        size = upload.path.stat().st_size
        # Written down before the call: a call that fails late may still have stored the object.
        self._journal.note(location)
        try:
            with upload.path.open("rb") as file:
                if size > MULTIPART_THRESHOLD:
                    self._multipart(upload, file, size)
                else:
                    self._client.put_object(Bucket=location.bucket, Key=location.key, Body=file, **_options(upload))
        except ClientError as error:
            raise _explain(error, location) from error
        except (BotoCoreError, OSError) as error:
            raise WriteFailed(f"Unable to write to output file [{location.uri}]: [{type(error).__name__}]") from error
        if size <= MULTIPART_THRESHOLD:
            self._count(size)

    def _multipart(self, upload: Upload, file: BinaryIO, size: int) -> None:
        place = {"Bucket": upload.location.bucket, "Key": upload.location.key}
        upload_id = self._client.create_multipart_upload(**place, **_options(upload))["UploadId"]  # type: ignore[arg-type]
        self._journal.note(upload.location, upload_id)
        try:
            parts = []
            for number, body in enumerate(_parts(file, size), start=1):
                self._check()
                # A window into the file and not its bytes: parts of the largest objects are half a gigabyte.
                answer = self._client.upload_part(**place, UploadId=upload_id, PartNumber=number, Body=body)  # type: ignore[arg-type]
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                self._count(len(body))
            self._client.complete_multipart_upload(
                **place,  # type: ignore[arg-type]
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
            )
        except BaseException:
            with contextlib.suppress(ClientError, BotoCoreError):
                self._client.abort_multipart_upload(**place, UploadId=upload_id)  # type: ignore[arg-type]
            raise

    def _count(self, size: int) -> None:
        with self._lock:
            self._done += size
            done = self._done
        self._progress(done, self._total)


def undo(client: S3Client, noted: Mapping[S3Location, str]) -> None:
    """Abort and delete uploads as far as the client may: object by location, with its multipart id or empty."""
    by_bucket: dict[str, list[str]] = {}
    for location, upload_id in noted.items():
        by_bucket.setdefault(location.bucket, []).append(location.key)
        if upload_id:
            with contextlib.suppress(ClientError, BotoCoreError):
                client.abort_multipart_upload(Bucket=location.bucket, Key=location.key, UploadId=upload_id)
    for bucket, keys in by_bucket.items():
        for start in range(0, len(keys), DELETE_BATCH):
            batch = [{"Key": key} for key in keys[start : start + DELETE_BATCH]]
            with contextlib.suppress(ClientError, BotoCoreError):
                client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})  # type: ignore[typeddict-item]


class _Window:
    """A part of a file, as botocore reads a body: with a length, from its start and again from there."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length
        self._place = 0

    def __len__(self) -> int:
        return self._length

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._length - self._place)
        self._file.seek(self._start + self._place)
        data = self._file.read(left if size is None or size < 0 else min(size, left))
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._length}[whence]
        self._place = max(0, origin + offset)
        return self._place

    def tell(self) -> int:
        return self._place


def _parts(file: BinaryIO, size: int) -> Iterator[_Window]:
    part_bytes = max(PART_BYTES, -(-size // MAX_PARTS))
    for start in range(0, size, part_bytes):
        yield _Window(file, start, min(part_bytes, size - start))


def _options(upload: Upload) -> dict[str, Any]:
    s3: S3Options = upload.s3
    options = {
        "ContentType": upload.content_type,
        "ContentEncoding": upload.content_encoding,
        "ACL": s3.acl,
        "StorageClass": s3.storage_class,
        "ServerSideEncryption": s3.encryption,
        "SSEKMSKeyId": s3.kms_key,
    }
    return {name: value for name, value in options.items() if value is not None}


def _explain(error: ClientError, location: S3Location) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    # A bucket with ACLs switched off refuses them with 400; the service reports that as a denial too.
    if error_status(error) in (401, 403) or code == "AccessControlListNotSupported":
        return WriteDenied(location.uri)
    if code == "NoSuchBucket":
        return DestinationMissing(location.uri)
    return WriteFailed(f"Unable to write to output file [{location.uri}]: [Failed to write data: {code}]")
