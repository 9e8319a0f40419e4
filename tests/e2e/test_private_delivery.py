"""Files of a video are for a player that holds that video's cookies, and for nobody else."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import Cookie, Page

from bootstrap.names import stage_names
from devstack.contract.aws_clients import client_arguments
from devstack.site.visitor import Visitor
from sstech_video import cloudfront
from sstech_video.rsa import PrivateKey

COOKIES = ("CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id")
HOUR = 3600
STATUSES = """(urls) => Promise.all(urls.map(async (url) => (await fetch(url, { cache: "no-store" })).status))"""

HAS_PLAYLIST = """() => {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
  return document.querySelector("video")?.poster && loaded.some((path) => path.endsWith(".m3u8"));
}"""


class Scene:
    """Two videos of one person, the first one's files, and the cookies that each one's player got."""

    def __init__(self, visitor: Visitor, clip: Callable[..., Path]) -> None:
        self.page: Page = visitor.page
        self._context = visitor.page.context
        visitor.upload(clip("One.mp4"), clip("Two.mp4", seconds=5))
        self.files: list[str] = []
        self.cookies: dict[str, list[Cookie]] = {}
        # A page that is left takes its uploads with it.
        for title in ("One", "Two"):
            visitor.ready_card(title)
        for title in ("One", "Two"):
            visitor.visit()
            visitor.ready_card(title).get_by_role("link").click()
            visitor.page.locator(".player[data-source]").wait_for()
            found = [cookie for cookie in self._context.cookies() if cookie["name"] in COOKIES]
            known = {(cookie["name"], cookie["path"]) for cookies in self.cookies.values() for cookie in cookies}
            self.cookies[title] = [cookie for cookie in found if (cookie["name"], cookie["path"]) not in known]
            if title == "One":
                self.files = self._files()
        visitor.visit()
        visitor.ready_card("One")

    def _files(self) -> list[str]:
        """Playlists, a segment, MP4, poster and thumbnails."""
        self.page.wait_for_function(HAS_PLAYLIST)
        found: list[str] = self.page.evaluate(
            """async () => {
              const poster = new URL(document.querySelector("video").poster).pathname;
              const base = poster.slice(0, poster.lastIndexOf("/") + 1);
              const firstOf = async (url) => {
                const lines = (await (await fetch(url)).text()).split("\\n").map((line) => line.trim());
                const at = lines.find((line) => line && !line.startsWith("#"));
                return new URL(at, new URL(url, location.href)).pathname;
              };
              const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
              const master = loaded.find((path) => path.startsWith(base) && path.endsWith(".m3u8"));
              const variant = await firstOf(master);
              const segment = await firstOf(variant);
              const thumbnails = base + "thumbs.vtt";
              return [master, variant, segment, base + "video.mp4", poster, thumbnails];
            }"""
        )
        return found

    def statuses(self, cookies: list[Cookie]) -> set[int]:
        """What the files answer to a player that holds just these cookies."""
        self._context.clear_cookies()
        self._context.add_cookies(cookies)  # type: ignore[arg-type]
        return set(self.page.evaluate(STATUSES, self.files))


@pytest.fixture
def scene(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> Scene:
    return Scene(newcomer(), clip)


def test_only_the_right_cookies_open_a_video(scene: Scene) -> None:
    own = scene.cookies["One"]
    assert {cookie["name"] for cookie in own} == set(COOKIES)
    assert scene.statuses(own) == {200}
    assert scene.statuses([]) == {403}
    assert scene.statuses([moved(cookie, own[0]["path"]) for cookie in scene.cookies["Two"]]) == {403}
    for name in COOKIES:
        assert scene.statuses([altered(cookie) if cookie["name"] == name else cookie for cookie in own]) == {403}, name
        assert scene.statuses([cookie for cookie in own if cookie["name"] != name]) == {403}, name
    assert scene.statuses(own) == {200}


def test_cookies_end_at_their_time(scene: Scene, stack: Mapping[str, str]) -> None:
    own = scene.cookies["One"]
    values = {cookie["name"]: cookie["value"] for cookie in own}
    policy, sign = values["CloudFront-Policy"], signer(stack, values)
    resource = json.loads(policy_of(policy))["Statement"][0]["Resource"]
    ended = cloudfront.grant(resource, int(time.time()) - HOUR, values["CloudFront-Key-Pair-Id"], sign).cookies()
    assert scene.statuses([{**cookie, "value": ended[cookie["name"]]} for cookie in own]) == {403}
    assert scene.statuses(own) == {200}


def policy_of(value: str) -> bytes:
    return base64.b64decode(value.translate(str.maketrans("-_~", "+=/")))


def signer(stack: Mapping[str, str], values: Mapping[str, str]) -> cloudfront.Sign:
    """Signs with the very key that made the cookies: nothing but the time is wrong about what this signs."""
    ssm = boto3.client("ssm", **client_arguments(stack, "AwsEndpointUrl"))
    path = f"/{stage_names(stack['Stage']).signing_key_parameter}"
    found = ssm.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
    signs = [PrivateKey.from_jwk(parameter["Value"]).sign for parameter in found]
    policy, signature = policy_of(values["CloudFront-Policy"]), values["CloudFront-Signature"]
    return next(sign for sign in signs if cloudfront.cloudfront_base64(sign(policy)) == signature)


def test_scripts_never_see_the_cookies(scene: Scene) -> None:
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in scene.cookies["One"])
    assert "CloudFront" not in scene.page.evaluate("document.cookie")


def moved(cookie: Cookie, path: str) -> Cookie:
    return {**cookie, "path": path}


def altered(cookie: Cookie) -> Cookie:
    value = cookie["value"]
    middle = len(value) // 2
    return {**cookie, "value": value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]}
