"""Pre-signed uploads into the temporary bucket, whole or in parts.

Every URL is good for one object, one method, one exact length, for at most an hour. S3 itself is the memory of what
has arrived; nothing about parts is stored by us.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import ClientError

from sstech_video import aws, checksums, keys
from sstech_video.bodies import NewUpload, SentPart
from sstech_video.checksums import Algorithm
from sstech_video.errors import InvalidRequestError
from sstech_video.uploads import MAX_PARTS, URL_LIFETIME_SECONDS, PartPlan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

# API Gateway waits 29 s for a function; S3 may take minutes for the parts of a huge file.
ASSEMBLY_PATIENCE_SECONDS: Final = 6.0
LIST_PAGE: Final = 1000

# What S3 answers when the parts it is given are not the parts it has.
_BAD_PARTS: Final = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"})


class Assembly(Enum):
    DONE = auto()
    UNDER_WAY = auto()
    NO_SUCH_UPLOAD = auto()


class UploadGoneError(Exception):
    """S3 does not know this multipart upload: completed, aborted or expired."""


@dataclass(frozen=True)
class HeldPart:
    """A part in S3; `size` in bytes, `etag` without quotes."""

    part_number: int
    size: int
    etag: str
    arrived_at: datetime
    checksum: str | None = None


@dataclass(frozen=True)
class HeldParts:
    """`next_after` is None at the end of the list."""

    parts: tuple[HeldPart, ...]
    next_after: int | None


@dataclass(frozen=True)
class Upload:
    """A multipart upload of one original."""

    key: str
    upload_id: str
    plan: PartPlan
    algorithm: Algorithm | None = None


@dataclass(frozen=True)
class OpenUpload:
    """As S3 lists it, whatever its key."""

    key: str
    upload_id: str
    initiated: datetime


class UploadBucket:
    """`public_s3` signs URLs for browsers, `s3` does what the function itself does."""

    def __init__(self, s3: S3Client, public_s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._public_s3 = public_s3
        self._bucket = bucket

    def put_url(self, key: str, wanted: NewUpload) -> tuple[str, dict[str, str]]:
        """A URL for one PUT and the headers to send with it.

        The length is signed too, but clients set Content-Length by themselves and browsers let nobody else.
        `If-None-Match: *` makes the URL useless once the object is there. A checksum is checked by S3 itself.
        """
        value, headers = _checksum_parameter(wanted.algorithm, wanted.checksum)
        url = self._public_s3.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ContentType": wanted.content_type,
                "ContentLength": wanted.size,
                "IfNoneMatch": "*",
                **value,
            },
            ExpiresIn=URL_LIFETIME_SECONDS,
        )
        return url, {"Content-Type": wanted.content_type, "If-None-Match": "*", **headers}

    def create(self, key: str, content_type: str, algorithm: Algorithm | None = None) -> str:
        """Returns the upload id. With an algorithm, S3 wants a checksum of every part."""
        declared: dict[str, Any] = {"ChecksumAlgorithm": algorithm.value} if algorithm else {}
        answer = self._s3.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type, **declared)
        return answer["UploadId"]

    def part_url(self, upload: Upload, part_number: int, checksum: str | None = None) -> tuple[str, dict[str, str]]:
        """A URL for one part, and the headers to send with it."""
        value, headers = _checksum_parameter(upload.algorithm, checksum)
        url = self._public_s3.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self._bucket,
                "Key": upload.key,
                "UploadId": upload.upload_id,
                "PartNumber": part_number,
                "ContentLength": upload.plan.length(part_number),
                **value,
            },
            ExpiresIn=URL_LIFETIME_SECONDS,
        )
        return url, headers

    def held_parts(self, upload: Upload, after: int) -> HeldParts:
        """One page of what S3 holds. Raises `UploadGoneError`."""
        try:
            answer = self._s3.list_parts(
                Bucket=self._bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                PartNumberMarker=after,
                MaxParts=LIST_PAGE,
            )
        except ClientError as error:
            if aws.error_code(error) == "NoSuchUpload":
                raise UploadGoneError from error
            raise
        parts = tuple(_held(part, upload.algorithm) for part in answer.get("Parts", []))
        more = bool(answer["IsTruncated"] and parts)
        return HeldParts(parts, parts[-1].part_number if more else None)

    def all_held_parts(self, upload: Upload) -> tuple[HeldPart, ...]:
        """Raises `UploadGoneError`."""
        parts: list[HeldPart] = []
        after: int | None = 0
        while after is not None and len(parts) <= MAX_PARTS:
            page = self.held_parts(upload, after)
            parts += page.parts
            after = page.next_after
        return tuple(parts)

    def open_uploads(self, prefix: str = keys.UPLOADS) -> Iterator[OpenUpload]:
        """Every unfinished multipart upload of an original."""
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for upload in page.get("Uploads", []):
                yield OpenUpload(upload["Key"], upload["UploadId"], upload["Initiated"])

    def abort(self, key: str, upload_id: str) -> None:
        with aws.ignoring("NoSuchUpload"):
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    def assemble(
        self, upload: Upload, parts: Sequence[HeldPart], patience: float = ASSEMBLY_PATIENCE_SECONDS
    ) -> Assembly:
        """CompleteMultipartUpload, for as long as the caller may wait; S3 goes on by itself after that.

        S3 sends white space while it works, so no read timeout ever fires: hence the thread.
        Raises `InvalidRequestError` when S3 does not agree with the parts.
        """
        outcome: list[Assembly | Exception] = []

        def complete() -> None:
            try:
                outcome.append(self._complete(upload, parts))
            except Exception as error:  # noqa: BLE001 - handed over to the waiting thread
                outcome.append(error)

        thread = threading.Thread(target=complete, daemon=True)
        thread.start()
        thread.join(patience)
        result = outcome[0] if outcome else Assembly.UNDER_WAY
        if isinstance(result, Exception):
            raise result
        return result

    def _complete(self, upload: Upload, parts: Sequence[HeldPart]) -> Assembly:
        try:
            aws.assembling_s3().complete_multipart_upload(
                Bucket=self._bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                MultipartUpload={"Parts": [_completed(part, upload.algorithm) for part in parts]},
            )
        except ClientError as error:
            if aws.error_code(error) == "NoSuchUpload":
                return Assembly.NO_SUCH_UPLOAD
            if aws.error_code(error) in _BAD_PARTS:
                raise InvalidRequestError("S3 holds other parts than these. List the parts and try again.") from error
            raise
        return Assembly.DONE


def _held(part: PartTypeDef, algorithm: Algorithm | None) -> HeldPart:
    checksum: Any = part.get(checksums.member(algorithm)) if algorithm else None
    return HeldPart(part["PartNumber"], part["Size"], part["ETag"].strip('"'), part["LastModified"], checksum)


def _completed(part: HeldPart, algorithm: Algorithm | None) -> CompletedPartTypeDef:
    completed: dict[str, Any] = {"PartNumber": part.part_number, "ETag": f'"{part.etag}"'}
    if algorithm and part.checksum:
        completed[checksums.member(algorithm)] = part.checksum
    return cast("CompletedPartTypeDef", completed)


def _checksum_parameter(algorithm: Algorithm | None, value: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """The checksum as a parameter of the SDK and as a header; both empty without one."""
    if algorithm is None or value is None:
        return {}, {}
    return {checksums.member(algorithm): value}, {checksums.header(algorithm): value}


def check_parts(plan: PartPlan, sent: Sequence[SentPart], held: Sequence[HeldPart]) -> None:
    """Is what the client believes what S3 holds, and is it the whole file? Raises `InvalidRequestError`."""
    numbers = [part.part_number for part in sent]
    if numbers != list(range(1, plan.part_count + 1)):
        raise InvalidRequestError(f"parts must be numbered from 1 to {plan.part_count}, in order, each once.")
    in_s3 = {part.part_number: part for part in held}
    for part in sent:
        found = in_s3.get(part.part_number)
        if found is None:
            raise InvalidRequestError(f"Part {part.part_number} has not arrived. Upload it again.")
        if found.etag != part.etag:
            raise InvalidRequestError(f"etag of part {part.part_number} is not that of the part in S3.")
        if part.checksum and found.checksum != part.checksum:
            raise InvalidRequestError(f"checksum of part {part.part_number} is not that of the part in S3.")
        if found.size != plan.length(part.part_number):
            raise InvalidRequestError(
                f"Part {part.part_number} has {found.size} bytes in place of {plan.length(part.part_number)}."
                " Upload it again."
            )
