"""Who is calling: the one place that decides whether a token is good enough for `/videos`.

API Gateway has checked signature, issuer and expiry. That the token is an ID token of our own client is checked
here too, because emulators of the authorizer are laxer than AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sstech_video import keys
from sstech_video.errors import UnauthorizedError


def owner_of(event: Mapping[str, Any], client_id: str) -> str:
    """The `sub` of the caller. Raises `UnauthorizedError` for anything but an ID token of `client_id`."""
    claims = _claims(event)
    if claims.get("token_use") != "id":
        raise UnauthorizedError("Send the ID token of your session, not another token.")
    if claims.get("aud") != client_id:
        raise UnauthorizedError("This token was issued to another application. Sign in again.")
    owner = claims.get("sub")
    if not isinstance(owner, str) or not keys.is_owner(owner):
        raise UnauthorizedError("This token names nobody. Sign in again.")
    return owner


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    claims = authorizer.get("claims")
    if not isinstance(claims, Mapping):
        raise UnauthorizedError("Sign in and send your ID token.")
    return claims
