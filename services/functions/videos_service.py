"""Lambda `video-streaming-upload`: `POST /videos/upload-url`."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sstech_video import api, aws, bodies, clock
from sstech_video.admission import Admission
from sstech_video.catalog import Catalog
from sstech_video.errors import QuotaExceededError
from sstech_video.multipart import UploadBucket
from sstech_video.observability import Count, count
from sstech_video.settings import settings
from sstech_video.usage import Quotas, Usage

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

app = api.resolver()


@app.post("/videos/upload-url")
def upload_url() -> Response[str]:
    owner = api.caller(app)
    wanted = bodies.new_upload(bodies.body_of(app.current_event.raw_event))
    try:
        answer = admission().admit(owner, wanted, clock.now())
    except QuotaExceededError:
        count(Count.UPLOADS_REFUSED_BY_QUOTA)
        raise
    count(Count.UPLOADS_STARTED)
    return api.answer(HTTPStatus.CREATED, answer)


@cache
def admission() -> Admission:
    config, s3 = settings(), aws.s3()
    catalog = Catalog(s3, config.media_bucket)
    quotas = Quotas(config.max_open_uploads, config.max_stored_bytes)
    return Admission(
        s3=s3,
        temp_bucket=config.temp_bucket,
        catalog=catalog,
        usage=Usage(s3, config.media_bucket, catalog, quotas),
        upload_bucket=UploadBucket(s3, aws.public_s3(config.public_s3_endpoint_url), config.temp_bucket),
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return api.run(app, event, context)
