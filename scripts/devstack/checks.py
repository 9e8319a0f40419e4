"""`dev.py test`: static checks, then the tests."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from bootstrap.node import find_node
from devstack.settings import ROOT
from devstack.stack.processes import installed_program

# Workers of the parallel run; the engine and ffmpeg need the rest of a small machine.
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Suite:
    """Folders of tests, whether the static checks come first, and the environment the tests want.

    `alone` are folders whose tests come before the others and one at a time: they stop and start whole stacks.
    """

    folders: tuple[str, ...]
    alone: tuple[str, ...] = ()
    static: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


# Black-box tests of the contract: they need nothing of the stack but its outputs, so they run against AWS too. The rest
# looks into local stand-ins, or stops and starts them.
CONTRACT_TESTS = tuple(
    f"tests/integration/test_{name}.py"
    for name in (
        "authorization",
        "deletion",
        "formats",
        "library",
        "multipart",
        "playback",
        "unconvertible",
        "upload_url",
    )
)

SUITES = {
    "aws": Suite(CONTRACT_TESTS),
    "unit": Suite(("tests/unit", "tests/permissions")),
    "integration": Suite(("tests/integration", "tests/attacks")),
    "compose": Suite(
        ("tests/integration",),
        alone=("tests/compose", "services/localstack/acceptance"),
        environment={"SSTECH_ENGINE": "compose"},
    ),
    # Faults need the machine to themselves, and some minutes.
    "faults": Suite((), alone=("tests/faults",)),
    "e2e": Suite(("tests/e2e",)),
    "all": Suite(("tests/unit", "tests/permissions", "tests/integration", "tests/attacks", "tests/e2e"), static=True),
}


def run_tests(
    suite_name: str | None,
    pytest_arguments: Sequence[str],
    console: Console,
    extra_environment: Mapping[str, str] | None = None,
) -> int:
    """Runs the suite (None: everything that needs no Docker); returns the first failing exit code, else 0."""
    suite = SUITES[suite_name or "all"]
    commands = [*static_checks()] if suite.static else []
    if not _names_tests(pytest_arguments):
        commands += [(folder, pytest_command((folder,), ["-n0", *pytest_arguments])) for folder in suite.alone]
    if suite.folders or _names_tests(pytest_arguments):
        commands.append(("tests", pytest_command(suite.folders, pytest_arguments)))
    environment = {**os.environ, **suite.environment, **(extra_environment or {}), "PYTHONDONTWRITEBYTECODE": "1"}
    for name, command in commands:
        console.rule(name, align="left")
        finished = subprocess.run(command, cwd=ROOT, env=environment, check=False)
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
        ("template", [installed_program("cfn-lint"), "bootstrap/template.yaml", "bootstrap/edge.yaml"]),
        ("the site's own tests", site_tests()),
    ]


def site_tests() -> list[str]:
    """Node's own test runner on the pure parts of the site. Raises SiteBuildError when there is no Node to be had."""
    node = find_node(ROOT / "build")
    files = sorted(str(path) for path in (ROOT / "frontend" / "test").glob("*.test.js"))
    return [str(node.node), "--test", "--test-reporter=dot", *files]


def pytest_command(folders: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """The pytest call: in parallel unless told otherwise, on the suite's folders unless a file or test is named."""
    is_parallel = any(argument.startswith("-n") for argument in arguments)
    workers = [] if is_parallel else ["-n", str(WORKERS), "--dist", "worksteal"]
    return [sys.executable, "-m", "pytest", *workers, *([] if _names_tests(arguments) else folders), *arguments]


def _names_tests(arguments: Sequence[str]) -> bool:
    """Whether a file or a single test is among pytest's arguments."""
    return any((ROOT / argument.partition("::")[0]).exists() for argument in arguments if argument[:1] != "-")
