"""One running stack for all tests of a run, whichever worker needs it first.

The first user starts it, the last one out stops it. A process may be several users; one that died no longer counts.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import psutil
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
ENGINE = os.environ.get("SSTECH_ENGINE", "embedded")
"""Engine that the suite runs on: `dev.py test compose` sets it."""
SERVICES = 4
"""Site, engine, MediaConvert, Cognito: each on a port of its own."""
PORTS = SERVICES + 1
"""The services', and the one for the site with live reload."""
FIRST_PORT, LAST_PORT = 20_000, 30_000
"""Below the ports that systems hand out by themselves."""
START_TIMEOUT = 600
"""Seconds for `dev.py up`: on a fresh machine it installs its packages first."""
STOP_TIMEOUT = 600


class StackError(Exception):
    """`dev.py` did not do what it was asked."""


class SharedStack:
    """The stack whose state lives under `folder`, which all workers of the run share."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state"
        self._users = folder / "users"
        self._port = folder / "port"
        self._users.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / "lock")
        self._user = self._users / f"{os.getpid()}-{secrets.token_hex(8)}"

    def join(self) -> Mapping[str, str]:
        """The stack's outputs; starts it when nobody has. Raises StackError."""
        with self._lock:
            if not self._present():
                self._port.write_text(str(free_ports()))
                self._dev("up", "--detach", "--engine", ENGINE, timeout=START_TIMEOUT)
            self._user.touch()
            return read_outputs(self._state / "outputs.json")

    def leave(self) -> None:
        with self._lock:
            if not self._user.exists():
                return
            self._user.unlink(missing_ok=True)
            if not self._present():
                self._dev("down", "--volumes", timeout=STOP_TIMEOUT)

    def _present(self) -> bool:
        return any(psutil.pid_exists(int(user.name.partition("-")[0])) for user in self._users.iterdir())

    def _dev(self, *command: str, timeout: float) -> None:
        environment = {**os.environ, "DEV_STATE_DIR": str(self._state), "DEV_PORT_BASE": self._port.read_text()}
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "dev.py"), *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if done.returncode != 0:
            raise StackError(f"dev.py {' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def read_outputs(path: Path) -> Mapping[str, str]:
    outputs: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return outputs


def free_ports() -> int:
    """The first of PORTS ports in a row that nobody listens on."""
    candidates = list(range(FIRST_PORT, LAST_PORT, PORTS))
    random.shuffle(candidates)
    for base in candidates:
        if _are_free(base):
            return base
    raise StackError(f"No {PORTS} free ports in a row between {FIRST_PORT} and {LAST_PORT}.")


def _are_free(base: int) -> bool:
    with ExitStack() as sockets:
        try:
            for port in range(base, base + PORTS):
                listener = sockets.enter_context(socket.socket())
                listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
