"""`python -m bootstrap.compose deploy|keep`: what the containers of docker-compose.yml do with the deploy program.

`deploy` brings the platform into LocalStack and ends. `keep` stays: it deploys again when a handler or the site
changes, and when LocalStack, which keeps nothing over a restart, has come back empty.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from bootstrap.errors import BootstrapError
from bootstrap.identity import become_owner_of
from bootstrap.local import (
    Addresses,
    LocalSetup,
    cdn_deployment,
    deploy_local,
    deployment_check,
    host_outputs,
    outputs_document,
    write_atomically,
)
from bootstrap.packaging import FUNCTIONS
from bootstrap.site_build import NOT_SOURCES, build_site
from bootstrap.site_build import SOURCES as SITE
from bootstrap.stand_ins import forget_everything

POLL_SECONDS = 2.0
NOT_VERSIONED = frozenset({"__pycache__", *NOT_SOURCES})
# LocalStack takes MediaConvert's own name; the embedded engine refuses it.
EVENT_SOURCE = "aws.mediaconvert"
FORGOTTEN = "LocalStack came back empty: accounts and videos are gone, everything is deployed again."
FAILURES = (BootstrapError, BotoCoreError, ClientError)


@dataclass(frozen=True, slots=True)
class Settings:
    """The stack's addresses and the folders that the containers share: with the host, among themselves, and none."""

    setup: LocalSetup
    project: str
    state_dir: Path
    shared_dir: Path
    build_dir: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Raises: KeyError for a variable that docker-compose.yml must set."""
        ports = [environ[name] for name in ("SITE_PORT", "ENGINE_PORT", "MEDIACONVERT_PORT", "COGNITO_PORT")]
        return cls(
            setup=LocalSetup(
                outside=Addresses(*(f"http://127.0.0.1:{port}" for port in ports)),
                inside=Addresses(
                    "http://cdn:8080", "http://localstack:4566", "http://mediaconvert:8082", "http://cognito:8083"
                ),
                event_source=EVENT_SOURCE,
                updates_stacks=False,
            ),
            project=environ["COMPOSE_PROJECT_NAME"],
            state_dir=Path("/state"),
            shared_dir=Path("/deployment"),
            build_dir=Path("/build"),
        )


def main(arguments: list[str]) -> int:
    settings = Settings.from_environ()
    become_owner_of(SITE, [settings.state_dir, settings.shared_dir])
    if arguments == ["keep"]:
        Keeper(settings).run()
    if arguments != ["deploy"]:
        say("usage: python -m bootstrap.compose deploy|keep")
        return 2
    try:
        deploy(settings)
    except FAILURES as error:
        say(str(error))
        return 1
    return 0


def deploy(settings: Settings) -> None:
    """Brings the platform up to date and writes down what the host and the CDN need to know.

    Raises:
        BootstrapError, ClientError, BotoCoreError: the deployment failed; the message says why.
    """
    setup = settings.setup
    with _one_at_a_time(settings.shared_dir / "lock"):
        # Accounts and jobs of an engine that is gone lead to videos that are gone.
        if not deployment_check(setup)() and forget_everything(setup):
            say(FORGOTTEN)
        platform = deploy_local(setup, build_site(settings.build_dir, say), settings.build_dir, say)
        write_atomically(settings.shared_dir / "cdn.json", cdn_deployment(setup, platform))
        write_atomically(settings.state_dir / "compose-project", settings.project + "\n")
        write_atomically(settings.state_dir / "outputs.json", outputs_document(host_outputs(setup, platform)))


class Keeper:
    """Looks every other second whether what is deployed is still there and still current."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_deployed = deployment_check(settings.setup)
        self._sources = _sources_version()
        self._silent = False

    def run(self) -> None:
        say(f"SStech Video is ready: {self._settings.setup.outside.site}")
        while True:
            self._look()
            (self._settings.build_dir / "looked").touch()
            time.sleep(POLL_SECONDS)

    def _look(self) -> None:
        try:
            is_there = self._is_deployed()
        except (BotoCoreError, ClientError):
            if not self._silent:
                say("LocalStack does not answer; waiting for it.")
            self._silent = True
            return
        self._silent = False
        sources = _sources_version()
        if is_there and sources == self._sources:
            return
        self._sources = sources
        self._deploy()

    def _deploy(self) -> None:
        try:
            deploy(self._settings)
        except FAILURES as error:
            say(str(error))
        else:
            say(f"Deployed: {self._settings.setup.outside.site}")


def say(message: str) -> None:
    print(message, flush=True)  # noqa: T201


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """The one-shot deployer and the keeper never deploy at the same time."""
    # Opened for reading: the file may be an earlier user's.
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sources_version() -> frozenset[tuple[str, int, int]]:
    """Changes when a file of the functions or of the site does."""
    return frozenset(
        (str(path), status.st_mtime_ns, status.st_size)
        for folder in (SITE, FUNCTIONS)
        for path in folder.rglob("*")
        if not NOT_VERSIONED.intersection(path.parts) and (status := _status(path))
    )


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        # Editors write a file by replacing it.
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
