"""A service that is busy is no dead service: what it holds is saved before anything stops it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from devstack.settings import Settings
from devstack.stack import embedded, processes
from devstack.stack.processes import ProcessTable, Service, ServiceFailedError
from devstack.waiting import wait_for

# Services outlive the command that starts them: that is what they are for.
pytestmark = pytest.mark.filterwarnings(
    "ignore:subprocess .* is still running:ResourceWarning",
    "ignore:Exception ignored in. <function Popen.__del__:pytest.PytestUnraisableExceptionWarning",
)

UNHEALTHY = 503
CHILD_SECONDS = 30.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
PARENT = [sys.executable, "-c", f"import subprocess, time; subprocess.Popen({SLEEPER!r}); time.sleep(600)"]


class Health:
    """A service's health check that refuses the next `refusals` questions."""

    def __init__(self) -> None:
        health = self
        self.refusals = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                refuses = health.refusals > 0
                health.refusals -= 1
                self.send_response(UNHEALTHY if refuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/health"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def health() -> Iterator[Health]:
    health = Health()
    yield health
    health.close()


@pytest.fixture
def table(tmp_path: Path, health: Health) -> Iterator[ProcessTable]:
    """One service that runs: the engine."""
    table = ProcessTable(tmp_path)
    table.start(Service("engine", SLEEPER, {}, health.url))
    yield table
    for running in table.running():
        if process := running.process():
            process.kill()


def test_a_busy_service_gets_its_time_to_answer(table: ProcessTable, health: Health) -> None:
    health.refusals = 5
    assert table.is_healthy("engine")
    assert health.refusals < 0


def test_a_dead_service_is_not_waited_for(table: ProcessTable, health: Health) -> None:
    health.refusals = sys.maxsize
    (engine,) = table.running()
    psutil.Process(engine.pid).kill()
    assert not table.is_healthy("engine")
    assert not table.all_healthy(["engine"])


def test_down_leaves_an_engine_alone_that_cannot_be_asked_for_its_videos(
    table: ProcessTable, health: Health, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "HEALTHY_SECONDS", 0.5)
    health.refusals = sys.maxsize
    settings = Settings(20_000, tmp_path)
    settings.outputs_file.write_text(json.dumps({}))
    (engine,) = table.running()

    with pytest.raises(ServiceFailedError, match=f"cannot be saved.*kill {engine.pid}"):
        embedded.bring_down(settings, Console(quiet=True))

    assert engine.process() is not None
    assert embedded.bring_down(settings, Console(quiet=True), keep=False) == 1
    assert engine.process() is None


def test_one_service_stops_without_the_others(table: ProcessTable, health: Health) -> None:
    table.start(Service("cdn", SLEEPER, {}, health.url))
    table.stop("cdn")
    assert [running.name for running in table.running() if running.process()] == ["engine"]


def test_stopping_takes_the_family_along(tmp_path: Path, health: Health) -> None:
    table = ProcessTable(tmp_path)
    running = table.start(Service("engine", PARENT, {}, health.url))
    process = running.process()
    assert process is not None
    children = wait_for(lambda: process.children() or None, "a child", timeout=CHILD_SECONDS)
    table.stop_all()
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
