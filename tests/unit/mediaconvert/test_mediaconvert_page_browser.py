"""The page in a real browser: live jobs, players and pictures, and a hostile name that stays a name."""

from collections.abc import Iterator
from typing import Any

import pytest
from mediaconvert_harness import DEADLINE_SECONDS, SINE, SLOW, SOURCE_BUCKET, Bench, full_settings, picture

from devstack.site.browser import NoBrowserError, find_browser, open_browser

ANY_FFMPEG = True
HOSTILE = "<img src=x onerror=document.title='run'>.mp4"


def has_browser() -> bool:
    try:
        find_browser()
    except NoBrowserError:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_browser(), reason="no Chromium on this machine")


@pytest.fixture
def page(bench: Bench) -> Iterator[Any]:
    with open_browser() as browser:
        page = browser.new_page()
        page.set_default_timeout(DEADLINE_SECONDS * 1000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
        page.goto(bench.endpoint)
        yield page


def test_outputs_play_and_a_hostile_name_is_only_text(bench: Bench, page: Any) -> None:
    key = bench.make("browser.mp4", *picture("320x180"), *SINE, "-c:v", "libx264", "-pix_fmt", "yuv420p")
    bench.s3.copy_object(Bucket=SOURCE_BUCKET, Key=HOSTILE, CopySource={"Bucket": SOURCE_BUCKET, "Key": key})
    job = bench.convert(full_settings(HOSTILE, "browser"))
    assert job["Status"] == "COMPLETE"

    page.click(f'a[href="#job/{job["Id"]}"]')

    page.wait_for_selector(f'h2:text-is("s3://{SOURCE_BUCKET}/{HOSTILE}")')
    page.wait_for_function("() => document.querySelector('#detail video')?.readyState > 0")
    page.locator("#detail img").first.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#detail img')?.naturalWidth > 0")
    assert page.title() == "MediaConvert stand-in"
    assert "COMPLETE" in page.inner_text("#detail table")
    assert page.locator('img[src="x"]').count() == 0
    assert page.problems == []


def test_running_job_moves_and_can_be_canceled(bench: Bench, page: Any) -> None:
    job_id = bench.create(full_settings(bench.make("slow.mp4", *SLOW), "browser-slow"))
    item = f'a[href="#job/{job_id}"]'
    page.wait_for_selector(f"{item} progress")
    page.wait_for_function("selector => document.querySelector(selector)?.value > 6", arg=f"{item} progress")
    page.click(item)
    page.click("#detail button")
    page.wait_for_selector(f"{item} .status.CANCELED")
    page.wait_for_selector("#detail .status.CANCELED")
    assert bench.mediaconvert.get_job(Id=job_id)["Job"]["Status"] == "CANCELED"
    assert page.problems == []
