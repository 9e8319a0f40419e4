"""Two hundred uploads at once."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from integration.people import Person
from integration.store import Store

from devstack.contract.answers import Upload
from devstack.contract.uploading import Line, put_file
from devstack.upload.patience import patiently

from .audit import Numbers, check
from .stack import FaultyStack

UPLOADS = int(os.environ.get("SSTECH_FAULT_UPLOADS", "200"))
"""As many as one owner may have open."""
CALLERS = 4


def test_two_hundred_uploads_at_once(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    size = tiny.stat().st_size
    with Line(UPLOADS) as line:

        def begin(number: int) -> Upload:
            return patiently(lambda: library.open_upload(f"{number}.mp4", "video/mp4", size), line)

        # The engine starts a process for every call that finds none idle: all at once they would only wait.
        with ThreadPoolExecutor(CALLERS) as pool:
            opened = list(pool.map(begin, range(UPLOADS)))
        assert {video.status for video in library.all_videos(100)} == {"uploading"}

        together = threading.Barrier(UPLOADS)

        def send(upload: Upload) -> str:
            together.wait()
            put_file(upload, tiny, lambda _: None, line)
            return upload.video_id

        with ThreadPoolExecutor(UPLOADS) as pool:
            sent = list(pool.map(send, opened))

    videos = check(stack, store, library, numbers, uploads=UPLOADS)
    assert {video.video_id for video in videos} == set(sent)
    assert {video.status for video in videos} == {"ready"}
    assert sum(len(store.jobs(video.video_id)) for video in videos[:10]) == len(videos[:10])
