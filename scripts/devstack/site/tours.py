"""Ways through the site that come past every screen, each yielded by name while it is shown."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.site import staging
from devstack.site.scenes import FILMS
from devstack.site.visitor import Visitor

if TYPE_CHECKING:
    from devstack.contract.client import Account

PASSWORD = "four plain words together"  # noqa: S105 - of an account that lives as long as the pictures take
SLOW_BYTES_PER_SECOND = 6_000_000
FULL_PAGE = frozenset({"sign-in", "sign-in-refused", "sign-up", "confirm", "enrol", "enrol-typed", "account"})
"""Screens that are longer than a phone."""

DRAG = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["film"], "film.mp4", { type: "video/mp4" }));
  document.body.dispatchEvent(new DragEvent("dragenter", { dataTransfer, bubbles: true, cancelable: true }));
}"""
HAS_FRAME = "() => document.querySelector('video')?.readyState >= 2"
IS_THERE = """() => {
  const { seeking, currentTime, readyState } = document.querySelector("video");
  return !seeking && currentTime > 9 && readyState >= 2;
}"""
IS_SENT_IN_PART = "() => document.querySelector('.dock [data-state=sending] progress')?.value > 0.1"
HAS_PREVIEW = "() => document.querySelector('.preview-image')?.naturalWidth > 0"


@dataclass(frozen=True, slots=True)
class Props:
    """Files to choose: videos of several sizes, and one that is none."""

    small: Path
    large: Sequence[Path]
    document: Path


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who was invited: `password` is the invitation's."""

    email: str
    password: str


def newcomer_tour(visitor: Visitor, props: Props, guest: Guest) -> Iterator[str]:
    """From the first visit to the first uploads, past a look at how `guest` would come in."""
    yield from _entrance(visitor)
    visitor.visit()
    visitor.fill("sign-in", email=guest.email, password=guest.password)
    visitor.submit("sign-in")
    visitor.heading("newPassword.title").wait_for()
    yield "new-password"
    visitor.visit()
    visitor.sign_up(f"maria-{secrets.token_hex(4)}@example.com", PASSWORD)
    yield "enrol"
    visitor.page.locator("details summary").click()
    yield "enrol-typed"
    visitor.enrol()
    visitor.page.locator(".empty").wait_for()
    visitor.close_notices()
    yield "library-empty"
    visitor.page.evaluate(DRAG)
    yield "library-drop"
    yield from _moments_of_loading(visitor)
    yield from _uploads(visitor, props)


def _entrance(visitor: Visitor) -> Iterator[str]:
    page = visitor.page
    with staging.answering(page, staging.CONFIGURATION, 503, {}):
        visitor.visit()
        visitor.heading("start.troubleTitle").wait_for()
        yield "start-trouble"
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    yield "sign-in"
    visitor.fill("sign-in", email="maria@example.com", password="not the password")  # noqa: S106 - a wrong one
    visitor.submit("sign-in")
    visitor.form("sign-in").get_by_role("alert").filter(has_text=visitor.text("error.account.wrongPassword")).wait_for()
    yield "sign-in-refused"
    visitor.button("signIn.forgot").click()
    visitor.heading("forgot.title").wait_for()
    yield "forgotten"
    visitor.submit("forgot")
    visitor.heading("reset.title").wait_for()
    yield "reset"
    page.reload()
    visitor.button("signIn.signUp").click()
    visitor.heading("signUp.title").wait_for()
    yield "sign-up"
    visitor.fill("sign-up", email=f"maria-{secrets.token_hex(4)}@example.com", password=PASSWORD)
    visitor.submit("sign-up")
    visitor.heading("confirm.title").wait_for()
    yield "confirm"


def _moments_of_loading(visitor: Visitor) -> Iterator[str]:
    page = visitor.page
    with staging.silence(page, staging.LISTS):
        page.reload()
        page.locator(".skeleton").first.wait_for()
        yield "library-loading"
    with staging.answering(page, staging.LISTS, 500, staging.error("internal_error")):
        page.reload()
        page.locator(".problem-panel").wait_for()
        yield "library-error"
    page.reload()
    page.locator(".empty").wait_for()


def _uploads(visitor: Visitor, props: Props) -> Iterator[str]:
    page = visitor.page
    visitor.upload(props.small)
    visitor.row(props.small.name).and_(page.locator('[data-state="done"]')).wait_for()
    yield "upload-done"
    visitor.ready_card(props.small.stem)
    line = staging.Line(page)
    line.set(SLOW_BYTES_PER_SECOND)
    visitor.upload(*props.large, props.document)
    visitor.row(props.document.name).wait_for()
    page.wait_for_function(IS_SENT_IN_PART)
    yield "uploading"
    visitor.row(props.large[1].name).locator('[data-action="toggle"]').click()
    visitor.row(props.large[1].name).and_(page.locator('[data-state="paused"]')).wait_for()
    page.evaluate("document.querySelector('.dock-body').scrollTo(0, 1e6)")
    yield "uploads-paused"
    visitor.row(props.large[0].name).locator('[data-action="cancel"]').click()
    yield "upload-cancel"
    page.keyboard.press("Escape")
    line.set(SLOW_BYTES_PER_SECOND, cut=True)
    visitor.row(props.large[0].name).and_(page.locator('[data-state="offline"]')).wait_for()
    yield "uploads-offline"
    line.set(SLOW_BYTES_PER_SECOND)
    page.locator('.dock [data-state="sending"]').first.wait_for()
    page.reload()
    visitor.row(props.large[0].name).and_(page.locator('[data-state="needs-file"]')).wait_for()
    yield "uploads-left"


def owner_tour(visitor: Visitor, account: Account) -> Iterator[str]:
    """Somebody who comes back to a library full of films."""
    visitor.email, visitor.password, visitor.authenticator = account.email, account.password, account.authenticator
    visitor.visit()
    visitor.prove_password()
    yield "code"
    visitor.fill("code", code=visitor.authenticator.code())
    visitor.submit("code")
    visitor.heading("library.title").wait_for()
    for film in FILMS[-4:]:
        visitor.ready_card(film.titles[visitor.language]).locator(".poster-image.loaded").wait_for()
    yield "library"
    yield from _choices(visitor)
    yield from _odd_ones(visitor)
    yield from _player(visitor)
    visitor.visit("#/account")
    visitor.heading("account.title").wait_for()
    yield "account"
    visitor.page.locator('[data-action="sign-out-everywhere"]').click()
    yield "sign-out-everywhere"
    visitor.page.keyboard.press("Escape")
    yield from _end_of_session(visitor)


def _choices(visitor: Visitor) -> Iterator[str]:
    page, title = visitor.page, FILMS[-1].titles[visitor.language]
    visitor.card(title).get_by_role("button").click()
    yield "library-menu"
    page.keyboard.press("Escape")
    for action in ("rename", "delete"):
        visitor.choose_action(title, action)
        yield action
        page.keyboard.press("Escape")
    page.locator('[data-field="search"]').fill("zzz")
    yield "library-nothing-found"
    page.locator('[data-field="search"]').fill("")


def _odd_ones(visitor: Visitor) -> Iterator[str]:
    page = visitor.page
    with staging.holding(page, *staging.ODD):
        page.reload()
        page.locator(".card").nth(1).wait_for()
        yield "library-odd"
        for video in (staging.CONVERTING, staging.FAILED, staging.LONG):
            visitor.visit(f"#/watch/{video['videoId']}")
            page.get_by_role("heading", level=1, name=video["title"], exact=True).wait_for()
            yield f"watch-{video['videoId']}"
        visitor.visit("#/watch/gone")
        visitor.heading("watch.trouble").wait_for()
        yield "watch-gone"
    visitor.visit("#/videos")
    page.reload()


def _player(visitor: Visitor) -> Iterator[str]:
    page, title = visitor.page, FILMS[-2].titles[visitor.language]
    visitor.ready_card(title).get_by_role("link").click()
    page.locator(".player[data-source]").wait_for()
    page.wait_for_function(HAS_FRAME)
    yield "watch"
    seek = page.locator('[data-control="seek"]')
    width = seek.evaluate("element => element.clientWidth")
    seek.click(position={"x": width * 0.3, "y": 12})
    page.wait_for_function(IS_THERE)
    for share in (0.5, 0.6):
        seek.hover(position={"x": width * share, "y": 8})
    page.wait_for_function(HAS_PREVIEW)
    yield "player-preview"
    page.locator('[data-control="settings"]').click()
    yield "player-settings"


def _end_of_session(visitor: Visitor) -> Iterator[str]:
    refused = {"__type": "NotAuthorizedException", "message": "Refresh Token has been revoked"}
    page = visitor.page
    with (
        staging.answering(page, "**/api/auth", 400, refused),
        staging.answering(page, "**/api/videos*", 401, staging.error("unauthorized")),
    ):
        page.locator(".logo").click()
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        visitor.heading("signIn.title").wait_for()
        yield "session-ended"
