"""The stack on docker compose: LocalStack and the stand-ins in containers."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from devstack.settings import PORTS_IN_A_STACK, ROOT, Settings
from devstack.stack.ports import require_free_ports

PORT_VARIABLES = ("SITE_PORT", "ENGINE_PORT", "MEDIACONVERT_PORT", "COGNITO_PORT")
DOCKER_SECONDS = 30
LOG_TAIL_LINES = "15"
# Of a captured build: the failing step with its output.
OUTPUT_TAIL_LINES = 40
WITHOUT_DOCKER = "Start it, or run without Docker: python3 scripts/dev.py up --engine embedded"


class ComposeError(Exception):
    """Docker cannot do what was asked; the message says why and what to do."""


def is_used(settings: Settings) -> bool:
    """Whether this state directory's stack was started on compose and not taken down since."""
    return _project_file(settings).exists()


def is_running(settings: Settings) -> bool:
    """Whether containers of this stack run."""
    return is_used(settings) and bool(_containers(settings, "running"))


def bring_up(settings: Settings) -> dict[str, str]:
    """Makes the stack run and hold the current code and site; returns its outputs.

    Raises:
        PortTakenError, ComposeError: nothing is left running that was not running before.
    """
    _require_docker()
    fresh = not _containers(settings, "running")
    if fresh:
        require_free_ports(settings)
    _project_file(settings).write_text(f"{settings.compose_project}\n", encoding="utf-8")
    settings.outputs_file.unlink(missing_ok=True)
    try:
        # The one-shot deployer runs each time: it brings code and site up to date.
        _run(settings, "up", "--build", "--detach", "--wait", "--remove-orphans")
    except BaseException as error:
        reasons = _failures(settings) if isinstance(error, ComposeError) else ""
        if fresh:
            bring_down(settings)
        if reasons:
            raise ComposeError(f"docker compose could not start the stack.\n{reasons}") from error
        raise
    outputs: dict[str, str] = json.loads(settings.outputs_file.read_text(encoding="utf-8"))
    return outputs


def bring_down(settings: Settings, *, keep: bool = True) -> bool:
    """Removes the stack's containers and network, without `keep` its volumes too; returns whether anything ran.

    Raises:
        ComposeError: Docker does not answer or cannot remove them.
    """
    _require_docker()
    present = bool(_containers(settings, "running"))
    _run(settings, "--profile", "*", "down", "--remove-orphans", *([] if keep else ["--volumes"]))
    settings.outputs_file.unlink(missing_ok=True)
    _project_file(settings).unlink(missing_ok=True)
    return present


def show_logs(settings: Settings, *, watch: bool = False) -> None:
    """Shows the containers' logs until interrupted; with `watch` changed stand-ins go into their containers meanwhile.

    Raises:
        ComposeError: the containers have all ended.
    """
    environment = _environment(settings)
    with contextlib.ExitStack() as stack:
        if watch:
            watcher = stack.enter_context(
                subprocess.Popen(_command(settings, "watch", "--no-up"), env=environment, stdin=subprocess.DEVNULL)
            )
            stack.callback(watcher.terminate)
        # Compose's own output goes to the terminal as it comes, in its colours.
        subprocess.run(_command(settings, "logs", "--follow", "--tail", "0"), env=environment, check=False)
    raise ComposeError("The stack's containers have ended; see them with: docker compose ps --all")


def _project_file(settings: Settings) -> Path:
    return settings.state_dir / "compose-project"


def _project(settings: Settings) -> str:
    """The project that runs here, whatever the environment has become since."""
    file = _project_file(settings)
    return file.read_text(encoding="utf-8").strip() if file.exists() else settings.compose_project


def _command(settings: Settings, *arguments: str) -> list[str]:
    file = str(ROOT / "docker-compose.yml")
    return ["docker", "compose", "--project-name", _project(settings), "--file", file, *arguments]


def _environment(settings: Settings) -> dict[str, str]:
    ports = range(settings.port_base, settings.port_base + PORTS_IN_A_STACK)
    own = {name: str(port) for name, port in zip(PORT_VARIABLES, ports, strict=True)}
    return {**os.environ, **own, "DEV_STATE_DIR": str(settings.state_dir)}


def _run(settings: Settings, *arguments: str) -> None:
    """Runs one compose command; its progress is shown to a person and kept from a program unless it fails."""
    watched = sys.stderr.isatty()
    done = subprocess.run(
        _command(settings, *arguments),
        env=_environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=None if watched else subprocess.PIPE,
        stderr=None if watched else subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout or "").splitlines()[-OUTPUT_TAIL_LINES:])
        raise ComposeError(f"docker compose {' '.join(arguments)} failed.\n{tail}".rstrip())


def _require_docker() -> None:
    try:
        done = _ask("docker", "info", "--format", "{{.ServerVersion}}")
        compose = _ask("docker", "compose", "version")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ComposeError(f"Docker does not answer ({error}). {WITHOUT_DOCKER}") from error
    if done.returncode != 0:
        raise ComposeError(f"Docker does not answer: {done.stderr.strip()} {WITHOUT_DOCKER}")
    if compose.returncode != 0:
        raise ComposeError(f"Docker's compose plugin is missing: see docs.docker.com/compose/install. {WITHOUT_DOCKER}")


def _containers(settings: Settings, *states: str) -> list[dict[str, Any]]:
    """The project's containers in these states (all when none is named); none when Docker does not answer."""
    arguments = [argument for state in states for argument in ("--status", state)]
    try:
        done = _ask(*_command(settings, "ps", "--all", "--format", "json", *arguments), env=_environment(settings))
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _failures(settings: Settings) -> str:
    """The end of the log of each service that did not come up."""
    failed = [
        container["Service"]
        for container in _containers(settings)
        if container.get("Health") == "unhealthy" or (container["State"] != "running" and container.get("ExitCode"))
    ]
    tails = [
        _ask(*_command(settings, "logs", "--no-color", "--tail", LOG_TAIL_LINES, name), env=_environment(settings))
        for name in sorted(set(failed))
    ]
    return "".join(tail.stdout for tail in tails).rstrip()


def _ask(*command: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DOCKER_SECONDS,
        check=False,
    )
