"""Lambda `video-streaming-library`: every `/videos` route but `POST /videos/upload-url`."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sstech_video import api, aws, bodies, clock
from sstech_video.catalog import Catalog
from sstech_video.deletion import Deletion
from sstech_video.entries import Status
from sstech_video.invalidation import Invalidation
from sstech_video.jobs import Jobs
from sstech_video.library import Library
from sstech_video.multipart import UploadBucket
from sstech_video.observability import Count, count
from sstech_video.part_uploads import PartUploads, plan_of
from sstech_video.playback import Delivery, signer
from sstech_video.retrying import Retrying
from sstech_video.settings import settings
from sstech_video.tombstones import Tombstones
from sstech_video.usage import Quotas, Usage

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

# CancelJob is asked once; the reconciler asks again, with more patience.
CANCEL_SECONDS: Final = 3

app = api.resolver()


@app.get("/videos")
def list_videos() -> Response[str]:
    owner = api.caller(app)
    page = bodies.page_request(app.current_event.query_string_parameters)
    return api.answer(HTTPStatus.OK, library().page(owner, page, clock.now()))


@app.get("/videos/<video_id>")
def get_video(video_id: str) -> Response[str]:
    entry = library().entry(api.caller(app), video_id)
    return api.answer(HTTPStatus.OK, library().show(entry, clock.now()))


@app.patch("/videos/<video_id>")
def rename_video(video_id: str) -> Response[str]:
    owner, now = api.caller(app), clock.now()
    library().entry(owner, video_id)
    title = bodies.title(bodies.body_of(app.current_event.raw_event))
    return api.answer(HTTPStatus.OK, library().show(library().rename(owner, video_id, title, now), now))


@app.delete("/videos/<video_id>")
def delete_video(video_id: str) -> Response[str]:
    deletion().delete(api.caller(app), video_id, clock.now())
    count(Count.VIDEOS_DELETED)
    return api.no_content()


@app.get("/videos/<video_id>/playback")
def playback(video_id: str) -> Response[str]:
    played = library().playback(api.caller(app), video_id, clock.now())
    return api.answer(HTTPStatus.OK, played.body, played.cookies)


@app.post("/videos/<video_id>/parts")
def sign_parts(video_id: str) -> Response[str]:
    entry = library().entry(api.caller(app), video_id)
    body = bodies.body_of(app.current_event.raw_event)
    numbers = bodies.part_numbers(body, plan_of(entry).part_count)
    checksums = bodies.part_checksums(body, numbers, entry.checksum_algorithm)
    return api.answer(HTTPStatus.OK, part_uploads().sign(entry, numbers, checksums))


@app.get("/videos/<video_id>/parts")
def list_parts(video_id: str) -> Response[str]:
    entry = library().entry(api.caller(app), video_id)
    after = bodies.after_part(app.current_event.query_string_parameters)
    return api.answer(HTTPStatus.OK, part_uploads().held(entry, after))


@app.post("/videos/<video_id>/complete")
def complete(video_id: str) -> Response[str]:
    entry, now = library().entry(api.caller(app), video_id), clock.now()
    body = bodies.body_of(app.current_event.raw_event, bodies.MAX_COMPLETE_BODY_BYTES)
    entry, whole = part_uploads().complete(entry, bodies.sent_parts(body, entry.checksum_algorithm), now)
    if whole and entry.status is Status.UPLOADED:
        count(Count.UPLOADS_COMPLETED)
    return api.answer(HTTPStatus.OK if whole else HTTPStatus.ACCEPTED, library().show(entry, now))


@app.post("/videos/<video_id>/retry")
def retry(video_id: str) -> Response[str]:
    entry, now = library().entry(api.caller(app), video_id), clock.now()
    entry = retrying().retry(entry, now)
    count(Count.CONVERSIONS_RETRIED)
    return api.answer(HTTPStatus.ACCEPTED, library().show(entry, now))


@cache
def catalog() -> Catalog:
    return Catalog(aws.s3(), settings().media_bucket)


@cache
def library() -> Library:
    config = settings()
    sign = signer(config.signing_key_parameter)
    return Library(catalog(), Delivery(config.site_url, config.cloudfront_key_pair_id, sign))


@cache
def upload_bucket() -> UploadBucket:
    config = settings()
    return UploadBucket(aws.s3(), aws.public_s3(config.public_s3_endpoint_url), config.temp_bucket)


@cache
def part_uploads() -> PartUploads:
    return PartUploads(aws.s3(), settings().temp_bucket, catalog(), upload_bucket())


@cache
def retrying() -> Retrying:
    config = settings()
    return Retrying(aws.s3(), aws.sqs(), config.temp_bucket, config.trigger_queue_url, catalog())


@cache
def deletion() -> Deletion:
    config, s3 = settings(), aws.s3()
    quotas = Quotas(config.max_open_uploads, config.max_stored_bytes)
    return Deletion(
        s3=s3,
        jobs=lambda: Jobs(aws.hasty_mediaconvert(CANCEL_SECONDS), config.stage, config.mediaconvert_queue_arn),
        temp_bucket=config.temp_bucket,
        media_bucket=config.media_bucket,
        catalog=catalog(),
        tombstones=Tombstones(s3, config.media_bucket),
        usage=Usage(s3, config.media_bucket, catalog(), quotas),
        upload_bucket=upload_bucket(),
        invalidation=Invalidation(aws.cloudfront, config.distribution_id),
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return api.run(app, event, context)
