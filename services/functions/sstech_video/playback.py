"""What a player needs: URLs of the outputs, and the grants that open them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sstech_video import aws, cloudfront, keys
from sstech_video.cloudfront import Grant, Sign
from sstech_video.entries import Entry, Status, iso

if TYPE_CHECKING:
    from sstech_video.rsa import PrivateKey

# A long film with pauses; the page asks again before it ends.
PLAYBACK_FOR: Final = timedelta(hours=6)
# Posters keep one URL within each such span, so that browsers cache them; each URL lives for one to two spans.
POSTER_SPAN: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Cookie:
    name: str
    value: str
    path: str
    max_age: int
    secure: bool


@dataclass(frozen=True)
class Playback:
    """The answer's body and the three cookies that make its URLs work."""

    body: dict[str, Any]
    cookies: tuple[Cookie, ...]


class Delivery:
    """Signs for one site; `sign` is called once for each answer."""

    def __init__(self, site_url: str, key_pair_id: str, sign: Sign) -> None:
        self._site_url = site_url
        self._key_pair_id = key_pair_id
        self._sign = sign
        self._posters: dict[str, tuple[int, Grant]] = {}

    def playback(self, entry: Entry, now: datetime) -> Playback:
        """URLs under one video's folder and cookies for exactly that folder."""
        expires = int((now + PLAYBACK_FOR).timestamp())
        folder = keys.media(entry.owner, entry.video_id)
        granted = cloudfront.grant(f"{self._site_url}/{folder}*", expires, self._key_pair_id, self._sign)
        attempt = f"{self._site_url}/{keys.attempt(entry.owner, entry.video_id, entry.attempt)}"
        body = {
            "mp4Url": attempt + keys.MP4_NAME,
            "hlsUrl": attempt + keys.HLS_NAME,
            "posterUrl": attempt + keys.POSTER_NAME,
            "thumbnailsUrl": attempt + keys.WEBVTT_NAME,
            "expiresAt": iso(datetime.fromtimestamp(expires, UTC)),
        }
        secure = self._site_url.startswith("https://")
        max_age = int(PLAYBACK_FOR.total_seconds())
        cookies = tuple(Cookie(name, value, f"/{folder}", max_age, secure) for name, value in granted.cookies().items())
        return Playback(body, cookies)

    def poster_url(self, entry: Entry, now: datetime) -> str | None:
        """A signed URL, None before the video is ready. One grant opens all posters of its owner."""
        if entry.status is not Status.READY:
            return None
        folder = keys.attempt(entry.owner, entry.video_id, entry.attempt)
        return self._poster_grant(entry.owner, now).url(f"{self._site_url}/{folder}{keys.POSTER_NAME}")

    def _poster_grant(self, owner: str, now: datetime) -> Grant:
        span = int(POSTER_SPAN.total_seconds())
        expires = (int(now.timestamp()) // span + 2) * span
        known = self._posters.get(owner)
        if known and known[0] == expires:
            return known[1]
        resource = f"{self._site_url}/media/{owner}/*/{keys.POSTER_NAME}"
        granted = cloudfront.grant(resource, expires, self._key_pair_id, self._sign)
        self._posters = {owner: (expires, granted)}
        return granted


def signer(parameter: str) -> Sign:
    """Signs with the key in the SSM parameter, which is fetched when first needed."""
    return lambda message: _private_key_sign(parameter, message)


def _private_key_sign(parameter: str, message: bytes) -> bytes:
    return _private_key(parameter).sign(message)


@cache
def _private_key(parameter: str) -> PrivateKey:
    from sstech_video.rsa import PrivateKey

    answer = aws.ssm().get_parameter(Name=parameter, WithDecryption=True)
    return PrivateKey.from_jwk(answer["Parameter"]["Value"])
