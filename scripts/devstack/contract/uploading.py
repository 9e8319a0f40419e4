"""Sends a file's bytes straight to S3 through pre-signed URLs: one PUT, or parts in parallel.

Nothing holds more than one block of the file for each request in flight, whatever its size.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeGuard

import requests
from requests.adapters import HTTPAdapter

from devstack.contract.answers import MultipartPlan, StoredPart, Upload
from devstack.contract.client_errors import StorageError, UploadInterruptedError

PARALLEL_REQUESTS = 4
"""PUTs in flight. More gains nothing on one line and only ages the pre-signed URLs."""
BLOCK = 128 * 1024
"""Bytes read from disk and handed to the socket at a time: what one request holds in memory."""
URLS_PER_REQUEST = 20
"""Part URLs asked for at a time; they live an hour, so they are asked for when needed. The API allows 100."""
URL_FRESH_SECONDS = 1800.0
"""A URL asked for longer ago is asked for anew: refused, it would have cost the sending of a whole part."""
TRIES = 8
"""Attempts per request, with growing pauses between them: about half a minute in all."""
FIRST_PAUSE = 0.2
"""Seconds before the second attempt; doubles each time."""
LONGEST_PAUSE = 15.0
TIMEOUT = (10, 300)
"""Seconds to connect, and between two bytes."""
PASSING_CODES = frozenset({"RequestTimeout", "SlowDown", "OperationAborted", "ConditionalRequestConflict"})
"""Refusals of S3 that another attempt need not meet. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

Progress = Callable[[int], None]
"""Called with a number of bytes just sent; negative when a failed attempt takes its bytes back."""


class PartUrls(Protocol):
    """Asks the API for pre-signed URLs: part number → URL."""

    def __call__(self, numbers: Iterable[int]) -> Mapping[int, str]: ...


class Line:
    """The way to S3: connections that are used again, a bound on requests in flight, one switch that stops them all.

    Several files may share one; `parallel` then bounds them together.
    """

    def __init__(self, parallel: int = PARALLEL_REQUESTS, adapter: HTTPAdapter | None = None) -> None:
        """`adapter` takes the place of direct connections."""
        self.parallel = parallel
        self.stopped = threading.Event()
        self._slots = threading.BoundedSemaphore(parallel)
        self._session = requests.Session()
        chosen = adapter or BlockAdapter(pool_maxsize=parallel)
        self._session.mount("http://", chosen)
        self._session.mount("https://", chosen)

    def put(self, url: str, body: FileRange, headers: Mapping[str, str]) -> requests.Response | None:
        """One attempt; None when the connection broke. What did not arrive is taken back from the progress."""
        with self._slots:
            try:
                response = self._session.put(url, data=body, headers=dict(headers), timeout=TIMEOUT)
            except requests.RequestException:
                body.take_back()
                return None
        if not response.ok:
            body.take_back()
        return response

    def pause(self, attempt: int) -> None:
        """Waits before the attempt after `attempt`. Raises UploadInterruptedError as soon as the line is stopped."""
        if attempt < TRIES:
            self.stopped.wait(min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE))
        self.check()

    def check(self) -> None:
        """Raises UploadInterruptedError once the line is stopped."""
        if self.stopped.is_set():
            raise UploadInterruptedError("The upload was stopped.")

    def stop(self) -> None:
        """Ends every request at its next block."""
        self.stopped.set()

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockAdapter(HTTPAdapter):
    """Reads bodies in blocks of BLOCK bytes; urllib3's own are eight times smaller."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, blocksize=BLOCK)


class FileRange:
    """`length` bytes of a file from `start`, as a body that requests can stream."""

    def __init__(self, path: Path, start: int, length: int, progress: Progress, line: Line | None = None) -> None:
        self._file = path.open("rb")
        self._file.seek(start)
        self._length = length
        self._sent = 0
        self._progress = progress
        self._line = line

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        if self._line is not None:
            self._line.check()
        left = self._length - self._sent
        block = self._file.read(left if size < 0 else min(size, left))
        if not block and left:
            raise UploadInterruptedError("The file became shorter while it was sent; upload it again.")
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


def put_file(upload: Upload, path: Path, progress: Progress, line: Line) -> None:
    """One PUT with exactly the headers the API gave. Raises StorageError or UploadInterruptedError."""
    if upload.url is None:
        raise ValueError("This upload goes in parts.")
    for attempt in range(1, TRIES + 1):
        with FileRange(path, 0, path.stat().st_size, progress, line) as body:
            response = line.put(upload.url, body, upload.headers)
        if _succeeded(response):
            return
        if attempt > 1 and response is not None and response.status_code == HTTPStatus.PRECONDITION_FAILED:
            return  # `If-None-Match: *`: an attempt whose answer was lost did arrive
        if _is_final(response):
            raise StorageError.from_response(response)
        line.pause(attempt)
    raise UploadInterruptedError("The upload did not get through; check the network and try again.")


def put_parts(
    plan: MultipartPlan,
    path: Path,
    stored: Iterable[StoredPart],
    ask_urls: PartUrls,
    progress: Progress,
    line: Line,
) -> tuple[StoredPart, ...]:
    """Sends the parts that are not `stored` yet; answers all of them in order.

    Raises StorageError or UploadInterruptedError; what was sent stays with S3, so that a second call resumes.
    """
    size = path.stat().st_size
    done = {part.number: part for part in stored if part.size == part_length(plan, size, part.number)}
    for part in done.values():
        progress(part.size)
    missing = [number for number in range(1, plan.part_count + 1) if number not in done]
    sender = _PartSender(plan, path, _UrlSupply(missing, ask_urls), progress, line)
    with ThreadPoolExecutor(line.parallel, thread_name_prefix="part") as pool:
        try:
            for finished in as_completed([pool.submit(sender.send, number) for number in missing]):
                part = finished.result()
                done[part.number] = part
        except BaseException:
            sender.given_up.set()
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(done[number] for number in sorted(done))


def part_length(plan: MultipartPlan, size: int, number: int) -> int:
    """Bytes of part `number` (from 1) of a file of `size` bytes."""
    return min(plan.part_size, size - (number - 1) * plan.part_size)


class _UrlSupply:
    """Hands out part URLs, asking for a few at a time, in the order they are needed."""

    def __init__(self, numbers: list[int], ask: PartUrls, clock: Callable[[], float] = time.monotonic) -> None:
        self._places = {number: place for place, number in enumerate(numbers)}
        self._numbers = numbers
        self._ask = ask
        self._clock = clock
        self._urls: dict[int, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def url(self, number: int, *, again: bool) -> str:
        """`again`: the URL handed out before did not work, it may have expired."""
        with self._lock:
            known = self._urls.pop(number, None)
            if again:
                return self._ask([number])[number]
            if known is not None and self._clock() - known[1] < URL_FRESH_SECONDS:
                return known[0]
            start = self._places[number]
            asked_at = self._clock()
            asked = self._ask(self._numbers[start : start + URLS_PER_REQUEST])
            self._urls |= {each: (url, asked_at) for each, url in asked.items()}
            return self._urls.pop(number)[0]


class _PartSender:
    def __init__(self, plan: MultipartPlan, path: Path, urls: _UrlSupply, progress: Progress, line: Line) -> None:
        self._plan = plan
        self._path = path
        self._size = path.stat().st_size
        self._urls = urls
        self._progress = _Serialised(progress)
        self._line = line
        self.given_up = threading.Event()
        """Set when another part has failed for good: there is no use in going on."""

    def send(self, number: int) -> StoredPart:
        start = (number - 1) * self._plan.part_size
        length = part_length(self._plan, self._size, number)
        for attempt in range(1, TRIES + 1):
            self._check()
            url = self._urls.url(number, again=attempt > 1)
            with FileRange(self._path, start, length, self._progress, self._line) as body:
                response = self._line.put(url, body, {})
            if _succeeded(response):
                return StoredPart(number, length, response.headers["ETag"])
            if _is_final(response) and attempt > 1:
                raise StorageError.from_response(response)
            self._line.pause(attempt)
        raise UploadInterruptedError(f"Part {number} did not get through; run the upload again to resume it.")

    def _check(self) -> None:
        self._line.check()
        if self.given_up.is_set():
            raise UploadInterruptedError("Another part of this file failed.")


class _Serialised:
    """Calls from many threads, one at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        with self._lock:
            self._progress(count)


def _succeeded(response: requests.Response | None) -> TypeGuard[requests.Response]:
    return response is not None and response.ok


def _is_final(response: requests.Response | None) -> TypeGuard[requests.Response]:
    """A refusal that another attempt would meet again."""
    if response is None or not 400 <= response.status_code < 500:
        return False
    return StorageError.from_response(response).code not in PASSING_CODES
