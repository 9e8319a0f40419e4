"""A page for people: jobs as they run, their settings and messages, and what they made."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.packaging.results import GroupResult, OutputResult
from mediaconvert_standin.page.links import Links
from mediaconvert_standin.page.streams import Streams, job_events, snapshots
from mediaconvert_standin.protocol.origins import is_local_host
from mediaconvert_standin.protocol.wire import render_answer, service_model
from mediaconvert_standin.state.database import Database
from mediaconvert_standin.state.jobs import TERMINAL, describe
from mediaconvert_standin.state.store import JobStore
from mediaconvert_standin.storage.aws import error_status

Json = dict[str, Any]

SHOWN_JOBS = 50
SHOWN_EVENTS = 200
SHOWN_IMAGES = 8
CHUNK_BYTES = 256 * 1024
_CAPTURE = re.compile(r"(.*\.)(\d{7})(\.jpg)")
_RANGE = re.compile(r"bytes=\d*-\d*")
_FILES = {
    "icon.svg": "image/svg+xml",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# What a stranger's file may be in a browser. Anything else is a download, whatever S3 says it is.
_MEDIA_TYPES = {
    "aac": "audio/aac",
    "cmfa": "audio/mp4",
    "cmfv": "video/mp4",
    "flac": "audio/flac",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "m3u8": "application/vnd.apple.mpegurl",
    "mov": "video/mp4",  # browsers refuse QuickTime by its own name and play it by this one
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "mpd": "application/dash+xml",
    "ogg": "audio/ogg",
    "ts": "video/mp2t",
    "vtt": "text/vtt",
    "wav": "audio/wav",
    "webm": "video/webm",
}
_KINDS = {"application/vnd.apple.mpegurl": "playlist", "application/dash+xml": "manifest"}


class Page:
    def __init__(self, store: JobStore, database: Database, s3: Any) -> None:
        """``s3`` reads outputs with the stand-in's own credentials."""
        self._store = store
        self._database = database
        self._s3 = s3
        self._links = Links()
        self._finished: dict[str, Json] = {}
        self.streams = Streams()

    def jobs(self) -> Callable[[], Json]:
        """What a list of the newest jobs shows; it is put together again only after a change."""
        seen, shown = -1, Json()

        def look() -> Json:
            nonlocal seen, shown
            revision = self._store.revision
            if revision != seen:
                seen, shown = revision, {"jobs": [self._brief(job_id) for job_id in self._newest()]}
            return shown

        return look

    def _newest(self) -> list[str]:
        return self._database.newest_job_ids(SHOWN_JOBS)

    def _brief(self, job_id: str) -> Json:
        if job_id in self._finished:
            return self._finished[job_id]
        job = self._store.get(job_id)
        if job is None:
            return {"id": job_id, "status": "GONE"}
        brief = {
            "id": job.id,
            "status": job.status,
            "phase": job.phase,
            "percent": job.percent,
            "createdAt": job.created_at,
            "startedAt": job.started_at,
            "finishedAt": job.finished_at,
            "queue": job.place.rpartition("/")[2],
            "priority": job.priority,
            "inputs": job.input_files[:1],
            "moreInputs": max(0, len(job.input_files) - 1),
            "warnings": len(job.warnings),
            "error": f"{job.error_code}: {job.error_message}" if job.error_code is not None else None,
        }
        if job.status in TERMINAL:
            if len(self._finished) > 2 * SHOWN_JOBS:
                self._finished.clear()
            self._finished[job_id] = brief
        return brief

    def job(self, job_id: str) -> Json | None:
        """One job with its messages and outputs; None if there is none."""
        job = self._store.get(job_id)
        if job is None:
            return None
        return {
            "job": json.loads(render_answer(service_model().operation_model("GetJob"), {"job": describe(job)}))["job"],
            "queue": job.place,
            "events": [json.loads(event)["detail"] for event in self._database.history_of(job.id, SHOWN_EVENTS)],
            "groups": [self._group(group) for group in job.results],
        }

    def _group(self, group: GroupResult) -> Json:
        return {
            "type": group.type,
            "playlists": [self._file(uri, _without_extension(uri)) for uri in group.playlists],
            "outputs": [self._output(output) for output in group.outputs],
        }

    def _output(self, output: OutputResult) -> Json:
        uris = [shown for uri in output.paths for shown in _captures(uri)]
        files = [self._file(uri, _without_extension(uri)) for uri in uris]
        return {
            "files": files,
            "durationMs": output.duration_ms,
            "width": output.width,
            "height": output.height,
            "averageBitrate": output.average_bitrate,
        }

    def _file(self, uri: str, prefix: str) -> Json:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        media_type = _media_type(key)
        kind = _KINDS.get(media_type or "", (media_type or "other").partition("/")[0])
        return {"uri": uri, "kind": kind, "link": self._links.make(S3Location(bucket, key), prefix)}

    def media(self, token: str, name: str, range_header: str | None) -> Response:
        """An output's bytes, or the part of them that is asked for."""
        location = self._links.read(token, name)
        if location is None:
            return JSONResponse({"message": "The link is not valid any more. Open the job again."}, 403)
        wanted = {"Range": range_header} if range_header and _RANGE.fullmatch(range_header) else {}
        try:
            answer = self._s3.get_object(Bucket=location.bucket, Key=location.key, **wanted)
        except ClientError as error:
            status = error_status(error)
            return JSONResponse(
                {"message": f"S3 does not give {location.uri}"}, status if status in (404, 416) else 403
            )
        except BotoCoreError:
            return JSONResponse({"message": "S3 cannot be reached"}, 502)
        return StreamingResponse(_chunks(answer["Body"]), 206 if wanted else 200, _media_headers(location, answer))


def routes() -> list[Route]:
    """Routes of the page; each finds the Page in the application's state."""
    return [
        Route("/", _index),
        Route("/events", _events),
        Route("/page/jobs", _jobs),
        Route("/page/jobs/{job_id}", _job),
        Route("/page/media/{token}/{name:path}", _media),
        Route("/page/{name}", _asset),
    ]


async def _index(request: Request) -> Response:
    return _refuse(request) or Response(_read("index.html"), headers=_HEADERS, media_type="text/html")


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _FILES:
        return JSONResponse({"message": "There is no such file"}, 404)
    return Response(_read(name), headers={**_HEADERS, "Content-Type": _FILES[name]})


async def _events(request: Request) -> Response:
    after = request.headers.get("last-event-id") or request.query_params.get("after")
    position = int(after) if after and re.fullmatch(r"\d{1,15}", after) else None
    database: Database = request.app.state.service.database
    return _refuse(request) or _page(request).streams.respond(request, job_events(database, position))


async def _jobs(request: Request) -> Response:
    page = _page(request)
    return _refuse(request) or page.streams.respond(request, snapshots(page.jobs()))


async def _job(request: Request) -> Response:
    found = await run_in_threadpool(_page(request).job, request.path_params["job_id"])
    if found is None:
        return JSONResponse({"message": "There is no such job"}, 404)
    return _refuse(request) or JSONResponse(found, headers=_HEADERS)


async def _media(request: Request) -> Response:
    token, name, wanted = request.path_params["token"], request.path_params["name"], request.headers.get("range")
    if refused := _refuse(request):
        return refused
    return await run_in_threadpool(_page(request).media, token, name, wanted)


def _page(request: Request) -> Page:
    page: Page = request.app.state.service.page
    return page


def _refuse(request: Request) -> Response | None:
    """A name that a stranger could point here would let a site of his read the page: DNS rebinding."""
    if is_local_host(request.headers.get("host", "")):
        return None
    return JSONResponse({"message": "Open the page by an address or a local name"}, 403)


@cache
def _read(name: str) -> bytes:
    return files("mediaconvert_standin").joinpath("page", "files", name).read_bytes()


def _chunks(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(CHUNK_BYTES)
    finally:
        body.close()


def _media_headers(location: S3Location, answer: Any) -> dict[str, str]:
    media_type = _media_type(location.key)
    headers = {
        **_HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "bytes",
        "Content-Length": str(answer["ContentLength"]),
        "Content-Type": media_type or "application/octet-stream",
    }
    if media_type is None:
        headers["Content-Disposition"] = "attachment"
    if answer.get("ContentRange"):
        headers["Content-Range"] = str(answer["ContentRange"])
    if answer.get("ContentEncoding") == "gzip":
        headers["Content-Encoding"] = "gzip"
    return headers


def _media_type(key: str) -> str | None:
    return _MEDIA_TYPES.get(key.rpartition(".")[2].lower())


def _without_extension(uri: str) -> str:
    """Key up to the last extension: the files of a playlist begin like the playlist itself."""
    key = uri.removeprefix("s3://").partition("/")[2]
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}"


def _captures(uri: str) -> list[str]:
    """Some of the images of a frame capture, whose last one is given; else the file itself."""
    match = _CAPTURE.fullmatch(uri)
    if match is None:
        return [uri]
    last = int(match[2])
    step = max(1, -(-(last + 1) // SHOWN_IMAGES))
    return [f"{match[1]}{number:07d}{match[3]}" for number in itertools.chain(range(0, last, step), [last])]
