"""The rest-json protocol, driven by botocore's service model: routes, requests, answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from mediaconvert_standin.errors import BadRequest, UnknownOperation

MAX_BODY_BYTES = 1024 * 1024
MAX_JSON_DEPTH = 64

Json = dict[str, Any]


@dataclass(frozen=True)
class Route:
    method: str
    segments: tuple[str, ...]
    operation: OperationModel

    def match(self, method: str, segments: list[str]) -> dict[str, str] | None:
        """The path's values by their name in the template, or None when the path is another's."""
        if method != self.method or len(segments) != len(self.segments):
            return None
        values: dict[str, str] = {}
        for template, actual in zip(self.segments, segments, strict=True):
            if template.startswith("{"):
                values[template.strip("{}")] = unquote(actual)
            elif template != actual:
                return None
        return values


@cache
def service_model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("mediaconvert", "service-2"))


@cache
def routes() -> tuple[Route, ...]:
    model = service_model()
    operations = [model.operation_model(name) for name in model.operation_names]
    return tuple(
        Route(operation.http["method"], tuple(operation.http["requestUri"].split("/")), operation)
        for operation in operations
    )


def find_route(method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]]:
    """The operation for a request; the path is matched undecoded, as ARNs carry ``%2F``.

    Raises UnknownOperation.
    """
    segments = raw_path.split("/")
    for route in routes():
        values = route.match(method, segments)
        if values is not None:
            return route.operation, values
    raise UnknownOperation


def parse_request(operation: OperationModel, path: Mapping[str, str], query: str, body: bytes) -> Json:
    """One dictionary with the wire's names from path, query string and body.

    Raises BadRequest when the body is not a JSON object or a query value has the wrong type.
    """
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    request = _parse_body(body)
    parameters = parse_qs(query, keep_blank_values=True)
    for member in shape.members.values():
        name = member.serialization.get("name", "")
        location = member.serialization.get("location")
        if location is None:
            continue
        request.pop(name, None)
        if location == "uri":
            request[name] = path[name]
        elif location == "querystring" and name in parameters:
            request[name] = _query_value(name, member, parameters[name])
    return request


def _parse_body(body: bytes) -> Json:
    if len(body) > MAX_BODY_BYTES:
        raise BadRequest(f"Request body exceeds {MAX_BODY_BYTES} bytes")
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
        if b"\\u" in body:  # half of a surrogate pair is no text, and can be neither stored nor sent
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadRequest("Request body is not valid JSON") from None
    if not isinstance(parsed, dict):
        raise BadRequest("Request body must be a JSON object")
    if _depth(parsed) > MAX_JSON_DEPTH:
        raise BadRequest(f"Request body is nested deeper than {MAX_JSON_DEPTH} levels")
    return {name: _without_nulls(value) for name, value in parsed.items() if value is not None}


def _without_nulls(value: Any) -> Any:
    """A member that is null counts as absent."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON, and compare false with every limit


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(item, dict | list):
            children = item.values() if isinstance(item, dict) else item
            stack.extend((child, level + 1) for child in children)
    return deepest


def _query_value(name: str, shape: Shape, values: list[str]) -> Any:
    if isinstance(shape, ListShape):
        return values
    if shape.type_name not in ("integer", "long"):
        return values[-1]
    if not re.fullmatch(r"-?[0-9]{1,10}", values[-1]):
        raise BadRequest(f"/{name}: Should be a whole number")
    return int(values[-1])


def render_answer(operation: OperationModel, answer: Json) -> bytes:
    """JSON of the members the model knows; members that are None are left out."""
    shape = operation.output_shape
    return json.dumps({} if shape is None else _render(shape, answer), separators=(",", ":")).encode()


def _render(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        named = {member.serialization.get("name", key): member for key, member in shape.members.items()}
        return {name: _render(named[name], item) for name, item in value.items() if name in named and item is not None}
    if isinstance(shape, ListShape):
        return [_render(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _render(shape.value, item) for key, item in value.items()}
    if shape.type_name == "timestamp":
        # Whole epoch seconds in API bodies; event details carry milliseconds.
        return int(value.timestamp() if isinstance(value, datetime) else value)
    return value
