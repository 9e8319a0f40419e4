"""Request bodies and query strings, parsed at the border into typed values.

Unknown members are passed over; what is missing or of the wrong type is refused by name.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sstech_video import uploads
from sstech_video.checksums import Algorithm, is_checksum
from sstech_video.errors import BodyTooLargeError, InvalidRequestError, UnsupportedMediaTypeError
from sstech_video.video_ids import is_video_id

MAX_BODY_BYTES: Final = 256 * 1024
# 10,000 parts of about 70 bytes each, with room for indentation.
MAX_COMPLETE_BODY_BYTES: Final = 2 * 1024 * 1024

MAX_NAME_CHARACTERS: Final = 1000
MAX_CONTENT_TYPE_CHARACTERS: Final = 255
MAX_PARTS_PER_REQUEST: Final = 100

DEFAULT_PAGE: Final = 24
MAX_PAGE: Final = 100

# RFC 9110, section 8.3.1: type "/" subtype *( ";" name "=" token-or-quoted-string ).
_WORD: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
# The subtype is a restricted name of RFC 6838, section 4.2.
_MEDIA_TYPE: Final = re.compile(
    rf'(video/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*|application/mxf)(\s?;\s?{_WORD}=({_WORD}|"[\w .,+:/-]*"))*',
    re.ASCII | re.IGNORECASE,
)
_ETAG: Final = re.compile(r'"?[A-Za-z0-9+/=_-]{1,128}"?')
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class NewUpload:
    """`checksum` is given for a file that goes up in one PUT, and only with an algorithm."""

    file_name: str
    content_type: str
    size: int
    algorithm: Algorithm | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class SentPart:
    """A part as the client remembers it; `etag` without quotes."""

    part_number: int
    etag: str
    checksum: str | None = None


@dataclass(frozen=True)
class PageRequest:
    limit: int
    after: str | None


def body_of(event: Mapping[str, Any], limit: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """The JSON object in an API Gateway event's body, of at most `limit` bytes."""
    raw = _bytes_of(event)
    if len(raw) > limit:
        raise BodyTooLargeError(f"The body has more than {limit} bytes.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise InvalidRequestError("The body must be a JSON object.")
    return body


def new_upload(body: Mapping[str, Any]) -> NewUpload:
    file_name = _name(body, "fileName")
    size = _integer(body, "size")
    if not 1 <= size <= uploads.MAX_FILE_BYTES:
        raise InvalidRequestError(f"size must be from 1 to {uploads.MAX_FILE_BYTES} bytes.")
    content_type = _content_type(body)
    algorithm = _algorithm(body)
    in_one_put = uploads.plan(size) is None
    checksum = _checksum(body, "checksum", algorithm if in_one_put else None)
    return NewUpload(file_name, content_type, size, algorithm, checksum)


def title(body: Mapping[str, Any]) -> str:
    return _name(body, "title")


def part_numbers(body: Mapping[str, Any], part_count: int) -> tuple[int, ...]:
    """Distinct numbers from 1 to `part_count`, at most 100."""
    numbers = _list(body, "partNumbers")
    if not 1 <= len(numbers) <= MAX_PARTS_PER_REQUEST:
        raise InvalidRequestError(f"partNumbers must have from 1 to {MAX_PARTS_PER_REQUEST} numbers.")
    for number in numbers:
        if not _is_integer(number) or not 1 <= number <= part_count:
            raise InvalidRequestError(f"partNumbers must be whole numbers from 1 to {part_count}.")
    if len(set(numbers)) != len(numbers):
        raise InvalidRequestError("partNumbers names a part twice.")
    return tuple(numbers)


def part_checksums(
    body: Mapping[str, Any], numbers: Sequence[int], algorithm: Algorithm | None
) -> tuple[str | None, ...]:
    """One for each part number where an algorithm was declared at the start, none otherwise."""
    if algorithm is None:
        if body.get("checksums") is not None:
            raise InvalidRequestError("checksums need a checksumAlgorithm, declared when the upload was asked for.")
        return (None,) * len(numbers)
    checksums = _list(body, "checksums")
    if len(checksums) != len(numbers):
        raise InvalidRequestError("checksums must have one member for each of partNumbers.")
    if not all(isinstance(text, str) and is_checksum(text, algorithm) for text in checksums):
        raise InvalidRequestError(f"checksums must be base64 of {algorithm.value} values.")
    return tuple(checksums)


def sent_parts(body: Mapping[str, Any], algorithm: Algorithm | None = None) -> tuple[SentPart, ...]:
    parts = _list(body, "parts")
    if not 1 <= len(parts) <= uploads.MAX_PARTS:
        raise InvalidRequestError(f"parts must have from 1 to {uploads.MAX_PARTS} members.")
    return tuple(_sent_part(part, algorithm) for part in parts)


def after_part(query: Mapping[str, str]) -> int:
    """`after` of GET parts: a part number, 0 for the beginning."""
    text = query.get("after", "0")
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > uploads.MAX_PARTS:
        raise InvalidRequestError(f"after must be a part number from 0 to {uploads.MAX_PARTS}.")
    return int(text)


def page_request(query: Mapping[str, str]) -> PageRequest:
    limit = query.get("limit", str(DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_PAGE:
        raise InvalidRequestError(f"limit must be a whole number from 1 to {MAX_PAGE}.")
    cursor = query.get("cursor")
    return PageRequest(int(limit), None if cursor is None else _read_cursor(cursor))


def cursor_after(video_id: str) -> str:
    """The opaque cursor of the page after this video."""
    return base64.urlsafe_b64encode(video_id.encode()).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> str:
    try:
        video_id = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        video_id = ""
    if not is_video_id(video_id):
        raise InvalidRequestError("cursor is not one that this list gave out. Start again without it.")
    return video_id


def _bytes_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # API Gateway hands text over as it came; a lone surrogate cannot be UTF-8 and fails as JSON.
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError("The body is not JSON.") from error


def _name(body: Mapping[str, Any], field: str) -> str:
    text = _text(body, field).strip()
    if not 1 <= len(text) <= MAX_NAME_CHARACTERS:
        raise InvalidRequestError(f"{field} must have from 1 to {MAX_NAME_CHARACTERS} characters.")
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise InvalidRequestError(f"{field} must not hold control characters.")
    return text


def _content_type(body: Mapping[str, Any]) -> str:
    text = _text(body, "contentType")
    if len(text) > MAX_CONTENT_TYPE_CHARACTERS or not _MEDIA_TYPE.fullmatch(text):
        raise UnsupportedMediaTypeError("contentType must be a video type (video/*) or application/mxf.")
    return text


def _sent_part(part: object, algorithm: Algorithm | None) -> SentPart:
    if not isinstance(part, dict):
        raise InvalidRequestError("parts must hold objects with partNumber and etag.")
    number = _integer(part, "partNumber")
    if not 1 <= number <= uploads.MAX_PARTS:
        raise InvalidRequestError(f"partNumber must be from 1 to {uploads.MAX_PARTS}.")
    etag = _text(part, "etag")
    if not _ETAG.fullmatch(etag):
        raise InvalidRequestError(f"etag of part {number} is not one that S3 gives.")
    return SentPart(number, etag.strip('"'), _checksum(part, "checksum", algorithm))


def _algorithm(body: Mapping[str, Any]) -> Algorithm | None:
    value = body.get("checksumAlgorithm")
    if value is None:
        return None
    try:
        return Algorithm(value)
    except ValueError as error:
        raise InvalidRequestError(f"checksumAlgorithm must be one of {', '.join(Algorithm)}.") from error


def _checksum(body: Mapping[str, Any], field: str, algorithm: Algorithm | None) -> str | None:
    """All or none: needed where an algorithm was declared, refused where it was not."""
    if algorithm is None:
        if body.get(field) is not None:
            raise InvalidRequestError(f"{field} does not belong here: declare checksumAlgorithm at the start.")
        return None
    text = _text(body, field)
    if not is_checksum(text, algorithm):
        raise InvalidRequestError(f"{field} must be base64 of a {algorithm.value} value.")
    return text


def _text(body: Mapping[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str):
        raise InvalidRequestError(f"{field} must be given as a string.")
    return value


def _integer(body: Mapping[str, Any], field: str) -> int:
    value = body.get(field)
    if not _is_integer(value):
        raise InvalidRequestError(f"{field} must be given as a whole number.")
    return int(value)  # type: ignore[arg-type]


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _list(body: Mapping[str, Any], field: str) -> list[Any]:
    value = body.get(field)
    if not isinstance(value, list):
        raise InvalidRequestError(f"{field} must be given as a list.")
    return value
