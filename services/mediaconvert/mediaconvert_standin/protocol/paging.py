"""Pages of lists: a token continues the list it came from, and no other."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from mediaconvert_standin.errors import BadRequest

Json = dict[str, Any]
T = TypeVar("T")

PAGE_SIZE = 20  # the service's default, and its largest page


@dataclass(frozen=True)
class Page:
    """What is asked for: ``after`` is the sort key of the last item of the page before."""

    size: int
    after: str | None
    mark: str

    def take(self, items: Iterable[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
        """The page's items from those that follow ``after``, and the token of the next page."""
        found = list(itertools.islice(items, self.size + 1))
        if len(found) <= self.size:
            return found, None
        page = found[: self.size]
        token = json.dumps([self.mark, key(page[-1])]).encode()
        return page, base64.urlsafe_b64encode(token).decode()


def read_page(request: Json, *filters: object) -> Page:
    """The page a request asks for. Raises BadRequest when its token is of another list."""
    mark = hashlib.sha256(repr(filters).encode()).hexdigest()[:16]
    token = request.get("nextToken")
    return Page(request.get("maxResults") or PAGE_SIZE, _read_token(token, mark) if token else None, mark)


def _read_token(token: str, mark: str) -> str:
    try:
        found_mark, after = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, RecursionError):
        raise BadRequest("/nextToken: The token is not valid") from None
    if found_mark != mark or not isinstance(after, str):
        raise BadRequest("/nextToken: The token is not valid for this request")
    return after
