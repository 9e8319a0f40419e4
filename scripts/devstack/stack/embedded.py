"""The stack on the embedded engine: four processes on this machine, no Docker."""

import contextlib

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
from devstack.settings import EVENT_SOURCE, ROOT, Settings
from devstack.site.site_watch import site_watch
from devstack.stack import services
from devstack.stack.logs import follow
from devstack.stack.ports import require_free_ports
from devstack.stack.processes import ProcessTable, ServiceFailedError
from devstack.stack.progress import Say, steps
from devstack.stack.snapshot import restore_objects, save_objects

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
    # Whatever a crash left is in the way.
    table.stop_all()
    require_free_ports(settings)
    try:
        with steps(console) as say:
            return _start(settings, table, say)
    except BaseException:
        table.stop_all()
        raise


def bring_down(settings: Settings, console: Console, *, keep: bool = True) -> int:
    """Stops the stack; with `keep` its videos are saved first. Returns how many services were running."""
    table = ProcessTable(settings.state_dir)
    if keep and table.all_healthy(services.SERVICE_NAMES):
        with steps(console) as say:
            say("Saving the videos")
            save_objects(settings)
    stopped = table.stop_all()
    settings.outputs_file.unlink(missing_ok=True)
    return stopped


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
    first = [services.engine(settings), services.mediaconvert(settings), services.cognito(settings)]
    started = [table.start(service) for service in first]
    engine, *stand_ins = started
    table.wait_until_healthy(engine)
    platform = _deploy(settings, say)
    say("Starting the CDN")
    cdn = table.start(services.cdn(settings))
    for running in [*stand_ins, cdn]:
        table.wait_until_healthy(running)
    restore_objects(settings, say)
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
    write_atomically(settings.outputs_file, outputs_document(outputs))
    return outputs
