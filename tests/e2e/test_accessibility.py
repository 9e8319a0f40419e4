"""No screen breaks a rule of WCAG 2.2 AA that axe-core can see, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bootstrap.npm_packages import install_packages
from bootstrap.site_build import SOURCES
from devstack.contract.invited import invite_silently
from devstack.settings import ROOT
from devstack.site import staging
from devstack.site.visitor import Visitor

from .conftest import PASSWORD, OpenPage, new_email

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
IS_STILL = """() => document.getAnimations().every(
  (each) => each.playState !== "running" || each.effect.getTiming().iterations === Infinity
)"""
WIDTHS = (320, 1280, 3840)


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's source, of the version in the site's lock file."""
    return (install_packages(ROOT / "build", SOURCES) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


class Inspector:
    def __init__(self, page: Page, axe: str) -> None:
        self._page = page
        self._axe = axe
        self.seen: dict[str, list[str]] = {}

    def look(self, screen: str) -> None:
        # Colours that are still fading in are nobody's contrast.
        self._page.wait_for_function(IS_STILL)
        self._page.evaluate(self._axe)
        result = self._page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
        self.seen[screen] = [
            f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]


@pytest.mark.parametrize(("scheme", "phone"), [("light", False), ("dark", True)])
def test_no_screen_has_a_violation(
    open_page: OpenPage, clip: Callable[..., Path], stack: Mapping[str, str], axe: str, scheme: str, phone: bool
) -> None:
    visitor = open_page("en", scheme=scheme, phone=phone)
    inspector = Inspector(visitor.page, axe)
    invited_screen(visitor, inspector, stack)
    gate_screens(visitor, inspector)
    library_screens(visitor, inspector, clip("Birthday.mp4"))
    watch_screens(visitor, inspector)
    rare_screens(visitor, inspector)
    account_screens(visitor, inspector)
    assert inspector.seen == {screen: [] for screen in inspector.seen}
    assert len(inspector.seen) >= 27


def invited_screen(visitor: Visitor, inspector: Inspector, stack: Mapping[str, str]) -> None:
    email = new_email()
    invite_silently(stack, email, PASSWORD)
    visitor.visit()
    visitor.fill("sign-in", email=email, password=PASSWORD)
    visitor.submit("sign-in")
    visitor.heading("newPassword.title").wait_for()
    inspector.look("new password")


def gate_screens(visitor: Visitor, inspector: Inspector) -> None:
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    inspector.look("sign in")
    visitor.submit("sign-in")
    inspector.look("sign in, with an error")
    visitor.button("signIn.forgot").click()
    visitor.heading("forgot.title").wait_for()
    inspector.look("forgotten password")
    visitor.fill("forgot", email=new_email())
    visitor.submit("forgot")
    visitor.heading("reset.title").wait_for()
    inspector.look("another password")
    visitor.page.reload()
    visitor.button("signIn.signUp").click()
    visitor.heading("signUp.title").wait_for()
    inspector.look("sign up")
    visitor.email, visitor.password = new_email(), PASSWORD
    visitor.fill("sign-up", email=visitor.email, password=PASSWORD)
    visitor.submit("sign-up")
    visitor.heading("confirm.title").wait_for()
    inspector.look("confirm")
    visitor.fill("confirm", code=visitor.mailed_code())
    visitor.submit("confirm")
    visitor.heading("enrol.title").wait_for()
    visitor.page.locator("details summary").click()
    inspector.look("enrol")
    visitor.enrol()


def library_screens(visitor: Visitor, inspector: Inspector, video: Path) -> None:
    inspector.look("empty library")
    visitor.upload(video, Path(__file__))
    visitor.row(Path(__file__).name).wait_for()
    inspector.look("uploading")
    visitor.ready_card("Birthday")
    inspector.look("library")
    visitor.card("Birthday").get_by_role("button").click()
    inspector.look("menu")
    visitor.page.keyboard.press("Escape")
    for action in ("rename", "delete"):
        visitor.choose_action("Birthday", action)
        inspector.look(action)
        visitor.page.keyboard.press("Escape")


def watch_screens(visitor: Visitor, inspector: Inspector) -> None:
    visitor.card("Birthday").get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()
    inspector.look("watch")
    visitor.page.locator('[data-control="settings"]').click()
    inspector.look("player settings")


def rare_screens(visitor: Visitor, inspector: Inspector) -> None:
    page = visitor.page
    with staging.holding(page, *staging.ODD):
        visitor.visit("#/videos")
        page.reload()
        page.locator('.card[data-status="failed"]').wait_for()
        inspector.look("library of odd ones")
        page.locator('[data-field="search"]').fill("no such words")
        page.locator(".empty").wait_for()
        inspector.look("nothing found")
        for video in (staging.CONVERTING, staging.FAILED, staging.LONG):
            visitor.visit(f"#/watch/{video['videoId']}")
            page.get_by_role("heading", level=1, name=video["title"], exact=True).wait_for()
            inspector.look(f"watch: {video['videoId']}")
        visitor.visit("#/watch/gone")
        visitor.heading("watch.trouble").wait_for()
        inspector.look("watch: gone")
        visitor.visit("#/videos")
    with staging.silence(page, staging.LISTS):
        page.reload()
        page.locator(".skeleton").first.wait_for()
        inspector.look("library, loading")
    with staging.answering(page, staging.LISTS, 500, staging.error("internal_error")):
        page.reload()
        page.locator(".problem-panel").wait_for()
        inspector.look("library, not loaded")
    with staging.answering(page, staging.CONFIGURATION, 503, {}):
        page.reload()
        visitor.heading("start.troubleTitle").wait_for()
        inspector.look("nothing loaded")
    page.reload()


def account_screens(visitor: Visitor, inspector: Inspector) -> None:
    visitor.visit("#/account")
    visitor.heading("account.title").wait_for()
    inspector.look("account")
    visitor.page.locator('[data-action="sign-out-everywhere"]').click()
    inspector.look("sign out everywhere")
    visitor.page.keyboard.press("Escape")
    visitor.page.locator('[data-action="sign-out"]').click()
    visitor.prove_password()
    inspector.look("code")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path], width: int
) -> None:
    visitor = newcomer("pt-BR")
    visitor.page.set_viewport_size({"width": width, "height": max(640, width * 9 // 16)})
    visitor.upload(clip("Um título comprido sem fim nenhum que não cabe.mp4"))
    visitor.ready_card("Um título comprido sem fim nenhum que não cabe").wait_for()
    assert_fits(visitor.page)
    visitor.card("Um título comprido sem fim nenhum que não cabe").get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()
    assert_fits(visitor.page)
    visitor.visit("#/account")
    visitor.heading("account.title").wait_for()
    assert_fits(visitor.page)


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_way_to_a_playing_video_needs_no_mouse(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    visitor.upload(clip("Keys.mp4"))
    visitor.ready_card("Keys")
    page = visitor.page
    tab_to(page, "a.card-link")
    page.keyboard.press("Enter")
    page.locator(".player[data-source]").wait_for()
    expect(page.locator(".player")).to_be_focused()
    page.keyboard.press("k")
    page.wait_for_function(
        "() => !document.querySelector('video').paused && document.querySelector('video').currentTime > 0.3"
    )
    page.keyboard.press("k")
    tab_to(page, '[data-control="settings"]')
    page.keyboard.press("Enter")
    expect(page.locator(".player-settings select").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator('[data-control="settings"]')).to_be_focused()


def test_after_a_deletion_the_focus_is_on_what_takes_its_place(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer()
    page = visitor.page
    videos = [
        staging.video(name, name, createdAt=f"2026-10-0{9 - index}T12:00:00Z") for index, name in enumerate("abc")
    ]
    with staging.holding(page, *videos):
        page.reload()
        for deleted, heir in (("b", "c"), ("c", "a")):
            visitor.card(deleted).get_by_role("button").focus()
            delete_by_keyboard(page)
            expect(visitor.card(deleted)).to_have_count(0)
            expect(visitor.card(heir).get_by_role("link")).to_be_focused()
        visitor.card("a").get_by_role("button").focus()
        delete_by_keyboard(page)
        expect(visitor.heading("library.title")).to_be_focused()


def delete_by_keyboard(page: Page) -> None:
    """From a card's menu button: the menu's last entry, and the dialog's last button."""
    page.keyboard.press("ArrowUp")
    expect(page.locator('.menu [data-action="delete"]')).to_be_focused()
    page.keyboard.press("Enter")
    page.locator('[data-dialog="delete"] button[type=submit]').press("Enter")


def tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never came to {selector}")
