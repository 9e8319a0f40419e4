"""The port for faults and time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from botocore.exceptions import ClientError
from engine import free_port
from mediaconvert_harness import DEADLINE_SECONDS, ROLE
from starlette.applications import Starlette
from test_mediaconvert_process import Process
from test_mediaconvert_validation import simple

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.control import Faults, control_app
from mediaconvert_standin.errors import TooManyRequests

ANY_FFMPEG = True


def ask(app: Starlette, method: str, path: str, body: Any) -> int:
    """The status of the answer."""

    async def send() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control") as client:
            return (await client.request(method, path, json=body)).status_code

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {}),
        ("/clock", {"advanceSeconds": -1}),
        ("/clock", {"advanceSeconds": True}),
        ("/clock", {"advanceSeconds": 1e12}),
        ("/clock", []),
        ("/faults", {"status": 418}),
        ("/faults", {"status": 429, "times": 0}),
        ("/faults", {"status": 429, "operation": "Nothing"}),
        ("/faults", "x" * 5000),
    ],
)
def test_nonsense_is_refused(path: str, body: Any) -> None:
    assert ask(control_app(Clock(), Faults()), "POST", path, body) == 400


def test_fault_strikes_as_often_as_it_was_asked_to() -> None:
    faults = Faults()
    app = control_app(Clock(), faults)
    ask(app, "POST", "/faults", {"operation": "CreateJob", "status": 429, "times": 2})
    faults.strike("GetJob")
    for _ in range(2):
        with pytest.raises(TooManyRequests):
            faults.strike("CreateJob")
    faults.strike("CreateJob")
    ask(app, "POST", "/faults", {"status": 429, "times": 9})
    ask(app, "DELETE", "/faults", None)
    faults.strike("GetJob")


@pytest.fixture
def controlled(engine_url: str, tmp_path: Path) -> Iterator[tuple[Process, str]]:
    port = free_port()
    one = Process(engine_url, tmp_path / "work", MEDIACONVERT_CONTROL_PORT=str(port))
    yield one, f"http://127.0.0.1:{port}"
    one.running.kill()
    one.running.wait()
    one.client.close()


def test_faults_and_time_over_the_wire(controlled: tuple[Process, str]) -> None:
    process, control = controlled
    client = process.client

    def post(path: str, **body: Any) -> None:
        requests.post(f"{control}/{path}", json=body, timeout=DEADLINE_SECONDS).raise_for_status()

    post("faults", operation="ListQueues", status=500, times=1)
    assert client.list_queues()["Queues"]  # the SDK tried again
    post("faults", operation="GetQueue", status=403, times=1)
    with pytest.raises(ClientError, match="A fault that was asked for: 403"):
        client.get_queue(Name="Default")

    client.update_queue(Name="Default", Status="PAUSED")
    settings: Any = simple()
    token = {"ClientRequestToken": "token"}
    first = client.create_job(Role=ROLE, Settings=settings, **token)["Job"]["Id"]
    assert client.create_job(Role=ROLE, Settings=settings, **token)["Job"]["Id"] == first
    post("clock", advanceSeconds=61)
    assert client.create_job(Role=ROLE, Settings=settings, **token)["Job"]["Id"] != first
