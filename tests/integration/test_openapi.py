"""The running API against its OpenAPI document, in both directions.

Hostile requests: no 5xx, no stack trace, no answer that is not documented. And every answer that the document promises
for a request that is right is really given. `SSTECH_FUZZ_REQUESTS` says how many requests each route gets; 1,000 is
for running by hand.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from devstack.contract.answers import Upload
from devstack.contract.client import Library

from .people import CONVERSION_TIMEOUT, Person, fail, publish

DOCUMENT = Path(__file__).resolve().parents[2] / "services" / "functions" / "openapi.yaml"
REQUESTS = int(os.environ.get("SSTECH_FUZZ_REQUESTS", "20"))
TIMEOUT = 60
LARGE = 200_000_000
# How a stack trace looks, whatever it comes from.
TRACES = ("Traceback", 'File "/', "botocore", "sstech_video", "errorType", "stackTrace")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
# Cognito's operations are Cognito's own: they have tests of their own.
ROUTES = sorted(label for label in OPERATIONS if label != "POST /auth")


class Caller:
    """Sends cases in a person's name and holds each answer against the document."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.answers: Counter[int] = Counter()

    def send(self, case: schemathesis.Case) -> requests.Response:
        self.library.renew()
        token = f"Bearer {self.library.tokens.id_token}"
        answer = case.call(base_url=self.library.api_url, headers={"Authorization": token}, timeout=TIMEOUT)
        case.validate_response(answer, checks=CHECKS)
        body = answer.content.decode("utf-8", "replace")
        assert not [trace for trace in TRACES if trace in body], body
        self.answers[answer.status_code] += 1
        return answer

    def ask(self, label: str, video_id: str | None = None, body: object = None, status: int = 200) -> requests.Response:
        """A request that is right, which has a documented answer of this status."""
        operation = OPERATIONS[label]
        path = {"videoId": video_id} if video_id else {}
        json = {"body": body, "media_type": "application/json"} if body is not None else {}
        answer = self.send(operation.Case(path_parameters=path, **json))
        assert answer.status_code == status, f"{label}: {answer.status_code} {answer.content!r}"
        return answer


@pytest.fixture(scope="module")
def caller(resident: Person) -> Caller:
    return Caller(resident.library)


@pytest.fixture
def newcomer(library: Library) -> Caller:
    """Somebody whose quota no fuzzing has used up."""
    return Caller(library)


@pytest.fixture(scope="module")
def videos(resident: Person, clip: Callable[[str], Path]) -> dict[str, str]:
    """Ids of videos in many states, some of them nobody's."""
    library = resident.library
    return {
        "uploading": library.open_upload("a.mp4", "video/mp4", 10).video_id,
        "in parts": library.open_upload("b.mp4", "video/mp4", LARGE).video_id,
        "ready": publish(library, clip("mp4-silent"))[0].video_id,
        "failed": fail(library, clip("corrupt"))[0].video_id,
        "nobody's": "0" * 20,
    }


@pytest.mark.parametrize("label", ROUTES)
def test_nothing_that_is_sent_makes_the_api_answer_what_is_not_documented(
    caller: Caller, videos: dict[str, str], label: str
) -> None:
    operation = OPERATIONS[label]
    strategies = [operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    if "{videoId}" in label and label != "DELETE /videos/{videoId}":
        strategies += [
            operation.as_strategy(mode, path_parameters={"videoId": video_id})
            for video_id in videos.values()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            if mode is GenerationMode.POSITIVE or operation.body
        ]

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        derandomize=REQUESTS < 100,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(strategies))
    def fuzz(case: schemathesis.Case) -> None:
        caller.send(case)

    caller.answers.clear()
    fuzz()
    assert sum(caller.answers.values()) >= REQUESTS // 2
    answers = dict(sorted(caller.answers.items()))
    print(f"{label}: {sum(answers.values())} requests, answers {answers}")  # noqa: T201 - the figures of a long run


def test_every_answer_that_is_promised_is_given(newcomer: Caller, clip: Callable[[str], Path]) -> None:
    caller, library = newcomer, newcomer.library
    small = {"fileName": "a.mp4", "contentType": "video/mp4", "size": 10}
    video_id = caller.ask("POST /videos/upload-url", body=small, status=201).json()["videoId"]
    caller.ask("GET /videos/{videoId}", video_id)
    caller.ask("PATCH /videos/{videoId}", video_id, {"title": "Férias"})
    caller.ask("GET /videos/{videoId}/playback", video_id, status=409)
    caller.ask("POST /videos/{videoId}/retry", video_id, status=409)
    large = {**small, "size": LARGE, "checksumAlgorithm": "CRC32"}
    in_parts = caller.ask("POST /videos/upload-url", body=large, status=201).json()["videoId"]
    body = {"partNumbers": [1], "checksums": ["AAAAAA=="]}
    caller.ask("POST /videos/{videoId}/parts", in_parts, body)
    caller.ask("GET /videos/{videoId}/parts", in_parts)
    caller.ask("GET /videos")
    for known in (video_id, in_parts):
        for _ in range(2):
            caller.ask("DELETE /videos/{videoId}", known, status=204)
        caller.ask("GET /videos/{videoId}", known, status=404)
    upload, _ = fail(library, clip("corrupt"))
    caller.ask("POST /videos/{videoId}/retry", upload.video_id, status=202)
    library.wait(upload.video_id, CONVERSION_TIMEOUT, {"failed"})
    ready, _ = publish(library, clip("mp4-silent"))
    caller.ask("GET /videos/{videoId}/playback", ready.video_id)


def test_completing_is_as_documented(newcomer: Caller) -> None:
    caller, size = newcomer, 104_857_601
    upload: Upload = caller.library.open_upload("c.mp4", "video/mp4", size)
    plan = upload.multipart
    assert plan is not None
    urls = caller.library.part_urls(upload.video_id, range(1, plan.part_count + 1))
    parts = []
    for number, url in urls.items():
        length = min(plan.part_size, size - (number - 1) * plan.part_size)
        answer = requests.put(url, data=bytes(length), timeout=TIMEOUT)
        parts.append({"partNumber": number, "etag": answer.headers["ETag"]})
    label = "POST /videos/{videoId}/complete"
    caller.ask(label, upload.video_id, {"parts": parts[:-1]}, status=400)
    answer = caller.send(
        OPERATIONS[label].Case(
            path_parameters={"videoId": upload.video_id}, body={"parts": parts}, media_type="application/json"
        )
    )
    assert answer.status_code in (200, 202)
    caller.ask("DELETE /videos/{videoId}", upload.video_id, status=204)


def test_without_a_token_every_route_is_401(resident: Person) -> None:
    for label in ROUTES:
        operation = OPERATIONS[label]
        case = operation.Case(path_parameters={"videoId": "0" * 20} if "{videoId}" in label else {})
        answer = case.call(base_url=resident.library.api_url, timeout=TIMEOUT)
        assert answer.status_code == 401, label
        case.validate_response(answer, checks=CHECKS)
