"""`pending/{videoId}`: the short list of unfinished work.

Written before the catalog entry and removed at its end state, so whoever looks for stuck videos needs no scan of the
catalog. It lies outside the prefix of the bucket's notification.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from sstech_video import keys
from sstech_video.entries import iso

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def mark(s3: S3Client, bucket: str, owner: str, video_id: str, now: datetime) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=keys.pending(video_id),
        Body=json.dumps({"owner": owner, "videoId": video_id, "since": iso(now)}).encode(),
        ContentType="application/json",
    )


def clear(s3: S3Client, bucket: str, video_id: str) -> None:
    s3.delete_object(Bucket=bucket, Key=keys.pending(video_id))
