"""`dev.py screenshots`: every screen of the site, for people to look at."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from devstack import clips
from devstack.browser import NoBrowserError, open_browser
from devstack.visitor import WITHOUT_FILE_PICKER, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from devstack.client import Inbox

PASSWORD = "four plain words together"  # noqa: S105 - of an account that lives as long as the pictures take
TITLES = ("Aniversário da vovó", "Férias na praia", "Primeiro dia de aula")
CLIP_SECONDS = 8
EXIT_FAILED = 1


@dataclass(frozen=True, slots=True)
class Look:
    """One way to see the site. Sizes in CSS pixels."""

    name: str
    language: str
    width: int
    height: int
    scheme: str
    scale: float = 1

    def options(self) -> dict[str, Any]:
        """As Playwright wants them for a browser context."""
        return {
            "locale": self.language,
            "viewport": {"width": self.width, "height": self.height},
            "color_scheme": self.scheme,
            "device_scale_factor": self.scale,
            "reduced_motion": "reduce",
        }


LOOKS = (
    Look("desktop", "pt-BR", 1280, 800, "light"),
    Look("desktop-dark", "en", 1280, 800, "dark"),
    Look("phone", "pt-BR", 390, 844, "light", scale=2),
    Look("phone-dark", "en", 390, 844, "dark", scale=2),
)


def take_screenshots(outputs: Mapping[str, str], inbox: Inbox, folder: Path, console: Console) -> int:
    """Writes `{screen}-{look}.png` files into `folder`; returns the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as scratch, open_browser() as browser:
            videos = _make_videos(Path(scratch))
            for look in LOOKS:
                console.print(f"{look.name} ({look.width} by {look.height}, {look.scheme}, {look.language})")
                with _visitor(browser, look, outputs, inbox) as visitor:
                    for screen in _tour(visitor, videos):
                        visitor.page.screenshot(path=folder / f"{screen}-{look.name}.png")
    except NoBrowserError as error:
        console.print(str(error), style="red", markup=False)
        return EXIT_FAILED
    console.print(f"Pictures of every screen: {folder.resolve()}")
    return 0


def _make_videos(folder: Path) -> list[Path]:
    clip = clips.make_clip("mp4-h264-aac", folder, seconds=CLIP_SECONDS, size=(1280, 720))
    return [path for title in TITLES if (path := folder / f"{title}.mp4").write_bytes(clip.read_bytes())]


@contextmanager
def _visitor(browser: Browser, look: Look, outputs: Mapping[str, str], inbox: Inbox) -> Iterator[Visitor]:
    context = browser.new_context(**look.options())
    context.add_init_script(WITHOUT_FILE_PICKER)
    try:
        yield Visitor(context.new_page(), outputs, inbox, look.language)
    finally:
        context.close()


def _tour(visitor: Visitor, videos: list[Path]) -> Iterator[str]:
    """Goes from screen to screen; yields the name of each while it is shown."""
    page = visitor.page
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    yield "sign-in"
    visitor.button("signIn.signUp").click()
    visitor.heading("signUp.title").wait_for()
    yield "sign-up"
    page.reload()
    visitor.sign_up(f"maria-{secrets.token_hex(4)}@example.com", PASSWORD)
    yield "enrol"
    visitor.enrol()
    page.locator(".empty").wait_for()
    yield "empty-library"
    visitor.upload(*videos)
    page.locator(".dock .row").nth(len(videos) - 1).wait_for()
    yield "uploading"
    for title in TITLES:
        visitor.ready_card(title).locator(".poster-image.loaded").wait_for()
    visitor.button("dock.clear").click()
    yield "library"
    visitor.choose_action(TITLES[0], "delete")
    yield "delete"
    page.keyboard.press("Escape")
    visitor.card(TITLES[0]).get_by_role("link").click()
    page.locator(".player[data-source]").wait_for()
    page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    yield "watch"
    page.locator('[data-control="settings"]').click()
    yield "player-settings"
    visitor.visit("#/account")
    visitor.heading("account.title").wait_for()
    yield "account"
    page.locator('[data-action="sign-out"]').click()
    visitor.prove_password()
    yield "code"
