"""What a <video> is doing, as the browser itself says."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from devstack.site.visitor import Visitor

_STATE = """() => {
  const video = document.querySelector("video");
  const { totalVideoFrames } = video.getVideoPlaybackQuality();
  return { currentTime: video.currentTime, duration: video.duration, paused: video.paused, frames: totalVideoFrames,
           error: video.error && video.error.message };
}"""
_ADVANCED = """([frames, time]) => {
  const video = document.querySelector("video");
  return video.getVideoPlaybackQuality().totalVideoFrames > frames + 5 && video.currentTime > time + 0.2;
}"""

_IS_THERE = """(share) => {
  const video = document.querySelector("video");
  return !video.seeking && video.currentTime >= share * video.duration - 0.5;
}"""


def playing(page: Page) -> dict[str, Any]:
    state: dict[str, Any] = page.evaluate(_STATE)
    return state


def wait_advancing(page: Page) -> None:
    """Returns once new frames have really been shown and the time has moved with them."""
    state = playing(page)
    page.wait_for_function(_ADVANCED, arg=[state["frames"], state["currentTime"]])


def wait_length(page: Page) -> None:
    """Returns once the player knows how long the video is."""
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")


def seek_to_share(visitor: Visitor, share: float) -> None:
    """Goes to a share of the video with the number keys, as `Keyboard shortcuts` of players have it."""
    wait_length(visitor.page)
    visitor.page.locator(".player").focus()
    visitor.page.keyboard.press(str(int(share * 10)))
    visitor.page.wait_for_function(
        _IS_THERE,
        arg=share,
    )
