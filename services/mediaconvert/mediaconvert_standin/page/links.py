"""Short-lived links to outputs: who has one reads that output, and nothing else of the bucket."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote

from mediaconvert_standin.job_settings.plan import S3Location

VALID_SECONDS = 3600


class Links:
    """Signed with a key of this process: a restart ends them all."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock

    def make(self, location: S3Location, prefix: str) -> str:
        """A link to ``location`` that also opens its neighbours whose keys begin with ``prefix``."""
        folder, slash, name = location.key.rpartition("/")
        claim = json.dumps([location.bucket, folder + slash, prefix, int(self._clock()) + VALID_SECONDS]).encode()
        token = base64.urlsafe_b64encode(self._sign(claim) + claim).decode().rstrip("=")
        return f"page/media/{token}/{quote(name)}"

    def read(self, token: str, name: str) -> S3Location | None:
        """The object that a link means; None when it is forged, too old or out of bounds."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        signature, claim = raw[:32], raw[32:]
        if not hmac.compare_digest(signature, self._sign(claim)):
            return None
        bucket, folder, prefix, expires = json.loads(claim)
        key = folder + name
        if self._clock() > expires or not key.startswith(prefix):
            return None
        return S3Location(bucket, key)

    def _sign(self, claim: bytes) -> bytes:
        return hmac.new(self._key, claim, hashlib.sha256).digest()
