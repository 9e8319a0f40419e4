"""Ten thousand videos are no more to the page than what is on the screen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route, expect

from devstack.site.visitor import Visitor

COUNT = 10_000
PAGE = 100
MOST_CARDS = 80
IS_FILLED = """() => [...document.querySelectorAll(".card")].some((card) => {
  const { top, bottom } = card.getBoundingClientRect();
  return top < innerHeight && bottom > 100;
})"""


def video(index: int) -> dict[str, Any]:
    return {
        "videoId": f"video{index:05}",
        "title": f"Video {index}",
        "fileName": f"file{index}.mp4",
        "status": "ready",
        "progress": 100,
        "size": 1000 + index,
        "durationMs": 1000 * index,
        "width": 640,
        "height": 360,
        "createdAt": f"20{99 - index // 200:02}-01-01T00:00:{index % 60:02}.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "posterUrl": None,
        "error": None,
    }


def answer(route: Route) -> None:
    query = parse_qs(urlsplit(route.request.url).query)
    start = int(query.get("cursor", ["0"])[0])
    after = start + PAGE
    body = {
        "videos": [video(index) for index in range(start, after)],
        "nextCursor": str(after) if after < COUNT else None,
    }
    route.fulfill(content_type="application/json", body=json.dumps(body))


def test_ten_thousand_videos_stay_smooth(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer()
    page = visitor.page
    page.route("**/api/videos?*", answer)
    page.reload()
    page.locator(".card").first.wait_for()
    expect(page.locator(".count")).to_have_text("10,000 videos", timeout=240_000)
    assert page.locator(".card").count() <= MOST_CARDS
    for share in (0.25, 0.5, 0.75, 1):
        page.evaluate("share => scrollTo(0, document.documentElement.scrollHeight * share)", share)
        page.wait_for_function(IS_FILLED)
        assert page.locator(".card").count() <= MOST_CARDS
    expect(page.locator('.card[aria-posinset="10000"]')).to_be_visible()
    page.locator('[data-field="search"]').fill("video 4321")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card-link")).to_have_text("Video 4321")
    page.locator('[data-field="search"]').fill("")
    page.locator('[data-select="order"]').select_option("largest")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator('.card[aria-posinset="1"] .card-link')).to_have_text("Video 9999")
