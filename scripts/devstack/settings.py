"""Settings of one local stack, from the environment and from `.env` (the same file that docker compose reads)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent.parent
LOOPBACK = "127.0.0.1"
DEFAULT_PORT_BASE = 8080
DEFAULT_STATE_DIR = ".local"
# The stack takes the base port and the three after it.
PORTS_IN_A_STACK = 4
# The next one is Vite's, and only taken by `up --watch`.
WATCH_PORT = 4
HIGHEST_PORT = 65535

# The embedded engine refuses event sources that start with `aws.` from others, as AWS does.
EVENT_SOURCE = "emulated.mediaconvert"
ENGINES = ("embedded", "compose")
DEFAULT_PROJECT = "sstech-video"


class SettingsError(Exception):
    """A variable has a value that cannot be used; the message names it and says what fits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One stack: its ports and its state directory. Two stacks differ in both.

    `engine` is the one that `up` starts when nobody names another; `project_name` is docker compose's, "" unless set.
    """

    port_base: int
    state_dir: Path
    engine: str = ENGINES[0]
    project_name: str = ""

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Reads `environ` (default: `.env`, overridden by the process environment).

        Raises:
            SettingsError: a port that is no number or out of range, or an unknown engine.
        """
        values = _with_env_file() if environ is None else environ
        state_dir = Path(values.get("DEV_STATE_DIR") or DEFAULT_STATE_DIR).expanduser()
        return cls(
            port_base=_port_base(values.get("DEV_PORT_BASE") or str(DEFAULT_PORT_BASE)),
            state_dir=(ROOT / state_dir).resolve(),
            engine=_engine(values.get("DEV_ENGINE") or ENGINES[0]),
            project_name=values.get("COMPOSE_PROJECT_NAME") or "",
        )

    @property
    def site_url(self) -> str:
        return self._url(0)

    @property
    def engine_url(self) -> str:
        return self._url(1)

    @property
    def mediaconvert_url(self) -> str:
        return self._url(2)

    @property
    def cognito_url(self) -> str:
        return self._url(3)

    @property
    def watch_url(self) -> str:
        """Where Vite serves the site's sources while `up --watch` runs."""
        return self._url(WATCH_PORT)

    @property
    def compose_project(self) -> str:
        """Name of the compose project; a stack with ports of its own has a name of its own."""
        if self.project_name:
            return self.project_name
        return DEFAULT_PROJECT if self.port_base == DEFAULT_PORT_BASE else f"{DEFAULT_PROJECT}-{self.port_base}"

    @property
    def outputs_file(self) -> Path:
        return self.state_dir / "outputs.json"

    @property
    def cdn_deployment_file(self) -> Path:
        return self.state_dir / "cdn.json"

    def _url(self, offset: int) -> str:
        return f"http://{LOOPBACK}:{self.port_base + offset}"


def _with_env_file() -> dict[str, str]:
    from_file = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    return {**from_file, **os.environ}


def _port_base(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST_PORT - PORTS_IN_A_STACK + 1:
        raise SettingsError(
            f"DEV_PORT_BASE is '{text}', but must be a port number up to {HIGHEST_PORT - PORTS_IN_A_STACK + 1}."
        )
    return int(text)


def _engine(name: str) -> str:
    if name not in ENGINES:
        raise SettingsError(f"DEV_ENGINE is '{name}', but must be one of: {', '.join(ENGINES)}.")
    return name
