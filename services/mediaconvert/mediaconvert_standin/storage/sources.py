"""Reading the input from S3: whole into the job's folder, or only the parts that a probe needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from mediaconvert_standin.errors import ReadDenied, ReadFailed, SourceMissing
from mediaconvert_standin.inspection.boxes import top_level_boxes
from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.storage.aws import NO_SUCH_BUCKET, can_be_asked_for, error_code, error_status

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RANGE_BYTES = 8 * 1024 * 1024
COPY_BYTES = 256 * 1024
HEAD_WINDOW = 4 * 1024 * 1024
TAIL_WINDOW = 1024 * 1024
FIRST_SAMPLES_WINDOW = 2 * 1024 * 1024
MAX_MOOV = 64 * 1024 * 1024
MAX_REMOTE_BOXES = 32


@dataclass(frozen=True)
class SourceObject:
    size: int
    etag: str
    last_modified: datetime | None
    mime_type: str


class Source:
    """One S3 object, read by ranges that all belong to the same version of it."""

    def __init__(self, client: S3Client, location: S3Location) -> None:
        self._client = client
        self._location = location
        self.object: SourceObject | None = None

    def download(
        self, path: Path, progress: Callable[[int, int], None], check: Callable[[int], None] | None = None
    ) -> SourceObject:
        """Copy the object to ``path``; ``progress(done, total)`` in bytes may raise to stop.

        ``check(total)`` may refuse the size once the first range has told it.
        Raises SourceMissing, ReadDenied, ReadFailed.
        """
        with path.open("wb") as file:
            found = self.read_into(file, 0, RANGE_BYTES, progress)
            if check is not None:
                check(found.size)
            while (done := file.tell()) < found.size:
                progress(done, found.size)
                self.read_into(file, done, RANGE_BYTES, progress)
                if file.tell() <= done:
                    raise ReadFailed("Demuxer: [Failed to read data: no more bytes]")
        return found

    def download_windows(self, path: Path) -> SourceObject:
        """Write the head, the tail and, of an ISO file, the moov box into a sparse copy of the object."""
        with path.open("w+b") as file:
            found = self.read_into(file, 0, HEAD_WINDOW)
            if found.size <= HEAD_WINDOW:
                return found
            file.truncate(found.size)
            tail = max(HEAD_WINDOW, found.size - TAIL_WINDOW)
            self.read_into(file, tail, found.size - tail)
            file.seek(4)
            if file.read(4) in (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"):
                self._fetch_index(file, found.size)
        return found

    def _fetch_index(self, file: BinaryIO, size: int) -> None:
        def read_at(offset: int, length: int) -> bytes:
            length = min(length, size - offset)
            if offset + length > HEAD_WINDOW and length > 0:
                self.read_into(file, offset, length)
            file.seek(offset)
            return file.read(length)

        for box in top_level_boxes(read_at, size, MAX_REMOTE_BOXES):
            if box.kind == b"moov" and box.size <= MAX_MOOV:
                self._fetch(file, box.start, min(box.size, size - box.start))
            elif box.kind == b"mdat":
                self._fetch(file, box.start, min(FIRST_SAMPLES_WINDOW, box.size, size - box.start))

    def _fetch(self, file: BinaryIO, start: int, length: int) -> None:
        position = max(start, HEAD_WINDOW)
        while position < start + length:
            step = min(RANGE_BYTES, start + length - position)
            self.read_into(file, position, step)
            position += step

    def read_into(
        self, file: BinaryIO, start: int, length: int, progress: Callable[[int, int], None] | None = None
    ) -> SourceObject:
        """Write ``length`` bytes from ``start`` at the same place of ``file``."""
        if not can_be_asked_for(self._location):
            raise SourceMissing(self._location.uri)
        pinned = {"IfMatch": self.object.etag} if self.object else {}
        try:
            answer = self._client.get_object(
                Bucket=self._location.bucket,
                Key=self._location.key,
                Range=f"bytes={start}-{start + length - 1}",
                **pinned,  # type: ignore[arg-type]
            )
            found = self.object or _describe(answer)
            file.seek(start)
            for chunk in answer["Body"].iter_chunks(COPY_BYTES):
                file.write(chunk)
                if progress is not None:
                    progress(file.tell(), found.size)
        except ClientError as error:
            found = self._explain(error)
        except (BotoCoreError, OSError) as error:
            raise ReadFailed(f"Demuxer: [Failed to read data: {type(error).__name__}]") from error
        self.object = found
        return found

    def _explain(self, error: ClientError) -> SourceObject:
        status = error_status(error)
        if status == 416 and self.object is None:
            return SourceObject(0, "", None, "")  # an empty object has no first byte to ask for
        code = error_code(error)
        if status == 404 or code in NO_SUCH_BUCKET:
            raise SourceMissing(self._location.uri) from error
        if status in (401, 403):
            raise ReadDenied(self._location.uri) from error
        raise ReadFailed(f"Demuxer: [Failed to read data: {code}]") from error


def _describe(answer: Any) -> SourceObject:
    content_range = str(answer.get("ContentRange", ""))
    total = content_range.rpartition("/")[2]
    return SourceObject(
        size=int(total) if total.isdigit() else int(answer["ContentLength"]),
        etag=str(answer.get("ETag", "")),
        last_modified=answer.get("LastModified"),
        mime_type=str(answer.get("ContentType", "")),
    )
