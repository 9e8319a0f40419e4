#!/usr/bin/env python3
"""The one command: `python3 scripts/dev.py COMMAND`.

Needs Python 3.11 or newer and nothing else. On first use it makes `.venv` from a lock file with hashes; then it runs
the command in there. Standard library only, because nothing else is there yet.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MINIMUM_PYTHON = (3, 11)
# Folders that hold packages; a .pth file makes them importable without building or installing anything.
SOURCE_ROOTS = (
    ".",
    "scripts",
    "services/functions",
    "services/mediaconvert",
    "services/cognito",
    "services/cdn",
    "services/localstack",
)
BAR_WIDTH = 30


def main(arguments: list[str]) -> int:
    if sys.version_info < MINIMUM_PYTHON:
        print(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Try python3.11 scripts/dev.py")
        return 2
    # The tests' lock file holds everything that the other one does, and more.
    lock = "test" if arguments[:1] in (["test"], ["screenshots"]) else "run"
    try:
        ensure_environment(lock)
    except EnvironmentMakingError as failure:
        print(failure, file=sys.stderr)
        return 1
    return run_inside(arguments)


class EnvironmentMakingError(Exception):
    """The virtual environment cannot be made; the message says why and what to do."""


def ensure_environment(lock: str) -> None:
    """Makes `.venv` hold what `requirements/{lock}.lock` names; does nothing when it already does."""
    locks = {"run": ["run", "test"], "test": ["test"]}[lock]
    if environment_python().exists() and any(stamp_of(name).exists() for name in locks):
        return
    make_environment()
    install(ROOT / "requirements" / f"{lock}.lock")
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    stamp_of(lock).touch()


def stamp_of(lock: str) -> Path:
    content = (ROOT / "requirements" / f"{lock}.lock").read_bytes()
    return VENV / f".installed-{lock}-{hashlib.sha256(content).hexdigest()[:16]}"


def environment_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_environment() -> None:
    works = environment_python().exists() and (
        subprocess.run([environment_python(), "-m", "pip", "--version"], capture_output=True, check=False).returncode
        == 0
    )
    if not works:
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(VENV)
        except (OSError, subprocess.CalledProcessError) as error:
            raise EnvironmentMakingError(
                f"The virtual environment {VENV} cannot be made: {error}\n"
                "On Debian and Ubuntu install python3-venv; elsewhere install Python from python.org. Then try again."
            ) from error
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = VENV / ("Lib/site-packages" if os.name == "nt" else f"lib/{version}/site-packages")
    paths = "".join(f"{(ROOT / folder).resolve()}\n" for folder in SOURCE_ROOTS)
    (packages / "sstech_video.pth").write_text(paths, encoding="utf-8")


def install(lock: Path) -> None:
    """Installs `lock` with pip and draws a bar over its packages."""
    total = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    command = [str(environment_python()), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--require-hashes", "--requirement", str(lock)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    collected = 0
    print(f"Preparing (first run only): {total} packages", file=sys.stderr)
    for line in process.stdout or ():
        lines.append(line)
        collected += line.startswith(("Collecting", "Requirement already"))
        draw(collected, total)
    draw(total, total)
    finish_drawing()
    if process.wait() != 0:
        tail = "".join(line for line in lines if line.startswith("ERROR"))[-2000:]
        raise EnvironmentMakingError(
            f"The packages of {lock.name} cannot be installed:\n{tail}Check the network, then run the same command."
        )


def draw(done: int, total: int) -> None:
    if sys.stderr.isatty():
        filled = BAR_WIDTH * min(done, total) // total
        print(f"\r[{'#' * filled:<{BAR_WIDTH}}] {min(done, total)}/{total}", end="", file=sys.stderr)


def finish_drawing() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


def run_inside(arguments: list[str]) -> int:
    """Runs the command in the environment and returns its exit code."""
    command = [str(environment_python()), "-m", "devstack", *arguments]
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606  # the same program goes on, now with its libraries
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
