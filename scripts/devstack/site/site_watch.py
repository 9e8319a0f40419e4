"""The site's sources with live reload, in front of a running stack: Vite's own development server."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from bootstrap.node import find_node
from bootstrap.npm_packages import PACKAGE_FILES, install_into
from bootstrap.site_build import SOURCES, VITE
from devstack.settings import LOOPBACK, WATCH_PORT, Settings

STOP_SECONDS = 60


@contextlib.contextmanager
def site_watch(settings: Settings, build: Path, console: Console) -> Iterator[None]:
    """Serves the sources for as long as the context lasts. Raises SiteBuildError when Vite cannot be installed."""
    node = find_node(build)
    if _is_outdated():
        console.print("Installing what serves the site")
        install_into(SOURCES, node, SOURCES)
    port = str(settings.port_base + WATCH_PORT)
    server = subprocess.Popen(
        [str(node.node), str(VITE), "--host", LOOPBACK, "--port", port],
        cwd=SOURCES,
        env={**node.environment(), "SSTECH_SITE_URL": settings.site_url},
        stdin=subprocess.DEVNULL,
    )
    console.print(f"[bold green]The site with live reload:[/] {settings.watch_url}")
    try:
        yield
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


def _is_outdated() -> bool:
    """Whether the lock file is newer than what npm last installed beside the sources."""
    installed = SOURCES / "node_modules" / ".package-lock.json"
    if not installed.exists():
        return True
    return any((SOURCES / name).stat().st_mtime > installed.stat().st_mtime for name in PACKAGE_FILES)
