"""A user pool made of its signing key."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

POOL_ID = "us-east-1_Ab3dEf9Hi"
ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{POOL_ID}"
POOL_ARN = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{POOL_ID}"
CLIENT_ID = "3n4b5urk1ft4fl3mg5e62d9ado"
KEY_ID = "a/key+id="
NOW = 1_800_000_000.0


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value: object) -> str:
    return encode(json.dumps(value).encode())


def encode_number(number: int) -> str:
    return encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


class Pool:
    """Signs tokens, and shows its keys as Cognito does."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID}
        return {**key, "n": encode_number(numbers.n), "e": encode_number(numbers.e), **changes}

    def jwks(self) -> bytes:
        return json.dumps({"keys": [self.jwk()]}).encode()

    def sign(self, signed: str, digest: HashAlgorithm | None = None) -> str:
        return encode(self._key.sign(signed.encode(), padding.PKCS1v15(), digest or SHA256()))

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An ID token that is good at `NOW`; a claim of None is left out."""
        all_claims = {
            "sub": "person",
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "token_use": "id",
            "iat": int(NOW) - 60,
            "exp": int(NOW) + 840,
            **claims,
        }
        payload = {name: value for name, value in all_claims.items() if value is not None}
        head = {"alg": "RS256", "kid": KEY_ID, **(header or {})}
        signed = f"{encode_json(head)}.{encode_json(payload)}"
        return f"{signed}.{self.sign(signed)}"

    def access_token(self, scope: str, **claims: Any) -> str:
        return self.token(aud=None, client_id=CLIENT_ID, token_use="access", scope=scope, **claims)
