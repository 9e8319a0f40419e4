"""`dev.py bench convert`: what MediaConvert's stand-in costs beside the bare ffmpeg commands that make the same files.

An engine and a stand-in of its own, and nothing else: a ladder as one job, as one bare command and as five; ten jobs
in the queue beside ten bare runs; and the server's memory while a small and a large file go through it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psutil
import requests
from botocore.config import Config
from rich.table import Table

from bootstrap.local_account import ACCESS_KEY_ID, ACCOUNT, REGION, SECRET_ACCESS_KEY
from devstack import media
from devstack.benches import BenchError, Setting
from devstack.settings import Settings
from devstack.stack import services
from devstack.stack.processes import ProcessTable
from mediaconvert_standin.inspection.prober import Prober
from mediaconvert_standin.inspection.sniff import SNIFF_BYTES, sniff
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.transcoding.ffmpeg import arguments, input_name
from mediaconvert_standin.transcoding.transcode import resolve

Json = dict[str, Any]

# Beside whatever runs on the usual ports.
PORT_BASE = 18500
CLIP_SECONDS = 6
CLIP_SIZE = (1920, 1080)
# (width, height, bit/s) of the ladder.
RUNGS = (
    (1920, 1080, 6_000_000),
    (1280, 720, 3_500_000),
    (960, 540, 2_000_000),
    (854, 480, 1_200_000),
    (640, 360, 800_000),
)
FAST, MEDIUM = "SINGLE_PASS", "SINGLE_PASS_HQ"
QUEUED_JOBS = 10
# A picture of 1.8 MB, stored as it is: hundreds of megabytes that cost no time to encode.
RAW_PICTURE_SIZE, RAW_PICTURES, FEW_RAW_PICTURES = (1280, 720), 300, 8
BUCKET = "bench"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/bench"
JOB_TIMEOUT = 600.0
POLL_SECONDS = 0.02
ROUNDS = 5
MEBIBYTE = 1024 * 1024

# The figures that the stand-in is held to.
MOST_OVERHEAD = 1.05
MOST_LADDER_FAST, MOST_LADDER_MEDIUM = 0.75, 0.9
LEAST_BUSY = 0.95
MOST_MEMORY = 150 * MEBIBYTE


@dataclass(frozen=True)
class Figure:
    """A measured number and the limit it is held to."""

    name: str
    value: float
    limit: float
    at_least: bool = False
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Busy:
    """A span of work: seconds that passed, and seconds of processor time in it."""

    seconds: float
    processor: float

    @property
    def share(self) -> float:
        return self.processor / self.seconds


def run(setting: Setting) -> int:
    """Measures and prints; returns 0 if every figure is within its limit. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="sstech-bench-") as folder, _stack(Path(folder)) as stack:
        bench = _Bench(stack, Path(folder))
        figures = [*bench.ladders(), bench.queue(), *bench.memory()]
    if setting.as_json:
        print(json.dumps([{**vars(figure), "holds": figure.holds} for figure in figures], indent=2))
    else:
        table = Table(title=f"{os.cpu_count()} cores, a clip of {CLIP_SECONDS} s", title_justify="left")
        for heading in ("", "measured", "limit", ""):
            table.add_column(heading, justify="left" if not heading else "right")
        for figure in figures:
            sign = "≥" if figure.at_least else "≤"
            shown = (f"{value:.2f}{figure.unit}" for value in (figure.value, figure.limit))
            measured, limit = shown
            table.add_row(figure.name, measured, f"{sign} {limit}", "holds" if figure.holds else "does not hold")
        setting.console.print(table)
    return 0 if all(figure.holds for figure in figures) else 1


@contextmanager
def _stack(folder: Path) -> Iterator[Settings]:
    """An engine and a stand-in on ports of their own."""
    settings = Settings(PORT_BASE, folder / "state")
    settings.state_dir.mkdir()
    table = ProcessTable(settings.state_dir)
    try:
        for service in (services.engine(settings), services.mediaconvert(settings)):
            table.wait_until_healthy(table.start(service))
        yield settings
    finally:
        table.stop_all()


class _Bench:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self._folder = folder
        self._endpoint = settings.mediaconvert_url
        self._work = settings.state_dir / "mediaconvert" / "jobs"
        self._ffmpeg = str(media.find_ffmpeg())
        table = ProcessTable(settings.state_dir)
        pids = {running.name: running.pid for running in table.running()}
        self._server = psutil.Process(pids["mediaconvert"])
        keys: Json = {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET_ACCESS_KEY}
        aws: Json = {"endpoint_url": settings.engine_url, "region_name": REGION, **keys}
        self._s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}), **aws)
        self._s3.create_bucket(Bucket=BUCKET)
        _make_role(boto3.client("iam", **aws))

    def ladders(self) -> list[Figure]:
        clip = self._clip("ladder.mp4", CLIP_SIZE, CLIP_SECONDS)
        figures = []
        for tuning, name, limit in ((FAST, "fast", MOST_LADDER_FAST), (MEDIUM, "medium", MOST_LADDER_MEDIUM)):
            whole = _ladder(clip.name, tuning, RUNGS)
            bare, job = self._side_by_side(clip, whole)
            single = [self._bare(clip, _ladder(clip.name, tuning, (rung,))) for rung in RUNGS]
            seconds, processor = sum(one.seconds for one in single), sum(one.processor for one in single)
            figures += [
                Figure(f"job ÷ bare command, {name}: time", job.seconds / bare.seconds, MOST_OVERHEAD),
                Figure(f"job ÷ bare command, {name}: processor time", job.processor / bare.processor, MOST_OVERHEAD),
                Figure(f"ladder ÷ five conversions, {name}: time", job.seconds / seconds, limit),
                Figure(f"ladder ÷ five conversions, {name}: processor time", job.processor / processor, limit),
            ]
        return figures

    def _side_by_side(self, clip: Path, settings: Json) -> tuple[Busy, Busy]:
        """The bare command and the job, by turns, so that both see the same machine: the medians."""
        bare, jobs = [], []
        for _ in range(ROUNDS):
            bare.append(self._bare(clip, settings))
            jobs.append(_measured(lambda: self._job(settings), self._server))
        return _median(bare), _median(jobs)

    def queue(self) -> Figure:
        """How busy ten queued jobs keep the processor, beside ten bare runs one after the other."""
        clip = self._clip("queue.mp4", (1280, 720), CLIP_SECONDS)
        settings = _ladder(clip.name, FAST, RUNGS[1:3])

        command = self._command(clip, settings)

        def all_bare() -> None:
            for _ in range(QUEUED_JOBS):
                self._timed(clip, command)

        def all_queued() -> None:
            ids = [self._create(settings) for _ in range(QUEUED_JOBS)]
            for job in ids:
                self._wait(job)

        bare = _measured(all_bare, psutil.Process())
        queued = _measured(all_queued, self._server)
        return Figure(
            "ten jobs' use of the processor ÷ ten bare runs'", queued.share / bare.share, LEAST_BUSY, at_least=True
        )

    def memory(self) -> list[Figure]:
        figures = []
        for pictures, name in ((FEW_RAW_PICTURES, "small"), (RAW_PICTURES, "large")):
            clip = self._raw_clip(f"{name}.mov", pictures)
            size = clip.stat().st_size / MEBIBYTE
            clip.unlink()
            with _watched(self._server) as seen:
                self._job(_copied(f"{name}.mov"))
            title = f"server's memory, a file of {size:.0f} MiB"
            figures.append(Figure(title, max(seen) / MEBIBYTE, MOST_MEMORY / MEBIBYTE, unit=" MiB"))
        return figures

    def _clip(self, name: str, size: tuple[int, int], seconds: int) -> Path:
        picture = f"testsrc2=size={size[0]}x{size[1]}:rate=30:duration={seconds}"
        sound = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
        encoded = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac")
        return self._made(
            name, "-f", "lavfi", "-i", f"{picture},noise=alls=8:allf=t", "-f", "lavfi", "-i", sound, *encoded
        )

    def _raw_clip(self, name: str, pictures: int) -> Path:
        picture = f"testsrc2=size={RAW_PICTURE_SIZE[0]}x{RAW_PICTURE_SIZE[1]}:rate=25:duration={pictures / 25:g}"
        return self._made(name, "-f", "lavfi", "-i", picture, "-c:v", "rawvideo", "-pix_fmt", "uyvy422")

    def _made(self, name: str, *options: str) -> Path:
        path = self._folder / name
        subprocess.run([self._ffmpeg, "-v", "error", "-nostdin", "-y", *options, str(path)], check=True)
        self._s3.upload_file(str(path), BUCKET, name)
        return path

    def _bare(self, clip: Path, settings: Json) -> Busy:
        """What the job's own ffmpeg command costs, run by hand."""
        return self._timed(clip, self._command(clip, settings))

    def _command(self, clip: Path, settings: Json) -> list[str]:
        with clip.open("rb") as file:
            container = sniff(file.read(SNIFF_BYTES))
        if container is None:
            raise BenchError("The bench's own clip is not recognised.")
        prober = Prober(workers=1)
        try:
            source = prober.probe(clip, container)
        finally:
            prober.close()
        return [self._ffmpeg, *arguments(resolve(parse_settings(settings), [source], datetime.now(UTC)))]

    def _timed(self, clip: Path, command: list[str]) -> Busy:
        with tempfile.TemporaryDirectory(dir=self._folder) as work:
            (Path(work) / input_name(0)).hardlink_to(clip)

            def ffmpeg() -> None:
                subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, check=True)

            return _measured(ffmpeg, psutil.Process())

    def _job(self, settings: Json) -> None:
        self._wait(self._create(settings))

    def _create(self, settings: Json) -> str:
        answer = requests.post(self._jobs, json={"role": ROLE, "settings": settings}, timeout=30)
        if answer.status_code != requests.codes.created:
            raise BenchError(f"The stand-in refused the bench's job: {answer.text}")
        return str(answer.json()["job"]["id"])

    def _wait(self, job_id: str) -> None:
        deadline = time.monotonic() + JOB_TIMEOUT
        while time.monotonic() < deadline:
            # Being asked costs the server what it is not measured for. While it works, there is a folder of the job.
            if not (self._work / job_id).exists() and self._has_ended(job_id):
                return
            time.sleep(POLL_SECONDS)
        raise BenchError(f"The bench's job did not end within {JOB_TIMEOUT:.0f} s.")

    def _has_ended(self, job_id: str) -> bool:
        job = requests.get(f"{self._jobs}/{job_id}", timeout=30).json()["job"]
        if job["status"] in ("ERROR", "CANCELED"):
            raise BenchError(f"The bench's job ended with {job['status']}: {job.get('errorMessage')}")
        return bool(job["status"] == "COMPLETE")

    @property
    def _jobs(self) -> str:
        return f"{self._endpoint}/2017-08-29/jobs"


def _make_role(iam: Any) -> None:
    def policy(effect: Json) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **effect}]})

    trust = policy({"Principal": {"Service": "mediaconvert.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="bench", AssumeRolePolicyDocument=trust)
    allowed = policy({"Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"})
    iam.put_role_policy(RoleName="bench", PolicyName="s3", PolicyDocument=allowed)


def _ladder(key: str, tuning: str, rungs: tuple[tuple[int, int, int], ...]) -> Json:
    outputs = []
    for width, height, rate in rungs:
        encoder = {
            "rateControlMode": "QVBR",
            "maxBitrate": rate,
            "qualityTuningLevel": tuning,
            "gopSize": 2,
            "gopSizeUnits": "SECONDS",
        }
        picture = {"width": width, "height": height, "codecSettings": {"codec": "H_264", "h264Settings": encoder}}
        aac = {"bitrate": 96_000, "codingMode": "CODING_MODE_2_0", "sampleRate": 48_000}
        outputs.append(
            {
                "nameModifier": f"_{height}",
                "containerSettings": {"container": "M3U8"},
                "videoDescription": picture,
                "audioDescriptions": [{"codecSettings": {"codec": "AAC", "aacSettings": aac}}],
            }
        )
    group = {"type": "HLS_GROUP_SETTINGS", "hlsGroupSettings": {**_to(key), "segmentLength": 6, "minSegmentLength": 0}}
    return _settings(key, {"outputGroupSettings": group, "outputs": outputs})


def _copied(key: str) -> Json:
    group = {"type": "FILE_GROUP_SETTINGS", "fileGroupSettings": _to(key)}
    output = {
        "containerSettings": {"container": "MOV"},
        "videoDescription": {"codecSettings": {"codec": "PASSTHROUGH"}},
    }
    return _settings(key, {"outputGroupSettings": group, "outputs": [output]})


def _to(key: str) -> Json:
    return {"destination": f"s3://{BUCKET}/out/{key}/"}


def _settings(key: str, group: Json) -> Json:
    source = {"fileInput": f"s3://{BUCKET}/{key}", "audioSelectors": {"Sound": {"defaultSelection": "DEFAULT"}}}
    return {"inputs": [source], "outputGroups": [group]}


def _measured(work: Callable[[], None], process: psutil.Process) -> Busy:
    """Processor time of what `process` starts and awaits while `work` goes on, and of itself."""
    before, started = _processor_seconds(process), time.monotonic()
    work()
    return Busy(time.monotonic() - started, _processor_seconds(process) - before)


def _median(spans: list[Busy]) -> Busy:
    return Busy(statistics.median(one.seconds for one in spans), statistics.median(one.processor for one in spans))


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


@contextmanager
def _watched(process: psutil.Process) -> Iterator[list[int]]:
    """The process's own memory, looked at all the time."""
    seen: list[int] = [process.memory_info().rss]
    done = threading.Event()

    def look() -> None:
        while not done.wait(POLL_SECONDS):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
