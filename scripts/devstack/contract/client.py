"""A client of the platform that knows its public contract and nothing else.

`Platform` is what a stranger can do: create an account and sign in. That gives a `Library`: one person's
videos, through the HTTP API.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from devstack.contract import hls, uploading
from devstack.contract.answers import (
    Fields,
    MultipartPlan,
    Page,
    Playback,
    StoredPart,
    Upload,
    Video,
    parse_page,
    parse_part_urls,
    parse_playback,
    parse_stored_parts,
    parse_upload,
    parse_video,
)
from devstack.contract.aws_clients import Outputs
from devstack.contract.client_errors import (
    ApiError,
    ConversionFailedError,
    MailMissingError,
    StorageError,
    UnexpectedAnswerError,
)
from devstack.contract.inbox import Message
from devstack.contract.signin import Authenticator, IdentityProvider, Tokens
from devstack.contract.uploading import Line, Progress
from devstack.waiting import DeadlineExceededError, wait_for

TIMEOUT = (10, 60)
"""Seconds to connect, and between two bytes. API Gateway itself gives up after 29."""
CONNECT_RETRIES = 3
"""Only for connections that were never made: those are safe to repeat."""
RENEW_BEFORE = 60
"""Seconds before its end at which an ID token is renewed."""
CODE_TIMEOUT = 30
"""Seconds for the e-mail with the confirmation code."""
ASSEMBLY_TIMEOUT = 600
"""Seconds for S3 to assemble a large object; it is allowed several minutes."""
ENDED = frozenset({"ready", "failed"})
UNKNOWN_VIDEO_TYPE = "video/x-unknown"
"""For names whose ending says nothing: the conversion looks at the bytes, not at the type."""
VIDEO_TYPES = {
    ".3gp": "video/3gpp",
    ".avi": "video/x-msvideo",
    ".m2ts": "video/mp2t",
    ".m4v": "video/x-m4v",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpg": "video/mpeg",
    ".mts": "video/mp2t",
    ".mxf": "application/mxf",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
    ".wmv": "video/x-ms-wmv",
}
"""By the name's ending. The standard library's table differs from machine to machine."""

Inbox = Callable[[], Sequence[Message]]
"""The e-mails so far, oldest first."""


def _ignore(_: object) -> None: ...


@dataclass(frozen=True)
class Account:
    """What a person has to keep: e-mail, password, authenticator."""

    email: str
    password: str
    authenticator: Authenticator


class Platform:
    """The platform as a stranger meets it."""

    def __init__(self, outputs: Outputs, inbox: Inbox) -> None:
        self.outputs = outputs
        self.identity = IdentityProvider(outputs)
        self._inbox = inbox

    def register(self, email: str, password: str) -> None:
        """Sign-up, then confirmation with the code from the inbox. Raises SignInError or MailMissingError."""
        self.identity.sign_up(email, password)
        self.identity.confirm(email, self.mailed_code(email))

    def mailed_code(self, email: str) -> str:
        """The newest code sent to `email`. Raises MailMissingError."""
        try:
            return wait_for(lambda: newest_code(self._inbox(), email), "the e-mail with the code", timeout=CODE_TIMEOUT)
        except DeadlineExceededError as error:
            raise MailMissingError(f"No e-mail with a code reached {email}.") from error

    def join(self, email: str, password: str) -> tuple[Account, Library]:
        """A new person: sign-up, confirmation, password, second factor."""
        self.register(email, password)
        return self.enrol(email, password)

    def enrol(self, email: str, password: str) -> tuple[Account, Library]:
        """The first sign-in, which demands a second factor. Raises SignInError."""
        tokens, authenticator = self.identity.enrol(self.identity.prove_password(email, password))
        return Account(email, password, authenticator), self.library(tokens)

    def sign_in(self, account: Account) -> Library:
        """A person who comes back."""
        return self.library(self.identity.sign_in(account.email, account.password, account.authenticator))

    def library(self, tokens: Tokens) -> Library:
        return Library(self.outputs, tokens, self.identity)

    def close(self) -> None:
        self.identity.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Library:
    """One signed-in person's videos. Renews the ID token by itself."""

    def __init__(self, outputs: Outputs, tokens: Tokens, identity: IdentityProvider) -> None:
        self.site_url = outputs["SiteUrl"].rstrip("/")
        # Through the CDN: playback cookies are of use only there.
        self.api_url = f"{self.site_url}/api"
        self.tokens = tokens
        self._identity = identity
        self._session = requests.Session()
        self.go_through(HTTPAdapter(max_retries=Retry(total=CONNECT_RETRIES, read=0, status=0, other=0)))
        self._line = Line()
        # Cookies are handed on explicitly: those of one video must never open another by accident.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def go_through(self, adapter: HTTPAdapter) -> None:
        """Every call of the API and of the CDN goes through `adapter` from now on."""
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    @property
    def owner(self) -> str:
        return self.tokens.subject

    def renew(self) -> None:
        """A new ID token, if this one is about to end."""
        if time.time() > self.tokens.expires_at - RENEW_BEFORE:
            self.tokens = self._identity.refresh(self.tokens.refresh_token)

    def send(self, method: str, path: str, body: object = None, **parameters: object) -> requests.Response:
        """One call, whatever its answer. `path` starts with `/videos`."""
        self.renew()
        return self._session.request(
            method,
            self.api_url + path,
            params={name: str(value) for name, value in parameters.items() if value is not None},
            json=body,
            headers={"Authorization": f"Bearer {self.tokens.id_token}"},
            timeout=TIMEOUT,
        )

    def call(self, method: str, path: str, body: object = None, **parameters: object) -> requests.Response:
        """One call that must succeed. Raises ApiError."""
        response = self.send(method, path, body, **parameters)
        if not response.ok:
            raise ApiError.from_response(response)
        return response

    def open_upload(self, file_name: str, content_type: str, size: int) -> Upload:
        body = {"fileName": file_name, "contentType": content_type, "size": size}
        return parse_upload(Fields.of(self.call("POST", "/videos/upload-url", body)))

    def upload(self, path: Path, progress: Progress = _ignore, content_type: str | None = None) -> Upload:
        """Opens an upload for the file and sends all of it. `progress` gets bytes as they go."""
        upload = self.open_upload(path.name, content_type or guess_type(path.name), path.stat().st_size)
        self.send_file(upload, path, progress)
        return upload

    def send_file(self, upload: Upload, path: Path, progress: Progress = _ignore, line: Line | None = None) -> None:
        """Sends all of the file to a new upload over `line`, which several files may share."""
        if upload.multipart is None:
            uploading.put_file(upload, path, progress, line or self._line)
        else:
            parts = self.send_parts(upload.video_id, upload.multipart, path, progress, line, stored=())
            self.complete(upload.video_id, parts)

    def send_parts(
        self,
        video_id: str,
        plan: MultipartPlan,
        path: Path,
        progress: Progress = _ignore,
        line: Line | None = None,
        stored: Iterable[StoredPart] | None = None,
    ) -> tuple[StoredPart, ...]:
        """Sends what S3 does not hold yet, so it also resumes an interrupted upload.

        S3 is asked what it holds, unless that is known: `stored`.
        """
        known = self.stored_parts(video_id) if stored is None else stored

        def ask_urls(numbers: Iterable[int]) -> Mapping[int, str]:
            return self.part_urls(video_id, numbers)

        return uploading.put_parts(plan, path, known, ask_urls, progress, line or self._line)

    def part_urls(self, video_id: str, numbers: Iterable[int]) -> dict[int, str]:
        body = {"partNumbers": list(numbers)}
        return parse_part_urls(Fields.of(self.call("POST", f"/videos/{video_id}/parts", body)))

    def stored_parts(self, video_id: str) -> tuple[StoredPart, ...]:
        parts: list[StoredPart] = []
        after: int | None = None
        while True:
            page = parse_stored_parts(Fields.of(self.call("GET", f"/videos/{video_id}/parts", after=after)))
            parts += page.parts
            after = page.next_after
            if after is None:
                return tuple(parts)

    def complete(self, video_id: str, parts: Iterable[StoredPart]) -> Video:
        """Asks S3 to assemble the parts, again while it is still at it (202)."""
        body = {"parts": [{"partNumber": part.number, "etag": part.etag} for part in parts]}

        def ask() -> requests.Response | None:
            response = self.call("POST", f"/videos/{video_id}/complete", body)
            return None if response.status_code == HTTPStatus.ACCEPTED else response

        return parse_video(Fields.of(wait_for(ask, "S3 to assemble the parts", timeout=ASSEMBLY_TIMEOUT)))

    def videos(self, limit: int | None = None, cursor: str | None = None) -> Page:
        return parse_page(Fields.of(self.call("GET", "/videos", limit=limit, cursor=cursor)))

    def all_videos(self, limit: int | None = None) -> Iterator[Video]:
        page = self.videos(limit)
        yield from page.videos
        while page.next_cursor is not None:
            page = self.videos(limit, page.next_cursor)
            yield from page.videos

    def video(self, video_id: str) -> Video:
        return parse_video(Fields.of(self.call("GET", f"/videos/{video_id}")))

    def rename(self, video_id: str, title: str) -> Video:
        return parse_video(Fields.of(self.call("PATCH", f"/videos/{video_id}", {"title": title})))

    def delete(self, video_id: str) -> None:
        self.call("DELETE", f"/videos/{video_id}")

    def retry(self, video_id: str) -> None:
        self.call("POST", f"/videos/{video_id}/retry")

    def wait(
        self,
        video_id: str,
        timeout: float,
        statuses: Iterable[str] = ENDED,
        on_change: Callable[[Video], None] = _ignore,
    ) -> Video:
        """The video once its status is one of `statuses`. Raises DeadlineExceededError after `timeout` seconds."""
        wanted = frozenset(statuses)

        def ask() -> Video | None:
            video = self.video(video_id)
            on_change(video)
            return video if video.status in wanted else None

        return wait_for(ask, f"video {video_id} to be {' or '.join(sorted(wanted))}", timeout=timeout)

    def wait_ready(self, video_id: str, timeout: float, on_change: Callable[[Video], None] = _ignore) -> Video:
        """The video once it is ready. Raises ConversionFailedError or DeadlineExceededError."""
        video = self.wait(video_id, timeout, on_change=on_change)
        if video.error is not None:
            raise ConversionFailedError(video.error.code, video.error.message)
        return video

    def playback(self, video_id: str) -> Playback:
        response = self.call("GET", f"/videos/{video_id}/playback")
        return parse_playback(Fields.of(response), response.raw.headers.getlist("Set-Cookie"))

    def fetch(self, url: str, playback: Playback, **headers: str) -> requests.Response:
        """A media object through the CDN with the video's cookies. Raises StorageError.

        Refuses addresses outside `{SiteUrl}/media/`, so that a playlist cannot lead the cookies elsewhere.
        """
        response = self.open_media(url, playback, **headers)
        _ = response.content
        return response

    def open_media(self, url: str, playback: Playback, **headers: str) -> requests.Response:
        """Like `fetch`, but the body is left to be streamed."""
        if not url.startswith(f"{self.site_url}/media/"):
            raise UnexpectedAnswerError(f"{url} does not lead to this site's media.")
        response = self._session.get(
            url, headers={"Cookie": playback.cookie_header, **headers}, timeout=TIMEOUT, stream=True
        )
        if not response.ok:
            raise StorageError.from_response(response)
        return response

    def variants(self, playback: Playback) -> tuple[hls.Variant, ...]:
        return hls.parse_master(self.fetch(playback.hls_url, playback).text, playback.hls_url)

    def segments(self, variant: hls.Variant, playback: Playback) -> tuple[hls.Segment, ...]:
        return hls.parse_media(self.fetch(variant.url, playback).text, variant.url)

    def close(self) -> None:
        self._line.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def new_password() -> str:
    """A random password that satisfies every class of character a pool may ask for."""
    return f"{secrets.token_urlsafe(18)}-aA1"


def newest_code(messages: Sequence[Message], email: str) -> str | None:
    codes = [message["code"] for message in messages if message["to"].lower() == email.lower() and message["code"]]
    return codes[-1] if codes else None


def guess_type(file_name: str) -> str:
    """A content type that the API accepts, whatever the name."""
    return VIDEO_TYPES.get(Path(file_name).suffix.lower(), UNKNOWN_VIDEO_TYPE)
