"""The catalog entry: a video's one state record, and what of it the API shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sstech_video.checksums import Algorithm

FORMAT: Final = 1

T = TypeVar("T")


class Status(StrEnum):
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    CONVERTING = "converting"
    READY = "ready"
    FAILED = "failed"


class FailureCode(StrEnum):
    """`error.code` of a failed video. Closed: clients translate it."""

    SIZE_MISMATCH = "size_mismatch"
    NO_VIDEO = "no_video"
    UNSUPPORTED_FORMAT = "unsupported_format"
    DAMAGED_FILE = "damaged_file"
    SOURCE_UNREADABLE = "source_unreadable"
    CONVERSION_REJECTED = "conversion_rejected"
    CONVERSION_CANCELED = "conversion_canceled"
    CONVERSION_FAILED = "conversion_failed"
    OUTPUT_MISSING = "output_missing"
    UPLOAD_ABANDONED = "upload_abandoned"
    CONVERSION_TIMED_OUT = "conversion_timed_out"
    COST_LIMIT = "cost_limit"


class EntryError(ValueError):
    """A stored entry cannot be read: it was written by something else, or by a newer release."""


@dataclass(frozen=True)
class Failure:
    code: FailureCode
    message: str


@dataclass(frozen=True)
class Entry:
    """Times are aware datetimes in UTC, sizes are bytes, durations milliseconds.

    `attempt` counts the conversions that were claimed; it names the live output folder. `nudges` counts how often the
    reconciler has sent the original through the queue again, `cost_micros` is the estimate for the live attempt in
    millionths of a dollar, `parts_digest` stands for the parts that the original was put together from. From `key` on,
    nothing is ever shown by the API.
    """

    owner: str
    video_id: str
    title: str
    file_name: str
    status: Status
    size: int
    created_at: datetime
    updated_at: datetime
    progress: int = 0
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    error: Failure | None = None
    key: str = ""
    content_type: str = ""
    upload_id: str | None = None
    part_size: int | None = None
    checksum_algorithm: Algorithm | None = None
    parts_digest: str | None = None
    assembling_since: datetime | None = None
    uploaded_at: datetime | None = None
    attempt: int = 0
    claimed_at: datetime | None = None
    job_id: str | None = None
    thumbnail_seconds: int | None = None
    cost_micros: int | None = None
    nudges: int = 0
    nudged_at: datetime | None = None

    def to_json(self) -> bytes:
        document: dict[str, Any] = {"format": FORMAT}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                document[_camel(field.name)] = _plain(value)
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, body: bytes) -> Entry:
        """Unknown members are passed over. Raises `EntryError`."""
        try:
            document = json.loads(body)
            if document["format"] != FORMAT:
                raise EntryError(f"catalog entry of format {document['format']!r}, this release reads {FORMAT}")
            return cls(**{f.name: _read(document, f.name) for f in fields(cls) if _camel(f.name) in document})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise EntryError(f"not a catalog entry: {error}") from error


def video_json(entry: Entry, poster_url: str | None) -> dict[str, Any]:
    """`video` of the API."""
    return {
        "videoId": entry.video_id,
        "title": entry.title,
        "fileName": entry.file_name,
        "status": entry.status.value,
        "progress": entry.progress,
        "size": entry.size,
        "durationMs": entry.duration_ms,
        "width": entry.width,
        "height": entry.height,
        "createdAt": iso(entry.created_at),
        "updatedAt": iso(entry.updated_at),
        "posterUrl": poster_url,
        "error": _plain(entry.error) if entry.error else None,
    }


def iso(moment: datetime) -> str:
    """ISO 8601, UTC, milliseconds: `2026-11-22T19:44:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    match value:
        case datetime():
            return iso(value)
        case Failure():
            return {"code": value.code.value, "message": value.message}
        case StrEnum():
            return value.value
    return value


_TEXTS: Final = frozenset(
    {"owner", "video_id", "title", "file_name", "key", "content_type", "upload_id", "parts_digest", "job_id"}
)
_TIMES: Final = frozenset({"created_at", "updated_at", "assembling_since", "uploaded_at", "claimed_at", "nudged_at"})


def _read(document: Mapping[str, Any], name: str) -> Any:
    value = document[_camel(name)]
    if name in _TEXTS:
        return _of_type(str, value)
    if name in _TIMES:
        return datetime.fromisoformat(value)
    if name == "status":
        return Status(value)
    if name == "checksum_algorithm":
        return Algorithm(value)
    if name == "error":
        return Failure(FailureCode(value["code"]), _of_type(str, value["message"]))
    return _of_type(int, value)


def _of_type(kind: type[T], value: object) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise EntryError(f"{value!r} is not {kind.__name__}")
    return value


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
