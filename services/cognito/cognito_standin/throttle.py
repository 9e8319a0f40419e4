"""Lock-outs after failed attempts, and one use per one-time code."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from cognito_standin.errors import CognitoError, LimitExceededError, PasswordAttemptsError, UsedCodeError

# "After five failed sign-in attempts with a password, Amazon Cognito locks out your user for one second. The
# duration doubles after each additional one failed attempt, to a maximum of approximately 15 minutes.":
# AWS developer guide, "Authentication with user pools", lockout behaviour.
FREE_ATTEMPTS = 5
MAX_LOCKOUT_SECONDS = 15 * 60
# "... or not initiate any sign-in attempts for 15 minutes": the same page.
FORGIVE_AFTER_SECONDS = 15 * 60
MAX_ENTRIES = 50_000

# RFC 6238 section 5.2: a code is good for one use. The engine accepts three steps of 30 s; one more for skew.
CODE_MEMORY_SECONDS = 4 * 30

HOUR_SECONDS = 60 * 60

Key = tuple[str, ...]


@dataclass(slots=True)
class _Failures:
    count: int
    locked_until: float
    last_at: float


class Throttle:
    """Counts failures by key; `free` of them cost nothing, then each locks for twice as long."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        free: int = FREE_ATTEMPTS,
        error: type[CognitoError] = PasswordAttemptsError,
    ) -> None:
        self._clock = clock
        self._free = free
        self._error = error
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    def check(self, key: Key) -> None:
        """Raises the throttle's error while the key is locked; such an attempt changes nothing."""
        failures = self._failures.get(key)
        if failures is not None and self._clock() < failures.locked_until:
            raise self._error

    @asynccontextmanager
    async def attempt(self, key: Key, failure: Callable[[CognitoError], bool]) -> AsyncIterator[None]:
        """One attempt, alone of its key: guesses sent at once wait for each other's outcome.

        An error that `failure` recognises counts, success clears the count, other errors leave it.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            self.check(key)
            try:
                yield
            except CognitoError as error:
                if failure(error):
                    self._failed(key)
                raise
            self._failures.pop(key, None)

    def _failed(self, key: Key) -> None:
        now = self._clock()
        failures = self._failures.pop(key, None)
        if failures is None or now - max(failures.last_at, failures.locked_until) > FORGIVE_AFTER_SECONDS:
            failures = _Failures(0, 0.0, now)
        failures.count += 1
        failures.last_at = now
        excess = failures.count - self._free
        if excess >= 0:
            # The exponent is bounded before the power is taken: counts may grow for years.
            failures.locked_until = now + min(2.0 ** min(excess, 32), MAX_LOCKOUT_SECONDS)
        while len(self._failures) >= MAX_ENTRIES:
            self._failures.popitem(last=False)
        self._failures[key] = failures


class HourlyLimit:
    """At most so many events of a key within an hour."""

    def __init__(self, clock: Callable[[], float], most: int) -> None:
        self._clock = clock
        self._most = most
        self._times: OrderedDict[Key, list[float]] = OrderedDict()

    def check(self, key: Key) -> None:
        """Raises: LimitExceededError."""
        if len(self._recent(key)) >= self._most:
            raise LimitExceededError

    def count(self, key: Key) -> None:
        recent = [*self._recent(key), self._clock()]
        self._times.pop(key, None)
        while len(self._times) >= MAX_ENTRIES:
            self._times.popitem(last=False)
        self._times[key] = recent

    def _recent(self, key: Key) -> list[float]:
        horizon = self._clock() - HOUR_SECONDS
        return [time for time in self._times.get(key, ()) if time > horizon]


class UsedCodes:
    """One-time codes already spent, by user."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._spent: dict[tuple[Key, str], float] = {}

    @contextmanager
    def spend(self, key: Key, code: str) -> Iterator[None]:
        """Holds the code from before its check, so that two checks at once cannot both succeed.

        A code that was refused is not spent. Raises: UsedCodeError.
        """
        now = self._clock()
        self._spent = {spent: until for spent, until in self._spent.items() if until > now}
        if (key, code) in self._spent:
            raise UsedCodeError
        self._spent[key, code] = now + CODE_MEMORY_SECONDS
        try:
            yield
        except BaseException:
            del self._spent[key, code]
            raise
