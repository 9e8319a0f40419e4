"""What the tests of the functions share: events as AWS sends them, and a MediaConvert that makes nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import requests
from serving import serving

from sstech_video.entries import Entry, Status

STAGE = "unit"
TEMP_BUCKET = "temp"
MEDIA_BUCKET = "media"
SITE_URL = "https://videos.example"
CLIENT_ID = "client1234"
QUEUE_ARN = "arn:aws:mediaconvert:us-east-1:000000000000:queues/Default"
ROLE_ARN = "arn:aws:iam::000000000000:role/MediaConvert"
KEY_PARAMETER = "/unit/signing-key"
KEY_PAIR_ID = "K2UNITTEST"
MAX_OPEN_UPLOADS = 5
MAX_STORED_BYTES = 10 * 1024**4

NOW = datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
MP4_START = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(600)

CONTEXT = SimpleNamespace(
    function_name="unit",
    aws_request_id="unit",
    memory_limit_in_mb=128,
    get_remaining_time_in_millis=lambda: 300_000,
)


def some_entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "owner": "6d0c3f0e-0000-4000-8000-000000000001",
        "video_id": "7zzzzzzzzz0123456789",
        "title": "Férias",
        "file_name": "Férias.mp4",
        "status": Status.UPLOADING,
        "size": 1000,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Entry(**{**values, **changes})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> tuple[int, str]:
        body = self.json
        assert set(body) == {"error"}
        assert set(body["error"]) == {"code", "message"}
        assert body["error"]["message"]
        return self.status, body["error"]["code"]


@dataclass(frozen=True)
class Caller:
    """Somebody with an ID token, as API Gateway hands requests to a function."""

    handler: Callable[[dict[str, Any], Any], dict[str, Any]]
    owner: str = field(default_factory=lambda: str(uuid4()))
    claims: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        query: dict[str, str] | None = None,
        raw: str | None = None,
        binary: bool = False,
    ) -> Answer:
        claims = {"sub": self.owner, "token_use": "id", "aud": CLIENT_ID, **self.claims}
        event = {
            "version": "1.0",
            "resource": path,
            "path": path,
            "httpMethod": method,
            "headers": {"content-type": "application/json"},
            "multiValueHeaders": {"content-type": ["application/json"]},
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} if query else None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "requestId": str(uuid4()),
                "stage": "api",
                "path": f"/api{path}",
                "httpMethod": method,
                "authorizer": {"claims": claims},
            },
            "body": raw if raw is not None else None if body is None else json.dumps(body),
            "isBase64Encoded": binary,
        }
        answer = self.handler(event, CONTEXT)
        return Answer(answer["statusCode"], answer["multiValueHeaders"], answer["body"])


def s3_event(key: str, size: int, bucket: str = TEMP_BUCKET) -> dict[str, Any]:
    s3 = {"bucket": {"name": bucket}, "object": {"key": key, "size": size, "eTag": "x", "sequencer": "1"}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}


def sns_envelope(message: dict[str, Any]) -> str:
    return json.dumps({"Type": "Notification", "MessageId": str(uuid4()), "Message": json.dumps(message)})


def sqs_event(*bodies: str) -> dict[str, Any]:
    records = [
        {
            "messageId": f"message-{index}",
            "receiptHandle": "r",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:mediaconvert-trigger-queue",
            "awsRegion": "us-east-1",
        }
        for index, body in enumerate(bodies)
    ]
    return {"Records": records}


def job_event(job: dict[str, Any], status: str, **detail: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "MediaConvert Job State Change",
        "source": "aws.mediaconvert",
        "account": "000000000000",
        "time": "2026-11-22T12:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:mediaconvert:us-east-1:000000000000:jobs/{job['id']}"],
        "detail": {
            "timestamp": 1795348800000,
            "accountId": "000000000000",
            "queue": QUEUE_ARN,
            "jobId": job["id"],
            "status": status,
            "userMetadata": job["userMetadata"],
            **detail,
        },
    }


def complete_event(job: dict[str, Any]) -> dict[str, Any]:
    """COMPLETE of a 12.3 s film of 1280 x 720."""
    groups = job["settings"]["outputGroups"]
    mp4 = groups[0]["outputGroupSettings"]["fileGroupSettings"]["destination"] + ".mp4"
    video = {"widthInPx": 1280, "heightInPx": 720, "averageBitrate": 1000}
    output = {"outputFilePaths": [mp4], "durationInMs": 12300, "videoDetails": video}
    return job_event(job, "COMPLETE", outputGroupDetails=[{"outputDetails": [output], "type": "FILE_GROUP"}])


class FakeMediaConvert:
    """Speaks MediaConvert's protocol, remembers jobs and makes no media."""

    def __init__(self) -> None:
        self.reset()
        self._lock = threading.Lock()

    def reset(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.canceled: list[str] = []
        self.refusals: dict[str, tuple[int, str]] = {}
        self.answers_get_lost = False
        self.probe: dict[str, Any] | None = probe_result()
        self.before_answer: Callable[[dict[str, Any]], None] = lambda _: None

    @contextmanager
    def running(self) -> Iterator[str]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer("POST")

            def do_GET(self) -> None:
                self._answer("GET")

            def do_DELETE(self) -> None:
                self._answer("DELETE")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

            def _answer(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = fake.answer(method, self.path.partition("?")[0], json.loads(body or b"{}"))
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                if "errorType" in answer:
                    self.send_header("x-amzn-ErrorType", answer["errorType"])
                self.end_headers()
                self.wfile.write(payload)

        with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
            yield f"http://127.0.0.1:{server.server_port}"

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        operation = {"POST jobs": "CreateJob", "GET search": "SearchJobs", "POST probe": "Probe"}.get(
            f"{method} {path.rsplit('/', 1)[-1]}", "GetJob" if method == "GET" else "CancelJob"
        )
        if operation in self.refusals:
            status, error = self.refusals[operation]
            return status, {"errorType": error, "message": f"refused by the test: {error}"}
        match operation:
            case "CreateJob":
                job = self._create(body)
                return (403, {"errorType": "Lost", "message": "lost"}) if self.answers_get_lost else (201, {"job": job})
            case "SearchJobs":
                return 200, {"jobs": self.jobs[::-1]}
            case "GetJob":
                found = [job for job in self.jobs if job["id"] == path.rsplit("/", 1)[-1]]
                return (200, {"job": found[0]}) if found else (404, {"errorType": "NotFoundException", "message": ""})
            case "Probe" if self.probe is None:
                return 400, {"errorType": "BadRequestException", "message": "unreadable"}
            case "Probe":
                return 200, {"probeResults": [self.probe]}
        self.canceled.append(path.rsplit("/", 1)[-1])
        return 202, {}

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            for job in self.jobs:
                if job["clientRequestToken"] == body["clientRequestToken"]:
                    return job
            number = len(self.jobs)
            job = {**body, "id": f"1712252725875-{number:06d}", "createdAt": int(datetime.now(UTC).timestamp())}
            job |= {"status": "SUBMITTED"}
            self.jobs.append(job)
        self.before_answer(job)
        return job

    def forget_tokens(self) -> None:
        """As MediaConvert does after a minute."""
        for job in self.jobs:
            job["clientRequestToken"] = str(uuid4())


def probe_result(width: int = 1280, height: int = 720, *, audio: bool = True, video: bool = True) -> dict[str, Any]:
    tracks: list[dict[str, Any]] = []
    if video:
        properties = {"width": width, "height": height, "frameRate": {"numerator": 25, "denominator": 1}}
        tracks.append({"index": 1, "trackType": "video", "codec": "AVC", "videoProperties": properties})
    if audio:
        tracks.append({"index": 2, "trackType": "audio", "codec": "AAC", "audioProperties": {"channels": 2}})
    return {"container": {"format": "mp4", "duration": 12.3, "tracks": tracks}}


def put(answer: dict[str, Any], data: bytes) -> requests.Response:
    """Upload as a client does: exactly the headers it was given."""
    return requests.put(answer["uploadUrl"], data=data, headers=answer["headers"], timeout=20)
