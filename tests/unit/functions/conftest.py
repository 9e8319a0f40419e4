from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import rsa
from engine import CREDENTIALS, running_engine

from functions import harness
from functions.harness import Answer, Caller, FakeMediaConvert

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def jwk(private_key: rsa.RSAPrivateKey) -> str:
    numbers = private_key.private_numbers()
    members = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    return json.dumps({"kty": "RSA", **{name: base64url(value) for name, value in members.items()}})


def base64url(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="session")
def fake_mediaconvert() -> Iterator[tuple[FakeMediaConvert, str]]:
    fake = FakeMediaConvert()
    with fake.running() as url:
        yield fake, url


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture(scope="session")
def s3(engine_url: str) -> S3Client:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    client = boto3.client("s3", endpoint_url=engine_url, config=config, **CREDENTIALS)
    for bucket in (harness.TEMP_BUCKET, harness.MEDIA_BUCKET):
        client.create_bucket(Bucket=bucket)
    return client


@pytest.fixture(scope="session")
def sqs(engine_url: str) -> SQSClient:
    return boto3.client("sqs", endpoint_url=engine_url, **CREDENTIALS)


@pytest.fixture(scope="session")
def queue_url(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName="mediaconvert-trigger-queue")["QueueUrl"]


@pytest.fixture(scope="session")
def functions_environment(
    engine_url: str,
    s3: S3Client,
    queue_url: str,
    jwk: str,
    fake_mediaconvert: tuple[FakeMediaConvert, str],
) -> Iterator[None]:
    """The environment that the template gives to every function, in this process."""
    ssm = boto3.client("ssm", endpoint_url=engine_url, **CREDENTIALS)
    ssm.put_parameter(Name=harness.KEY_PARAMETER, Type="SecureString", Value=jwk, Overwrite=True)
    values = {
        "AWS_ENDPOINT_URL": engine_url,
        "AWS_ENDPOINT_URL_MEDIACONVERT": fake_mediaconvert[1],
        "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": CREDENTIALS["region_name"],
        "STAGE": harness.STAGE,
        "TEMP_BUCKET": harness.TEMP_BUCKET,
        "MEDIA_BUCKET": harness.MEDIA_BUCKET,
        "SITE_URL": harness.SITE_URL,
        "USER_POOL_CLIENT_ID": harness.CLIENT_ID,
        "PUBLIC_S3_ENDPOINT_URL": "",
        "MEDIACONVERT_ROLE_ARN": harness.ROLE_ARN,
        "MEDIACONVERT_QUEUE_ARN": harness.QUEUE_ARN,
        "TRIGGER_QUEUE_URL": queue_url,
        "SIGNING_KEY_PARAMETER": harness.KEY_PARAMETER,
        "CLOUDFRONT_KEY_PAIR_ID": harness.KEY_PAIR_ID,
        "MAX_OPEN_UPLOADS": str(harness.MAX_OPEN_UPLOADS),
        "MAX_STORED_BYTES": str(harness.MAX_STORED_BYTES),
        "MAX_CENTS_PER_VIDEO": "5000",
        "MAX_CENTS_PER_OWNER": "20000",
        "MAX_CENTS_PER_STAGE": "50000",
        "PRICE_PERCENT": "100",
        "POWERTOOLS_SERVICE_NAME": "unit",
        "POWERTOOLS_METRICS_NAMESPACE": "SStechVideo",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def mediaconvert(functions_environment: None, fake_mediaconvert: tuple[FakeMediaConvert, str]) -> FakeMediaConvert:
    fake_mediaconvert[0].reset()
    return fake_mediaconvert[0]


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open uploads may be looked at at once: their entries are written."""
    from sstech_video import usage

    monkeypatch.setattr(usage, "SETTLED_AFTER", timedelta(0))


@pytest.fixture
def platform(functions_environment: None, mediaconvert: FakeMediaConvert, s3: S3Client) -> Platform:
    return Platform(s3, mediaconvert)


class Platform:
    """The five functions, invoked in this process as AWS invokes them."""

    def __init__(self, s3: S3Client, mediaconvert: FakeMediaConvert) -> None:
        import conversion_complete
        import mediaconvert_trigger
        import reconciler
        import videos_library
        import videos_service

        self.s3 = s3
        self.mediaconvert = mediaconvert
        self._complete = conversion_complete.handler
        self._trigger = mediaconvert_trigger.handler
        self._library = videos_library.handler
        self._reconcile = reconciler.handler
        self.uploader = Caller(videos_service.handler)
        self.owner = self.uploader.owner
        self.library = Caller(videos_library.handler, self.owner)

    def stranger(self) -> Caller:
        return Caller(self._library)

    def new_upload(self, size: int = len(harness.MP4_START), **changes: Any) -> dict[str, Any]:
        body = {"fileName": "Férias na praia.MP4", "contentType": "video/mp4", "size": size, **changes}
        answer = self.uploader.send("POST", "/videos/upload-url", body)
        assert answer.status == 201, answer.text
        upload: dict[str, Any] = answer.json
        return upload

    def uploaded(self, data: bytes = harness.MP4_START) -> dict[str, Any]:
        upload = self.new_upload(len(data))
        assert harness.put(upload, data).status_code == 200
        return upload

    def converting(self) -> dict[str, Any]:
        upload = self.uploaded()
        assert self.arrive(upload) == []
        return upload

    def ready(self) -> dict[str, Any]:
        upload = self.converting()
        job = self.job(upload)
        self.publish(upload)
        self.happen(harness.complete_event(job))
        return upload

    def publish(self, upload: dict[str, Any], attempt: int = 1, thumbnails: int = 3) -> str:
        """Put outputs where MediaConvert puts them; returns the folder."""
        folder = f"media/{self.owner}/{upload['videoId']}/{attempt}/"
        names = ["video.mp4", "hls/video.m3u8", "poster.0000000.jpg"]
        for name in names + [f"thumbs.{index:07d}.jpg" for index in range(thumbnails)]:
            self.s3.put_object(Bucket=harness.MEDIA_BUCKET, Key=folder + name, Body=b"media")
        return folder

    def arrive(self, upload: dict[str, Any], size: int = len(harness.MP4_START)) -> list[str]:
        """S3's notification reaches the trigger; returns the ids of the messages that go back."""
        return self.deliver(harness.sns_envelope(harness.s3_event(upload["key"], size)))

    def deliver(self, *bodies: str, context: object = harness.CONTEXT) -> list[str]:
        answer = self._trigger(harness.sqs_event(*bodies), context)
        return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]

    def happen(self, event: dict[str, Any]) -> None:
        self._complete(event, harness.CONTEXT)

    def reconcile(self, **event: int | str) -> dict[str, int]:
        """A round of the reconciler that has no patience at all, unless told; what it did but count markers."""
        done = self._reconcile({"quietAfterSeconds": 0, **event}, harness.CONTEXT)
        return {name: number for name, number in done.items() if name != "VideosPending"}

    def job(self, upload: dict[str, Any], attempt: int = 1) -> dict[str, Any]:
        jobs = [
            job
            for job in self.mediaconvert.jobs
            if job["userMetadata"]["videoId"] == upload["videoId"] and job["userMetadata"]["attempt"] == str(attempt)
        ]
        assert len(jobs) == 1
        return jobs[0]

    def video(self, upload: dict[str, Any]) -> dict[str, Any]:
        answer = self.show(upload)
        assert answer.status == 200, answer.text
        video: dict[str, Any] = answer.json
        return video

    def show(self, upload: dict[str, Any]) -> Answer:
        return self.library.send("GET", f"/videos/{upload['videoId']}")

    def entry(self, upload: dict[str, Any]) -> dict[str, Any]:
        key = f"catalog/{self.owner}/{upload['videoId']}.json"
        entry: dict[str, Any] = json.loads(self.s3.get_object(Bucket=harness.MEDIA_BUCKET, Key=key)["Body"].read())
        return entry

    def keys(self, bucket: str, prefix: str) -> list[str]:
        listing = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for item in listing.get("Contents", [])]

    def leftovers(self, upload: dict[str, Any]) -> list[str]:
        """Every object of a video but its tombstone."""
        owner, video_id = self.owner, upload["videoId"]
        return [
            *self.keys(harness.TEMP_BUCKET, f"uploads/{owner}/{video_id}/"),
            *self.keys(harness.TEMP_BUCKET, f"pending/{video_id}"),
            *self.keys(harness.MEDIA_BUCKET, f"media/{owner}/{video_id}/"),
            *self.keys(harness.MEDIA_BUCKET, f"catalog/{owner}/{video_id}"),
        ]
