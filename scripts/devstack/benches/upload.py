"""`dev.py bench upload`: pre-signed parts in parallel beside boto3's transfer manager, and beside the same one by one.

Every upload is whole, from the first call to the assembled object, of the same file to the same engine. The rounds take
turns. The engine keeps objects in memory and assembling doubles them: hence the size, and each is deleted at once.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.table import Table

from devstack.benches import Setting
from devstack.benches.slow_line import slow_line
from devstack.contract import aws_clients
from devstack.contract.client import Library, Platform, new_password
from devstack.contract.detour import Detour
from devstack.contract.uploading import BLOCK, PARALLEL_REQUESTS, Line

SIZE = 192 * 1024 * 1024
"""Twelve parts; the engine holds twice as much while it assembles them."""
ROUNDS = 5
ROUND_TRIP = 0.050
"""Seconds that every request takes longer over the slow line."""
SLOW_ROUNDS = 3
KEY = "bench/upload"
"""Outside the prefix whose objects are converted."""
SAMPLE_SECONDS = 0.005
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Figures:
    """Medians: seconds of whole uploads, and bytes that the client's process grew by at most while it sent."""

    ours: float
    boto3: float
    parallel: float
    one_by_one: float
    memory: int

    @property
    def to_boto3(self) -> float:
        return self.boto3 / self.ours

    @property
    def to_one_by_one(self) -> float:
        return self.one_by_one / self.parallel


def run(setting: Setting) -> int:
    """Measures on the running stack and prints ratios; returns the exit code."""
    outputs, inbox = setting.stack()
    with tempfile.TemporaryDirectory(prefix="sstech-bench-") as folder, Platform(outputs, inbox) as platform:
        file = Path(folder) / "upload.mp4"
        _write(file)
        _, library = platform.join(f"bench-{time.time_ns()}@example.com", new_password())
        with library:
            figures = _measure(outputs, library, file)
    _print(figures, setting)
    return 0


def _write(file: Path) -> None:
    """Text: the pipeline refuses it at first sight, so that no conversion disturbs the next round."""
    with file.open("wb") as stream:
        for _ in range(SIZE // MEBIBYTE):
            stream.write(b"not a video" * (MEBIBYTE // 11) + b" " * (MEBIBYTE % 11))


def _measure(outputs: Mapping[str, str], library: Library, file: Path) -> Figures:
    ours, theirs, memory = [], [], []
    _by_boto3(outputs, file)  # connections and code that both find warm
    with Line() as line:
        _by_parts(library, file, line)
        for _ in range(ROUNDS):
            with _memory_growth() as grown:
                ours.append(_by_parts(library, file, line))
            memory.append(grown())
            theirs.append(_by_boto3(outputs, file))
    parallel, one_by_one = [], []
    with _detour(outputs, library.site_url) as detour:
        library.go_through(detour)
        with Line(PARALLEL_REQUESTS, detour) as many, Line(1, detour) as single:
            for _ in range(SLOW_ROUNDS):
                parallel.append(_by_parts(library, file, many))
                one_by_one.append(_by_parts(library, file, single))
    median = statistics.median
    return Figures(median(ours), median(theirs), median(parallel), median(one_by_one), max(memory))


def _by_parts(library: Library, file: Path, line: Line) -> float:
    started = time.monotonic()
    upload = library.open_upload(file.name, "video/mp4", SIZE)
    library.send_file(upload, file, line=line)
    seconds = time.monotonic() - started
    library.delete(upload.video_id)
    return seconds


def _by_boto3(outputs: Mapping[str, str], file: Path) -> float:
    """`upload_file` with its defaults: s3transfer, parts of 8 MiB, ten threads."""
    s3 = aws_clients.s3(outputs)
    try:
        started = time.monotonic()
        s3.upload_file(str(file), outputs["TempBucketName"], KEY)
        seconds = time.monotonic() - started
        s3.delete_object(Bucket=outputs["TempBucketName"], Key=KEY)
        return seconds
    finally:
        s3.close()


@contextmanager
def _detour(outputs: Mapping[str, str], site_url: str) -> Iterator[Detour]:
    """To S3 and to the API, both over a slow line."""
    with ExitStack() as lines:
        routes = {}
        for url in (outputs["AwsEndpointUrl"], site_url):
            there = urlsplit(url)
            routes[there.netloc] = lines.enter_context(slow_line(there.hostname or "", there.port or 80, ROUND_TRIP))
        yield Detour(routes, PARALLEL_REQUESTS)


@contextmanager
def _memory_growth() -> Iterator[Callable[[], int]]:
    """What the process's own memory grows by at most while the block runs; ask after it."""
    process = psutil.Process()
    before = process.memory_info().rss
    peak = before
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(SAMPLE_SECONDS):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: peak - before
    finally:
        ended.set()
        watcher.join()


def _print(figures: Figures, setting: Setting) -> None:
    if setting.as_json:
        document = {
            "bytes": SIZE,
            "oursSeconds": figures.ours,
            "boto3Seconds": figures.boto3,
            "speedRatioToBoto3": figures.to_boto3,
            "memoryGrowthBytes": figures.memory,
            "parallelSeconds": figures.parallel,
            "oneByOneSeconds": figures.one_by_one,
            "speedRatioToOneByOne": figures.to_one_by_one,
        }
        print(json.dumps(document, indent=2))
        return
    table = Table(title=f"One file of {SIZE // MEBIBYTE} MiB, whole uploads, medians", title_justify="left")
    for heading in ("", "seconds", "speed", "speed ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = (
        ("boto3's transfer manager", figures.boto3, ""),
        (f"pre-signed parts, {PARALLEL_REQUESTS} in flight", figures.ours, f"{figures.to_boto3:.2f}"),
        (f"with {ROUND_TRIP * 1000:.0f} ms more latency: one by one", figures.one_by_one, ""),
        (
            f"with {ROUND_TRIP * 1000:.0f} ms more latency: in parallel",
            figures.parallel,
            f"{figures.to_one_by_one:.2f}",
        ),
    )
    for name, seconds, ratio in rows:
        table.add_row(name, f"{seconds:.2f}", f"{SIZE / seconds / 1e6:.0f} MB/s", ratio)
    setting.console.print(table)
    blocks = f"{PARALLEL_REQUESTS} blocks of {BLOCK // 1024} KiB"
    setting.console.print(f"The client grew by at most {figures.memory / MEBIBYTE:.1f} MiB; in flight are {blocks}.")
