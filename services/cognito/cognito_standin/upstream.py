"""The engine's Cognito, over its HTTP API."""

import json
from collections.abc import Iterable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cognito_standin.errors import InternalError, UpstreamError
from cognito_standin.names import TARGET_PREFIX
from cognito_standin.settings import Settings
from cognito_standin.wire import CONTENT_TYPE, Body

TIMEOUT_SECONDS = 30.0


# Framing of one connection; the next one has its own.
_CONNECTION_HEADERS = frozenset({b"connection", b"content-length", b"expect", b"keep-alive", b"transfer-encoding"})


def create_client() -> httpx.AsyncClient:
    """A client that keeps nothing between requests: no proxy of the environment, no cookies, no redirects."""
    return httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        timeout=TIMEOUT_SECONDS,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


class Upstream:
    """Calls as a user (unsigned), as the pool's owner (signed), and whole requests passed on."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._url = settings.upstream_url
        self._client = client
        credentials = Credentials(settings.access_key_id, settings.secret_access_key)
        self._signer = SigV4Auth(credentials, "cognito-idp", settings.region)

    async def call(self, operation: str, body: Mapping[str, Any]) -> Body:
        """Raises: UpstreamError, InternalError."""
        headers = {"X-Amz-Target": TARGET_PREFIX + operation, "Content-Type": CONTENT_TYPE}
        return await self._send(json.dumps(body).encode(), headers)

    async def call_signed(self, operation: str, body: Mapping[str, Any]) -> Body:
        """Raises: UpstreamError, InternalError."""
        content = json.dumps(body).encode()
        headers = {"X-Amz-Target": TARGET_PREFIX + operation, "Content-Type": CONTENT_TYPE}
        return await self._send(content, signed_headers(self._signer, f"{self._url}/", content, headers))

    async def forward(
        self, method: str, path: str, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> httpx.Response:
        """The caller's request as it came, Host included, so that its signature stays valid.

        Raises: InternalError.
        """
        try:
            return await self._client.request(method, self._url + path, headers=list(headers), content=body or None)
        except httpx.TransportError as error:
            raise InternalError from error

    async def _send(self, content: bytes, headers: Mapping[str, str]) -> Body:
        try:
            response = await self._client.post(f"{self._url}/", content=content, headers=headers)
            answer = response.json()
        except (httpx.TransportError, ValueError) as error:
            raise InternalError from error
        if response.status_code == 200 and isinstance(answer, dict):
            return answer
        raise _error(response.status_code, answer)


def signed_headers(signer: SigV4Auth, url: str, content: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a POST, with those of its signature."""
    request = AWSRequest("POST", url, data=content, headers=dict(headers))
    signer.add_auth(request)
    return {name: _text(value) for name, value in request.headers.items()}


def _error(status: int, answer: Any) -> UpstreamError | InternalError:
    if not isinstance(answer, dict) or "__type" not in answer:
        return InternalError(f"The engine answered with status {status}.")
    code = str(answer["__type"]).rsplit("#", 1)[-1]
    return UpstreamError(code, str(answer.get("message", "")), status)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
