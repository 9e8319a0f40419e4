from typing import Any

import pytest
from cognito_harness import Clock

from cognito_standin import sessions
from cognito_standin.errors import (
    CodeMismatchError,
    ExpiredSessionError,
    InternalError,
    InvalidSessionError,
)
from cognito_standin.sessions import Challenge, Sessions, Stage

CHALLENGE = Challenge(
    pool_id="pool",
    client_id="client",
    username="u-1",
    aliases=frozenset({"u-1", "ana@example.com"}),
    stage=Stage.SOFTWARE_TOKEN_MFA,
    validity_seconds=180,
    refresh_token="withheld",
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Sessions:
    return Sessions(clock)


def use(store: Sessions, token: str, stage: Stage = Stage.SOFTWARE_TOKEN_MFA, **bound: Any) -> Challenge:
    with store.claim(token, stage, **bound) as challenge:
        return challenge


def test_success_uses_a_session_up(store: Sessions) -> None:
    token = store.open(CHALLENGE)
    assert use(store, token, client_id="client", username="ANA@example.com") == CHALLENGE
    with pytest.raises(InvalidSessionError):
        use(store, token)


def test_tokens_are_long_and_different(store: Sessions) -> None:
    tokens = {store.open(CHALLENGE) for _ in range(100)}
    assert len(tokens) == 100
    assert all(20 <= len(token) <= 2048 for token in tokens)


@pytest.mark.parametrize("bound", [{"client_id": "other"}, {"username": "eva@example.com"}, {"username": ""}])
def test_a_stranger_neither_uses_nor_destroys_it(store: Sessions, bound: dict[str, Any]) -> None:
    token = store.open(CHALLENGE)
    with pytest.raises(InvalidSessionError):
        use(store, token, **bound)
    assert use(store, token) == CHALLENGE


def test_another_stage_is_invalid(store: Sessions) -> None:
    token = store.open(CHALLENGE)
    for stage in set(Stage) - {CHALLENGE.stage}:
        with pytest.raises(InvalidSessionError):
            use(store, token, stage)


def test_it_expires_and_is_forgotten_later(store: Sessions, clock: Clock) -> None:
    token = store.open(CHALLENGE)
    clock.advance(180)
    with pytest.raises(ExpiredSessionError):
        use(store, token)
    clock.advance(sessions.REMEMBER_EXPIRED_SECONDS)
    store.open(CHALLENGE)
    with pytest.raises(InvalidSessionError):
        use(store, token)


def test_an_error_keeps_it(store: Sessions) -> None:
    token = store.open(CHALLENGE)
    with pytest.raises(InternalError), store.claim(token, CHALLENGE.stage):
        raise InternalError
    assert use(store, token).wrong_codes == 0


def test_while_in_use_it_cannot_be_used(store: Sessions) -> None:
    token = store.open(CHALLENGE)
    with store.claim(token, CHALLENGE.stage), pytest.raises(InvalidSessionError):
        use(store, token)


def test_wrong_codes_are_counted_to_the_end(store: Sessions) -> None:
    token = store.open(CHALLENGE)
    for _ in range(sessions.MAX_WRONG_CODES + 1):
        with pytest.raises(CodeMismatchError), store.claim(token, CHALLENGE.stage):
            raise CodeMismatchError
    with pytest.raises(InvalidSessionError):
        use(store, token)


def test_a_wrong_code_does_not_prolong_it(store: Sessions, clock: Clock) -> None:
    token = store.open(CHALLENGE)
    clock.advance(179)
    with pytest.raises(CodeMismatchError), store.claim(token, CHALLENGE.stage):
        raise CodeMismatchError
    clock.advance(1)
    with pytest.raises(ExpiredSessionError):
        use(store, token)


def test_the_number_of_sessions_is_bounded(store: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 3)
    tokens = [store.open(CHALLENGE) for _ in range(5)]
    assert len(store) == 3
    with pytest.raises(InvalidSessionError):
        use(store, tokens[0])
    assert use(store, tokens[-1]) == CHALLENGE


def test_no_secret_is_shown() -> None:
    assert "withheld" not in repr(CHALLENGE)
