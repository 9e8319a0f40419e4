"""Who passes an authorizer of type COGNITO_USER_POOLS."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA512
from localstack_harness import CLIENT_ID, ISSUER, KEY_ID, NOW, POOL_ARN, POOL_ID, Pool, encode, encode_json

from localstack_standins.authorizers import (
    AuthorizerConfigurationError,
    CognitoAuthorizer,
    UnauthorizedError,
    authorize,
)
from localstack_standins.jwks import KeySets, KeysUnavailableError
from localstack_standins.tokens import MAX_TOKEN_BYTES

AUTHORIZER = {
    "type": "COGNITO_USER_POOLS",
    "providerARNs": [POOL_ARN],
    "identitySource": "method.request.header.Authorization",
    "identityValidationExpression": f"^{CLIENT_ID}$",
}


def admit(
    pool: Pool,
    *values: str,
    authorizer: dict[str, Any] | None = None,
    scopes: Sequence[str] = (),
    now: float = NOW,
) -> dict[str, Any]:
    parsed = CognitoAuthorizer.parse({**AUTHORIZER, **(authorizer or {})})
    keys = KeySets(lambda _pool_id: pool.jwks())
    return dict(authorize(parsed, values, scopes, keys=keys, now=now))


def test_an_id_token_of_the_pool_and_client_passes_and_its_claims_are_known(pool: Pool) -> None:
    claims = admit(pool, f"Bearer {pool.token()}")
    assert (claims["sub"], claims["aud"], claims["iss"]) == ("person", CLIENT_ID, ISSUER)


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", "BEARER  {} "])
def test_the_token_may_stand_with_and_without_the_schemes_name(form: str, pool: Pool) -> None:
    assert admit(pool, form.format(pool.token()))["sub"] == "person"


WRONG_TOKENS: dict[str, Callable[[Pool], str]] = {
    "empty": lambda _pool: "",
    "scheme only": lambda _pool: "Bearer",
    "another scheme": lambda pool: f"Basic {pool.token()}",
    "garbage": lambda _pool: "Bearer garbage",
    "three dots": lambda _pool: "a.b.c",
    "not JSON": lambda pool: f"{encode(b'{')}.{encode(b'[]')}.{pool.sign('x')}",
    "deep JSON": lambda pool: f"{encode(b'[' * 6000)}.e30.{pool.sign('x')}",
    "JSON that is no object": lambda pool: f"{encode(b'1')}.e30.{pool.sign('x')}",
    "padded": lambda pool: pool.token() + "==",
    "five parts": lambda pool: pool.token() + ".x.y",
    "a line more": lambda pool: pool.token() + "\n.",
    "too long": lambda pool: pool.token(filler="x" * MAX_TOKEN_BYTES),
    "unsigned": lambda pool: pool.token({"alg": "none"}),
    "no signature": lambda pool: pool.token().rsplit(".", 1)[0] + ".",
    "symmetric": lambda pool: pool.token({"alg": "HS256"}),
    "key id missing": lambda pool: pool.token({"kid": None}),
    "key id is a number": lambda pool: pool.token({"kid": 7}),
    "unknown key": lambda pool: pool.token({"kid": "other"}),
    "critical extension": lambda pool: pool.token({"crit": ["exp"]}),
    "signed by another pool": lambda _pool: Pool().token(),
    "another digest": lambda pool: re_signed(pool),
    "altered claims": lambda pool: altered(pool, sub="other"),
    "another issuer": lambda pool: pool.token(iss=ISSUER + "x"),
    "issuer missing": lambda pool: pool.token(iss=None),
    "issuer is a list": lambda pool: pool.token(iss=[ISSUER]),
    "expired": lambda pool: pool.token(exp=int(NOW)),
    "without end": lambda pool: pool.token(exp=None),
    "end is text": lambda pool: pool.token(exp=str(int(NOW) + 900)),
    "end is true": lambda pool: pool.token(exp=True),
    "end is not a number": lambda pool: pool.token(exp=float("nan")),
    "not valid yet": lambda pool: pool.token(nbf=int(NOW) + 1),
    "beginning is null text": lambda pool: pool.token(nbf="soon"),
    "access token": lambda pool: pool.access_token("read"),
    "use missing": lambda pool: pool.token(token_use=None),
    "another client": lambda pool: pool.token(aud="0" * 26),
    "client with more": lambda pool: pool.token(aud=CLIENT_ID + "\n"),
    "clients in a list": lambda pool: pool.token(aud=[CLIENT_ID]),
    "client missing": lambda pool: pool.token(aud=None),
}


def re_signed(pool: Pool) -> str:
    signed = pool.token().rsplit(".", 1)[0]
    return f"{signed}.{pool.sign(signed, SHA512())}"


def altered(pool: Pool, **claims: Any) -> str:
    header, payload, signature = pool.token().split(".")
    known = base64.urlsafe_b64decode(payload + "==")
    assert known
    return f"{header}.{encode_json({'iss': ISSUER, 'aud': CLIENT_ID, 'token_use': 'id', **claims})}.{signature}"


@pytest.mark.parametrize("name", WRONG_TOKENS)
def test_nothing_else_passes(name: str, pool: Pool) -> None:
    with pytest.raises(UnauthorizedError):
        admit(pool, WRONG_TOKENS[name](pool))


def test_none_and_two_tokens_do_not_pass(pool: Pool) -> None:
    with pytest.raises(UnauthorizedError, match="no token"):
        admit(pool)
    with pytest.raises(UnauthorizedError, match="several"):
        admit(pool, pool.token(), pool.token())


def test_a_token_passes_until_the_second_it_expires_in(pool: Pool) -> None:
    token = pool.token(nbf=int(NOW), exp=int(NOW) + 10)
    assert admit(pool, token, now=NOW)["sub"] == "person"
    assert admit(pool, token, now=NOW + 9.9)["sub"] == "person"
    for now in (NOW - 0.1, NOW + 10):
        with pytest.raises(UnauthorizedError):
            admit(pool, token, now=now)


def test_without_an_expression_every_client_of_the_pool_passes(pool: Pool) -> None:
    assert admit(pool, pool.token(aud="other"), authorizer={"identityValidationExpression": None})["aud"] == "other"


def test_the_expression_matches_the_whole_audience(pool: Pool) -> None:
    assert admit(pool, pool.token(aud="abc"), authorizer={"identityValidationExpression": "a.c"})["aud"] == "abc"
    with pytest.raises(UnauthorizedError):
        admit(pool, pool.token(aud="abcd"), authorizer={"identityValidationExpression": "a.c"})


def test_a_method_with_scopes_wants_an_access_token_that_has_one_of_them(pool: Pool) -> None:
    assert admit(pool, pool.access_token("read write"), scopes=["write", "admin"])["client_id"] == CLIENT_ID
    for token in (pool.access_token("read"), pool.access_token(""), pool.token(scope="write")):
        with pytest.raises(UnauthorizedError):
            admit(pool, token, scopes=["write"])


def test_a_token_of_any_of_several_pools_passes(pool: Pool) -> None:
    other = POOL_ARN.replace(POOL_ID, "eu-west-1_zzzzzzzzz").replace(":us-east-1:", ":eu-west-1:")
    assert admit(pool, pool.token(), authorizer={"providerARNs": [other, POOL_ARN]})["iss"] == ISSUER


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": "TOKEN"}, "TOKEN"),
        ({"type": None}, "None"),
        ({"providerARNs": []}, "providerARNs"),
        ({"providerARNs": ["arn:aws:s3:::bucket"]}, "arn:aws:s3:::bucket"),
        ({"identitySource": "method.request.querystring.token"}, "querystring"),
        ({"identityValidationExpression": "("}, "identityValidationExpression"),
    ],
)
def test_an_authorizer_that_cannot_work_says_why(change: dict[str, Any], named: str) -> None:
    with pytest.raises(AuthorizerConfigurationError, match=named):
        CognitoAuthorizer.parse({**AUTHORIZER, **change})


def test_the_token_is_read_from_the_header_that_the_authorizer_names() -> None:
    named = CognitoAuthorizer.parse({**AUTHORIZER, "identitySource": "method.request.header.X-Token"})
    unnamed = CognitoAuthorizer.parse({**AUTHORIZER, "identitySource": None})
    assert (named.header, unnamed.header) == ("X-Token", "Authorization")


def test_keys_that_cannot_be_had_are_not_the_callers_fault(pool: Pool) -> None:
    def fetch(_pool_id: str) -> bytes:
        raise KeysUnavailableError("down")

    with pytest.raises(KeysUnavailableError):
        authorize(CognitoAuthorizer.parse(AUTHORIZER), [pool.token()], (), keys=KeySets(fetch), now=NOW)


def test_only_a_token_of_a_known_pool_makes_keys_be_fetched(pool: Pool) -> None:
    asked: list[str] = []

    def fetch(pool_id: str) -> bytes:
        asked.append(pool_id)
        return pool.jwks()

    keys = KeySets(fetch)
    for token in (pool.token(iss="https://evil.example/x"), pool.token({"kid": KEY_ID}, iss=None), "garbage"):
        with pytest.raises(UnauthorizedError):
            authorize(CognitoAuthorizer.parse(AUTHORIZER), [token], (), keys=keys, now=NOW)
    assert asked == []
