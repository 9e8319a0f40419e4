"""A ready video plays for its owner, and for nobody without the cookies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from devstack.contract.answers import Playback, Upload, Video
from devstack.contract.client import Library

from .people import Person, publish

COOKIES = {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}


@dataclass(frozen=True)
class Published:
    library: Library
    upload: Upload
    video: Video
    playback: Playback


def publish_one(person: Person, source: Path) -> Published:
    upload, video = publish(person.library, source)
    return Published(person.library, upload, video, person.library.playback(video.video_id))


@pytest.fixture(scope="module")
def published(resident: Person, clip: Callable[[str], Path]) -> Published:
    return publish_one(resident, clip("mp4-h264-aac"))


@pytest.fixture(scope="module")
def other(resident: Person, clip: Callable[[str], Path]) -> Published:
    """Another video of the same person."""
    return publish_one(resident, clip("mp4-silent"))


def get(url: str, cookies: str | None = None, **headers: str) -> requests.Response:
    if cookies is not None:
        headers["Cookie"] = cookies
    return requests.get(url, headers=headers, timeout=30)


def media_urls(published: Published) -> list[str]:
    playback = published.playback
    (variant, *_) = published.library.variants(playback)
    (segment, *_) = published.library.segments(variant, playback)
    return [
        playback.mp4_url,
        playback.hls_url,
        playback.poster_url,
        playback.thumbnails_url,
        variant.url,
        segment.url,
    ]


def test_every_address_is_under_the_sites_media(published: Published) -> None:
    prefix = f"{published.library.site_url}/media/{published.library.owner}/{published.video.video_id}/"
    assert all(url.startswith(prefix) for url in media_urls(published))


def test_the_cookies_are_closed_to_scripts_and_bound_to_this_video(published: Published) -> None:
    cookies = published.playback.cookies
    assert {cookie.name for cookie in cookies} == COOKIES
    for cookie in cookies:
        assert cookie.http_only
        assert cookie.same_site in {"Strict", "Lax"}
        assert cookie.secure == published.library.site_url.startswith("https:")
        assert cookie.path.rstrip("/") == f"/media/{published.library.owner}/{published.video.video_id}"
    assert published.playback.expires_at > datetime.now(UTC)


def test_a_browser_keeps_and_sends_the_cookies_by_itself(published: Published) -> None:
    with requests.Session() as browser:
        answer = browser.get(
            f"{published.library.api_url}/videos/{published.video.video_id}/playback",
            headers={"Authorization": f"Bearer {published.library.tokens.id_token}"},
            timeout=30,
        )
        assert browser.get(answer.json()["mp4Url"], timeout=30).status_code == 200


def test_nothing_is_served_without_cookies(published: Published) -> None:
    for url in media_urls(published):
        assert get(url).status_code == 403, url


def test_another_videos_cookies_do_not_open_this_one(published: Published, other: Published) -> None:
    for url in media_urls(published):
        assert get(url, other.playback.cookie_header).status_code == 403, url
        assert get(url, published.playback.cookie_header).status_code == 200, url


@pytest.mark.parametrize("name", sorted(COOKIES))
def test_an_altered_or_missing_cookie_opens_nothing(name: str, published: Published) -> None:
    jar = {cookie.name: cookie.value for cookie in published.playback.cookies}
    url = published.playback.mp4_url
    middle = len(jar[name]) // 2
    altered = jar[name][:middle] + ("A" if jar[name][middle] != "A" else "B") + jar[name][middle + 1 :]
    for changed in ({**jar, name: altered}, {**jar, name: ""}, {k: v for k, v in jar.items() if k != name}):
        header = "; ".join(f"{key}={value}" for key, value in changed.items())
        assert get(url, header).status_code == 403


def test_the_cookies_open_nothing_outside_their_video(published: Published) -> None:
    cookies = published.playback.cookie_header
    owner, video_id, site = published.library.owner, published.video.video_id, published.library.site_url
    for path in (
        f"/catalog/{owner}/{video_id}.json",
        f"/media/{owner}/{video_id}/../../../catalog/{owner}/{video_id}.json",
        f"/media/{owner}/{video_id}/%2e%2e/%2e%2e/%2e%2e/catalog/{owner}/{video_id}.json",
        f"/media%2F..%2Fcatalog/{owner}/{video_id}.json",
        f"/media/../catalog/{owner}/{video_id}.json",
    ):
        session = requests.Session()
        request = requests.Request("GET", site, headers={"Cookie": cookies}).prepare()
        request.url = site + path  # as it is: requests would tidy the path up
        with session:
            answer = session.send(request, timeout=30)
        assert answer.status_code in {400, 403, 404}, path
        assert video_id not in answer.text.replace(path, ""), path


def test_an_absent_file_of_the_video_is_not_found(published: Published) -> None:
    url = published.playback.mp4_url.replace("video.mp4", "absent.mp4")
    assert get(url, published.playback.cookie_header).status_code in {403, 404}


def test_a_player_can_seek(published: Published) -> None:
    url, cookies = published.playback.mp4_url, published.playback.cookie_header
    whole = get(url, cookies)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = get(url, cookies, Range="bytes=1000-1999")
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole.content)}"
    assert part.content == whole.content[1000:2000]
    tail = get(url, cookies, Range="bytes=-10")
    assert tail.content == whole.content[-10:]
    assert get(url, cookies, Range=f"bytes={len(whole.content)}-").status_code == 416


def test_players_get_the_types_they_expect(published: Published) -> None:
    cookies = published.playback.cookie_header
    mp4, playlist, poster, thumbnails, variant, segment = (
        get(url, cookies).headers["Content-Type"].partition(";")[0].lower() for url in media_urls(published)
    )
    assert (mp4, poster, thumbnails, segment) == ("video/mp4", "image/jpeg", "text/vtt", "video/mp2t")
    assert {playlist, variant} <= {"application/x-mpegurl", "application/vnd.apple.mpegurl"}


def test_media_cannot_be_changed_through_the_cdn(published: Published) -> None:
    cookies = {"Cookie": published.playback.cookie_header}
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        answer = requests.request(method, published.playback.mp4_url, headers=cookies, data=b"x", timeout=30)
        assert answer.status_code in {403, 405}, method
    assert get(published.playback.mp4_url, published.playback.cookie_header).status_code == 200


def test_the_posters_signature_opens_the_poster_alone(published: Published) -> None:
    url = published.video.poster_url
    assert url is not None
    assert get(url).status_code == 200
    assert get(url.replace("poster.0000000.jpg", "video.mp4")).status_code == 403
    assert get(url.partition("?")[0]).status_code == 403
    for parameter in url.partition("?")[2].split("&"):
        assert get(url.replace(parameter, parameter[:-3] + "AAA")).status_code == 403, parameter


def test_the_list_shows_posters_that_open(published: Published) -> None:
    listed = {video.video_id: video for video in published.library.all_videos()}
    poster_url = listed[published.video.video_id].poster_url
    assert poster_url is not None
    assert get(poster_url).headers["Content-Type"] == "image/jpeg"


def test_a_stranger_gets_no_playback(published: Published, new_person: Callable[[], Person]) -> None:
    stranger = new_person().library
    answer = stranger.send("GET", f"/videos/{published.video.video_id}/playback")
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


def test_a_ready_video_is_not_tried_again(published: Published) -> None:
    assert published.library.send("POST", f"/videos/{published.video.video_id}/retry").status_code == 409
