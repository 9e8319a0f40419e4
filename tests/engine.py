"""An embedded engine of its own for tests that need AWS but not the whole stack."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import requests

START_SECONDS = 30.0
STOP_SECONDS = 10.0
CREDENTIALS = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "us-east-1",
}


def free_port() -> int:
    """A port of the loopback address that nobody has, and that the system gives to nobody else for a minute.

    A connection that was closed here leaves the port in TIME_WAIT: a server may take it, by its number, all the same.
    """
    with socket.socket() as probe, socket.socket() as caller:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        probe.listen(1)
        caller.connect(probe.getsockname())
        probe.accept()[0].close()
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running_engine(
    scratch: Path, command: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Starts ministack (or `command`, which ends in it) with IAM enforced, its files in `scratch`.

    Yields its URL and stops it.
    """
    port = free_port()
    variables = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "AUTH": "true",
        "TMPDIR": str(scratch),
        **(environment or {}),
    }
    program = command or [str(Path(sys.executable).parent / "ministack")]
    with (scratch / "engine.log").open("wb") as log:
        process = subprocess.Popen(program, env=variables, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(process, url, scratch / "engine.log")
        yield url
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_until_healthy(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{url}/_localstack/health", timeout=2).ok:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"The engine did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
