import re
from collections.abc import AsyncGenerator, AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cdn_standin.headers import Headers
from cdn_standin.paths import quote_key

CONNECT_SECONDS = 5.0
# CloudFront's default origin response timeout, between one packet and the next.
RESPONSE_SECONDS = 30.0


class OriginError(Exception):
    """An origin did not answer; `status` is what CloudFront tells the viewer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"origin error {status}")
        self.status = status


def create_client() -> httpx.AsyncClient:
    """A client that keeps nothing between requests: no proxy of the environment, no cookies, no redirects."""
    return httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx.Timeout(RESPONSE_SECONDS, connect=CONNECT_SECONDS, pool=None),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
    )


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    try:
        return await client.send(request, stream=True)
    except httpx.TimeoutException as error:
        raise OriginError(504) from error
    except httpx.TransportError as error:
        raise OriginError(502) from error


def _request(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Headers,
    content: AsyncIterator[bytes] | None = None,
) -> httpx.Request:
    # Not build_request: it adds the client's own headers, Accept-Encoding among them.
    extensions = {"timeout": client.timeout.as_dict()}
    return httpx.Request(method, url, headers=headers, content=content, extensions=extensions)


class S3Origin:
    """Objects of one bucket, by requests signed as an origin access control signs them."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        endpoint_url: str,
        bucket: str,
        region: str,
        credentials: Credentials,
    ) -> None:
        self._client = client
        self._bucket_url = f"{endpoint_url}/{bucket}"
        self._signer = S3SigV4Auth(credentials, "s3", region)

    async def fetch(self, method: str, key: str, headers: Headers) -> httpx.Response:
        """An open response; the caller reads and closes it. Raises: OriginError."""
        request = AWSRequest(method=method, url=f"{self._bucket_url}/{quote_key(key)}")
        for name, value in headers:
            request.headers[name.decode()] = value.decode("latin-1")
        self._signer.add_auth(request)
        signed = [(name.encode(), _bytes(value)) for name, value in request.headers.items()]
        return await _send(self._client, _request(self._client, method, str(request.url), signed))


class ApiOrigin:
    """API Gateway, the viewer's path kept."""

    def __init__(self, client: httpx.AsyncClient, *, origin_url: str) -> None:
        self._client = client
        self._origin_url = origin_url

    async def fetch(
        self, method: str, path: str, query: str, headers: Headers, body: AsyncIterator[bytes] | None
    ) -> httpx.Response:
        """An open response; the caller reads and closes it. Raises: OriginError."""
        url = f"{self._origin_url}{path}" + (f"?{query}" if query else "")
        return await _send(self._client, _request(self._client, method, url, headers, body))


async def raw_body(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body exactly as sent, content coding untouched; the response is closed at its end."""
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    finally:
        await response.aclose()


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")


def content_range(response: httpx.Response) -> tuple[int, int, int] | None:
    """First byte, last byte and total size of a partial response, or None."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    if found is None:
        return None
    first, last, total = (int(group) for group in found.groups())
    return first, last, total
