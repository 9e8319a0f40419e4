"""The key pairs behind CloudFront's signed cookies, in two slots.

CloudFront cannot change a public key in place, so the key group trusts two from the first day: one signs, the other
stands by. Rotation makes the one that stands by sign, which every edge has known for long.

A private half lives in one SSM SecureString as a JWK (RFC 7517), which the library function reads with Python
integers alone. The public half is derived from it whenever it is needed, so the two can never disagree. A key that
no longer signs has no private half any more.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# CloudFront takes RSA keys of 2048 bits for signed URLs and cookies ("Specify signers", developer guide).
KEY_BITS = 2048
PUBLIC_EXPONENT = 65537

Slot = Literal["a", "b"]
SLOTS: tuple[Slot, Slot] = ("a", "b")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Public half: `key_id` as CloudFront's ids look (K and 13 characters), `pem` as SubjectPublicKeyInfo."""

    key_id: str
    pem: str


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The key group's public keys by slot, and the slot whose private half signs."""

    active: Slot
    by_slot: Mapping[Slot, PublicKey]

    @property
    def signing(self) -> PublicKey:
        """The key that signs."""
        return self.by_slot[self.active]


def ensure_signing_keys(
    ssm: "SSMClient", prefix: str, *, active: Slot = "a", retired: Mapping[Slot, str] | None = None
) -> SigningKeys:
    """Both slots' public halves; a slot that holds no key yet gets one.

    `prefix` is the parameters' common path, leading slash included. `retired` are public keys (PEM) that have no
    private half any more and still must be trusted: signatures made with them are in players' hands.
    """
    keys: dict[Slot, PublicKey] = {}
    for slot in SLOTS:
        stored = _stored_jwk(ssm, parameter_name(prefix, slot))
        if stored is None and slot != active and retired and retired.get(slot):
            keys[slot] = public_key(retired[slot])
            continue
        keys[slot] = _public_half(stored or _store_new_key(ssm, prefix, slot))
    return SigningKeys(active, keys)


def parameter_name(prefix: str, slot: Slot) -> str:
    """Name of the parameter with a slot's private half."""
    return f"{prefix}/{slot}"


def make_public_half(ssm: "SSMClient", prefix: str, slot: Slot) -> PublicKey:
    """Public half of the key in `slot`, which gets a key if it has none."""
    return _public_half(_stored_jwk(ssm, parameter_name(prefix, slot)) or _store_new_key(ssm, prefix, slot))


def stored_public_half(ssm: "SSMClient", prefix: str, slot: Slot) -> PublicKey | None:
    """Public half of the key in `slot`; None where no private half is kept, so that it cannot sign."""
    jwk = _stored_jwk(ssm, parameter_name(prefix, slot))
    return None if jwk is None else _public_half(jwk)


def forget_private_half(ssm: "SSMClient", prefix: str, slot: Slot) -> None:
    """Deletes the private half in `slot`, if there is one: from then on nobody can sign with that key."""
    delete_parameter(ssm, parameter_name(prefix, slot))


def delete_parameter(ssm: "SSMClient", name: str) -> None:
    """Deletes the parameter; one that is not there is no error."""
    with contextlib.suppress(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name=name)


def public_key(pem: str) -> PublicKey:
    """`pem` with the id that stand-ins know it by; CloudFront gives ids of its own."""
    return PublicKey(key_id=f"K{hashlib.sha256(pem.encode()).hexdigest()[:13].upper()}", pem=pem)


def _stored_jwk(ssm: "SSMClient", name: str) -> str | None:
    try:
        return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return None


def _store_new_key(ssm: "SSMClient", prefix: str, slot: Slot) -> str:
    jwk = _new_private_jwk()
    ssm.put_parameter(
        Name=parameter_name(prefix, slot),
        Value=jwk,
        Type="SecureString",
        Description="Private key for CloudFront signed cookies of SStech Video.",
    )
    return jwk


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
    return public_key(pem.decode())


def _base64url_uint(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).rstrip(b"=").decode()


def _uint(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
