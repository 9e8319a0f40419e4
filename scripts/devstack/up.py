"""`dev.py up`: starts what is missing, deploys into it, and says where the site is."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bootstrap.platform import Deployment, Engine, Platform, deploy_platform
from devstack import services
from devstack.logs import follow
from devstack.ports import require_free_ports
from devstack.processes import ProcessTable, ServiceFailedError
from devstack.settings import ACCESS_KEY_ID, EVENT_SOURCE, REGION, ROOT, SECRET_ACCESS_KEY, Settings
from devstack.snapshot import restore_objects, save_objects

LOCK_SECONDS = 120.0
STAGE = "local"
BUILD = ROOT / "build"
SITE = ROOT / "frontend"


class BusyError(Exception):
    """Another `up` or `down` works on the same state directory."""


def run_up(settings: Settings, console: Console, *, detach: bool) -> int:
    """Starts the stack; attached, it then shows the logs until Ctrl-C stops everything. Returns the exit code."""
    with exclusive(settings):
        outputs = bring_up(settings, console)
    console.print(f"[bold green]SStech Video is ready:[/] {outputs['SiteUrl']}")
    if detach:
        return 0
    return _attend(settings, console)


def bring_up(settings: Settings, console: Console) -> dict[str, str]:
    """Makes the stack run and hold the current template, code and site; returns its outputs.

    Raises:
        PortTakenError, ServiceFailedError, BootstrapError: nothing is left running that was not running before.
    """
    table = ProcessTable(settings.state_dir)
    if table.all_healthy(services.SERVICE_NAMES):
        with _steps(console) as say:
            return _finish(settings, _deploy(settings, say))
    # Whatever a crash left is in the way.
    table.stop_all()
    require_free_ports(settings)
    try:
        with _steps(console) as say:
            return _start(settings, table, say)
    except BaseException:
        table.stop_all()
        raise


def bring_down(settings: Settings, console: Console, *, keep: bool = True) -> int:
    """Stops the stack; with `keep` its videos are saved first. Returns how many services were running."""
    table = ProcessTable(settings.state_dir)
    if keep and table.all_healthy(services.SERVICE_NAMES):
        with _steps(console) as say:
            say("Saving the videos")
            save_objects(settings)
    stopped = table.stop_all()
    settings.outputs_file.unlink(missing_ok=True)
    return stopped


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


def _start(settings: Settings, table: ProcessTable, say: "Say") -> dict[str, str]:
    say("Starting the engine and the stand-ins")
    first = [services.engine(settings), services.mediaconvert(settings), services.cognito(settings)]
    started = [table.start(service) for service in first]
    engine, *stand_ins = started
    table.wait_until_healthy(engine)
    platform = _deploy(settings, say)
    say("Starting the CDN")
    key = platform.signing_key
    cdn = table.start(services.cdn(settings, platform.outputs, {key.key_id: key.pem}))
    for running in [*stand_ins, cdn]:
        table.wait_until_healthy(running)
    restore_objects(settings, say)
    return _finish(settings, platform)


def _deploy(settings: Settings, say: "Say") -> Platform:
    engine = Engine(REGION, settings.engine_url, ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    by_name = settings.site_url.replace("127.0.0.1", "localhost")
    parameters = {
        "Delivery": "stand-in",
        "SiteUrl": settings.site_url,
        "UploadOrigins": f"{settings.site_url},{by_name}",
        "TlsOnly": "false",
        "SignUp": "open",
        "CognitoEndpointUrl": settings.cognito_url,
        "MediaConvertEndpointUrl": settings.mediaconvert_url,
        "MediaConvertEventSource": EVENT_SOURCE,
    }
    return deploy_platform(engine, Deployment(STAGE, SITE, BUILD, parameters), say)


def _finish(settings: Settings, platform: Platform) -> dict[str, str]:
    stack = dict(platform.outputs)
    api_id = stack.pop("ApiId")
    outputs = {
        **stack,
        "ApiUrl": f"{settings.engine_url}/_aws/execute-api/{api_id}/api",
        "CognitoEndpointUrl": settings.cognito_url,
        "AwsEndpointUrl": settings.engine_url,
        "MediaConvertEndpointUrl": settings.mediaconvert_url,
        "AccessKeyId": ACCESS_KEY_ID,
        "SecretAccessKey": SECRET_ACCESS_KEY,
    }
    write_atomically(settings.outputs_file, json.dumps(outputs, indent=2) + "\n")
    return outputs


def write_atomically(path: Path, text: str) -> None:
    """Nobody ever reads half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _attend(settings: Settings, console: Console) -> int:
    table = ProcessTable(settings.state_dir)
    try:
        ended = follow(table, console)
    except KeyboardInterrupt:
        ended = None
    console.print("Stopping.")
    with exclusive(settings):
        bring_down(settings, console)
    if ended is None:
        return 0
    raise ServiceFailedError(f"{ended} ended by itself; its log is {table.log_file(ended)}.")


class Say:
    """Shows the step at work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, message: str) -> None:
        self._progress.update(self._task, description=message)


@contextlib.contextmanager
def _steps(console: Console) -> Iterator[Say]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Say(progress)
