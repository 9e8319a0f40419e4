"""What the API answers when it does not do what it was asked: one type per case, codes from one closed list."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus


class ErrorCode(StrEnum):
    """`error.code` of the API. API Gateway's own refusals use the same words."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    WRONG_STATE = "wrong_state"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    QUOTA_EXCEEDED = "quota_exceeded"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


class ApiError(Exception):
    """A refusal that the caller may read: the message says what to do next."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = ErrorCode.INTERNAL_ERROR

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequestError(ApiError):
    status = HTTPStatus.BAD_REQUEST
    code = ErrorCode.INVALID_REQUEST


class UnauthorizedError(ApiError):
    status = HTTPStatus.UNAUTHORIZED
    code = ErrorCode.UNAUTHORIZED


class NotFoundError(ApiError):
    status = HTTPStatus.NOT_FOUND
    code = ErrorCode.NOT_FOUND


class WrongStateError(ApiError):
    status = HTTPStatus.CONFLICT
    code = ErrorCode.WRONG_STATE


class BodyTooLargeError(ApiError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = ErrorCode.BODY_TOO_LARGE


class UnsupportedMediaTypeError(ApiError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class QuotaExceededError(ApiError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = ErrorCode.QUOTA_EXCEEDED


class UnavailableError(ApiError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = ErrorCode.UNAVAILABLE


def no_such_video() -> NotFoundError:
    """One message for absent, foreign and malformed ids: nobody learns which it was."""
    return NotFoundError("No such video in your library.")
