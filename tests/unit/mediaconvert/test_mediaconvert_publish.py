"""Uploading: large files in parts, order, and taking everything back."""

import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from engine import CREDENTIALS
from mediaconvert_harness import OUTPUT_BUCKET, Bench
from mypy_boto3_s3 import S3Client

from mediaconvert_standin.errors import Canceled, DestinationMissing, RoleNotAssumable, WriteDenied, WriteFailed
from mediaconvert_standin.job_settings.plan import S3Location, S3Options
from mediaconvert_standin.packaging.results import Upload
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.storage.journal import Journal, Note
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
    stages = [note.location.key.partition("/")[2][0] for note in journal.noted()]
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
    journal.note(Note(S3Location(OUTPUT_BUCKET, "dead/large"), unfinished))

    Publisher(bench.s3, journal, lambda: None, lambda *_: None).withdraw()

    assert bench.keys("dead") == []
    assert bench.s3.list_multipart_uploads(Bucket=OUTPUT_BUCKET).get("Uploads", []) == []
    assert journal.noted() == []


def test_a_complete_job_leaves_nothing_of_its_earlier_try(bench: Bench, journal: Journal, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).publish([upload(small, "again/by-time-1")])
    second = Publisher(bench.s3, journal, lambda: None, lambda *_: None)
    uploads = [upload(small, "again/by-time-2")]
    second.publish(uploads)
    second.keep_only(uploads)
    assert bench.keys("again") == ["by-time-2"]
    assert journal.noted() == [Note(uploads[0].location)]


OLD = b"last week's good object"


@pytest.fixture
def faulty(engine_url: str) -> Iterator[S3Client]:
    """A client of its own, for tests that make its calls fail."""
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    client = boto3.client("s3", endpoint_url=engine_url, config=config, **CREDENTIALS)  # type: ignore[call-overload]
    yield client
    client.close()


def answer_with(client: S3Client, operation: str, status: int, code: str) -> None:
    """S3 answers calls of ``operation`` with an error from now on."""

    def refuse(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        parsed = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return AWSResponse("", status, {}, None), parsed

    client.meta.events.register(f"before-call.s3.{operation}", refuse)


def body_of(bench: Bench, key: str) -> bytes:
    return bench.s3.get_object(Bucket=OUTPUT_BUCKET, Key=key)["Body"].read()


REFUSALS = [
    (400, "AccessControlListNotSupported", WriteDenied),
    (403, "AccessDenied", WriteDenied),
    (400, "InvalidStorageClass", WriteFailed),
]


@pytest.mark.parametrize(("status", "code", "told"), REFUSALS)
def test_what_s3_refused_to_replace_stays(
    bench: Bench, faulty: S3Client, journal: Journal, tmp_path: Path, status: int, code: str, told: type[Exception]
) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"new")
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="refused/x", Body=OLD)
    answer_with(faulty, "PutObject", status, code)
    publisher = Publisher(faulty, journal, lambda: None, lambda *_: None)
    with pytest.raises(told):
        publisher.publish([upload(small, "refused/x")])
    publisher.withdraw()
    assert body_of(bench, "refused/x") == OLD
    assert journal.noted() == []


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
def test_a_large_file_that_s3_refused_replaces_nothing(
    bench: Bench, faulty: S3Client, journal: Journal, large: Path, operation: str
) -> None:
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="refused/large", Body=OLD)
    answer_with(faulty, operation, 403, "AccessDenied")
    publisher = Publisher(faulty, journal, lambda: None, lambda *_: None)
    with pytest.raises(WriteDenied):
        publisher.publish([upload(large, "refused/large")])
    publisher.withdraw()
    assert body_of(bench, "refused/large") == OLD
    assert bench.s3.list_multipart_uploads(Bucket=OUTPUT_BUCKET).get("Uploads", []) == []


def test_a_large_file_that_was_stopped_replaces_nothing(bench: Bench, journal: Journal, large: Path) -> None:
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise Canceled

    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="stopped/large", Body=OLD)
    publisher = Publisher(bench.s3, journal, check, lambda *_: stopped.set())
    with pytest.raises(Canceled):
        publisher.publish([upload(large, "stopped/large")])
    publisher.withdraw()
    assert body_of(bench, "stopped/large") == OLD
    assert journal.noted() == []


def test_a_process_that_died_between_two_parts_replaced_nothing(bench: Bench, journal: Journal) -> None:
    where = S3Location(OUTPUT_BUCKET, "dead/replaced")
    bench.s3.put_object(Bucket=where.bucket, Key=where.key, Body=OLD)
    journal.note(Note(where, bench.s3.create_multipart_upload(Bucket=where.bucket, Key=where.key)["UploadId"]))
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).withdraw()
    assert body_of(bench, where.key) == OLD
    assert bench.s3.list_multipart_uploads(Bucket=OUTPUT_BUCKET).get("Uploads", []) == []


def test_a_completed_large_file_is_taken_back(bench: Bench, journal: Journal, large: Path) -> None:
    publisher = Publisher(bench.s3, journal, lambda: None, lambda *_: None)
    publisher.publish([upload(large, "whole/large")])
    assert journal.noted() == [Note(S3Location(OUTPUT_BUCKET, "whole/large"))]
    publisher.withdraw()
    assert bench.keys("whole") == []


@pytest.mark.parametrize(("operation", "status", "code"), [
    ("PutObject", 500, "InternalError"),
    ("CompleteMultipartUpload", 500, "InternalError"),
    ("CompleteMultipartUpload", 404, "NoSuchUpload"),
])  # fmt: skip
def test_a_write_whose_end_nobody_knows_is_taken_back(
    bench: Bench,
    faulty: S3Client,
    journal: Journal,
    large: Path,
    tmp_path: Path,
    operation: str,
    status: int,
    code: str,
) -> None:
    path = large
    if operation == "PutObject":
        path = tmp_path / "small"
        path.write_bytes(b"new")
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="unknown/x", Body=b"what the call stored before it failed")
    answer_with(faulty, operation, status, code)
    publisher = Publisher(faulty, journal, lambda: None, lambda *_: None)
    with pytest.raises(WriteFailed):
        publisher.publish([upload(path, "unknown/x")])
    publisher.withdraw()
    assert bench.keys("unknown") == []


def test_a_refused_second_try_still_takes_back_the_first(
    bench: Bench, faulty: S3Client, journal: Journal, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).publish([upload(small, "twice/x")])
    answer_with(faulty, "PutObject", 403, "AccessDenied")
    second = Publisher(faulty, journal, lambda: None, lambda *_: None)
    with pytest.raises(WriteDenied):
        second.publish([upload(small, "twice/x")])
    second.withdraw()
    assert bench.keys("twice") == []


def test_what_could_not_be_asked_for_stays_noted(
    bench: Bench, faulty: S3Client, journal: Journal, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    publisher = Publisher(faulty, journal, lambda: None, lambda *_: None)
    publisher.publish([upload(small, "later/x")])
    answer_with(faulty, "DeleteObjects", 503, "ServiceUnavailable")
    publisher.withdraw()
    assert [note.location.key for note in journal.noted()] == ["later/x"]
    Publisher(bench.s3, journal, lambda: None, lambda *_: None).withdraw()
    assert (bench.keys("later"), journal.noted()) == ([], [])


def test_a_role_that_is_gone_when_outputs_are_taken_back_ends_nothing_else(
    faulty: S3Client, journal: Journal, tmp_path: Path
) -> None:
    def gone(**_: Any) -> None:
        raise RoleNotAssumable("arn:aws:iam::000000000000:role/gone")

    small = tmp_path / "small"
    small.write_bytes(b"x")
    publisher = Publisher(faulty, journal, lambda: None, lambda *_: None)
    publisher.publish([upload(small, "roleless/x")])
    faulty.meta.events.register("before-call.s3.DeleteObjects", gone)
    publisher.withdraw()
    assert [note.location.key for note in journal.noted()] == ["roleless/x"]


def test_a_canceled_job_leaves_what_a_later_one_wrote_to_the_same_key(bench: Bench, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    database = Database(tmp_path / "state.sqlite3")
    canceled = Publisher(bench.s3, Journal(database, "1"), lambda: None, lambda *_: None)
    canceled.publish([upload(small, "shared/x"), upload(small, "shared/y")])
    Publisher(bench.s3, Journal(database, "2"), lambda: None, lambda *_: None).publish([upload(small, "shared/x")])
    canceled.withdraw()
    assert bench.keys("shared") == ["x"]
    database.close()
