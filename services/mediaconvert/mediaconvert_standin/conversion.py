"""One job from PROGRESSING to its end: probe, transcode, upload, and leave nothing behind."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mediaconvert_standin.aws import Clients
from mediaconvert_standin.clock import Clock
from mediaconvert_standin.database import Database
from mediaconvert_standin.errors import Canceled, JobError, SourceMissing, TranscodeFailed, UnknownFormat
from mediaconvert_standin.events import EventSender, complete_detail, error_detail, warning_detail
from mediaconvert_standin.ffmpeg import INPUT_NAME, arguments
from mediaconvert_standin.integrity import WARNING_TRUNCATED, check_boxes, check_length
from mediaconvert_standin.jobs import Job
from mediaconvert_standin.journal import Journal
from mediaconvert_standin.media import Media
from mediaconvert_standin.orientation import lay_upright
from mediaconvert_standin.prober import ProbeError, Prober
from mediaconvert_standin.progress import Progress
from mediaconvert_standin.publish import Publisher, undo
from mediaconvert_standin.reports import input_information
from mediaconvert_standin.results import Collected, collect
from mediaconvert_standin.runner import Runner
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.sniff import SNIFF_BYTES, Container, sniff
from mediaconvert_standin.sources import Source, SourceObject
from mediaconvert_standin.store import JobStore
from mediaconvert_standin.transcode import Transcode, resolve

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# After a restart the storage may come back later than this process; the service itself retries for minutes.
MISSING_SOURCE_SECONDS = 60.0
MISSING_SOURCE_PAUSE = 0.5
MIN_FREE_BYTES = 256 * 1024 * 1024
FREE_BYTES_PER_INPUT_BYTE = 2
_MP4 = Container("mov", "mov,mp4,m4a,3gp,3g2,mj2", "mp4")

logger = logging.getLogger("mediaconvert_standin")


@dataclass(frozen=True)
class Tools:
    """What every job works with."""

    settings: Settings
    clients: Clients
    prober: Prober
    store: JobStore
    events: EventSender
    clock: Clock
    database: Database


class JobConversion:
    def __init__(self, tools: Tools, job: Job) -> None:
        self._tools = tools
        self._job = job
        self._folder = tools.settings.work_dir / "jobs" / job.id
        self._stop = threading.Event()
        self._done = threading.Event()
        self._runner: Runner | None = None
        self._publisher: Publisher | None = None
        self._journal = Journal(tools.database, job.id)
        self._progress = Progress(job.retries)
        self._percent = 0
        self._warnings: list[int] = []

    def stop(self) -> None:
        """End the job's work from another thread; its status is the caller's affair."""
        self._stop.set()
        runner = self._runner
        if runner is not None:
            runner.kill()

    def run(self) -> None:
        started = self._tools.clock.now()
        job = self._tools.store.change(self._job.id, {"SUBMITTED"}, status="PROGRESSING", started_at=started)
        if job is None:  # cancelled while it waited
            return
        self._job = job
        self._tools.events.send(job, "PROGRESSING")
        updates = threading.Thread(target=self._send_updates, daemon=True)
        updates.start()
        try:
            self._convert(datetime.fromtimestamp(started, UTC))
        except Canceled:
            self._withdraw()
        except JobError as error:
            self._fail(error)
        except Exception:
            logger.exception("job %s failed unexpectedly", job.id)
            self._fail(TranscodeFailed("Internal error: [see the log of the emulator]"))
        finally:
            self._done.set()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _convert(self, started: datetime) -> None:
        self._enter("PROBING")
        client = self._tools.clients.s3_with_role(self._job.role, self._job.id)
        self._folder.mkdir(parents=True, mode=0o700)
        found = self._download(client)
        container, media = self._probe(found)
        self._tools.events.send(self._job, "INPUT_INFORMATION", input_information(media, self._job.plan.input.source))
        transcode = resolve(self._job.plan, media, started)
        self._enter("TRANSCODING")
        self._transcode(transcode, container)
        collected = collect(transcode, self._folder, self._measure, lambda: datetime.now(UTC))
        if any(output.video for output in transcode.outputs):
            self._warn(check_length(media.duration, collected.longest_seconds, found.size))
        self._enter("UPLOADING")
        self._publish(client, collected)
        self._complete(collected)

    def _download(self, client: S3Client) -> SourceObject:
        source = Source(client, self._job.plan.input.source)
        give_up_at = time.monotonic() + (MISSING_SOURCE_SECONDS if self._job.retries else 0)
        while True:
            try:
                return source.download(self._folder / INPUT_NAME, self._advance)
            except SourceMissing:
                if time.monotonic() >= give_up_at or self._stop.wait(MISSING_SOURCE_PAUSE):
                    raise

    def _probe(self, found: SourceObject) -> tuple[Container, Media]:
        self._check_space(found.size)
        path, uri = self._folder / INPUT_NAME, self._job.plan.input.source.uri
        with path.open("rb") as file:
            container = sniff(file.read(SNIFF_BYTES))
        if container is None:
            raise UnknownFormat(uri)
        if container.is_iso:
            self._warn(check_boxes(path, found.size, uri))
        try:
            media = self._tools.prober.probe(path, container)
        except ProbeError as error:
            raise UnknownFormat(uri) from error
        if container.is_iso and any(track.rotation for track in media.video):
            lay_upright(path)
        self._check()
        return container, media

    def _check_space(self, input_bytes: int) -> None:
        if shutil.disk_usage(self._folder).free < MIN_FREE_BYTES + FREE_BYTES_PER_INPUT_BYTE * input_bytes:
            raise TranscodeFailed("Encoder: [not enough disk space in the emulator's work folder]")

    def _transcode(self, transcode: Transcode, container: Container) -> None:
        duration = transcode.media.duration

        def progress(seconds: float, frames: int) -> None:
            self._advance(seconds, duration, frames)

        runner = Runner(self._tools.settings.ffmpeg, arguments(transcode, container), self._folder, duration)
        self._runner = runner
        self._check()  # a stop that came before the line above found no runner to kill
        result = runner.run(progress)
        self._check()
        if result.exit_code != 0:
            logger.warning("job %s: ffmpeg ended with %d: %s", self._job.id, result.exit_code, " / ".join(result.log))
            raise TranscodeFailed("Decoder: [the input could not be decoded to the end]")

    def _measure(self, path: Path) -> Media:
        try:
            return self._tools.prober.probe(path, _MP4)
        except ProbeError as error:
            raise TranscodeFailed("Encoder: [an output file can not be read back]") from error

    def _publish(self, client: S3Client, collected: Collected) -> None:
        self._publisher = Publisher(client, self._journal, self._check, self._advance)
        self._publisher.publish(collected.uploads)

    def _complete(self, collected: Collected) -> None:
        job = self._tools.store.change(
            self._job.id,
            {"PROGRESSING"},
            status="COMPLETE",
            finished_at=self._tools.clock.now(),
            percent=100,
            results=tuple(collected.groups),
            warnings=tuple(self._warnings),
        )
        if job is None:
            raise Canceled
        if self._publisher is not None:
            self._publisher.settle(collected.uploads)
        self._tools.events.send(job, "COMPLETE", complete_detail(job))

    def _fail(self, error: JobError) -> None:
        self._withdraw()
        if self._stop.is_set():
            return  # whatever went wrong, it is the stop that ended the job
        job = self._tools.store.change(
            self._job.id,
            {"PROGRESSING"},
            status="ERROR",
            finished_at=self._tools.clock.now(),
            error_code=error.code,
            error_message=error.message,
            warnings=tuple(self._warnings),
        )
        if job is not None:
            self._tools.events.send(job, "ERROR", error_detail(job))

    def _withdraw(self) -> None:
        if self._publisher is not None:
            self._publisher.withdraw()
        else:
            undo_earlier(self._tools, self._job)

    def _enter(self, phase: str) -> None:
        self._check()
        self._progress.enter(phase)
        self._percent = self._progress.job_percent()
        self._tools.store.change(self._job.id, {"PROGRESSING"}, phase=phase, percent=self._percent)

    def _advance(self, done: float, total: float | None, frames: int | None = None) -> None:
        self._check()
        self._progress.advance(done, total, frames)
        percent = self._progress.job_percent()
        if percent != self._percent:
            self._percent = percent
            self._tools.store.change(self._job.id, {"PROGRESSING"}, percent=percent)

    def _warn(self, codes: list[int]) -> None:
        self._warnings += codes
        texts: dict[int, str] = {WARNING_TRUNCATED: "The input file may be truncated."}
        for code in codes:
            self._tools.events.send(self._job, "NEW_WARNING", warning_detail(code, texts.get(code, "")))

    def _check(self) -> None:
        if self._stop.is_set():
            raise Canceled

    def _send_updates(self) -> None:
        while not self._done.wait(self._tools.clock.real(self._job.status_update_seconds)):
            if not self._stop.is_set():
                self._tools.events.send(self._job, "STATUS_UPDATE", self._progress.detail())


def undo_earlier(tools: Tools, job: Job) -> None:
    """Take back what an earlier process published of a job that will not be finished."""
    journal = Journal(tools.database, job.id)
    noted = journal.noted()
    if not noted:
        return
    with contextlib.suppress(JobError):  # without its role nothing can be taken back
        undo(tools.clients.s3_with_role(job.role, job.id), noted)
        journal.clear()
