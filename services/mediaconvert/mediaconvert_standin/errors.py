# ruff: noqa: N818 - named after the service's own exceptions and causes
"""Errors: ApiError is the answer to a call, JobError ends a job with status ERROR."""

from __future__ import annotations

UNSUPPORTED = "Not supported by this emulator:"


class ApiError(Exception):
    """An error answer. ``code`` is the shape's name in the x-amzn-ErrorType header."""

    status = 500
    code = "InternalServerErrorException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(ApiError):
    status = 400
    code = "BadRequestException"


class Unsupported(BadRequest):
    """A setting of the real service that would change the result and that this stand-in lacks."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{UNSUPPORTED} {what}")


class AccessDenied(ApiError):
    status = 403
    code = "AccessDeniedException"


class Forbidden(ApiError):
    status = 403
    code = "ForbiddenException"


class UnknownOperation(AccessDenied):
    # Observed: the IAM front layer, not a 404, answers a path that matches no operation.
    def __init__(self) -> None:
        super().__init__("Unable to determine service/operation name to be authorized")


class NotFound(ApiError):
    status = 404
    code = "NotFoundException"


class Conflict(ApiError):
    status = 409
    code = "ConflictException"


class TooManyRequests(ApiError):
    status = 429
    code = "TooManyRequestsException"


class InternalError(ApiError):
    """Something went wrong in here."""


class NotImplementedHere(ApiError):
    """The operation exists in the service's model but not here."""

    status = 501
    code = "NotImplementedException"

    def __init__(self, operation: str) -> None:
        super().__init__(f"{UNSUPPORTED} {operation}")


class JobError(Exception):
    """Ends a job with status ERROR; ``code`` is one of MediaConvert's error codes."""

    code = 1999

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OpenError(JobError):
    """The input cannot be opened; the message has the service's nested form."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"Unable to open input file [{uri}]: [Failed probe/open: [{reason}]]")


class UnknownFormat(OpenError):
    code = 1010

    def __init__(self, uri: str) -> None:
        super().__init__(uri, "No parser found for container")


class NoVideo(JobError):
    code = 1020

    def __init__(self, uri: str) -> None:
        super().__init__(f"No consumable video was found in input file [{uri}]. No video found in program [1]")


class NoAudioDecoded(JobError):
    code = 1021


class UnsupportedCodec(JobError):
    code = 1030


class InvalidMedia(JobError):
    """The settings do not fit the media: size, rate, track, input equal to output."""

    code = 1040


class ClipOutside(JobError):
    """A clip that is not in its input; ``index`` counts inputs from 0."""

    code = 1060

    def __init__(self, what: str, index: int) -> None:
        super().__init__(f"{what} [{index + 1}]")


class NoMoov(OpenError):
    code = 1075

    def __init__(self, uri: str) -> None:
        super().__init__(uri, "no moov box found in file")


class Truncated(JobError):
    code = 1076

    def __init__(self, length: int) -> None:
        super().__init__(
            f"Demuxer: [ReadPacketData File read failed - end of file hit at length [{length}]. Is file truncated?]"
        )


class ReadDenied(OpenError):
    code = 1401

    def __init__(self, uri: str) -> None:
        super().__init__(uri, f"Can't read input stream: [Failed to read data: Access denied to [{uri}]]")


class WriteDenied(JobError):
    code = 1401

    def __init__(self, uri: str) -> None:
        super().__init__(f"Unable to write to output file [{uri}]: [Failed to write data: Access Denied]")


class SourceMissing(OpenError):
    code = 1404

    def __init__(self, uri: str) -> None:
        super().__init__(uri, "Can't read input stream: [Failed to read data: HeadObject failed]")


class DestinationMissing(JobError):
    code = 1404

    def __init__(self, uri: str) -> None:
        super().__init__(f"Unable to write to output file [{uri}]: [Failed to write data: bucket does not exist]")


class RoleNotAssumable(JobError):
    code = 1434

    def __init__(self, role: str) -> None:
        super().__init__(f"Unable to assume role [{role}]: [AssumeRole failed]")


class RoleMalformed(JobError):
    code = 1515

    def __init__(self, role: str) -> None:
        super().__init__(f"Invalid role ARN format [{role}]")


class ReadFailed(JobError):
    code = 1999


class WriteFailed(JobError):
    code = 1517


class TimedOut(JobError):
    code = 1522


class TranscodeFailed(JobError):
    code = 1999


class Canceled(Exception):
    """Raised inside a job's thread once somebody cancelled the job."""
