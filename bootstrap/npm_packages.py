"""npm packages exactly as a lock file names them, installed once below the build folder."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bootstrap.node import Node, find_node, move_into_place

PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")


def install_packages(build: Path, sources: Path, say: Callable[[str], None] = lambda _message: None) -> Path:
    """Folder below `build` with the `node_modules` that the lock file in `sources` names. Raises SiteBuildError."""
    lock = b"".join((sources / name).read_bytes() for name in PACKAGE_FILES)
    target = build / "npm" / f"{sys.platform}-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not target.is_dir():
        say("Installing npm packages")
        node = find_node(build)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            staged = Path(scratch) / "packages"
            staged.mkdir()
            install_into(staged, node, sources)
            move_into_place(staged, target)
    return target


def install_into(folder: Path, node: Node, sources: Path) -> None:
    """Makes `folder`/node_modules hold exactly what the lock file in `sources` names. Raises SiteBuildError."""
    if folder != sources:
        for name in PACKAGE_FILES:
            shutil.copy(sources / name, folder / name)
    node.run([*node.npm, "ci", "--ignore-scripts"], folder)
