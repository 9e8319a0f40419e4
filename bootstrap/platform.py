"""Deploys the whole platform into one engine: key, zip, template, site configuration, site."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config

from bootstrap.artifacts import ensure_bucket, ensure_object
from bootstrap.in_place import create_or_refresh
from bootstrap.names import StageNames, stage_names
from bootstrap.packaging import Package, package_functions
from bootstrap.signing_key import SigningKeys, ensure_signing_keys
from bootstrap.site import publish_site, read_site
from bootstrap.stack import Deployed, deploy_stack
from bootstrap.template import render_template

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# The one place where site and deployment meet: what the page needs to know, read by it at start.
SITE_CONFIG_KEY = "config.json"


@dataclass(frozen=True, slots=True)
class Engine:
    """Where to deploy: an AWS API endpoint (None is AWS itself) and the credentials for it.

    `updates_stacks` is false for an engine whose CloudFormation can only create.
    """

    region: str
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    updates_stacks: bool = True

    def session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=self.region,
        )


@dataclass(frozen=True, slots=True)
class Deployment:
    """What to deploy: the stage, its parameters, and the folders of site and build products."""

    stage: str
    site: Path
    build: Path
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Platform:
    """A deployed platform: its outputs, whether anything changed, its parameters, and the keys of its cookies."""

    outputs: dict[str, str]
    changed: bool
    parameters: Mapping[str, str]
    signing_keys: SigningKeys


def deploy_platform(
    engine: Engine, deployment: Deployment, say: Callable[[str], None] = lambda _message: None
) -> Platform:
    """Deploys `deployment` into `engine`; safe to repeat, quick when nothing changed.

    Raises:
        PackagingError: the functions' zip could not be built.
        DeploymentError: CloudFormation refused or undid the change.
    """
    session = engine.session()
    s3 = session.client("s3", endpoint_url=engine.endpoint_url, config=_s3_config())
    names = _names(engine, deployment.stage)
    artefacts = f"sstech-video-artifacts-{_account(session, engine)}-{engine.region}"
    say("Packaging the functions")
    package = package_functions(deployment.build)
    say("Uploading the functions")
    ensure_bucket(s3, artefacts, engine.region)
    ensure_object(s3, artefacts, package.key, package.path.read_bytes())
    ssm = session.client("ssm", endpoint_url=engine.endpoint_url)
    keys = ensure_signing_keys(ssm, f"/{names.signing_key_parameter}")
    say("Deploying the template")
    parameters = {**stage_parameters(deployment.stage, names, artefacts, package, keys), **deployment.parameters}
    deployed = _deploy_template(
        session, engine, names.stack, upload_template(s3, artefacts, render_template()), parameters, package
    )
    say("Publishing the site")
    files = {**read_site(deployment.site), SITE_CONFIG_KEY: site_config(deployed.outputs)}
    publish_site(s3, deployed.outputs["SiteBucketName"], files)
    return Platform(deployed.outputs, deployed.changed, parameters, keys)


def _deploy_template(
    session: boto3.Session,
    engine: Engine,
    name: str,
    template_url: str,
    parameters: Mapping[str, str],
    package: Package,
) -> Deployed:
    cloudformation = session.client("cloudformation", endpoint_url=engine.endpoint_url)
    if engine.updates_stacks:
        pace: Literal["fast", "slow"] = "fast" if engine.endpoint_url else "slow"
        return deploy_stack(cloudformation, name, template_url=template_url, parameters=parameters, pace=pace)
    return create_or_refresh(
        cloudformation,
        session.client("lambda", endpoint_url=engine.endpoint_url),
        name,
        template_url=template_url,
        template=render_template(),
        parameters=parameters,
        package=package,
    )


def _s3_config() -> Config:
    return Config(signature_version="s3v4", s3={"addressing_style": "path"})


def _account(session: boto3.Session, engine: Engine) -> str:
    return session.client("sts", endpoint_url=engine.endpoint_url).get_caller_identity()["Account"]


def _names(engine: Engine, stage: str) -> StageNames:
    if engine.endpoint_url:
        return stage_names(stage)
    return stage_names(stage, account=_account(engine.session(), engine), region=engine.region)


def upload_template(s3: "S3Client", bucket: str, text: str) -> str:
    """Puts the rendered template into the artefact bucket, where CloudFormation fetches it; returns its URL."""
    key = f"templates/{hashlib.sha256(text.encode()).hexdigest()}.yaml"
    ensure_object(s3, bucket, key, text.encode())
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def stage_parameters(
    stage: str, names: StageNames, artefacts: str, package: Package, keys: SigningKeys
) -> dict[str, str]:
    """The template's parameters that follow from the stage, the code and the keys."""
    return {
        "Stage": stage,
        "NameSuffix": names.name_suffix,
        "BucketSuffix": names.bucket_suffix,
        "CodeBucket": artefacts,
        "CodeKey": package.key,
        "SigningPublicKeyA": keys.by_slot["a"].pem,
        "SigningPublicKeyB": keys.by_slot["b"].pem,
        "ActiveSigningSlot": keys.active,
        "SigningKeyId": keys.signing.key_id,
        "SigningKeyParameter": names.signing_key_parameter,
    }


def site_config(outputs: Mapping[str, str]) -> bytes:
    """`config.json`: what the page needs to know."""
    shown = ("Stage", "Region", "UserPoolId", "UserPoolClientId")
    return json.dumps({name: outputs[name] for name in shown}, indent=2).encode()
