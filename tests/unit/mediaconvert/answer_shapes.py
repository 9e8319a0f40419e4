"""Every answer of the stand-in is what botocore's model says: the members it knows, with the types they have."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

_TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "double": (int, float),
    "integer": int,
    "list": list,
    "long": int,
    "map": dict,
    "string": str,
    "structure": dict,
    "timestamp": int,
}


def check_answer(response_dict: Any, operation_model: OperationModel, **_: Any) -> None:
    """A handler of botocore's ``before-parse`` event: fails on an answer that does not fit."""
    status, headers, body = response_dict["status_code"], response_dict["headers"], response_dict["body"]
    assert headers["x-amzn-RequestId"]
    assert headers["Content-Type"] == "application/json"
    if status >= 300:
        _check_error(status, headers["x-amzn-ErrorType"], json.loads(body), operation_model)
        return
    assert status == operation_model.http["responseCode"]
    shape = operation_model.output_shape
    found = list(misfits(shape, json.loads(body), operation_model.name)) if shape is not None else []
    assert found == []


def _check_error(status: int, code: str, body: Any, operation_model: OperationModel) -> None:
    assert set(body) == {"message"}
    assert isinstance(body["message"], str)
    assert body["message"]
    modelled = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in operation_model.error_shapes}
    assert modelled.get(code, 403 if code == "AccessDeniedException" else None) == status


def misfits(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Everything in ``value`` that the shape does not allow."""
    expected = _TYPES[shape.type_name]
    if not isinstance(value, expected) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif isinstance(shape, StructureShape):
        names = {member.serialization.get("name", key): member for key, member in shape.members.items()}
        yield from (f"{path}: {name} is not in the model" for name in value.keys() - names.keys())
        required = {shape.members[key].serialization.get("name", key) for key in shape.required_members}
        yield from (f"{path}: {name} is missing" for name in required - value.keys())
        for name in value.keys() & names.keys():
            yield from misfits(names[name], value[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield from misfits(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from misfits(shape.value, item, f"{path}.{key}")
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is not in {shape.enum}"
