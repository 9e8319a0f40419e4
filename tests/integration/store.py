"""What AWS itself holds, seen with the stack's own credentials: objects, uploads, jobs, queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import quote_plus

from devstack.contract import aws_clients
from devstack.contract.answers import Upload
from devstack.waiting import wait_for

CLEAN_UP_TIMEOUT = 60
QUEUE_TIMEOUT = 480
"""Beyond the visibility timeout: other tests share the queue, and a message of theirs may wait its back-off."""
"""Seconds that the contract allows for a deletion."""
UNFINISHED = {"SUBMITTED", "PROGRESSING"}


class Store:
    def __init__(self, outputs: aws_clients.Outputs) -> None:
        self.temp = outputs["TempBucketName"]
        self.media = outputs["MediaBucketName"]
        self._outputs = outputs
        self.s3 = aws_clients.s3(outputs)
        self._sns = aws_clients.sns(outputs)
        self._sqs = aws_clients.sqs(outputs)
        self._mediaconvert = aws_clients.mediaconvert(outputs)
        self._logs = aws_clients.logs(outputs)

    def keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def has_original(self, upload: Upload) -> bool:
        return upload.key in self.keys(self.temp, upload.key)

    def wait_original_gone(self, upload: Upload) -> None:
        """Until the clean-up is over: the marker goes after the original."""
        marker = f"pending/{upload.video_id}"
        wait_for(
            lambda: not self.has_original(upload) and not self.keys(self.temp, marker),
            f"{upload.key} to go",
            timeout=CLEAN_UP_TIMEOUT,
        )

    def leftovers(self, owner: str, video_id: str) -> list[str]:
        """All that is left of a video in both buckets, open uploads included; its tombstone does not count."""
        originals = f"uploads/{owner}/{video_id}/"
        uploads = self.s3.list_multipart_uploads(Bucket=self.temp, Prefix=originals).get("Uploads", [])
        return [
            *self.keys(self.temp, originals),
            *self.keys(self.temp, f"pending/{video_id}"),
            *self.keys(self.media, f"media/{owner}/{video_id}/"),
            *self.keys(self.media, f"catalog/{owner}/{video_id}"),
            *(f"unfinished upload {upload['UploadId']}" for upload in uploads),
        ]

    def wait_nothing_left(self, owner: str, video_id: str) -> None:
        wait_for(
            lambda: not self.leftovers(owner, video_id),
            f"every object of {owner}/{video_id} to go",
            timeout=CLEAN_UP_TIMEOUT,
        )

    def log_lines(self, function: str) -> Iterator[dict[str, Any]]:
        """The structured lines of a function, oldest first."""
        for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}"):
            for event in page["events"]:
                for line in event["message"].splitlines():
                    if line.startswith("{") and "_aws" not in (told := json.loads(line)):
                        yield told

    def jobs(self, video_id: str) -> list[dict[str, Any]]:
        """The MediaConvert jobs of a video, newest first."""
        pages = self._mediaconvert.get_paginator("list_jobs").paginate()
        return [
            dict(job)
            for page in pages
            for job in page.get("Jobs", [])
            if job.get("UserMetadata", {}).get("videoId") == video_id
        ]

    def announce(self, upload: Upload, size: int) -> None:
        """Sends S3's "object created" notification for the original, as S3 itself may do twice."""
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self._outputs["Region"],
            "eventTime": "2026-01-01T00:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": self.temp, "arn": f"arn:aws:s3:::{self.temp}"},
                "object": {"key": quote_plus(upload.key), "size": size, "eTag": "0" * 32, "sequencer": "01"},
            },
        }
        self._sns.publish(
            TopicArn=self._outputs["UploadTopicArn"],
            Subject="Amazon S3 Notification",
            Message=json.dumps({"Records": [record]}),
        )

    def wait_queue_drained(self, timeout: float = QUEUE_TIMEOUT) -> None:
        """Until no notification waits or is being worked on."""
        wait_for(lambda: self._waiting() == 0, "the trigger queue to be empty", timeout=timeout)

    def dead_letters(self) -> dict[str, int]:
        """How many messages each of the dead-letter queues holds."""
        queues = ("DeadLetterQueueUrl", "EventDeadLetterQueueUrl")
        return {queue: self._messages(self._outputs[queue]) for queue in queues}

    def _waiting(self) -> int:
        return self._messages(self._outputs["TriggerQueueUrl"])

    def _messages(self, queue_url: str) -> int:
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=queue_url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return sum(map(int, attributes.values()))

    def close(self) -> None:
        for client in (self.s3, self._sns, self._sqs, self._mediaconvert):
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
