"""`dev.py upload` as a person types it, against the running stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devstack import clips
from devstack.contract import aws_clients

from .shared_stack import ROOT
from .store import Store

TIMEOUT = 300
"""Seconds for one command, on a machine that runs other tests beside."""

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def upload(stack: aws_clients.Outputs, tmp_path: Path) -> Run:
    """Runs the command with a state directory of its own; answers exit code, JSON and what a person reads."""
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(dict(stack)))

    def run(*arguments: str | Path) -> tuple[int, dict[str, Any], str]:
        command = [sys.executable, str(ROOT / "scripts" / "dev.py"), "upload", "--json", "--outputs", str(outputs)]
        done = subprocess.run(
            [*command, *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "DEV_STATE_DIR": str(tmp_path / "state")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr

    return run


def test_many_files_arrive_and_become_ready(upload: Run, tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "Vídeos da família 👪"
    folder.mkdir()
    clips.make_clip("mp4-h264-aac", folder).rename(folder / "aniversário.mp4")
    clips.make_clip("mkv-vp9-opus", folder)
    large = clips.pad(clips.make_clip("mp4-silent", folder), 110_000_000)
    (folder / "notes.txt").write_text("not a video")

    code, document, told = upload("--demo", "--folder", folder)

    assert code == 0, told
    assert "notes.txt is text" in told
    assert {Path(video["file"]).name for video in document["videos"]} == {"aniversário.mp4", "clip.mkv", "clip.mp4"}
    assert {video["status"] for video in document["videos"]} == {"ready"}
    assert document["bytes"] > large.stat().st_size
    for video in document["videos"]:
        assert len(store.jobs(video["videoId"])) == 1


def test_a_file_that_cannot_be_converted_is_exit_1_with_its_reason(
    upload: Run, clip: Callable[[str], Path], tmp_path: Path
) -> None:
    good = clip("mp4-h264-aac")
    # Its index is whole, its pictures are not: nothing that a look at its start could tell.
    damaged = tmp_path / "damaged.mp4"
    body = bytearray(good.read_bytes())
    start = body.index(b"mdat") + 4
    body[start:] = bytes(len(body) - start)
    damaged.write_bytes(body)

    code, document, told = upload("--demo", good, damaged)

    assert code == 1, told
    by_name = {Path(video["file"]).name: video for video in document["videos"]}
    assert by_name[good.name]["status"] == "ready"
    assert by_name["damaged.mp4"]["status"] == "failed"
    assert by_name["damaged.mp4"]["error"]["message"]


def test_what_is_no_video_is_exit_2_before_anybody_signs_in(upload: Run, clip: Callable[[str], Path]) -> None:
    code, document, told = upload("--demo", clip("corrupt"))
    assert code == 2
    assert document == {}
    assert "not a video" in told
    assert "Traceback" not in told
