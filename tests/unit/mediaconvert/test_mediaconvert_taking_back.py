"""Outputs of jobs that ended while nobody could take them back are taken back after the next start."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mediaconvert_harness import OUTPUT_BUCKET, Bench, wait_until
from mypy_boto3_s3 import S3Client
from test_mediaconvert_pure import job

from mediaconvert_standin.errors import RoleNotAssumable
from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.running.taking_back import TakingBack
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.store import JobStore
from mediaconvert_standin.storage.journal import Journal, Note

ANY_FFMPEG = True


class Stack:
    """What the last process left: a store, a journal, and an S3 whose STS is away at first."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.database = Database(folder / "state.sqlite3")
        self.store = JobStore(self.database)
        self.clients = self
        self.away = 0
        self._bench = bench

    def s3_with_role(self, role: str, job_id: str) -> S3Client:
        assert (role, bool(job_id)) == ("r", True)
        if self.away:
            self.away -= 1
            raise RoleNotAssumable(role)
        return self._bench.s3

    def left(self, job_id: str, status: str, key: str) -> None:
        self.store.add(replace(job(clientRequestToken=None), id=job_id, status=status))
        self._bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key=key, Body=b"left")
        Journal(self.database, job_id).note(Note(S3Location(OUTPUT_BUCKET, key)))

    def start(self) -> TakingBack:
        tools: Any = SimpleNamespace(database=self.database, store=self.store, clients=self.clients)
        return TakingBack(tools, pauses=(0.0,) * 5)

    def wait(self, *still: str) -> None:
        wait_until(lambda: self.database.jobs_with_uploads() == list(still) or None, "the end of the notes")


@pytest.fixture
def stack(tmp_path: Path, bench: Bench) -> Iterator[Stack]:
    one = Stack(tmp_path, bench)
    yield one
    one.database.close()


def test_jobs_that_were_canceled_or_failed_lose_what_they_wrote(stack: Stack, bench: Bench) -> None:
    stack.left("1", "CANCELED", "left/canceled")
    stack.left("2", "ERROR", "left/failed")
    stack.start()
    stack.wait()
    assert bench.keys("left") == []


def test_a_complete_job_keeps_its_outputs_and_one_that_runs_again_its_notes(stack: Stack, bench: Bench) -> None:
    stack.left("1", "COMPLETE", "stays/complete")
    stack.left("2", "SUBMITTED", "stays/again")
    stack.start()
    stack.wait("2")
    assert bench.keys("stays") == ["again", "complete"]
    bench.s3.delete_object(Bucket=OUTPUT_BUCKET, Key="stays/complete")
    bench.s3.delete_object(Bucket=OUTPUT_BUCKET, Key="stays/again")


def test_it_is_tried_again_while_the_role_can_not_be_assumed(stack: Stack, bench: Bench) -> None:
    stack.left("1", "CANCELED", "away/x")
    stack.away = 2
    stack.start()
    stack.wait()
    assert (bench.keys("away"), stack.away) == ([], 0)
