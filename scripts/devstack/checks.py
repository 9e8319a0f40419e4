"""`dev.py test`: static checks, then the tests."""

import os
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console

from devstack.processes import installed_program
from devstack.settings import ROOT

SUITES = {
    "unit": ["tests/unit"],
    "integration": ["tests/integration"],
    "all": ["tests/unit", "tests/integration"],
}
# Workers of the parallel run; the engine and ffmpeg need the rest of a small machine.
WORKERS = 2


def run_tests(suite: str | None, pytest_arguments: Sequence[str], console: Console) -> int:
    """Runs the static checks (unless one suite is named) and pytest; returns the first failing exit code, else 0."""
    commands: list[tuple[str, list[str]]] = [] if suite in {"unit", "integration"} else static_checks()
    commands.append(("tests", pytest_command(SUITES[suite or "all"], pytest_arguments)))
    for name, command in commands:
        console.rule(name, align="left")
        # Colours and bars only where a person looks on.
        finished = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
        if finished.returncode != 0:
            console.print(f"[bold red]{name}: failed[/] (exit code {finished.returncode})")
            return finished.returncode
    return 0


def static_checks() -> list[tuple[str, list[str]]]:
    """Format, lint, types and template, each a name and a command."""
    python = [sys.executable, "-m"]
    return [
        ("format", [*python, "ruff", "format", "--check", "--quiet", "."]),
        ("lint", [*python, "ruff", "check", "--quiet", "."]),
        ("types", [*python, "mypy", "--no-error-summary"]),
        ("template", [installed_program("cfn-lint"), "bootstrap/template.yaml"]),
    ]


def pytest_command(folders: Sequence[str], arguments: Sequence[str]) -> list[str]:
    # With a file or test named by the caller, that is what runs.
    chosen = any(not argument.startswith("-") for argument in arguments)
    parallel = (
        [] if any(argument.startswith("-n") for argument in arguments) else ["-n", str(WORKERS), "--dist", "worksteal"]
    )
    return [sys.executable, "-m", "pytest", *parallel, *([] if chosen else folders), *arguments]
