"""RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017, section 8.2.1) over Python integers.

CloudFront's signatures are RSA with SHA-1, and a function's zip holds no native code. The private key is used by
its CRT members, about four times faster than the plain exponent, blinded, and every signature is checked before it
leaves: a faulty CRT result would give the key away.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Final

# DigestInfo of SHA-1: RFC 8017, section 9.2, note 1.
_SHA1_DIGEST_INFO: Final = bytes.fromhex("3021300906052b0e03021a05000414")
MIN_MODULUS_BITS: Final = 2048


class SigningKeyError(ValueError):
    """The signing key is not an RSA private key as a JWK."""


@dataclass(frozen=True, repr=False)
class PrivateKey:
    n: int
    e: int
    p: int
    q: int
    dp: int
    dq: int
    qi: int

    @classmethod
    def from_jwk(cls, text: str) -> PrivateKey:
        """A JWK of RFC 7517 and 7518, section 6.3. Raises `SigningKeyError`, never quoting the key."""
        try:
            jwk = json.loads(text)
            if jwk["kty"] != "RSA":
                raise SigningKeyError("kty is not RSA")
            key = cls(**{name: _integer(jwk[name]) for name in ("n", "e", "p", "q", "dp", "dq", "qi")})
        except (KeyError, TypeError, ValueError) as error:
            raise SigningKeyError("The signing key parameter must hold an RSA private key as a JWK.") from error
        if key.p * key.q != key.n or key.n.bit_length() < MIN_MODULUS_BITS:
            raise SigningKeyError(f"The signing key must be a sound RSA key of at least {MIN_MODULUS_BITS} bits.")
        return key

    def sign(self, message: bytes) -> bytes:
        """The signature, as long as the modulus. Raises ArithmeticError if the computation went wrong."""
        length = (self.n.bit_length() + 7) // 8
        padded = int.from_bytes(_encode(message, length), "big")
        blind = secrets.randbelow(self.n - 2) + 2
        blinded = padded * pow(blind, self.e, self.n) % self.n
        signature = self._power(blinded) * pow(blind, -1, self.n) % self.n
        if pow(signature, self.e, self.n) != padded:
            raise ArithmeticError("the RSA computation went wrong")
        return signature.to_bytes(length, "big")

    def _power(self, number: int) -> int:
        first = pow(number, self.dp, self.p)
        second = pow(number, self.dq, self.q)
        return second + self.q * (self.qi * (first - second) % self.p)


def _encode(message: bytes, length: int) -> bytes:
    """EMSA-PKCS1-v1_5."""
    digest_info = _SHA1_DIGEST_INFO + hashlib.sha1(message).digest()  # noqa: S324 - CloudFront's own choice
    return b"\x00\x01" + b"\xff" * (length - len(digest_info) - 3) + b"\x00" + digest_info


def _integer(text: str) -> int:
    """Base64urlUInt."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
