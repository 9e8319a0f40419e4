"""A local stack's deployment: what its engine, its stand-ins and its people are told about each other.

The same addresses have two names where the engine runs in containers: one inside their network, one on the host.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bootstrap.distribution import Backends, distribution_document
from bootstrap.local_account import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, STAGE
from bootstrap.names import stage_names
from bootstrap.platform import Deployment, Engine, Platform, deploy_platform
from bootstrap.stack import find_stack


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs, without a trailing slash, of the stack's four services."""

    site: str
    engine: str
    mediaconvert: str
    cognito: str


@dataclass(frozen=True, slots=True)
class LocalSetup:
    """A local stack: its addresses as people on the host know them and as its own services know each other.

    `event_source` is what MediaConvert's job events carry; `updates_stacks` as in `Engine`.
    """

    outside: Addresses
    inside: Addresses
    event_source: str
    updates_stacks: bool
    # Other places that the site is served from while people work on it: they may upload too.
    more_origins: tuple[str, ...] = ()

    @property
    def engine(self) -> Engine:
        return Engine(REGION, self.inside.engine, ACCESS_KEY_ID, SECRET_ACCESS_KEY, self.updates_stacks)

    def parameters(self) -> dict[str, str]:
        """Parameters of the template that differ from AWS's."""
        by_name = self.outside.site.replace("127.0.0.1", "localhost")
        return {
            "Delivery": "stand-in",
            "SiteUrl": self.outside.site,
            "UploadOrigins": ",".join([self.outside.site, by_name, *self.more_origins]),
            "TlsOnly": "false",
            "SignUp": "open",
            "CognitoEndpointUrl": self.inside.cognito,
            "MediaConvertEndpointUrl": self.inside.mediaconvert,
            "MediaConvertEventSource": self.event_source,
            "PublicS3EndpointUrl": self.outside.engine,
        }


def deploy_local(
    setup: LocalSetup, site: Path, build: Path, say: Callable[[str], None] = lambda _message: None
) -> Platform:
    """Deploys the platform into the local stack's engine.

    Raises:
        PackagingError: the functions' zip could not be built.
        DeploymentError: CloudFormation refused or undid the change.
    """
    return deploy_platform(setup.engine, Deployment(STAGE, site, build, setup.parameters()), say)


def deployment_check(setup: LocalSetup) -> Callable[[], bool]:
    """A function that says whether the engine holds the stack, in whatever state; one client for many looks."""
    cloudformation = setup.engine.session().client("cloudformation", endpoint_url=setup.inside.engine)
    return lambda: find_stack(cloudformation, stage_names(STAGE).stack) is not None


def host_outputs(setup: LocalSetup, platform: Platform) -> dict[str, str]:
    """What people and their programs are told: every URL in it works from the host."""
    outputs = {name: _from_host(value, setup) for name, value in platform.outputs.items() if name.endswith("QueueUrl")}
    api_id = platform.outputs["ApiId"]
    return {
        **{name: value for name, value in platform.outputs.items() if name != "ApiId"},
        **outputs,
        "ApiUrl": f"{setup.outside.engine}/_aws/execute-api/{api_id}/api",
        "CognitoEndpointUrl": setup.outside.cognito,
        "AwsEndpointUrl": setup.outside.engine,
        "MediaConvertEndpointUrl": setup.outside.mediaconvert,
        "AccessKeyId": ACCESS_KEY_ID,
        "SecretAccessKey": SECRET_ACCESS_KEY,
    }


def cdn_deployment(setup: LocalSetup, platform: Platform) -> str:
    """What the CDN stand-in is told, as its file `CDN_DEPLOYMENT_FILE` holds it."""
    outputs = platform.outputs
    backends = Backends(outputs["SiteBucketName"], outputs["MediaBucketName"], outputs["ApiId"], outputs["Region"])
    distribution = distribution_document(platform.parameters, backends, tuple(platform.signing_keys.by_slot.values()))
    return json.dumps({"executeApiUrl": f"{setup.inside.engine}/_aws/execute-api", **distribution}, indent=2)


def outputs_document(outputs: Mapping[str, str]) -> str:
    """`outputs.json`."""
    return json.dumps(outputs, indent=2) + "\n"


def write_atomically(path: Path, text: str) -> None:
    """Nobody ever reads half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _from_host(queue_url: str, setup: LocalSetup) -> str:
    """An engine names itself in a queue's URL by a name of its own choice; the path is what counts."""
    return setup.outside.engine + urlsplit(queue_url).path
