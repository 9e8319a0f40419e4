"""A LocalStack with the plugin in a container, and the Cognito stand-in it hands Cognito's calls to.

Needs Docker on Linux (the container reaches the stand-in through the gateway of its network). Run with
`python -m pytest services/localstack/acceptance`.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config
from engine import CREDENTIALS, free_port, running_engine

PLUGIN = Path(__file__).parents[1]
IMAGE = "sstech-localstack-acceptance"
START_SECONDS = 90.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running LocalStack; `url` works on the host and among its own containers."""

    url: str
    cognito_url: str

    def client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.url, config=config, **CREDENTIALS)  # type: ignore[call-overload]


@contextlib.contextmanager
def running_localstack(scratch: Path) -> Iterator[LocalStack]:
    """Builds the image, starts everything with its files in `scratch`; leaves no container and no network behind."""
    docker("build", "--quiet", "--tag", IMAGE, str(PLUGIN))
    name = f"localstack-acceptance-{uuid.uuid4().hex[:8]}"
    docker("network", "create", name)
    try:
        gateway = json.loads(docker("network", "inspect", name))[0]["IPAM"]["Config"][0]["Gateway"]
        with running_engine(scratch) as engine, _cognito(gateway, engine, scratch) as cognito:
            yield _start(name, cognito)
    finally:
        _remove_all(name)


def docker(*words: str) -> str:
    """What `docker WORDS` prints. Raises RuntimeError with its complaint."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {words[0]}: {done.stderr}")
    return done.stdout


def _start(name: str, cognito_url: str) -> LocalStack:
    environment = {
        "COGNITO_STANDIN_URL": cognito_url,
        # Nobody listens there: what a stand-in that is down looks like.
        "MEDIACONVERT_STANDIN_URL": "http://127.0.0.1:9",
        "LAMBDA_DOCKER_NETWORK": name,
    }
    variables = [word for key, value in environment.items() for word in ("--env", f"{key}={value}")]
    socket = "/var/run/docker.sock:/var/run/docker.sock"
    docker("run", "--detach", "--name", name, "--network", name, "--volume", socket, *variables, IMAGE)
    address = json.loads(docker("inspect", name))[0]["NetworkSettings"]["Networks"][name]["IPAddress"]
    url = f"http://{address}:4566"
    _wait_until_answering(f"{url}/_standins/health", lambda: docker("logs", name))
    return LocalStack(url, cognito_url)


@contextlib.contextmanager
def _cognito(host: str, engine: str, scratch: Path) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, "HOST": host, "PORT": str(port), "COGNITO_UPSTREAM_URL": engine}
    with (scratch / "cognito.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cognito_standin"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://{host}:{port}"
        _wait_until_answering(f"{url}/health", (scratch / "cognito.log").read_text)
        yield url
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_until_answering(url: str, log: Callable[[], str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=2).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer:\n{log()}")


def _remove_all(name: str) -> None:
    """LocalStack's container, those of its functions, and their network."""
    containers = docker("ps", "--all", "--quiet", "--filter", f"network={name}").split()
    if containers:
        docker("rm", "--force", "--volumes", *containers)
    docker("network", "rm", name)
