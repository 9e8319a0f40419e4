"""What a first visit may cost, and how still the page stands."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Response

from devstack.site.visitor import Visitor

from .conftest import OpenPage

MOST_SCRIPT_BYTES = 60_000
MOST_STYLE_BYTES = 12_000
MOST_REQUESTS = 10
# https://web.dev/articles/cls: "good" is up to 0.1.
MOST_LAYOUT_SHIFT = 0.05
WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def test_a_first_visit_is_small(open_page: OpenPage) -> None:
    visitor = open_page()
    responses: list[Response] = []
    visitor.page.on("response", lambda response: responses.append(response))
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    visitor.page.wait_for_load_state("networkidle")
    assert 0 < compressed(responses, "script") <= MOST_SCRIPT_BYTES
    assert 0 < compressed(responses, "stylesheet") <= MOST_STYLE_BYTES
    assert len(responses) <= MOST_REQUESTS


def test_the_player_comes_only_when_it_is_wanted(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    responses: list[Response] = []
    visitor.page.on("response", lambda response: responses.append(response))
    visitor.page.reload()
    visitor.heading("library.title").wait_for()
    visitor.page.wait_for_load_state("networkidle")
    assert not [response.url for response in responses if "hls" in response.url]
    assert compressed(responses, "script") <= MOST_SCRIPT_BYTES
    visitor.upload(clip("Later.mp4"))
    visitor.ready_card("Later").get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()
    assert [response.url for response in responses if "/assets/hls" in response.url]


def test_pages_stand_still(open_page: OpenPage, newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer(init=WATCH_SHIFTS)
    visitor.upload(clip("Still.mp4"))
    visitor.ready_card("Still")
    for screen in ("", "#/account"):
        visitor.visit(screen)
        visitor.page.reload()
        visitor.page.wait_for_load_state("networkidle")
        assert visitor.page.evaluate("window.shifts") <= MOST_LAYOUT_SHIFT, screen
    visitor.visit()
    visitor.ready_card("Still").get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()
    assert visitor.page.evaluate("window.shifts") <= MOST_LAYOUT_SHIFT


def compressed(responses: list[Response], kind: str) -> int:
    """Bytes of all responses of a kind, as a CDN with compression sends them."""
    return sum(
        len(gzip.compress(response.body(), 9)) for response in responses if response.request.resource_type == kind
    )


def test_what_has_a_hash_in_its_name_is_kept_for_ever(open_page: OpenPage) -> None:
    visitor = open_page()
    responses: list[Response] = []
    visitor.page.on("response", lambda response: responses.append(response))
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    caches = {response.url.split("/", 3)[3]: response.headers.get("cache-control", "") for response in responses}
    assets = [value for path, value in caches.items() if path.startswith("assets/")]
    assert assets
    assert all("immutable" in value for value in assets)
    assert caches[""] == "no-cache"
