"""The deployed template on an engine of its own, and its functions one call at a time, each under its own role.

Nothing runs by itself here: the queue's poller is switched off and nobody sends job events, so that a flow does exactly
what its test says, and what it does is written down.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from cloudformation_template import read_template
from unit.functions.harness import FakeMediaConvert

from bootstrap.platform import Deployment, Engine, deploy_platform

from . import needs
from .needs import Call, Place
from .policies import Grant, Need, grants_of

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parents[2]
SITE_URL = "https://videos.example"
MAX_OPEN_UPLOADS = 3
SESSION_NAME = "permissions"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""A cache policy of AWS's own."""
STOP_SECONDS = 10


@dataclass(frozen=True)
class Function:
    """A function of the template, as deployed."""

    logical_id: str
    name: str
    role: str
    handler: str
    environment: dict[str, str]
    log_group_arn: str


@dataclass(frozen=True)
class Record:
    """A call, and the role under which it was made."""

    role: str
    call: Call


class FunctionFailedError(AssertionError):
    """The handler raised: on AWS the event would come again."""


class Runtime:
    """A function's process."""

    def __init__(self, function: Function, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("runtime.py")), function.handler],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def invoke(
        self, event: object, pause_before: str, meanwhile: Callable[[], object], milliseconds: int
    ) -> tuple[Any, str, list[Call]]:
        """Answer, error and calls."""
        said = self._ask({"event": event, "pauseBefore": pause_before, "milliseconds": milliseconds})
        if "paused" in said:
            meanwhile()
            said = self._ask({})
        return said["answer"], said["error"], [Call(**call) for call in said["calls"]]

    def _ask(self, line: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(line), file=self._process.stdin, flush=True)
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class GuardedMediaConvert(FakeMediaConvert):
    """A MediaConvert that asks the caller's role, as the real one does and no engine's."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert self.world is not None
        for need in self._needs(method, path, body):
            if not any(grant.covers(need) for grant in self.world.grants(need.role)):
                return 403, {"errorType": "AccessDeniedException", "message": f"not authorized: {need}"}
        return super().answer(method, path, body)

    def _needs(self, method: str, path: str, body: dict[str, Any]) -> Iterator[Need]:
        """By the wire, because this is the service's side of the call."""
        assert self.world is not None
        last = path.rpartition("/")[2]
        named = {"POST jobs": "CreateJob", "POST probe": "Probe", "GET search": "SearchJobs"}
        name = named.get(f"{method} {last}", "GetJob" if method == "GET" else "CancelJob")
        asked = {"Queue": body.get("queue", self.world.job_queue_arn), "Role": body.get("role"), "Id": last}
        yield from needs.of_call(self.world.calling, Call("mediaconvert", name, asked, 0, ""), self.world.place)


@dataclass
class World:
    """The stack, with its own credentials and with each role's."""

    engine: Engine
    place: Place
    outputs: Mapping[str, str]
    functions: Mapping[str, Function]
    roles: Mapping[str, str]
    mediaconvert: GuardedMediaConvert
    records: list[Record] = field(default_factory=list)
    calling: str = ""
    """The role of the function that runs at the moment."""
    _runtimes: dict[str, Runtime] = field(default_factory=dict)

    @property
    def iam(self) -> IAMClient:
        return self.client("iam")

    @property
    def s3(self) -> S3Client:
        """S3 as the account's owner."""
        return self.client("s3")

    @property
    def job_queue_arn(self) -> str:
        return self.place.arn("mediaconvert", "queues/Default")

    def client(self, service: str, role: str | None = None) -> Any:
        """A client of the account's owner, or of somebody in the role."""
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else Config()
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.engine.endpoint_url,
            region_name=self.engine.region,
            config=config.merge(Config(retries={"total_max_attempts": 1})),
            **self._credentials(role),
        )

    def _credentials(self, role: str | None) -> dict[str, str | None]:
        if role is None:
            return {
                "aws_access_key_id": self.engine.access_key_id,
                "aws_secret_access_key": self.engine.secret_access_key,
            }
        arn = f"arn:aws:iam::{self.place.account}:role/{self.roles[role]}"
        found = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=SESSION_NAME)["Credentials"]
        return {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }

    def invoke(
        self,
        logical_id: str,
        event: object,
        pause_before: str = "",
        meanwhile: Callable[[], object] = lambda: None,
        milliseconds: int = 300_000,
    ) -> Any:
        """One event through a function; `meanwhile` happens before its first call of the operation `pause_before`.

        `milliseconds` are what the function believes is left of its time. Raises FunctionFailedError.
        """
        function = self.functions[logical_id]
        runtime = self._runtimes.get(logical_id) or self._start(function)

        def step_aside() -> None:
            meanwhile()
            self.calling = function.role

        self.calling = function.role
        answer, error, calls = runtime.invoke(event, pause_before, step_aside, milliseconds)
        self.records += [Record(function.role, call) for call in calls]
        if error:
            raise FunctionFailedError(f"{function.name}: {error}")
        return answer

    def forget_unfinished_work(self) -> None:
        """So that a round of the reconciler finds what its flow has left, and nothing else."""
        temp, media = self.outputs["TempBucketName"], self.outputs["MediaBucketName"]
        for bucket, prefix in ((temp, "pending/"), (temp, "uploads/"), (media, "deleted/")):
            for item in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
                self.s3.delete_object(Bucket=bucket, Key=item["Key"])
        for upload in self.s3.list_multipart_uploads(Bucket=temp).get("Uploads", []):
            self.s3.abort_multipart_upload(Bucket=temp, Key=upload["Key"], UploadId=upload["UploadId"])

    def lose_messages(self) -> None:
        """Whatever the trigger's queue held."""
        self.client("sqs").purge_queue(QueueUrl=self.outputs["TriggerQueueUrl"])

    def _start(self, function: Function) -> Runtime:
        keys = {name.upper(): value or "" for name, value in self._credentials(function.role).items()}
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **function.environment,
            **keys,
            "AWS_ENDPOINT_URL": self.engine.endpoint_url or "",
            "AWS_DEFAULT_REGION": self.engine.region,
            "PYTHONPATH": str(ROOT / "services" / "functions"),
        }
        return self._runtimes.setdefault(function.logical_id, Runtime(function, environment))

    def grants(self, role: str) -> tuple[Grant, ...]:
        """Every statement of the role, as it is at the moment."""
        return tuple(grant for document in self.documents(role).values() for grant in grants_of(role, document))

    def documents(self, role: str) -> dict[str, dict[str, Any]]:
        """The role's policies by name."""
        name = self.roles[role]
        policies = self.iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {
            policy: dict(self.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])  # type: ignore[arg-type]
            for policy in policies
        }

    @contextmanager
    def without(self, role: str, sid: str) -> Iterator[None]:
        """The role without one of its statements, for a while; its functions start afresh, with nothing in memory."""
        before = self.documents(role)
        for function in self.functions.values():
            if function.role == role and (runtime := self._runtimes.pop(function.logical_id, None)):
                runtime.stop()
        for policy, document in before.items():
            if kept := [one for one in document["Statement"] if one["Sid"] != sid]:
                self._put(role, policy, kept)
            else:
                self.iam.delete_role_policy(RoleName=self.roles[role], PolicyName=policy)
        try:
            yield
        finally:
            for policy, document in before.items():
                self._put(role, policy, document["Statement"])

    def _put(self, role: str, policy: str, statements: list[Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": statements}
        self.iam.put_role_policy(RoleName=self.roles[role], PolicyName=policy, PolicyDocument=json.dumps(document))

    def stop(self) -> None:
        for runtime in self._runtimes.values():
            runtime.stop()


@contextmanager
def deployed(engine: Engine, build: Path) -> Iterator[World]:
    with ExitStack() as stack:
        mediaconvert = GuardedMediaConvert()
        url = stack.enter_context(mediaconvert.running())
        parameters = {
            "Delivery": "stand-in",
            "SiteUrl": SITE_URL,
            "TlsOnly": "false",
            "MediaConvertEndpointUrl": url,
            "MediaConvertEventSource": "emulated.mediaconvert",
            "MaxOpenUploads": str(MAX_OPEN_UPLOADS),
        }
        platform = deploy_platform(engine, Deployment("local", ROOT / "frontend", build, parameters))
        world = _world(engine, platform.outputs, mediaconvert)
        mediaconvert.world = world
        _add_what_comes_with_cloudfront(world)
        stack.callback(world.stop)
        yield world


def _world(engine: Engine, outputs: Mapping[str, str], mediaconvert: GuardedMediaConvert) -> World:
    session = engine.session()
    account = session.client("sts", endpoint_url=engine.endpoint_url).get_caller_identity()["Account"]
    place = Place(engine.region, account)
    cloudformation = session.client("cloudformation", endpoint_url=engine.endpoint_url)
    (name,) = [one["StackName"] for one in cloudformation.describe_stacks()["Stacks"]]
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    by_type = {one["LogicalResourceId"]: one["ResourceType"] for one in resources}
    roles = {logical: physical[logical] for logical, kind in by_type.items() if kind == "AWS::IAM::Role"}
    client = session.client("lambda", endpoint_url=engine.endpoint_url)
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    events = session.client("events", endpoint_url=engine.endpoint_url)
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])
    functions = {}
    for logical, kind in by_type.items():
        if kind == "AWS::Lambda::Function":
            found = client.get_function_configuration(FunctionName=physical[logical])
            functions[logical] = Function(
                logical,
                physical[logical],
                _logical_role(found["Role"], roles),
                found["Handler"],
                found["Environment"]["Variables"],
                place.arn("logs", f"log-group:/aws/lambda/{physical[logical]}"),
            )
    return World(engine, place, outputs, functions, roles, mediaconvert)


def _add_what_comes_with_cloudfront(world: World) -> None:
    """The policies that the template attaches to roles beside a distribution, which no local engine's stack has."""
    names = {
        "AWS::Partition": "aws",
        "AWS::AccountId": world.place.account,
        "Distribution": _distribution(world.client("cloudfront")),
    }
    for resource in read_template()["Resources"].values():
        if resource["Type"] == "AWS::IAM::Policy":
            properties = resource["Properties"]
            document = json.dumps(_resolved(properties["PolicyDocument"], names))
            for role in properties["Roles"]:
                name = world.roles[role["Ref"]]
                policy = properties["PolicyName"]
                world.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
    for function in world.functions.values():
        function.environment["DISTRIBUTION_ID"] = names["Distribution"]


def _distribution(cloudfront: Any) -> str:
    """Id of a distribution that delivers nothing."""
    origin = {"Id": "media", "DomainName": "media.example", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    behaviour = {"TargetOriginId": "media", "ViewerProtocolPolicy": "https-only", "CachePolicyId": CACHING_OPTIMIZED}
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": SESSION_NAME,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
        }
    )
    distribution_id: str = made["Distribution"]["Id"]
    return distribution_id


def _resolved(value: Any, names: Mapping[str, str]) -> Any:
    """A piece of the template with its `!Sub`s filled in. Raises KeyError for a name that nobody gave."""
    if isinstance(value, list):
        return [_resolved(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda found: names[found[1]], value["Sub"])
    return {name: _resolved(one, names) for name, one in value.items()}


def _logical_role(arn: str, roles: Mapping[str, str]) -> str:
    (logical,) = [logical for logical, name in roles.items() if arn.endswith(f"/{name}")]
    return logical
