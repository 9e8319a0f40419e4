"""Which job starts or hops next, with a clock that only moves when it is told to."""

import json
import sqlite3
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediaconvert_harness import wait_until
from test_mediaconvert_pure import job
from test_mediaconvert_validation import request, simple

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.events.sender import EventSender
from mediaconvert_standin.operations.queues import QueueRules, Queues
from mediaconvert_standin.running.progress import Progress
from mediaconvert_standin.running.queueing import QueueState, Waiting, first_of_each, next_due, next_hop, next_start
from mediaconvert_standin.running.scheduler import Scheduler
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import Job, describe
from mediaconvert_standin.state.library import Library
from mediaconvert_standin.state.store import JobStore

ACTIVE, PAUSED = QueueState(False, 1), QueueState(True, 1)
MANY = 100
ARN = "arn:aws:mediaconvert:us-east-1:000000000000:queues"


def waiting(name: str, queue: str = "q", priority: int = 0, at: float = 0.0, hops_at: float | None = None) -> Waiting:
    return Waiting(name, queue, priority, at, hops_at)


def test_higher_priority_first_then_the_older() -> None:
    jobs = [waiting("new", at=3), waiting("old", at=1), waiting("urgent", priority=5, at=9)]
    assert first_of_each(jobs)["q"].id == "urgent"
    assert first_of_each(jobs[:2])["q"].id == "old"


def test_a_paused_or_busy_or_deleted_queue_starts_nothing() -> None:
    jobs = [waiting("a")]
    assert next_start({"q": PAUSED}, jobs, Counter(), MANY) is None
    assert next_start({"q": ACTIVE}, jobs, Counter(q=1), MANY) is None
    assert next_start({}, jobs, Counter(), MANY) is None
    assert next_start({"q": ACTIVE}, jobs, Counter(other=3), 3) is None
    assert next_start({"q": ACTIVE}, jobs, Counter(), MANY) == jobs[0]


def test_queues_run_side_by_side() -> None:
    queues = {"q": QueueState(False, 5), "r": QueueState(False, 5)}
    jobs = [waiting("a", "q"), waiting("b", "r", at=1)]
    found = next_start(queues, jobs, Counter(q=1), MANY)
    assert found is not None
    assert found.id == "b"


def test_no_hop_before_its_time_nor_out_of_a_paused_queue() -> None:
    jobs = [waiting("a", hops_at=60)]
    assert next_hop({"q": ACTIVE}, jobs, 59) is None
    assert next_hop({"q": PAUSED}, jobs, 60) is None
    assert next_hop({"q": ACTIVE}, jobs, 60) == jobs[0]
    assert next_due({"q": ACTIVE}, jobs, 0) == 60
    assert next_due({"q": PAUSED}, jobs, 0) is None


def test_after_a_pause_only_a_job_behind_others_hops() -> None:
    resumed = {"q": QueueState(False, 1, resumed_at=100)}
    first, second = waiting("a", at=1, hops_at=60), waiting("b", at=2, hops_at=60)
    assert next_hop(resumed, [first], 101) is None
    assert next_hop(resumed, [first, second], 101) == second


@given(
    jobs=st.lists(
        st.builds(waiting, st.uuids().map(str), st.sampled_from("qr"), st.integers(-50, 50), st.floats(0, 9)),
        max_size=30,
    ),
    limits=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    machine=st.integers(1, 6),
)
def test_no_limit_is_ever_passed_and_every_job_starts_in_order(
    jobs: list[Waiting], limits: tuple[int, int], machine: int
) -> None:
    queues = {"q": QueueState(False, limits[0]), "r": QueueState(False, limits[1])}
    left, running, started = list(jobs), Counter[str](), []
    while left:
        while (one := next_start(queues, left, running, machine)) is not None:
            left.remove(one)
            started.append(one)
            running[one.queue] += 1
            assert running["q"] <= limits[0]
            assert running["r"] <= limits[1]
            assert running.total() <= machine
        running.subtract([next(queue for queue in "qr" if running[queue])])
    for queue in "qr":
        ranks = [one.rank for one in started if one.queue == queue]
        assert ranks == sorted(ranks)


class Conversions:
    """Jobs that run until they are let go."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.failures = 0

    def make(self, job_id: str) -> "Held":
        if self.failures:
            self.failures -= 1
            raise RuntimeError("can't start new thread")
        self.started.append(job_id)
        self.gates[job_id] = threading.Event()
        return Held(self.gates[job_id])


class Held:
    def __init__(self, gate: threading.Event) -> None:
        self._gate = gate

    def run(self) -> None:
        self._gate.wait()

    def stop(self) -> None:
        self._gate.set()


class Line:
    """A store, queues and a scheduler, without media and without a network."""

    def __init__(self, folder: Path) -> None:
        self._time = 1000.0
        self.clock = Clock(source=lambda: self._time)
        settings = Settings.from_environ({"MEDIACONVERT_CONCURRENT_JOBS": "1"})
        self.database = Database(folder / "state.sqlite3")
        self.store = JobStore(self.database)
        self.library = Library(self.database, settings, self.clock)
        self.queues = Queues(self.library, settings, self.store, self.clock)
        events = EventSender(settings, self.database, self.clock, [])
        self.conversions = Conversions()
        rules = QueueRules(self.queues, self.store, events, self.clock)
        self.scheduler = Scheduler(self.conversions.make, rules, self.clock)

    def submit(self, name: str, queue: str = "Default", **members: Any) -> Job:
        made = Job(name, f"arn:{name}", f"{ARN}/{queue}", request(simple(), **members), self.clock.now())
        self.store.add(made)
        self.scheduler.submit(made)
        return made

    def wait_for_start(self, name: str) -> None:
        wait_until(lambda: name in self.conversions.started or None, f"the start of {name}")

    def told(self, name: str) -> list[str]:
        return [json.loads(text)["detail"]["status"] for text in self.database.history_of(name, MANY)]

    def update(self, queue: str, status: str) -> None:
        self.queues.update({"name": queue, "status": status})
        self.scheduler.wake()


@pytest.fixture
def line(tmp_path: Path) -> Any:
    one = Line(tmp_path)
    yield one
    one.scheduler.close(5)
    one.database.close()


def test_a_paused_queue_starts_its_jobs_by_priority_when_it_is_resumed(line: Line) -> None:
    line.update("Default", "PAUSED")
    for name, priority in (("low", -1), ("high", 9), ("middle", 0)):
        line.submit(name, priority=priority)
    line.queues.create({"name": "other"})
    line.submit("elsewhere", "other")
    line.wait_for_start("elsewhere")
    assert line.conversions.started == ["elsewhere"]

    line.update("Default", "ACTIVE")

    for name in ("high", "middle", "low"):
        line.wait_for_start(name)
        line.conversions.gates[name].set()
    assert line.conversions.started == ["elsewhere", "high", "middle", "low"]


def test_a_job_that_waited_long_enough_hops(line: Line) -> None:
    line.queues.create({"name": "spare"})
    line.submit("first")
    line.wait_for_start("first")
    hop = {"queue": "spare", "waitMinutes": 5, "priority": 3}
    line.submit("second", hopDestinations=[hop])

    line.clock.advance(299)
    assert line.store.get("second").current_queue is None  # type: ignore[union-attr]
    line.clock.advance(1)

    line.wait_for_start("second")
    moved = line.store.get("second")
    assert moved is not None
    assert (moved.place, moved.priority) == (f"{ARN}/spare", 3)
    assert (moved.queue, moved.submitted_priority) == (f"{ARN}/Default", 0)  # the record keeps what was submitted
    (transition,) = moved.transitions
    assert (transition.source, transition.destination, transition.at) == (f"{ARN}/Default", f"{ARN}/spare", 1300)
    assert line.told("second") == ["QUEUE_HOP"]


def test_a_job_whose_target_is_gone_stays_and_warns(line: Line) -> None:
    line.queues.create({"name": "gone"})
    line.submit("first")
    line.wait_for_start("first")
    line.submit("second", hopDestinations=[{"queue": "gone", "waitMinutes": 1}])
    line.queues.delete({"name": "gone"})

    line.clock.advance(60)

    wait_until(lambda: line.told("second") or None, "the warning")
    assert line.told("second") == ["NEW_WARNING"]
    stayed = line.store.get("second")
    assert stayed is not None
    assert (stayed.place, stayed.warnings) == (f"{ARN}/Default", (100000,))
    line.conversions.gates["first"].set()
    line.wait_for_start("second")


def test_a_job_that_can_not_be_started_now_is_started_later(line: Line) -> None:
    line.conversions.failures = 1
    line.submit("first")
    line.wait_for_start("first")


def test_a_hop_that_fails_is_tried_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.queues.create({"name": "spare"})
    line.submit("first")
    line.wait_for_start("first")
    line.submit("second", hopDestinations=[{"queue": "spare", "waitMinutes": 1}])
    fails = iter([True])
    change = line.store.change

    def changes(*given: Any, **changed: Any) -> Job | None:
        if next(fails, False):
            raise sqlite3.OperationalError("database or disk is full")
        return change(*given, **changed)

    monkeypatch.setattr(line.store, "change", changes)

    line.clock.advance(60)

    line.wait_for_start("second")


def test_a_canceled_job_never_starts(line: Line) -> None:
    line.submit("first")
    line.wait_for_start("first")
    line.submit("second")
    line.submit("third")
    line.scheduler.cancel("second")
    line.conversions.gates["first"].set()
    line.wait_for_start("third")
    assert line.conversions.started == ["first", "third"]


def test_jobs_survive_in_the_store_and_progress_stays_in_memory(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.sqlite3")
    store = JobStore(database)
    store.add(job())
    store.change("1", {"SUBMITTED"}, status="PROGRESSING", percent=1)
    store.change("1", {"PROGRESSING"}, percent=50)
    assert store.get("1").percent == 50  # type: ignore[union-attr]
    assert JobStore(database).get("1").percent == 1  # type: ignore[union-attr]
    assert [one.percent for one in store.all("PROGRESSING")] == [50]
    store.change("1", {"PROGRESSING"}, status="COMPLETE", percent=100)
    assert JobStore(database).get("1") == store.get("1")
    database.close()


def test_a_job_with_an_output_of_sound_alone_tells_no_percentage() -> None:
    settings = simple()
    del settings["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
    sound = Job("1", "arn:1", "arn:queue", request(settings), 1000.0, status="PROGRESSING", percent=7)
    assert describe(sound)["jobPercentComplete"] is None
    assert describe(replace(sound, status="COMPLETE", percent=100))["jobPercentComplete"] == 100
    assert Progress(has_estimate=False).detail()["jobProgress"]["jobPercentComplete"] is None
    assert describe(replace(sound, request=request(simple())))["jobPercentComplete"] == 7
