"""For tests of other programs: let time pass and make calls fail. On a port of its own, and off by default."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.errors import AccessDenied, ApiError, InternalError, TooManyRequests
from mediaconvert_standin.protocol.wire import service_model

MAX_BODY_BYTES = 4096
MAX_ADVANCE_SECONDS = 90 * 24 * 3600  # the service forgets a job after so long
MAX_TIMES = 1_000_000
ANY = "*"
_ERRORS: dict[int, type[ApiError]] = {403: AccessDenied, 429: TooManyRequests, 500: InternalError}


@dataclass(frozen=True)
class Fault:
    status: int
    times: int


class Faults:
    """Calls that are to fail: by operation, or all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}

    def set(self, operation: str, fault: Fault) -> None:
        with self._lock:
            self._faults[operation] = fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def strike(self, operation: str) -> None:
        """Raise the error that is due for a call, if one is."""
        with self._lock:
            name = operation if operation in self._faults else ANY
            fault = self._faults.get(name)
            if fault is None:
                return
            if fault.times > 1:
                self._faults[name] = replace(fault, times=fault.times - 1)
            else:
                del self._faults[name]
        raise _ERRORS[fault.status](f"A fault that was asked for: {fault.status} for {operation}")


class ControlServer(uvicorn.Server):
    """A second server in the same loop: signals are the first one's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def control_server(host: str, port: int, clock: Clock, faults: Faults) -> ControlServer:
    app = control_app(clock, faults)
    return ControlServer(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off"))


def control_app(clock: Clock, faults: Faults) -> Starlette:
    """POST /clock ``{"advanceSeconds": n}``; POST /faults ``{"operation", "status", "times"}``; DELETE /faults."""

    async def advance(request: Request) -> Response:
        body = await _body(request)
        seconds: Any = body.get("advanceSeconds")
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not 0 <= seconds <= MAX_ADVANCE_SECONDS:
            return _refuse(f"advanceSeconds must be a number from 0 to {MAX_ADVANCE_SECONDS}")
        clock.advance(seconds)
        return JSONResponse({"now": clock.now()})

    async def add(request: Request) -> Response:
        body = await _body(request)
        operation, status, times = body.get("operation", ANY), body.get("status"), body.get("times", 1)
        if operation != ANY and operation not in service_model().operation_names:
            return _refuse("operation must be an operation of MediaConvert, or *")
        if status not in _ERRORS:
            return _refuse(f"status must be one of {sorted(_ERRORS)}")
        if not isinstance(times, int) or not 1 <= times <= MAX_TIMES:
            return _refuse(f"times must be a whole number from 1 to {MAX_TIMES}")
        faults.set(operation, Fault(status, times))
        return JSONResponse({"operation": operation, "status": status, "times": times})

    async def clear(_: Request) -> Response:
        faults.clear()
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/clock", advance, methods=["POST"]),
            Route("/faults", add, methods=["POST"]),
            Route("/faults", clear, methods=["DELETE"]),
        ]
    )


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent; an empty one for anything else, which every route then refuses."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return {}
    try:
        parsed = json.loads(bytes(body))
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _refuse(message: str) -> Response:
    return JSONResponse({"message": message}, 400)
