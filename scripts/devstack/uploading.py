"""Sends a file's bytes straight to S3 through pre-signed URLs: one PUT, or parts in parallel.

Nothing holds more than one block of the file in memory, whatever its size.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeGuard

import requests

from .answers import MultipartPlan, StoredPart, Upload
from .client_errors import StorageError, UploadInterruptedError

PARALLEL_PARTS = 4
"""Parts in flight. More gains nothing on one line and only ages the pre-signed URLs."""
URLS_PER_REQUEST = 20
"""Part URLs asked for at a time; they live an hour, so they are asked for when needed. The API allows 100."""
TRIES = 5
"""Attempts per request, with growing pauses between them."""
FIRST_PAUSE = 0.2
"""Seconds before the second attempt; doubles each time."""
TIMEOUT = (10, 300)
"""Seconds to connect, and between two bytes."""

Progress = Callable[[int], None]
"""Called with a number of bytes just sent; negative when a failed attempt takes its bytes back."""


class PartUrls(Protocol):
    """Asks the API for pre-signed URLs: part number → URL."""

    def __call__(self, numbers: Iterable[int]) -> Mapping[int, str]: ...


class FileRange:
    """`length` bytes of a file from `start`, as a body that requests can stream."""

    def __init__(
        self,
        path: Path,
        start: int,
        length: int,
        progress: Progress,
        stopped: threading.Event | None = None,
    ) -> None:
        self._file = path.open("rb")
        self._file.seek(start)
        self._length = length
        self._sent = 0
        self._progress = progress
        self._stopped = stopped

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        if self._stopped is not None and self._stopped.is_set():
            raise UploadInterruptedError("The upload was stopped.")
        left = self._length - self._sent
        block = self._file.read(left if size < 0 else min(size, left))
        self._sent += len(block)
        self._progress(len(block))
        return block

    def take_back(self) -> None:
        """Undoes the progress of a failed attempt."""
        self._progress(-self._sent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def put_file(upload: Upload, path: Path, progress: Progress) -> None:
    """One PUT with exactly the headers the API gave. Raises StorageError or UploadInterruptedError."""
    if upload.url is None:
        raise ValueError("This upload goes in parts.")
    with requests.Session() as session:
        for attempt in range(1, TRIES + 1):
            with FileRange(path, 0, path.stat().st_size, progress) as body:
                response = _put(session, upload.url, body, upload.headers)
            if _succeeded(response):
                return
            if attempt > 1 and response is not None and response.status_code == HTTPStatus.PRECONDITION_FAILED:
                return  # `If-None-Match: *`: an attempt whose answer was lost did arrive
            if _is_final(response):
                raise StorageError.from_response(response)
            _pause(attempt)
    raise UploadInterruptedError("The upload did not get through; check the network and try again.")


def put_parts(
    plan: MultipartPlan,
    path: Path,
    stored: Iterable[StoredPart],
    ask_urls: PartUrls,
    progress: Progress,
) -> tuple[StoredPart, ...]:
    """Sends the parts that are not `stored` yet; answers all of them in order.

    Raises StorageError or UploadInterruptedError; what was sent stays with S3, so that a second call resumes.
    """
    size = path.stat().st_size
    done = {part.number: part for part in stored if part.size == part_length(plan, size, part.number)}
    for part in done.values():
        progress(part.size)
    missing = [number for number in range(1, plan.part_count + 1) if number not in done]
    sender = _PartSender(plan, path, _UrlSupply(missing, ask_urls), progress)
    with ThreadPoolExecutor(PARALLEL_PARTS, thread_name_prefix="part") as pool:
        try:
            done |= {part.number: part for part in pool.map(sender.send, missing)}
        except BaseException:
            sender.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(done[number] for number in sorted(done))


def part_length(plan: MultipartPlan, size: int, number: int) -> int:
    """Bytes of part `number` (from 1) of a file of `size` bytes."""
    return min(plan.part_size, size - (number - 1) * plan.part_size)


class _UrlSupply:
    """Hands out part URLs, asking for a few at a time, in the order they are needed."""

    def __init__(self, numbers: list[int], ask: PartUrls) -> None:
        self._numbers = numbers
        self._ask = ask
        self._urls: dict[int, str] = {}
        self._lock = threading.Lock()

    def url(self, number: int, *, again: bool) -> str:
        """`again`: the URL handed out before did not work, it may have expired."""
        with self._lock:
            if again:
                return self._ask([number])[number]
            if number not in self._urls:
                start = self._numbers.index(number)
                self._urls |= self._ask(self._numbers[start : start + URLS_PER_REQUEST])
            return self._urls.pop(number)


class _PartSender:
    def __init__(self, plan: MultipartPlan, path: Path, urls: _UrlSupply, progress: Progress) -> None:
        self._plan = plan
        self._path = path
        self._size = path.stat().st_size
        self._urls = urls
        self._progress = _Serialised(progress)
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def send(self, number: int) -> StoredPart:
        start = (number - 1) * self._plan.part_size
        length = part_length(self._plan, self._size, number)
        with requests.Session() as session:
            for attempt in range(1, TRIES + 1):
                url = self._urls.url(number, again=attempt > 1)
                with FileRange(self._path, start, length, self._progress, self._stopped) as body:
                    response = _put(session, url, body, {})
                if _succeeded(response):
                    return StoredPart(number, length, response.headers["ETag"])
                if _is_final(response) and attempt > 1:
                    raise StorageError.from_response(response)
                _pause(attempt)
        raise UploadInterruptedError(f"Part {number} did not get through; run the upload again to resume it.")


class _Serialised:
    """Calls from many threads, one at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._progress(count)


def _put(session: requests.Session, url: str, body: FileRange, headers: Mapping[str, str]) -> requests.Response | None:
    """None when the connection broke."""
    try:
        response = session.put(url, data=body, headers=dict(headers), timeout=TIMEOUT)
    except requests.RequestException:
        body.take_back()
        return None
    if not response.ok:
        body.take_back()
    return response


def _succeeded(response: requests.Response | None) -> TypeGuard[requests.Response]:
    return response is not None and response.ok


def _is_final(response: requests.Response | None) -> TypeGuard[requests.Response]:
    """A refusal that another attempt would meet again."""
    return response is not None and 400 <= response.status_code < 500


def _pause(attempt: int) -> None:
    if attempt < TRIES:
        time.sleep(FIRST_PAUSE * 2 ** (attempt - 1))
