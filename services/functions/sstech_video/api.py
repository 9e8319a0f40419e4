"""What the two API functions share: answers, refusals, and nothing else ever reaching a caller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.shared.cookies import Cookie as CookieHeader
from aws_lambda_powertools.shared.cookies import SameSite

from sstech_video.errors import ApiError, ErrorCode
from sstech_video.identity import owner_of
from sstech_video.observability import Count, count, follow, logger, observed
from sstech_video.playback import Cookie
from sstech_video.settings import settings
from sstech_video.video_ids import is_video_id

NO_ROUTE: Final = "/"
# Answers hold signed URLs and cookies.
_HEADERS: Final[dict[str, str | list[str]]] = {"Cache-Control": "no-store"}


def resolver() -> APIGatewayRestResolver:
    """A router that answers errors in the shape of the API."""
    app = APIGatewayRestResolver()
    app.not_found(_no_route)
    app.exception_handler(ApiError)(_refused)
    app.exception_handler(Exception)(_failed)
    return app


def run(app: APIGatewayRestResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    request_id = event["requestContext"]["requestId"]
    with observed(request_id):
        follow(_video_of(event))
        # A route's pattern would overlook a line end after an id: no route of ours has such characters.
        readable = event if event["path"].isprintable() else {**event, "path": NO_ROUTE}
        answered = app.resolve(readable, context)
        logger.info(
            "answered",
            extra={"route": event.get("resource"), "status": answered["statusCode"], "request_id": request_id},
        )
        return answered


def caller(app: APIGatewayRestResolver) -> str:
    """The owner on whose behalf this request is. Raises `UnauthorizedError`."""
    return owner_of(app.current_event.raw_event, settings().user_pool_client_id)


def answer(status: HTTPStatus, body: object, cookies: Iterable[Cookie] = ()) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type="application/json",
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        headers=dict(_HEADERS),
        cookies=[_header(cookie) for cookie in cookies],
    )


def no_content() -> Response[str]:
    return Response(status_code=HTTPStatus.NO_CONTENT.value, body="", headers=dict(_HEADERS))


def _video_of(event: Mapping[str, Any]) -> str | None:
    video_id = (event.get("pathParameters") or {}).get("videoId")
    return video_id if video_id and is_video_id(video_id) else None


def _no_route(_: Exception) -> Response[str]:
    return _refusal(HTTPStatus.NOT_FOUND, ErrorCode.NOT_FOUND, "There is no such route.")


def _refused(error: ApiError) -> Response[str]:
    logger.info("refused", extra={"error_code": error.code.value, "reason": error.message})
    return _refusal(error.status, error.code, error.message)


def _failed(error: Exception) -> Response[str]:
    logger.exception("unexpected failure", exc_info=error)
    count(Count.INTERNAL_ERRORS)
    message = "Something went wrong on our side. Try again in a moment."
    return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, ErrorCode.INTERNAL_ERROR, message)


def _refusal(status: HTTPStatus, code: ErrorCode, message: str) -> Response[str]:
    return answer(status, {"error": {"code": code.value, "message": message}})


def _header(cookie: Cookie) -> CookieHeader:
    return CookieHeader(
        cookie.name,
        cookie.value,
        path=cookie.path,
        max_age=cookie.max_age,
        secure=cookie.secure,
        http_only=True,
        same_site=SameSite.STRICT_MODE,
    )
