"""What a person does on the site, as the browser tests and the screenshots do it: by labels and buttons."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devstack.contract.signin import Authenticator
from devstack.settings import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from devstack.contract.client import Inbox

TEXTS = ROOT / "frontend" / "texts"
MAIL_SECONDS = 15.0
POLL_SECONDS = 0.1
# Files are picked through a form field: the other picker is a window of the system's, which nobody can drive.
WITHOUT_FILE_PICKER = "delete window.showOpenFilePicker; delete window.showDirectoryPicker;"


class NoMailError(Exception):
    """The e-mail that the person waits for did not come."""


class Visitor:
    """Somebody in front of one page, in `language` (`en` or `pt-BR`)."""

    def __init__(self, page: Page, outputs: Mapping[str, str], inbox: Inbox, language: str) -> None:
        self.page = page
        self.language = language
        self.email = ""
        self.password = ""
        self.authenticator = Authenticator("")
        self._url = outputs["SiteUrl"]
        self._inbox = inbox
        self._texts: dict[str, str] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))

    def text(self, key: str, **values: object) -> str:
        """The sentence `key` as the page shows it."""
        sentence = self._texts[key]
        for name, value in values.items():
            sentence = sentence.replace("{" + name + "}", str(value))
        return sentence

    def visit(self, route: str = "") -> None:
        self.page.goto(self._url + "/" + route)

    def heading(self, key: str) -> Locator:
        return self.page.get_by_role("heading", level=1, name=self.text(key), exact=True)

    def button(self, key: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.text(key, **values), exact=True)

    def form(self, name: str) -> Locator:
        return self.page.locator(f'form[data-form="{name}"]')

    def submit(self, form: str) -> None:
        self.form(form).locator("button[type=submit]").click()

    def sign_up(self, email: str, password: str) -> None:
        """From the sign-in page to an account whose authenticator is asked for."""
        self.email, self.password = email, password
        self.heading("signIn.title").wait_for()
        self.button("signIn.signUp").click()
        self.fill("sign-up", email=email, password=password)
        self.submit("sign-up")
        self.heading("confirm.title").wait_for()
        self.fill("confirm", code=self.mailed_code())
        self.submit("confirm")
        self.heading("enrol.title").wait_for()

    def enrol(self) -> None:
        """Sets the authenticator up from the typed secret, which also signs in."""
        self.authenticator = Authenticator(str(self.page.locator("[data-secret]").get_attribute("data-secret")))
        self.fill("enrol", code=self.authenticator.code())
        self.submit("enrol")
        self.heading("library.title").wait_for()

    def sign_in(self) -> None:
        self.prove_password()
        self.fill("code", code=self.authenticator.code())
        self.submit("code")

    def prove_password(self) -> None:
        self.heading("signIn.title").wait_for()
        self.fill("sign-in", email=self.email, password=self.password)
        self.submit("sign-in")
        self.heading("code.title").wait_for()

    def fill(self, form: str, **values: str) -> None:
        for name, value in values.items():
            self.form(form).locator(f"input[name={name}]").fill(value)

    def mailed_code(self) -> str:
        """The newest code that was sent to this person. Raises NoMailError."""
        deadline = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < deadline:
            codes = [message["code"] for message in self._inbox() if message["to"] == self.email]
            if codes and codes[-1]:
                return str(codes[-1])
            time.sleep(POLL_SECONDS)
        raise NoMailError(f"No code was sent to {self.email}.")

    def choose_files(self, act: Callable[[], Any], *files: Path) -> None:
        """Does `act`, which asks for files, and chooses them."""
        with self.page.expect_file_chooser() as chooser:
            act()
        chooser.value.set_files([str(file) for file in files])

    def upload(self, *files: Path) -> None:
        # An empty library asks for files by itself, and a phone has room for one such button: it depends on what loads.
        self.page.locator('.library:not([data-state="loading"])').wait_for()
        self.choose_files(self.page.locator('[data-action="upload"]:visible').first.click, *files)

    def row(self, name: str) -> Locator:
        """The upload of a file in the panel of uploads."""
        return self.page.locator(".dock .row", has=self.page.get_by_title(name, exact=True))

    def card(self, title: str) -> Locator:
        return self.page.locator(".card", has=self.page.get_by_role("link", name=title, exact=True))

    def ready_card(self, title: str, *, timeout_seconds: float = 400) -> Locator:
        """The card of a video once it can be played."""
        link = self.page.get_by_role("link", name=title, exact=True)
        card = self.page.locator('.card[data-status="ready"]', has=link)
        card.wait_for(timeout=timeout_seconds * 1000)
        return card

    def close_notices(self) -> None:
        close = self.page.locator("#notices .notice button")
        while close.count():
            close.first.click()

    def choose_action(self, title: str, action: str) -> None:
        """An entry of a card's menu: `rename`, `delete` or `retry`."""
        self.card(title).get_by_role("button").click()
        self.page.locator(f'.menu [data-action="{action}"]').click()
