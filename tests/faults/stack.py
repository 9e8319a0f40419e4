"""A stack of this suite's own, whose parts can be killed, started again and told to do without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psutil
from integration.shared_stack import ROOT, free_ports, read_outputs

from devstack.settings import Settings
from devstack.stack.processes import ProcessTable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient

RECONCILER = "video-streaming-reconciler"
COMPLETE_RULE = "conversion-complete"
COMMAND_SECONDS = 300


class StackError(Exception):
    """`dev.py` did not do what it was asked."""


@dataclass(frozen=True)
class FaultyStack:
    settings: Settings

    @classmethod
    def start(cls, folder: Path) -> FaultyStack:
        stack = cls(Settings(free_ports(), folder / "state"))
        stack.dev("up", "--detach", "--engine", "embedded")
        return stack

    @property
    def outputs(self) -> Mapping[str, str]:
        return read_outputs(self.settings.outputs_file)

    def dev(self, *command: str) -> subprocess.CompletedProcess[str]:
        done = self.run_dev(*command)
        if done.returncode != 0:
            raise StackError(f"dev.py {' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def run_dev(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*command),
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )

    def command(self, *command: str) -> list[str]:
        # Not dev.py itself, which would look into the environment first: a kill must hit the command.
        return [sys.executable, "-m", "devstack", *command]

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DEV_STATE_DIR": str(self.settings.state_dir),
            "DEV_PORT_BASE": str(self.settings.port_base),
        }

    def kill(self, name: str) -> None:
        """SIGKILL to one service, as a crash or the kernel's out-of-memory killer would."""
        process = self.process(name)
        process.kill()
        process.wait()

    def process(self, name: str) -> psutil.Process:
        """The live process of one service."""
        for running in ProcessTable(self.settings.state_dir).running():
            process = running.process()
            if running.name == name and process is not None:
                return process
        raise StackError(f"{name} does not run.")

    def start_mediaconvert(self, wrapper: Sequence[str] = (), **environment: str) -> None:
        """Starts it again, behind the words of `wrapper`."""
        changes = json.dumps({"wrapper": list(wrapper), "environment": environment})
        settings = self.settings
        command = ["-m", "faults.starter", str(settings.port_base), str(settings.state_dir), changes]
        done = subprocess.run(
            [sys.executable, *command],
            env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        if done.returncode != 0:
            raise StackError(f"MediaConvert's stand-in did not start: {done.stderr}")

    def restart_everything(self) -> None:
        """As a person does: what was there is saved and comes back."""
        self.dev("down")
        self.dev("up", "--detach", "--engine", "embedded")

    def reconcile(self, quiet: int = 0, **patience: int) -> dict[str, int]:
        """One round of the reconciler, now, with `quiet` seconds of patience; returns what it did."""
        functions: LambdaClient = boto3.client("lambda", **self._arguments())
        try:
            answer = functions.invoke(
                FunctionName=RECONCILER, Payload=json.dumps({"quietAfterSeconds": quiet, **patience}).encode()
            )
            report: dict[str, int] = json.loads(answer["Payload"].read())
        finally:
            functions.close()
        if answer.get("FunctionError"):
            raise StackError(f"The reconciler failed: {report}")
        return report

    @contextmanager
    def without_job_events(self) -> Iterator[None]:
        """EventBridge loses every event of MediaConvert while the block runs."""
        events: EventBridgeClient = boto3.client("events", **self._arguments())
        try:
            rule = next(rule["Name"] for rule in events.list_rules()["Rules"] if COMPLETE_RULE in rule["Name"])
            events.disable_rule(Name=rule)
            try:
                yield
            finally:
                events.enable_rule(Name=rule)
        finally:
            events.close()

    def put_events(self, entries: Sequence[Mapping[str, Any]]) -> None:
        events: EventBridgeClient = boto3.client("events", **self._arguments())
        try:
            for entry in entries:
                answer = events.put_events(Entries=[entry])  # type: ignore[list-item]
                if answer["FailedEntryCount"]:
                    raise StackError(f"The bus refused an event: {answer}")
        finally:
            events.close()

    def _arguments(self) -> dict[str, Any]:
        outputs = self.outputs
        return {
            "region_name": outputs["Region"],
            "endpoint_url": outputs["AwsEndpointUrl"],
            "aws_access_key_id": outputs["AccessKeyId"],
            "aws_secret_access_key": outputs["SecretAccessKey"],
        }
