"""The whole story of a person and two videos, as they live it in front of the site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from devstack.site.visitor import Visitor

from .conftest import PASSWORD, OpenPage, new_email
from .playing import playing, seek_to_share, wait_advancing

LARGE = 112 * 1024 * 1024
"""Bytes: over 100 MiB a file goes in parts, which is what a reload can resume."""
SLOW_BYTES_PER_SECOND = 4_000_000
"""Slow enough that the large file is under way for some seconds."""

HAS_PART_OF = """(name) => {
  const row = document.querySelector(`.row-name[title="${name}"]`).closest(".row");
  return row.querySelector("progress").value > 0.6;
}"""


@pytest.mark.parametrize(("language", "phone"), [("pt-BR", False), ("en", True)])
def test_from_sign_up_to_sign_out(open_page: OpenPage, clip: Callable[..., Path], language: str, phone: bool) -> None:
    visitor = open_page(language, phone=phone)
    small, large = clip("Aniversário.mp4"), clip("Viagem longa.mp4", seconds=30, size=LARGE)

    visitor.visit()
    visitor.sign_up(new_email(), PASSWORD)
    visitor.enrol()
    upload_both_with_a_break(visitor, small, large)
    visitor.ready_card("Aniversário")
    see_live_progress_of(visitor, "Viagem longa")
    watch(visitor, "Viagem longa")
    rename(visitor, "Viagem longa", "Viagem à serra")
    delete(visitor, "Viagem à serra")
    sign_out(visitor)


def upload_both_with_a_break(visitor: Visitor, small: Path, large: Path) -> None:
    slow_down(visitor)
    visitor.upload(small, large)
    row = visitor.row(large.name)
    expect(row).to_have_attribute("data-state", "sending")
    # Three parts go side by side: by now some are whole.
    visitor.page.wait_for_function(HAS_PART_OF, arg=large.name, timeout=120_000)
    row.locator('[data-action="toggle"]').click()
    expect(row).to_have_attribute("data-state", "paused")
    # Looked at while nothing moves: the card itself may have come late over the slow line.
    expect(visitor.card(large.stem).get_by_role("progressbar")).to_be_visible()
    visitor.page.reload()
    row = visitor.row(large.name)
    expect(row).to_have_attribute("data-state", "needs-file")
    expect(visitor.row(small.name)).to_have_count(0)
    sent: list[str] = []
    visitor.page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    visitor.choose_files(row.locator('[data-action="pick-again"]').click, large)
    expect(row).to_have_attribute("data-state", "done", timeout=300_000)
    parts = -(-LARGE // (16 * 1024 * 1024))
    assert 0 < len(sent) < parts, "what S3 held was sent again"


def slow_down(visitor: Visitor) -> None:
    tools = visitor.page.context.new_cdp_session(visitor.page)
    tools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": SLOW_BYTES_PER_SECOND},
    )


def see_live_progress_of(visitor: Visitor, title: str) -> None:
    card = visitor.card(title)
    expect(card).to_have_attribute("data-status", "ready", timeout=400_000)
    expect(card.locator(".poster-image.loaded")).to_be_visible()


def watch(visitor: Visitor, title: str) -> None:
    visitor.card(title).get_by_role("link").click()
    player = visitor.page.locator(".player[data-source]")
    expect(player).to_have_attribute("data-source", "hls.js")
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    seek_to_share(visitor, 0.6)
    wait_advancing(visitor.page)
    assert playing(visitor.page)["currentTime"] > 3
    visitor.page.get_by_role("link", name=visitor.text("shell.back")).click()


def rename(visitor: Visitor, title: str, wanted: str) -> None:
    visitor.choose_action(title, "rename")
    dialog = visitor.page.locator('[data-dialog="rename"]')
    dialog.locator("input[name=title]").fill(wanted)
    dialog.locator("button[type=submit]").click()
    expect(visitor.card(wanted)).to_be_visible()
    visitor.page.reload()
    expect(visitor.card(wanted)).to_be_visible()


def delete(visitor: Visitor, title: str) -> None:
    visitor.choose_action(title, "delete")
    visitor.page.locator('[data-dialog="delete"] button[type=submit]').click()
    expect(visitor.card(title)).to_have_count(0)
    visitor.page.reload()
    visitor.ready_card("Aniversário")
    expect(visitor.card(title)).to_have_count(0)


def sign_out(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name=visitor.text("account.title"), exact=True).click()
    visitor.page.locator('[data-action="sign-out"]').click()
    visitor.heading("signIn.title").wait_for()
    visitor.page.reload()
    visitor.heading("signIn.title").wait_for()
