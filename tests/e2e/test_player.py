"""The player plays in every kind of browser, and keeps on playing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from devstack.site.visitor import Visitor

from .playing import playing, seek_to_share, wait_advancing, wait_length

WITHOUT_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"
WITHOUT_HLS = (
    WITHOUT_MEDIA_SOURCE + "HTMLMediaElement.prototype.canPlayType = (type) => type.includes('mpegurl') ? '' : 'maybe';"
)
CAPTIONS_MEDIA = (
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="texts",NAME="Português",LANGUAGE="pt",AUTOSELECT=YES,DEFAULT=NO,'
    'URI="captions.m3u8"'
)
CAPTIONS_PLAYLIST = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:100
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:100,
captions.vtt
#EXT-X-ENDLIST
"""
CAPTIONS = "WEBVTT\n\n00:00.000 --> 01:40.000\nParabéns, vovó!\n"
SHOWN_CAPTION = """(text) => [...document.querySelector("video").textTracks].some(
  ({ mode, activeCues }) => mode === "showing" && [...(activeCues ?? [])].some((cue) => cue.text === text)
)"""
NATIVE_HLS = "!!document.createElement('video').canPlayType('application/vnd.apple.mpegurl')"


def open_video(visitor: Visitor, clip: Path) -> None:
    visitor.upload(clip)
    visitor.ready_card(clip.stem).get_by_role("link").click()
    visitor.page.locator(".player[data-source]").wait_for()


@pytest.mark.parametrize(("init", "source"), [("", "hls.js"), (WITHOUT_MEDIA_SOURCE, "native"), (WITHOUT_HLS, "mp4")])
def test_every_kind_of_browser_plays(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path], init: str, source: str
) -> None:
    visitor = newcomer(init=init)
    if source == "native" and not visitor.page.evaluate(NATIVE_HLS):
        pytest.skip("this browser has no HLS of its own")
    open_video(visitor, clip("Plays.mp4", seconds=30))
    expect(visitor.page.locator(".player")).to_have_attribute("data-source", source)
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    seek_to_share(visitor, 0.5)
    wait_advancing(visitor.page)
    assert playing(visitor.page)["error"] is None


def test_a_player_whose_library_does_not_load_plays_without(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path]
) -> None:
    visitor = newcomer()
    cut: list[str] = []

    def cut_off(route: Route) -> None:
        cut.append(route.request.url)
        route.abort()

    visitor.page.route("**/assets/hls*.js", cut_off)
    open_video(visitor, clip("Without.mp4"))
    assert cut
    expect(visitor.page.locator(".player")).not_to_have_attribute("data-source", "hls.js")
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)


def test_lost_cookies_are_renewed_while_playing(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    # Its end is further away than what is loaded ahead.
    open_video(visitor, clip("Long.mp4", seconds=100))
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    visitor.page.context.clear_cookies()
    seek_to_share(visitor, 0.9)
    wait_advancing(visitor.page)
    assert [cookie for cookie in visitor.page.context.cookies() if cookie["name"] == "CloudFront-Policy"]


def test_a_cut_connection_does_not_end_a_film(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    open_video(visitor, clip("Long.mp4", seconds=100))
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    visitor.page.context.set_offline(True)
    visitor.page.locator(".player").focus()
    visitor.page.keyboard.press("9")
    visitor.page.locator(".player.waiting").wait_for()
    visitor.page.context.set_offline(False)
    wait_advancing(visitor.page)


def test_a_video_goes_on_where_it_was_left(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    open_video(visitor, clip("Long.mp4", seconds=100))
    seek_to_share(visitor, 0.5)
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    visitor.page.keyboard.press("k")
    visitor.page.reload()
    visitor.page.wait_for_function("() => document.querySelector('video')?.currentTime > 45")


def test_quality_and_speed_can_be_chosen(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    open_video(visitor, clip("Choices.mp4"))
    wait_length(visitor.page)
    visitor.page.locator('[data-control="settings"]').click()
    speed = visitor.page.locator('[data-select="speed"]')
    speed.select_option("1.5")
    assert visitor.page.evaluate("document.querySelector('video').playbackRate") == 1.5


def add_captions(visitor: Visitor) -> None:
    """Gives every video captions in Portuguese: our conversion makes none, another player's playlist may have them."""

    def with_captions(route: Route) -> None:
        response = route.fetch()
        lines = response.text().splitlines()
        marked = [f'{line},SUBTITLES="texts"' if line.startswith("#EXT-X-STREAM-INF") else line for line in lines]
        route.fulfill(response=response, body="\n".join([marked[0], CAPTIONS_MEDIA, *marked[1:]]))

    visitor.page.route("**/media/**/hls/video.m3u8", with_captions)
    visitor.page.route("**/media/**/captions.m3u8", lambda route: route.fulfill(body=CAPTIONS_PLAYLIST))
    visitor.page.route("**/media/**/captions.vtt", lambda route: route.fulfill(body=CAPTIONS))


def test_captions_can_be_shown_when_there_are_any(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    add_captions(visitor)
    open_video(visitor, clip("Spoken.mp4", seconds=100))
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    button = visitor.page.locator('[data-control="captions"]')
    expect(button).to_have_attribute("aria-pressed", "false")
    visitor.page.keyboard.press("c")
    expect(button).to_have_attribute("aria-pressed", "true")
    visitor.page.wait_for_function(SHOWN_CAPTION, arg="Parabéns, vovó!")
    visitor.page.locator('[data-control="settings"]').click()
    choice = visitor.page.locator('[data-select="captions"]')
    expect(choice.locator("option:checked")).to_have_text("Português")
    choice.select_option("-1")
    visitor.page.wait_for_function(
        "() => [...document.querySelector('video').textTracks].every(({ mode }) => mode !== 'showing')"
    )


def test_no_captions_no_button(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    open_video(visitor, clip("Silent.mp4"))
    visitor.page.locator(".big-play").click()
    wait_advancing(visitor.page)
    expect(visitor.page.locator('[data-control="settings"]')).to_be_visible()
    expect(visitor.page.locator('[data-control="captions"]')).to_be_hidden()


def test_scrubbing_shows_where_one_goes(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    open_video(visitor, clip("Scrub.mp4"))
    wait_length(visitor.page)
    bar = visitor.page.locator('[data-control="seek"]')
    bar.hover(position={"x": 200, "y": 8})
    bar.hover(position={"x": 300, "y": 8})
    visitor.page.wait_for_function("() => document.querySelector('.preview-image').naturalWidth > 0")
    expect(visitor.page.locator(".preview-time")).to_have_text("0:01")
