"""What an attacker makes at home: tokens, cookies and signed URLs.

Some of it is signed with the real keys, so that exactly one thing about it is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from devstack.contract.signin import claims
from sstech_video import cloudfront
from sstech_video.cloudfront import Grant

HOUR = 3600
JSON = Mapping[str, object]


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(part: JSON) -> str:
    return base64url(json.dumps(part).encode())


def header_of(token: str) -> dict[str, object]:
    head = token.split(".")[0]
    decoded: dict[str, object] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return decoded


def signed(header: JSON, payload: JSON, key: RSAPrivateKey) -> str:
    """A JWT with an RS256 signature, whatever its header says."""
    message = f"{encoded(header)}.{encoded(payload)}"
    return f"{message}.{base64url(key.sign(message.encode(), PKCS1v15(), SHA256()))}"


@dataclass(frozen=True)
class PoolKeys:
    """A pool's two signing keys with their key ids."""

    id_key: RSAPrivateKey
    id_kid: object
    access_key: RSAPrivateKey
    access_kid: object

    @classmethod
    def read(cls, folder: Path, pool_id: str, id_token: str, access_token: str) -> PoolKeys:
        return cls(
            read_key(folder / f"{pool_id}-id.pem"),
            header_of(id_token)["kid"],
            read_key(folder / f"{pool_id}-access.pem"),
            header_of(access_token)["kid"],
        )


def read_key(path: Path) -> RSAPrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


@dataclass(frozen=True)
class TokenForge:
    """Makes ID tokens from a real one. A claim given as None is left out."""

    keys: PoolKeys

    def genuine(self, real: str, **changes: object) -> str:
        """Signed by the pool's own key, as if Cognito had issued it with these claims."""
        return signed(header_of(real), changed(real, changes), self.keys.id_key)

    def tampered(self, real: str, **changes: object) -> str:
        """Other claims under the signature of the real ones."""
        header, _, signature = real.split(".")
        return f"{header}.{encoded(changed(real, changes))}.{signature}"

    def unsigned(self, real: str, algorithm: str = "none") -> str:
        return f"{encoded({**header_of(real), 'alg': algorithm})}.{real.split('.')[1]}."

    def by_public_key(self, real: str) -> str:
        """HS256 with the pool's public key as its secret: works where a verifier believes the header's `alg`."""
        secret = self.keys.id_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        message = f"{encoded({**header_of(real), 'alg': 'HS256'})}.{real.split('.')[1]}"
        return f"{message}.{base64url(hmac.digest(secret, message.encode(), hashlib.sha256))}"

    def by(self, key: RSAPrivateKey, real: str, header: JSON, **changes: object) -> str:
        """Signed by another key, with `header` over the real one's."""
        return signed({**header_of(real), **header}, changed(real, changes), key)


def changed(real: str, changes: JSON) -> dict[str, object]:
    said = {**claims(real), **changes}
    return {name: value for name, value in said.items() if value is not None}


def public_jwk(key: RSAPrivateKey, kid: str) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "alg": "RS256",
        "use": "sig",
        "kid": kid,
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class CookieForge:
    """Signs policies with the platform's own key."""

    def __init__(self, jwk: str, key_pair_id: str) -> None:
        self._key = _key_of(json.loads(jwk))
        self.key_pair_id = key_pair_id

    def grant(self, resource: str, expires: int) -> Grant:
        return cloudfront.grant(resource, expires, self.key_pair_id, self.sign)

    def policy(self, statement: JSON) -> Grant:
        """A grant with a statement of one's own."""
        document = json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()
        signature = cloudfront.cloudfront_base64(self.sign(document))
        return Grant(cloudfront.cloudfront_base64(document), signature, self.key_pair_id)

    def sign(self, message: bytes) -> bytes:
        return sha1_signature(self._key, message)


def sha1_signature(key: RSAPrivateKey, message: bytes) -> bytes:
    """CloudFront's own kind: RSA with SHA-1."""
    return key.sign(message, PKCS1v15(), SHA1())  # noqa: S303  # CloudFront takes no other


def header_line(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def in_an_hour() -> int:
    return int(time.time()) + HOUR


def an_hour_ago() -> int:
    return int(time.time()) - HOUR


def _key_of(jwk: Mapping[str, str]) -> RSAPrivateKey:
    n, e, d, p, q, dp, dq, qi = (
        int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=" * (-len(jwk[name]) % 4)), "big")
        for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    )
    return RSAPrivateNumbers(p, q, d, dp, dq, qi, RSAPublicNumbers(e, n)).private_key()
