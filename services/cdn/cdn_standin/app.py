import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from xml.sax.saxutils import escape

import httpx
from botocore.credentials import Credentials
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from cdn_standin import headers as header_rules
from cdn_standin.deployment import Deployment
from cdn_standin.headers import Headers
from cdn_standin.origins import ApiOrigin, OriginError, S3Origin, create_client, raw_body
from cdn_standin.paths import BadPathError, parse_api_path, parse_path, parse_query
from cdn_standin.settings import Settings
from cdn_standin.signatures import SignatureRefusedError, parse_cookies, signed_request, split_query, verify
from cdn_standin.slices import TruncatedObjectError, open_object

logger = logging.getLogger("cdn_standin")

READ_METHODS = ("GET", "HEAD")
# CloudFront's widest set of allowed methods for a cache behaviour.
API_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
DEFAULT_ROOT_OBJECT = "index.html"


class ProxyResponse(StreamingResponse):
    """A streamed answer whose origin connection is closed whatever becomes of the viewer."""

    def __init__(
        self, status: int, headers: Headers, body: AsyncGenerator[bytes, None], opened: httpx.Response
    ) -> None:
        super().__init__(body, status_code=status)
        self.raw_headers = headers
        self._body = body
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A generator that was never started does not run its own clean-up: hence both.
        async with aclosing(self._opened), aclosing(self._body):
            await super().__call__(scope, receive, send)


class Distribution:
    """The cache behaviours: `/api/*`, `/media/*` and, for everything else, the site."""

    def __init__(
        self,
        settings: Settings,
        deployment: Callable[[], Deployment],
        client: httpx.AsyncClient,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._deployment = deployment
        self._client = client
        self._credentials = Credentials(settings.access_key_id, settings.secret_access_key)
        self._clock = clock
        self._site_headers = header_rules.site_headers(
            public_url=settings.public_url, s3_endpoint_url=settings.public_s3_endpoint_url
        )

    def _bucket(self, bucket: str) -> S3Origin:
        return S3Origin(
            self._client,
            endpoint_url=self._settings.s3_endpoint_url,
            bucket=bucket,
            region=self._settings.region,
            credentials=self._credentials,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        except (TruncatedObjectError, httpx.TransportError) as error:
            # Returning without the rest of the body breaks the connection: the viewer sees the truncation.
            logger.warning("cdn: transfer of %s broke off: %r", scope["path"], error)

    async def _answer(self, request: Request) -> Response:
        raw_path = request.scope["raw_path"]
        try:
            query = parse_query(request.scope["query_string"])
            if raw_path.startswith(b"/api/"):
                return await self._answer_api(request, parse_api_path(raw_path), query)
            key = parse_path(raw_path)
            if key.startswith("media/"):
                return await self._answer_media(request, key, query)
            return await self._answer_site(request, key)
        except BadPathError as error:
            return _error(403, "AccessDenied", f"This address cannot be served: {error}.")
        except OriginError as error:
            return _error(error.status, "OriginError", "The origin did not answer. Is the engine running?")

    async def _answer_api(self, request: Request, path: str, query: str) -> Response:
        if request.method not in API_METHODS:
            return _method_not_allowed(API_METHODS)
        client = request.client.host if request.client else None
        origin = ApiOrigin(self._client, origin_url=self._deployment().api_origin_url)
        response = await origin.fetch(
            request.method,
            path,
            query,
            header_rules.viewer_headers(request.headers.raw, client),
            request.stream() if _has_body(request) else None,
        )
        headers = header_rules.origin_headers(response.headers.raw)
        return ProxyResponse(response.status_code, headers, raw_body(response), response)

    async def _answer_media(self, request: Request, key: str, query: str) -> Response:
        if request.method not in READ_METHODS:
            return _method_not_allowed(READ_METHODS)
        deployment = self._deployment()
        try:
            self._check_signature(request, query, deployment)
        except SignatureRefusedError as refused:
            return _error(403, refused.code, refused.message)
        return await _object(self._bucket(deployment.media_bucket), request, key, header_rules.NOSNIFF)

    async def _answer_site(self, request: Request, key: str) -> Response:
        if request.method not in READ_METHODS:
            return _method_not_allowed(READ_METHODS)
        bucket = self._bucket(self._deployment().site_bucket)
        return await _object(bucket, request, key or DEFAULT_ROOT_OBJECT, self._site_headers)

    def _check_signature(self, request: Request, query: str, deployment: Deployment) -> None:
        signing, rest = split_query(query)
        path = request.scope["raw_path"].decode("ascii")
        verify(
            signed_request(signing, parse_cookies(request.headers.getlist("cookie"))),
            url=self._settings.public_url + path + (f"?{rest}" if rest else ""),
            keys=deployment.public_keys,
            now=self._clock(),
            address=_address(request),
        )


async def _object(origin: S3Origin, request: Request, key: str, added: Headers) -> Response:
    asked = header_rules.pick(request.headers.raw, header_rules.S3_REQUEST_HEADERS)
    found = await open_object(origin, request.method, key, asked)
    if found.status in (200, 206, 304):
        headers = header_rules.pick(found.headers, header_rules.S3_RESPONSE_HEADERS)
        return ProxyResponse(found.status, headers + added, found.body, found.opened)
    await found.opened.aclose()
    kept = header_rules.pick(found.headers, frozenset({b"content-range"}))
    response = _origin_refusal(found.status)
    response.raw_headers.extend(kept + [pair for pair in added if pair not in header_rules.NOSNIFF])
    return response


def _origin_refusal(status: int) -> Response:
    """S3's answer in S3's words, without its bucket names and request ids."""
    code, message = {
        403: ("AccessDenied", "Access Denied"),
        404: ("NoSuchKey", "The specified key does not exist."),
        412: ("PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
        416: ("InvalidRange", "The requested range is not satisfiable"),
    }.get(status, ("OriginError", "The origin answered with an error."))
    return _error(status if 400 <= status < 600 else 502, code, message)


def _error(status: int, code: str, message: str) -> Response:
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    response = Response(document, status_code=status, media_type="text/xml")
    response.raw_headers.extend([(b"cache-control", b"no-store"), *header_rules.NOSNIFF])
    return response


def _method_not_allowed(allowed: tuple[str, ...]) -> Response:
    response = _error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
    response.headers["allow"] = ", ".join(allowed)
    return response


def _address(request: Request) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(request.client.host) if request.client else None
    except ValueError:
        return None


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


async def health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "service": "cdn"})


def create_app(
    settings: Settings, deployment: Callable[[], Deployment], *, clock: Callable[[], float] = time.time
) -> Starlette:
    """The ASGI application; `deployment` is asked at every request, the HTTP client lives as long as the lifespan."""
    client = create_client()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    routes = [Route("/health", health), Mount("/", app=Distribution(settings, deployment, client, clock=clock))]
    return Starlette(routes=routes, lifespan=lifespan)
