"""The commands of `scripts/dev.py`."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bootstrap.errors import BootstrapError
from devstack import benches
from devstack.owner import cloud
from devstack.settings import ENGINES, ROOT, Settings, SettingsError
from devstack.stack.compose import ComposeError
from devstack.stack.ports import PortTakenError
from devstack.stack.processes import ServiceFailedError

if TYPE_CHECKING:
    from devstack.contract.client import Inbox

# Errors whose message is meant for the person at the terminal.
EXPECTED = (
    BootstrapError,
    benches.BenchError,
    ComposeError,
    PortTakenError,
    ServiceFailedError,
    SettingsError,
)
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class NotRunningError(Exception):
    """The command needs a running stack."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        parser.error(f"unknown arguments: {' '.join(rest)}")
    errors = Console(stderr=True, soft_wrap=True)
    # A terminated command cleans up like an interrupted one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options.rest = rest
        return int(options.run(options, Settings.load()))
    except KeyboardInterrupt:
        errors.print("Interrupted.")
        return EXIT_INTERRUPTED
    except _expected() as error:
        errors.print(str(error), style="red", highlight=False, markup=False)
        return EXIT_FAILED


def _expected() -> tuple[type[Exception], ...]:
    from devstack.owner.maintenance import MaintenanceError
    from devstack.stack.snapshot import SnapshotError
    from devstack.stack.up import BusyError, OtherEngineError

    return (*EXPECTED, BusyError, MaintenanceError, NotRunningError, OtherEngineError, SnapshotError)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/dev.py",
        description="SStech Video on this machine: start it, drive a video through it, test it.",
        epilog="DEV_PORT_BASE (8080) and DEV_STATE_DIR (.local) move the stack; two of them run side by side.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = _command(commands, "up", run_up, "start the stack, deploy into it and print the site's address")
    up.add_argument("--engine", choices=ENGINES, help="AWS engine (default: DEV_ENGINE, else embedded, without Docker)")
    mode = up.add_mutually_exclusive_group()
    mode.add_argument("--detach", action="store_true", help="return once everything is healthy")
    mode.add_argument(
        "--watch",
        action="store_true",
        help="embedded: serve the site with live reload too; compose: bring changed stand-ins into their containers",
    )

    down = _command(commands, "down", run_down, "stop the stack; its data stays")
    down.add_argument("--volumes", action="store_true", help="forget the data too")

    demo = _command(commands, "demo", run_demo, "drive one video through the real flow and check what comes of it")
    demo.add_argument("file", nargs="?", type=Path, help="a video; without one a short clip is made")
    demo.add_argument("--show-credentials", action="store_true", help="print the demo account's password and secret")

    upload = _command(commands, "upload", run_upload, "send videos into your library and wait until they are ready")
    upload.add_argument("files", nargs="+", type=Path, metavar="FILE", help="videos; with --folder, folders too")
    upload.add_argument("--folder", action="store_true", help="send every video in and below the folders named")
    upload.add_argument("--demo", action="store_true", help="as a made-up person of this local stack")
    upload.add_argument(
        "--outputs", type=Path, metavar="FILE", help="outputs of a deployed stage (default: this stack)"
    )
    upload.add_argument("--parallel", type=_positive, metavar="N", help="requests in flight (default: 4)")
    upload.add_argument("--json", action="store_true", help="one JSON document on standard output, for scripts")
    upload.epilog = (
        "Whose library: asked for at the terminal, or told by SSTECH_EMAIL, SSTECH_PASSWORD and SSTECH_TOTP_SECRET."
        " Ctrl-C stops; the same command goes on. More: docs/terminal.md"
    )

    outputs = _command(commands, "outputs", run_outputs, "the running stack's addresses and names")
    outputs.add_argument("--json", action="store_true", help="for scripts")

    inbox = _command(commands, "inbox", run_inbox, 'e-mails that the local Cognito "sent"')
    inbox.add_argument("--json", action="store_true", help="for scripts")

    reconcile = _command(
        commands, "reconcile", run_reconcile, "finish the videos that no event will, now instead of in minutes"
    )
    reconcile.add_argument(
        "--quiet-after",
        type=_positive,
        metavar="SECONDS",
        help="look at videos that nothing has happened to for so long (default: 900)",
    )
    reconcile.add_argument("--video", metavar="ID", help="look at this video alone")
    _may_name_stage(reconcile)
    redrive = _command(
        commands, "redrive", run_redrive, "send the dead letters of uploads and job events on their way again"
    )
    _may_name_stage(redrive)

    test = _command(commands, "test", run_test, "static checks and tests; arguments after the suite go to pytest")
    test.add_argument(
        "suite",
        nargs="?",
        choices=["unit", "integration", "e2e", "compose", "faults", "aws", "all"],
        help="default: all that needs no Docker; aws is the contract against a deployed stage",
    )
    _may_name_stage(test)

    status = _command(commands, "status", run_status, "the dashboard's numbers, of this stack or of a deployed stage")
    _may_name_stage(status)
    status.add_argument("--json", action="store_true", help="for scripts")

    invite = _command(commands, "invite", run_invite, "make somebody's account: a first password comes by e-mail")
    invite.add_argument("email", metavar="EMAIL", help="the person's address")
    invite.add_argument("--again", action="store_true", help="send another first password")
    _may_name_stage(invite)

    reown = _command(commands, "reown", run_reown, "move the ready videos of one account id to another")
    reown.add_argument("old", metavar="OLD", help="account id (`sub`) that the videos belong to")
    reown.add_argument("new", metavar="NEW", help="account id (`sub`) that shall have them")
    _may_name_stage(reown)

    cloud.add_commands(lambda name, run, purpose: _command(commands, name, run, purpose))

    pictures = _command(
        commands, "screenshots", run_screenshots, "pictures of every screen: desktop, phone, light, dark"
    )
    pictures.add_argument("--folder", type=Path, default=Path("build/pictures"), help="default: build/pictures")
    pictures.add_argument("--look", metavar="NAME", help="one look alone, such as phone-dark")
    pictures.add_argument("--documentation", action="store_true", help="make those in docs/pictures again, too")

    bench = _command(commands, "bench", run_bench, "measure, side by side with the bare tool")
    bench.add_argument("name", nargs="?", choices=benches.NAMES, default="pipeline", help="default: pipeline")
    bench.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace, Settings], int], purpose: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=purpose.capitalize() + ".")
    parser.set_defaults(run=run)
    return parser


def run_up(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.stack.up import run_up

    return run_up(settings, Console(), engine=options.engine, detach=options.detach, watch=options.watch)


def run_down(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.stack.up import bring_down, exclusive

    console = Console()
    if not settings.state_dir.is_dir():
        console.print("Nothing is running.")
        return 0
    with exclusive(settings):
        stopped = bring_down(settings, console, keep=not options.volumes)
    if options.volumes:
        shutil.rmtree(settings.state_dir, ignore_errors=True)
    console.print("Stopped." if stopped else "Nothing was running.")
    return 0


def run_demo(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.inbox import read_inbox
    from devstack.demo import run_demo

    outputs = read_outputs(settings)
    return run_demo(
        outputs,
        lambda: read_inbox(outputs),
        options.file,
        Console(),
        show_credentials=options.show_credentials,
    )


def run_upload(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.inbox import read_inbox
    from devstack.upload.command import UploadRequest, run_upload

    outputs = read_outputs_file(options.outputs) if options.outputs else read_outputs(settings)
    request = UploadRequest(
        options.files,
        settings.state_dir / "uploads",
        folders=options.folder,
        demo=options.demo,
        as_json=options.json,
        parallel=options.parallel,
    )
    return run_upload(outputs, lambda: read_inbox(outputs), request, Console(stderr=options.json))


def run_outputs(options: argparse.Namespace, settings: Settings) -> int:
    outputs = read_outputs(settings)
    if options.json:
        print(json.dumps(outputs, indent=2))
        return 0
    from devstack.tables import outputs_table

    Console().print(outputs_table(outputs))
    return 0


def run_inbox(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.inbox import read_inbox

    messages = read_inbox(read_outputs(settings))
    if options.json:
        print(json.dumps(messages, indent=2, ensure_ascii=False))
        return 0
    from devstack.tables import inbox_table

    Console().print(inbox_table(messages) if messages else "No e-mails yet.")
    return 0


def run_reconcile(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.owner.maintenance import in_words, reconcile

    report = reconcile(_outputs_of(options, settings), options.quiet_after, options.video)
    console = Console()
    for name, number in report.items():
        console.print(f"{number:>6} {in_words(name)}", highlight=False)
    if not report:
        console.print("There was nothing to do.")
    return 0


def run_redrive(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.owner.maintenance import redrive

    done = redrive(_outputs_of(options, settings))
    Console().print(f"Sent again: {done.notifications} upload notifications, {done.job_events} job events.")
    return 0


def run_test(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.checks import run_tests

    if options.suite != "aws":
        return run_tests(options.suite, options.rest, Console())
    if not options.stage:
        raise SettingsError("Say which stage: python3 scripts/dev.py test aws --stage S [--region R]")
    path = cloud.write_deployed_outputs(options, settings)
    return run_tests("aws", options.rest, Console(), {"SSTECH_OUTPUTS": str(path)})


def run_screenshots(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.inbox import read_inbox
    from devstack.site.screenshots import take_screenshots

    outputs = read_outputs(settings)
    documentation = ROOT / "docs" / "pictures" if options.documentation else None
    return take_screenshots(
        outputs,
        lambda: read_inbox(outputs),
        options.folder,
        Console(),
        only=options.look,
        documentation=documentation,
    )


def run_bench(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.inbox import read_inbox

    def stack() -> tuple[dict[str, str], Inbox]:
        outputs = read_outputs(settings)
        return outputs, lambda: read_inbox(outputs)

    return benches.run_bench(options.name, benches.Setting(stack, Console(), as_json=options.json))


def run_status(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.status import read_status, status_table

    numbers = read_status(_outputs_of(options, settings))
    if options.json:
        print(json.dumps({f"{one.group}: {one.name}": one.value for one in numbers}, indent=2))
        return 0
    Console().print(status_table(numbers))
    return 0


def run_invite(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.aws_clients import user_pools
    from devstack.owner.inviting import invite

    outputs = _outputs_of(options, settings)
    invite(user_pools(outputs), outputs["UserPoolId"], options.email, again=options.again)
    Console().print(
        f"{options.email} gets a first password by e-mail. It is good for three days, at {outputs['SiteUrl']}",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def run_reown(options: argparse.Namespace, settings: Settings) -> int:
    from devstack.contract.aws_clients import s3
    from devstack.owner.reown import reown
    from devstack.stack.progress import steps

    outputs = _outputs_of(options, settings)
    console = Console()
    with steps(console) as say:
        result = reown(s3(outputs), outputs["MediaBucketName"], options.old, options.new, say)
    console.print(f"{len(result.moved)} videos moved.")
    if result.unfinished:
        console.print(f"Not ready, so not moved: {', '.join(result.unfinished)}. Wait for them, or delete them.")
    return 0


def _may_name_stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", help="a stage on AWS (default: the stack on this machine)")
    parser.add_argument("--region", help="its AWS region (default: that of the AWS profile)")


def _outputs_of(options: argparse.Namespace, settings: Settings) -> dict[str, str]:
    return cloud.deployed_outputs(options) if options.stage else read_outputs(settings)


def read_outputs(settings: Settings) -> dict[str, str]:
    """The running stack's outputs. Raises NotRunningError when there is none."""
    if not settings.outputs_file.exists():
        raise NotRunningError("The stack is not running. Start it: python3 scripts/dev.py up --detach")
    return read_outputs_file(settings.outputs_file)


def read_outputs_file(path: Path) -> dict[str, str]:
    """A stack's outputs from a file. Raises NotRunningError when it holds none."""
    try:
        outputs: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotRunningError(f"{path} cannot be read as outputs of a stack: {error}") from error
    return outputs


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
