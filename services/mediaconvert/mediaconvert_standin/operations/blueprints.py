"""Presets and job templates: their operations, and their contents for CreateJob."""

from __future__ import annotations

from typing import Any

from mediaconvert_standin.errors import Forbidden
from mediaconvert_standin.operations.rules import check_outputs
from mediaconvert_standin.operations.system_presets import (
    category,
    system_preset,
    system_preset_names,
    system_template,
    system_template_names,
)
from mediaconvert_standin.state.library import PRESETS, TEMPLATES, Library, Resource, list_page, missing

Json = dict[str, Any]

_MEMBERS = {
    PRESETS: ("category", "description", "settings"),
    TEMPLATES: (
        "accelerationSettings",
        "category",
        "description",
        "hopDestinations",
        "priority",
        "queue",
        "settings",
        "statusUpdateInterval",
    ),
}
_SYSTEM = {PRESETS: system_preset, TEMPLATES: system_template}
_SYSTEM_NAMES = {PRESETS: system_preset_names, TEMPLATES: system_template_names}
_SYSTEM_SINCE = 1_512_000_000.0  # the service's first days


class Blueprints:
    """One kind, presets or job templates; ``noun`` is its member in answers: preset, jobTemplate."""

    def __init__(self, library: Library, kind: str, noun: str) -> None:
        self._library = library
        self._kind = kind
        self._noun = noun

    def create(self, request: Json) -> Json:
        self._check(request["settings"])
        tags = request.get("tags") or {}
        return {self._noun: self._library.create(self._kind, request["name"], self._given(request), tags).describe()}

    def get(self, request: Json) -> Json:
        return {self._noun: self._find(request["name"]).describe()}

    def page(self, request: Json) -> Json:
        by = request.get("listBy") or "NAME"
        found = self._system() if by == "SYSTEM" else self._library.all(self._kind)
        wanted = request.get("category")
        if wanted:
            found = [resource for resource in found if resource.members.get("category") == wanted]
        page, token = list_page(request, found, by)
        return {f"{self._noun}s": [resource.describe() for resource in page], "nextToken": token}

    def update(self, request: Json) -> Json:
        self._refuse_system(request["name"], "changed")
        if "settings" in request:
            self._check(request["settings"])
        return {self._noun: self._library.update(self._kind, request["name"], self._given(request)).describe()}

    def delete(self, request: Json) -> Json:
        self._refuse_system(request["name"], "deleted")
        self._library.delete(self._kind, request["name"])
        return {}

    def members(self, name: str) -> Json:
        """What a preset or template holds, by name or ARN. Raises NotFound."""
        return self._find(name).members

    def known(self, arn: str) -> str | None:
        """The own ARN of what an ARN means, None when it means nothing here."""
        plain = self._library.plain_name(self._kind, arn)
        if plain == arn:
            return None
        found = self._library.find(self._kind, plain) or self._made(plain)
        return found.arn if found is not None else None

    def _find(self, name: str) -> Resource:
        found = self._library.find(self._kind, name) or self._made(self._library.plain_name(self._kind, name))
        if found is None:
            raise missing(self._kind, name)
        return found

    def _made(self, name: str) -> Resource | None:
        """The system's own of that name."""
        settings = _SYSTEM[self._kind](name)
        if settings is None:
            return None
        arn = self._library.arn(self._kind, name)
        members = {"category": category(name), "settings": settings}
        return Resource(self._kind, name, arn, _SYSTEM_SINCE, _SYSTEM_SINCE, members, "SYSTEM")

    def _system(self) -> list[Resource]:
        return [made for name in _SYSTEM_NAMES[self._kind]() if (made := self._made(name)) is not None]

    def _refuse_system(self, name: str, verb: str) -> None:
        plain = self._library.plain_name(self._kind, name)
        if self._library.find(self._kind, plain) is None and self._made(plain) is not None:
            raise Forbidden(f"{plain} is a system {self._noun} and can not be {verb}.")

    def _given(self, request: Json) -> Json:
        return {name: request[name] for name in _MEMBERS[self._kind] if name in request}

    def _check(self, settings: Json) -> None:
        """A template is checked whole only with the job that uses it; what it says of an output is checked now."""
        if self._kind == PRESETS:
            check_outputs([("", "", settings)])
            return
        check_outputs(
            (
                f"/outputGroups/{group_index}/outputs/{index}",
                (group.get("outputGroupSettings") or {}).get("type", ""),
                output,
            )
            for group_index, group in enumerate(settings.get("outputGroups") or [])
            for index, output in enumerate(group.get("outputs") or [])
            if output.get("containerSettings")
        )
