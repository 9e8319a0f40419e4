"""S3 URIs of a request."""

from __future__ import annotations

import re

from mediaconvert_standin.errors import BadRequest, Unsupported
from mediaconvert_standin.job_settings.plan import S3Location

MAX_KEY_BYTES = 1024  # S3 object key

# The service takes any name here, DOC-EXAMPLE-BUCKET or my_bucket; that there is no such bucket ends the job.
_BUCKET = re.compile(r"[^/\x00-\x1f\x7f]+")


def parse_s3_uri(uri: str, pointer: str) -> S3Location:
    """Raises BadRequest. Keys are literal: nothing is decoded or normalised."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not _BUCKET.fullmatch(bucket):
        raise BadRequest(f"{pointer}: Should be an S3 URI, s3://bucket/key")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise BadRequest(f"{pointer}: The key should have at most {MAX_KEY_BYTES} bytes")
    return S3Location(bucket, key)


def parse_object(uri: str, pointer: str) -> S3Location:
    """The URI of something to read. Raises BadRequest, Unsupported."""
    if not uri.startswith("s3://"):
        raise Unsupported(f"{pointer} over http; use s3://")
    location = parse_s3_uri(uri, pointer)
    if not location.key:
        raise BadRequest(f"{pointer}: Should name an object, s3://bucket/key")
    return location
