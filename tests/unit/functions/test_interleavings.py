"""Whatever comes twice, late, swapped or never, and wherever a function dies: every video comes to its right end.

The real functions run on a small AWS in memory. Between any two of their effects they may die, or another one may run.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.harness import MEDIA_BUCKET, MP4_START, NOW, QUEUE_ARN, ROLE_ARN, STAGE, TEMP_BUCKET
from functions.world import CrashError, Faults, MemoryMediaConvert, MemoryQueue, MemoryS3
from sstech_video import events, keys, months, reconciling, stuck
from sstech_video.admission import Admission
from sstech_video.bodies import NewUpload
from sstech_video.catalog import Catalog
from sstech_video.conversion import Target
from sstech_video.deletion import Deletion
from sstech_video.entries import Entry, Status
from sstech_video.errors import ApiError
from sstech_video.events import JobEvent
from sstech_video.invalidation import Invalidation
from sstech_video.jobs import Jobs
from sstech_video.months import Months
from sstech_video.multipart import UploadBucket
from sstech_video.outcomes import Outcomes
from sstech_video.pending import UNFINISHED
from sstech_video.reconciling import Reconciler
from sstech_video.retrying import Retrying
from sstech_video.spending import CostLimits, Spending
from sstech_video.starting import Starter
from sstech_video.stuck import Patience
from sstech_video.tombstones import Tombstones
from sstech_video.transitions import Result
from sstech_video.usage import Quotas, Usage
from sstech_video.video_ids import RANDOM_LENGTH, TIME_LENGTH, new_video_id

OWNER = "6d0c3f0e-0000-4000-8000-000000000001"
PLENTY = 10**15
LARGE = 200_000_000
MANY_ROUNDS = 32
# More examples, and other ones at each run: for running by hand.
USUAL_EXAMPLES = 80
EXAMPLES = int(os.environ.get("SSTECH_INTERLEAVINGS", USUAL_EXAMPLES))
INDEX = st.integers(0, 3)
AFTER_EFFECTS = st.integers(0, 14)
RESULT = Result(12_300, 1280, 720)


class Videos(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.faults = Faults()
        s3, mediaconvert = MemoryS3(self.faults, lambda: self.now), MemoryMediaConvert(self.faults, lambda: self.now)
        self.s3, self.mediaconvert, self.queue = s3, mediaconvert, MemoryQueue(self.faults)
        s3.on_delete = self._may_be_deleted
        client, sqs = cast("Any", s3), cast("Any", self.queue)
        self.catalog, self.tombstones = Catalog(client, MEDIA_BUCKET), Tombstones(client, MEDIA_BUCKET)
        jobs = Jobs(cast("Any", mediaconvert), STAGE, QUEUE_ARN)
        spending = Spending(Months(client, MEDIA_BUCKET), CostLimits(PLENTY, PLENTY, PLENTY))
        usage = Usage(client, MEDIA_BUCKET, self.catalog, Quotas(1000, PLENTY))
        nothing_is_cached = Invalidation(lambda: cast("Any", None), None)
        bucket = UploadBucket(client, client, TEMP_BUCKET)
        self._numbers = itertools.count()
        self.admission = Admission(client, TEMP_BUCKET, self.catalog, usage, bucket, self._new_id)
        self.starter = Starter(
            client,
            cast("Any", mediaconvert),
            cast("Any", mediaconvert),
            Target(STAGE, TEMP_BUCKET, MEDIA_BUCKET, ROLE_ARN, QUEUE_ARN),
            self.catalog,
            self.tombstones,
            jobs,
            spending,
            100,
        )
        self.outcomes = Outcomes(client, STAGE, TEMP_BUCKET, MEDIA_BUCKET, self.catalog, self.tombstones, spending)
        self.retrying = Retrying(client, sqs, TEMP_BUCKET, "queue", self.catalog)
        self.deletion = Deletion(
            client,
            lambda: jobs,
            TEMP_BUCKET,
            MEDIA_BUCKET,
            self.catalog,
            self.tombstones,
            usage,
            bucket,
            nothing_is_cached,
        )
        self.reconciler = Reconciler(
            client,
            TEMP_BUCKET,
            self.catalog,
            self.tombstones,
            jobs,
            self.outcomes,
            bucket,
            usage,
            self.retrying,
            self.deletion,
        )
        # One after the other, so that a failure can be repeated.
        self._workers, reconciling.WORKERS = reconciling.WORKERS, 1  # type: ignore[misc]
        self.ids: list[str] = []
        self.told: list[JobEvent] = []
        self.somebody_died = False
        self.ready: dict[str, int] = {}

    # ---- what people and the world do

    @rule(large=st.booleans())
    def somebody_asks_for_an_upload(self, large: bool) -> None:
        known = set(self.s3.keys(MEDIA_BUCKET, f"catalog/{OWNER}/"))
        size = LARGE if large else len(MP4_START)
        self._run(lambda: self.admission.admit(OWNER, NewUpload("a.mp4", "video/mp4", size), self.now))
        new = set(self.s3.keys(MEDIA_BUCKET, f"catalog/{OWNER}/")) - known
        self.ids += [key.rsplit("/", 1)[-1].removesuffix(".json") for key in new]

    @precondition(lambda self: self.ids)
    @rule(which=INDEX, heard=st.booleans(), size=st.sampled_from([len(MP4_START)] * 4 + [1]))
    def the_bytes_arrive(self, which: int, heard: bool, size: int) -> None:
        """By a URL that is good for an hour, before or after whatever else; with or without S3's event."""
        video_id = self._pick(which)
        if self.now - self._created(video_id) > timedelta(hours=1):
            return
        key = keys.original(OWNER, video_id, "mp4")
        entry = self._entry(video_id)
        if entry and entry.upload_id:
            return
        if self.s3.body(TEMP_BUCKET, key) is not None:
            return
        self.s3.objects[TEMP_BUCKET, key] = (MP4_START[:size], '"original"', self.now)
        if heard:
            self.queue.bodies.append(events.retry_message(TEMP_BUCKET, key, size))

    @precondition(lambda self: self.ids)
    @rule(which=INDEX)
    def the_owner_tries_again(self, which: int) -> None:
        entry = self._entry(self._pick(which))
        if entry:
            self._run(lambda: self.retrying.retry(entry, self.now))

    @precondition(lambda self: self.ids)
    @rule(which=INDEX)
    def the_owner_deletes(self, which: int) -> None:
        video_id = self._pick(which)
        self._run(lambda: self.deletion.delete(OWNER, video_id, self.now))

    @precondition(lambda self: self.mediaconvert.jobs)
    @rule(
        which=INDEX,
        status=st.sampled_from(["PROGRESSING", "COMPLETE", "COMPLETE", "ERROR"]),
        mp4=st.sampled_from([b"mp4"] * 4 + [b"", None]),
        heard=st.booleans(),
    )
    def a_job_goes_on(self, which: int, status: str, mp4: bytes | None, heard: bool) -> None:
        job = self.mediaconvert.jobs[which % len(self.mediaconvert.jobs)]
        if job["Status"] not in ("SUBMITTED", "PROGRESSING"):
            return
        self._end(job, status, mp4)
        if heard:
            told = events.job_state(job)
            assert told is not None
            self.told.append(told)

    @precondition(lambda self: self.queue.bodies)
    @rule()
    def messages_are_lost(self) -> None:
        self.queue.bodies.clear()

    @rule(minutes=st.sampled_from([0, 2, 20, 90, 60 * 24 * 4]))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes, milliseconds=1)

    # ---- what the functions do, wherever they die and whatever runs between

    @precondition(lambda self: self.queue.bodies)
    @rule(which=INDEX, stays=st.booleans())
    def a_message_is_delivered(self, which: int, stays: bool) -> None:
        body = self.queue.bodies[which % len(self.queue.bodies)]
        if not stays:
            self.queue.bodies.remove(body)
        self._run(lambda: self._arrive(body))

    @precondition(lambda self: self.told)
    @rule(which=INDEX, stays=st.booleans())
    def a_job_event_is_delivered(self, which: int, stays: bool) -> None:
        event = self.told[which % len(self.told)]
        if not stays:
            self.told.remove(event)
        self._run(lambda: self.outcomes.happened(event, self.now))

    @rule(quiet=st.sampled_from([0, 900]))
    def the_reconciler_makes_a_round(self, quiet: int) -> None:
        self._run(lambda: self._reconcile(Patience(quiet=timedelta(seconds=quiet))))

    @rule(after_effects=AFTER_EFFECTS)
    def the_next_function_dies(self, after_effects: int) -> None:
        self.faults.plan(after_effects, self._die)

    @precondition(lambda self: self.queue.bodies or self.told or self.ids)
    @rule(
        after_effects=AFTER_EFFECTS, what=st.sampled_from(["message", "event", "round", "retry", "delete"]), which=INDEX
    )
    def the_next_function_is_overtaken(self, after_effects: int, what: str, which: int) -> None:
        self.faults.plan(after_effects, lambda: self._overtake(what, which))

    # ---- what must hold

    @invariant()
    def a_ready_video_stays_ready_with_its_mp4(self) -> None:
        for video_id in getattr(self, "ids", []):
            entry = self._entry(video_id)
            if entry is None:
                continue
            if video_id in self.ready:
                assert (entry.status, entry.attempt) == (Status.READY, self.ready[video_id])
            if entry.status is Status.READY:
                self.ready[video_id] = entry.attempt
                assert self.s3.body(MEDIA_BUCKET, keys.attempt(OWNER, video_id, entry.attempt) + keys.MP4_NAME)

    @invariant()
    def unfinished_work_has_its_marker(self) -> None:
        """Or only an event could bring it on. Where somebody died, the reconciler may find it by other traces."""
        if not getattr(self, "somebody_died", True):
            self.check_markers()

    def check_markers(self) -> None:
        for video_id in self.ids:
            entry = self._entry(video_id)
            unfinished = entry.status in UNFINISHED if entry else video_id in self._booked()
            if unfinished:
                assert self.s3.body(TEMP_BUCKET, keys.pending(video_id)), f"{video_id} is on nobody's list"

    @invariant()
    def no_attempt_has_two_jobs(self) -> None:
        jobs = getattr(self, "mediaconvert", None)
        made = (
            Counter((job["UserMetadata"]["videoId"], job["UserMetadata"]["attempt"]) for job in jobs.jobs)
            if jobs
            else {}
        )
        assert all(number == 1 for number in made.values()), made

    def teardown(self) -> None:
        """No more faults; what was lost stays lost. Every video must come to its right end."""
        if not hasattr(self, "_workers"):
            return
        try:
            self._bring_everything_to_its_end()
        finally:
            reconciling.WORKERS = self._workers  # type: ignore[misc]

    def _bring_everything_to_its_end(self) -> None:
        self.faults.clear()
        for _ in range(MANY_ROUNDS):
            for body in self.queue.bodies[:]:
                self.queue.bodies.remove(body)
                self._arrive(body)
            for job in self.mediaconvert.jobs:
                if job["Status"] in ("SUBMITTED", "PROGRESSING"):
                    self._end(job, "COMPLETE", b"mp4")
            # Together more than a day: each deleted video has its hour.
            self.now += timedelta(minutes=50)
            self._reconcile(Patience())
        self.now += stuck.ABANDONED_AFTER
        for _ in range(3):
            self._reconcile(Patience())
            self.now += timedelta(minutes=20)
        for video_id in self.ids:
            self._check_end(video_id)
        assert {video_id for video_id in self._booked() if self._entry(video_id) is None} == set(), "room for nothing"
        assert self.s3.keys(TEMP_BUCKET, "pending/") == []
        assert self.s3.uploads == {}

    def _check_end(self, video_id: str) -> None:
        entry = self._entry(video_id)
        originals = self.s3.keys(TEMP_BUCKET, keys.originals(OWNER, video_id))
        outputs = self.s3.keys(MEDIA_BUCKET, keys.media(OWNER, video_id))
        if entry is None:
            assert self.s3.body(MEDIA_BUCKET, keys.tombstone(OWNER, video_id))
            assert not originals
            assert not outputs
            assert video_id not in self._booked(), "a deleted video takes no room"
        elif entry.status is Status.READY:
            live = keys.attempt(OWNER, video_id, entry.attempt)
            assert not originals
            assert {key for key in outputs if not key.startswith(live)} == set(), "one published attempt"
        else:
            assert entry.status is Status.FAILED
            assert entry.error
            assert entry.error.message
            assert not outputs, "what a failed job wrote is of no use"

    def _booked(self) -> set[str]:
        """Ids that count for the owner's quota."""
        documents = (self.s3.body(MEDIA_BUCKET, key) for key in self.s3.keys(MEDIA_BUCKET, keys.usage_of(OWNER)))
        return {video_id for body in documents if body for video_id in months.from_json(body).videos}

    # ---- how

    def _new_id(self, now: datetime) -> str:
        """Without chance, so that a failure can be repeated: the hour of a deleted video follows from its id."""
        return new_video_id(now)[:TIME_LENGTH] + f"{next(self._numbers):0{RANDOM_LENGTH}}"

    def _run(self, function: Any) -> None:
        """A refusal is an answer; a crash is the end of this function alone."""
        try:
            function()
        except (CrashError, ApiError):
            pass
        finally:
            self.faults.clear()

    def _overtake(self, what: str, which: int) -> None:
        if what == "message" and self.queue.bodies:
            self._arrive(self.queue.bodies[which % len(self.queue.bodies)])
        elif what == "event" and self.told:
            self.outcomes.happened(self.told[which % len(self.told)], self.now)
        elif what == "round":
            self._reconcile(Patience(quiet=timedelta(0)))
        elif self.ids and what in ("retry", "delete"):
            video_id = self._pick(which)
            entry = self._entry(video_id)
            if entry is None:
                return
            try:
                if what == "delete":
                    self.deletion.delete(OWNER, video_id, self.now)
                else:
                    self.retrying.retry(entry, self.now)
            except ApiError:
                pass

    def _arrive(self, body: str) -> None:
        for arrival in events.arrivals(body):
            self.starter.arrived(arrival, self.now)

    def _reconcile(self, patience: Patience) -> None:
        self.reconciler.run(self.now, patience, lambda: False)

    def _end(self, job: dict[str, Any], status: str, mp4: bytes | None) -> None:
        metadata = job["UserMetadata"]
        folder = keys.attempt(OWNER, metadata["videoId"], int(metadata["attempt"]))
        job["Status"] = status
        if status != "PROGRESSING":
            self.s3.objects[MEDIA_BUCKET, folder + "hls/video.m3u8"] = (b"hls", '"hls"', self.now)
        if status == "COMPLETE" and mp4 is not None:
            self.s3.objects[MEDIA_BUCKET, folder + keys.MP4_NAME] = (mp4, '"mp4"', self.now)

    def _may_be_deleted(self, bucket: str, key: str) -> None:
        """An original goes only when its MP4 is there and not empty, or its owner has deleted the video."""
        original = keys.parse_original(key) if bucket == TEMP_BUCKET else None
        if original is None or self.s3.body(MEDIA_BUCKET, keys.tombstone(OWNER, original.video_id)):
            return
        entry = self._entry(original.video_id)
        assert entry is not None
        assert entry.status is Status.READY
        assert self.s3.body(MEDIA_BUCKET, keys.attempt(OWNER, original.video_id, entry.attempt) + keys.MP4_NAME)

    def _entry(self, video_id: str) -> Entry | None:
        body = self.s3.body(MEDIA_BUCKET, keys.catalog(OWNER, video_id))
        return Entry.from_json(body) if body else None

    def _created(self, video_id: str) -> datetime:
        from sstech_video.video_ids import created_at

        return created_at(video_id)

    def _pick(self, which: int) -> str:
        return self.ids[which % len(self.ids)]

    def _die(self) -> None:
        self.somebody_died = True
        raise CrashError


Videos.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    derandomize=EXAMPLES <= USUAL_EXAMPLES,
    suppress_health_check=list(HealthCheck),
)
test_every_video_comes_to_its_right_end = Videos.TestCase


# ---- every order of two functions that concern a video at its end

DOINGS = ("event", "retry", "delete", "message", "round")
MOST_EFFECTS = 20


def with_a_video(end: str) -> Videos:
    """One video whose job has ended so; its event and its message will come again."""
    world = Videos()
    world.begin()
    world.somebody_asks_for_an_upload(large=False)
    world.the_bytes_arrive(which=0, heard=True, size=len(MP4_START))
    world.a_message_is_delivered(which=0, stays=True)
    world.a_job_goes_on(which=0, status=end, mp4=b"mp4", heard=True)
    world.a_job_event_is_delivered(which=0, stays=True)
    return world


def at_rest(world: Videos) -> None:
    world.a_ready_video_stays_ready_with_its_mp4()
    world.unfinished_work_has_its_marker()
    world.no_attempt_has_two_jobs()


@pytest.mark.parametrize("end", ["ERROR", "COMPLETE"])
@pytest.mark.parametrize("first", DOINGS)
@pytest.mark.parametrize("second", DOINGS)
def test_two_functions_at_a_time_leave_nothing_unfinished_without_a_marker(end: str, first: str, second: str) -> None:
    for after_effects in range(MOST_EFFECTS):
        world = with_a_video(end)
        world.faults.plan(after_effects, functools.partial(world._overtake, second, 0))
        world._run(functools.partial(world._overtake, first, 0))
        at_rest(world)
        world.queue.bodies.clear()
        world.teardown()


def begin_and_die(world: Videos, what: str, after_effects: int) -> None:
    world.faults.plan(after_effects, world._die)
    with suppress(CrashError):
        world._overtake(what, 0)
    world.faults.clear()


@pytest.mark.parametrize("end", ["ERROR", "COMPLETE"])
@pytest.mark.parametrize("second", ["retry", "delete"])
@pytest.mark.parametrize("dies_after", range(0, MOST_EFFECTS, 3))
def test_what_a_late_event_sees_begin_is_finished_although_it_dies(end: str, second: str, dies_after: int) -> None:
    for after_effects in range(MOST_EFFECTS):
        world = with_a_video(end)
        world.faults.plan(after_effects, functools.partial(begin_and_die, world, second, dies_after))
        world._run(functools.partial(world._overtake, "event", 0))
        at_rest(world)
        world.check_markers()
        world.queue.bodies.clear()
        world.teardown()


def event_then_death(world: Videos, dies_after: int) -> None:
    world._overtake("event", 0)
    world.faults.plan(dies_after, world._die)


@pytest.mark.parametrize("end", ["ERROR", "COMPLETE"])
@pytest.mark.parametrize("first", ["retry", "delete"])
@pytest.mark.parametrize("dies_after", range(0, MOST_EFFECTS, 3))
def test_what_a_late_event_interrupts_is_finished_although_it_dies(end: str, first: str, dies_after: int) -> None:
    for after_effects in range(MOST_EFFECTS):
        world = with_a_video(end)
        world.faults.plan(after_effects, functools.partial(event_then_death, world, dies_after))
        world._run(functools.partial(world._overtake, first, 0))
        at_rest(world)
        world.queue.bodies.clear()
        world.teardown()
