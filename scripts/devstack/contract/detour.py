"""Another way to the same host: through a proxy that only passes bytes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from devstack.contract.uploading import BlockAdapter


class Detour(BlockAdapter):
    """Connects to `routes[host:port]` in place of `host:port`; the Host header stays, because it is signed."""

    def __init__(self, routes: Mapping[str, str], connections: int) -> None:
        super().__init__(pool_maxsize=connections)
        self._routes = routes

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        if url.netloc in self._routes:
            request.headers["Host"] = url.netloc
            request.url = urlunsplit(url._replace(netloc=self._routes[url.netloc]))
        return super().send(request, *arguments, **options)
