"""A large upload costs disk, not memory."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest
from integration.people import new_email

from devstack import clips
from devstack.contract.client import new_password

from .conftest import Stack, docker

SIZE = 3 * 1000**3
MOST_GROWTH = 200 * 1000**2
KIBIBYTE = 1024
WATCHED = ("localstack", "mediaconvert", "cognito", "cdn")
CONVERSION_TIMEOUT = 1800
SAMPLE_SECONDS = 0.5


class Memory:
    """Peaks of the processes' own pages: each container's, and this process's."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stop = threading.Event()
        self.before = self._sample()
        self.peaks = dict(self.before)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def finish(self) -> dict[str, int]:
        """Bytes that each grew by at the most."""
        self._stop.set()
        self._thread.join()
        return {name: self.peaks[name] - self.before[name] for name in self.peaks}

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            for name, value in self._sample().items():
                self.peaks[name] = max(self.peaks[name], value)

    def _sample(self) -> dict[str, int]:
        samples = {name: _resident(self._stack.container(name)) for name in WATCHED}
        return {**samples, "client": psutil.Process().memory_info().rss}


def _resident(container: str) -> int:
    """Bytes; ffmpeg is left out: what it needs depends on the picture, not on the file's size."""
    rows = [line.split(None, 2) for line in docker("top", container, "-eo", "pid,rss,comm").splitlines()[1:]]
    return sum(int(rss) * KIBIBYTE for _, rss, command in rows if not command.startswith("ffmpeg"))


@pytest.fixture
def large_clip(tmp_path: Path) -> Path:
    """A short film in a file of 3 GB: what follows the film is a `free` box, which takes no room on this disk."""
    return clips.pad(clips.make_clip("mp4-h264-aac", tmp_path), SIZE)


def test_three_gigabytes_go_through_without_the_memory_growing_with_them(stack: Stack, large_clip: Path) -> None:
    assert large_clip.stat().st_size >= SIZE
    with stack.platform() as platform:
        library = platform.join(new_email(), new_password())[1]
        memory = Memory(stack)

        try:
            upload = library.upload(large_clip)
            video = library.wait_ready(upload.video_id, CONVERSION_TIMEOUT)
        finally:
            growth = memory.finish()

    assert video.size == large_clip.stat().st_size
    print({name: f"{value / 1000**2:.0f} MB" for name, value in growth.items()})  # noqa: T201  # pytest -rP shows it
    assert max(growth.values()) < MOST_GROWTH, growth
