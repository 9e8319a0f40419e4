from collections.abc import Iterable
from urllib.parse import urlsplit

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

NOSNIFF: Headers = [(b"x-content-type-options", b"nosniff")]


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


def site_headers(*, public_url: str, s3_endpoint_url: str) -> Headers:
    """Security headers of the site: it may talk to itself and upload to S3, nothing else.

    `public_url` is named beside 'self' because signed picture URLs carry it even when the page was opened
    under another name of the same machine.
    """
    s3 = urlsplit(s3_endpoint_url)
    directives = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        f"img-src 'self' blob: {public_url}",
        f"media-src 'self' blob: {public_url}",
        f"connect-src 'self' {public_url} {s3.scheme}://{s3.netloc}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
    headers = {
        "content-security-policy": "; ".join(directives),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if public_url.startswith("https://"):
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in headers.items()]
