"""Uploading: large files in parts, order, and taking everything back."""

import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from mediaconvert_harness import OUTPUT_BUCKET, Bench

from mediaconvert_standin.errors import Canceled, DestinationMissing
from mediaconvert_standin.job_settings.plan import S3Location, S3Options
from mediaconvert_standin.packaging.results import Upload
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.storage.journal import Journal
from mediaconvert_standin.storage.publish import MULTIPART_THRESHOLD, PART_BYTES, Publisher

ANY_FFMPEG = True


def upload(path: Path, key: str, stage: int = 0, bucket: str = OUTPUT_BUCKET) -> Upload:
    return Upload(path, S3Location(bucket, key), "video/mp4", S3Options(), stage=stage)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(MULTIPART_THRESHOLD + 1)
    return path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    database = Database(tmp_path / "state.sqlite3")
    yield Journal(database, "1")
    database.close()


def test_large_file_goes_in_parts_and_progress_ends_at_the_total(bench: Bench, journal: Journal, large: Path) -> None:
    seen: list[tuple[int, int]] = []
    publisher = Publisher(bench.s3, journal, lambda: None, lambda done, total: seen.append((done, total)))
    publisher.publish([upload(large, "pub/l")])
    head = bench.s3.head_object(Bucket=OUTPUT_BUCKET, Key="pub/l")
    assert (head["ContentLength"], head["ContentType"]) == (MULTIPART_THRESHOLD + 1, "video/mp4")
    parts = -(-(MULTIPART_THRESHOLD + 1) // PART_BYTES)
    assert head["ETag"].endswith(f'-{parts}"')
    assert len(seen) == parts
    assert seen[-1] == (MULTIPART_THRESHOLD + 1, MULTIPART_THRESHOLD + 1)
    bench.s3.delete_object(Bucket=OUTPUT_BUCKET, Key="pub/l")


def test_parts_hold_what_the_file_holds(bench: Bench, journal: Journal, large: Path) -> None:
    marks = (0, PART_BYTES - 1, PART_BYTES, 3 * PART_BYTES + 7, MULTIPART_THRESHOLD)
    with large.open("r+b") as file:
        for number, place in enumerate(marks, start=1):
            file.seek(place)
            file.write(bytes([number]))
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).publish([upload(large, "pub/marked")])
    for number, place in enumerate(marks, start=1):
        answer = bench.s3.get_object(Bucket=OUTPUT_BUCKET, Key="pub/marked", Range=f"bytes={place}-{place}")
        assert answer["Body"].read() == bytes([number])
    bench.s3.delete_object(Bucket=OUTPUT_BUCKET, Key="pub/marked")


def test_large_files_at_once_are_never_in_memory(bench: Bench, journal: Journal, large: Path) -> None:
    uploads = [upload(large, f"pub/many{number}") for number in range(4)]
    publisher = Publisher(bench.s3, journal, lambda: None, lambda *_: None)
    tracemalloc.start()
    try:
        publisher.publish(uploads)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        publisher.withdraw()
    assert peak < PART_BYTES


def test_stop_in_the_middle_of_a_large_file_leaves_no_parts(bench: Bench, journal: Journal, large: Path) -> None:
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise Canceled

    publisher = Publisher(bench.s3, journal, check, lambda *_: stopped.set())
    with pytest.raises(Canceled):
        publisher.publish([upload(large, "pub/stopped")])
    assert bench.s3.list_multipart_uploads(Bucket=OUTPUT_BUCKET).get("Uploads", []) == []
    publisher.withdraw()
    assert bench.keys("pub/stopped") == []


def test_stages_follow_each_other_and_withdraw_takes_all_back(bench: Bench, journal: Journal, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    uploads = [upload(small, f"staged/{stage}-{number}", stage) for stage in (2, 0, 1) for number in range(4)]
    publisher = Publisher(bench.s3, journal, lambda: None, lambda *_: None)
    publisher.publish(uploads)
    stages = [location.key.partition("/")[2][0] for location in journal.noted()]
    assert stages == sorted(stages)
    assert len(bench.keys("staged")) == 12
    publisher.withdraw()
    assert bench.keys("staged") == []


def test_one_failure_stops_the_later_stages(bench: Bench, journal: Journal, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    publisher = Publisher(bench.s3, journal, lambda: None, lambda *_: None)
    with pytest.raises(DestinationMissing):
        publisher.publish([upload(small, "x", 0, bucket="no-such-bucket"), upload(small, "after/x", 1)])
    with pytest.raises(ClientError):
        bench.s3.head_object(Bucket=OUTPUT_BUCKET, Key="after/x")


def test_what_a_dead_process_began_is_undone_by_the_next(bench: Bench, journal: Journal, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).publish([upload(small, "dead/first")])
    unfinished = bench.s3.create_multipart_upload(Bucket=OUTPUT_BUCKET, Key="dead/large")["UploadId"]
    journal.note(S3Location(OUTPUT_BUCKET, "dead/large"), unfinished)

    Publisher(bench.s3, journal, lambda: None, lambda *_: None).withdraw()

    assert bench.keys("dead") == []
    assert bench.s3.list_multipart_uploads(Bucket=OUTPUT_BUCKET).get("Uploads", []) == []
    assert journal.noted() == {}


def test_a_complete_job_leaves_nothing_of_its_earlier_try(bench: Bench, journal: Journal, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).publish([upload(small, "again/by-time-1")])
    second = Publisher(bench.s3, journal, lambda: None, lambda *_: None)
    uploads = [upload(small, "again/by-time-2")]
    second.publish(uploads)
    second.settle(uploads)
    assert bench.keys("again") == ["by-time-2"]
    assert journal.noted() == {}
