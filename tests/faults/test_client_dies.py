"""The terminal client is killed at every stage; the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from integration.people import Person
from integration.shared_stack import ROOT
from integration.store import Store

from devstack.contract.client import Library
from devstack.waiting import wait_for

from .audit import Numbers, check
from .sender import keep_tokens
from .stack import COMMAND_SECONDS, FaultyStack

STAGE_SECONDS = 60

Reached = Callable[[Library, Store], object]


def part_arrived(library: Library, store: Store) -> object:
    for upload in store.s3.list_multipart_uploads(Bucket=store.temp).get("Uploads", []):
        if store.s3.list_parts(Bucket=store.temp, Key=upload["Key"], UploadId=upload["UploadId"]).get("Parts"):
            return True
    return False


def entry_made(library: Library, _store: Store) -> object:
    return list(library.all_videos())


def original_arrived(library: Library, store: Store) -> object:
    return [video for video in library.all_videos() if video.status != "uploading"]


def converting(library: Library, _store: Store) -> object:
    return [video for video in library.all_videos() if video.status in {"converting", "ready"}]


@pytest.mark.parametrize(
    ("reached", "how"),
    [
        (entry_made, signal.SIGKILL),
        (part_arrived, signal.SIGKILL),
        (original_arrived, signal.SIGKILL),
        (converting, signal.SIGKILL),
        (part_arrived, signal.SIGINT),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else value.__name__,
)
def test_the_same_command_goes_on(
    stack: FaultyStack,
    store: Store,
    person: Person,
    large: Path,
    tmp_path: Path,
    numbers: Numbers,
    reached: Reached,
    how: signal.Signals,
) -> None:
    library = person.library
    tokens = tmp_path / "tokens.json"
    keep_tokens(library, tokens)
    arguments = [stack.settings.outputs_file, tokens, tmp_path / "records", large]
    command = [sys.executable, "-m", "faults.sender", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}

    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        try:
            wait_for(lambda: reached(library, store), reached.__name__, timeout=STAGE_SECONDS, longest_pause=0.05)
        finally:
            client.send_signal(how)
            client.communicate()
    numbers.faults = 1
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS)

    assert done.returncode == 0, done.stderr
    (sent,) = json.loads(done.stdout)["videos"]
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert (video.video_id, video.status) == (sent["videoId"], "ready")
    assert len(store.jobs(video.video_id)) == 1
