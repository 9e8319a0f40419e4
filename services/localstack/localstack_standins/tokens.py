"""JSON Web Tokens as Amazon Cognito signs them: RS256 and nothing else (RFC 7515, RFC 7518 section 3.3)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

# API Gateway's quota for all header values of a request together.
MAX_TOKEN_BYTES = 10_240
_COMPACT = re.compile(r"(?P<header>[A-Za-z0-9_-]+)\.(?P<claims>[A-Za-z0-9_-]+)\.(?P<signature>[A-Za-z0-9_-]+)")


class TokenError(Exception):
    """The token is not to be believed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A well-formed token; nothing in it is to be believed before its signature is checked."""

    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def parse_token(text: str) -> Token:
    """Raises: TokenError."""
    match = _COMPACT.fullmatch(text) if len(text) <= MAX_TOKEN_BYTES else None
    if match is None:
        raise TokenError("not a token")
    header = _parse_object(match["header"])
    if header.get("alg") != "RS256" or "crit" in header:
        raise TokenError("not signed with RS256")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise TokenError("the token does not name its key")
    signed = f"{match['header']}.{match['claims']}".encode()
    return Token(key_id, _parse_object(match["claims"]), signed, _decode(match["signature"]))


def check_signature(token: Token, key: RSAPublicKey) -> None:
    """Raises: TokenError."""
    try:
        key.verify(token.signature, token.signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise TokenError("the signature is wrong") from error


def check_times(token: Token, now: float) -> None:
    """`now` in seconds since the epoch. Raises: TokenError when the token is expired, not yet valid or without end."""
    if now >= _time(token, "exp"):
        raise TokenError("the token has expired")
    if "nbf" in token.claims and now < _time(token, "nbf"):
        raise TokenError("the token is not valid yet")


def _time(token: Token, name: str) -> float:
    value = token.claims.get(name)
    # JSON as Python reads it knows NaN, which is neither before nor after anything.
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise TokenError(f"{name} is not a time")
    return value


def _parse_object(encoded: str) -> Mapping[str, Any]:
    try:
        value = json.loads(_decode(encoded))
    except (ValueError, RecursionError) as error:
        raise TokenError("not a token") from error
    if not isinstance(value, dict):
        raise TokenError("not a token")
    return value


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise TokenError("not a token") from error
