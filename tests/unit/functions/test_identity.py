from __future__ import annotations

from typing import Any

import pytest

from functions.harness import CLIENT_ID
from sstech_video.errors import UnauthorizedError
from sstech_video.identity import owner_of

CLAIMS = {"sub": "6d0c3f0e-0000-4000-8000-000000000001", "token_use": "id", "aud": CLIENT_ID}


def event(claims: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": {"claims": claims}}}


def test_the_owner_is_the_sub_of_an_id_token_of_our_client() -> None:
    assert owner_of(event(CLAIMS), CLIENT_ID) == CLAIMS["sub"]


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "token_use": "access"},
        {**CLAIMS, "aud": "another-client"},
        {**CLAIMS, "aud": [CLIENT_ID]},
        {**CLAIMS, "sub": ""},
        {**CLAIMS, "sub": "../somebody"},
        {**CLAIMS, "sub": "a/b"},
        {**CLAIMS, "sub": None},
        {"sub": CLAIMS["sub"], "client_id": CLIENT_ID, "token_use": "access"},
        {},
        None,
        "claims",
    ],
)
def test_every_other_token_is_refused(claims: Any) -> None:
    with pytest.raises(UnauthorizedError):
        owner_of(event(claims), CLIENT_ID)


@pytest.mark.parametrize("request_event", [{}, {"requestContext": None}, {"requestContext": {"authorizer": None}}])
def test_a_request_without_claims_is_refused(request_event: dict[str, Any]) -> None:
    with pytest.raises(UnauthorizedError):
        owner_of(request_event, CLIENT_ID)
