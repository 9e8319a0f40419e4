"""Signed URLs and signed cookies of CloudFront, checked against a trusted key group.

Source: Amazon CloudFront Developer Guide, "Use signed URLs" and "Use signed cookies"; error words as
CloudFront answers them ("How do I troubleshoot issues related to a signed URL or signed cookies").
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1

from cdn_standin.policies import MalformedPolicyError, Policy, canned_policy, parse_policy

SIGNING_PARAMETERS = frozenset({"Policy", "Expires", "Signature", "Key-Pair-Id"})
COOKIE_PREFIX = "CloudFront-"

_FROM_CLOUDFRONT = bytes.maketrans(b"-_~", b"+=/")
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~")
_LONGEST_EPOCH_TIME = 12  # digits


class SignatureRefusedError(Exception):
    """Why a viewer may not fetch this; `code` and `message` are CloudFront's own."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The four values a viewer may carry; "" is absent."""

    key_pair_id: str
    signature: str
    policy: str
    expires: str


def split_query(query: str) -> tuple[dict[str, str], str]:
    """The signing parameters of a query string, and the query string without them, order kept."""
    signing: dict[str, str] = {}
    rest: list[str] = []
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name in SIGNING_PARAMETERS:
            signing.setdefault(name, value)
        else:
            rest.append(pair)
    return signing, "&".join(rest)


def parse_cookies(headers: Iterable[str]) -> dict[str, str]:
    """CloudFront's cookies by name, prefix removed. Of two alike the first: it has the longest path."""
    found: dict[str, str] = {}
    for header in headers:
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name.startswith(COOKIE_PREFIX):
                found.setdefault(name.removeprefix(COOKIE_PREFIX), value.strip('"'))
    return found


def signed_request(query: Mapping[str, str], cookies: Mapping[str, str]) -> SignedRequest:
    """A signed URL decides alone when there is one, whatever the cookies say."""
    source = query if query else cookies
    return SignedRequest(
        key_pair_id=source.get("Key-Pair-Id", ""),
        signature=source.get("Signature", ""),
        policy=source.get("Policy", ""),
        expires=source.get("Expires", ""),
    )


def verify(
    request: SignedRequest,
    *,
    url: str,
    keys: Mapping[str, RSAPublicKey],
    now: float,
    address: IPv4Address | IPv6Address | None,
) -> None:
    """Checks that a trusted key signed a policy that allows `url` now, from `address`.

    `url` is the whole URL, signing parameters removed. No policy is parsed before its signature holds.

    Raises: SignatureRefusedError.
    """
    if not request.key_pair_id:
        _refuse("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    key = keys.get(request.key_pair_id)
    if key is None:
        _refuse("InvalidKey", "Unknown Key")
    if not (request.policy or request.expires):
        _refuse("MissingPolicy", "Missing Policy or Expires query parameter or cookie value")
    if not request.signature:
        _refuse("MissingSignature", "Missing Signature query parameter or cookie value")
    document = _signed_document(request, url)
    try:
        key.verify(_decode(request.signature, "Signature"), document, PKCS1v15(), SHA1())  # noqa: S303
    except InvalidSignature:
        _refuse("AccessDenied", "Access denied")
    if not _policy(request, document).allows(url, now=now, address=address):
        _refuse("AccessDenied", "Access denied")


def _signed_document(request: SignedRequest, url: str) -> bytes:
    if request.policy:
        return _decode(request.policy, "Policy")
    return canned_policy(url, _expires(request))


def _policy(request: SignedRequest, document: bytes) -> Policy:
    if not request.policy:
        # The URL is part of what was signed, so its own "*" and "?" are not wildcards.
        return Policy(resource="*", date_less_than=_expires(request))
    try:
        return parse_policy(document)
    except MalformedPolicyError:
        _refuse("MalformedPolicy", "Malformed Policy")


def _expires(request: SignedRequest) -> int:
    digits = request.expires
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_EPOCH_TIME):
        _refuse("MalformedPolicy", "Malformed Policy")
    return int(digits)


def _decode(value: str, name: str) -> bytes:
    """CloudFront's base64: "-_~" for "+=/"."""
    encoded = value.encode()
    if not _ALPHABET.issuperset(encoded):
        _refuse(f"Malformed{name}", f"Could not unencode {name}")
    try:
        return base64.b64decode(encoded.translate(_FROM_CLOUDFRONT), validate=True)
    except binascii.Error:
        _refuse(f"Malformed{name}", f"Could not unencode {name}")


def _refuse(code: str, message: str) -> NoReturn:
    raise SignatureRefusedError(code, message)
