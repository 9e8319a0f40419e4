"""Titles, file names and what servers say are text, whatever they look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from devstack.site.visitor import Visitor

from .conftest import OpenPage

TEXTS = [
    "<script>window.ran=1</script>",
    '<img src=x onerror="window.ran=1">',
    '"><svg onload=window.ran=1>',
    "'; window.ran=1; //",
    "javascript:window.ran=1",
    "{{constructor.constructor('window.ran=1')()}}",
    "${window.ran=1}",
    "</title><script>window.ran=1</script>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "<a href='javascript:window.ran=1'>x</a>",
    "‮gpj.exe",
    "{title} $& $1",
]


def test_titles_and_file_names_never_run(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    page = visitor.page
    visitor.upload(clip("<img src=x onerror=window.ran=1>.mp4"))
    visitor.row("<img src=x onerror=window.ran=1>.mp4").wait_for()
    title = "<img src=x onerror=window.ran=1>"
    visitor.ready_card(title)
    for wanted in TEXTS:
        visitor.choose_action(title, "rename")
        page.locator('[data-dialog="rename"] input[name=title]').fill(wanted)
        page.locator('[data-dialog="rename"] button[type=submit]').click()
        expect(visitor.card(wanted)).to_be_visible()
        title = wanted
        expect(page.locator(".card-link")).to_have_text(wanted)
        visitor.choose_action(title, "delete")
        expect(page.locator('[data-dialog="delete"]')).to_contain_text(wanted)
        page.keyboard.press("Escape")
    visitor.card(title).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert_nothing_ran(visitor)


@pytest.mark.parametrize("text", TEXTS[:3])
def test_what_the_api_says_never_runs(newcomer: Callable[..., Visitor], text: str) -> None:
    visitor = newcomer()

    def answer(route: Route) -> None:
        body = {"error": {"code": text, "message": text}, "videos": text}
        route.fulfill(status=400, content_type="application/json", body=json.dumps(body))

    visitor.page.route("**/api/videos*", answer)
    visitor.page.reload()
    visitor.page.locator(".problem-panel").wait_for()
    assert_nothing_ran(visitor)


@pytest.mark.parametrize("text", TEXTS[:3])
def test_what_cognito_says_never_runs(open_page: OpenPage, text: str) -> None:
    visitor = open_page()
    visitor.page.route(
        "**/api/auth",
        lambda route: route.fulfill(
            status=400,
            content_type="application/x-amz-json-1.1",
            body=json.dumps({"__type": text, "message": text}),
        ),
    )
    visitor.visit()
    visitor.fill("sign-in", email="somebody@example.com", password="some password here")
    visitor.submit("sign-in")
    expect(visitor.form("sign-in").get_by_role("alert")).to_have_text(visitor.text("error.account.serverTrouble"))
    assert_nothing_ran(visitor)


def test_a_hostile_catalog_entry_never_runs(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer()
    video = {
        "videoId": "abc",
        "title": TEXTS[1],
        "fileName": TEXTS[0],
        "status": "failed",
        "progress": 0,
        "size": 1,
        "durationMs": None,
        "width": None,
        "height": None,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "posterUrl": "javascript:window.ran=1",
        "error": {"code": TEXTS[0], "message": TEXTS[1]},
    }
    listing = [
        {**video, "videoId": f"v{index}", "status": status}
        for index, status in enumerate(["failed", "ready", TEXTS[2]])
    ]
    listing[2]["status"] = "uploading"
    visitor.page.route(
        "**/api/videos?*",
        lambda route: route.fulfill(
            content_type="application/json", body=json.dumps({"videos": listing, "nextCursor": None})
        ),
    )
    visitor.page.reload()
    expect(visitor.page.locator(".card")).to_have_count(3)
    assert_nothing_ran(visitor)


def assert_nothing_ran(visitor: Visitor) -> None:
    assert visitor.page.evaluate("window.ran") is None
    assert visitor.page.locator("#page script, #page iframe, .card img[src='x'], dialog img").count() == 0


def test_the_page_forbids_markup_from_text_altogether(open_page: OpenPage) -> None:
    """Trusted Types: even a mistake of ours could not turn a title into markup."""
    visitor = open_page(strict=False)
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    attempt = (
        "() => { try { document.createElement('div').innerHTML = '<b>x</b>'; } catch (error) { return error.name; } }"
    )
    assert visitor.page.evaluate(attempt) == "TypeError"
