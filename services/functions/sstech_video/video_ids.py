"""Video ids: 20 characters of Crockford's base32, newest first in S3's key order."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

# https://www.crockford.com/base32.html, in lower case: no i, l, o, u.
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
TIME_LENGTH: Final = 10
RANDOM_LENGTH: Final = 10
LAST_MILLISECOND: Final = 2 ** (5 * TIME_LENGTH) - 1

_VIDEO_ID: Final = re.compile(r"[0-9a-hjkmnp-tv-z]{20}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def new_video_id(now: datetime) -> str:
    """Ten characters of inverted time, so that a listing starts with the newest, then 50 random bits."""
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    return _base32(LAST_MILLISECOND - milliseconds, TIME_LENGTH) + _base32(
        secrets.randbits(5 * RANDOM_LENGTH), RANDOM_LENGTH
    )


def is_video_id(text: str) -> bool:
    return _VIDEO_ID.fullmatch(text) is not None


def created_at(video_id: str) -> datetime:
    """When `new_video_id` made this id, to the millisecond."""
    inverted = 0
    for character in video_id[:TIME_LENGTH]:
        inverted = inverted * 32 + ALPHABET.index(character)
    return _EPOCH + timedelta(milliseconds=LAST_MILLISECOND - inverted)


def _base32(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))
