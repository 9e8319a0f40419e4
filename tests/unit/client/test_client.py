import base64
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from serving import serving

from devstack.contract.answers import StoredPart
from devstack.contract.client import Library, new_password
from devstack.contract.client_errors import ApiError, ConversionFailedError, StorageError, UnexpectedAnswerError
from devstack.contract.signin import Tokens
from devstack.waiting import DeadlineExceededError

VIDEO = {
    "videoId": "v",
    "title": "t",
    "fileName": "t.mp4",
    "status": "converting",
    "progress": 3,
    "size": 10,
    "durationMs": None,
    "width": None,
    "height": None,
    "createdAt": "2026-11-22T10:00:00Z",
    "updatedAt": "2026-11-22T10:00:00Z",
    "posterUrl": None,
    "error": None,
}
FAILED = {**VIDEO, "status": "failed", "error": {"code": "no_video", "message": "There is no video in it."}}


class Site(ThreadingHTTPServer):
    """Answers from a script: `(method, path) → list of (status, headers, body)`; the last one stays."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = {}
        self.seen = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, method, path, *answers):
        self.script[method, path] = list(answers)


class Handler(BaseHTTPRequestHandler):
    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(SimpleNamespace(line=(self.command, self.path), headers=self.headers, body=body))
        answers = self.server.script[self.command, self.path]
        status, headers, answer = answers.pop(0) if len(answers) > 1 else answers[0]
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - names of http.server

    def log_message(self, *args): ...


class Identity:
    def __init__(self):
        self.refreshed = []

    def refresh(self, refresh_token):
        self.refreshed.append(refresh_token)
        return tokens(time.time() + 900, "new")


def tokens(expires_at, name="old"):
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "owner", "name": name}).encode()).rstrip(b"=").decode()
    return Tokens(f"h.{payload}.s", "access", "refresh", expires_at)


@pytest.fixture
def site():
    with serving(Site()) as server:
        yield server


@pytest.fixture
def identity():
    return Identity()


@pytest.fixture
def library(site, identity):
    with Library({"SiteUrl": f"{site.url}/"}, tokens(time.time() + 900), identity) as library:
        yield library


def test_calls_carry_the_id_token(site, library):
    site.answer("GET", "/api/videos/v", (200, [], VIDEO))
    assert library.video("v").status == "converting"
    assert site.seen[0].headers["Authorization"] == f"Bearer {library.tokens.id_token}"


def test_a_token_that_ends_soon_is_renewed_first(site, library, identity):
    site.answer("GET", "/api/videos/v", (200, [], VIDEO))
    library.tokens = tokens(time.time() + 30)
    library.video("v")
    assert identity.refreshed == ["refresh"]
    assert site.seen[0].headers["Authorization"] == f"Bearer {tokens(0, 'new').id_token}"


def test_refusals_are_errors_with_code_and_message(site, library):
    site.answer("DELETE", "/api/videos/v", (404, [], {"error": {"code": "not_found", "message": "No such video."}}))
    with pytest.raises(ApiError) as caught:
        library.delete("v")
    assert (caught.value.status, caught.value.code, caught.value.message) == (404, "not_found", "No such video.")


def test_completing_asks_again_while_s3_assembles(site, library):
    site.answer("POST", "/api/videos/v/complete", (202, [], {}), (202, [], {}), (200, [], VIDEO))
    assert library.complete("v", [StoredPart(1, 5, '"e"')]).video_id == "v"
    assert len(site.seen) == 3
    assert json.loads(site.seen[0].body) == {"parts": [{"partNumber": 1, "etag": '"e"'}]}


def test_all_pages_of_stored_parts_are_read(site, library):
    def part(number):
        return {"partNumber": number, "size": 5, "etag": "e"}

    site.answer("GET", "/api/videos/v/parts", (200, [], {"parts": [part(1)], "nextAfter": 1}))
    site.answer("GET", "/api/videos/v/parts?after=1", (200, [], {"parts": [part(2)], "nextAfter": None}))
    assert [part.number for part in library.stored_parts("v")] == [1, 2]


def test_all_pages_of_the_library_are_read(site, library):
    site.answer("GET", "/api/videos?limit=1", (200, [], {"videos": [VIDEO], "nextCursor": "a&b"}))
    site.answer("GET", "/api/videos?limit=1&cursor=a%26b", (200, [], {"videos": [VIDEO], "nextCursor": None}))
    assert len(list(library.all_videos(limit=1))) == 2


def test_waiting_tells_each_change_and_ends_at_the_state(site, library):
    site.answer("GET", "/api/videos/v", (200, [], VIDEO), (200, [], {**VIDEO, "status": "ready", "progress": 100}))
    seen = []
    assert library.wait_ready("v", 30, on_change=lambda video: seen.append(video.progress)).status == "ready"
    assert seen == [3, 100]


def test_a_failed_conversion_is_an_error_with_its_reason(site, library):
    site.answer("GET", "/api/videos/v", (200, [], FAILED))
    with pytest.raises(ConversionFailedError, match=r"There is no video in it\."):
        library.wait_ready("v", 30)


def test_waiting_ends_at_the_deadline(site, library):
    site.answer("GET", "/api/videos/v", (200, [], VIDEO))
    with pytest.raises(DeadlineExceededError, match="video v to be failed or ready"):
        library.wait("v", 0)


def playback_of(site, library):
    urls = dict.fromkeys(("mp4Url", "hlsUrl", "posterUrl", "thumbnailsUrl"), f"{site.url}/media/x")
    cookies = [("Set-Cookie", "CloudFront-Policy=p; Path=/"), ("Set-Cookie", "CloudFront-Signature=s; Path=/")]
    site.answer("GET", "/api/videos/v/playback", (200, cookies, {**urls, "expiresAt": "2026-11-22T10:00:00Z"}))
    return library.playback("v")


def test_media_are_fetched_with_the_cookies_of_that_playback(site, library):
    playback = playback_of(site, library)
    site.answer("GET", "/media/x", (200, [], b"bytes"))
    assert library.fetch(playback.mp4_url, playback, Range="bytes=0-3").content == b"bytes"
    assert site.seen[-1].headers["Cookie"] == "CloudFront-Policy=p; CloudFront-Signature=s"
    assert site.seen[-1].headers["Range"] == "bytes=0-3"
    assert site.seen[-1].headers["Authorization"] is None


def test_cookies_go_nowhere_by_themselves(site, library):
    playback_of(site, library)
    site.answer("GET", "/api/videos/v", (200, [], VIDEO))
    library.video("v")
    assert site.seen[-1].headers["Cookie"] is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/media/x", "{site}/catalog/x", "{site}.evil/media/x"])
def test_cookies_are_not_led_elsewhere(url, site, library):
    playback = playback_of(site, library)
    with pytest.raises(UnexpectedAnswerError, match="does not lead to this site"):
        library.fetch(url.replace("{site}", site.url), playback)


def test_a_refused_media_object_is_a_storage_error(site, library):
    playback = playback_of(site, library)
    site.answer("GET", "/media/x", (403, [], b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"))
    with pytest.raises(StorageError) as caught:
        library.fetch(playback.mp4_url, playback)
    assert caught.value.code == "AccessDenied"


def test_passwords_have_every_class_of_character_and_differ():
    passwords = {new_password() for _ in range(50)}
    assert len(passwords) == 50
    for password in passwords:
        assert len(password) >= 12
        assert any(map(str.islower, password))
        assert any(map(str.isupper, password))
        assert any(map(str.isdigit, password))
        assert not password.isalnum()
