"""Open challenges. A session is opaque, single-use, short-lived and fits one user, client and challenge."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum

from cognito_standin import names
from cognito_standin.errors import ExpiredSessionError, InvalidSessionError, WrongCodeError

# "Cognito user pools ... users can attempt a code five times in one session": AWS developer guide, MFA.
MAX_WRONG_CODES = 5
# How long an expired session is still recognised as one, to say so.
REMEMBER_EXPIRED_SECONDS = 15 * 60
MAX_SESSIONS = 10_000
# 64 bytes make 86 characters, within the API's 20 to 2048.
TOKEN_BYTES = 64


class Stage(Enum):
    """What the holder of a session has to do next."""

    PASSWORD_VERIFIER = names.PASSWORD_VERIFIER
    NEW_PASSWORD_REQUIRED = names.NEW_PASSWORD_REQUIRED
    SOFTWARE_TOKEN_MFA = names.SOFTWARE_TOKEN_MFA
    MFA_SETUP = names.MFA_SETUP
    MFA_SETUP_ASSOCIATED = "MFA_SETUP, secret handed out"
    MFA_SETUP_VERIFIED = "MFA_SETUP, first code verified"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Whose sign-in this is and how far it got.

    `aliases` are the names, in lower case, that the user may answer under. `refresh_token` is what the engine
    gave for the password alone, withheld from the user until the second factor is set up.
    """

    pool_id: str
    client_id: str
    username: str
    aliases: frozenset[str]
    stage: Stage
    validity_seconds: int
    client_secret: str = field(default="", repr=False)
    upstream_session: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    wrong_codes: int = 0

    def at(self, stage: Stage) -> "Challenge":
        return replace(self, stage=stage)


@dataclass(frozen=True, slots=True)
class _Entry:
    challenge: Challenge
    expires_at: float


class Sessions:
    """The open sessions, at most MAX_SESSIONS: the oldest gives way."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def open(self, challenge: Challenge, token: str = "") -> str:
        """A new session token; `token` when the challenge brings its own handle."""
        self._forget_old()
        token = token or secrets.token_urlsafe(TOKEN_BYTES)
        self._entries[token] = _Entry(challenge, self._clock() + challenge.validity_seconds)
        return token

    @contextmanager
    def claim(
        self, token: str, *stages: Stage, client_id: str | None = None, username: str | None = None
    ) -> Iterator[Challenge]:
        """Takes a session out for the time of one answer; an error puts it back, success uses it up.

        A wrong code counts; more than MAX_WRONG_CODES of them end the session.

        Raises: InvalidSessionError, ExpiredSessionError.
        """
        entry = self._fitting(token, stages, client_id, username)
        del self._entries[token]
        try:
            yield entry.challenge
        except WrongCodeError:
            counted = replace(entry.challenge, wrong_codes=entry.challenge.wrong_codes + 1)
            if counted.wrong_codes <= MAX_WRONG_CODES:
                self._entries[token] = replace(entry, challenge=counted)
            raise
        except BaseException:
            self._entries[token] = entry
            raise

    def _fitting(self, token: str, stages: tuple[Stage, ...], client_id: str | None, username: str | None) -> _Entry:
        entry = self._entries.get(token)
        if entry is None:
            raise InvalidSessionError
        challenge = entry.challenge
        if client_id is not None and challenge.client_id != client_id:
            raise InvalidSessionError
        if username is not None and username.lower() not in challenge.aliases:
            raise InvalidSessionError
        if challenge.stage not in stages:
            raise InvalidSessionError
        if self._clock() >= entry.expires_at:
            raise ExpiredSessionError
        return entry

    def _forget_old(self) -> None:
        horizon = self._clock() - REMEMBER_EXPIRED_SECONDS
        while self._entries:
            oldest = next(iter(self._entries))
            if len(self._entries) < MAX_SESSIONS and self._entries[oldest].expires_at > horizon:
                return
            del self._entries[oldest]
