"""Checks a request against botocore's model and words the problems as MediaConvert does.

The forms of the messages were observed on the real service; those of wrong JSON types and of string
lengths are this stand-in's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from mediaconvert_standin.errors import BadRequest

MAX_PATTERN_INPUT = 4096  # no pattern of the model is for longer text; bounds the matching time
MAX_PROBLEMS = 50

_SETTINGS = frozenset({"JobSettings", "JobTemplateSettings", "PresetSettings"})

_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "timestamp": (int, float),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
}
_NAMES = {"integer": "an integer", "long": "an integer", "double": "a number", "timestamp": "a number"}


def check_request(shape: StructureShape, request: dict[str, Any]) -> None:
    """Raise BadRequest with every problem found, pointers of settings being relative to ``settings``."""
    raise_problems(_members(shape, request, ""))


def raise_problems(problems: Iterator[str]) -> None:
    """Raise BadRequest when there is a problem; they are joined by `` | ``."""
    found = [problem for problem, _ in zip(problems, range(MAX_PROBLEMS), strict=False)]
    if found:
        raise BadRequest(" | ".join(found))


def _members(shape: StructureShape, value: dict[str, Any], pointer: str) -> Iterator[str]:
    for key, member in shape.members.items():
        name = member.serialization.get("name", key)
        item = value.get(name)
        if item is None:
            if key in shape.required_members:
                yield f"{pointer or '/'}: {name} is a required property"
            continue
        inside = "" if member.name in _SETTINGS else f"{pointer}/{name}"
        yield from _check(member, item, inside)


def _check(shape: Shape, value: Any, pointer: str) -> Iterator[str]:
    if not _has_type(shape, value):
        yield f"{pointer or '/'}: Should be {_NAMES.get(shape.type_name, f'a {shape.type_name}')}"
    elif isinstance(shape, StructureShape):
        yield from _members(shape, value, pointer)
    elif isinstance(shape, ListShape):
        yield from _size(shape, len(value), pointer, "items")
        for index, item in enumerate(value):
            yield from _check(shape.member, item, f"{pointer}/{index}")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _check(shape.value, item, f"{pointer}/{key}")
    elif isinstance(shape, StringShape):
        yield from _string(shape, value, pointer)
    else:
        yield from _range(shape, value, pointer)


def _has_type(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return shape.type_name == "boolean"  # to Python a bool is an int, to the service it is not
    return isinstance(value, _TYPES[shape.type_name])


def _range(shape: Shape, value: float, pointer: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield f"{pointer}: Should be greater than or equal to {low}"
    if high is not None and value > high:
        yield f"{pointer}: Should be less than or equal to {high}"


def _size(shape: Shape, size: int, pointer: str, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{pointer}: Should have at least {low} {unit}"
    if high is not None and size > high:
        yield f"{pointer}: Should have at most {high} {unit}"


def _string(shape: StringShape, value: str, pointer: str) -> Iterator[str]:
    if shape.enum:
        if value not in shape.enum:
            allowed = json.dumps(list(shape.enum), separators=(",", ":"))
            yield f"{pointer}: Should be equal to one of the allowed values in {allowed}"
        return
    yield from _size(shape, len(value), pointer, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and (len(value) > MAX_PATTERN_INPUT or not _compiled(pattern).search(value)):
        yield f'{pointer}: Should match pattern "{pattern}"'


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
