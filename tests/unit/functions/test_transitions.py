from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.harness import NOW, some_entry
from sstech_video import failures, transitions
from sstech_video.entries import Entry, EntryError, FailureCode, Status
from sstech_video.transitions import Plan, Result

RESULT = Result(12_300, 1280, 720)
FAILURE = failures.failure(FailureCode.CONVERSION_FAILED)
Change = Callable[[Entry, datetime], Entry]

ATTEMPTS = st.integers(0, 4)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.just(transitions.uploaded),
    st.sampled_from(["a", "b"]).map(lambda digest: lambda entry, now: transitions.assembling(entry, digest, now)),
    st.just(transitions.retried),
    st.just(transitions.nudged),
    st.just(lambda entry, now: transitions.abandoned(entry, FAILURE, now)),
    st.just(lambda entry, now: transitions.gave_up(entry, FAILURE, now)),
    st.just(lambda entry, now: transitions.refused(entry, FAILURE, now)),
    st.just(lambda entry, now: transitions.claimed(entry, Plan(2, 12_000, 1), now)),
    ATTEMPTS.map(lambda n: lambda entry, now: transitions.job_made(entry, n, f"job-{n}", now)),
    st.tuples(ATTEMPTS, st.integers(0, 100)).map(
        lambda p: lambda entry, now: transitions.progressed(entry, p[0], p[1], now)
    ),
    ATTEMPTS.map(lambda n: lambda entry, now: transitions.completed(entry, n, RESULT, now)),
    ATTEMPTS.map(lambda n: lambda entry, now: transitions.failed(entry, n, FAILURE, now)),
)


@given(st.lists(CHANGES, max_size=40))
def test_whatever_comes_in_whatever_order_the_state_makes_sense(changes: list[Change]) -> None:
    entry, now = some_entry(), NOW
    for change in changes:
        before, now = entry, now + timedelta(seconds=1)
        entry = change(before, now)
        assert change(entry, now) == entry, "what comes twice counts once"
        if before.status is Status.READY:
            assert entry.status is Status.READY, "nothing demotes a ready video"
            assert (entry.width, entry.attempt) == (before.width, before.attempt)
        assert entry.attempt >= before.attempt
        assert entry.attempt <= before.attempt + 1
        if entry.attempt == before.attempt and entry.status is before.status:
            assert entry.progress >= before.progress
        assert (entry.progress == 100) == (entry.status is Status.READY)
        assert (entry.error is not None) == (entry.status is Status.FAILED)
        assert (entry.updated_at == now) == (entry != before)
        if entry.status in (Status.CONVERTING, Status.READY):
            assert entry.attempt > 0


def test_the_way_of_a_video_that_works() -> None:
    entry = transitions.uploaded(some_entry(), NOW)
    entry = transitions.claimed(entry, Plan(2, 12_000), NOW)
    assert (entry.status, entry.attempt, entry.duration_ms) == (Status.CONVERTING, 1, 12_000)
    entry = transitions.job_made(entry, 1, "job-1", NOW)
    entry = transitions.progressed(entry, 1, 100, NOW)
    assert entry.progress == 99
    entry = transitions.completed(entry, 1, RESULT, NOW)
    assert (entry.status, entry.progress, entry.duration_ms, entry.width) == (Status.READY, 100, 12_300, 1280)


def test_a_late_error_does_not_demote_a_ready_video() -> None:
    ready = some_entry(status=Status.READY, attempt=1, progress=100)
    assert transitions.failed(ready, 1, FAILURE, NOW) is ready


def test_events_of_another_attempt_change_nothing() -> None:
    entry = some_entry(status=Status.CONVERTING, attempt=2)
    assert transitions.completed(entry, 1, RESULT, NOW) is entry
    assert transitions.failed(entry, 1, FAILURE, NOW) is entry
    assert transitions.progressed(entry, 1, 50, NOW) is entry
    assert transitions.job_made(entry, 1, "job-1", NOW) is entry


def test_a_retry_starts_afresh_with_the_next_attempt() -> None:
    failed = some_entry(status=Status.FAILED, attempt=1, progress=40, error=FAILURE, job_id="job-1")
    retried = transitions.retried(failed, NOW)
    assert (retried.status, retried.progress, retried.error) == (Status.UPLOADED, 0, None)
    claimed = transitions.claimed(retried, Plan(2), NOW)
    assert (claimed.attempt, claimed.job_id) == (2, None)


def test_progress_never_falls() -> None:
    entry = some_entry(status=Status.CONVERTING, attempt=1, progress=50)
    assert transitions.progressed(entry, 1, 40, NOW) is entry


def test_a_job_that_says_no_duration_leaves_the_probed_one() -> None:
    entry = some_entry(status=Status.CONVERTING, attempt=1, duration_ms=11_000)
    assert transitions.completed(entry, 1, Result(None, None, None), NOW).duration_ms == 11_000


@given(st.lists(CHANGES, max_size=20), st.text())
def test_an_entry_survives_the_way_through_json(changes: list[Change], title: str) -> None:
    entry = some_entry(title="".join(c for c in title if not 0xD800 <= ord(c) <= 0xDFFF))
    for change in changes:
        entry = change(entry, NOW)
    assert Entry.from_json(entry.to_json()) == entry


def test_members_of_a_newer_release_are_passed_over() -> None:
    entry = some_entry()
    assert Entry.from_json(entry.to_json().replace(b'{"format"', b'{"colour":"blue","format"')) == entry


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format":2}',
        b'{"format":1}',
        some_entry().to_json().replace(b'"uploading"', b'"lost"'),
        some_entry().to_json().replace(b'"size":1000', b'"size":"1000"'),
        some_entry().to_json().replace(b'"size":1000', b'"size":true'),
    ],
)
def test_what_is_no_entry_is_refused(body: bytes) -> None:
    with pytest.raises(EntryError):
        Entry.from_json(body)
