"""The stand-in as a process."""

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
from mediaconvert_harness import DEADLINE_SECONDS, ROLE, SLOW, Bench, full_settings, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def process(engine_url: str, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str, Path]]:
    port = free_port()
    environment = os.environ | {
        "PORT": str(port),
        "AWS_ENDPOINT_URL": engine_url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "MEDIACONVERT_WORK_DIR": str(tmp_path / "work"),
    }
    started = subprocess.Popen([sys.executable, "-m", "mediaconvert_standin"], env=environment, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"

    def healthy() -> bool | None:
        try:
            return requests.get(f"{url}/health", timeout=5).json()["status"] == "ok" or None
        except requests.ConnectionError:
            return None

    wait_until(healthy, "the process")
    yield started, url, tmp_path / "work"
    started.kill()
    started.wait()
    assert started.stderr is not None
    started.stderr.close()


def test_sigterm_in_the_middle_of_a_job_leaves_no_child_and_no_file(
    process: tuple["subprocess.Popen[bytes]", str, Path], bench: Bench
) -> None:
    started, url, work_dir = process
    key = bench.make("slow.mp4", *SLOW)
    credentials: dict[str, Any] = {**CREDENTIALS}
    client = boto3.client("mediaconvert", endpoint_url=url, **credentials)
    client.create_job(Role=ROLE, Settings=full_settings(key, "stopped"))  # type: ignore[arg-type]
    family = psutil.Process(started.pid)

    def transcoding() -> list[psutil.Process] | None:
        children = family.children(recursive=True)
        return children if any("ffmpeg" in child.name() for child in children) else None

    children = wait_until(transcoding, "ffmpeg")
    client.close()
    started.send_signal(signal.SIGTERM)
    assert started.wait(DEADLINE_SECONDS) == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not list(work_dir.glob("jobs/*"))
    assert bench.keys("stopped") == []


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


def test_unmodelled_route_and_unimplemented_operation(bench: Bench) -> None:
    unknown = requests.get(f"{bench.endpoint}/2017-08-29/nothing", timeout=5)
    assert (unknown.status_code, unknown.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert unknown.json() == {"message": "Unable to determine service/operation name to be authorized"}
    missing = requests.get(f"{bench.endpoint}/2017-08-29/presets", timeout=5)
    assert (missing.status_code, missing.headers["x-amzn-ErrorType"]) == (501, "NotImplementedException")
    assert missing.json() == {"message": "Not supported by this emulator: ListPresets"}


def test_huge_body_is_refused(bench: Bench) -> None:
    answer = requests.post(f"{bench.endpoint}/2017-08-29/jobs", data=b"x" * (2 * 1024 * 1024), timeout=30)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "BadRequestException")
