"""Which answers CloudFront compresses, and how.

Source: Amazon CloudFront Developer Guide, "Serve compressed files".
"""

import gzip
import re

import brotli

from cdn_standin.headers import Headers

SMALLEST_BYTES = 1_000
LARGEST_BYTES = 10_000_000
# Neither encoder's best: the edge compresses while the viewer waits.
BROTLI_QUALITY = 5
GZIP_LEVEL = 6

CONTENT_TYPES = frozenset(
    {
        b"application/dash+xml",
        b"application/eot",
        b"application/font",
        b"application/font-sfnt",
        b"application/javascript",
        b"application/json",
        b"application/opentype",
        b"application/otf",
        b"application/pdf",
        b"application/pkcs7-mime",
        b"application/protobuf",
        b"application/rss+xml",
        b"application/truetype",
        b"application/ttf",
        b"application/vnd.apple.mpegurl",
        b"application/vnd.mapbox-vector-tile",
        b"application/vnd.ms-fontobject",
        b"application/wasm",
        b"application/xhtml+xml",
        b"application/xml",
        b"application/x-font-opentype",
        b"application/x-font-truetype",
        b"application/x-font-ttf",
        b"application/x-httpd-cgi",
        b"application/x-javascript",
        b"application/x-mpegurl",
        b"application/x-opentype",
        b"application/x-otf",
        b"application/x-perl",
        b"application/x-ttf",
        b"font/eot",
        b"font/opentype",
        b"font/otf",
        b"font/ttf",
        b"image/svg+xml",
        b"text/css",
        b"text/csv",
        b"text/html",
        b"text/javascript",
        b"text/js",
        b"text/plain",
        b"text/richtext",
        b"text/tab-separated-values",
        b"text/xml",
        b"text/x-component",
        b"text/x-java-source",
        b"text/x-script",
        b"vnd.apple.mpegurl",
    }
)


_NOT_ACCEPTED = re.compile(r"\s*q\s*=\s*0(\.0{0,3})?\s*")


def choose_encoding(offered: tuple[str, ...], accept_encoding: str) -> str | None:
    """The first of `offered` that the viewer takes; an encoding with `q=0` is one that it does not."""
    accepted = set()
    for part in accept_encoding.split(","):
        name, _, parameter = part.strip().partition(";")
        if not _NOT_ACCEPTED.fullmatch(parameter):
            accepted.add(name.strip().lower())
    return next((encoding for encoding in offered if encoding in accepted), None)


def is_compressible(status: int, headers: Headers) -> bool:
    """Whether CloudFront would compress this answer: whole, of a listed type and size, not encoded yet."""
    fields = dict(headers)
    length = fields.get(b"content-length", b"")
    media_type = fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return (
        status == 200
        and b"content-encoding" not in fields
        and media_type in CONTENT_TYPES
        and length.isdigit()
        and SMALLEST_BYTES <= int(length) <= LARGEST_BYTES
    )


def compress(body: bytes, encoding: str) -> bytes:
    """`body` in `br` or `gzip`."""
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=BROTLI_QUALITY)
        return packed
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def compressed_headers(headers: Headers, encoding: str, length: int) -> Headers:
    """The headers of the compressed answer: a strong ETag becomes a weak one, ranges are no longer offered."""
    kept = [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
        if name not in (b"accept-ranges", b"content-length")
    ]
    return [*kept, (b"content-encoding", encoding.encode()), (b"content-length", b"%d" % length)]
