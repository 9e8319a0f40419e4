"""`docker compose up` itself, as a person types it: one stack of its own for the tests of its life cycle."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from integration.shared_stack import ROOT, free_ports
from testcontainers.compose import DockerCompose

from devstack.contract.client import Platform
from devstack.contract.inbox import read_inbox

PORT_VARIABLES = ("SITE_PORT", "ENGINE_PORT", "MEDIACONVERT_PORT", "COGNITO_PORT")
PROJECT = f"sstech-test-{os.getpid()}"


class Stack:
    """The composed stack: its outputs, and docker's own view of it."""

    def __init__(self, state: Path) -> None:
        self.state = state

    @property
    def outputs(self) -> Mapping[str, str]:
        outputs: dict[str, str] = json.loads((self.state / "outputs.json").read_text(encoding="utf-8"))
        return outputs

    def platform(self) -> Platform:
        outputs = self.outputs
        return Platform(outputs, lambda: read_inbox(outputs))

    def kill(self, service: str) -> None:
        docker("kill", self.container(service))

    def start(self, service: str) -> None:
        docker("start", self.container(service))

    def logs(self, service: str) -> str:
        return docker("logs", self.container(service))

    def container(self, service: str) -> str:
        return f"{PROJECT}-{service}-1"


def docker(*arguments: str) -> str:
    """Output of a docker command, both streams. Raises CalledProcessError."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout + done.stderr


def everything() -> frozenset[str]:
    """All containers, networks and volumes there are, whoever made them and with whatever label."""
    listings = (
        ("ps", "--all", "--format", "container {{.Names}}"),
        ("network", "ls", "--format", "network {{.Name}}"),
        ("volume", "ls", "--format", "volume {{.Name}}"),
    )
    return frozenset(line for listing in listings for line in docker(*listing).splitlines())


@pytest.fixture(scope="session")
def before() -> frozenset[str]:
    """What was there before the stack."""
    return everything()


@pytest.fixture(scope="session")
def compose(before: frozenset[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerCompose]:
    """The stack, ready: `docker compose up --build --wait` succeeded."""
    state = tmp_path_factory.mktemp("state")
    base = free_ports()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_PROJECT_NAME", PROJECT)
        environment.setenv("DEV_STATE_DIR", str(state))
        for offset, name in enumerate(PORT_VARIABLES):
            environment.setenv(name, str(base + offset))
        stack = DockerCompose(ROOT, compose_file_name="docker-compose.yml", build=True, wait=True)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop(down=True)


@pytest.fixture(scope="session")
def stack(compose: DockerCompose) -> Stack:
    return Stack(Path(os.environ["DEV_STATE_DIR"]))
