"""Why a video failed, in words for its owner. Pure.

MediaConvert's own text goes to the log only: it names buckets and keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sstech_video.entries import Failure, FailureCode

# https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html
_BY_ERROR_CODE: Final[Mapping[int, FailureCode]] = MappingProxyType(
    {
        1010: FailureCode.UNSUPPORTED_FORMAT,
        1020: FailureCode.NO_VIDEO,
        1021: FailureCode.DAMAGED_FILE,
        1030: FailureCode.UNSUPPORTED_FORMAT,
        1056: FailureCode.UNSUPPORTED_FORMAT,
        1075: FailureCode.DAMAGED_FILE,
        1076: FailureCode.DAMAGED_FILE,
        1080: FailureCode.UNSUPPORTED_FORMAT,
        1092: FailureCode.DAMAGED_FILE,
        1401: FailureCode.SOURCE_UNREADABLE,
        1404: FailureCode.SOURCE_UNREADABLE,
        3400: FailureCode.UNSUPPORTED_FORMAT,
    }
)

_MESSAGES: Final[Mapping[FailureCode, str]] = MappingProxyType(
    {
        FailureCode.NO_VIDEO: "There is no video in this file. Upload another one.",
        FailureCode.UNSUPPORTED_FORMAT: "This file is not in a video format that can be converted."
        " Export it in another format, such as MP4, and upload that.",
        FailureCode.DAMAGED_FILE: "This file is damaged or incomplete. Check it and upload it again.",
        FailureCode.SOURCE_UNREADABLE: "The uploaded file could not be read. Try again, or upload it again.",
        FailureCode.CONVERSION_REJECTED: "The conversion service does not accept this video."
        " Export it in another format, such as MP4, and upload that.",
        FailureCode.CONVERSION_CANCELED: "The conversion was canceled. You can try again.",
        FailureCode.CONVERSION_FAILED: "The conversion failed. You can try again.",
        FailureCode.OUTPUT_MISSING: "The conversion left no video behind. You can try again.",
        FailureCode.UPLOAD_ABANDONED: "The upload was never finished and has been given up."
        " Delete this video and upload the file again.",
        FailureCode.CONVERSION_TIMED_OUT: "The conversion took too long and was stopped. You can try again.",
    }
)


def failure(code: FailureCode) -> Failure:
    return Failure(code, _MESSAGES[code])


def size_mismatch(announced: int, found: int) -> Failure:
    """Sizes in bytes."""
    return Failure(
        FailureCode.SIZE_MISMATCH,
        f"{found} bytes arrived but {announced} were announced. Delete this video and upload the file again.",
    )


def cost_limit(reason: str) -> Failure:
    return Failure(FailureCode.COST_LIMIT, reason)


def from_job(error_code: int | None) -> Failure:
    """For the error code of a MediaConvert job."""
    return failure(_BY_ERROR_CODE.get(error_code or 0, FailureCode.CONVERSION_FAILED))
