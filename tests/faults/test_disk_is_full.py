"""MediaConvert's stand-in runs out of disk."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from integration.people import Person
from integration.store import Store

from .audit import Numbers, check
from .stack import FaultyStack

DISK = "320m"
"""More than the stand-in wants to have free."""
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'
"""A small disk that only the process behind it sees, and that goes with it."""
BLOCK = 1024 * 1024
LITTLE = 2 * BLOCK
"""Enough for the stand-in's records, too little for a job."""
SOME = 3
SEEN_SECONDS = 60


def small_disk(folder: Path) -> list[str]:
    """The words before a command that make `folder` a small disk for it."""
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", DISK, str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("This system lets nobody mount a small disk (unshare --user --mount).")
    return words


class Ballast:
    """A file that takes what is free, on the disk that only `process` sees."""

    def __init__(self, process: psutil.Process, folder: Path) -> None:
        self._file = Path(f"/proc/{process.pid}/root") / folder.relative_to("/") / "ballast"

    def fill(self, leaving: int) -> None:
        with self._file.open("ab", buffering=0) as stream:
            for size in (BLOCK, 1):
                with suppress(OSError):
                    while stream.write(bytes(size)) == size:
                        pass
            stream.truncate(max(0, stream.tell() - leaving))

    def remove(self) -> None:
        self._file.unlink()


def test_a_full_disk_ends_in_failures_with_a_reason_and_room_in_videos(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = small_disk(folder)
    stack.kill("mediaconvert")
    stack.start_mediaconvert(disk, MEDIACONVERT_WORK_DIR=str(folder))
    try:
        ballast = Ballast(stack.process("mediaconvert"), folder)

        ballast.fill(leaving=LITTLE)
        numbers.faults += 1
        full = [library.upload(tiny) for _ in range(SOME)]
        videos = check(stack, store, library, numbers, uploads=SOME, failed=SOME)
        assert all(video.error and video.error.message for video in videos)
        assert all(store.has_original(upload) for upload in full)

        ballast.fill(leaving=0)
        numbers.faults += 1
        unheard = [library.upload(tiny) for _ in range(SOME)]
        for upload in unheard:
            library.wait(upload.video_id, SEEN_SECONDS, {"uploaded", "converting", "failed"})
        ballast.remove()
        for upload in full:
            library.retry(upload.video_id)
        check(stack, store, library, numbers, uploads=2 * SOME, failed=None)
        for video in library.all_videos():
            if video.status == "failed":
                library.retry(video.video_id)
        check(stack, store, library, numbers, uploads=2 * SOME)
    finally:
        stack.kill("mediaconvert")
        stack.start_mediaconvert()
