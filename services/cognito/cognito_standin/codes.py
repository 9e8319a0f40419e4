"""Codes sent by e-mail: random, for one use, for one user and purpose, short-lived, hard to guess."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from cognito_standin.errors import ExpiredCodeError, VerificationCodeMismatchError
from cognito_standin.throttle import HOUR_SECONDS, HourlyLimit, Key

# "In a given hour, we allow between 5 and 20 attempts for a user to request or enter a password reset code": AWS
# developer guide, "Recovering user accounts". Who guesses gets the fewest, who asks again the most.
GUESSES_PER_HOUR = 5
REQUESTS_PER_HOUR = 20
MAX_CODES = 50_000

_DIGITS = 6
# What emulators hand out. Never ours: who gets in with one of them has found a hole, not had luck.
_CONSTANTS = frozenset({"123456", "654321"})


class Purpose(Enum):
    SIGN_UP = "sign-up"
    PASSWORD_RESET = "password reset"  # noqa: S105  # a purpose
    EMAIL = "e-mail"


# AWS developer guide: "Signing up and confirming user accounts" (24 hours), "Recovering user accounts" (one hour),
# "Configuring email or phone verification" (24 hours).
VALID_SECONDS = {
    Purpose.SIGN_UP: 24 * HOUR_SECONDS,
    Purpose.PASSWORD_RESET: HOUR_SECONDS,
    Purpose.EMAIL: 24 * HOUR_SECONDS,
}


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code on its way: `address` is where it went, `expires_at` in seconds of the clock."""

    address: str
    expires_at: float
    code: str = field(repr=False)


class Codes:
    """The codes that are under way. All may be lost: people ask for another one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: OrderedDict[Key, SentCode] = OrderedDict()
        self._requests = HourlyLimit(clock, REQUESTS_PER_HOUR)
        self._guesses = HourlyLimit(clock, GUESSES_PER_HOUR)

    def issue(self, purpose: Purpose, pool_id: str, username: str, address: str) -> str:
        """A new code, which replaces an older one. Raises: LimitExceededError."""
        key = self._requested(purpose, pool_id, username)
        code = _new_code()
        self._sent.pop(key, None)
        while len(self._sent) >= MAX_CODES:
            self._sent.popitem(last=False)
        self._sent[key] = SentCode(address, self._clock() + VALID_SECONDS[purpose], code)
        return code

    def pretend(self, purpose: Purpose, pool_id: str, name: str) -> None:
        """A request for somebody who gets no code, which must not show. Raises: LimitExceededError."""
        self._requested(purpose, pool_id, name)

    def refuse(self, purpose: Purpose, pool_id: str, name: str) -> None:
        """A code for somebody who has none, which must not show.

        Raises: VerificationCodeMismatchError, LimitExceededError.
        """
        key = (purpose.value, pool_id, name)
        self._guesses.check(key)
        self._guesses.count(key)
        raise VerificationCodeMismatchError

    @contextmanager
    def claim(self, purpose: Purpose, pool_id: str, username: str, code: str) -> Iterator[SentCode]:
        """Takes the user's code out for the time of its use; an error puts it back, success uses it up.

        Raises: ExpiredCodeError, VerificationCodeMismatchError, LimitExceededError.
        """
        key = (purpose.value, pool_id, username)
        self._guesses.check(key)
        sent = self._sent.get(key)
        if sent is None or self._clock() >= sent.expires_at:
            raise ExpiredCodeError
        if not secrets.compare_digest(sent.code.encode(), code.encode()):
            self._guesses.count(key)
            raise VerificationCodeMismatchError
        del self._sent[key]
        try:
            yield sent
        except BaseException:
            self._sent.setdefault(key, sent)
            raise

    def pending(self, purpose: Purpose, pool_id: str, username: str) -> SentCode | None:
        """The code that the user may still enter."""
        sent = self._sent.get((purpose.value, pool_id, username))
        return sent if sent is not None and self._clock() < sent.expires_at else None

    def _requested(self, purpose: Purpose, pool_id: str, name: str) -> Key:
        key = (purpose.value, pool_id, name)
        self._requests.check(key)
        self._requests.count(key)
        return key


def _new_code() -> str:
    while True:
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        if code not in _CONSTANTS:
            return code
