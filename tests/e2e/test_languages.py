"""Every text of every screen comes from the catalog: shown in a made-up language, none is left in another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route

from .conftest import PASSWORD, OpenPage, new_email

# What a page may say by itself: names, numbers and what a person typed.
OWN = ["SStech Video", "Português", "English"]
UNMARKED = """(allowed) => {
  const shown = (text) => text.trim() && /\\p{Letter}/u.test(text) && !text.includes("⟦");
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { textContent, parentElement } = walker.currentNode;
    if (parentElement.closest("noscript, [data-secret], time")) continue;
    if (shown(textContent)) found.push(textContent.trim());
  }
  for (const element of document.body.querySelectorAll("*")) {
    for (const name of ["aria-label", "placeholder", "title", "alt", "aria-valuetext"]) {
      const value = element.getAttribute(name);
      if (value && shown(value)) found.push(`${name}: ${value}`);
    }
  }
  return found.filter((text) => !allowed.some((own) => text.endsWith(own)));
}"""


def test_no_text_stands_outside_the_catalog(open_page: OpenPage, clip: Callable[..., Path]) -> None:
    visitor = open_page("en")
    visitor.page.route("**/assets/en-*.json", mark)
    visitor._texts = {key: f"⟦{text}⟧" for key, text in visitor._texts.items()}
    mail = new_email()
    # A length is said in words by the language itself.
    own = [*OWN, mail, "Clip", "Clip.mp4", "6 seconds"]

    def check() -> None:
        assert unmarked(visitor.page, own) == []

    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    check()
    visitor.sign_up(mail, PASSWORD)
    check()
    visitor.enrol()
    check()
    visitor.upload(clip("Clip.mp4"), Path(__file__))
    visitor.ready_card("Clip")
    own.append(Path(__file__).name)
    check()
    visitor.choose_action("Clip", "delete")
    check()
    visitor.page.keyboard.press("Escape")
    visitor.card("Clip").get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()
    visitor.page.locator('[data-control="settings"]').click()
    # Dates, sizes and lengths are the language's own.
    own += visitor.page.locator(".facts").inner_text().split("\n")
    assert [text for text in unmarked(visitor.page, own) if not text[0].isdigit() and "1.5" not in text] == []
    visitor.visit("#/account")
    visitor.heading("account.title").wait_for()
    check()


def mark(route: Route) -> None:
    response = route.fetch()
    texts = {key: f"⟦{text}⟧" for key, text in response.json().items()}
    route.fulfill(response=response, body=json.dumps(texts))


def unmarked(page: Page, own: list[str]) -> list[str]:
    found: list[str] = page.evaluate(UNMARKED, own)
    return found


def test_the_language_is_the_browsers_until_one_is_chosen(open_page: OpenPage) -> None:
    visitor = open_page("pt-BR")
    visitor.visit()
    visitor.heading("signIn.title").wait_for()
    assert visitor.page.locator("html").get_attribute("lang") == "pt-BR"
    visitor.page.locator('[data-select="language"]').select_option("en")
    visitor.page.get_by_role("heading", name="Sign in", exact=True).wait_for()
    visitor.page.reload()
    visitor.page.get_by_role("heading", name="Sign in", exact=True).wait_for()
    assert visitor.page.locator("html").get_attribute("lang") == "en"
