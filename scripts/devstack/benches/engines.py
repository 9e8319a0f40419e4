"""`dev.py bench engines`: both local engines side by side, each on a fresh stack of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.table import Table

from devstack import clips
from devstack.benches import BenchError, Setting
from devstack.contract.client import Platform, new_password
from devstack.contract.inbox import read_inbox
from devstack.settings import ROOT
from devstack.stack.processes import MARK

ENGINES = ("embedded", "compose")
# Beside whatever runs on the usual ports.
PORT_BASE = 18480
CONVERSION_TIMEOUT = 300.0
CLIP = "mp4-h264-aac"
MEBIBYTE = 1024 * 1024
UNITS = {"B": 1, "KiB": 1024, "MiB": MEBIBYTE, "GiB": 1024 * MEBIBYTE}


@dataclass(frozen=True)
class Figures:
    """Seconds, and MiB of memory with nobody using the stack. `redeploy` brings a running stack up to date."""

    engine: str
    start: float
    redeploy: float
    first_video: float
    idle_memory: float


def run(setting: Setting) -> int:
    """Starts, uses and removes a stack on each engine; returns the exit code. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="sstech-bench-") as folder:
        figures = [_measure(engine, Path(folder) / engine, PORT_BASE) for engine in ENGINES]
    if setting.as_json:
        print(json.dumps([asdict(one) for one in figures], indent=2))
        return 0
    table = Table(title="One run on this machine", title_justify="left")
    for heading in ("engine", "start", "deploy again", "first upload → ready", "idle memory"):
        table.add_column(heading, justify="right")
    for one in figures:
        seconds = (f"{value:.1f} s" for value in (one.start, one.redeploy, one.first_video))
        table.add_row(one.engine, *seconds, f"{one.idle_memory:.0f} MiB")
    setting.console.print(table)
    return 0


def _measure(engine: str, state: Path, port_base: int) -> Figures:
    environment = {**os.environ, "DEV_STATE_DIR": str(state), "DEV_PORT_BASE": str(port_base)}
    up = ("up", "--engine", engine, "--detach")
    try:
        start = _timed(up, environment)
        memory = _idle_memory(engine, state, port_base)
        redeploy = _timed(up, environment)
        first_video = _first_video(state)
    finally:
        _timed(("down", "--volumes"), environment)
    return Figures(engine, start, redeploy, first_video, memory)


def _timed(command: Sequence[str], environment: dict[str, str]) -> float:
    started = time.monotonic()
    program = [sys.executable, str(ROOT / "scripts" / "dev.py"), *command]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"dev.py {' '.join(command)} failed: {done.stdout}{done.stderr}")
    return time.monotonic() - started


def _first_video(state: Path) -> float:
    outputs = json.loads((state / "outputs.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, Platform(outputs, lambda: read_inbox(outputs)) as platform:
        clip = clips.make_clip(CLIP, Path(folder))
        _, library = platform.join(f"bench-{time.time_ns()}@example.com", new_password())
        started = time.monotonic()
        library.wait_ready(library.upload(clip).video_id, CONVERSION_TIMEOUT)
        return time.monotonic() - started


def _idle_memory(engine: str, state: Path, port_base: int) -> float:
    """MiB: of the processes' own pages, or of the containers as Docker counts them, functions' containers included."""
    if engine == "embedded":
        return sum(_own_bytes(process, state) for process in psutil.process_iter()) / MEBIBYTE
    project = f"sstech-video-{port_base}"
    command = ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(_bytes(line.split()[1]) for line in lines if line.startswith(f"{project}-")) / MEBIBYTE


def _own_bytes(process: psutil.Process, state: Path) -> int:
    try:
        if process.environ().get(MARK) != str(state):
            return 0
        rss: int = process.memory_info().rss
    except psutil.Error:
        return 0
    return rss


def _bytes(text: str) -> float:
    """Docker's `12.3MiB` in bytes."""
    number = text.rstrip("BGKMi")
    return float(number) * UNITS[text[len(number) :]]
