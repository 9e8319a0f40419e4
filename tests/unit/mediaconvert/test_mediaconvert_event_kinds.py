"""All eight kinds of events, at a webhook that is away at first, from a service whose minutes are seconds."""

import json
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from event_schema import check_event
from mediaconvert_harness import DEADLINE_SECONDS, ROLE, SLOW, TAGS, Bench, full_settings, picture, wait_until
from test_mediaconvert_process import Process

from mediaconvert_standin.running.resuming import MAX_RETRIES

ANY_FFMPEG = True
Json = dict[str, Any]
REFUSED_FIRST = 3
QUICK: Any = {"StatusUpdateInterval": "SECONDS_10"}


class Receiver:
    """A webhook that answers 503 a few times before it takes anything."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.asked = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked += 1
                taken = receiver.asked > REFUSED_FIRST
                if taken:
                    receiver.events.append(json.loads(body))
                self.send_response(204 if taken else 503)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"

    def of(self, job_id: str) -> list[str]:
        return [event["detail"]["status"] for event in self.events if event["detail"]["jobId"] == job_id]

    def wait_for(self, job_id: str, status: str) -> list[str]:
        return wait_until(lambda: self.of(job_id) if status in self.of(job_id) else None, f"{status} of {job_id}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def process(engine_url: str, tmp_path: Path, receiver: Receiver) -> Iterator[Process]:
    one = Process(
        engine_url,
        tmp_path / "work",
        MEDIACONVERT_WEBHOOK_URL=receiver.url,
        MEDIACONVERT_TIME_SPEED="60",
        MEDIACONVERT_CONCURRENT_JOBS="1",
    )
    yield one
    one.running.kill()
    one.running.wait()
    one.client.close()


def test_all_eight_kinds_of_events(process: Process, receiver: Receiver, bench: Bench) -> None:
    slow = bench.make("slow.mp4", *SLOW)
    short = bench.make("short.mp4", *picture("320x180"), "-c:v", "libx264", "-pix_fmt", "yuv420p", *TAGS)
    client = process.client

    def create(key: str, **more: Any) -> str:
        settings: Any = full_settings(key, f"kinds/{key}")
        return client.create_job(Role=ROLE, Settings=settings, **more)["Job"]["Id"]

    running = create(slow, **QUICK)
    receiver.wait_for(running, "STATUS_UPDATE")
    client.create_queue(Name="spare")
    client.create_queue(Name="gone")
    hopping = create(short, HopDestinations=[{"Queue": "spare", "WaitMinutes": 1}])
    staying = create(short, HopDestinations=[{"Queue": "gone", "WaitMinutes": 3}])
    client.delete_queue(Name="gone")
    receiver.wait_for(staying, "NEW_WARNING")
    hopped = receiver.wait_for(hopping, "COMPLETE")
    failing = create("nowhere.mp4", Queue="spare", UserMetadata={"who": "me"})
    receiver.wait_for(failing, "ERROR")
    client.cancel_job(Id=running)
    receiver.wait_for(running, "CANCELED")
    completed = receiver.wait_for(staying, "COMPLETE")

    ran = ["PROGRESSING", "INPUT_INFORMATION", "COMPLETE"]
    assert [status for status in hopped if status != "STATUS_UPDATE"] == ["QUEUE_HOP", *ran]
    assert [status for status in completed if status != "STATUS_UPDATE"] == ["NEW_WARNING", *ran]
    assert [status for status in receiver.of(failing) if status != "STATUS_UPDATE"] == ["PROGRESSING", "ERROR"]
    kinds = Counter(event["detail"]["status"] for event in receiver.events)
    assert set(kinds) == {
        "PROGRESSING",
        "INPUT_INFORMATION",
        "STATUS_UPDATE",
        "NEW_WARNING",
        "QUEUE_HOP",
        "COMPLETE",
        "ERROR",
        "CANCELED",
    }
    for event in receiver.events:
        check_event(event)
    job = client.get_job(Id=hopping)["Job"]
    assert job["Queue"].endswith("/Default")
    assert job["QueueTransitions"][0]["DestinationQueue"].endswith("/spare")
    assert client.get_job(Id=staying)["Job"]["Warnings"] == [{"Code": 100000, "Count": 1}]


def test_the_stream_tells_what_was_and_what_comes(process: Process, bench: Bench) -> None:
    job_id = process.client.create_job(Role=ROLE, Settings=full_settings("nowhere.mp4", "s"))["Job"]["Id"]  # type: ignore[arg-type]
    seen: list[str] = []
    with requests.get(f"{process.url}/events?after=0", stream=True, timeout=DEADLINE_SECONDS) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        for line in stream.iter_lines(decode_unicode=True):
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                check_event(event)
                assert event["detail"]["jobId"] == job_id
                seen.append(event["detail"]["status"])
            if "ERROR" in seen:
                break
    assert [status for status in seen if status != "STATUS_UPDATE"] == ["PROGRESSING", "ERROR"]


def test_events_of_an_end_are_sent_though_the_process_died_before(process: Process, receiver: Receiver) -> None:
    """The record says COMPLETE or ERROR, the event was not yet written down."""
    job_id = process.client.create_job(Role=ROLE, Settings=full_settings("nowhere.mp4", "s"))["Job"]["Id"]  # type: ignore[arg-type]
    receiver.wait_for(job_id, "ERROR")
    process.kill()
    process.client.close()
    _forget_event(process.work_dir / "state.sqlite3", job_id, "ERROR")

    process.start()

    wait_until(lambda: receiver.of(job_id).count("ERROR") >= 2 or None, "the event again")


def _forget_event(path: Path, job_id: str, status: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM history WHERE job = ? AND status = ?", (job_id, status))
    connection.close()


@pytest.mark.parametrize("seed", [1])
def test_killed_at_any_moment_nothing_is_lost(process: Process, receiver: Receiver, bench: Bench, seed: int) -> None:
    """As often as a job may be begun again, at moments that nobody chose."""
    moments = random.Random(seed)  # noqa: S311 - moments, not secrets
    key = bench.make("short.mp4", *picture("320x180"), "-c:v", "libx264", "-pix_fmt", "yuv420p")
    jobs: dict[str, str] = {}
    for number in range(6):
        folder = f"chaos-{seed}-{number}"
        settings: Any = full_settings(key, folder)
        jobs[process.client.create_job(Role=ROLE, Settings=settings)["Job"]["Id"]] = folder
    for _ in range(MAX_RETRIES):
        known = len(receiver.events)
        more = moments.randint(1, 4)
        wait_until(lambda so_far=known + more: len(receiver.events) >= so_far or None, "events")  # type: ignore[misc]
        process.kill()
        process.client.close()
        process.start()

    for job_id in jobs:
        receiver.wait_for(job_id, "COMPLETE")
    whole = set(bench.keys(next(iter(jobs.values()))))
    assert {"video.mp4", "hls/video.m3u8", "poster.0000000.jpg"} <= whole
    for job_id, folder in jobs.items():
        assert process.status(job_id) == "COMPLETE"
        assert set(bench.keys(folder)) == whole
    assert not list(process.work_dir.glob("jobs/*"))
