import gzip
from collections.abc import Callable

import brotli
import pytest
from cdn_harness import Viewer
from mypy_boto3_s3 import S3Client

SCRIPT = b"".join(b"console.log(%d)\n" % number for number in range(2000))


@pytest.fixture(scope="module", autouse=True)
def site(s3: S3Client) -> None:
    s3.put_object(
        Bucket="site", Key="index.html", Body=b"<!doctype html>", ContentType="text/html", CacheControl="no-cache"
    )
    s3.put_object(
        Bucket="site",
        Key="assets/big-1a2b.js",
        Body=SCRIPT,
        ContentType="text/javascript; charset=utf-8",
        CacheControl="public, max-age=31536000, immutable",
    )
    s3.put_object(Bucket="site", Key="picture.png", Body=SCRIPT, ContentType="image/png")
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
    assert {"'self'", "blob:"} <= set(policy["media-src"].split())


def test_the_policy_lets_nothing_become_code(cdn: Viewer) -> None:
    policy = directives(cdn)
    assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert policy["trusted-types"] == policy["default-src"] == policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
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
    assert cdn.request(method, "/index.html").status == 403


@pytest.mark.parametrize("target", ["/../media/x", "/%2e%2e/media/x", "/js/../index.html", "/%00", "/%zz"])
def test_odd_paths_are_refused(cdn: Viewer, target: str) -> None:
    assert cdn.get(target).status == 403


def test_health_is_the_distributions_own(cdn: Viewer) -> None:
    answer = cdn.get("/health")
    assert answer.status == 200
    assert b'"ok"' in answer.body


def test_a_page_opened_under_another_name_of_the_machine_moves_to_the_one_that_is_signed(cdn: Viewer) -> None:
    answer = cdn.get("/", {"Host": "localhost:8080"})
    assert (answer.status, answer.header("location")) == (307, "http://127.0.0.1:8080/")
    assert cdn.get("/", {"Host": "127.0.0.1:8080"}).status == 200
    assert cdn.get("/js/app.js", {"Host": "localhost:8080"}).status == 200
    assert cdn.get("/", {"Host": "video.example"}).status == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=1.0, br;q=0", "gzip"),
        ("identity", None),
        ("br;q=0.000", None),
    ],
)
def test_text_is_compressed_as_the_viewer_can_read_it(cdn: Viewer, accepted: str, encoding: str | None) -> None:
    answer = cdn.get("/assets/big-1a2b.js", {"Accept-Encoding": accepted})
    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert answer.header("content-encoding") == encoding
    assert decode(answer.body) == SCRIPT
    assert answer.header("content-length") == str(len(answer.body))
    assert answer.header("vary") == "Accept-Encoding"
    assert (answer.header("etag") or "").startswith("W/" if encoding else '"')
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"


def test_a_compressed_page_in_the_browsers_cache_is_not_sent_again(cdn: Viewer) -> None:
    etag = cdn.get("/assets/big-1a2b.js", {"Accept-Encoding": "br"}).header("etag")
    assert etag is not None
    answer = cdn.get("/assets/big-1a2b.js", {"Accept-Encoding": "br", "If-None-Match": etag})
    assert (answer.status, answer.body) == (304, b"")


def test_a_part_of_a_file_is_never_compressed(cdn: Viewer) -> None:
    answer = cdn.get("/assets/big-1a2b.js", {"Accept-Encoding": "br", "Range": "bytes=0-1999"})
    assert (answer.status, answer.header("content-encoding"), answer.body) == (206, None, SCRIPT[:2000])


def test_small_files_and_pictures_go_as_they_are(cdn: Viewer) -> None:
    for target in ("/js/app.js", "/picture.png"):
        assert cdn.get(target, {"Accept-Encoding": "br, gzip"}).header("content-encoding") is None


def test_cloudfront_names_itself(cdn: Viewer) -> None:
    assert cdn.get("/").header("x-cache") == "Miss from cloudfront"
    assert cdn.get("/nothing").header("x-cache") == "Error from cloudfront"
    assert cdn.get("/").header("x-amz-cf-id") != cdn.get("/").header("x-amz-cf-id")
