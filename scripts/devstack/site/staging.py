"""Answers of the API as a picture needs them: states that pass too quickly to be looked at, and rare ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

LISTS = "**/api/videos?*"
ONES = "**/api/videos/*"
ALL = "**/api/**"
CONFIGURATION = "**/config.json"
LONGEST_TITLE = 1000
"""Characters, as the API allows."""
MEGABYTE = 1_000_000


def video(video_id: str, title: str, status: str = "ready", **more: Any) -> dict[str, Any]:
    """A video as the API answers it; `more` replaces fields of it."""
    return {
        "videoId": video_id,
        "title": title,
        "fileName": f"{title}.mp4",
        "status": status,
        "progress": 100 if status == "ready" else 0,
        "size": 412 * MEGABYTE,
        "durationMs": 754_000 if status == "ready" else None,
        "width": 1920 if status == "ready" else None,
        "height": 1080 if status == "ready" else None,
        "createdAt": f"2026-10-{28 - len(video_id) % 9:02}T18:30:00.000Z",
        "updatedAt": "2026-10-28T18:40:00.000Z",
        "posterUrl": None,
        "error": None,
        **more,
    }


CONVERTING = video("converting", "Casamento de Ana e João", "converting", progress=62)
FAILED = video(
    "failed", "Fita antiga (1994)", "failed", size=84 * MEGABYTE, error={"code": "damaged_file", "message": ""}
)
LONG_WORDS = "Uma tarde inteira de domingo com a família toda, do almoço ao último café, sem cortes "
LONG = video("long", (LONG_WORDS * LONGEST_TITLE)[:LONGEST_TITLE], "uploaded")
ODD = (
    video("uploading", "Formatura da Júlia", "uploading", size=5_300 * MEGABYTE),
    CONVERTING,
    video("uploaded", "Mudança de casa", "uploaded"),
    FAILED,
    LONG,
    video("emoji", "🎂🎉 Festa! 👩‍👩‍👧‍👦🏳️‍🌈 🇧🇷", durationMs=61_000),
    video("right-to-left", "عيد ميلاد سعيد يا جدتي، من كل العائلة", durationMs=5_025_000),
    video("oneword", "IMG_20261028_183000_" + "8" * 60, durationMs=3_000, size=2 * MEGABYTE),
)
"""What a library may hold, and its design must bear."""


@contextmanager
def answering(page: Page, pattern: str, status: int, body: Mapping[str, Any]) -> Iterator[None]:
    """Every request of the pattern gets this answer."""

    def fulfill(route: Route) -> None:
        route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

    page.route(pattern, fulfill)
    try:
        yield
    finally:
        page.unroute(pattern, fulfill)


@contextmanager
def silence(page: Page, pattern: str) -> Iterator[None]:
    """No request of the pattern gets any answer until the end, when all are cut."""
    waiting: list[Route] = []

    def keep(route: Route) -> None:
        waiting.append(route)

    page.route(pattern, keep)
    try:
        yield
    finally:
        for route in waiting:
            route.abort()
        page.unroute(pattern, keep)


@contextmanager
def holding(page: Page, *videos: Mapping[str, Any]) -> Iterator[None]:
    """The library holds these videos and no others."""
    known = {each["videoId"]: each for each in videos}

    def answer_one(route: Route) -> None:
        found = known.get(route.request.url.rsplit("/", 1)[1])
        if found is None:
            route.fulfill(status=404, content_type="application/json", body=json.dumps(error("not_found")))
        else:
            route.fulfill(content_type="application/json", body=json.dumps(found))

    page.route(ONES, answer_one)
    try:
        with answering(page, LISTS, 200, {"videos": list(videos), "nextCursor": None}):
            yield
    finally:
        page.unroute(ONES, answer_one)


def error(code: str) -> dict[str, Any]:
    """An error's body as the API words it."""
    return {"error": {"code": code, "message": ""}}


class Line:
    """The browser's way to the network. Speed and cuts go through one session: each call replaces all of them."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def set(self, upload_bytes_per_second: int, *, cut: bool = False) -> None:
        self._session.send(
            "Network.emulateNetworkConditions",
            {"offline": cut, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload_bytes_per_second},
        )
