import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_standin.paths import BadPathError, parse_api_path, parse_path, parse_query, quote_key


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"/", ""),
        (b"/index.html", "index.html"),
        (b"/media/o/v/1/video.mp4", "media/o/v/1/video.mp4"),
        (b"/%6dedia/a%20b", "media/a b"),
        (b"/media/caf%C3%A9", "media/caf\xe9"),
        (b"/folder/", "folder/"),
        (b"/..a/b..", "..a/b.."),
    ],
)
def test_a_path_is_decoded_once(raw: bytes, key: str) -> None:
    assert parse_path(raw) == key


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"media/x",
        b"http://evil/media/x",
        b"//media/x",
        b"/media//x",
        b"/media/./x",
        b"/media/../catalog/x",
        b"/media/..",
        b"/media/%2e%2e/catalog/x",
        b"/media/%2E./catalog/x",
        b"/media%2Fx",
        b"/media%2fx",
        b"/media/..%2fcatalog",
        b"/media/..%5ccatalog",
        b"/media/%252e%252e/catalog/x",
        b"/media/x%00",
        b"/media/x%0d%0aSet-Cookie:a=b",
        b"/media/%ff",
        b"/media/%zz",
        b"/media/\xc3\xa9",
        b"/media/x#y",
        b"/media/a\\b",
    ],
)
def test_a_path_that_could_mean_another_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPathError):
        parse_path(raw)


@given(st.binary(max_size=40))
def test_whatever_is_accepted_stays_where_it_begins(tail: bytes) -> None:
    try:
        key = parse_path(b"/media/" + tail)
    except BadPathError:
        return
    segments = key.split("/")
    assert segments[0] == "media"
    assert ".." not in segments
    assert parse_path(b"/" + quote_key(key).encode()) == key


@pytest.mark.parametrize("raw", [b"/api/videos/..%2f..%2fcatalog", b"/api/videos/%25", b"/api//videos/"])
def test_an_api_path_is_left_to_api_gateway(raw: bytes) -> None:
    assert parse_api_path(raw) == raw.decode()


@pytest.mark.parametrize(
    "raw", [b"/api/../x", b"/api/%2e%2e/x", b"/api/.%2E/x", b"/api/./x", b"/api/x#y", b"/api/\xff"]
)
def test_an_api_path_cannot_leave_the_stage(raw: bytes) -> None:
    with pytest.raises(BadPathError):
        parse_api_path(raw)


@pytest.mark.parametrize("raw", [b"a=1#b", b'a="', b"a=\xff", b"a b"])
def test_a_query_that_could_end_the_url_is_refused(raw: bytes) -> None:
    with pytest.raises(BadPathError):
        parse_query(raw)
