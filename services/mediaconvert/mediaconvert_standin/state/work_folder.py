"""The work folder belongs to one process at a time: each clears it when it starts, and runs the jobs it finds."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mediaconvert_standin.settings import ConfigurationError

HANDOVER_SECONDS = 5.0  # a predecessor that was told to stop takes up to two
_PAUSE = 0.05


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder until the end of the block, or of the process, however that ends.

    Raises ConfigurationError when another process keeps it, or it can not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = (folder / "lock").open("wb")
    except OSError as error:
        raise ConfigurationError(f"MEDIACONVERT_WORK_DIR: {folder} can not be written to: {error.strerror}") from error
    with opened as file:
        deadline = time.monotonic() + HANDOVER_SECONDS
        while not _lock(file.fileno()):
            if time.monotonic() >= deadline:
                raise ConfigurationError(
                    f"MEDIACONVERT_WORK_DIR: another stand-in works in {folder}; stop it, or give this one a folder"
                )
            time.sleep(_PAUSE)
        yield


def _lock(descriptor: int) -> bool:
    """False while another process has it. The system lets go of it when its process ends."""
    if os.name != "posix":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
