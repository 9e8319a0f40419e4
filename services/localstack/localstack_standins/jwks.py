"""The public keys of user pools, kept between requests (RFC 7517)."""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

# A stranger can name any key: however many do, a pool is asked this often at most.
REFETCH_SECONDS = 1.0
# NIST SP 800-131A: nothing shorter signs anything.
MIN_KEY_BITS = 2048

Fetch = Callable[[str], bytes]


class UnknownKeyError(Exception):
    """The pool has no such key."""


class KeysUnavailableError(Exception):
    """The pool's keys cannot be had at the moment."""


class KeySets:
    """Keys by pool; a pool is asked again when a token names a key that it did not have before."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, dict[str, RSAPublicKey]] = {}
        self._fetched_at: dict[str, float] = {}

    def find(self, pool_id: str, key_id: str) -> RSAPublicKey:
        """Raises: UnknownKeyError, KeysUnavailableError."""
        key = self._known(pool_id, key_id) or self._fetched(pool_id, key_id)
        if key is None:
            raise UnknownKeyError(key_id)
        return key

    def _known(self, pool_id: str, key_id: str) -> RSAPublicKey | None:
        return self._keys.get(pool_id, {}).get(key_id)

    def _fetched(self, pool_id: str, key_id: str) -> RSAPublicKey | None:
        """Only those who need a new key wait for each other."""
        with self._lock:
            if self._known(pool_id, key_id) is None and self._may_fetch(pool_id):
                self._keys[pool_id] = parse_keys(self._fetch(pool_id))
                self._fetched_at[pool_id] = self._clock()
            return self._known(pool_id, key_id)

    def _may_fetch(self, pool_id: str) -> bool:
        fetched_at = self._fetched_at.get(pool_id)
        return fetched_at is None or self._clock() - fetched_at >= REFETCH_SECONDS


def parse_keys(document: bytes) -> dict[str, RSAPublicKey]:
    """RSA keys of a JWK set by their ids; keys of other kinds are left out.

    Raises: KeysUnavailableError when the document is no JWK set.
    """
    try:
        keys = json.loads(document)["keys"]
        return {key["kid"]: _public_key(key) for key in keys if key.get("kty") == "RSA"}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise KeysUnavailableError("the user pool did not answer with a set of RSA keys") from error


def _public_key(key: Mapping[str, Any]) -> RSAPublicKey:
    modulus = _number(key["n"])
    if modulus.bit_length() < MIN_KEY_BITS:
        raise ValueError("the key is too short")
    return RSAPublicNumbers(_number(key["e"]), modulus).public_key()


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
