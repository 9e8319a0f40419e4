"""One job from PROGRESSING to its end: probe, transcode, upload, and leave nothing behind."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mediaconvert_standin.captions.cues import Cue, on_programme, shifted
from mediaconvert_standin.captions.readers import MAX_BYTES as MAX_CAPTION_BYTES
from mediaconvert_standin.captions.readers import CaptionError, read_captions
from mediaconvert_standin.captions.writers import ass
from mediaconvert_standin.clock import Clock
from mediaconvert_standin.errors import Canceled, JobError, SourceMissing, TranscodeFailed, UnknownFormat
from mediaconvert_standin.events.reports import input_information
from mediaconvert_standin.events.sender import EventSender, complete_detail, error_detail, warning_detail
from mediaconvert_standin.inspection.integrity import WARNINGS, check_boxes, check_length, check_tags
from mediaconvert_standin.inspection.media import Media
from mediaconvert_standin.inspection.orientation import lay_upright
from mediaconvert_standin.inspection.prober import ProbeError, Prober
from mediaconvert_standin.inspection.sniff import SNIFF_BYTES, Container, full_name, sniff, sniff_image
from mediaconvert_standin.job_settings.plan import CaptionOutput, CaptionSource, S3Location
from mediaconvert_standin.packaging.collecting import collect
from mediaconvert_standin.packaging.results import Collected, Workshop
from mediaconvert_standin.running.progress import Progress
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import Job
from mediaconvert_standin.state.store import JobStore
from mediaconvert_standin.storage.aws import Clients
from mediaconvert_standin.storage.journal import Journal
from mediaconvert_standin.storage.publish import Publisher, undo
from mediaconvert_standin.storage.sources import Source, SourceObject
from mediaconvert_standin.transcoding.ffmpeg import arguments, image_name, input_name, sound_name
from mediaconvert_standin.transcoding.runner import Runner
from mediaconvert_standin.transcoding.transcode import Transcode, resolve

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# After a restart the storage may come back later than this process; the service itself retries for minutes.
MISSING_SOURCE_SECONDS = 60.0
MISSING_SOURCE_PAUSE = 0.5
WRITE_PAUSE = 1.0  # seconds between tries to write to a disk that is full
MIN_FREE_BYTES = 256 * 1024 * 1024
FREE_BYTES_PER_INPUT_BYTE = 2
MAX_IMAGE_BYTES = 64 * 1024 * 1024

T = TypeVar("T")

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
        self._progress = Progress(job.retries, has_estimate=job.has_estimate)
        self._percent = 0
        # A job that could not hop has been warned before it starts.
        self._warnings = list(job.warnings)

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
            completed = self._convert(datetime.fromtimestamp(started, UTC))
        except Canceled:
            self._withdraw()
        except JobError as error:
            self._fail(error)
        except Exception:
            logger.exception("job %s failed unexpectedly", job.id)
            self._fail(TranscodeFailed("Internal error: [see the log of the emulator]"))
        else:
            self._tell_completion(completed)
        finally:
            self._done.set()
            self._clean()

    def _convert(self, started: datetime) -> Job:
        self._enter("PROBING")
        client = self._tools.clients.s3_with_role(self._job.role, self._job.id)
        self._folder.mkdir(parents=True, mode=0o700)
        sizes, medias = self._read_inputs(client)
        self._tools.events.send(self._job, "INPUT_INFORMATION", input_information(medias, self._job.plan.inputs))
        transcode = resolve(self._job.plan, medias, started, self._read_sounds(client))
        self._warn_of_tags(medias)
        image_demuxers = [self._fetch_image(client, index, place) for index, place in enumerate(transcode.images)]
        captions = self._read_captions(client)
        self._write_filter_files(transcode, captions)
        self._enter("TRANSCODING")
        self._transcode(transcode, image_demuxers)
        collected = collect(transcode, self._workshop(transcode, captions))
        if any(output.video for output in transcode.outputs):
            self._warn(check_length(transcode.seconds, collected.longest_seconds, sizes[0]))
        self._enter("UPLOADING")
        self._publish(client, collected)
        return self._complete(collected)

    def _read_inputs(self, client: S3Client) -> tuple[list[int], list[Media]]:
        """Sizes and media of the inputs; the same object is fetched and probed once for each time it is named."""
        sizes: list[int] = []
        medias: list[Media] = []
        for index, source in enumerate(self._job.plan.inputs):
            first = next((i for i, other in enumerate(self._job.plan.inputs) if other.source == source.source), index)
            if first < index:
                (self._folder / input_name(index)).hardlink_to(self._folder / input_name(first))
                sizes.append(sizes[first])
                medias.append(medias[first])
                continue
            size, media = self._read(client, source.source, input_name(index))
            sizes.append(size)
            medias.append(media)
        return sizes, medias

    def _warn_of_tags(self, medias: list[Media]) -> None:
        if not any(output.video for output in self._job.plan.outputs):
            return
        for source, media in zip(self._job.plan.inputs, medias, strict=True):
            if media.main_video is not None and source.color_space is None:
                self._warn(check_tags(media.main_video))

    def _read_sounds(self, client: S3Client) -> list[Media]:
        locations = enumerate(self._job.plan.external_sounds)
        return [self._read(client, location, sound_name(index))[1] for index, location in locations]

    def _read(self, client: S3Client, location: S3Location, name: str) -> tuple[int, Media]:
        """Size and media of an object that is now in the folder."""
        path = self._folder / name
        size = self._download(client, location, path).size
        return size, self._probe(path, location, size)

    def _download(self, client: S3Client, location: S3Location, path: Path) -> SourceObject:
        source = Source(client, location)
        give_up_at = time.monotonic() + (MISSING_SOURCE_SECONDS if self._job.retries else 0)
        while True:
            try:
                return source.download(path, self._advance, self._check_space)
            except SourceMissing:
                if time.monotonic() >= give_up_at or self._stop.wait(MISSING_SOURCE_PAUSE):
                    raise

    def _probe(self, path: Path, location: S3Location, size: int) -> Media:
        uri = location.uri
        with path.open("rb") as file:
            container = sniff(file.read(SNIFF_BYTES))
        if container is None:
            raise UnknownFormat(uri)
        if container.is_iso:
            self._warn(check_boxes(path, size, uri))
        try:
            media = self._tools.prober.probe(path, container)
        except ProbeError as error:
            raise UnknownFormat(uri) from error
        if container.is_iso and any(track.rotation for track in media.video):
            lay_upright(path)
        self._check()
        return media

    def _check_space(self, input_bytes: int) -> None:
        if shutil.disk_usage(self._folder).free < MIN_FREE_BYTES + FREE_BYTES_PER_INPUT_BYTE * input_bytes:
            raise TranscodeFailed("Encoder: [not enough disk space in the emulator's work folder]")

    def _fetch_image(self, client: S3Client, index: int, location: S3Location) -> str:
        """The demuxer of a still image that is now in the folder. Raises UnknownFormat."""
        path = self._folder / image_name(index)
        self._fetch_small(client, location, path, MAX_IMAGE_BYTES)
        with path.open("rb") as file:
            demuxer = sniff_image(file.read(SNIFF_BYTES))
        if demuxer is None:
            raise UnknownFormat(location.uri)
        try:
            self._tools.prober.probe(path, Container(demuxer, demuxer, ""))
        except ProbeError as error:
            raise UnknownFormat(location.uri) from error
        return demuxer

    def _fetch_small(self, client: S3Client, location: S3Location, path: Path, most: int) -> None:
        def check(size: int) -> None:
            if size > most:
                raise UnknownFormat(location.uri)

        Source(client, location).download(path, lambda _done, _total: self._check(), check)

    def _read_captions(self, client: S3Client) -> dict[tuple[int, str], list[Cue]]:
        """Cues by input and selector, for the selectors that outputs use."""
        used = {caption.selector for output in self._job.plan.outputs for caption in output.captions}
        found: dict[tuple[int, str], list[Cue]] = {}
        for index, source in enumerate(self._job.plan.inputs):
            for name, captions in source.caption_sources.items():
                if name in used or None in used:
                    found[index, name] = self._cues_of(client, captions)
        return found

    def _cues_of(self, client: S3Client, source: CaptionSource) -> list[Cue]:
        if source.location is None:
            return []
        path = self._folder / "captions.bin"
        self._fetch_small(client, source.location, path, MAX_CAPTION_BYTES)
        try:
            return shifted(read_captions(source.kind, path.read_bytes()), source.delta)
        except CaptionError as error:
            raise UnknownFormat(source.location.uri) from error

    def _write_filter_files(self, transcode: Transcode, captions: dict[tuple[int, str], list[Cue]]) -> None:
        for file in transcode.burn_ins:
            cues = self._on_programme(transcode, captions, file.selector)
            script = ass(cues, file.style, file.width, file.height)
            (self._folder / file.name).write_text(script, encoding="utf-8")
        for index, prefix in enumerate(transcode.prefixes):
            (self._folder / f"prefix{index}.txt").write_text(prefix, encoding="utf-8")

    def _on_programme(
        self, transcode: Transcode, captions: dict[tuple[int, str], list[Cue]], selector: str | None
    ) -> list[Cue]:
        by_input: dict[int, list[Cue]] = {}
        for index, source in enumerate(self._job.plan.inputs):
            name = selector if selector is not None else next(iter(source.caption_sources), "")
            by_input[index] = captions.get((index, name), [])
        return on_programme(transcode.pieces, by_input)

    def _workshop(self, transcode: Transcode, captions: dict[tuple[int, str], list[Cue]]) -> Workshop:
        def cues(caption: CaptionOutput) -> list[Cue]:
            return self._on_programme(transcode, captions, caption.selector)

        return Workshop(self._folder, self._measure, lambda: datetime.now(UTC), cues, transcode.seconds)

    def _transcode(self, transcode: Transcode, image_demuxers: list[str]) -> None:
        if not any(output.encoded for output in transcode.outputs):
            return
        duration = transcode.seconds

        def progress(seconds: float, frames: int) -> None:
            self._advance(seconds, duration, frames)

        argv = arguments(transcode, image_demuxers)
        runner = Runner(self._tools.settings.ffmpeg, argv, self._folder, duration)
        self._runner = runner
        self._check()  # a stop that came before the line above found no runner to kill
        result = runner.run(progress)
        self._check()
        if result.exit_code != 0:
            logger.warning("job %s: ffmpeg ended with %d: %s", self._job.id, result.exit_code, " / ".join(result.log))
            raise TranscodeFailed("Decoder: [the input could not be decoded to the end]")

    def _measure(self, path: Path, demuxer: str) -> Media:
        try:
            return self._tools.prober.probe(path, Container(demuxer, full_name(demuxer), ""))
        except ProbeError as error:
            raise TranscodeFailed("Encoder: [an output file can not be read back]") from error

    def _publish(self, client: S3Client, collected: Collected) -> None:
        self._publisher = Publisher(client, self._journal, self._check, self._advance)
        self._publisher.publish(collected.uploads)

    def _complete(self, collected: Collected) -> Job:
        if self._publisher is not None:
            self._publisher.keep_only(collected.uploads)
        self._clean()
        self._done.set()  # no progress is told after the end
        job = self._insist(
            lambda: self._tools.store.change(
                self._job.id,
                {"PROGRESSING"},
                status="COMPLETE",
                finished_at=self._tools.clock.now(),
                percent=100,
                results=tuple(collected.groups),
                warnings=tuple(self._warnings),
            )
        )
        if job is None:
            raise Canceled
        return job

    def _tell_completion(self, job: Job) -> None:
        """From here on nothing is taken back any more, whatever fails; the next start does what could not be done."""
        with contextlib.suppress(Canceled):
            self._insist(self._journal.clear)
            self._insist(lambda: self._tools.events.send(job, "COMPLETE", complete_detail(job)))

    def _fail(self, error: JobError) -> None:
        self._done.set()
        self._withdraw()
        if self._stop.is_set():
            return  # whatever went wrong, it is the stop that ended the job
        with contextlib.suppress(Canceled):
            job = self._insist(
                lambda: self._tools.store.change(
                    self._job.id,
                    {"PROGRESSING"},
                    status="ERROR",
                    finished_at=self._tools.clock.now(),
                    error_code=error.code,
                    error_message=error.message,
                    warnings=tuple(self._warnings),
                )
            )
            if job is not None:
                self._insist(lambda: self._tools.events.send(job, "ERROR", error_detail(job)))

    def _insist(self, write: Callable[[], T]) -> T:
        """Until it is written down: a full disk has room again one day. Raises Canceled at a stop."""
        while True:
            try:
                return write()
            except sqlite3.Error:
                logger.exception("job %s: its end can not be written down yet", self._job.id)
            if self._stop.wait(WRITE_PAUSE):
                raise Canceled

    def _withdraw(self) -> None:
        try:
            if self._publisher is not None:
                self._publisher.withdraw()
            else:
                undo_earlier(self._tools, self._job)
        except Exception:  # the job has to end all the same; what is noted is taken back after the next start
            logger.exception("job %s: its outputs could not be taken back", self._job.id)
        self._clean()  # last: while the folder is there, something of the job may still be anywhere

    def _clean(self) -> None:
        """Whoever is told that a job has ended finds nothing of it on the disk."""
        shutil.rmtree(self._folder, ignore_errors=True)

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
        for code in codes:
            self._tools.events.send(self._job, "NEW_WARNING", warning_detail(code, WARNINGS[code]))

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
        undo(tools.clients.s3_with_role(job.role, job.id), journal, noted)
