"""MediaConvert's stand-in is killed at every stage of a video, and comes back."""

from __future__ import annotations

from pathlib import Path

from integration.people import Person, but_poster
from integration.store import Store

from devstack.waiting import wait_for

from .audit import Numbers, check
from .stack import FaultyStack

KILLS = 2
START_SECONDS = 60


def test_it_is_dead_when_the_original_arrives(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    stack.kill("mediaconvert")
    numbers.faults = 1
    upload = library.upload(tiny)
    library.wait(upload.video_id, START_SECONDS, {"uploaded", "converting"})
    stack.start_mediaconvert()
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert video.status == "ready"


def test_it_dies_while_it_converts(
    stack: FaultyStack, store: Store, person: Person, long: Path, numbers: Numbers
) -> None:
    library = person.library
    upload = library.upload(long)
    for _ in range(KILLS):
        wait_for(
            lambda: [job for job in store.jobs(upload.video_id) if job["Status"] == "PROGRESSING"],
            "the job to run",
            timeout=START_SECONDS,
        )
        stack.kill("mediaconvert")
        stack.start_mediaconvert()
        numbers.faults += 1
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert video.status == "ready"
    assert len(store.jobs(upload.video_id)) == 1


def test_it_dies_after_the_video_is_ready(
    stack: FaultyStack, store: Store, person: Person, tiny: Path, numbers: Numbers
) -> None:
    library = person.library
    before = library.wait_ready(library.upload(tiny).video_id, START_SECONDS)
    stack.kill("mediaconvert")
    stack.start_mediaconvert()
    numbers.faults = 1
    (video,) = check(stack, store, library, numbers, uploads=1)
    assert but_poster(video) == but_poster(before)


def test_a_video_deleted_while_it_is_dead_leaves_nothing(
    stack: FaultyStack, store: Store, person: Person, long: Path, numbers: Numbers
) -> None:
    library = person.library
    upload = library.upload(long)
    library.wait(upload.video_id, START_SECONDS, {"converting"})
    stack.kill("mediaconvert")
    numbers.faults = 1
    library.delete(upload.video_id)
    stack.start_mediaconvert()

    def is_over() -> bool:
        stack.reconcile()
        running = [job for job in store.jobs(upload.video_id) if job["Status"] in {"SUBMITTED", "PROGRESSING"}]
        return not running and not store.leftovers(library.owner, upload.video_id)

    wait_for(is_over, "the deletion to be complete", timeout=START_SECONDS)
    stack.reconcile()
    assert store.leftovers(library.owner, upload.video_id) == []
    check(stack, store, library, numbers, uploads=0)
