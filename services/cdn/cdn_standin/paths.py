import re
from urllib.parse import quote, unquote_to_bytes

# RFC 3986 section 3.3: a path of pchar segments, percent-encoding well formed.
_PATH = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(rb"[\x21\x24-\x7e]*")  # visible ASCII but for quotes and "#", which begins a fragment
_ENCODED_SEPARATOR = re.compile(rb"%2f|%5c", re.IGNORECASE)
_UNRESERVED = re.compile(rb"%(2D|2E|5F|7E|3[0-9]|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])", re.IGNORECASE)
_UNSAFE_IN_SEGMENT = re.compile(r"[\x00-\x1f\x7f\\%]")


class BadPathError(ValueError):
    """A request target that two readers could understand differently."""


def parse_path(raw_path: bytes) -> str:
    """The request path, percent-decoded once, without its leading slash: an S3 key.

    Whatever could mean another key to the next reader is refused rather than repaired: dot and empty
    segments, encoded separators, backslashes, control characters, a percent sign left after decoding.

    Raises: BadPathError.
    """
    if not _PATH.fullmatch(raw_path):
        raise BadPathError("not a path of RFC 3986")
    if _ENCODED_SEPARATOR.search(raw_path):
        raise BadPathError("an encoded path separator")
    try:
        path = unquote_to_bytes(raw_path).decode("utf-8")[1:]
    except UnicodeDecodeError as error:
        raise BadPathError("not UTF-8") from error
    segments = path.split("/")
    if any(segment in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise BadPathError("a dot or empty segment")
    if _UNSAFE_IN_SEGMENT.search(path):
        raise BadPathError("an unsafe character")
    return path


def normalise(raw_path: bytes) -> bytes:
    """The same path with its unreserved characters plain (RFC 3986, section 6.2.2.2), as CloudFront matches it."""
    return _UNRESERVED.sub(lambda found: bytes.fromhex(found[1].decode()), raw_path)


def parse_api_path(raw_path: bytes) -> str:
    """The request path as it came: API Gateway decodes and judges it.

    Only dot segments are refused, since the client would resolve them and leave the API's stage.

    Raises: BadPathError.
    """
    if not _PATH.fullmatch(raw_path):
        raise BadPathError("not a path of RFC 3986")
    if any(unquote_to_bytes(segment) in (b".", b"..") for segment in raw_path.split(b"/")):
        raise BadPathError("a dot segment")
    return raw_path.decode("ascii")


def parse_query(raw_query: bytes) -> str:
    """The query string as it came. Raises: BadPathError."""
    if not _QUERY.fullmatch(raw_query):
        raise BadPathError("not a query string of RFC 3986")
    return raw_query.decode("ascii")


def quote_key(key: str) -> str:
    """An S3 key as a URL path, encoded as Signature Version 4 asks for."""
    return quote(key, safe="/~")
