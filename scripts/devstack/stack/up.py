"""`dev.py up` and `down`, whichever engine runs the stack."""

import contextlib
from collections.abc import Iterator

from filelock import FileLock, Timeout
from rich.console import Console

from devstack.settings import Settings
from devstack.stack import compose, embedded

LOCK_SECONDS = 120.0


class BusyError(Exception):
    """Another `up` or `down` works on the same state directory."""


class OtherEngineError(Exception):
    """The other engine is meant: it runs in this state directory, or only it can do this."""


def run_up(settings: Settings, console: Console, *, engine: str | None, detach: bool, watch: bool = False) -> int:
    """Starts the stack; attached, it then shows the logs until Ctrl-C stops everything. Returns the exit code.

    Without a named `engine`, the one that runs in the state directory already, else the settings' one.
    """
    with exclusive(settings):
        chosen = _choose(settings, engine)
        outputs = compose.bring_up(settings) if chosen == "compose" else embedded.bring_up(settings, console)
    console.print(f"[bold green]SStech Video is ready:[/] {outputs['SiteUrl']}")
    if detach:
        return 0
    return _attend(settings, console, chosen, watch)


def bring_down(settings: Settings, console: Console, *, keep: bool = True) -> bool:
    """Stops whatever runs in the state directory; returns whether anything did.

    A stack on compose may have been taken down by Docker's own command, and the other engine started after it: so both
    are looked at.
    """
    stopped = embedded.bring_down(settings, console, keep=keep) > 0
    return (compose.is_used(settings) and compose.bring_down(settings, keep=keep)) or stopped


@contextlib.contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """One command at a time per state directory. Raises BusyError when another keeps it for long."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.state_dir / "lock", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise BusyError(
            f"Another dev.py command is working in {settings.state_dir}. Wait for it, or use another DEV_STATE_DIR."
        ) from error


def _choose(settings: Settings, named: str | None) -> str:
    running = "compose" if compose.is_running(settings) else "embedded" if embedded.is_running(settings) else None
    if named and running and named != running:
        raise OtherEngineError(
            f"The stack in {settings.state_dir} runs on the {running} engine. Stop it first: "
            "python3 scripts/dev.py down"
        )
    return named or running or settings.engine


def _attend(settings: Settings, console: Console, engine: str, watch: bool) -> int:
    try:
        if engine == "compose":
            compose.show_logs(settings, watch=watch)
        else:
            embedded.show_logs(settings, console, watch=watch)
    except KeyboardInterrupt:
        return 0
    finally:
        console.print("Stopping.")
        with exclusive(settings):
            bring_down(settings, console)
    return 0
