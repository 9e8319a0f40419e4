"""Two hundred uploads at once."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from integration.people import Person
from integration.store import Store

from devstack.upload.journey import Journey
from devstack.upload.records import Records
from devstack.uploading import Line

from .audit import Numbers, check
from .stack import FaultyStack
from .test_lines_are_cut import Counter

UPLOADS = int(os.environ.get("SSTECH_FAULT_UPLOADS", "200"))
"""As many as one owner may have open."""


def test_two_hundred_uploads_at_once(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    files = [tmp_path / f"{number}.mp4" for number in range(UPLOADS)]
    for file in files:
        file.hardlink_to(tiny)
    together = threading.Barrier(UPLOADS)

    def upload(file: Path) -> str:
        with Line(1) as line:
            journey = Journey(library, Records(tmp_path / "records", library.site_url, library.owner), line, Counter())
            together.wait()
            return journey.run(file)

    with ThreadPoolExecutor(UPLOADS) as pool:
        sent = list(pool.map(upload, files))

    videos = check(stack, store, library, numbers, uploads=UPLOADS)
    assert {video.video_id for video in videos} == set(sent)
    assert {video.status for video in videos} == {"ready"}
    assert sum(len(store.jobs(video.video_id)) for video in videos[:10]) == len(videos[:10])
