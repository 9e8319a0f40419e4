"""Many files at once: a few travel, those that arrived convert, and each ends with one outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests
from botocore.exceptions import BotoCoreError

from devstack.contract.answers import Video
from devstack.contract.client import ENDED, Library
from devstack.contract.client_errors import AnswerError, ApiError, PlatformError
from devstack.contract.uploading import Line
from devstack.upload.bars import Bars
from devstack.upload.journey import Journey
from devstack.upload.patience import patiently
from devstack.upload.records import FileBusyError, Records
from devstack.waiting import DeadlineExceededError

FILES_AT_ONCE = 4
"""Enough that one file's calls to the API hide behind another's bytes."""
WATCH_SECONDS = 1.0
"""Pause between two looks at the videos that convert."""
WATCHED_AT_ONCE = 20
"""Videos asked about in one look; with more of them each waits for its turn."""
STOP_SECONDS = 5.0
"""Seconds that transfers have to notice that they are stopped."""

FAILURES = (PlatformError, FileBusyError, DeadlineExceededError, requests.RequestException, BotoCoreError, OSError)


class StuckError(Exception):
    """Transfers do not end although they were told to: a connection hangs."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its video once it has ended, else why it did not get so far."""

    file: Path
    video_id: str | None
    video: Video | None
    reason: str | None

    @property
    def is_ready(self) -> bool:
        return self.video is not None and self.video.status == "ready"


class Batch:
    """Uploads files into one library. After an interruption `run` can be called again, by another process too."""

    def __init__(self, library: Library, records: Records, line: Line, bars: Bars) -> None:
        self._library = library
        self._records = records
        self._line = line
        self._bars = bars
        self._journey = Journey(library, records, line, bars)
        self._converting: dict[Path, str] = {}
        self._outcomes: dict[Path, Outcome] = {}

    def run(self, files: Sequence[Path]) -> list[Outcome]:
        """One outcome for each file, in their order. Raises KeyboardInterrupt, StuckError."""
        # Not as a context manager: that would wait for threads that hang.
        pool = ThreadPoolExecutor(FILES_AT_ONCE, thread_name_prefix="file")
        travelling = {pool.submit(self._journey.run, file): file for file in files}
        with self._bars.shown(), self._stopping(pool, travelling):
            while travelling or self._converting:
                self._collect(travelling)
                self._watch()
        return [self._outcomes[file] for file in files]

    @contextmanager
    def _stopping(self, pool: ThreadPoolExecutor, travelling: dict[Future[str], Path]) -> Iterator[None]:
        try:
            yield
            pool.shutdown()
        except BaseException:
            self._line.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            if wait(travelling, timeout=STOP_SECONDS).not_done:
                raise StuckError from None
            raise

    def _collect(self, travelling: dict[Future[str], Path]) -> None:
        if not travelling:
            self._line.stopped.wait(WATCH_SECONDS)
            return
        for future in wait(travelling, timeout=WATCH_SECONDS, return_when=FIRST_COMPLETED).done:
            file = travelling.pop(future)
            try:
                self._converting[file] = future.result()
                self._bars.converting(file, 0)
            except FAILURES as error:
                self._end(Outcome(file, None, None, sentence(error)))

    def _watch(self) -> None:
        started = time.monotonic()
        for file, video_id in list(self._converting.items())[:WATCHED_AT_ONCE]:
            self._look(file, video_id)
            if time.monotonic() - started > WATCH_SECONDS:
                return

    def _look(self, file: Path, video_id: str) -> None:
        # To the end of the queue: all have their turn.
        self._converting[file] = self._converting.pop(file)
        try:
            video = patiently(lambda: self._library.video(video_id), self._line)
        except ApiError as error:
            gone = error.status == HTTPStatus.NOT_FOUND
            self._give_up(Outcome(file, video_id, None, "it was deleted meanwhile." if gone else sentence(error)))
            return
        except FAILURES as error:
            self._give_up(Outcome(file, video_id, None, sentence(error)))
            return
        self._bars.converting(file, video.progress)
        if video.status in ENDED:
            self._records.forget(file)
            self._give_up(Outcome(file, video_id, video, video.error.message if video.error else None))

    def _give_up(self, outcome: Outcome) -> None:
        self._converting.pop(outcome.file, None)
        self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self._outcomes[outcome.file] = outcome
        self._bars.done(outcome.file, described(outcome), good=outcome.is_ready)


def described(outcome: Outcome) -> str:
    """The outcome in one line for a person."""
    video = outcome.video
    if video is None or video.status != "ready":
        return outcome.reason or "it did not become ready."
    return f"ready, {video.width}x{video.height}, {(video.duration_ms or 0) / 1000:.1f} s"


def sentence(error: BaseException) -> str:
    """What went wrong, in words for the person at the terminal."""
    if isinstance(error, AnswerError):
        return error.message
    if isinstance(error, requests.RequestException):
        return "The platform does not answer. Run the same command again to go on."
    if isinstance(error, BotoCoreError):
        return "Cognito does not answer. Run the same command again to go on."
    if isinstance(error, OSError):
        return f"The file could not be read: {error.strerror or error}."
    return str(error)
