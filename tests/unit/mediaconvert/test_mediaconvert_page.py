"""The page: what it shows, and what a stranger's file name, link, site or content type cannot do."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from mediaconvert_harness import DEADLINE_SECONDS, OUTPUT_BUCKET, SINE, Bench, full_settings, picture

from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.page.links import VALID_SECONDS, Links
from mediaconvert_standin.protocol.origins import is_foreign, is_local_host

ANY_FFMPEG = True
Json = dict[str, Any]
HOSTILE = "<img src=x onerror=alert(1)> \u202e %2e%2e 'quoted'.mp4"


@pytest.fixture(scope="module")
def shown(bench: Bench) -> Json:
    """What the page knows of a finished job whose input has a hostile name."""
    key = bench.make("page.mp4", *picture("320x180"), *SINE, "-c:v", "libx264", "-pix_fmt", "yuv420p")
    bench.s3.copy_object(Bucket="source", Key=HOSTILE, CopySource={"Bucket": "source", "Key": key})
    settings = full_settings(HOSTILE, "page")
    settings["OutputGroups"][0]["OutputGroupSettings"]["FileGroupSettings"]["Destination"] = "s3://output/page/"
    job = bench.convert(settings)
    assert job["Status"] == "COMPLETE"
    answer = requests.get(f"{bench.endpoint}/page/jobs/{job['Id']}", timeout=DEADLINE_SECONDS)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    found: Json = answer.json()
    return found


def files(shown: Json) -> Iterator[Json]:
    for group in shown["groups"]:
        yield from group["playlists"]
        for output in group["outputs"]:
            yield from output["files"]


def get(bench: Bench, link: str, **headers: str) -> requests.Response:
    return requests.get(f"{bench.endpoint}/{link}", headers=headers, timeout=DEADLINE_SECONDS)


def test_page_is_strict_about_what_runs_in_it(bench: Bench) -> None:
    answer = get(bench, "")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script src=" in answer.text
    assert "innerHTML" not in get(bench, "page/page.js").text
    assert get(bench, "page/page.js").headers["Content-Type"].startswith("text/javascript")
    assert get(bench, "page/page.css").headers["Content-Type"].startswith("text/css")
    assert get(bench, "page/..%2fapp.py").status_code == 403
    assert get(bench, "page/jobs/none").status_code == 404


def test_job_has_its_settings_messages_and_every_output(bench: Bench, shown: Json) -> None:
    assert shown["job"]["settings"]["inputs"][0]["fileInput"] == f"s3://source/{HOSTILE}"
    assert [event["status"] for event in shown["events"]] == [
        "PROGRESSING",
        "INPUT_INFORMATION",
        "NEW_WARNING",
        "NEW_WARNING",
        "COMPLETE",
    ]
    assert {file["kind"] for file in files(shown)} == {"video", "playlist", "image"}
    for file in files(shown):
        answer = get(bench, file["link"])
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert any("%3Cimg" in file["link"] for file in files(shown))


def test_player_reads_ranges_and_the_files_of_a_playlist(bench: Bench, shown: Json) -> None:
    video = next(file for file in files(shown) if file["kind"] == "video")
    part = get(bench, video["link"], Range="bytes=4-7")
    assert (part.status_code, part.content, part.headers["Accept-Ranges"]) == (206, b"ftyp", "bytes")
    assert part.headers["Content-Range"].startswith("bytes 4-7/")
    master = next(file for file in files(shown) if file["kind"] == "playlist")
    folder = master["link"].rpartition("/")[0]
    child = next(line for line in get(bench, master["link"]).text.splitlines() if not line.startswith("#"))
    segment = next(line for line in get(bench, f"{folder}/{child}").text.splitlines() if not line.startswith("#"))
    assert get(bench, f"{folder}/{segment}").headers["Content-Type"] == "video/mp2t"


def test_link_opens_nothing_else(bench: Bench, shown: Json) -> None:
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key="page/secret.txt", Body=b"secret")
    video = next(file for file in files(shown) if file["kind"] == "video")
    folder = video["link"].rpartition("/")[0]
    assert get(bench, f"{folder}/secret.txt").status_code == 403
    assert get(bench, f"{folder}/..%2fpage%2fsecret.txt").status_code == 403
    assert get(bench, "page/media/AAAA/secret.txt").status_code == 403
    assert get(bench, "page/media/%ff%fe/secret.txt").status_code == 403


def test_output_that_became_html_is_a_download_not_a_page(bench: Bench, shown: Json) -> None:
    video = next(file for file in files(shown) if file["kind"] == "video")
    key = video["uri"].removeprefix(f"s3://{OUTPUT_BUCKET}/").removesuffix(".mp4") + ".html"
    bench.s3.put_object(Bucket=OUTPUT_BUCKET, Key=key, Body=b"<script>1</script>", ContentType="text/html")
    answer = get(bench, video["link"].removesuffix(".mp4") + ".html")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize("path", ["", "page/jobs", "events", "page/jobs/x"])
def test_page_does_not_answer_under_a_name_that_anybody_could_register(bench: Bench, path: str) -> None:
    assert get(bench, path, Host="evil.example").status_code in (403, 404)


def test_scripts_of_other_sites_cannot_call_the_api(bench: Bench) -> None:
    jobs = f"{bench.endpoint}/2017-08-29/jobs"
    own = bench.endpoint
    assert requests.get(jobs, headers={"Origin": own}, timeout=DEADLINE_SECONDS).status_code == 200
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        answer = requests.post(jobs, headers={"Origin": origin}, data="{}", timeout=DEADLINE_SECONDS)
        assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert is_foreign("http://evil.example:8082", "evil.example:8082")  # DNS rebinding


@pytest.mark.parametrize("host", ["localhost:8082", "127.0.0.1", "[::1]:8082", "mediaconvert:8082", "a.localhost"])
def test_local_hosts(host: str) -> None:
    assert is_local_host(host)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "a.b", "localhost.evil.example"])
def test_hosts_that_are_not_local(host: str) -> None:
    assert not is_local_host(host)


def test_links_end_and_are_not_forged() -> None:
    now = [1000.0]
    links = Links(lambda: now[0])
    link = links.make(S3Location("b", "folder/video.mp4"), "folder/video")
    token, name = link.removeprefix("page/media/").split("/")
    assert links.read(token, name) == S3Location("b", "folder/video.mp4")
    assert links.read(token, "video_00001.ts") == S3Location("b", "folder/video_00001.ts")
    assert links.read(token, "other.mp4") is None
    assert Links().read(token, name) is None
    raw = base64.urlsafe_b64decode(token + "==")
    claim = json.dumps(["b", "folder/", "", 9_999_999_999]).encode()
    assert links.read(base64.urlsafe_b64encode(raw[:32] + claim).decode(), name) is None
    now[0] += VALID_SECONDS + 1
    assert links.read(token, name) is None
