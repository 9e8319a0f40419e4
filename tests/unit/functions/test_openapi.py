"""The OpenAPI document says what the code and the template say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import videos_library
import videos_service
from bootstrap.template import TEMPLATE_FILE
from sstech_video import bodies, uploads
from sstech_video.checksums import Algorithm
from sstech_video.entries import FailureCode, Status
from sstech_video.errors import ErrorCode

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(videos_library.__file__).parent / "openapi.yaml").read_text(encoding="utf-8")
)
SCHEMAS = DOCUMENT["components"]["schemas"]
METHODS = {"get", "post", "patch", "put", "delete"}
BODIES = {
    f"{method.upper()} {path}": operation["requestBody"]
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in METHODS and "requestBody" in operation
}


def documented() -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, operations in DOCUMENT["paths"].items()
        for method in operations
        if method in METHODS
    }


def test_every_route_of_the_functions_is_documented_and_no_other() -> None:
    routes = {
        f"{method} {route.path.replace('<video_id>', '{videoId}')}"
        for app in (videos_service.app, videos_library.app)
        for route in [*app._static_routes, *app._dynamic_routes]
        for method in ([route.method] if isinstance(route.method, str) else route.method)
    }
    assert documented() == routes | {"POST /auth"}


def test_every_route_of_the_template_is_documented() -> None:
    text = TEMPLATE_FILE.read_text(encoding="utf-8")
    parts = {quoted or bare for quoted, bare in re.findall(r'PathPart: (?:"([^"]+)"|([a-z-]+))', text)}
    assert {path.rsplit("/", 1)[-1] for path in DOCUMENT["paths"]} == parts
    methods = re.findall(r"HttpMethod: (GET|POST|PATCH|PUT|DELETE)\n +AuthorizationType", text)
    assert len(methods) == len(documented())


@pytest.mark.parametrize(
    ("documented_values", "values"),
    [
        (SCHEMAS["Error"]["properties"]["error"]["properties"]["code"]["enum"], ErrorCode),
        (SCHEMAS["Video"]["properties"]["error"]["anyOf"][1]["properties"]["code"]["enum"], FailureCode),
        (SCHEMAS["Video"]["properties"]["status"]["enum"], Status),
        (SCHEMAS["ChecksumAlgorithm"]["enum"], Algorithm),
    ],
    ids=["error codes", "failure codes", "status", "checksums"],
)
def test_closed_lists_are_the_codes_own(documented_values: list[str], values: Any) -> None:
    assert documented_values == [value.value for value in values]


def test_the_site_has_a_sentence_for_every_reason_why_a_video_fails() -> None:
    frontend = TEMPLATE_FILE.parents[1] / "frontend"
    known = (frontend / "src" / "api-errors.js").read_text(encoding="utf-8")
    for code in FailureCode:
        assert f'"{code.value}"' in known
        for language in ("en", "pt-BR"):
            assert f'"failure.{code.value}"' in (frontend / "texts" / f"{language}.json").read_text(encoding="utf-8")


def test_limits_are_the_codes_own() -> None:
    assert SCHEMAS["NewUpload"]["properties"]["size"]["maximum"] == uploads.MAX_FILE_BYTES
    assert SCHEMAS["PartNumber"]["maximum"] == uploads.MAX_PARTS
    assert SCHEMAS["Name"]["maxLength"] == bodies.MAX_NAME_CHARACTERS
    assert SCHEMAS["NewUpload"]["properties"]["contentType"]["maxLength"] == bodies.MAX_CONTENT_TYPE_CHARACTERS
    page = DOCUMENT["paths"]["/videos"]["get"]["parameters"][0]["schema"]
    assert (page["maximum"], page["default"]) == (bodies.MAX_PAGE, bodies.DEFAULT_PAGE)


@pytest.mark.parametrize("route", sorted(documented() - {"POST /auth"}))
def test_every_route_documents_the_refusals_that_every_route_has(route: str) -> None:
    method, path = route.split(" ")
    operation = DOCUMENT["paths"][path][method.lower()]
    answers = set(operation["responses"])
    assert {"401", "429", "503"} <= answers
    assert ("404" in answers) == ("{videoId}" in path)
    assert ("413" in answers) == (route in BODIES)
