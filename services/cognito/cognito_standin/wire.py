"""The JSON 1.1 protocol: requests in, checked against AWS's own model of the API; answers and errors out."""

import json
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from starlette.requests import Request
from starlette.responses import Response

from cognito_standin.errors import (
    CognitoError,
    InvalidParameterError,
    SerializationError,
    UnknownOperationError,
)
from cognito_standin.names import TARGET_PREFIX

Body = dict[str, Any]

CONTENT_TYPE = "application/x-amz-json-1.1"
# No request of the API comes near: the longest members are tokens (2 to 4 KB) and sessions (2 KB).
MAX_BODY_BYTES = 128 * 1024


@cache
def service_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("cognito-idp")


@cache
def unsigned_operations() -> frozenset[str]:
    """The closed list of operations for users: those the API's model marks as without authentication."""
    model = service_model()
    return frozenset(name for name in model.operation_names if model.operation_model(name).auth_type == "none")


@cache
def names_a_user(operation: str) -> bool:
    """Whether the operation is about one user of one pool."""
    shape = service_model().operation_model(operation).input_shape
    return shape is not None and {"UserPoolId", "Username"} <= set(shape.members)


def parse_operation(request: Request) -> str:
    """The operation that X-Amz-Target names. Raises: UnknownOperationError."""
    targets = request.headers.getlist("x-amz-target")
    if len(targets) != 1 or not targets[0].startswith(TARGET_PREFIX):
        raise UnknownOperationError
    operation = targets[0].removeprefix(TARGET_PREFIX)
    if operation not in service_model().operation_names:
        raise UnknownOperationError
    return operation


async def read_body(request: Request) -> bytes:
    """Raises: SerializationError when it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise SerializationError(f"A request body has at most {MAX_BODY_BYTES} bytes.")
    return bytes(body)


def parse_body(operation: str, raw: bytes) -> Body:
    """The operation's input: members of the model only, types and lengths checked, nulls dropped.

    Raises: SerializationError, InvalidParameterError.
    """
    try:
        value = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise SerializationError from error
    shape = service_model().operation_model(operation).input_shape
    checked = _check(shape, value, "") if shape is not None else {}
    return dict(checked)


def _check(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape):
        return _check_structure(shape, value, path)
    if isinstance(shape, MapShape):
        entries = _expect(value, dict, path)
        return {key: _check(shape.value, item, f"{path}.{key}") for key, item in entries.items()}
    if isinstance(shape, ListShape):
        _check_size(shape, value := _expect(value, list, path), path)
        return [_check(shape.member, item, f"{path}.{i + 1}.member") for i, item in enumerate(value)]
    return _check_scalar(shape, value, path)


def _check_structure(shape: StructureShape, value: Any, path: str) -> Body:
    given = {name: item for name, item in _expect(value, dict, path).items() if item is not None}
    for name in shape.required_members:
        if name not in given:
            raise _invalid(f"Value null at '{_member(path, name)}'", "Member must not be null")
    members: Mapping[str, Shape] = shape.members
    return {name: _check(members[name], item, _member(path, name)) for name, item in given.items() if name in members}


def _check_scalar(shape: Shape, value: Any, path: str) -> Any:
    if shape.type_name == "boolean":
        return _expect(value, bool, path)
    if shape.type_name in ("integer", "long"):
        if isinstance(value, bool):
            raise SerializationError
        return _expect(value, int, path)
    if shape.type_name != "string":
        return value
    _check_size(shape, _expect(value, str, path), path)
    if shape.enum and value not in shape.enum:  # type: ignore[attr-defined]
        allowed = ", ".join(shape.enum)  # type: ignore[attr-defined]
        raise _invalid(f"Value at '{path}'", f"Member must satisfy enum value set: [{allowed}]")
    return value


def _check_size(shape: Shape, value: str | list[Any], path: str) -> None:
    """Upper limits, and nothing empty that must not be; a short session is simply an unknown one."""
    most = shape.metadata.get("max")
    least = shape.metadata.get("min") or int(shape.metadata.get("pattern", "").endswith("+"))
    if most is not None and len(value) > most:
        raise _invalid(f"Value at '{path}'", f"Member must have length less than or equal to {most}")
    if least and not value:
        raise _invalid(f"Value at '{path}'", f"Member must have length greater than or equal to {least}")


def _expect(value: Any, kind: type, path: str) -> Any:
    if not isinstance(value, kind):
        raise SerializationError(f"{path or 'The request body'} has the wrong JSON type.")
    return value


def _member(path: str, name: str) -> str:
    """AWS names members in lower camel case in its messages."""
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def _invalid(subject: str, constraint: str) -> InvalidParameterError:
    return InvalidParameterError(f"1 validation error detected: {subject} failed to satisfy constraint: {constraint}")


def answer(body: Mapping[str, Any]) -> Response:
    return _response(body, 200, {})


def error_answer(error: CognitoError) -> Response:
    body = {"__type": error.code, "message": error.message}
    return _response(body, error.status, {"x-amzn-ErrorType": error.code})


def _response(body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    common = {"x-amzn-RequestId": str(uuid.uuid4()), "Cache-Control": "no-store"}
    return Response(json.dumps(body), status, {**common, **headers}, media_type=CONTENT_TYPE)
