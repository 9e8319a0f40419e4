"""The engine goes down and comes back with what it keeps: accounts, entries and objects, but no unfinished parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.people import Person, but_poster
from integration.store import Store

from devstack.contract.client_errors import UploadInterruptedError
from devstack.contract.uploading import Line
from devstack.upload.journey import Journey
from devstack.upload.records import Records

from .audit import Numbers, check
from .stack import FaultyStack
from .test_events_go_astray import damaged
from .test_lines_are_cut import Counter

START_SECONDS = 60


def test_videos_at_every_stage_go_on(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, long: Path, tmp_path: Path, numbers: Numbers
) -> None:
    library = person.library
    ready = library.wait_ready(library.upload(tiny).video_id, START_SECONDS)
    unsent = library.open_upload(tiny.name, "video/mp4", tiny.stat().st_size)
    failed = library.upload(damaged(tiny, tmp_path))
    library.wait(failed.video_id, START_SECONDS, {"failed"})
    gone = library.upload(tiny)
    library.delete(gone.video_id)
    converting = library.upload(long)
    library.wait(converting.video_id, START_SECONDS, {"converting"})
    with stack.without_job_events():
        told_nobody = library.upload(tiny)
        library.wait(told_nobody.video_id, START_SECONDS, {"converting"})
    stack.kill("mediaconvert")
    waiting = library.upload(tiny)
    library.wait(waiting.video_id, START_SECONDS, {"uploaded", "converting"})

    stack.restart_everything()
    numbers.faults = 2

    assert but_poster(library.video(ready.video_id)) == but_poster(ready)
    assert library.video(unsent.video_id).status == "uploading"
    library.delete(unsent.video_id)
    videos = check(stack, store, library, numbers, uploads=5, failed=1)
    assert {video.video_id for video in videos if video.status == "failed"} == {failed.video_id}
    assert store.leftovers(library.owner, gone.video_id) == []


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
    numbers.faults = 2

    with Line() as line:
        Journey(library, records, line, Counter()).run(large)
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert video.status == "ready"
