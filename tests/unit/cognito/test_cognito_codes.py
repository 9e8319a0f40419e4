import pytest
from cognito_harness import Clock

from cognito_standin import codes as codes_module
from cognito_standin.codes import GUESSES_PER_HOUR, REQUESTS_PER_HOUR, VALID_SECONDS, Codes, Purpose
from cognito_standin.errors import (
    ExpiredCodeError,
    InternalError,
    LimitExceededError,
    VerificationCodeMismatchError,
)

POOL, USER, ADDRESS = "pool", "u-1", "ana@example.com"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def codes(clock: Clock) -> Codes:
    return Codes(clock)


def issue(codes: Codes, purpose: Purpose = Purpose.SIGN_UP, user: str = USER) -> str:
    return codes.issue(purpose, POOL, user, ADDRESS)


def use(codes: Codes, code: str, purpose: Purpose = Purpose.SIGN_UP, user: str = USER) -> str:
    with codes.claim(purpose, POOL, user, code) as sent:
        return sent.address


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_has_six_digits_and_is_random(codes: Codes) -> None:
    issued = {issue(codes, user=f"u-{number}") for number in range(200)}
    assert len(issued) > 190
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in issued)


def test_a_code_is_never_one_that_emulators_hand_out(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter((123456, 654321, 7))
    monkeypatch.setattr(codes_module.secrets, "randbelow", lambda _: next(drawn))
    assert issue(codes) == "000007"


def test_a_code_is_for_one_use(codes: Codes) -> None:
    code = issue(codes)
    assert use(codes, code) == ADDRESS
    with pytest.raises(ExpiredCodeError, match="Invalid code provided, please request a code again"):
        use(codes, code)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_code_expires(codes: Codes, clock: Clock, purpose: Purpose) -> None:
    code = issue(codes, purpose)
    clock.advance(VALID_SECONDS[purpose] - 1)
    assert codes.pending(purpose, POOL, USER) is not None
    clock.advance(1)
    assert codes.pending(purpose, POOL, USER) is None
    with pytest.raises(ExpiredCodeError):
        use(codes, code, purpose)


def test_a_reset_code_lives_an_hour_and_the_others_a_day() -> None:
    assert {purpose.name: seconds // 3600 for purpose, seconds in VALID_SECONDS.items()} == {
        "SIGN_UP": 24,
        "PASSWORD_RESET": 1,
        "EMAIL": 24,
    }


def test_a_code_is_for_one_purpose_and_one_user(codes: Codes) -> None:
    code = issue(codes)
    with pytest.raises(ExpiredCodeError):
        use(codes, code, Purpose.PASSWORD_RESET)
    with pytest.raises(ExpiredCodeError):
        use(codes, code, user="u-2")
    assert use(codes, code)


def test_a_new_code_replaces_the_old(codes: Codes) -> None:
    old, new = issue(codes), issue(codes)
    if old != new:
        with pytest.raises(VerificationCodeMismatchError):
            use(codes, old)
    assert use(codes, new)


def test_guesses_are_limited_even_for_the_right_code(codes: Codes, clock: Clock) -> None:
    code = issue(codes)
    for _ in range(GUESSES_PER_HOUR):
        with pytest.raises(VerificationCodeMismatchError):
            use(codes, other_than(code))
    with pytest.raises(LimitExceededError):
        use(codes, code)
    clock.advance(3600)
    assert use(codes, code)


def test_a_new_code_gives_no_new_guesses(codes: Codes) -> None:
    for _ in range(GUESSES_PER_HOUR):
        with pytest.raises(VerificationCodeMismatchError):
            use(codes, other_than(issue(codes)))
    with pytest.raises(LimitExceededError):
        use(codes, issue(codes))


def test_requests_are_limited(codes: Codes, clock: Clock) -> None:
    for _ in range(REQUESTS_PER_HOUR):
        issue(codes)
    with pytest.raises(LimitExceededError):
        issue(codes)
    issue(codes, user="u-2")
    issue(codes, Purpose.EMAIL)
    clock.advance(3600)
    issue(codes)


def test_an_error_keeps_the_code(codes: Codes) -> None:
    code = issue(codes)
    with pytest.raises(InternalError), codes.claim(Purpose.SIGN_UP, POOL, USER, code):
        raise InternalError
    assert use(codes, code)


def test_while_in_use_a_code_cannot_be_used(codes: Codes) -> None:
    code = issue(codes)
    with codes.claim(Purpose.SIGN_UP, POOL, USER, code), pytest.raises(ExpiredCodeError):
        use(codes, code)


def test_strangers_are_limited_alike(codes: Codes) -> None:
    for _ in range(GUESSES_PER_HOUR):
        with pytest.raises(VerificationCodeMismatchError):
            codes.refuse(Purpose.PASSWORD_RESET, POOL, "nobody")
    with pytest.raises(LimitExceededError):
        codes.refuse(Purpose.PASSWORD_RESET, POOL, "nobody")
    for _ in range(REQUESTS_PER_HOUR):
        codes.pretend(Purpose.PASSWORD_RESET, POOL, "nobody")
    with pytest.raises(LimitExceededError):
        codes.pretend(Purpose.PASSWORD_RESET, POOL, "nobody")


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "\u0661" * 6])
def test_anything_else_is_a_mismatch(codes: Codes, given: str) -> None:
    issue(codes)
    with pytest.raises(VerificationCodeMismatchError):
        use(codes, given)


def test_the_memory_is_bounded(codes: Codes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "MAX_CODES", 2)
    first = issue(codes)
    issue(codes, user="u-2")
    issue(codes, user="u-3")
    with pytest.raises(ExpiredCodeError):
        use(codes, first)


def test_no_code_is_shown(codes: Codes) -> None:
    code = issue(codes)
    assert code not in repr(codes.pending(Purpose.SIGN_UP, POOL, USER))
