"""Random requests to every route: whatever comes in, no 5xx and no stack trace goes out.

`SSTECH_FUZZ_REQUESTS` is how many for each route: few in the usual run, a thousand by hand.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from devstack.contract.client import Library

from .people import Person
from .shared_stack import ENGINE

pytestmark = pytest.mark.skipif(
    ENGINE == "compose", reason="LocalStack's web server answers nonsense itself (docs/differences.md)"
)

REQUESTS = int(os.environ.get("SSTECH_FUZZ_REQUESTS", "40"))
TIMEOUT = 30
UNKNOWN = "0" * 20
RENEW_EVERY = 200

ROUTES = (
    ("POST", "/auth"),
    ("POST", "/videos/upload-url"),
    ("GET", "/videos"),
    ("GET", "/videos/{id}"),
    ("PATCH", "/videos/{id}"),
    ("DELETE", "/videos/{id}"),
    ("GET", "/videos/{id}/playback"),
    ("GET", "/videos/{id}/parts"),
    ("POST", "/videos/{id}/parts"),
    ("POST", "/videos/{id}/complete"),
    ("POST", "/videos/{id}/retry"),
)
FIELDS = (
    "fileName", "contentType", "size", "title", "parts", "partNumbers", "partNumber", "etag", "videoId", "checksums",
    "ClientId", "Username", "Password", "AuthFlow", "AuthParameters", "Session", "ChallengeName", "ChallengeResponses",
    "UserAttributes", "ConfirmationCode", "AccessToken", "RefreshToken",
)  # fmt: skip
OPERATIONS = (
    "InitiateAuth", "RespondToAuthChallenge", "SignUp", "ConfirmSignUp", "ForgotPassword", "ConfirmForgotPassword",
    "AssociateSoftwareToken", "VerifySoftwareToken", "GetUser", "RevokeToken", "GlobalSignOut", "AdminCreateUser", "",
)  # fmt: skip

# What UTF-8 cannot carry never gets as far as the API.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
nasty = st.sampled_from(
    [
        "",
        "../../etc/passwd",
        "%00",
        "\x00",
        "é" * 300,
        "👪" * 1000,
        "' OR 1=1 --",
        "${jndi:ldap://x}",
        "video/mp4",
        "-1",
    ]
)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 1, 2**31, 2**63, 10**400, 5_497_558_138_881])
scalars = st.none() | st.booleans() | numbers | texts | nasty
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
valid = st.sampled_from(
    [
        {"fileName": "a.mp4", "contentType": "video/mp4", "size": 1000},
        {"fileName": "a.mp4", "contentType": "video/mp4", "size": 200_000_000},
        {"title": "A title"},
        {"partNumbers": [1, 2]},
        {"parts": [{"partNumber": 1, "etag": "0" * 32}]},
        {"AuthFlow": "USER_SRP_AUTH", "ClientId": "x", "AuthParameters": {"USERNAME": "a", "SRP_A": "1"}},
    ]
)
almost_valid = st.builds(
    lambda body, change: {**body, **change}, valid, st.dictionaries(st.sampled_from(FIELDS), values, max_size=2)
)
bodies = (
    st.none()
    | st.binary(max_size=60)
    | st.sampled_from([b"{", b"[" * 5000, b'{"a":' * 2000, b"\xff\xfe", b'{"size":1e999}', b'{"size":NaN}'])
    | (values | objects | valid | almost_valid).map(lambda value: json.dumps(value).encode())
)
queries = st.dictionaries(
    st.sampled_from(["limit", "cursor", "after"]) | texts.filter(bool), texts | nasty | numbers.map(str), max_size=3
)
content_types = st.sampled_from(
    ["application/json", "text/plain", "application/x-amz-json-1.1", "multipart/form-data", ""]
)


class Caller:
    def __init__(self, library: Library, api_url: str) -> None:
        self.library = library
        self.bases = (api_url, library.api_url)
        self.session = requests.Session()
        self.answers: Counter[int] = Counter()

    def token(self) -> str:
        """The ID token; an ordinary call renews it in time."""
        if self.answers.total() % RENEW_EVERY == 0:
            self.library.videos(1)
        return self.library.tokens.id_token

    def send(self, method: str, path: str, **request: Any) -> requests.Response:
        response = self.session.request(method, path, timeout=TIMEOUT, allow_redirects=False, **request)
        self.answers[response.status_code] += 1
        return response


@pytest.fixture(scope="module")
def caller(resident: Person, stack: dict[str, str]) -> Iterator[Caller]:
    caller = Caller(resident.library, stack["ApiUrl"].rstrip("/"))
    yield caller
    caller.session.close()


@pytest.fixture
def known(caller: Caller) -> list[str]:
    """Ids that exist, one of each kind of upload."""
    return [caller.library.open_upload("a.mp4", "video/mp4", size).video_id for size in (1000, 200_000_000)]


@pytest.mark.parametrize(("method", "route"), ROUTES, ids=lambda value: value)
def test_no_request_makes_a_server_error(
    method: str, route: str, caller: Caller, known: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = caller.answers.copy()
    ids = st.sampled_from([*known, *known, UNKNOWN]) | texts.filter(bool) | nasty.filter(bool)

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        base=st.sampled_from(caller.bases),
        video_id=ids,
        body=bodies,
        query=queries,
        content_type=content_types,
        operation=st.sampled_from(OPERATIONS),
    )
    def fuzz(
        base: str, video_id: str, body: bytes | None, query: dict[str, str], content_type: str, operation: str
    ) -> None:
        headers = {"Content-Type": content_type}
        if route == "/auth":
            headers["X-Amz-Target"] = f"AWSCognitoIdentityProviderService.{operation}"
        else:
            headers["Authorization"] = f"Bearer {caller.token()}"
        path = route.replace("{id}", quote(video_id, safe=""))
        response = caller.send(method, base + path, params=query, data=body, headers=headers)
        check(response)

    fuzz()
    seen = caller.answers - before
    with capsys.disabled():
        sys.stdout.write(f"\n{method} {route}: {seen.total()} requests, answers {dict(sorted(seen.items()))}\n")
    assert seen.total() >= REQUESTS


def check(response: requests.Response) -> None:
    assert response.status_code < 500, (response.status_code, response.text[:500])
    assert "Traceback" not in response.text
    assert 'File "' not in response.text
    if response.status_code >= 400 and "/auth" not in (response.url or ""):
        error = response.json()["error"]
        assert error["code"]
        assert error["message"]
