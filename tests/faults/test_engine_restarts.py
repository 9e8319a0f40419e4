"""The engine goes down and comes back with what it keeps: accounts, entries and objects, but no unfinished parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.people import Person
from integration.store import Store

from devstack.client_errors import UploadInterruptedError
from devstack.upload.journey import Journey
from devstack.upload.records import Records
from devstack.uploading import Line

from .audit import Numbers, check
from .stack import FaultyStack
from .test_lines_are_cut import Counter

START_SECONDS = 60


def test_videos_at_every_stage_go_on(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, long: Path, numbers: Numbers
) -> None:
    library = person.library
    ready = library.wait_ready(library.upload(tiny).video_id, START_SECONDS)
    converting = library.upload(long)
    library.wait(converting.video_id, START_SECONDS, {"converting"})
    with stack.without_job_events():
        told_nobody = library.upload(tiny)
        library.wait(told_nobody.video_id, START_SECONDS, {"converting"})

    stack.restart_everything()

    assert library.video(ready.video_id) == ready
    videos = check(stack, store, library, numbers, uploads=3)
    assert {video.status for video in videos} == {"ready"}


def test_an_upload_whose_parts_the_engine_forgot_begins_anew(
    stack: FaultyStack, store: Store, person: Person, large: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    records = Records(tmp_path / "records", library.site_url, library.owner)

    class Breaking(Counter):
        """Stops the line once half of the file has gone."""

        def sent(self, file: Path, count: int) -> None:
            super().sent(file, count)
            if self.total > large.stat().st_size // 2:
                line.stop()

    with Line(1) as line, pytest.raises(UploadInterruptedError):
        Journey(library, records, line, Breaking()).run(large)
    assert [video.status for video in library.all_videos()] == ["uploading"]

    stack.restart_everything()

    with Line() as line:
        Journey(library, records, line, Counter()).run(large)
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert video.status == "ready"
