"""Refresh and revocation. The engine checks signatures and owners; what it leaves out is checked here.

Source: API reference, GetTokensFromRefreshToken and RevokeToken; developer guide, "Refresh tokens".
"""

from collections.abc import Callable

from cognito_standin.client_secrets import secret_hash
from cognito_standin.directory import Client, Directory
from cognito_standin.errors import (
    InvalidParameterError,
    NotAuthorizedError,
    UnauthorizedError,
    UnsupportedOperationError,
    UnsupportedTokenTypeError,
    UpstreamError,
)
from cognito_standin.jwt import claims
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

_OTHER_CLIENTS = "Refresh Token has different Client"


class Tokens:
    def __init__(self, upstream: Upstream, directory: Directory, clock: Callable[[], float]) -> None:
        self._upstream = upstream
        self._directory = directory
        self._clock = clock

    async def refresh(self, client: Client, body: Body) -> Body:
        """InitiateAuth with REFRESH_TOKEN_AUTH."""
        if not client.allows("REFRESH_TOKEN_AUTH"):
            raise InvalidParameterError("Auth flow not enabled for this client")
        answer = await self._upstream.call("InitiateAuth", body)
        self._check_not_expired(body["AuthParameters"]["REFRESH_TOKEN"])
        return answer

    async def get_tokens_from_refresh_token(self, body: Body) -> Body:
        client = await self._directory.client(body["ClientId"])
        if client.secret and body.get("ClientSecret") != client.secret:
            raise NotAuthorizedError(f"Unable to verify secret for client {client.id}")
        answer = await self._upstream.call("GetTokensFromRefreshToken", body)
        self._check_not_expired(body["RefreshToken"])
        return answer

    async def revoke_token(self, body: Body) -> Body:
        """Ends a refresh token and the access tokens that came of it.

        A token that is none, or is spent already, is no error (RFC 7009 section 2.2).
        """
        client = await self._directory.client(body["ClientId"])
        if not client.revokes_tokens:
            raise UnsupportedOperationError
        if client.secret and body.get("ClientSecret") != client.secret:
            raise UnauthorizedError(f"Unable to verify secret for client {client.id}")
        token = body["Token"]
        if claims(token).get("token_use") in ("access", "id"):
            raise UnsupportedTokenTypeError
        if await self._is_alive(client, token):
            await self._upstream.call("RevokeToken", body)
        return {}

    async def _is_alive(self, client: Client, token: str) -> bool:
        """Whether the engine would still give tokens for it. Raises: UnauthorizedError for another client's."""
        parameters = {"REFRESH_TOKEN": token}
        if client.secret:
            parameters["SECRET_HASH"] = secret_hash(client.id, client.secret, str(claims(token).get("sub", "")))
        try:
            await self._upstream.call(
                "InitiateAuth",
                {"ClientId": client.id, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters},
            )
        except UpstreamError as error:
            if error.code == NotAuthorizedError.code and error.message == _OTHER_CLIENTS:
                raise UnauthorizedError from error
            return False
        return True

    def _check_not_expired(self, refresh_token: str) -> None:
        expires_at = claims(refresh_token).get("exp")
        if isinstance(expires_at, int | float) and self._clock() >= expires_at:
            raise NotAuthorizedError("Refresh Token has expired")
