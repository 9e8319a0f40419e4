import base64
import secrets
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

# RFC 9110 section 7.6.1, and what ends at a proxy by RFC 9112.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# The server in front of us writes these itself.
_SERVER_HEADERS = frozenset({b"date", b"server"})
_NOT_FORWARDED = frozenset({b"host", b"expect"})

S3_REQUEST_HEADERS = frozenset(
    {b"range", b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range"}
)
S3_RESPONSE_HEADERS = frozenset(
    {
        b"accept-ranges",
        b"cache-control",
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-range",
        b"content-type",
        b"etag",
        b"expires",
        b"last-modified",
    }
)

REQUEST_ID_BYTES = 41


def pick(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> Headers:
    return [(name.lower(), value) for name, value in headers if name.lower() in names]


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers a proxy passes on: hop-by-hop ones and those the Connection header names stay behind."""
    lowered = [(name.lower(), value) for name, value in headers]
    named = {option.strip().lower() for name, value in lowered if name == b"connection" for option in value.split(b",")}
    return [(name, value) for name, value in lowered if name not in HOP_BY_HOP and name not in named]


def viewer_headers(headers: Iterable[tuple[bytes, bytes]], client: str | None) -> Headers:
    """AllViewerExceptHostHeader, plus the X-Forwarded-For that CloudFront appends to."""
    kept = [(name, value) for name, value in end_to_end(headers) if name not in _NOT_FORWARDED]
    if client is None:
        return kept
    hops = [value for name, value in kept if name == b"x-forwarded-for"] + [client.encode("ascii")]
    return [pair for pair in kept if pair[0] != b"x-forwarded-for"] + [(b"x-forwarded-for", b", ".join(hops))]


def origin_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """An API response's headers as the viewer gets them, each Set-Cookie on its own line."""
    return [(name, value) for name, value in end_to_end(headers) if name not in _SERVER_HEADERS]


def cloudfronts_own(status: int) -> Headers:
    """What CloudFront says of itself in every answer; here nothing comes out of a cache."""
    seen = b"Error from cloudfront" if status >= 400 else b"Miss from cloudfront"
    request_id = base64.urlsafe_b64encode(secrets.token_bytes(REQUEST_ID_BYTES))
    return [(b"x-cache", seen), (b"via", b"1.1 localhost (CloudFront)"), (b"x-amz-cf-id", request_id)]


def to_s3(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The request headers that S3 gets; a weak ETag is the strong one of what was compressed on the way."""
    asked = pick(headers, S3_REQUEST_HEADERS)
    return [(name, value.replace(b"W/", b"") if name == b"if-none-match" else value) for name, value in asked]
