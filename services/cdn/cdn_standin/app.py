import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import httpx
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cdn_standin import headers as header_rules
from cdn_standin.compression import choose_encoding, compress, compressed_headers, is_compressible
from cdn_standin.deployment import Deployment
from cdn_standin.distribution import ApiTarget, Behaviour, BucketTarget
from cdn_standin.headers import Headers
from cdn_standin.origins import ApiOrigin, OriginError, S3Origin, create_client, raw_body
from cdn_standin.paths import BadPathError, normalise, parse_api_path, parse_path, parse_query
from cdn_standin.settings import Settings
from cdn_standin.signatures import SignatureRefusedError, parse_cookies, signed_request, split_query, verify
from cdn_standin.slices import ObjectResponse, TruncatedObjectError, open_object

logger = logging.getLogger("cdn_standin")

# One machine's names for itself.
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


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


class Edge:
    """Answers viewers as the deployment's distribution says."""

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._finished(request)
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        except (TruncatedObjectError, httpx.TransportError) as error:
            # Returning without the rest of the body breaks the connection: the viewer sees the truncation.
            logger.warning("cdn: transfer of %s broke off: %r", scope["path"], error)

    async def _finished(self, request: Request) -> Response:
        """The answer with the behaviour's headers policy and CloudFront's own headers."""
        deployment = self._deployment()
        path = normalise(request.scope["raw_path"])
        behaviour = deployment.distribution.behaviour(path.decode("latin-1"))
        try:
            response = await self._answer(request, path, behaviour, deployment)
        except BadPathError as error:
            response = _error(403, "AccessDenied", f"This address cannot be served: {error}.")
        except SignatureRefusedError as refused:
            response = _error(403, refused.code, refused.message)
        except OriginError as error:
            response = _error(error.status, "OriginError", "The origin did not answer. Is the engine running?")
        response.raw_headers = behaviour.headers.apply(response.raw_headers)
        response.raw_headers += header_rules.cloudfronts_own(response.status_code)
        return response

    async def _answer(self, request: Request, path: bytes, behaviour: Behaviour, deployment: Deployment) -> Response:
        query = parse_query(request.scope["query_string"])
        if request.method not in behaviour.methods:
            return _method_refused()
        if behaviour.keys is not None:
            self._check_signature(request, query, behaviour.keys)
        if isinstance(behaviour.target, ApiTarget):
            return await self._answer_api(request, parse_api_path(path), query, deployment, behaviour.target)
        root = deployment.distribution.default_root_object
        if deployment.distribution.is_default(behaviour) and (elsewhere := self._own_name(request, root)):
            return RedirectResponse(elsewhere)
        key = parse_path(path) or root
        return await self._answer_object(request, key, behaviour, behaviour.target)

    async def _answer_api(
        self, request: Request, path: str, query: str, deployment: Deployment, target: ApiTarget
    ) -> Response:
        client = request.client.host if request.client else None
        origin = ApiOrigin(self._client, origin_url=f"{deployment.execute_api_url}/{target.api_id}")
        response = await origin.fetch(
            request.method,
            path,
            query,
            header_rules.viewer_headers(request.headers.raw, client),
            request.stream() if _has_body(request) else None,
        )
        headers = header_rules.origin_headers(response.headers.raw)
        return ProxyResponse(response.status_code, headers, raw_body(response), response)

    async def _answer_object(self, request: Request, key: str, behaviour: Behaviour, target: BucketTarget) -> Response:
        origin = S3Origin(
            self._client,
            endpoint_url=self._settings.s3_endpoint_url,
            bucket=target.bucket,
            region=self._settings.region,
            credentials=self._credentials,
        )
        found = await open_object(origin, request.method, key, header_rules.to_s3(request.headers.raw))
        headers = header_rules.pick(found.headers, header_rules.S3_RESPONSE_HEADERS)
        if found.status not in (200, 206, 304):
            await found.opened.aclose()
            response = _origin_refusal(found.status)
            response.raw_headers += header_rules.pick(headers, frozenset({b"content-range"}))
            return response
        if not behaviour.encodings or not is_compressible(found.status, headers):
            return ProxyResponse(found.status, headers, found.body, found.opened)
        headers.append((b"vary", b"Accept-Encoding"))
        encoding = choose_encoding(behaviour.encodings, request.headers.get("accept-encoding", ""))
        if encoding is None or request.method != "GET":
            return ProxyResponse(found.status, headers, found.body, found.opened)
        return await _compressed(found, headers, encoding)

    def _check_signature(self, request: Request, query: str, keys: Mapping[str, RSAPublicKey]) -> None:
        signing, rest = split_query(query)
        path = request.scope["raw_path"].decode("latin-1")
        verify(
            signed_request(signing, parse_cookies(request.headers.getlist("cookie"))),
            url=self._settings.public_url + path + (f"?{rest}" if rest else ""),
            keys=keys,
            now=self._clock(),
            address=_address(request),
        )

    def _own_name(self, request: Request, root: str) -> str | None:
        """Where the page is to be opened instead: signed URLs and cookies know one of this machine's names only."""
        own = urlsplit(self._settings.public_url).hostname
        asked = urlsplit(f"//{request.headers.get('host', '')}").hostname
        is_page = request.url.path in ("/", f"/{root}")
        if is_page and asked != own and {asked, own} <= LOOPBACK_NAMES:
            return f"{self._settings.public_url}{request.url.path}"
        return None


async def _compressed(found: ObjectResponse, headers: Headers, encoding: str) -> Response:
    async with aclosing(found.opened), aclosing(found.body) as body:
        plain = b"".join([chunk async for chunk in body])
    # In a thread: ten megabytes would keep every other viewer waiting.
    packed = await asyncio.to_thread(compress, plain, encoding)
    response = Response(packed, found.status)
    response.raw_headers = compressed_headers(headers, encoding, len(packed))
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
    response.headers["cache-control"] = "no-store"
    return response


def _method_refused() -> Response:
    return _error(
        403,
        "InvalidRequest",
        "This distribution is not configured to allow the HTTP request method that was used for this request.",
    )


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

    app = Starlette(routes=[Route("/health", health)], lifespan=lifespan)
    # Not a mount: its pattern knows no path with a line feed in it, and answers that one itself.
    app.router.default = Edge(settings, deployment, client, clock=clock)
    app.router.redirect_slashes = False
    return app
