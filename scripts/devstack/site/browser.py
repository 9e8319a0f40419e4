"""A real browser for the site: the machine's own Chromium, driven by Playwright. Only the tests' environment has it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# In order of preference; macOS keeps programs elsewhere, so the variable names one there.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")
PROGRAM_VARIABLE = "SSTECH_BROWSER"
# It talks to the stack on this machine and to nobody else.
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


class NoBrowserError(Exception):
    """This machine has no Chromium; the message says how to get one."""


def find_browser() -> str:
    """Path of a Chromium. Raises NoBrowserError."""
    named = os.environ.get(PROGRAM_VARIABLE)
    for program in (named,) if named else PROGRAMS:
        if found := shutil.which(program):
            return found
    raise NoBrowserError(
        "No Chromium found. Install one (Debian: apt-get install chromium), or name one: "
        f"{PROGRAM_VARIABLE}=/path/to/chrome"
    )


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """A running browser without a window. Raises NoBrowserError."""
    from playwright.sync_api import sync_playwright

    program = find_browser()
    # Chromium's own sandbox does not start for root, as in containers.
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, *sandbox])
        try:
            yield browser
        finally:
            browser.close()
