"""The optional edge stack of a stage: what CloudFront wants in us-east-1, wherever the stage itself is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bootstrap.account import Account
from bootstrap.artifacts import FIRST_REGION
from bootstrap.cloud import Stage, Teller, artefacts_of
from bootstrap.errors import BootstrapError
from bootstrap.parsing import parse_template
from bootstrap.stack import (
    POLL_SECONDS,
    Definition,
    apply_definition,
    delete_stack,
    find_stack,
    stack_outputs,
    stack_parameters,
)

EDGE_TEMPLATE = Path(__file__).with_name("edge.yaml")
# Computed here, or the stage's own.
OWN_PARAMETERS = frozenset({"AlarmEmail", "DistributionId", "Stage"})
# The stage's parameters that come from the edge stack: what the stage's own template calls the edge stack's outputs,
# and the name that the certificate is for.
HANDED_ON = ("CertificateArn", "WebAclArn", "DomainName")
# What switches something off, and what the stage then has to do without.
SWITCHED_OFF = {("WebAcl", "false"): ("WebAclArn",), ("DomainName", ""): ("DomainName", "CertificateArn")}


def deploy_edge(stage: Stage, chosen: Mapping[str, str], teller: Teller) -> dict[str, str]:
    """Deploys the edge stack; returns the parameters of the stage's template that follow from it.

    What the edge stack does not make is the stage's own matter, and not among them. The stage's distribution, once
    there is one, gets its alarms here: a first deployment calls this before and after.

    Raises:
        BootstrapError: an unknown parameter, or CloudFormation refused or undid the change.
    """
    text = EDGE_TEMPLATE.read_text(encoding="utf-8")
    known = set(parse_template(text)["Parameters"])
    unknown = sorted(set(chosen) - (known - OWN_PARAMETERS))
    if unknown:
        raise BootstrapError(
            f"{', '.join(unknown)} cannot be set for the edge: {', '.join(sorted(known - OWN_PARAMETERS))}."
        )
    account = edge_account(stage.account)
    teller.say("Deploying the edge stack")
    artefacts_of(account).create()
    parameters: dict[str, str | None] = {
        **dict.fromkeys(name for name in _present(account, stage) if name in known),
        **chosen,
        "Stage": stage.name,
        "DistributionId": _distribution(stage),
        "AlarmEmail": stage.parameters().get("AlarmEmail", ""),
    }
    definition = Definition(artefacts_of(account).add_template(text), parameters, tags=stage.tags)
    apply_definition(account.cloudformation, edge_name(stage), definition, pace=stage.pace, audience=teller.audience)
    return _made(account, stage)


def let_go(stage: Stage, chosen: Mapping[str, str], teller: Teller) -> None:
    """Has the stage do without what `chosen` switches off at the edge: CloudFront holds on to what it uses.

    Raises:
        BootstrapError: CloudFormation refused or undid the change.
    """
    made, used = _made(edge_account(stage.account), stage), stage.parameters()
    off = {name for switch in chosen.items() for name in SWITCHED_OFF.get(switch, ())}
    # What a person has set for the stage in place of the edge stack's stays.
    blank = {name: "" for name in sorted(off) if made.get(name) and made[name] == used.get(name)}
    if blank:
        teller.say("Letting go of what the edge stack will not have any more")
        stage.update(blank, teller)


def destroy_edge(stage: Stage, teller: Teller) -> None:
    """Removes the edge stack, if there is one. Its stage must be gone: CloudFront holds on to what it uses."""
    account = edge_account(stage.account)
    delete_stack(account.cloudformation, edge_name(stage), poll=POLL_SECONDS[stage.pace], audience=teller.audience)


def has_edge(stage: Stage) -> bool:
    """Whether the stage has an edge stack."""
    return find_stack(edge_account(stage.account).cloudformation, edge_name(stage)) is not None


def edge_name(stage: Stage) -> str:
    """The edge stack's name; the region is in it, since one account may have the stage in several."""
    return f"{stage.names.stack}-edge-{stage.account.region}"


def edge_account(account: Account) -> Account:
    """The same account in the region that CloudFront reads from."""
    return replace(account, region=FIRST_REGION)


def _present(account: Account, stage: Stage) -> dict[str, str]:
    return stack_parameters(find_stack(account.cloudformation, edge_name(stage)))


def _made(account: Account, stage: Stage) -> dict[str, str]:
    """The stage's parameters that the edge stack has a value for."""
    if find_stack(account.cloudformation, edge_name(stage)) is None:
        return {}
    values = {**_present(account, stage), **stack_outputs(account.cloudformation, edge_name(stage))}
    return {name: values[name] for name in HANDED_ON if values.get(name)}


def _distribution(stage: Stage) -> str:
    stack = find_stack(stage.account.cloudformation, stage.names.stack)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])} if stack else {}
    return outputs.get("DistributionId", "")
