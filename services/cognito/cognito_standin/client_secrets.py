"""The proof that a call comes from an app client with a secret.

Source: AWS developer guide, "Computing secret hash values".
"""

import base64
import hashlib
import hmac

from cognito_standin.directory import Client
from cognito_standin.errors import InvalidParameterError, NotAuthorizedError


def secret_hash(client_id: str, secret: str, username: str) -> str:
    digest = hmac.new(secret.encode(), f"{username}{client_id}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def check_secret_hash(client: Client, username: str, given: str | None) -> None:
    """`username` as it was typed. Raises: NotAuthorizedError, InvalidParameterError."""
    if not client.secret:
        if given:
            raise InvalidParameterError(
                f"App client {client.id} is not configured for secret but secret hash was received"
            )
        return
    if not given:
        raise NotAuthorizedError(f"Client {client.id} is configured with secret but SECRET_HASH was not received")
    if not hmac.compare_digest(secret_hash(client.id, client.secret, username).encode(), given.encode()):
        raise NotAuthorizedError(f"Unable to verify secret hash for client {client.id}")
