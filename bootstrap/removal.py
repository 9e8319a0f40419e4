"""Removes a stage from an account: everything it made but what is marked to be kept."""

from bootstrap.account import Account
from bootstrap.buckets import delete_bucket, empty_bucket
from bootstrap.cloud import EMPTIED, KEPT, Stage, Teller, artefacts_of
from bootstrap.edge import destroy_edge, edge_account
from bootstrap.errors import DeploymentError
from bootstrap.rotation import rotation_parameters
from bootstrap.signing_key import SLOTS, delete_parameter, forget_private_half
from bootstrap.stack import POLL_SECONDS, delete_stack, find_stack, physical_ids

# Access logs of the emptying itself may still arrive.
TRIES = 4
STACK_PREFIX = "sstech-video-"


def destroy_stage(stage: Stage, teller: Teller) -> dict[str, str]:
    """Removes the stage and its edge stack; returns what was kept, by what it holds.

    Safe to repeat after an interruption.

    Raises:
        DeploymentError: something could not be deleted; the message says what.
    """
    account = stage.account
    kept: dict[str, str] = {}
    if find_stack(account.cloudformation, stage.names.stack) is not None:
        resources = physical_ids(account.cloudformation, stage.names.stack)
        kept = {KEPT[name]: resources[name] for name in KEPT if name in resources}
        _delete(stage, [resources[name] for name in EMPTIED if name in resources], teller)
    destroy_edge(stage, teller)
    teller.say("Deleting the signing keys")
    prefix = f"/{stage.names.signing_key_parameter}"
    for slot in SLOTS:
        forget_private_half(account.ssm, prefix, slot)
    for name in rotation_parameters(prefix):
        delete_parameter(account.ssm, name)
    # The edge stack had its template in a bucket of its own region.
    for region in {one.region: one for one in (account, edge_account(account))}.values():
        if not _has_stages(region):
            teller.say("Deleting the artefact bucket")
            delete_bucket(region.s3, artefacts_of(region).name)
    return kept


def _delete(stage: Stage, buckets: list[str], teller: Teller) -> None:
    for attempt in range(1, TRIES + 1):
        teller.say("Emptying the buckets")
        for bucket in buckets:
            empty_bucket(stage.account.s3, bucket)
        teller.say("Deleting the stack")
        try:
            delete_stack(
                stage.account.cloudformation,
                stage.names.stack,
                poll=POLL_SECONDS[stage.pace],
                audience=teller.audience,
                may_stay=KEPT,
            )
        except DeploymentError as error:
            if "not empty" not in str(error) or attempt == TRIES:
                raise
        else:
            return


def _has_stages(account: Account) -> bool:
    pages = account.cloudformation.get_paginator("describe_stacks").paginate()
    return any(stack["StackName"].startswith(STACK_PREFIX) for page in pages for stack in page["Stacks"])
