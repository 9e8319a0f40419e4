"""Which browsers may talk to a service that knows no passwords: those that show our own page."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_ONE_WORD = re.compile(r"[A-Za-z0-9_-]+")  # localhost, or a container's name: nobody can register it


def is_local_host(host: str) -> bool:
    """Whether a Host header names an address, or a name that only a local resolver knows."""
    name = urlsplit(f"//{host}").hostname or ""
    if _ONE_WORD.fullmatch(name) or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_foreign(origin: str | None, host: str) -> bool:
    """Whether a request comes from another site's script. SDKs send no Origin; our page sends its own."""
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() != host.lower() or not is_local_host(host)
