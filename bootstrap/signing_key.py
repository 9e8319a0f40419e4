"""The key pair behind CloudFront's signed cookies.

The private half lives in one SSM SecureString as a JWK (RFC 7517), which the library function reads with Python
integers alone. The public half is derived from it whenever it is needed, so the two can never disagree.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# CloudFront takes RSA keys of 2048 bits for signed URLs and cookies ("Specify signers", developer guide).
KEY_BITS = 2048
PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Public half: `key_id` as CloudFront's ids look (K and 13 characters), `pem` as SubjectPublicKeyInfo."""

    key_id: str
    pem: str


def ensure_signing_key(ssm: "SSMClient", parameter: str) -> PublicKey:
    """The public half of the key stored under `parameter` (leading slash included), made on first use."""
    try:
        stored = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        stored = _new_private_jwk()
        ssm.put_parameter(
            Name=parameter,
            Value=stored,
            Type="SecureString",
            Description="Private key for CloudFront signed cookies of SStech Video.",
        )
    return _public_half(stored)


def _new_private_jwk() -> str:
    numbers = rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS).private_numbers()
    members = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return json.dumps({"kty": "RSA", **{name: _base64url_uint(value) for name, value in members.items()}})


def _public_half(jwk: str) -> PublicKey:
    members = json.loads(jwk)
    public = rsa.RSAPublicNumbers(_uint(members["e"]), _uint(members["n"])).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(key_id=f"K{hashlib.sha256(pem).hexdigest()[:13].upper()}", pem=pem.decode())


def _base64url_uint(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()


def _uint(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
