"""`up --watch` shows a changed source at once, on the page that is open, against the running stack."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser
from rich.console import Console

from bootstrap.site_build import SOURCES
from devstack.settings import ROOT, Settings
from devstack.site.site_watch import site_watch
from devstack.site.visitor import Visitor
from devstack.waiting import wait_for

START_SECONDS = 180


@pytest.fixture
def watch_url(stack: Mapping[str, str], tmp_path: Path) -> Iterator[str]:
    settings = Settings(port_base=urlsplit(stack["SiteUrl"]).port or 80, state_dir=tmp_path)
    with site_watch(settings, ROOT / "build", Console(quiet=True)):
        wait_for(lambda: answers(settings.watch_url), "the development server", timeout=START_SECONDS)
        yield settings.watch_url


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=START_SECONDS).ok
    except requests.ConnectionError:
        return False


def test_a_changed_source_is_shown_at_once(browser: Browser, stack: Mapping[str, str], watch_url: str) -> None:
    context = browser.new_context(locale="en")
    try:
        page = context.new_page()
        visitor = Visitor(page, {**stack, "SiteUrl": watch_url}, list, "en")
        with page.expect_websocket() as opened:
            visitor.visit()
        visitor.heading("signIn.title").wait_for()
        # Saved anew as it is: nobody's work is touched.
        with opened.value.expect_event("framereceived", is_update):
            os.utime(SOURCES / "styles" / "tokens.css")
        with page.expect_navigation():
            os.utime(SOURCES / "src" / "start.js")
        visitor.heading("signIn.title").wait_for()
    finally:
        context.close()


def is_update(frame: str | bytes) -> bool:
    return '"type":"update"' in str(frame)
