"""Every route of the API wants an ID token of our pool and client, through both of its addresses."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
import requests

from devstack.contract.aws_clients import Outputs
from devstack.contract.signin import Tokens, claims

from .people import Person

ROUTES = (
    ("POST", "/videos/upload-url", {"fileName": "a.mp4", "contentType": "video/mp4", "size": 10}),
    ("GET", "/videos", None),
    ("GET", "/videos/{id}", None),
    ("PATCH", "/videos/{id}", {"title": "x"}),
    ("DELETE", "/videos/{id}", None),
    ("POST", "/videos/{id}/parts", {"partNumbers": [1]}),
    ("GET", "/videos/{id}/parts", None),
    ("POST", "/videos/{id}/complete", {"parts": [{"partNumber": 1, "etag": "x"}]}),
    ("POST", "/videos/{id}/retry", None),
    ("GET", "/videos/{id}/playback", None),
)
ADDRESSES = ("gateway", "cdn")


@pytest.fixture(params=ADDRESSES)
def api(request: pytest.FixtureRequest, stack: Outputs) -> str:
    return stack["ApiUrl"].rstrip("/") if request.param == "gateway" else f"{stack['SiteUrl'].rstrip('/')}/api"


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forgeries(tokens: Tokens) -> dict[str, str | None]:
    """Authorization headers that must not open anything."""
    header, payload, signature = tokens.id_token.split(".")
    flipped = ("A" if signature[10] != "A" else "B").join((signature[:10], signature[11:]))
    other_client = {**claims(tokens.id_token), "aud": "0" * 26}
    return {
        "none": None,
        "empty": "",
        "garbage": "Bearer garbage",
        "no token": "Bearer",
        "basic": "Basic dXNlcjpwYXNz",
        "three dots": "Bearer a.b.c",
        "access token": f"Bearer {tokens.access_token}",
        "refresh token": f"Bearer {tokens.refresh_token}",
        "altered signature": f"Bearer {header}.{payload}.{flipped}",
        "no signature": f"Bearer {header}.{payload}.",
        "unsigned": f"Bearer {encoded({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        "altered claims": f"Bearer {header}.{encoded({**claims(tokens.id_token), 'sub': 'x'})}.{signature}",
        "another client": f"Bearer {header}.{encoded(other_client)}.{signature}",
    }


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
def test_nothing_opens_without_a_valid_id_token(
    method: str, path: str, body: object, api: str, resident: Person
) -> None:
    url = api + path.replace("{id}", "0" * 20)
    for name, authorization in forgeries(resident.library.tokens).items():
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = requests.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.status_code == 401, name
        error = answer.json()["error"]
        assert error["code"] == "unauthorized", name
        assert error["message"], name
        assert "Set-Cookie" not in answer.headers


def test_the_id_token_opens_both_addresses(api: str, resident: Person) -> None:
    headers = {"Authorization": f"Bearer {resident.library.tokens.id_token}"}
    assert requests.get(f"{api}/videos", headers=headers, timeout=30).status_code == 200


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/"),
        ("GET", "/videos/0/1/2/3"),
        ("PUT", "/videos"),
        ("DELETE", "/videos"),
        ("GET", "/videos/upload-url/x"),
    ],
)
def test_unknown_routes_are_404_in_our_own_words(
    method: str, path: str, signed_in: bool, api: str, resident: Person
) -> None:
    headers = {"Authorization": f"Bearer {resident.library.tokens.id_token}"} if signed_in else {}
    answer = requests.request(method, api + path, headers=headers, timeout=30)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"", b"[" * 50_000])
def test_a_body_that_is_not_json_is_refused(body: bytes, api: str, resident: Person) -> None:
    headers = {"Authorization": f"Bearer {resident.library.tokens.id_token}", "Content-Type": "application/json"}
    answer = requests.post(f"{api}/videos/upload-url", data=body, headers=headers, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"


def test_another_persons_video_is_as_if_it_did_not_exist(resident: Person, new_person: Callable[[], Person]) -> None:
    owner, stranger = resident.library, new_person().library
    video_id = owner.open_upload("private.mp4", "video/mp4", 10).video_id
    for method, path, body in ROUTES:
        if "{id}" not in path:
            continue
        foreign = stranger.send(method, path.replace("{id}", video_id), body)
        absent = stranger.send(method, path.replace("{id}", "0" * 20), body)
        assert foreign.status_code == absent.status_code == 404, path
        assert foreign.json() == absent.json(), path
    assert owner.video(video_id).status == "uploading"
    assert video_id not in {video.video_id for video in stranger.all_videos()}


def test_a_refreshed_token_opens_the_same_library(resident: Person) -> None:
    library = resident.library
    video_id = library.open_upload("a.mp4", "video/mp4", 10).video_id
    before = library.tokens
    library.tokens = Tokens(before.id_token, before.access_token, before.refresh_token, expires_at=0)
    assert library.video(video_id).video_id == video_id
    assert library.tokens.expires_at > 0
    assert library.tokens.subject == before.subject
