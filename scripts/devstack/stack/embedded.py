"""The stack on the embedded engine: four processes on this machine, no Docker."""

import contextlib
import json

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from bootstrap.local import (
    Addresses,
    LocalSetup,
    cdn_deployment,
    deploy_local,
    host_outputs,
    outputs_document,
    write_atomically,
)
from bootstrap.platform import Platform
from bootstrap.site_build import build_site
from devstack.contract import aws_clients
from devstack.settings import EVENT_SOURCE, ROOT, Settings
from devstack.site.site_watch import site_watch
from devstack.stack import rest, services
from devstack.stack.logs import follow
from devstack.stack.ports import require_free_ports
from devstack.stack.processes import ProcessTable, ServiceFailedError
from devstack.stack.progress import Say, steps
from devstack.stack.snapshot import Snapshots

BUILD = ROOT / "build"


def bring_up(settings: Settings, console: Console) -> dict[str, str]:
    """Makes the stack run and hold the current template, code and site; returns its outputs.

    Raises:
        PortTakenError, ServiceFailedError, BootstrapError: nothing is left running that was not running before.
    """
    table = ProcessTable(settings.state_dir)
    if table.all_healthy(services.SERVICE_NAMES):
        with steps(console) as say:
            return _finish(settings, _deploy(settings, say))
    # Whatever a crash left is in the way; an engine that outlived it still holds the videos.
    bring_down(settings, console)
    require_free_ports(settings)
    try:
        with steps(console) as say:
            return _start(settings, table, say)
    except BaseException:
        table.stop_all()
        raise


def bring_down(settings: Settings, console: Console, *, keep: bool = True) -> int:
    """Stops the stack; with `keep` its videos are saved first. Returns how many services were running.

    Raises:
        ServiceFailedError, SnapshotError: the engine's videos cannot be saved, so it runs on.
    """
    table = ProcessTable(settings.state_dir)
    alive = {running.name: running.pid for running in table.running() if running.process() is not None}
    # Without outputs it never was whole, or not yet again: the former snapshot is what counts.
    if keep and "engine" in alive and settings.outputs_file.exists():
        outputs: dict[str, str] = json.loads(settings.outputs_file.read_text(encoding="utf-8"))
        with steps(console) as say:
            if not table.is_healthy("engine"):
                raise ServiceFailedError(
                    "The engine does not answer, so its videos cannot be saved. Try again in a while. To go on without "
                    f"those that came since the last start, end its process yourself: kill {alive['engine']}"
                )
            is_whole = _save(settings, table, outputs, say)
        if not is_whole:
            console.print("Videos kept changing while they were saved: each was kept as it was seen last.")
    table.stop_all()
    settings.outputs_file.unlink(missing_ok=True)
    return len(alive)


def _save(settings: Settings, table: ProcessTable, outputs: aws_clients.Outputs, say: Say) -> bool:
    """From the entrance to the exit, so that nothing new comes while what is under way ends."""
    say("Waiting for what is under way")
    table.stop("cdn")
    try:
        rest.hold_queues(aws_clients.functions(outputs), aws_clients.sqs(outputs))
    except (BotoCoreError, ClientError) as error:
        raise ServiceFailedError(
            f"The engine could not be asked to rest: {error}. Run the same command again."
        ) from error
    table.stop("mediaconvert")
    say("Saving the videos")
    return Snapshots(settings.state_dir, aws_clients.s3(outputs)).save()


def is_running(settings: Settings) -> bool:
    """Whether any service of this stack is alive."""
    return any(running.process() is not None for running in ProcessTable(settings.state_dir).running())


def show_logs(settings: Settings, console: Console, *, watch: bool = False) -> None:
    """Shows the services' logs until interrupted; with `watch` Vite serves the site's sources beside, reloading pages.

    Raises:
        ServiceFailedError: a service ended by itself.
        SiteBuildError: what Vite needs cannot be installed.
    """
    table = ProcessTable(settings.state_dir)
    with site_watch(settings, BUILD, console) if watch else contextlib.nullcontext():
        ended = follow(table, console)
    raise ServiceFailedError(f"{ended} ended by itself; its log is {table.log_file(ended)}.")


def _start(settings: Settings, table: ProcessTable, say: Say) -> dict[str, str]:
    say("Starting the engine and the stand-ins")
    engine, cognito = (table.start(service(settings)) for service in (services.engine, services.cognito))
    table.wait_until_healthy(engine)
    platform = _deploy(settings, say)
    # Before anybody looks for them: the queues are held, and unfinished jobs begin when MediaConvert does.
    Snapshots(settings.state_dir, aws_clients.s3(host_outputs(_setup(settings), platform))).restore(say)
    say("Starting the CDN")
    others = [table.start(service(settings)) for service in (services.mediaconvert, services.cdn)]
    for running in (cognito, *others):
        table.wait_until_healthy(running)
    return _finish(settings, platform)


def _setup(settings: Settings) -> LocalSetup:
    addresses = Addresses(settings.site_url, settings.engine_url, settings.mediaconvert_url, settings.cognito_url)
    return LocalSetup(addresses, addresses, EVENT_SOURCE, updates_stacks=True, more_origins=(settings.watch_url,))


def _deploy(settings: Settings, say: Say) -> Platform:
    setup = _setup(settings)
    platform = deploy_local(setup, build_site(BUILD, say), BUILD, say)
    write_atomically(settings.cdn_deployment_file, cdn_deployment(setup, platform))
    return platform


def _finish(settings: Settings, platform: Platform) -> dict[str, str]:
    outputs = host_outputs(_setup(settings), platform)
    rest.release_queues(aws_clients.functions(outputs))
    write_atomically(settings.outputs_file, outputs_document(outputs))
    return outputs
