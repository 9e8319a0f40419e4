"""Sessions: what is remembered, how they are renewed, how they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Route, expect

from devstack.site.visitor import Visitor

from .conftest import PASSWORD, OpenPage

STORED = """async () => {
  const answer = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const shown = (each) => each instanceof CryptoKey ? `key extractable=${each.extractable}` : JSON.stringify(each);
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      found.push(...(await answer(database.transaction(store).objectStore(store).getAll())).map(shown));
    }
    database.close();
  }
  return found.join(" ");
}"""


def test_no_token_is_ever_stored_in_the_clear(newcomer: Callable[..., Visitor], stack: Mapping[str, str]) -> None:
    visitor = newcomer()
    with visitor.page.expect_response(lambda response: response.url.endswith("/api/auth")) as renewed:
        visitor.page.reload()
    visitor.heading("library.title").wait_for()
    tokens = renewed.value.json()["AuthenticationResult"].values()
    texts = [token for token in tokens if isinstance(token, str) and len(token) > 40]
    assert texts
    stored = visitor.page.evaluate(STORED)
    assert "extractable=false" in stored
    assert not [token for token in texts if token in stored]
    assert "eyJ" not in stored


def test_a_session_that_ended_leads_back_to_where_one_was(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path]
) -> None:
    visitor = newcomer()
    visitor.upload(clip("Mine.mp4"))
    visitor.ready_card("Mine").get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()
    place = visitor.page.url
    # Signed out everywhere by another device: this one notices at its next renewal.
    other = visitor.page.context.browser.new_context(locale="en")  # type: ignore[union-attr]
    second = Visitor(other.new_page(), {"SiteUrl": place.split("/#")[0]}, list, "en")
    second.email, second.password, second.authenticator = visitor.email, PASSWORD, visitor.authenticator
    second.visit("#/account")
    second.sign_in()
    second.page.locator('[data-action="sign-out-everywhere"]').click()
    second.page.locator('[data-dialog="sign-out-everywhere"] button[type=submit]').click()
    second.heading("signIn.title").wait_for()
    other.close()
    visitor.page.reload()
    visitor.sign_in()
    visitor.page.locator(".player[data-source]").wait_for()
    assert visitor.page.url == place


def test_each_refusal_is_a_sentence(newcomer: Callable[..., Visitor], open_page: OpenPage) -> None:
    owner = newcomer()
    visitor = open_page("pt-BR")
    visitor.visit()
    visitor.fill("sign-in", email=owner.email, password="not the password at all")
    visitor.submit("sign-in")
    alert = visitor.form("sign-in").get_by_role("alert")
    expect(alert).to_have_text(visitor.text("error.account.wrongPassword"))
    visitor.email, visitor.password = owner.email, PASSWORD
    visitor.prove_password()
    visitor.fill("code", code="000000")
    visitor.submit("code")
    expect(visitor.form("code").get_by_role("alert")).to_have_text(visitor.text("error.account.wrongCode"))
    visitor.button("gate.startOver").click()
    visitor.button("signIn.signUp").click()
    visitor.fill("sign-up", email=owner.email, password="short")
    visitor.submit("sign-up")
    expect(visitor.form("sign-up").get_by_role("alert")).to_have_text(visitor.text("error.account.weakPassword"))
    visitor.fill("sign-up", password=PASSWORD)
    visitor.submit("sign-up")
    expect(visitor.form("sign-up").get_by_role("alert")).to_have_text(visitor.text("error.account.accountExists"))


def test_a_forgotten_password_is_replaced(newcomer: Callable[..., Visitor], open_page: OpenPage) -> None:
    owner = newcomer()
    visitor = open_page("en")
    visitor._inbox = owner._inbox
    visitor.email, visitor.password, visitor.authenticator = owner.email, "another plain password", owner.authenticator
    visitor.visit()
    visitor.button("signIn.forgot").click()
    visitor.fill("forgot", email=visitor.email)
    visitor.submit("forgot")
    visitor.heading("reset.title").wait_for()
    visitor.fill("reset", code=visitor.mailed_code(), password=visitor.password)
    visitor.submit("reset")
    visitor.sign_in()
    visitor.heading("library.title").wait_for()


def test_a_password_is_changed(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer()
    visitor.visit("#/account")
    visitor.fill("change-password", current="wrong password here", wanted="another plain password")
    visitor.submit("change-password")
    expect(visitor.form("change-password").get_by_role("alert")).to_have_text(
        visitor.text("error.account.wrongPassword")
    )
    visitor.fill("change-password", current=PASSWORD, wanted="another plain password")
    visitor.submit("change-password")
    visitor.page.get_by_text(visitor.text("account.passwordChanged")).first.wait_for()


def test_tokens_are_renewed_without_anybody_noticing(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path]
) -> None:
    visitor = newcomer()
    tokens: list[str] = []

    def refuse_once(route: Route) -> None:
        tokens.append(route.request.headers["authorization"])
        if len(tokens) == 1:
            route.fulfill(status=401, body='{"error": {"code": "unauthorized", "message": ""}}')
        else:
            route.fallback()

    visitor.page.route("**/api/videos/upload-url", refuse_once)
    visitor.upload(clip("Renewed.mp4"))
    visitor.ready_card("Renewed")
    first, second = tokens
    assert first != second


def test_a_gateway_in_trouble_ends_no_session(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer()

    def trouble(route: Route) -> None:
        route.fulfill(status=502, content_type="text/html", body="<html><h1>502 Bad Gateway</h1></html>")

    visitor.page.route("**/api/auth", trouble)
    visitor.page.reload()
    visitor.heading("signIn.title").wait_for()
    expect(visitor.page.locator(".gate-card .note")).to_contain_text(visitor.text("error.account.serverTrouble"))
    visitor.page.unroute("**/api/auth", trouble)
    visitor.button("start.again").click()
    visitor.heading("library.title").wait_for()
