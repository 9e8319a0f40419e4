"""Running ffmpeg: its own process group, limits, progress from a pipe, and a certain end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mediaconvert_standin.errors import TimedOut
from mediaconvert_standin.inspection.prober import bare_environment

KEPT_LOG_LINES = 200
MAX_LOG_LINE = 4096
BASE_WALL_SECONDS = 600.0
WALL_SECONDS_PER_MEDIA_SECOND = 60.0
MAX_FILE_BYTES = 256 * 1024**3
MAX_OPEN_FILES = 1024
MIN_MEMORY_BYTES = 4 * 1024**3


@dataclass(frozen=True)
class RunResult:
    exit_code: int
    log: tuple[str, ...]


class Runner:
    """One run of ffmpeg. ``kill`` may come from any thread, before, during or after ``run``."""

    def __init__(self, program: str, arguments: Sequence[str], folder: Path, media_seconds: float | None) -> None:
        self._argv = [program, *arguments]
        self._folder = folder
        self._wall_limit = BASE_WALL_SECONDS + WALL_SECONDS_PER_MEDIA_SECOND * (media_seconds or 3600.0)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._timed_out = False

    def run(self, progress: Callable[[float, int], None]) -> RunResult:
        """Run to the end; ``progress(seconds of media done, frames)`` is called a few times a second.

        Raises TimedOut. A killed run returns ffmpeg's exit code.
        """
        with self._lock:
            if self._killed:
                return RunResult(-signal.SIGTERM, ())
            self._process = self._start()
        process = self._process
        log: deque[str] = deque(maxlen=KEPT_LOG_LINES)
        reader = threading.Thread(target=_keep_log, args=(process, log), daemon=True)
        reader.start()
        timer = threading.Timer(self._wall_limit, self._time_out)
        timer.daemon = True
        timer.start()
        try:
            _follow(process, progress)
            exit_code = process.wait()
        finally:
            timer.cancel()
            self.kill()
            process.wait()
            reader.join()
            _close(process)
        if self._timed_out:
            raise TimedOut(f"The transcode took longer than {self._wall_limit:.0f} s and was stopped.")
        return RunResult(exit_code, tuple(log))

    def kill(self) -> None:
        with self._lock:
            self._killed = True
            if self._process is not None and self._process.poll() is None:
                _kill_group(self._process)

    def _time_out(self) -> None:
        self._timed_out = True
        self.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._argv,
            cwd=self._folder,
            env=bare_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
        _limit(process.pid, self._wall_limit)
        return process


def _follow(process: subprocess.Popen[bytes], progress: Callable[[float, int], None]) -> None:
    """Read ``-progress`` blocks: ``key=value`` lines, each block ended by ``progress=``."""
    assert process.stdout is not None  # noqa: S101 - for the types
    seconds, frames = 0.0, 0
    for line in process.stdout:
        key, _, value = line.decode("ascii", "replace").strip().partition("=")
        if key == "out_time_us" and value.lstrip("-").isdigit():
            seconds = max(seconds, int(value) / 1_000_000)
        elif key == "frame" and value.isdigit():
            frames = int(value)
        elif key == "progress":
            progress(seconds, frames)


def _keep_log(process: subprocess.Popen[bytes], log: deque[str]) -> None:
    assert process.stderr is not None  # noqa: S101 - for the types
    while line := process.stderr.readline(MAX_LOG_LINE):
        log.append(line.decode("utf-8", "replace").rstrip())


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _limit(pid: int, wall_seconds: float) -> None:
    """Bounds that the kernel keeps, whatever becomes of this process.

    RLIMIT_NPROC is not among them: it counts every thread of the user, whose other processes are not ours to count.
    """
    if sys.platform != "linux":
        return
    import resource

    cpu_seconds = int(wall_seconds) * (os.cpu_count() or 1)
    memory = max(MIN_MEMORY_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4)
    limits = (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, limit in limits:
        # The child may be gone already, and a lower limit of our own can not be raised.
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, kind, (limit, limit))
