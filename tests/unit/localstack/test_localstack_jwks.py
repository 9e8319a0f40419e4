"""Public keys of user pools: fetched when needed, never more often than a pool can bear."""

from __future__ import annotations

import json
from typing import Any

import pytest
from localstack_harness import KEY_ID, Pool, encode_number

from localstack_standins.jwks import REFETCH_SECONDS, KeySets, KeysUnavailableError, UnknownKeyError, parse_keys


class Server:
    """Answers for every pool with the keys it has now, and remembers who asked."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.asked: list[str] = []

    def __call__(self, pool_id: str) -> bytes:
        self.asked.append(pool_id)
        return json.dumps({"keys": self.keys}).encode()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_pool_is_asked_once_for_a_key_that_stays(pool: Pool) -> None:
    server = Server(pool.jwk())
    keys = KeySets(server, Clock())
    assert keys.find("p", KEY_ID) == keys.find("p", KEY_ID)
    assert server.asked == ["p"]


def test_every_pool_has_keys_of_its_own(pool: Pool) -> None:
    server = Server(pool.jwk())
    keys = KeySets(server, Clock())
    keys.find("p", KEY_ID)
    server.keys = [Pool().jwk(kid="of q")]
    keys.find("q", "of q")
    with pytest.raises(UnknownKeyError):
        keys.find("p", "of q")
    assert server.asked == ["p", "q"]


def test_a_new_key_is_found_and_a_withdrawn_one_is_not(pool: Pool) -> None:
    server, clock = Server(pool.jwk()), Clock()
    keys = KeySets(server, clock)
    keys.find("p", KEY_ID)
    server.keys = [Pool().jwk(kid="new")]
    clock.now = REFETCH_SECONDS
    keys.find("p", "new")
    clock.now += REFETCH_SECONDS
    with pytest.raises(UnknownKeyError):
        keys.find("p", KEY_ID)


def test_a_stranger_who_invents_keys_does_not_make_the_pool_be_asked_each_time(pool: Pool) -> None:
    server, clock = Server(pool.jwk()), Clock()
    keys = KeySets(server, clock)
    for number in range(50):
        with pytest.raises(UnknownKeyError):
            keys.find("p", f"invented {number}")
    assert server.asked == ["p"]
    assert keys.find("p", KEY_ID)


def test_a_pool_that_did_not_answer_is_asked_again_at_once(pool: Pool) -> None:
    answers: list[bytes | None] = [None, pool.jwks()]

    def fetch(_pool_id: str) -> bytes:
        answer = answers.pop(0)
        if answer is None:
            raise KeysUnavailableError("down")
        return answer

    keys = KeySets(fetch, Clock())
    with pytest.raises(KeysUnavailableError):
        keys.find("p", KEY_ID)
    assert keys.find("p", KEY_ID)


def test_keys_of_other_kinds_are_left_out(pool: Pool) -> None:
    document = {"keys": [{"kty": "EC", "kid": "curve"}, pool.jwk()]}
    assert list(parse_keys(json.dumps(document).encode())) == [KEY_ID]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"keys": 1}',
        b'{"keys": [1]}',
        b'{"keys": [{"kty": "RSA", "kid": "k"}]}',
        b'{"keys": [{"kty": "RSA", "kid": "k", "n": 1, "e": 2}]}',
        b'{"keys":' + b"[" * 100_000,
    ],
)
def test_a_document_that_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(KeysUnavailableError):
        parse_keys(document)


def test_a_short_key_is_refused(pool: Pool) -> None:
    with pytest.raises(KeysUnavailableError):
        parse_keys(json.dumps({"keys": [pool.jwk(n=encode_number((1 << 1023) + 1))]}).encode())
