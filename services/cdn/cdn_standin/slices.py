"""One object as a sequence of bounded range requests.

CloudFront also fetches large objects from S3 in ranges. Here it bounds the memory an engine spends on one
request, and a seek in a large video costs one slice instead of the rest of the file.
"""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx

from cdn_standin.headers import Headers
from cdn_standin.origins import OriginError, S3Origin, content_range, raw_body

SLICE_BYTES = 8 * 1024 * 1024

_SINGLE_RANGE = re.compile(rb"bytes=(\d{1,18})-(\d{1,18})?")


@dataclass(frozen=True, slots=True)
class ObjectResponse:
    """What S3 said of an object, and its bytes.

    `headers` are S3's own, lengths made whole. Whoever does not read `body` to its end closes `opened`.
    """

    status: int
    headers: Headers
    body: AsyncGenerator[bytes, None]
    opened: httpx.Response


class TruncatedObjectError(Exception):
    """The object changed or went away between two slices: the viewer must see a broken transfer."""


async def open_object(origin: S3Origin, method: str, key: str, headers: Headers) -> ObjectResponse:
    """Starts to fetch `key`. Raises: OriginError."""
    asked = next((value for name, value in headers if name == b"range"), None)
    wanted = _parse_range(asked or b"bytes=0-")
    if method != "GET" or wanted is None:
        return _whole(await origin.fetch(method, key, headers))
    start, stop = wanted
    if asked is None:
        # If-Range means nothing without the viewer's own Range: RFC 9110 section 13.1.5.
        headers = [pair for pair in headers if pair[0] != b"if-range"]
    first = await origin.fetch(method, key, _with_range(headers, start, _slice_end(start, stop)))
    if first.status_code == 416 and asked is None:
        await first.aclose()  # an empty object has no first byte
        return _whole(await origin.fetch(method, key, headers))
    got = content_range(first)
    if first.status_code != 206 or got is None:
        return _whole(first)
    return _sliced(origin, key, first, got, stop=stop, partial=asked is not None)


def _parse_range(value: bytes) -> tuple[int, int | None] | None:
    """First and last byte of a single range; None for what S3 itself is to judge: suffixes, several ranges."""
    found = _SINGLE_RANGE.fullmatch(value)
    if found is None:
        return None
    start, stop = int(found[1]), int(found[2]) if found[2] else None
    return None if stop is not None and stop < start else (start, stop)


def _slice_end(start: int, stop: int | None) -> int:
    end = start + SLICE_BYTES - 1
    return end if stop is None else min(stop, end)


def _whole(response: httpx.Response) -> ObjectResponse:
    return ObjectResponse(response.status_code, list(response.headers.raw), raw_body(response), response)


def _sliced(
    origin: S3Origin,
    key: str,
    first: httpx.Response,
    got: tuple[int, int, int],
    *,
    stop: int | None,
    partial: bool,
) -> ObjectResponse:
    start, last, total = got
    end = total - 1 if stop is None else min(stop, total - 1)
    headers = [
        (name, value) for name, value in first.headers.raw if name.lower() not in (b"content-length", b"content-range")
    ]
    headers.append((b"content-length", b"%d" % (end - start + 1)))
    if partial:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end, total)))
    return ObjectResponse(206 if partial else 200, headers, _all_slices(origin, key, first, last, end), first)


async def _all_slices(
    origin: S3Origin, key: str, first: httpx.Response, last: int, end: int
) -> AsyncGenerator[bytes, None]:
    etag = first.headers.get("etag", "").encode("latin-1")
    async for chunk in raw_body(first):
        yield chunk
    while last < end:
        start, last = last + 1, _slice_end(last + 1, end)
        following = await _next_slice(origin, key, etag, start, last)
        async for chunk in raw_body(following):
            yield chunk


async def _next_slice(origin: S3Origin, key: str, etag: bytes, start: int, last: int) -> httpx.Response:
    headers = [(b"if-match", etag)] if etag else []
    try:
        response = await origin.fetch("GET", key, _with_range(headers, start, last))
    except OriginError as error:
        raise TruncatedObjectError(key) from error
    got = content_range(response)
    if response.status_code != 206 or got is None or got[:2] != (start, last):
        await response.aclose()
        raise TruncatedObjectError(key)
    return response


def _with_range(headers: Headers, start: int, last: int) -> Headers:
    return [pair for pair in headers if pair[0] != b"range"] + [(b"range", b"bytes=%d-%d" % (start, last))]
