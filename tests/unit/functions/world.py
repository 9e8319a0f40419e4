"""A small AWS in memory, in which every effect may be the last of a function that dies, or be overtaken by another.

Just the calls that the functions make, with S3's answers: strong consistency, conditional writes, multipart uploads;
and MediaConvert's: a token that is honoured for a minute, jobs that can be searched.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

TOKEN_IS_GOOD_FOR = timedelta(minutes=1)


class CrashError(BaseException):
    """The function died here. No handler may catch it."""


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")


class Faults:
    """Counts effects down; at the given one, the function dies or another one runs first."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._left = -1
        self._happens: Callable[[], None] = lambda: None

    def plan(self, after_effects: int, happens: Callable[[], None]) -> None:
        self._left, self._happens = after_effects, happens

    def effect(self) -> None:
        if self._left == 0:
            happens = self._happens
            self.clear()
            happens()
        elif self._left > 0:
            self._left -= 1


class MemoryS3:
    """Two buckets. `on_delete` sees every object before it goes."""

    def __init__(self, faults: Faults, now: Callable[[], datetime]) -> None:
        self._faults = faults
        self._now = now
        self.objects: dict[tuple[str, str], tuple[bytes, str, datetime]] = {}
        self.uploads: dict[str, tuple[str, str, datetime]] = {}
        self.on_delete: Callable[[str, str], None] = lambda _bucket, _key: None
        self._version = 0

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return sorted(key for known, key in self.objects if known == bucket and key.startswith(prefix))

    def body(self, bucket: str, key: str) -> bytes | None:
        found = self.objects.get((bucket, key))
        return found[0] if found else None

    def put_object(
        self,
        Bucket: str,
        Key: str,
        Body: bytes,
        IfMatch: str = "",
        IfNoneMatch: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        self._faults.effect()
        known = self.objects.get((Bucket, Key))
        if IfNoneMatch and known:
            raise refusal("PreconditionFailed")
        if IfMatch and known is None:
            raise refusal("NoSuchKey")
        if IfMatch and known and known[1] != IfMatch:
            raise refusal("PreconditionFailed")
        self._version += 1
        self.objects[Bucket, Key] = (Body, f'"{self._version}"', self._now())
        return {"ETag": f'"{self._version}"'}

    def get_object(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        self._faults.effect()
        if (Bucket, Key) not in self.objects:
            raise refusal("NoSuchKey")
        body, etag, _modified = self.objects[Bucket, Key]
        return {"Body": io.BytesIO(body), "ETag": etag, "ContentLength": len(body)}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._faults.effect()
        if (Bucket, Key) not in self.objects:
            raise refusal("404")
        return {"ContentLength": len(self.objects[Bucket, Key][0])}

    def delete_object(self, Bucket: str, Key: str) -> None:
        self._faults.effect()
        self._delete(Bucket, Key)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        self._faults.effect()
        for item in Delete["Objects"]:
            self._delete(Bucket, item["Key"])
        return {}

    def _delete(self, bucket: str, key: str) -> None:
        if (bucket, key) in self.objects:
            self.on_delete(bucket, key)
            del self.objects[bucket, key]

    def create_multipart_upload(self, Bucket: str, Key: str, **_: Any) -> dict[str, str]:
        self._faults.effect()
        self._version += 1
        self.uploads[f"upload-{self._version}"] = (Bucket, Key, self._now())
        return {"UploadId": f"upload-{self._version}"}

    def abort_multipart_upload(self, Bucket: str, Key: str, UploadId: str) -> None:
        self._faults.effect()
        if self.uploads.pop(UploadId, None) is None:
            raise refusal("NoSuchUpload")

    def list_parts(self, UploadId: str, **_: Any) -> dict[str, Any]:
        self._faults.effect()
        if UploadId not in self.uploads:
            raise refusal("NoSuchUpload")
        return {"Parts": [], "IsTruncated": False}

    def generate_presigned_url(self, *_: Any, **__: Any) -> str:
        return "https://s3.example/"

    def get_paginator(self, name: str) -> Any:
        return _Paginator({"list_objects_v2": self._objects, "list_multipart_uploads": self._open}[name])

    def _objects(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        self._faults.effect()
        return {
            "Contents": [
                {"Key": key, "LastModified": self.objects[Bucket, key][2]} for key in self.keys(Bucket, Prefix)
            ]
        }

    def _open(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        self._faults.effect()
        return {
            "Uploads": [
                {"Key": key, "UploadId": upload_id, "Initiated": begun}
                for upload_id, (bucket, key, begun) in self.uploads.items()
                if bucket == Bucket and key.startswith(Prefix)
            ]
        }


class _Paginator:
    def __init__(self, page: Callable[..., dict[str, Any]]) -> None:
        self._page = page

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        arguments.pop("PaginationConfig", None)
        yield self._page(**arguments)


class BadRequestError(Exception):
    pass


class NotFoundError(Exception):
    pass


class MemoryMediaConvert:
    class exceptions:  # noqa: N801 - as the SDK's client has it
        BadRequestException = BadRequestError
        NotFoundException = NotFoundError

    def __init__(self, faults: Faults, now: Callable[[], datetime]) -> None:
        self._faults = faults
        self._now = now
        self.jobs: list[dict[str, Any]] = []

    def probe(self, **_: Any) -> dict[str, Any]:
        self._faults.effect()
        return {}

    def create_job(self, **request: Any) -> dict[str, Any]:
        self._faults.effect()
        job = self._same_token(request["ClientRequestToken"]) or {
            "Id": f"job-{len(self.jobs)}",
            "Status": "SUBMITTED",
            "Token": request["ClientRequestToken"],
            "CreatedAt": self._now(),
            "UserMetadata": request["UserMetadata"],
        }
        if job not in self.jobs:
            self.jobs.append(job)
        # The answer may be lost although the job is made.
        self._faults.effect()
        return {"Job": job}

    def _same_token(self, token: str) -> dict[str, Any] | None:
        recent = (job for job in self.jobs if self._now() - job["CreatedAt"] < TOKEN_IS_GOOD_FOR)
        return next((job for job in recent if job["Token"] == token), None)

    def get_job(self, Id: str) -> dict[str, Any]:
        self._faults.effect()
        return {"Job": next(job for job in self.jobs if job["Id"] == Id)}

    def cancel_job(self, Id: str) -> None:
        self._faults.effect()
        job = next(job for job in self.jobs if job["Id"] == Id)
        if job["Status"] not in ("SUBMITTED", "PROGRESSING"):
            raise refusal("ConflictException")
        job["Status"] = "CANCELED"

    def get_paginator(self, _name: str) -> Any:
        return _Paginator(self._search)

    def _search(self, **_: Any) -> dict[str, Any]:
        self._faults.effect()
        return {"Jobs": self.jobs[::-1]}


class MemoryQueue:
    """Messages that wait; a delivery takes none away."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.bodies: list[str] = []

    def get_queue_attributes(self, AttributeNames: list[str], **_: Any) -> dict[str, dict[str, str]]:
        self._faults.effect()
        return {"Attributes": {name: str(len(self.bodies)) for name in AttributeNames}}

    def send_message(self, MessageBody: str, **_: Any) -> None:
        self._faults.effect()
        self.bodies.append(MessageBody)
