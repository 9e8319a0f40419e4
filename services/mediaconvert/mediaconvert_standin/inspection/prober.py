"""Probing through warm worker processes, each replaced when it crashes or takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from mediaconvert_standin.inspection.media import Media, media_from_facts
from mediaconvert_standin.inspection.sniff import Container

TIMEOUT = 30.0  # seconds for one file
_WORKER = Path(__file__).with_name("probe_worker.py")


class ProbeError(Exception):
    """The file cannot be opened as what its first bytes say it is."""


class Prober:
    def __init__(self, workers: int = 2) -> None:
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._all = [_Worker() for _ in range(workers)]
        for worker in self._all:
            self._idle.put(worker)

    def warm_up(self) -> None:
        """Start the workers ahead of the first job, which then does not wait for imports."""
        for worker in self._all:
            worker.start()

    def probe(self, path: Path, container: Container) -> Media:
        """Raises ProbeError."""
        worker = self._idle.get()
        try:
            facts = worker.ask({"path": str(path), "demuxer": container.demuxer, "whitelist": container.whitelist})
        finally:
            self._idle.put(worker)
        return media_from_facts(facts, container.token, container.demuxer)

    def close(self) -> None:
        for worker in self._all:
            worker.stop()


class _Worker:
    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bare_environment(),
            text=True,
            encoding="utf-8",
        )
        reader = threading.Thread(target=_forward, args=(self._process, self._answers), daemon=True)
        reader.start()

    def ask(self, request: dict[str, str]) -> dict[str, Any]:
        self.start()
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - for the types
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._answers.get(timeout=TIMEOUT))
        except (OSError, ValueError, queue.Empty) as error:
            self.stop()
            raise ProbeError("the file crashes or stalls its demuxer") from error
        if "error" in answer:
            raise ProbeError(answer["error"])
        facts: dict[str, Any] = answer["facts"]
        return facts

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _forward(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    assert process.stdout is not None  # noqa: S101 - for the types
    with contextlib.suppress(ValueError):  # closed under us by stop()
        for line in process.stdout:
            answers.put(line)
    answers.put("")  # end of file: not JSON, so a waiting ask() fails at once


def bare_environment() -> dict[str, str]:
    """The environment of children: nothing, but for what Windows needs to start a process at all."""
    return {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP") if name in os.environ and os.name == "nt"}
