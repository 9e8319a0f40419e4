"""The HTTP API's answers, parsed at the border: what the contract promises, or UnexpectedAnswerError."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookies import SimpleCookie
from typing import TypeVar

import requests

from devstack.contract.client_errors import UnexpectedAnswerError

STATUSES = frozenset({"uploading", "uploaded", "converting", "ready", "failed"})

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Failure:
    """Why a video is `failed`."""

    code: str
    message: str


@dataclass(frozen=True)
class Video:
    """One entry of the library. `size` in bytes, `width` and `height` in pixels, None until known."""

    video_id: str
    title: str
    file_name: str
    status: str
    progress: int
    size: int
    duration_ms: int | None
    width: int | None
    height: int | None
    created_at: datetime
    updated_at: datetime
    poster_url: str | None
    error: Failure | None


@dataclass(frozen=True)
class Page:
    """A page of the library, newest first; `next_cursor` is None on the last."""

    videos: tuple[Video, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class MultipartPlan:
    """How the API wants the file cut: all parts have `part_size` bytes but the last."""

    part_size: int
    part_count: int


@dataclass(frozen=True)
class Upload:
    """An opened upload. Small files have `url` and `headers`, large ones have `multipart`."""

    video_id: str
    key: str
    expires_in: int
    url: str | None
    headers: Mapping[str, str]
    multipart: MultipartPlan | None


@dataclass(frozen=True)
class StoredPart:
    """A part that S3 holds. `size` in bytes."""

    number: int
    size: int
    etag: str


@dataclass(frozen=True)
class StoredParts:
    """A page of parts; `next_after` is None on the last."""

    parts: tuple[StoredPart, ...]
    next_after: int | None


@dataclass(frozen=True)
class Cookie:
    """One `Set-Cookie` of an answer."""

    name: str
    value: str
    path: str
    http_only: bool
    secure: bool
    same_site: str


@dataclass(frozen=True)
class Playback:
    """Where a ready video plays, and the cookies that open it until `expires_at`."""

    mp4_url: str
    hls_url: str
    poster_url: str
    thumbnails_url: str
    expires_at: datetime
    cookies: tuple[Cookie, ...]

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)


class Fields:
    """A JSON object whose members are asked for by type."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, Mapping):
            raise UnexpectedAnswerError(f"An object was expected, not {value!r}.")
        self._value = value

    @classmethod
    def of(cls, response: requests.Response) -> Fields:
        try:
            return cls(response.json())
        except requests.JSONDecodeError as error:
            raise UnexpectedAnswerError(f"{response.url} did not answer JSON.") from error

    def text(self, name: str) -> str:
        return self._of_kind(name, str)

    def text_or_none(self, name: str) -> str | None:
        return None if self._member(name) is None else self.text(name)

    def number(self, name: str) -> int:
        return self._of_kind(name, int)

    def number_or_none(self, name: str) -> int | None:
        return None if self._member(name) is None else self.number(name)

    def time(self, name: str) -> datetime:
        moment = datetime.fromisoformat(self.text(name))
        if moment.tzinfo is None:
            raise UnexpectedAnswerError(f"{name} has no time zone: {moment.isoformat()}.")
        return moment

    def object_or_none(self, name: str) -> Fields | None:
        value = self._member(name)
        return None if value is None else Fields(value)

    def objects(self, name: str) -> tuple[Fields, ...]:
        return tuple(Fields(item) for item in self._of_kind(name, list))

    def texts(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in self._value.items()}

    def _member(self, name: str) -> object:
        if name not in self._value:
            raise UnexpectedAnswerError(f"{name} is missing from the answer.")
        return self._value[name]

    def _of_kind(self, name: str, kind: type[Kind]) -> Kind:
        value = self._member(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise UnexpectedAnswerError(f"{name} should be {kind.__name__}, not {value!r}.")
        return value


def parse_video(fields: Fields) -> Video:
    error = fields.object_or_none("error")
    status = fields.text("status")
    if status not in STATUSES:
        raise UnexpectedAnswerError(f"{status!r} is not a status.")
    return Video(
        video_id=fields.text("videoId"),
        title=fields.text("title"),
        file_name=fields.text("fileName"),
        status=status,
        progress=fields.number("progress"),
        size=fields.number("size"),
        duration_ms=fields.number_or_none("durationMs"),
        width=fields.number_or_none("width"),
        height=fields.number_or_none("height"),
        created_at=fields.time("createdAt"),
        updated_at=fields.time("updatedAt"),
        poster_url=fields.text_or_none("posterUrl"),
        error=None if error is None else Failure(error.text("code"), error.text("message")),
    )


def parse_page(fields: Fields) -> Page:
    return Page(tuple(map(parse_video, fields.objects("videos"))), fields.text_or_none("nextCursor"))


def parse_upload(fields: Fields) -> Upload:
    headers = fields.object_or_none("headers")
    multipart = fields.object_or_none("multipart")
    return Upload(
        video_id=fields.text("videoId"),
        key=fields.text("key"),
        expires_in=fields.number("expiresIn"),
        url=fields.text_or_none("uploadUrl"),
        headers={} if headers is None else headers.texts(),
        multipart=None
        if multipart is None
        else MultipartPlan(multipart.number("partSize"), multipart.number("partCount")),
    )


def parse_part_urls(fields: Fields) -> dict[int, str]:
    return {part.number("partNumber"): part.text("url") for part in fields.objects("parts")}


def parse_stored_parts(fields: Fields) -> StoredParts:
    return StoredParts(
        tuple(
            StoredPart(part.number("partNumber"), part.number("size"), part.text("etag"))
            for part in fields.objects("parts")
        ),
        fields.number_or_none("nextAfter"),
    )


def parse_playback(fields: Fields, set_cookies: list[str]) -> Playback:
    """`set_cookies`: the values of the answer's `Set-Cookie` headers, one each."""
    return Playback(
        mp4_url=fields.text("mp4Url"),
        hls_url=fields.text("hlsUrl"),
        poster_url=fields.text("posterUrl"),
        thumbnails_url=fields.text("thumbnailsUrl"),
        expires_at=fields.time("expiresAt"),
        cookies=tuple(cookie for header in set_cookies for cookie in _cookies(header)),
    )


def _cookies(header: str) -> list[Cookie]:
    return [
        Cookie(
            name=name,
            value=morsel.value,
            path=morsel["path"],
            http_only=bool(morsel["httponly"]),
            secure=bool(morsel["secure"]),
            same_site=morsel["samesite"],
        )
        for name, morsel in SimpleCookie(header).items()
    ]
