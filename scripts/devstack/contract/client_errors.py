"""What can go wrong between this client and the platform, as types."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

import requests

LONGEST_QUOTED_BODY = 200
"""Characters of an unexpected answer that are worth repeating in a message."""


class PlatformError(Exception):
    """Anything that keeps the client from doing what it was asked."""


class AnswerError(PlatformError):
    """An answer that refuses: HTTP `status`, the service's own `code` and `message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code}, HTTP {status})")
        self.status = status
        self.code = code
        self.message = message


class ApiError(AnswerError):
    """The HTTP API refused: `{"error": {"code", "message"}}`."""

    @classmethod
    def from_response(cls, response: requests.Response) -> ApiError:
        error = _json_object(response).get("error")
        if not isinstance(error, Mapping):
            return cls(response.status_code, "unexpected_answer", _quote(response))
        return cls(response.status_code, str(error.get("code", "")), str(error.get("message", "")))


class SignInError(AnswerError):
    """Cognito refused; `code` is its exception's name, such as `NotAuthorizedException`."""


class StorageError(AnswerError):
    """S3 or the CDN refused: their XML `<Error><Code/><Message/></Error>`."""

    @classmethod
    def from_response(cls, response: requests.Response) -> StorageError:
        try:
            # The parser of the standard library expands no external entity, and the body is small.
            root = ElementTree.fromstring(response.content)  # noqa: S314
        except ElementTree.ParseError:
            return cls(response.status_code, response.reason or "Unknown", _quote(response))
        return cls(
            response.status_code,
            root.findtext("Code") or response.reason or "Unknown",
            root.findtext("Message") or _quote(response),
        )


class UnexpectedAnswerError(PlatformError):
    """The answer does not have the shape the contract promises."""


class MailMissingError(PlatformError):
    """No message with a code reached the inbox in time."""


class UploadInterruptedError(PlatformError):
    """The bytes could not be sent; what S3 already holds is kept, so the upload can be resumed."""


class ConversionFailedError(PlatformError):
    """The video ended as `failed`; `code` and `message` are those of its entry."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _json_object(response: requests.Response) -> Mapping[str, object]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _quote(response: requests.Response) -> str:
    return f"The answer was not understood: {response.text[:LONGEST_QUOTED_BODY]!r}"
