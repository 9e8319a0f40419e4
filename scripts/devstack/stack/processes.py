"""The stack's processes: started in the background, remembered on disk, stopped with all their children."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

STOP_SECONDS = 60.0
"""The engine writes its state when it is told to stop, which takes a while after much use: killed, it keeps nothing."""
LEFT_OVER_SECONDS = 5.0
KILL_SECONDS = 10.0
HEALTHY_SECONDS = 60.0
POLL_SECONDS = 0.03
LOG_TAIL_LINES = 15
# A process id is reused in time: with its start time it is unique.
SAME_START_SECONDS = 1.0
# What a service keeps of the caller's environment: enough to run programs, nothing of a person's AWS set-up.
# Marks every process of a stack, functions' workers included, so that a crash leaves nothing that cannot be found.
MARK = "SSTECH_STATE_DIR"
KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "SSL_CERT_FILE", "VIRTUAL_ENV")


class ServiceFailedError(Exception):
    """A service ended or did not become healthy; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Service:
    """A program of the stack: what to run, and the URL that answers 200 once it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    health_url: str


@dataclass(frozen=True, slots=True)
class Running:
    """A started service as the state file remembers it."""

    name: str
    pid: int
    started: float
    health_url: str

    def process(self) -> psutil.Process | None:
        """The live process, or None when it has ended (or its id now belongs to another program)."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_SECONDS
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class ProcessTable:
    """The services of one state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / "processes.json"
        self._state_dir = state_dir

    def running(self) -> list[Running]:
        """Remembered services, dead ones included."""
        if not self._file.exists():
            return []
        return [Running(**record) for record in json.loads(self._file.read_text(encoding="utf-8"))]

    def all_healthy(self, names: Iterable[str]) -> bool:
        """Whether exactly these services run and answer."""
        table = {running.name: running for running in self.running()}
        return set(names) == set(table) and all(map(_is_healthy, table.values()))

    def is_healthy(self, name: str) -> bool:
        """Whether this service runs and answers."""
        return any(running.name == name and _is_healthy(running) for running in self.running())

    def start(self, service: Service) -> Running:
        """Starts `service` in a session of its own, its output in `logs/{name}.log`."""
        log_path = self.log_file(service.name)
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                service.command,
                env=_environment(self._state_dir, service.environment),
                cwd=self._state_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(service.name, process.pid, psutil.Process(process.pid).create_time(), service.health_url)
        self._write([*(other for other in self.running() if other.name != service.name), running])
        return running

    def wait_until_healthy(self, running: Running) -> None:
        """Returns once the service answers. Raises ServiceFailedError when it ends first or takes too long."""
        deadline = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < deadline:
            if _answers(running.health_url):
                return
            if running.process() is None:
                raise ServiceFailedError(f"{running.name} ended while starting. {self._log_tail(running.name)}")
            time.sleep(POLL_SECONDS)
        raise ServiceFailedError(f"{running.name} does not answer. {self._log_tail(running.name)}")

    def stop(self, name: str) -> None:
        """Stops one service, if it runs; it is remembered as one that has ended."""
        _stop([process for running in self.running() if running.name == name and (process := running.process())])

    def stop_all(self) -> None:
        """Stops every remembered service and whatever a crash left of them."""
        _stop([process for running in self.running() if (process := running.process()) is not None])
        _stop(_left_over(self._state_dir), LEFT_OVER_SECONDS)
        self._file.unlink(missing_ok=True)

    def log_file(self, name: str) -> Path:
        return self._state_dir / "logs" / f"{name}.log"

    def _write(self, table: Iterable[Running]) -> None:
        records = [
            {"name": entry.name, "pid": entry.pid, "started": entry.started, "health_url": entry.health_url}
            for entry in table
        ]
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(records, indent=2), encoding="utf-8")
        partial.replace(self._file)

    def _log_tail(self, name: str) -> str:
        path = self.log_file(name)
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return f"The end of its log ({path}):\n" + "\n".join(lines)


def _is_healthy(running: Running) -> bool:
    """Whether it answers; one that is busy (the engine, putting a large upload together) gets its time to."""
    deadline = time.monotonic() + HEALTHY_SECONDS
    while running.process() is not None and time.monotonic() < deadline:
        if _answers(running.health_url):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _stop(processes: Sequence[psutil.Process], patience: float = STOP_SECONDS) -> None:
    """Asks the processes to end, and after `patience` seconds ends what is left of their families."""
    family: dict[int, psutil.Process] = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            family.update({member.pid: member for member in [process, *process.children(recursive=True)]})
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(processes, timeout=patience)
    for member in family.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(list(family.values()), timeout=KILL_SECONDS)


def _left_over(state_dir: Path) -> list[psutil.Process]:
    """Processes that a killed service left behind: functions' workers and transcoders."""
    return [process for process in psutil.process_iter() if _belongs_to(process, state_dir)]


def _belongs_to(process: psutil.Process, state_dir: Path) -> bool:
    # Other people's processes refuse to be looked at, and they are not ours.
    with contextlib.suppress(psutil.Error, OSError):
        if process.pid == os.getpid():
            return False
        if process.environ().get(MARK) == str(state_dir):
            return True
        # A transcoder runs with an empty environment, in a folder of its job.
        return process.name().startswith("ffmpeg") and Path(process.cwd()).is_relative_to(state_dir)
    return False


def python_module(module: str) -> list[str]:
    """Command that runs `module` with this interpreter."""
    return [sys.executable, "-m", module]


def installed_program(name: str) -> str:
    """Path of a program that a package put beside this interpreter."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise ServiceFailedError(f"{name} is missing from {Path(sys.executable).parent}: delete .venv and try again.")
    return found


def _environment(state_dir: Path, own: Mapping[str, str]) -> dict[str, str]:
    scratch = state_dir / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # Functions inherit the engine's environment: no home with somebody's credentials, scratch files in one place.
    folders = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), str(scratch))
    return {**kept, **folders, MARK: str(state_dir), **own}


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
