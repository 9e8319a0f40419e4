from collections.abc import Callable

import pytest
from cdn_harness import Viewer
from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module", autouse=True)
def site(s3: S3Client) -> None:
    s3.put_object(
        Bucket="site", Key="index.html", Body=b"<!doctype html>", ContentType="text/html", CacheControl="no-cache"
    )
    s3.put_object(Bucket="site", Key="js/app.js", Body=b"start()", ContentType="text/javascript")


def directives(viewer: Viewer) -> dict[str, str]:
    header = viewer.get("/").header("content-security-policy")
    assert header is not None
    return {name: sources for name, _, sources in (part.partition(" ") for part in header.split("; "))}


def test_the_root_is_the_index(cdn: Viewer) -> None:
    answer = cdn.get("/")
    assert (answer.status, answer.body) == (200, b"<!doctype html>")
    assert answer.header("content-type") == "text/html"
    assert answer.header("cache-control") == "no-cache"


def test_other_paths_are_keys(cdn: Viewer) -> None:
    answer = cdn.get("/js/app.js?v=3")
    assert (answer.status, answer.body) == (200, b"start()")
    assert answer.header("content-type") == "text/javascript"


def test_a_page_in_the_browsers_cache_is_not_sent_again(cdn: Viewer) -> None:
    etag = cdn.get("/").header("etag")
    assert etag is not None
    answer = cdn.get("/", {"If-None-Match": etag})
    assert (answer.status, answer.body) == (304, b"")


def test_a_missing_page_is_404_with_security_headers(cdn: Viewer) -> None:
    answer = cdn.get("/nothing.html")
    assert answer.status == 404
    assert answer.header("content-security-policy")
    assert answer.all_headers("x-content-type-options") == ["nosniff"]


def test_the_policy_allows_no_inline_code_and_no_framing(cdn: Viewer) -> None:
    policy = directives(cdn)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not [sources for sources in policy.values() if "unsafe" in sources]


def test_the_policy_lets_the_page_upload_and_play(cdn: Viewer) -> None:
    policy = directives(cdn)
    assert {"'self'", "http://s3.localhost:4566"} <= set(policy["connect-src"].split())
    for kind in ("img-src", "media-src"):
        assert {"'self'", "blob:"} <= set(policy[kind].split())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("x-frame-options", "DENY"),
    ],
)
def test_pages_carry_security_headers(cdn: Viewer, name: str, value: str) -> None:
    assert cdn.get("/").all_headers(name) == [value]


def test_powerful_features_are_off(cdn: Viewer) -> None:
    assert "camera=()" in (cdn.get("/").header("permissions-policy") or "")


def test_hsts_is_for_https_only(cdn: Viewer, viewer: Callable[..., Viewer], engine: str) -> None:
    assert cdn.get("/").header("strict-transport-security") is None
    secure = viewer(s3_endpoint_url=engine, public_url="https://video.example")
    assert secure.get("/").header("strict-transport-security")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PATCH", "BREW"])
def test_the_site_is_read_only(cdn: Viewer, method: str) -> None:
    assert cdn.request(method, "/index.html").status == 405


@pytest.mark.parametrize("target", ["/../media/x", "/%2e%2e/media/x", "/js/../index.html", "/%00", "/%zz"])
def test_odd_paths_are_refused(cdn: Viewer, target: str) -> None:
    assert cdn.get(target).status == 403


def test_an_encoded_api_prefix_is_not_the_api(cdn: Viewer) -> None:
    assert cdn.get("/%61pi/videos").status == 404


def test_health_is_the_distributions_own(cdn: Viewer) -> None:
    answer = cdn.get("/health")
    assert answer.status == 200
    assert b'"ok"' in answer.body
