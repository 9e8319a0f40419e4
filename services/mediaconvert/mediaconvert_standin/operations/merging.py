"""Job template and request into one job, and presets into outputs. Pure.

The service does not publish its rule. This one satisfies what public integrations rely on: the request wins
member by member, and lists of groups, outputs and descriptions are laid over each other by index. A preset and
container settings stand for the same, so that the request's drops the template's.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from mediaconvert_standin.errors import BadRequest

Json = dict[str, Any]

_BY_INDEX = frozenset({"inputs", "outputGroups", "outputs", "audioDescriptions", "captionDescriptions"})
# Objects like {"codec": "H_264", "h264Settings": {…}}: another kind replaces the object of the first one.
_DISCRIMINATORS = ("codec", "type", "container", "destinationType", "sourceType")
_FROM_TEMPLATE = ("queue", "priority", "accelerationSettings", "hopDestinations", "statusUpdateInterval")
_FROM_PRESET = ("containerSettings", "videoDescription", "audioDescriptions", "captionDescriptions")


def merge_template(request: Json, template: Json) -> Json:
    """CreateJob's request with a job template's members under it."""
    merged = {name: template[name] for name in _FROM_TEMPLATE if name in template} | request
    merged["settings"] = _merge(template.get("settings") or {}, request.get("settings") or {})
    return merged


def apply_presets(settings: Json, find: Callable[[str], Json]) -> Json:
    """Settings whose outputs have their presets' contents; ``find`` gives a preset's settings or raises.

    Raises BadRequest for an output with both a preset and container settings.
    """
    resolved = deepcopy(settings)
    for group_index, group in enumerate(_objects(resolved.get("outputGroups"))):
        for index, output in enumerate(_objects(group.get("outputs"))):
            name = output.pop("preset", None)
            if not name:
                continue
            pointer = f"/outputGroups/{group_index}/outputs/{index}"
            if not isinstance(name, str):
                raise BadRequest(f"{pointer}/preset: Should be a string")
            if output.get("containerSettings"):
                raise BadRequest(f"{pointer}: Specify either preset or containerSettings, but not both")
            contents = {key: value for key, value in find(name).items() if key in _FROM_PRESET}
            own = dict(output)
            output.clear()
            output.update(_merge(contents, own))
    return resolved


def names_presets(settings: Json) -> bool:
    return any(
        output.get("preset")
        for group in _objects(settings.get("outputGroups"))
        for output in _objects(group.get("outputs"))
    )


def _merge(under: Any, over: Any, name: str = "") -> Any:
    """``over`` laid over ``under``: values as a template or preset and a request give them for ``name``."""
    if isinstance(under, dict) and isinstance(over, dict):
        return _merge_objects(under, over)
    if isinstance(under, list) and isinstance(over, list):
        if name in _BY_INDEX:
            return _merge_lists(under, over, name)
        return deepcopy(over)
    return deepcopy(under if over is None else over)


def _merge_objects(under: Json, over: Json) -> Json:
    for name in _DISCRIMINATORS:
        if name in under and name in over and under[name] != over[name]:
            return deepcopy(over)
    merged = {name: _merge(value, over.get(name), name) for name, value in under.items()}
    return merged | {name: deepcopy(value) for name, value in over.items() if name not in under}


def _merge_lists(under: list[Any], over: list[Any], name: str) -> list[Any]:
    merged = []
    for index, item in enumerate(under):
        mine = over[index] if index < len(over) else None
        left = _without_rivals(item, mine) if name == "outputs" else item
        merged.append(_merge(left, mine))
    return merged + [deepcopy(item) for item in over[len(under) :]]


def _without_rivals(under: Any, over: Any) -> Any:
    """A template's output without its preset or the contents that the request's output gives in its place.

    An output has a preset or container settings, and which of them is the request's choice.
    """
    if not isinstance(under, dict) or not isinstance(over, dict):
        return under
    if over.get("preset") and under.get("containerSettings"):
        return {name: value for name, value in under.items() if name not in _FROM_PRESET}
    if over.get("containerSettings"):
        return {name: value for name, value in under.items() if name != "preset"}
    return under


def _objects(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
