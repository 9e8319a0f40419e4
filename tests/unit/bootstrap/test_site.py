import pytest

from bootstrap.platform import Engine
from bootstrap.site import CACHE_FOREVER, CACHE_REVALIDATE, content_type, invalidation_paths, publish_site


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("photo.PNG", "image/png"),
        ("unknown", "application/octet-stream"),
    ],
)
def test_content_types_do_not_depend_on_the_machine(key: str, expected: str) -> None:
    assert content_type(key) == expected


def test_only_what_changed_is_written(engine: Engine) -> None:
    s3 = engine.session().client("s3", endpoint_url=engine.endpoint_url)
    s3.create_bucket(Bucket="a-site")
    files = {"index.html": b"page", "assets/page-1a2b.js": b"script"}
    assert publish_site(s3, "a-site", files) == ["assets/page-1a2b.js", "index.html"]

    assert publish_site(s3, "a-site", files) == []
    assert publish_site(s3, "a-site", {**files, "index.html": b"other"}) == ["index.html"]
    assert publish_site(s3, "a-site", {"index.html": b"other"}) == ["assets/page-1a2b.js"]


def test_cloudfront_forgets_only_what_has_changed_under_its_name() -> None:
    assert invalidation_paths(["assets/page-1a2b.js", "config.json", "index.html"]) == [
        "/",
        "/config.json",
        "/index.html",
    ]
    assert invalidation_paths(["assets/page-1a2b.js"]) == []


def test_hashed_files_are_kept_for_ever_and_the_page_is_asked_for_again(engine: Engine) -> None:
    s3 = engine.session().client("s3", endpoint_url=engine.endpoint_url)
    s3.create_bucket(Bucket="b-site")

    publish_site(s3, "b-site", {"index.html": b"page", "assets/page-1a2b.js": b"script"})

    assert s3.head_object(Bucket="b-site", Key="index.html")["CacheControl"] == CACHE_REVALIDATE
    assert s3.head_object(Bucket="b-site", Key="assets/page-1a2b.js")["CacheControl"] == CACHE_FOREVER
