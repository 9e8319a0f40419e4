from datetime import UTC, datetime

import pytest
import requests

from devstack.contract.answers import Fields, parse_playback, parse_upload, parse_video
from devstack.contract.client_errors import ApiError, StorageError, UnexpectedAnswerError

VIDEO = {
    "videoId": "v",
    "title": "Aniversário 🎂",
    "fileName": "Aniversário 🎂.mp4",
    "status": "failed",
    "progress": 3,
    "size": 10,
    "durationMs": None,
    "width": None,
    "height": None,
    "createdAt": "2026-11-22T10:00:00Z",
    "updatedAt": "2026-11-22T10:00:01.5+00:00",
    "posterUrl": None,
    "error": {"code": "no_video", "message": "There is no video in it."},
}


def response(status, body, reason="Bad"):
    answer = requests.Response()
    answer.status_code = status
    answer.reason = reason
    answer._content = body
    return answer


def test_a_video_is_parsed_with_its_times_and_its_failure():
    video = parse_video(Fields(VIDEO))
    assert video.title == "Aniversário 🎂"
    assert video.created_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert video.duration_ms is None
    assert video.error is not None
    assert video.error.code == "no_video"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("size", "10"),
        ("size", True),
        ("title", None),
        ("status", "done"),
        ("createdAt", "2026-11-22T10:00:00"),
        ("error", "broken"),
    ],
)
def test_a_video_that_breaks_the_contract_is_refused(member, value):
    with pytest.raises(UnexpectedAnswerError):
        parse_video(Fields({**VIDEO, member: value}))


def test_a_missing_member_is_named():
    with pytest.raises(UnexpectedAnswerError, match="posterUrl"):
        parse_video(Fields({name: value for name, value in VIDEO.items() if name != "posterUrl"}))


def test_uploads_come_whole_or_in_parts():
    common = {"videoId": "v", "key": "k", "expiresIn": 3600}
    whole = parse_upload(
        Fields({**common, "uploadUrl": "http://s3", "headers": {"If-None-Match": "*"}, "multipart": None})
    )
    assert (whole.url, whole.headers, whole.multipart) == ("http://s3", {"If-None-Match": "*"}, None)
    cut = parse_upload(
        Fields({**common, "uploadUrl": None, "headers": None, "multipart": {"partSize": 8, "partCount": 2}})
    )
    assert cut.url is None
    assert cut.multipart is not None
    assert cut.multipart.part_count == 2


def test_playback_keeps_the_cookies_and_their_attributes():
    playback = parse_playback(
        Fields(
            {
                "mp4Url": "m",
                "hlsUrl": "h",
                "posterUrl": "p",
                "thumbnailsUrl": "t",
                "expiresAt": "2026-11-22T10:00:00Z",
            }
        ),
        [
            "CloudFront-Policy=abc_~-; Path=/media/o/v/; HttpOnly; SameSite=Strict",
            "CloudFront-Signature=def; Path=/media/o/v/; HttpOnly; SameSite=Strict; Secure",
        ],
    )
    assert playback.cookie_header == "CloudFront-Policy=abc_~-; CloudFront-Signature=def"
    policy, signature = playback.cookies
    assert (policy.path, policy.http_only, policy.same_site, policy.secure) == ("/media/o/v/", True, "Strict", False)
    assert signature.secure


def test_api_errors_carry_status_code_and_message():
    error = ApiError.from_response(response(409, b'{"error": {"code": "wrong_state", "message": "Not ready."}}'))
    assert (error.status, error.code, error.message) == (409, "wrong_state", "Not ready.")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message": "Forbidden"}'])
def test_foreign_error_bodies_are_quoted_and_not_lost(body):
    error = ApiError.from_response(response(502, body))
    assert error.status == 502
    assert error.code == "unexpected_answer"


def test_storage_errors_are_read_from_xml():
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>'
    error = StorageError.from_response(response(403, body))
    assert (error.code, error.message) == ("AccessDenied", "Access denied")
    assert StorageError.from_response(response(500, b"oops", "Server Error")).code == "Server Error"


def test_an_answer_that_is_not_json_is_refused():
    with pytest.raises(UnexpectedAnswerError):
        Fields.of(response(200, b"<html>"))
