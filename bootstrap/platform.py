"""Deploys the whole platform into one engine: key, zip, template, site configuration, site."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.config import Config

from bootstrap.artifacts import ArtefactBucket
from bootstrap.in_place import create_or_refresh
from bootstrap.names import StageNames, stage_names
from bootstrap.packaging import CODE_PARAMETER, Package, package_functions
from bootstrap.signing_key import SigningKeys, ensure_signing_keys
from bootstrap.site import publish_site, read_site
from bootstrap.stack import Deployed, deploy_stack
from bootstrap.template import render_template

# The one place where site and deployment meet: what the page needs to know, read by it at start.
SITE_CONFIG_KEY = "config.json"


@dataclass(frozen=True, slots=True)
class Engine:
    """Where to deploy: an emulator's API endpoint and the credentials for it.

    `updates_stacks` is false for an engine whose CloudFormation can only create.
    """

    region: str
    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    updates_stacks: bool = True

    def session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=self.region,
        )

    def artefact_bucket(self) -> ArtefactBucket:
        """Its objects are addressed by path: an emulator's host name has no room for a bucket's."""
        session = self.session()
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        account_id = session.client("sts", endpoint_url=self.endpoint_url).get_caller_identity()["Account"]
        return ArtefactBucket(
            session.client("s3", endpoint_url=self.endpoint_url, config=config), account_id, self.region
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
    names = stage_names(deployment.stage)
    artefacts = engine.artefact_bucket()
    say("Packaging the functions")
    package = package_functions(deployment.build)
    say("Uploading the functions")
    artefacts.create()
    artefacts.add_package(package)
    ssm = engine.session().client("ssm", endpoint_url=engine.endpoint_url)
    keys = ensure_signing_keys(ssm, f"/{names.signing_key_parameter}")
    say("Deploying the template")
    parameters = {**stage_parameters(deployment.stage, names, artefacts, package, keys), **deployment.parameters}
    deployed = _deploy_template(engine, names.stack, artefacts, parameters, package)
    say("Publishing the site")
    files = {**read_site(deployment.site), SITE_CONFIG_KEY: site_config(deployed.outputs)}
    publish_site(artefacts.s3, deployed.outputs["SiteBucketName"], files)
    return Platform(deployed.outputs, deployed.changed, parameters, keys)


def _deploy_template(
    engine: Engine, name: str, artefacts: ArtefactBucket, parameters: Mapping[str, str], package: Package
) -> Deployed:
    session = engine.session()
    cloudformation = session.client("cloudformation", endpoint_url=engine.endpoint_url)
    template = render_template()
    template_url = artefacts.add_template(template)
    if engine.updates_stacks:
        return deploy_stack(cloudformation, name, template_url=template_url, parameters=parameters, pace="fast")
    return create_or_refresh(
        cloudformation,
        session.client("lambda", endpoint_url=engine.endpoint_url),
        name,
        template_url=template_url,
        template=template,
        parameters=parameters,
        package=package,
    )


def stage_parameters(
    stage: str, names: StageNames, artefacts: ArtefactBucket, package: Package, keys: SigningKeys
) -> dict[str, str]:
    """The template's parameters that follow from the stage, the code and the keys."""
    return {
        "Stage": stage,
        "NameSuffix": names.name_suffix,
        "BucketSuffix": names.bucket_suffix,
        "CodeBucket": artefacts.name,
        CODE_PARAMETER: package.key,
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
