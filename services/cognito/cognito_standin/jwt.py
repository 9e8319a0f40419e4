"""What tokens say. Nothing here verifies: that is the engine's work, done before or after."""

import base64
import json
from collections.abc import Mapping
from typing import Any


def claims(token: str) -> Mapping[str, Any]:
    """What a token says, unverified; nothing when it is none."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError):
        return {}
    return said if isinstance(said, dict) else {}


def client_of(access_token: str) -> str:
    """The client that a token, verified before, was issued to."""
    return str(claims(access_token)["client_id"])
