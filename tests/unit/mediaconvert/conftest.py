import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import imageio_ffmpeg
import pytest
import uvicorn
from answer_shapes import check_answer
from botocore.config import Config
from engine import CREDENTIALS, free_port, running_engine
from mediaconvert_harness import EVENT_SOURCE, OUTPUT_BUCKET, ROLE, SOURCE_BUCKET, Bench, wait_until

from mediaconvert_standin.app import create_app
from mediaconvert_standin.settings import Settings

_TRUST = {"Effect": "Allow", "Principal": {"Service": "mediaconvert.amazonaws.com"}, "Action": "sts:AssumeRole"}
_READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{SOURCE_BUCKET}/*"}
_WRITE = {
    "Effect": "Allow",
    "Action": ["s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject"],
    "Resource": f"arn:aws:s3:::{OUTPUT_BUCKET}/*",
}


def _policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _ffmpegs() -> dict[str, str]:
    """The packaged ffmpeg, and the machine's own where there is one: conversions must come out right with both."""
    system = shutil.which("ffmpeg")
    return {"packaged": imageio_ffmpeg.get_ffmpeg_exe(), **({"system": system} if system else {})}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that say ``ANY_FFMPEG = True`` test what no ffmpeg changes: once is enough."""
    items[:] = [item for item in items if not _is_repetition(item)]


def _is_repetition(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    ffmpeg = call.params.get("ffmpeg") if call is not None else None
    return getattr(getattr(item, "module", None), "ANY_FFMPEG", False) and ffmpeg not in (None, _ffmpegs()["packaged"])


@pytest.fixture(scope="session", params=_ffmpegs().values(), ids=_ffmpegs().keys())
def ffmpeg(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


@pytest.fixture(scope="session")
def engine_url(ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An engine for each ffmpeg: they would meet in the same buckets."""
    with running_engine(tmp_path_factory.mktemp("engine")) as url:
        yield url


@pytest.fixture(scope="session")
def standin(
    ffmpeg: str,
    engine_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    session_environment: None,
) -> Iterator[tuple[str, Path]]:
    """The application in this process, behind a real socket."""
    work_dir = tmp_path_factory.mktemp("work")
    port = free_port()
    settings = Settings.from_environ(
        {
            "PORT": str(port),
            "AWS_ENDPOINT_URL": engine_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "MEDIACONVERT_EVENT_SOURCE": EVENT_SOURCE,
            "MEDIACONVERT_WORK_DIR": str(work_dir),
            "MEDIACONVERT_FFMPEG": ffmpeg,
        }
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or None, "the stand-in")
    yield f"http://127.0.0.1:{port}", work_dir
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def session_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield


@pytest.fixture(scope="session")
def bench(engine_url: str, standin: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    endpoint, work_dir = standin
    credentials: dict[str, Any] = {**CREDENTIALS}
    aws: dict[str, Any] = {"endpoint_url": engine_url, **credentials}
    path_style = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    built = Bench(
        endpoint=endpoint,
        mediaconvert=boto3.client("mediaconvert", endpoint_url=endpoint, **credentials),
        s3=boto3.client("s3", config=path_style, **aws),
        iam=boto3.client("iam", **aws),
        sqs=boto3.client("sqs", **aws),
        event_queue=_event_queue(aws),
        work_dir=work_dir,
        scratch=tmp_path_factory.mktemp("media"),
    )
    built.mediaconvert.meta.events.register("before-parse.mediaconvert", check_answer)
    for bucket in (SOURCE_BUCKET, OUTPUT_BUCKET):
        built.s3.create_bucket(Bucket=bucket)
    for name, statements in ((ROLE.rpartition("/")[2], (_READ, _WRITE)), ("reader", (_READ,)), ("writer", (_WRITE,))):
        built.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(_TRUST))
        built.iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=_policy(*statements))
    yield built
    for client in (built.mediaconvert, built.s3, built.iam, built.sqs):
        client.close()


def _event_queue(aws: dict[str, Any]) -> str:
    sqs, events = boto3.client("sqs", **aws), boto3.client("events", **aws)
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(allow)})
    events.put_rule(Name="jobs", EventPattern=json.dumps({"source": [EVENT_SOURCE]}))
    events.put_targets(Rule="jobs", Targets=[{"Id": "queue", "Arn": arn}])
    sqs.close()
    events.close()
    return url
