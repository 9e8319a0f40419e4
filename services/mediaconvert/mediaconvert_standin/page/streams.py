"""Server-sent events: the job events as they happen, for debugging, and the page's list of jobs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from mediaconvert_standin.state.database import Database

Json = dict[str, Any]

LOOK_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0
MAX_STREAMS = 32
_BATCH = 100
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


class Streams:
    """Counts the open ones: each costs a look at the state four times a second."""

    def __init__(self) -> None:
        self._open = 0
        self._stopping = False

    def stop(self) -> None:
        self._stopping = True

    def respond(self, request: Request, messages: Callable[[], list[str]]) -> Response:
        """A stream of what ``messages`` returns, called again and again in a thread, until the client goes."""
        if self._open >= MAX_STREAMS:
            return JSONResponse({"message": f"More than {MAX_STREAMS} streams are open. Close one."}, 503)
        return StreamingResponse(self._run(request, messages), headers=_HEADERS, media_type="text/event-stream")

    async def _run(self, request: Request, messages: Callable[[], list[str]]) -> AsyncIterator[str]:
        self._open += 1
        silent = 0.0
        try:
            yield "retry: 1000\n\n"
            while not self._stopping and not await request.is_disconnected():
                found = await run_in_threadpool(messages)
                for message in found:
                    yield message
                silent = 0.0 if found else silent + LOOK_SECONDS
                if silent >= KEEP_ALIVE_SECONDS:
                    silent = 0.0
                    yield ": still here\n\n"
                if not found:
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._open -= 1


def job_events(database: Database, after: int | None) -> Callable[[], list[str]]:
    """Messages with the events that follow number ``after``; those to come when it is None."""
    position = database.last_event_number() if after is None else after

    def look() -> list[str]:
        nonlocal position
        found = database.history(position, _BATCH)
        if found:
            position = found[-1][0]
        return [f"id: {number}\ndata: {event}\n\n" for number, event in found]

    return look


def snapshots(look: Callable[[], Json]) -> Callable[[], list[str]]:
    """A message with what ``look`` returns, whenever that is something else than before."""
    before = ""

    def changed() -> list[str]:
        nonlocal before
        now = json.dumps(look(), separators=(",", ":"))
        if now == before:
            return []
        before = now
        return [f"data: {now}\n\n"]

    return changed
