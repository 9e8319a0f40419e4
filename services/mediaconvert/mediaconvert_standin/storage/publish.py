"""Uploading the outputs: media first, manifests last; on failure nothing of the job's stays behind.

What is begun is noted in a journal first, so that this holds over the end of the process too. What S3 refused was
never written: it loses its note, and an older object at that key is left alone.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from mediaconvert_standin.errors import DestinationMissing, JobError, WriteDenied, WriteFailed
from mediaconvert_standin.job_settings.plan import S3Location, S3Options
from mediaconvert_standin.packaging.results import Upload
from mediaconvert_standin.storage.aws import NO_SUCH_BUCKET, can_be_asked_for, error_code, error_status
from mediaconvert_standin.storage.journal import Journal, Note

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THREADS = 4
MULTIPART_THRESHOLD = 64 * 1024 * 1024
PART_BYTES = 16 * 1024 * 1024
MAX_PARTS = 10_000  # Amazon S3 multipart upload limits
DELETE_BATCH = 1000  # DeleteObjects
# Failures of calls that never left this machine; a JobError is the role's, when its credentials are renewed.
_UNSENT = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ParamValidationError, JobError)
# After a lost answer botocore asks again, and is told that the upload is gone: it may have been completed.
_AMBIGUOUS_CODE = "NoSuchUpload"
# In the answer of DeleteObjects: the object is still there, and may be gone next time.
_PASSING_CODES = frozenset({"InternalError", "ServiceUnavailable", "SlowDown"})


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

    def keep_only(self, uploads: Sequence[Upload]) -> None:
        """Take back what an earlier process began under other names, and its unfinished multipart uploads."""
        kept = {Note(upload.location) for upload in uploads}
        undo(self._client, self._journal, [note for note in self._journal.noted() if note not in kept])

    def withdraw(self) -> None:
        """Take back what was published; a role that may not delete leaves it, as does a lost bucket."""
        undo(self._client, self._journal, self._journal.noted())

    def _upload(self, upload: Upload) -> None:
        self._check()
        location = upload.location
        if not can_be_asked_for(location):
            raise DestinationMissing(location.uri)
        size = upload.path.stat().st_size
        try:
            with upload.path.open("rb") as file:
                if size > MULTIPART_THRESHOLD:
                    self._multipart(upload, file, size)
                else:
                    with self._writing(location):
                        self._client.put_object(Bucket=location.bucket, Key=location.key, Body=file, **_options(upload))
        except ClientError as error:
            raise _explain(error, location) from error
        except (BotoCoreError, OSError) as error:
            raise WriteFailed(f"Unable to write to output file [{location.uri}]: [{type(error).__name__}]") from error
        if size <= MULTIPART_THRESHOLD:
            self._count(size)

    @contextlib.contextmanager
    def _writing(self, location: S3Location) -> Iterator[None]:
        """Around the one call that puts an object in place, noted before as a call that fails late may still do it."""
        note = Note(location)
        is_new = self._journal.note(note)
        try:
            yield
        except Exception as error:
            if is_new and _left_alone(error):
                self._journal.forget(note)
            raise
        self._journal.own(location)

    def _multipart(self, upload: Upload, file: BinaryIO, size: int) -> None:
        place = {"Bucket": upload.location.bucket, "Key": upload.location.key}
        upload_id = self._client.create_multipart_upload(**place, **_options(upload))["UploadId"]  # type: ignore[arg-type]
        note = Note(upload.location, upload_id)
        self._journal.note(note)
        try:
            parts = []
            for number, body in enumerate(_parts(file, size), start=1):
                self._check()
                # A window into the file and not its bytes: parts of the largest objects are half a gigabyte.
                answer = self._client.upload_part(**place, UploadId=upload_id, PartNumber=number, Body=body)  # type: ignore[arg-type]
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                self._count(len(body))
            with self._writing(upload.location):
                self._client.complete_multipart_upload(
                    **place,  # type: ignore[arg-type]
                    UploadId=upload_id,
                    MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
                )
        except BaseException:
            undo(self._client, self._journal, [note])
            raise
        self._journal.forget(note)

    def _count(self, size: int) -> None:
        with self._lock:
            self._done += size
            done = self._done
        self._progress(done, self._total)


def undo(client: S3Client, journal: Journal, notes: Sequence[Note]) -> None:
    """Abort and delete uploads as far as the client may. What could not be asked for stays in the journal."""
    for note in notes:
        if note.upload_id and _abort(client, note):
            journal.forget(note)
    by_bucket: dict[str, list[Note]] = {}
    for note in notes:
        if not note.upload_id:
            by_bucket.setdefault(note.location.bucket, []).append(note)
    for bucket, objects in by_bucket.items():
        for start in range(0, len(objects), DELETE_BATCH):
            for note in _delete(client, bucket, objects[start : start + DELETE_BATCH]):
                journal.forget(note)


def _abort(client: S3Client, note: Note) -> bool:
    """Whether the matter is settled."""
    location = note.location
    try:
        client.abort_multipart_upload(Bucket=location.bucket, Key=location.key, UploadId=note.upload_id)
    except (ClientError, BotoCoreError, JobError) as error:
        return _is_refusal(error)
    return True


def _delete(client: S3Client, bucket: str, notes: list[Note]) -> list[Note]:
    """Those that are settled: their objects are gone, or the client may not delete them."""
    listed = [{"Key": note.location.key} for note in notes]
    try:
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": listed, "Quiet": True})  # type: ignore[typeddict-item]
    except (ClientError, BotoCoreError, JobError) as error:
        return notes if _is_refusal(error) else []
    errors = answer.get("Errors", [])
    left = {error.get("Key") for error in errors if error.get("Code") in _PASSING_CODES}
    return [note for note in notes if note.location.key not in left]


def _is_refusal(error: Exception) -> bool:
    """S3 answered that it will not do it."""
    return isinstance(error, ClientError) and 300 <= error_status(error) < 500


def _left_alone(error: Exception) -> bool:
    """A failed write that can not have touched the object at its key; without an answer nobody knows."""
    if isinstance(error, ClientError) and error_code(error) == _AMBIGUOUS_CODE:
        return False
    return isinstance(error, _UNSENT) or _is_refusal(error)


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
    code = error_code(error)
    # A bucket with ACLs switched off refuses them with 400; the service reports that as a denial too.
    if error_status(error) in (401, 403) or code == "AccessControlListNotSupported":
        return WriteDenied(location.uri)
    if code in NO_SUCH_BUCKET:
        return DestinationMissing(location.uri)
    return WriteFailed(f"Unable to write to output file [{location.uri}]: [Failed to write data: {code}]")
