"""Signature Version 4 of a request, checked for the one key whose secret is known here.

Source: AWS IAM User Guide, "Create a signed AWS API request".
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cognito_standin.errors import InvalidSignatureError, MissingAuthenticationTokenError, UnrecognizedClientError

SERVICE = "cognito-idp"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<scope>(?P<date>\d{8})/(?P<region>[\w-]+)/(?P<service>[\w-]+)"
    r"/aws4_request),\s*SignedHeaders=(?P<headers>[\w;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


# "AKIA" are long-term access keys, "ASIA" temporary ones: AWS IAM User Guide, "IAM identifiers", unique identifiers.
_IAM_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived. Header names are lower case; the API has no query strings."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def check_signature(request: SignedRequest, *, access_key_id: str, secret_access_key: str) -> bool:
    """Whether the request is signed with this key, Host and path included.

    False for another key of IAM's (a function's role), which is the engine's to judge. Emulators take other words
    for keys too (an account number is its root): those are refused.

    Raises: MissingAuthenticationTokenError, InvalidSignatureError, UnrecognizedClientError.
    """
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise MissingAuthenticationTokenError
    if found["key"] != access_key_id:
        if _IAM_KEY.fullmatch(found["key"]):
            return False
        raise UnrecognizedClientError
    names = found["headers"].split(";")
    if found["service"] != SERVICE or "host" not in names or "x-amz-target" not in names:
        raise InvalidSignatureError
    text = _string_to_sign(request, names, found["scope"])
    key = _signing_key(secret_access_key, found["date"], found["region"])
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, found["signature"]):
        raise InvalidSignatureError
    return True


def _string_to_sign(request: SignedRequest, names: list[str], scope: str) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, request.path, "", headers, ";".join(names), payload])
    moment = request.headers.get("x-amz-date", "")
    return "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])


def _signing_key(secret_access_key: str, date: str, region: str) -> bytes:
    key = f"AWS4{secret_access_key}".encode()
    for part in (date, region, SERVICE, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
