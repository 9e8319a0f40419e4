from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sstech_video import bodies
from sstech_video.bodies import NewUpload, SentPart
from sstech_video.errors import ApiError, BodyTooLargeError, InvalidRequestError, UnsupportedMediaTypeError

GOOD = {"fileName": "film.mp4", "contentType": "video/mp4", "size": 10}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_an_upload_is_read_and_what_is_unknown_passed_over() -> None:
    assert bodies.new_upload({**GOOD, "colour": "blue"}) == NewUpload("film.mp4", "video/mp4", 10)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 0),
        ("size", -1),
        ("size", 5_497_558_138_881),
        ("size", "10"),
        ("size", 10.0),
        ("size", True),
        ("size", None),
        ("size", [10]),
        ("fileName", None),
        ("fileName", ""),
        ("fileName", "   "),
        ("fileName", 7),
        ("fileName", {}),
        ("fileName", "a\x00b"),
        ("fileName", "a\nb"),
        ("fileName", "\ud800"),
        ("fileName", "x" * 1001),
        ("contentType", None),
        ("contentType", 7),
        ("contentType", ["video/mp4"]),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match=field):
        bodies.new_upload({**GOOD, field: value})
    with pytest.raises(InvalidRequestError, match=field):
        bodies.new_upload({name: known for name, known in GOOD.items() if name != field})


@pytest.mark.parametrize("size", [1, 5_497_558_138_880])
def test_sizes_up_to_the_limits_are_taken(size: int) -> None:
    assert bodies.new_upload({**GOOD, "size": size}).size == size


@pytest.mark.parametrize(
    "content_type",
    ["video/mp4", "VIDEO/MP4", "video/x-matroska", "application/mxf", 'video/webm; codecs="vp9, opus"', "video/3gpp2"],
)
def test_video_types_are_taken(content_type: str) -> None:
    assert bodies.new_upload({**GOOD, "contentType": content_type}).content_type == content_type


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "video",
        "video/",
        "video/*",
        "image/png",
        "text/html",
        "application/mxf-other",
        "video/mp4\r\nx-amz-acl: public-read",
        "video/mp4\n",
        "video/mp4 ",
        "xvideo/mp4",
        "video/é",
        "video/" + "x" * 300,
    ],
)
def test_other_types_are_not(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        bodies.new_upload({**GOOD, "contentType": content_type})


@pytest.mark.parametrize("title", ["Férias na praia 🏖️", "👨‍👩‍👧", "a", "x" * 1000, "<script>", "'; DROP TABLE"])
def test_titles_are_what_people_write(title: str) -> None:
    assert bodies.title({"title": f"  {title} "}) == title


@pytest.mark.parametrize("title", ["", "  ", None, 5, ["x"], "a\x00b", "a\x1bb", "a\u2028b", "x" * 1001])
def test_other_titles_are_refused(title: Any) -> None:
    with pytest.raises(InvalidRequestError, match="title"):
        bodies.title({"title": title})


@pytest.mark.parametrize(
    "raw", ["", "x", "[]", "null", '"x"', "5", "{", "[" * 100_000, '{"size": NaN', "\ud800", '{"a":1}x', "9" * 5000]
)
def test_what_is_no_json_object_is_refused(raw: str) -> None:
    with pytest.raises(InvalidRequestError, match="body"):
        bodies.body_of({"body": raw})


def test_a_body_may_come_as_base64() -> None:
    encoded = base64.b64encode(json.dumps(GOOD).encode()).decode()
    assert bodies.body_of({"body": encoded, "isBase64Encoded": True}) == GOOD
    with pytest.raises(InvalidRequestError):
        bodies.body_of({"body": "!", "isBase64Encoded": True})


def test_a_body_over_the_limit_is_not_even_parsed() -> None:
    with pytest.raises(BodyTooLargeError):
        bodies.body_of({"body": "x" * (bodies.MAX_BODY_BYTES + 1)})


def test_ten_thousand_parts_fit_into_a_complete_body() -> None:
    parts = [{"partNumber": n, "etag": '"' + "0" * 32 + '"'} for n in range(1, 10_001)]
    body = json.dumps({"parts": parts}, indent=2)
    assert len(bodies.sent_parts(bodies.body_of({"body": body}, bodies.MAX_COMPLETE_BODY_BYTES))) == 10_000


def test_etags_are_taken_with_and_without_quotes() -> None:
    parts = [{"partNumber": 1, "etag": '"abc"'}, {"partNumber": 2, "etag": "abc"}]
    assert bodies.sent_parts({"parts": parts}) == (SentPart(1, "abc"), SentPart(2, "abc"))


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        "x",
        {},
        [1],
        [None],
        [{}],
        [{"partNumber": 1}],
        [{"etag": "abc"}],
        [{"partNumber": "1", "etag": "abc"}],
        [{"partNumber": 0, "etag": "abc"}],
        [{"partNumber": 10_001, "etag": "abc"}],
        [{"partNumber": 1, "etag": ""}],
        [{"partNumber": 1, "etag": "<x>"}],
        [{"partNumber": 1, "etag": 5}],
        [{"partNumber": 1, "etag": "abc"}] * 10_001,
    ],
)
def test_malformed_parts_are_refused(parts: Any) -> None:
    with pytest.raises(InvalidRequestError):
        bodies.sent_parts({"parts": parts})


@pytest.mark.parametrize(
    "numbers", [None, [], "1", [0], [8], [1, 1], ["1"], [1.0], [True], [None], list(range(1, 102))]
)
def test_malformed_part_numbers_are_refused(numbers: Any) -> None:
    with pytest.raises(InvalidRequestError, match="partNumbers"):
        bodies.part_numbers({"partNumbers": numbers}, 7)


def test_a_hundred_part_numbers_are_taken() -> None:
    assert len(bodies.part_numbers({"partNumbers": list(range(1, 101))}, 200)) == 100


@pytest.mark.parametrize("after", ["", "-1", "x", "1.5", "10001", "²", "1 "])
def test_after_must_be_a_part_number(after: str) -> None:
    with pytest.raises(InvalidRequestError, match="after"):
        bodies.after_part({"after": after})


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1e1", "٣"])
def test_a_page_has_from_1_to_100_videos(limit: str) -> None:
    with pytest.raises(InvalidRequestError, match="limit"):
        bodies.page_request({"limit": limit})


def test_a_page_has_24_videos_unless_told() -> None:
    assert bodies.page_request({}) == bodies.PageRequest(24, None)


def test_a_cursor_comes_back_as_the_id_it_was_made_of() -> None:
    cursor = bodies.cursor_after("0" * 20)
    assert bodies.page_request({"cursor": cursor}).after == "0" * 20


@given(st.text())
def test_no_other_cursor_is_taken(cursor: str) -> None:
    with pytest.raises(InvalidRequestError, match="cursor"):
        bodies.page_request({"cursor": cursor})


@given(st.dictionaries(st.sampled_from(["fileName", "contentType", "size", "title", "parts", "partNumbers"]), JSON))
def test_whatever_is_sent_is_read_or_refused(body: dict[str, Any]) -> None:
    for read in (bodies.new_upload, bodies.title, bodies.sent_parts, lambda sent: bodies.part_numbers(sent, 7)):
        with contextlib.suppress(ApiError):
            read(body)
