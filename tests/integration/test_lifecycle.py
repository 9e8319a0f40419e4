"""`up` and `down` as a developer uses them: again and again, after a crash, beside another stack."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devstack import clips
from devstack.contract import aws_clients
from devstack.contract.client import Platform, new_password
from devstack.contract.inbox import read_inbox
from devstack.stack.processes import MARK, ProcessTable
from devstack.waiting import wait_for

from .people import but_poster, new_email
from .shared_stack import ENGINE, PORTS, ROOT, SERVICES, free_ports, read_outputs

pytestmark = pytest.mark.skipif(
    ENGINE != "embedded", reason="processes of the embedded engine; tests/compose has the containers' life cycle"
)

CONVERSION_TIMEOUT = 600
ABSENT_TIMEOUT = 15


class Stack:
    """A stack of a test's own."""

    def __init__(self, state: Path, port: int) -> None:
        self.state = state
        self.port = port

    def dev(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "dev.py"), *command],
            env={**os.environ, "DEV_STATE_DIR": str(self.state), "DEV_PORT_BASE": str(self.port)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def up(self) -> aws_clients.Outputs:
        done = self.dev("up", "--detach")
        assert done.returncode == 0, done.stdout + done.stderr
        return read_outputs(self.state / "outputs.json")

    def kill(self, name: str) -> None:
        """One service ends as by a crash."""
        service = next(running for running in ProcessTable(self.state).running() if running.name == name)
        os.kill(service.pid, signal.SIGKILL)
        wait_for(lambda: service.process() is None, f"{name} to be gone", timeout=ABSENT_TIMEOUT)

    def processes(self) -> list[int]:
        """Every process that belongs to this stack, functions' workers included."""
        return [process.pid for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == str(self.state)
        except psutil.Error:
            return False

    def listens(self) -> list[int]:
        """The stack's ports on which somebody listens."""
        return [port for port in range(self.port, self.port + PORTS) if _answers(port)]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stack]:
    one = Stack(tmp_path / "state", free_ports())
    yield one
    one.dev("down", "--volumes")


def test_down_leaves_no_process_and_no_socket(own: Stack) -> None:
    own.up()
    assert len(own.processes()) >= SERVICES
    assert len(own.listens()) == SERVICES

    done = own.dev("down")

    assert done.returncode == 0
    assert own.processes() == []
    assert own.listens() == []
    assert own.dev("outputs").returncode != 0


def test_up_on_a_running_stack_keeps_it(own: Stack) -> None:
    first = own.up()
    before = {running.name: running.pid for running in ProcessTable(own.state).running()}

    second = own.up()

    assert second == first
    assert {running.name: running.pid for running in ProcessTable(own.state).running()} == before


def test_up_after_a_crash_cleans_up(own: Stack) -> None:
    own.up()
    before = own.processes()
    own.kill("engine")

    own.up()

    assert not set(before) & set(own.processes())
    assert len(own.listens()) == SERVICES


def stop(own: Stack) -> None:
    assert own.dev("down").returncode == 0


def lose_a_stand_in(own: Stack) -> None:
    own.kill("mediaconvert")


@pytest.mark.parametrize("end", [stop, lose_a_stand_in])
def test_accounts_and_videos_survive_a_restart(own: Stack, tmp_path: Path, end: Callable[[Stack], None]) -> None:
    outputs = own.up()
    clip = clips.make_clip("mp4-h264-aac", tmp_path)
    with Platform(outputs, lambda: read_inbox(outputs)) as platform:
        account, library = platform.join(new_email(), new_password())
        video_id = library.upload(clip).video_id
        before = library.wait_ready(video_id, CONVERSION_TIMEOUT)

    end(own)
    outputs = own.up()

    with Platform(outputs, lambda: read_inbox(outputs)) as platform:
        library = platform.sign_in(account)
        assert but_poster(library.video(video_id)) == but_poster(before)
        playback = library.playback(video_id)
        assert library.fetch(playback.mp4_url, playback).content[4:8] == b"ftyp"


def test_two_stacks_run_side_by_side(own: Stack, stack: aws_clients.Outputs) -> None:
    outputs = own.up()

    assert outputs["SiteUrl"] != stack["SiteUrl"]
    assert outputs["UserPoolId"] != stack["UserPoolId"]
    own.dev("down")
    assert aws_clients.s3(stack).head_bucket(Bucket=stack["MediaBucketName"])


def test_a_taken_port_is_named_with_the_way_out(own: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own.port + 2))
        taken.listen()

        done = own.dev("up", "--detach")

    assert done.returncode != 0
    assert f"Port {own.port + 2}" in done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert "DEV_PORT_BASE" in done.stderr
    assert own.processes() == []


def test_commands_that_need_a_stack_say_how_to_start_one(own: Stack) -> None:
    for command in ("outputs", "inbox", "demo", "reconcile", "redrive"):
        done = own.dev(command)
        assert done.returncode != 0
        assert "scripts/dev.py up" in done.stderr


def test_outputs_are_what_the_contract_lists(own: Stack) -> None:
    own.up()

    outputs = json.loads(own.dev("outputs", "--json").stdout)

    assert set(outputs) >= {
        *("Stage", "Region", "SiteUrl", "ApiUrl", "UserPoolId", "UserPoolClientId", "CognitoEndpointUrl"),
        *("AwsEndpointUrl", "MediaConvertEndpointUrl", "SiteBucketName", "MediaBucketName", "TempBucketName"),
        *("UploadTopicArn", "TriggerQueueUrl", "DeadLetterQueueUrl", "AccessKeyId", "SecretAccessKey"),
    }
    assert all(isinstance(value, str) and value for value in outputs.values())


def test_a_conversion_that_down_interrupts_goes_on_after_the_next_up(own: Stack, tmp_path: Path) -> None:
    outputs = own.up()
    clip = clips.make_clip("mp4-h264-aac", tmp_path, seconds=20, size=(1280, 720))
    with Platform(outputs, lambda: read_inbox(outputs)) as platform:
        account, library = platform.join(new_email(), new_password())
        video_id = library.upload(clip).video_id
        wait_for(
            lambda: library.video(video_id).status == "converting",
            "the conversion to start",
            timeout=CONVERSION_TIMEOUT,
        )

    assert own.dev("down").returncode == 0
    outputs = own.up()

    with Platform(outputs, lambda: read_inbox(outputs)) as platform:
        library = platform.sign_in(account)
        library.wait_ready(video_id, CONVERSION_TIMEOUT)
