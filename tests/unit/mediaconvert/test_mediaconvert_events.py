"""Events wait on disk while EventBridge is away."""

import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from mediaconvert_harness import wait_until
from test_mediaconvert_pure import job

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.events.destinations import EventBridge, Unreachable, Webhook
from mediaconvert_standin.events.sender import EventSender
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database


class Bus:
    """EventBridge that can be away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.nonsense = 0
        self.taken: list[str] = []
        self.asked = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's name
        self.asked += 1
        if self.away:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        if self.nonsense:
            self.nonsense -= 1
            raise ResponseParserError("Unable to parse response")
        self.taken += [entry["Detail"] for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": [{}]}


def sender(bus: Bus, database: Database) -> EventSender:
    return EventSender(Settings.from_environ({}), database, Clock(), [EventBridge(bus, None)])  # type: ignore[arg-type]


def test_events_wait_while_the_bus_is_away_and_keep_their_order(tmp_path: Path) -> None:
    database, bus = Database(tmp_path / "state.sqlite3"), Bus(away=True)
    events = sender(bus, database)
    events.send(job(), "PROGRESSING")
    events.send(job(), "COMPLETE")
    wait_until(lambda: bus.asked >= 2 or None, "a second try")

    bus.away = False

    wait_until(lambda: len(bus.taken) == 2 or None, "both events")
    assert ['"PROGRESSING"' in bus.taken[0], '"COMPLETE"' in bus.taken[1]] == [True, True]
    events.close(5)
    assert database.next_event("EventBridge") is None


def test_an_event_that_was_not_taken_is_sent_by_the_next_process(tmp_path: Path) -> None:
    before = Database(tmp_path / "state.sqlite3")
    stopped = sender(Bus(away=True), before)
    stopped.send(job(), "COMPLETE")
    stopped.close(5)
    before.close()
    after, bus = Database(tmp_path / "state.sqlite3"), Bus()

    events = sender(bus, after)

    wait_until(lambda: len(bus.taken) == 1 or None, "the event")
    events.close(5)
    assert after.next_event("EventBridge") is None


def test_an_answer_that_is_none_keeps_no_later_event_from_being_sent(tmp_path: Path) -> None:
    database, bus = Database(tmp_path / "state.sqlite3"), Bus()
    bus.nonsense = 1
    events = sender(bus, database)
    events.send(job(), "PROGRESSING")
    events.send(job(), "COMPLETE")
    wait_until(lambda: len(bus.taken) == 2 or None, "both events")
    events.close(5)


def test_a_webhook_that_speaks_no_http_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"hello\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Unreachable):
            Webhook(f"http://127.0.0.1:{server.getsockname()[1]}/").put({})
        thread.join()


def test_who_was_told_of_a_start_is_told_of_the_cancelation(tmp_path: Path) -> None:
    """A restart put the job back into its queue, where it was cancelled before it began again."""
    database = Database(tmp_path / "state.sqlite3")
    events = sender(Bus(), database)
    events.send_end(replace(job(), id="again", status="CANCELED", retries=1))
    events.send_end(replace(job(), id="never", status="CANCELED"))
    events.close(5)
    assert (database.was_told("again", "CANCELED"), database.was_told("never", "CANCELED")) == (True, False)
