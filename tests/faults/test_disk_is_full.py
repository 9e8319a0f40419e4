"""MediaConvert's stand-in runs out of disk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from integration.people import Person
from integration.store import Store

from devstack import clips

from .audit import Numbers, check, settle
from .stack import FaultyStack

DISK = "3m"
"""Holds the stand-in's records and one tiny job, but not one larger."""
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'
"""A small disk that only the process behind it sees, and that goes with it."""
SMALL_ONES = 2


def small_disk(folder: Path) -> list[str]:
    """The words before a command that make `folder` a small disk for it."""
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", DISK, str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("This system lets nobody mount a small disk (unshare --user --mount).")
    return words


def test_what_does_not_fit_fails_with_a_reason_and_converts_once_there_is_room(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = small_disk(folder)
    too_large = clips.pad(clips.make_clip("mp4-h264-aac", tmp_path), 8_000_000)

    stack.kill("mediaconvert")
    stack.start_mediaconvert(disk, MEDIACONVERT_WORK_DIR=str(folder))
    try:
        refused = library.upload(too_large)
        for _ in range(SMALL_ONES):
            library.upload(tiny)
        by_id = {video.video_id: video for video in settle(stack, library, numbers)}
        failed = by_id.pop(refused.video_id)
        assert failed.status == "failed"
        assert failed.error is not None
        assert failed.error.message
        assert {video.status for video in by_id.values()} == {"ready"}, "a full disk must not stop what fits"
        check(stack, store, library, numbers, uploads=1 + SMALL_ONES, failed=1)
        assert store.has_original(refused)
    finally:
        stack.kill("mediaconvert")
        stack.start_mediaconvert()

    library.retry(refused.video_id)
    check(stack, store, library, numbers, uploads=1 + SMALL_ONES)
