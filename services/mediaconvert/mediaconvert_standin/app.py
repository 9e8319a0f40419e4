"""The ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import uuid
from collections.abc import AsyncIterator

from botocore.model import OperationModel, StructureShape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mediaconvert_standin import __version__
from mediaconvert_standin.clock import Clock
from mediaconvert_standin.control import Faults, control_server
from mediaconvert_standin.errors import AccessDenied, ApiError, BadRequest, InternalError, NotImplementedHere
from mediaconvert_standin.events.destinations import Destination, EventBridge, Webhook
from mediaconvert_standin.events.sender import EventSender
from mediaconvert_standin.inspection.prober import Prober
from mediaconvert_standin.operations.queues import QueueRules, Queues
from mediaconvert_standin.operations.registry import Operations
from mediaconvert_standin.page.routes import Page
from mediaconvert_standin.page.routes import routes as page_routes
from mediaconvert_standin.protocol.origins import is_foreign
from mediaconvert_standin.protocol.schema import check_request
from mediaconvert_standin.protocol.wire import MAX_BODY_BYTES, Json, find_route, parse_request, render_answer, routes
from mediaconvert_standin.running.conversion import JobConversion, Tools
from mediaconvert_standin.running.resuming import resume
from mediaconvert_standin.running.scheduler import Scheduler
from mediaconvert_standin.running.taking_back import TakingBack
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.library import Library
from mediaconvert_standin.state.store import JobStore
from mediaconvert_standin.storage.aws import Clients

STOP_SECONDS = 3.0  # at most, for jobs and again for waiting events: docker gives ten in all
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]

logger = logging.getLogger("mediaconvert_standin")


class Service:
    """Everything that lives as long as the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        shutil.rmtree(settings.work_dir / "jobs", ignore_errors=True)  # of a process that was killed
        shutil.rmtree(settings.work_dir / "probes", ignore_errors=True)
        settings.work_dir.mkdir(parents=True, exist_ok=True)
        clients = Clients(settings)
        self._prober = Prober()
        self.clock = Clock(settings.time_speed)
        self.faults = Faults()
        self.database = Database(settings.work_dir / "state.sqlite3")
        self._events = EventSender(settings, self.database, self.clock, _destinations(settings, clients))
        self.store = JobStore(self.database)
        self.tools = Tools(settings, clients, self._prober, self.store, self._events, self.clock, self.database)
        library = Library(self.database, settings, self.clock)
        queues = Queues(library, settings, self.store, self.clock)
        rules = QueueRules(queues, self.store, self._events, self.clock)
        self._scheduler = Scheduler(self._start, rules, self.clock)
        resume(self.store, self._scheduler, self._events, self.clock)
        self._taking_back = TakingBack(self.tools)
        self.page = Page(self.store, self.database, clients.s3)
        self.operations = Operations(self.tools, self._scheduler, queues, library, self.database, self.clock)
        routes()
        self._prober.warm_up()

    def close(self) -> None:
        self.page.streams.stop()
        self._taking_back.stop()
        self._scheduler.close(STOP_SECONDS)
        self._prober.close()
        self._events.close(STOP_SECONDS)
        self.database.close()

    def _start(self, job_id: str) -> JobConversion | None:
        job = self.store.get(job_id)
        return JobConversion(self.tools, job) if job is not None and job.status == "SUBMITTED" else None


def _destinations(settings: Settings, clients: Clients) -> list[Destination]:
    bus: Destination = EventBridge(clients.events, settings.event_bus)
    return [bus, Webhook(settings.webhook_url)] if settings.webhook_url else [bus]


def create_app(settings: Settings) -> Starlette:
    """The application; its lifespan starts and stops the service's threads and processes."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service = await run_in_threadpool(Service, settings)
        app.state.service = service
        try:
            async with _control(settings, service):
                yield
        finally:
            await run_in_threadpool(service.close)

    return Starlette(
        routes=[
            Route("/health", _health, methods=["GET"]),
            *page_routes(),
            Route("/{path:path}", _call, methods=METHODS),
        ],
        lifespan=lifespan,
    )


@contextlib.asynccontextmanager
async def _control(settings: Settings, service: Service) -> AsyncIterator[None]:
    """The port for faults and time, where one is configured."""
    if settings.control_port is None:
        yield
        return
    server = control_server(settings.host, settings.control_port, service.clock, service.faults)
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def _health(request: Request) -> Response:
    settings: Settings = request.app.state.service.settings
    return JSONResponse({"status": "ok", "version": __version__, "concurrentJobs": settings.concurrent_jobs})


async def _call(request: Request) -> Response:
    request_id = str(uuid.uuid4())
    try:
        return _respond(*await _answer(request), request_id)
    except ApiError as error:
        return _fail(error, request_id)
    except Exception:
        logger.exception("request %s failed", request_id)
        return _fail(InternalError("Internal error; see the log of the emulator"), request_id)


async def _answer(request: Request) -> tuple[int, bytes]:
    if is_foreign(request.headers.get("origin"), request.headers.get("host", "")):
        raise AccessDenied("Cross-site requests are refused")
    operation, path = find_route(request.method, request.scope["raw_path"].decode("ascii", "replace"))
    body = await _read_body(request)
    request.app.state.service.faults.strike(operation.name)
    call = parse_request(operation, path, request.url.query, body)
    if operation.name == "DescribeEndpoints":
        answer: Json = {"endpoints": [{"url": str(request.base_url).rstrip("/")}]}
    else:
        operations: Operations = request.app.state.service.operations
        answer = await run_in_threadpool(_perform, operations, operation, call)
    return int(operation.http["responseCode"]), render_answer(operation, answer)


def _perform(operations: Operations, operation: OperationModel, call: Json) -> Json:
    handler = operations.find(operation.name)
    if handler is None:
        raise NotImplementedHere(operation.name)
    # CreateJob is checked after its template and presets are in it.
    if isinstance(operation.input_shape, StructureShape) and operation.name != "CreateJob":
        check_request(operation.input_shape, call)
    return handler(call)


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BadRequest(f"Request body exceeds {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _respond(status: int, body: bytes, request_id: str) -> Response:
    headers = {"x-amzn-RequestId": request_id}
    return Response(body, status, headers, media_type="application/json")


def _fail(error: ApiError, request_id: str) -> Response:
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Response(json.dumps({"message": error.message}), error.status, headers, media_type="application/json")
