"""Builds the site with Vite: the same files from the same sources, built once and found again.

The folder of the sources is only read: it may be another user's, or mounted read-only.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bootstrap.node import ROOT, Node, find_node, move_into_place
from bootstrap.npm_packages import install_packages

SOURCES = ROOT / "frontend"
# What npm's own files and people's tools leave in the folder, and what only the tests read.
NOT_SOURCES = frozenset({"node_modules", "dist", "test"})
VITE = Path("node_modules", "vite", "bin", "vite.js")


def build_site(build: Path, say: Callable[[str], None] = lambda _message: None, *, sources: Path = SOURCES) -> Path:
    """Folder below `build` with the site's files as the bucket gets them.

    Raises:
        SiteBuildError: Node or a package cannot be installed, or the sources do not build.
    """
    target = build / "site" / f"dist-{_digest(sources)}"
    if not target.is_dir():
        say("Building the site")
        modules = install_packages(build, sources, say)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            staged = _run_vite(find_node(build), sources, modules, Path(scratch))
            move_into_place(staged, target)
    return target


def _run_vite(node: Node, sources: Path, modules: Path, scratch: Path) -> Path:
    work = scratch / "work"
    for path in _files(sources):
        copy = work / path.relative_to(sources)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (work / "node_modules").symlink_to(os.path.relpath(modules / "node_modules", work), target_is_directory=True)
    node.run([str(node.node), str(VITE), "build"], work)
    return work / "dist"


def _digest(sources: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(sources):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sources).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _files(sources: Path) -> Iterator[Path]:
    for path in sorted(sources.rglob("*")):
        if path.is_file() and not NOT_SOURCES.intersection(path.relative_to(sources).parts):
            yield path
