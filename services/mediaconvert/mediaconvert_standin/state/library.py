"""The account's named things, queues, presets and job templates, with their tags. All of them are on disk."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from mediaconvert_standin.clock import Clock
from mediaconvert_standin.errors import BadRequest, Conflict, NotFound
from mediaconvert_standin.protocol.paging import read_page
from mediaconvert_standin.settings import Settings
from mediaconvert_standin.state.database import Database

Json = dict[str, Any]

JOBS = "jobs"
QUEUES = "queues"
PRESETS = "presets"
TEMPLATES = "jobTemplates"
DEFAULT_QUEUE = "Default"
SYSTEM_PREFIX = "System-"
_NOUNS = {QUEUES: "queue", PRESETS: "preset", TEMPLATES: "job template"}
MAX_TAGS = 50
MAX_TAG_KEY = 128  # Tagging AWS resources: tag naming limits
MAX_TAG_VALUE = 256
_ARN = re.compile(
    r"arn:aws[a-z-]*:mediaconvert:[a-z0-9-]{1,32}:(?P<account>\d{12}):(?P<kind>[A-Za-z]+)/(?P<name>[^/]+)"
)
_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,80}")  # the service's own rule is not published


@dataclass(frozen=True)
class Resource:
    """``members`` has the API's names. Times are epoch seconds."""

    kind: str
    name: str
    arn: str
    created_at: float
    updated_at: float
    members: Json
    type: str = "CUSTOM"

    def describe(self) -> Json:
        return {
            **self.members,
            "arn": self.arn,
            "name": self.name,
            "type": self.type,
            "createdAt": self.created_at,
            "lastUpdated": self.updated_at,
        }


class Library:
    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()

    def create(self, kind: str, name: str, members: Json, tags: dict[str, str], type_: str = "CUSTOM") -> Resource:
        """Raises BadRequest for a name or tags that cannot be, Conflict when the name is taken."""
        if not _NAME.fullmatch(name):
            raise BadRequest("/name: Should have 1 to 80 characters, none of them a slash or a control character")
        check_tags(tags)
        now = self._clock.now()
        made = Resource(kind, name, self.arn(kind, name), now, now, members, type_)
        labels = json.dumps(tags) if tags else None
        if not self._database.add_resource(kind, name, json.dumps(asdict(made)), made.arn, labels):
            raise Conflict(f"A {_NOUNS[kind]} with the name {name} already exists. Choose another name.")
        return made

    def arn(self, kind: str, name: str) -> str:
        return self._settings.arn(f"{kind}/{name}")

    def plain_name(self, kind: str, name: str) -> str:
        """A name from a name or an ARN of this account.

        One server stands for every region, and for what the service has in every account, its default queue and
        its system presets and templates: documents name these with the account they were exported from.
        """
        found = _ARN.fullmatch(name)
        if found is None or found["kind"] != kind:
            return name
        everywhere = found["name"].startswith(SYSTEM_PREFIX) or (kind == QUEUES and found["name"] == DEFAULT_QUEUE)
        return found["name"] if everywhere or found["account"] == self._settings.account_id else name

    def find(self, kind: str, name: str) -> Resource | None:
        """By name or ARN."""
        record = self._database.resource(kind, self.plain_name(kind, name))
        return Resource(**json.loads(record)) if record is not None else None

    def get(self, kind: str, name: str) -> Resource:
        """Raises NotFound."""
        found = self.find(kind, name)
        if found is None:
            raise missing(kind, name)
        return found

    def update(self, kind: str, name: str, changes: Json) -> Resource:
        """Replace the members given. Raises NotFound."""
        with self._lock:
            found = self.get(kind, name)
            changed = replace(found, members=found.members | changes, updated_at=self._clock.now())
            self._database.save_resource(kind, found.name, json.dumps(asdict(changed)))
            return changed

    def delete(self, kind: str, name: str) -> None:
        """Raises NotFound."""
        found = self.get(kind, name)
        self._database.forget_resource(kind, found.name, found.arn)

    def all(self, kind: str) -> list[Resource]:
        """In order of name."""
        return [Resource(**json.loads(record)) for record in self._database.resources(kind)]

    def tags(self, arn: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._database.tags(arn) or "{}")
        return found

    def change_tags(self, arn: str, added: dict[str, str], removed: Collection[str]) -> None:
        """Raises BadRequest."""
        with self._lock:  # two calls at once: neither loses what the other changed
            tags = {key: value for key, value in self.tags(arn).items() if key not in removed} | added
            check_tags(tags)
            self._database.save_tags(arn, json.dumps(tags))


def missing(kind: str, name: str) -> NotFound:
    return NotFound(f"The specified {_NOUNS[kind]} doesn't exist: {name}")


def check_tags(tags: dict[str, str]) -> None:
    """Raises BadRequest."""
    if len(tags) > MAX_TAGS:
        raise BadRequest(f"/tags: Should have at most {MAX_TAGS} properties")
    for key, value in tags.items():
        if not 1 <= len(key) <= MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
            raise BadRequest(
                f"/tags: Keys should have 1 to {MAX_TAG_KEY} characters and values at most {MAX_TAG_VALUE}"
            )


def list_page(request: Json, resources: list[Resource], by: str) -> tuple[list[Resource], str | None]:
    """One page of ``resources``, by NAME or CREATION_DATE, in the order the request asks for."""
    backwards = request.get("order") == "DESCENDING"
    page = read_page(request, resources[0].kind if resources else "", by, backwards, request.get("category"))

    def key(resource: Resource) -> str:
        return f"{resource.created_at:020.6f} {resource.name}" if by == "CREATION_DATE" else resource.name

    ordered = sorted(resources, key=key, reverse=backwards)
    if page.after is not None:
        after = page.after
        ordered = [item for item in ordered if (key(item) < after if backwards else key(item) > after)]
    return page.take(ordered, key)
