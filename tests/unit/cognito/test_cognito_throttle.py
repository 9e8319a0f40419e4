import asyncio
from collections.abc import Callable

import pytest
from cognito_harness import Clock

from cognito_standin import throttle
from cognito_standin.errors import (
    CodeMismatchError,
    CognitoError,
    InternalError,
    NotAuthorizedError,
    PasswordAttemptsError,
    UsedCodeError,
)
from cognito_standin.throttle import Throttle, UsedCodes

KEY = ("pool", "ana")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passwords(clock: Clock) -> Throttle:
    return Throttle(clock)


def attempt(passwords: Throttle, error: CognitoError | None = None, key: tuple[str, str] = KEY) -> None:
    async def once() -> None:
        async with passwords.attempt(key, lambda e: isinstance(e, NotAuthorizedError)):
            if error is not None:
                raise error

    asyncio.run(once())


def fail(passwords: Throttle, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(NotAuthorizedError, match="Incorrect"):
            attempt(passwords, NotAuthorizedError())


def locked_seconds(passwords: Throttle, clock: Clock) -> int:
    seconds = 0
    while True:
        try:
            passwords.check(KEY)
        except PasswordAttemptsError:
            seconds += 1
            clock.advance(1)
        else:
            return seconds


def test_four_failures_cost_nothing(passwords: Throttle, clock: Clock) -> None:
    fail(passwords, 4)
    assert locked_seconds(passwords, clock) == 0


def test_then_the_lock_out_doubles_to_fifteen_minutes(passwords: Throttle, clock: Clock) -> None:
    fail(passwords, 4)
    seconds = []
    for _ in range(13):
        fail(passwords)
        seconds.append(locked_seconds(passwords, clock))
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_attempts_while_locked_change_nothing(passwords: Throttle, clock: Clock) -> None:
    fail(passwords, 5)
    for _ in range(10):
        with pytest.raises(PasswordAttemptsError):
            attempt(passwords)
    assert locked_seconds(passwords, clock) == 1


def test_success_forgives(passwords: Throttle, clock: Clock) -> None:
    fail(passwords, 4)
    attempt(passwords)
    fail(passwords, 4)
    assert locked_seconds(passwords, clock) == 0


def test_a_quiet_quarter_of_an_hour_forgives(passwords: Throttle, clock: Clock) -> None:
    fail(passwords, 5)
    clock.advance(throttle.FORGIVE_AFTER_SECONDS + 2)
    fail(passwords, 4)
    assert locked_seconds(passwords, clock) == 0


def test_other_errors_do_not_count_nor_forgive(passwords: Throttle, clock: Clock) -> None:
    fail(passwords, 4)
    with pytest.raises(InternalError):
        attempt(passwords, InternalError())
    fail(passwords)
    assert locked_seconds(passwords, clock) == 1


def test_people_are_apart(passwords: Throttle) -> None:
    fail(passwords, 5)
    attempt(passwords, key=("pool", "eva"))
    attempt(passwords, key=("other pool", "ana"))


def test_guesses_sent_at_once_are_counted_one_by_one(passwords: Throttle) -> None:
    judged = 0

    async def guess() -> None:
        nonlocal judged
        async with passwords.attempt(KEY, lambda _: True):
            judged += 1
            await asyncio.sleep(0)
            raise NotAuthorizedError

    async def all_at_once() -> list[BaseException | None]:
        return await asyncio.gather(*(guess() for _ in range(50)), return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    assert judged == throttle.FREE_ATTEMPTS
    assert sum(isinstance(error, PasswordAttemptsError) for error in outcomes) == 45


def test_the_memory_is_bounded(passwords: Throttle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_ENTRIES", 2)
    fail(passwords, 5)
    for name in ("b", "c"):
        with pytest.raises(NotAuthorizedError):
            attempt(passwords, NotAuthorizedError(), ("pool", name))
    attempt(passwords)


def spend(
    codes: UsedCodes, code: str, key: tuple[str, str] = KEY, error: Callable[[], CognitoError] | None = None
) -> None:
    with codes.spend(key, code):
        if error is not None:
            raise error()


def test_a_code_is_spent_once(clock: Clock) -> None:
    codes = UsedCodes(clock)
    spend(codes, "123456")
    with pytest.raises(UsedCodeError):
        spend(codes, "123456")
    spend(codes, "654321")
    spend(codes, "123456", ("pool", "eva"))


def test_a_refused_code_is_not_spent(clock: Clock) -> None:
    codes = UsedCodes(clock)
    with pytest.raises(CodeMismatchError):
        spend(codes, "123456", error=CodeMismatchError)
    spend(codes, "123456")


def test_a_code_in_use_cannot_be_used(clock: Clock) -> None:
    codes = UsedCodes(clock)
    with codes.spend(KEY, "123456"), pytest.raises(UsedCodeError):
        spend(codes, "123456")


def test_the_same_digits_may_come_again_much_later(clock: Clock) -> None:
    codes = UsedCodes(clock)
    spend(codes, "123456")
    clock.advance(throttle.CODE_MEMORY_SECONDS)
    spend(codes, "123456")
