"""`dev.py bench pipeline`: what the platform adds to the bare ffmpeg command.

Both in one run, in turn, on the same file: the pipeline from "upload finished" to "the MP4 plays through the CDN", and
the very ffmpeg command that MediaConvert's stand-in runs for that job, by hand.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from devstack import clips, media
from devstack.benches import Setting
from devstack.contract.client import Library, Platform, new_password
from devstack.waiting import wait_for
from mediaconvert_standin.inspection.prober import Prober
from mediaconvert_standin.inspection.sniff import SNIFF_BYTES, sniff
from mediaconvert_standin.job_settings.planning import parse_settings
from mediaconvert_standin.transcoding.ffmpeg import arguments, input_name
from mediaconvert_standin.transcoding.transcode import resolve

ROUNDS = 5
CLIP_SECONDS = 10.0
CLIP_SIZE = (1280, 720)
CONVERSION_TIMEOUT = 300.0
# Asking costs the same two cores that convert: often enough to be exact, seldom enough not to be in the way.
POLL_SECONDS = 0.15


@dataclass(frozen=True)
class Round:
    """Seconds of one pipeline run and of the bare command right after it."""

    pipeline: float
    ffmpeg: float

    @property
    def added(self) -> float:
        return self.pipeline - self.ffmpeg


def run(setting: Setting) -> int:
    """Measures on the running stack and prints medians; returns the exit code."""
    outputs, inbox = setting.stack()
    with tempfile.TemporaryDirectory(prefix="sstech-bench-") as folder, Platform(outputs, inbox) as platform:
        clip = clips.make_clip("mp4-h264-aac", Path(folder), seconds=CLIP_SECONDS, size=CLIP_SIZE)
        _, library = platform.join(f"bench-{time.time_ns()}@example.com", new_password())
        rounds = [_measure(outputs, library, clip, Path(folder)) for _ in range(ROUNDS)]
    _print(rounds, setting.console, as_json=setting.as_json)
    return 0


def _measure(outputs: Mapping[str, str], library: Library, clip: Path, folder: Path) -> Round:
    upload = library.upload(clip)
    finished = time.monotonic()
    wait_for(
        lambda: library.video(upload.video_id).status == "ready",
        "the conversion",
        timeout=CONVERSION_TIMEOUT,
        longest_pause=POLL_SECONDS,
    )
    playback = library.playback(upload.video_id)
    library.fetch(playback.mp4_url, playback, Range="bytes=0-65535")
    pipeline = time.monotonic() - finished
    return Round(pipeline, _bare_ffmpeg(outputs, upload.video_id, clip, folder))


def _bare_ffmpeg(outputs: Mapping[str, str], video_id: str, clip: Path, folder: Path) -> float:
    """Seconds of the job's own ffmpeg command, run by hand."""
    job = _job_of(outputs, video_id)
    with clip.open("rb") as file:
        container = sniff(file.read(SNIFF_BYTES))
    if container is None:
        raise clips.ClipError("The bench's own clip is not recognised.")
    prober = Prober(workers=1)
    try:
        source = prober.probe(clip, container)
    finally:
        prober.close()
    transcode = resolve(parse_settings(job["settings"]), [source], datetime.now(UTC))
    command = [str(media.find_ffmpeg()), *arguments(transcode)]
    with tempfile.TemporaryDirectory(dir=folder) as work:
        (Path(work) / input_name(0)).write_bytes(clip.read_bytes())
        started = time.monotonic()
        subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return time.monotonic() - started


def _job_of(outputs: Mapping[str, str], video_id: str) -> dict[str, dict[str, object]]:
    """The job's record as the service sends it: boto3 would rename its members."""
    answer = requests.get(f"{outputs['MediaConvertEndpointUrl']}/2017-08-29/jobs", timeout=10)
    answer.raise_for_status()
    found: dict[str, dict[str, object]] = next(
        job for job in answer.json()["jobs"] if job["userMetadata"].get("videoId") == video_id
    )
    return found


def _print(rounds: list[Round], console: Console, *, as_json: bool) -> None:
    pipeline = statistics.median(one.pipeline for one in rounds)
    ffmpeg = statistics.median(one.ffmpeg for one in rounds)
    added = statistics.median(one.added for one in rounds)
    if as_json:
        figures = {"pipelineSeconds": pipeline, "ffmpegSeconds": ffmpeg, "addedSeconds": added, "rounds": len(rounds)}
        print(json.dumps(figures, indent=2))
        return
    table = Table(title=f"Upload finished → MP4 playable, median of {len(rounds)}", title_justify="left")
    for heading in ("pipeline", "bare ffmpeg", "added", "ratio"):
        table.add_column(heading, justify="right")
    table.add_row(f"{pipeline:.2f} s", f"{ffmpeg:.2f} s", f"{added:.2f} s", f"{pipeline / ffmpeg:.2f}")
    console.print(table)
