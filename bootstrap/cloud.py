"""Deploys a stage into an AWS account: the whole, its functions alone, or its site alone."""

import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bootstrap.account import Account, check_room
from bootstrap.artifacts import ArtefactBucket
from bootstrap.buckets import empty_bucket
from bootstrap.errors import BootstrapError
from bootstrap.kept import adopting_template, find_kept
from bootstrap.names import StageNames, stage_names
from bootstrap.packaging import CODE_PARAMETER, package_functions
from bootstrap.parsing import parse_template
from bootstrap.platform import SITE_CONFIG_KEY, site_config, stage_parameters
from bootstrap.signing_key import SLOTS, SigningKeys, Slot, ensure_signing_keys
from bootstrap.site import invalidation_paths, publish_site, read_site
from bootstrap.stack import (
    HALF_UNDONE,
    POLL_SECONDS,
    TAGS,
    Audience,
    Definition,
    Deployed,
    Pace,
    apply_definition,
    delete_stack,
    find_stack,
    physical_ids,
    ready_stack,
    settled_status,
    stack_outputs,
    stack_parameters,
)
from bootstrap.template import render_template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

LOCAL_STAGE = "local"
# Buckets that go with the stack; the main bucket stays.
EMPTIED = ("SiteBucket", "TempBucket", "LogBucket")
# What stays, by what it holds.
KEPT = {"MediaBucket": "videos", "UserPool": "accounts"}
# Computed here for every deployment: nobody sets them by hand.
OWN_PARAMETERS = frozenset(
    {
        "ActiveSigningSlot",
        "BucketSuffix",
        "CodeBucket",
        CODE_PARAMETER,
        "Delivery",
        "NameSuffix",
        "SigningKeyId",
        "SigningKeyParameter",
        "SigningPublicKeyA",
        "SigningPublicKeyB",
        "Stage",
    }
)

Part = Literal["functions", "site"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: a stage, the folders of site and build products, and parameters that a person chose."""

    stage: str
    site: Path
    build: Path
    chosen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the person what goes on, and asks."""

    audience: Audience = field(default_factory=Audience)
    say: Callable[[str], None] = lambda _message: None
    warn: Callable[[str], None] = lambda _message: None


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of an account: its names and the pace at which its CloudFormation is asked for news."""

    account: Account
    name: str
    names: StageNames
    pace: Pace = "slow"

    @classmethod
    def of(cls, account: Account, name: str, *, pace: Pace = "slow") -> "Stage":
        """Raises: BootstrapError: `name` cannot be a stage on AWS."""
        if name == LOCAL_STAGE:
            raise BootstrapError("The stage 'local' is this machine's own: python3 scripts/dev.py up")
        names = stage_names(name, account=account.account_id, region=account.region)
        return cls(account, name, names, pace)

    @property
    def artefacts(self) -> ArtefactBucket:
        return artefacts_of(self.account)

    def outputs(self) -> dict[str, str]:
        """The deployed stage's outputs. Raises: BootstrapError: it is not deployed."""
        self.require_deployed()
        return stack_outputs(self.account.cloudformation, self.names.stack)

    def parameters(self) -> dict[str, str]:
        """What the stage was last deployed with; empty when it is not deployed."""
        return stack_parameters(find_stack(self.account.cloudformation, self.names.stack))

    def ready(self) -> "StackTypeDef | None":
        """The stage's stack, once nothing is going on in it; a creation that failed is cleared away.

        Raises: DeploymentError: the stack is in a state that only its owner can resolve.
        """
        cloudformation, name, poll = self.account.cloudformation, self.names.stack, POLL_SECONDS[self.pace]
        # CloudTrail writes into its bucket at once, so that CloudFormation could not delete it again.
        if find_stack(cloudformation, name) and settled_status(cloudformation, name, poll) == HALF_UNDONE:
            present = physical_ids(cloudformation, name)
            for bucket in filter(None, map(present.get, EMPTIED)):
                empty_bucket(self.account.s3, bucket)
            # Production's user pool is protected from deletion: the deployment that follows adopts it.
            delete_stack(cloudformation, name, poll=poll, may_stay=KEPT)
        return ready_stack(cloudformation, name, poll)

    def require_deployed(self) -> None:
        """Raises: BootstrapError."""
        if self.ready() is None:
            raise BootstrapError(
                f"There is no stage {self.name} in {self.account.region}. Deploy it first: "
                f"python3 scripts/dev.py deploy --stage {self.name} --region {self.account.region}"
            )

    def update(self, parameters: Mapping[str, str], teller: Teller) -> Deployed:
        """Changes the given parameters and nothing else."""
        kept: dict[str, str | None] = dict.fromkeys(self.parameters())
        definition = Definition(None, {**kept, **parameters}, tags=self.tags)
        return self.apply(definition, teller)

    def apply(self, definition: Definition, teller: Teller) -> Deployed:
        return apply_definition(
            self.account.cloudformation, self.names.stack, definition, pace=self.pace, audience=teller.audience
        )

    @property
    def tags(self) -> dict[str, str]:
        return {**TAGS, "stage": self.name}


def artefacts_of(account: Account) -> ArtefactBucket:
    """The bucket for zips and templates of all stages of an account and region."""
    return ArtefactBucket(account.s3, account.account_id, account.region)


def deploy_stage(stage: Stage, order: Order, teller: Teller) -> dict[str, str]:
    """Deploys everything; returns the outputs. Safe to repeat, and to go on with after an interruption.

    Raises:
        BootstrapError: in one of its kinds; the message says what to do next.
    """
    account = stage.account
    present = stage.ready()
    for warning in check_room(account, is_new=present is None):
        teller.warn(warning)
    before = stack_parameters(present)
    rendered = render_template()
    known = parse_template(rendered)["Parameters"].keys()
    _refuse_unknown(known, order.chosen)
    teller.say("Packaging the functions")
    package = package_functions(order.build)
    teller.say("Uploading the functions and the template")
    stage.artefacts.create()
    stage.artefacts.add_package(package)
    keys = _signing_keys(stage, before)
    parameters: dict[str, str | None] = {
        **dict.fromkeys(before.keys() & known),
        **stage_parameters(stage.name, stage.names, stage.artefacts, package, keys),
        "Delivery": "cloudfront",
        **order.chosen,
    }
    if present is None:
        _adopt(stage, rendered, parameters, teller)
    teller.say("Deploying the template")
    deployed = stage.apply(Definition(stage.artefacts.add_template(rendered), parameters, tags=stage.tags), teller)
    publish(stage, order.site, deployed.outputs, teller)
    return deployed.outputs


def deploy_functions(stage: Stage, build: Path, teller: Teller) -> dict[str, str]:
    """Brings new code to the stage's functions, all or none of them; everything else stays.

    By a change set too: CloudFormation then knows what runs, and takes it back when one function fails.

    Raises:
        BootstrapError: in one of its kinds; the message says what to do next.
    """
    stage.require_deployed()
    teller.say("Packaging the functions")
    package = package_functions(build)
    teller.say("Uploading the functions")
    stage.artefacts.add_package(package)
    teller.say("Updating the functions")
    return stage.update({CODE_PARAMETER: package.key}, teller).outputs


def deploy_site(stage: Stage, site: Path, teller: Teller) -> dict[str, str]:
    """Brings the site to the stage's bucket; everything else stays. Raises: BootstrapError."""
    outputs = stage.outputs()
    publish(stage, site, outputs, teller)
    return outputs


def publish(stage: Stage, site: Path, outputs: Mapping[str, str], teller: Teller) -> list[str]:
    """Uploads what changed of the site and has CloudFront forget just that; returns the forgotten paths."""
    teller.say("Publishing the site")
    files = {**read_site(site), SITE_CONFIG_KEY: site_config(outputs)}
    paths = invalidation_paths(publish_site(stage.account.s3, outputs["SiteBucketName"], files))
    if paths:
        stage.account.cloudfront.create_invalidation(
            DistributionId=outputs["DistributionId"],
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": paths},
                "CallerReference": f"site-{time.time_ns()}",
            },
        )
    return paths


def contract_outputs(stage: Stage) -> dict[str, str]:
    """The outputs as `dev.py outputs` shows them for a local stack; AWS needs no endpoint URLs."""
    outputs = stage.outputs()
    api = f"https://{outputs['ApiId']}.execute-api.{stage.account.region}.amazonaws.com/api"
    return {**{name: value for name, value in outputs.items() if name != "ApiId"}, "ApiUrl": api}


def _signing_keys(stage: Stage, before: Mapping[str, str]) -> SigningKeys:
    active: Slot = "b" if before.get("ActiveSigningSlot") == "b" else "a"
    retired = {slot: before.get(f"SigningPublicKey{slot.upper()}", "") for slot in SLOTS}
    return ensure_signing_keys(
        stage.account.ssm, f"/{stage.names.signing_key_parameter}", active=active, retired=retired
    )


def _adopt(stage: Stage, rendered: str, parameters: Mapping[str, str | None], teller: Teller) -> None:
    kept = find_kept(stage.account, stage.names)
    if not kept.imports():
        return
    teller.say("Taking over the accounts and videos that an earlier stack has kept")
    url = stage.artefacts.add_template(adopting_template(rendered, kept))
    stage.apply(Definition(url, parameters, kept.imports(), tags=stage.tags), teller)


def _refuse_unknown(known: Set[str], chosen: Mapping[str, str]) -> None:
    settable = sorted(known - OWN_PARAMETERS)
    unknown = sorted(set(chosen) - set(settable))
    if unknown:
        raise BootstrapError(f"{', '.join(unknown)} cannot be set. Parameters to set: {', '.join(settable)}.")
