"""`dev.py bench NAME`: one module per benchmark, each measured side by side with the bare tool in one run."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from devstack.contract.client import Inbox


class BenchError(Exception):
    """A measurement could not be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a benchmark gets: the running stack (asked for when needed), and where to print.

    `stack()` answers its outputs and its inbox, and raises NotRunningError when there is none.
    """

    stack: Callable[[], tuple[Mapping[str, str], Inbox]]
    console: Console
    as_json: bool


# Each is a module of this package with a function `run(setting) -> exit code`.
NAMES = ("pipeline", "convert", "engines", "upload", "library", "signin")


def run_bench(name: str, setting: Setting) -> int:
    """Runs the benchmark `name` (one of NAMES) and returns its exit code. Raises BenchError."""
    run: Callable[[Setting], int] = importlib.import_module(f"devstack.benches.{name}").run
    return run(setting)
