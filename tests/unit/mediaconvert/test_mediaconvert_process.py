"""The stand-in as a process."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import requests
from engine import CREDENTIALS, free_port
from mediaconvert_harness import (
    DEADLINE_SECONDS,
    EVENT_SOURCE,
    OUTPUT_BUCKET,
    ROLE,
    SLOW,
    SOURCE_BUCKET,
    Bench,
    full_settings,
    picture,
    wait_until,
)

from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.running.resuming import MAX_RETRIES
from mediaconvert_standin.settings import ConfigurationError
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.store import JobStore
from mediaconvert_standin.state.work_folder import held
from mediaconvert_standin.storage.journal import Journal, Note

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


class Process:
    """The stand-in as a program of its own that can be killed and started again."""

    def __init__(self, engine_url: str, work_dir: Path, **environment: str) -> None:
        self.work_dir = work_dir
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment = os.environ | {
            "PORT": str(self._port),
            "AWS_ENDPOINT_URL": engine_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "MEDIACONVERT_WORK_DIR": str(work_dir),
            "MEDIACONVERT_EVENT_SOURCE": EVENT_SOURCE,
            **environment,
        }
        credentials: dict[str, Any] = {**CREDENTIALS}
        self.client = boto3.client("mediaconvert", endpoint_url=self.url, **credentials)
        self.start()

    def start(self) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-m", "mediaconvert_standin"], env=self._environment, stderr=subprocess.DEVNULL
        )
        wait_until(self._healthy, "the process")

    def kill(self) -> None:
        """As a crash or `docker kill` ends it, with all its children."""
        children = psutil.Process(self.running.pid).children(recursive=True)
        # The parent first: it would take a child's end for a failed transcode.
        self.running.kill()
        self.running.wait()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()

    def transcoding(self) -> list[psutil.Process] | None:
        """The children, once ffmpeg is among them."""
        children = psutil.Process(self.running.pid).children(recursive=True)
        return children if any("ffmpeg" in child.name() for child in children) else None

    def status(self, job_id: str) -> str:
        return str(self.client.get_job(Id=job_id)["Job"]["Status"])

    def _healthy(self) -> bool | None:
        try:
            return requests.get(f"{self.url}/health", timeout=60).json()["status"] == "ok" or None
        except requests.RequestException:
            return None


@pytest.fixture
def process(engine_url: str, tmp_path: Path) -> Iterator[Process]:
    one = Process(engine_url, tmp_path / "work")
    yield one
    one.running.kill()
    one.running.wait()
    one.client.close()


def test_sigterm_in_the_middle_of_a_job_leaves_no_child_and_no_file(process: Process, bench: Bench) -> None:
    key = bench.make("slow.mp4", *SLOW)
    process.client.create_job(Role=ROLE, Settings=full_settings(key, "stopped"))  # type: ignore[arg-type]
    children = wait_until(process.transcoding, "ffmpeg")

    process.running.send_signal(signal.SIGTERM)

    assert process.running.wait(DEADLINE_SECONDS) == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not list(process.work_dir.glob("jobs/*"))
    assert bench.keys("stopped") == []


def test_a_killed_process_finishes_its_jobs_after_the_next_start(process: Process, bench: Bench) -> None:
    key = bench.make("short.mp4", *picture("320x180"), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    slow = bench.make("slow.mp4", *SLOW)
    jobs = [
        process.client.create_job(Role=ROLE, Settings=full_settings(source, prefix))["Job"]["Id"]  # type: ignore[arg-type]
        for source, prefix in ((slow, "killed-while-running"), (key, "killed-while-waiting"), (key, "killed-too"))
    ]
    wait_until(process.transcoding, "ffmpeg")

    process.kill()
    process.client.close()
    process.start()

    for job_id in jobs:
        wait_until(lambda job_id=job_id: process.status(job_id) == "COMPLETE" or None, "the job")  # type: ignore[misc]
    assert process.client.get_job(Id=jobs[0])["Job"]["RetryCount"] == 1
    assert "video.mp4" in bench.keys("killed-while-running")
    assert "video.mp4" in bench.keys("killed-while-waiting")


def test_a_job_that_was_running_at_every_end_of_the_process_is_given_up(process: Process, bench: Bench) -> None:
    key = bench.make("slow.mp4", *SLOW)
    job_id = process.client.create_job(Role=ROLE, Settings=full_settings(key, "poison"))["Job"]["Id"]  # type: ignore[arg-type]
    for _ in range(MAX_RETRIES + 1):
        wait_until(process.transcoding, "ffmpeg")
        process.kill()
        process.client.close()
        process.start()

    job = process.client.get_job(Id=job_id)["Job"]

    assert (job["Status"], job["ErrorCode"]) == ("ERROR", 1999)
    assert bench.keys("poison") == []


def test_wrong_setting_ends_the_process_with_a_reason() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mediaconvert_standin"],
        env=os.environ | {"PORT": "none"},
        capture_output=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert result.returncode == 2
    assert b"PORT must be a whole number" in result.stderr


def test_a_folder_that_is_none_ends_the_process_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="can not be written to"), held(tmp_path / "file" / "work"):
        pass


def test_a_second_process_leaves_the_folder_of_the_first_alone(process: Process) -> None:
    (process.work_dir / "jobs" / "one").mkdir(parents=True)
    result = subprocess.run(
        [sys.executable, "-m", "mediaconvert_standin"],
        env=os.environ | {"PORT": str(free_port()), "MEDIACONVERT_WORK_DIR": str(process.work_dir)},
        capture_output=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert result.returncode == 2
    assert b"another stand-in works in" in result.stderr
    assert (process.work_dir / "jobs" / "one").is_dir()


def test_unmodelled_route(bench: Bench) -> None:
    unknown = requests.get(f"{bench.endpoint}/2017-08-29/nothing", timeout=60)
    assert (unknown.status_code, unknown.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert unknown.json() == {"message": "Unable to determine service/operation name to be authorized"}


def test_huge_body_is_refused(bench: Bench) -> None:
    answer = requests.post(f"{bench.endpoint}/2017-08-29/jobs", data=b"x" * (2 * 1024 * 1024), timeout=30)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "BadRequestException")


def test_a_job_that_was_canceled_when_the_process_died_leaves_nothing_published(process: Process, bench: Bench) -> None:
    key = bench.make("slow.mp4", *SLOW)
    settings: Any = full_settings(key, "canceled-half")
    job_id = process.client.create_job(Role=ROLE, Settings=settings)["Job"]["Id"]
    wait_until(process.transcoding, "ffmpeg")
    process.kill()
    process.client.close()
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="canceled-half/video.mp4", Body=b"x")
    database = Database(process.work_dir / "state.sqlite3")
    Journal(database, job_id).note(Note(S3Location(OUTPUT_BUCKET, "canceled-half/video.mp4")))
    JobStore(database).change(job_id, {"PROGRESSING"}, status="CANCELED")
    database.close()

    process.start()

    wait_until(lambda: bench.keys("canceled-half") == [] or None, "an empty folder")
    assert process.status(job_id) == "CANCELED"


def test_a_job_that_fails_after_a_restart_leaves_nothing_published(process: Process, bench: Bench) -> None:
    """The process dies while it works; what it had uploaded until then goes when the second try fails."""
    key = bench.make("short.mp4", *picture("320x180"), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    slow = bench.make("slow.mp4", *SLOW)
    settings: Any = full_settings(slow, "half")
    job_id = process.client.create_job(Role=ROLE, Settings=settings)["Job"]["Id"]
    wait_until(process.transcoding, "ffmpeg")
    process.kill()
    process.client.close()
    bench.s3.copy_object(Bucket=OUTPUT_BUCKET, Key="half/video.mp4", CopySource={"Bucket": SOURCE_BUCKET, "Key": key})
    bench.s3.put_object(Bucket=SOURCE_BUCKET, Key=slow, Body=b"no longer a video")  # others make it again
    database = Database(process.work_dir / "state.sqlite3")
    Journal(database, job_id).note(Note(S3Location(OUTPUT_BUCKET, "half/video.mp4")))
    database.close()

    process.start()

    wait_until(lambda: process.status(job_id) == "ERROR" or None, "the end")
    wait_until(lambda: bench.keys("half") == [] or None, "an empty folder")
