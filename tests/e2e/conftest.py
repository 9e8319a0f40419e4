"""A real browser in front of the running stack. What a page complains about fails the test that opened it.

`SSTECH_OUTPUTS` names the `outputs.json` of a running stack to use in place of a fresh one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from integration.shared_stack import SharedStack, read_outputs
from playwright.sync_api import Browser, BrowserContext, Page, expect

from devstack import clips
from devstack.contract.inbox import read_inbox
from devstack.site.browser import NoBrowserError, find_browser, open_browser
from devstack.site.visitor import WITHOUT_FILE_PICKER, Visitor

OUTPUTS_VARIABLE = "SSTECH_OUTPUTS"
PATIENCE_MILLISECONDS = 30_000
"""For one step of a page, on a machine that runs other tests beside."""
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
LONG_SECONDS = 30
"""Longer clips are smaller, or they take long to convert."""
PASSWORD = "four plain words together"


expect.set_options(timeout=PATIENCE_MILLISECONDS)


class OpenPage(Protocol):
    def __call__(
        self, language: str = ..., *, phone: bool = ..., scheme: str = ..., init: str = ..., strict: bool = ...
    ) -> Visitor: ...


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Outputs of the running stack, shared with the integration tests of the same run."""
    if path := os.environ.get(OUTPUTS_VARIABLE):
        yield read_outputs(Path(path))
        return
    base = tmp_path_factory.getbasetemp()
    shared = SharedStack((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stack")
    try:
        yield shared.join()
    finally:
        shared.leave()


# Not for the whole session: a test of another kind in the same process may want an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        find_browser()
    except NoBrowserError as error:
        # A machine of a person may lack one; CI installs it, and never passes without.
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with open_browser() as opened:
        yield opened


@pytest.fixture
def open_page(browser: Browser, stack: Mapping[str, str]) -> Iterator[OpenPage]:
    """Opens pages, each in a browser profile of its own; with `strict` no page may complain."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(
        language: str = "en", *, phone: bool = False, scheme: str = "light", init: str = "", strict: bool = True
    ) -> Visitor:
        context = browser.new_context(
            locale=language,
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.add_init_script(WITHOUT_FILE_PICKER + init)
        page = context.new_page()
        if strict:
            listen(page, complaints)
        return Visitor(page, stack, lambda: read_inbox(stack), language)

    yield open_
    for context in contexts:
        context.close()
    assert not complaints


def listen(page: Page, complaints: list[str]) -> None:
    """Collects what may never happen: uncaught errors, and anything that the security policy had to stop."""
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"policy: {message.text}")
            if "Content Security Policy" in message.text or "Trusted" in message.text
            else None
        ),
    )


@pytest.fixture
def newcomer(open_page: OpenPage) -> Callable[..., Visitor]:
    """Opens a page and makes a new account through it, signed in and enrolled."""

    def join(language: str = "en", **options: object) -> Visitor:
        visitor = open_page(language, **options)  # type: ignore[arg-type]
        visitor.visit()
        visitor.sign_up(new_email(), PASSWORD)
        visitor.enrol()
        return visitor

    return join


def new_email() -> str:
    return f"visitor-{secrets.token_hex(8)}@example.com"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Clips under names of the test's own, some seconds long; `size` pads one to a number of bytes."""
    made: dict[int, Path] = {}

    def make(name: str, *, seconds: int = 6, size: int | None = None) -> Path:
        if seconds not in made:
            folder = tmp_path_factory.mktemp("clip")
            made[seconds] = clips.make_clip(
                "mp4-h264-aac", folder, seconds=seconds, size=(640, 360) if seconds < LONG_SECONDS else (256, 144)
            )
        copy = tmp_path_factory.mktemp("named") / name
        copy.write_bytes(made[seconds].read_bytes())
        return clips.pad(copy, size) if size else copy

    return make
