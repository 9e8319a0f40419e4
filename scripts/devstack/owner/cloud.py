"""The commands that work on a stage in an AWS account: deploy, destroy, rotate-keys."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.prompt import Confirm, Prompt
from rich.table import Table

from bootstrap.account import open_account
from bootstrap.advice import with_advice
from bootstrap.changes import Change
from bootstrap.cloud import Order, Stage, Teller, contract_outputs, deploy_functions, deploy_site, deploy_stage
from bootstrap.edge import deploy_edge, has_edge, let_go
from bootstrap.errors import BootstrapError
from bootstrap.local import outputs_document, write_atomically
from bootstrap.removal import destroy_stage
from bootstrap.rotation import rotate_keys
from bootstrap.site_build import build_site
from bootstrap.stack import Audience, Pace, ResourceEvent
from devstack.settings import ROOT, Settings
from devstack.tables import outputs_table

BUILD = ROOT / "build"
PRODUCTION = "prod"
ACTION_STYLE = {"Add": "green", "Modify": "yellow", "Remove": "red", "Import": "cyan"}
REPLACEMENT_WORDS = {"yes": "made anew", "perhaps": "perhaps made anew", "no": ""}
ROTATED = {
    "signs": "Cookies of {stage} are signed with another key.",
    "stands by": "A new key stands by in {stage}. In an hour every edge knows it: rotate again then to sign with it.",
    "finished": "The rotation of {stage} that was interrupted is finished. Nothing else was done.",
}


class NotConfirmedError(BootstrapError):
    """The person did not confirm."""


def add_commands(
    add: Callable[[str, Callable[[argparse.Namespace, Settings], int], str], argparse.ArgumentParser],
) -> None:
    """Adds the commands to `dev.py`; `add` takes a name, what runs it and what it is for."""
    deploy = add("deploy", run_deploy, "deploy a stage to AWS, after showing what will change")
    _name_stage(deploy)
    deploy.add_argument("--only", choices=("functions", "site"), help="bring new functions, or a new site, alone")
    deploy.add_argument("--yes", action="store_true", help="do not ask (for CI)")
    deploy.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_assignment,
        help="a parameter of bootstrap/template.yaml; it stays until it is set again",
    )
    deploy.add_argument(
        "--edge",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_assignment,
        help="a parameter of bootstrap/edge.yaml (own domain, web ACL); makes or changes the edge stack in us-east-1",
    )
    destroy = add("destroy", run_destroy, "remove a stage from AWS; accounts and videos stay")
    _name_stage(destroy)
    destroy.add_argument("--yes", action="store_true", help="do not ask; for production say --really prod too")
    destroy.add_argument("--really", default="", metavar="STAGE", help="the production stage's name, once more")
    rotate = add("rotate-keys", run_rotate_keys, "sign cookies with another key; nobody's video stops")
    _name_stage(rotate)
    rotate.add_argument(
        "--at-once",
        action="store_true",
        help="distrust the former key too, because it has leaked; videos stop, and may fail for some minutes",
    )


def run_deploy(options: argparse.Namespace, settings: Settings) -> int:
    console = Console()
    with _aws_errors_told():
        stage = open_stage(options)
        console.print(f"Stage [bold]{stage.name}[/] in {stage.account.region}, account {stage.account.account_id}")
        with Watch(console, is_asked=not options.yes) as watch:
            _deploy(stage, options, watch)
        outputs = contract_outputs(stage)
    _write_outputs(settings, stage, outputs)
    console.print(outputs_table(outputs))
    console.print(f"[bold green]SStech Video is ready:[/] {outputs['SiteUrl']}")
    return 0


def _deploy(stage: Stage, options: argparse.Namespace, watch: Watch) -> None:
    if options.only == "functions":
        deploy_functions(stage, BUILD, watch.teller)
        return
    site = build_site(BUILD, watch.say)
    if options.only == "site":
        deploy_site(stage, site, watch.teller)
    else:
        _deploy_whole(stage, site, options, watch)


def _deploy_whole(stage: Stage, site: Path, options: argparse.Namespace, watch: Watch) -> None:
    """The edge stack comes first, for its certificate, and once more, for the alarms of the new distribution."""
    with_edge = bool(options.edge) or has_edge(stage)
    let_go(stage, dict(options.edge), watch.teller)
    from_edge = deploy_edge(stage, dict(options.edge), watch.teller) if with_edge else {}
    deploy_stage(stage, Order(stage.name, site, BUILD, {**from_edge, **dict(options.set)}), watch.teller)
    if with_edge:
        deploy_edge(stage, {}, watch.teller)


def run_destroy(options: argparse.Namespace, settings: Settings) -> int:
    console = Console()
    with _aws_errors_told():
        stage = open_stage(options)
        confirm_destruction(stage, options, console)
        with Watch(console, is_asked=False) as watch:
            kept = destroy_stage(stage, watch.teller)
    stage_outputs_file(settings, stage).unlink(missing_ok=True)
    console.print(f"The stage {stage.name} is gone.")
    for what, name in kept.items():
        console.print(f"Kept: {what} in {name}. Deploying {stage.name} again takes them over.")
    return 0


def run_rotate_keys(options: argparse.Namespace, _settings: Settings) -> int:
    console = Console()
    with _aws_errors_told():
        stage = open_stage(options)
        with Watch(console, is_asked=False) as watch:
            outcome = rotate_keys(stage, watch.teller, at_once=options.at_once)
    console.print(ROTATED[outcome].format(stage=stage.name))
    return 0


def deployed_outputs(options: argparse.Namespace) -> dict[str, str]:
    """Outputs of the stage that the options name. Raises BootstrapError."""
    with _aws_errors_told():
        return contract_outputs(open_stage(options))


def write_deployed_outputs(options: argparse.Namespace, settings: Settings) -> Path:
    """Writes the stage's outputs down on this machine and returns the file. Raises BootstrapError."""
    with _aws_errors_told():
        stage = open_stage(options)
        return _write_outputs(settings, stage, contract_outputs(stage))


def _write_outputs(settings: Settings, stage: Stage, outputs: dict[str, str]) -> Path:
    path = stage_outputs_file(settings, stage)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, outputs_document(outputs))
    return path


def confirm_destruction(stage: Stage, options: argparse.Namespace, console: Console) -> None:
    """Once for any stage, and by name a second time for production. Raises NotConfirmedError."""
    is_production = stage.name == PRODUCTION
    if options.yes:
        if is_production and options.really != PRODUCTION:
            raise NotConfirmedError(f"This is production: add --really {PRODUCTION}.")
        return
    question = f"Remove stage {stage.name} of account {stage.account.account_id} in {stage.account.region}?"
    if not Confirm.ask(question, default=False, console=console):
        raise NotConfirmedError("Nothing was removed.")
    if is_production:
        name = Prompt.ask("This is production. Type the stage's name to go on", console=console)
        if name != stage.name:
            raise NotConfirmedError("Nothing was removed.")


def open_stage(options: argparse.Namespace) -> Stage:
    """The stage that the options name, in the account of the environment's credentials. Raises BootstrapError."""
    account = open_account(options.region)
    # An engine on this machine answers at once; AWS wants to be asked less often.
    pace: Pace = "slow" if account.cloudformation.meta.endpoint_url.endswith(".amazonaws.com") else "steady"
    return Stage.of(account, options.stage, pace=pace)


def stage_outputs_file(settings: Settings, stage: Stage) -> Path:
    """Where a deployed stage's outputs are kept on this machine."""
    return settings.state_dir / "aws" / f"{stage.name}-{stage.account.region}.json"


@dataclass
class Watch:
    """Shows the step at work and a bar of the stack's resources, and asks before changes are made."""

    console: Console
    is_asked: bool
    _done: set[str] = field(default_factory=set)

    def __enter__(self) -> Watch:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=self.console, transient=True)
        self._task = self._progress.add_task("", total=None)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def teller(self) -> Teller:
        return Teller(Audience(self.approve, self.follow), self.say, self.warn)

    def say(self, message: str) -> None:
        self._progress.update(self._task, description=message)

    def warn(self, message: str) -> None:
        self.console.print(message, style="yellow")

    def approve(self, changes: Sequence[Change]) -> bool:
        self._done.clear()
        self._progress.update(self._task, total=len(changes), completed=0)
        self._progress.stop()
        self.console.print(changes_table(changes))
        is_approved = not self.is_asked or Confirm.ask("Make these changes?", default=False, console=self.console)
        self._progress.start()
        return is_approved

    def follow(self, event: ResourceEvent) -> None:
        if event.status.endswith("_COMPLETE") and event.resource_type != "AWS::CloudFormation::Stack":
            self._done.add(event.logical_id)
        if event.status.endswith("_FAILED"):
            self.console.print(f"{event.logical_id}: {event.reason}", style="red", markup=False, highlight=False)
        self._progress.update(self._task, completed=len(self._done))


def changes_table(changes: Sequence[Change]) -> Table:
    """What will happen to which resource, the dangerous first."""
    table = Table("action", "resource", "type", "what differs", title="What will change", title_justify="left")
    order = {"Remove": 0, "Modify": 1, "Import": 2, "Add": 3}
    for change in sorted(changes, key=lambda one: (order.get(one.action, 0), one.logical_id)):
        words = [*change.details, REPLACEMENT_WORDS[change.replacement]]
        table.add_row(
            f"[{ACTION_STYLE.get(change.action, 'magenta')}]{change.action}[/]",
            change.logical_id,
            change.resource_type,
            ", ".join(word for word in words if word),
        )
    return table


def _name_stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", required=True, help="prod, or a name of your own for another one beside it")
    parser.add_argument("--region", help="AWS region (default: that of the AWS profile)")


def _assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


@contextlib.contextmanager
def _aws_errors_told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        message = f"{error.operation_name}: {error.response['Error'].get('Message', error)}"
        raise BootstrapError(with_advice(f"AWS refused {message}")) from error
    except BotoCoreError as error:
        raise BootstrapError(f"AWS cannot be reached: {error}") from error
