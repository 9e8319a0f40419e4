"""The embedded engine with what it lacks of AWS, for the deploy program's tests: `python emulated_aws.py`.

Resource types that its CloudFormation does not know are added, with AWS's own rules where the deploy program depends on
them: a public key cannot be changed in place nor deleted while in use, a bucket that is not empty cannot be deleted.
EMULATED_AWS_FAULTS names a JSON file {resource type: message}: creating or updating such a resource fails with the
message, which is how quotas and denials come.
"""

import json
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ministack.app import main
from ministack.services import cloudformation, cloudfront, s3
from ministack.services.cloudformation import provisioners, stacks

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]
HANDLERS: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def create_public_key(_logical_id: str, properties: Properties, _stack: str) -> Created:
    config = properties["PublicKeyConfig"]
    if any(key["Config"]["Name"] == config["Name"] for key in cloudfront._public_keys.values()):
        raise ValueError(f"PublicKeyAlreadyExists: a public key named {config['Name']} already exists")
    key_id = f"K{uuid.uuid4().hex[:13].upper()}"
    record = {"Id": key_id, "ETag": str(uuid.uuid4()), "CreatedTime": "2026-01-01T00:00:00Z", "Config": dict(config)}
    cloudfront._public_keys[key_id] = record
    return key_id, {"Id": key_id}


def update_public_key(key_id: str, old: Properties, new: Properties, _stack: str) -> Created:
    if old["PublicKeyConfig"] != new["PublicKeyConfig"]:
        raise ValueError("CannotChangeImmutablePublicKeyFields: only the comment can be changed")
    return key_id, {"Id": key_id}


def delete_public_key(key_id: str, _properties: Properties) -> None:
    if cloudfront._public_keys_using(key_id):
        raise ValueError("PublicKeyInUse: the public key is attached to one or more key groups")
    cloudfront._public_keys.pop(key_id, None)


def create_key_group(_logical_id: str, properties: Properties, _stack: str) -> Created:
    group_id = str(uuid.uuid4())
    # A stage of long ago, so that its rotation need not wait.
    record = {"Id": group_id, "ETag": str(uuid.uuid4()), "LastModifiedTime": "2026-01-01T00:00:00Z"}
    cloudfront._key_groups[group_id] = {**record, "Config": dict(properties["KeyGroupConfig"])}
    return group_id, {"Id": group_id}


def update_key_group(group_id: str, _old: Properties, new: Properties, _stack: str) -> Created:
    cloudfront._key_groups[group_id].update(Config=dict(new["KeyGroupConfig"]), LastModifiedTime=now())
    return group_id, {"Id": group_id}


def delete_key_group(group_id: str, _properties: Properties) -> None:
    cloudfront._key_groups.pop(group_id, None)


def create_queue(_logical_id: str, properties: Properties, _stack: str) -> Created:
    name = properties["Name"]
    return name, {"Arn": f"arn:aws:mediaconvert:us-east-1:000000000000:queues/{name}", "Name": name}


def create_trail(logical_id: str, properties: Properties, stack: str) -> Created:
    """CloudTrail writes into its bucket at once."""
    key = f"{properties['S3KeyPrefix']}/AWSLogs/000000000000/CloudTrail-Digest/"
    s3._buckets[properties["S3BucketName"]]["objects"][key] = s3._build_object_record(b"", {})
    return nothing_to_do(logical_id, properties, stack)


def nothing_to_do(_logical_id: str, properties: Properties, stack: str) -> Created:
    identifier = f"{stack}-{uuid.uuid4().hex[:12]}"
    return identifier, {"Id": identifier, "Arn": f"arn:aws:emulated:us-east-1:000000000000:{identifier}"}


def keep(physical_id: str, _old: Properties, _new: Properties, _stack: str) -> Created:
    return physical_id, {"Id": physical_id}


def forget(_physical_id: str, _properties: Properties) -> None:
    return None


def add_missing_types() -> None:
    HANDLERS["AWS::CloudFront::PublicKey"] = {
        "create": create_public_key,
        "update": update_public_key,
        "delete": delete_public_key,
    }
    HANDLERS["AWS::CloudFront::KeyGroup"] = {
        "create": create_key_group,
        "update": update_key_group,
        "delete": delete_key_group,
    }
    HANDLERS["AWS::MediaConvert::Queue"] = {"create": create_queue, "update": keep, "delete": forget}
    HANDLERS["AWS::CloudTrail::Trail"] = {"create": create_trail, "update": keep, "delete": forget}
    for kind in ("AWS::Budgets::Budget", "AWS::Logs::QueryDefinition"):
        HANDLERS.setdefault(kind, {"create": nothing_to_do, "update": keep, "delete": forget})


def refuse_full_buckets() -> None:
    delete = HANDLERS["AWS::S3::Bucket"]["delete"]

    def delete_empty(name: str, properties: Properties) -> None:
        if s3._buckets.get(name, {}).get("objects"):
            raise ValueError("The bucket you tried to delete is not empty (BucketNotEmpty)")
        delete(name, properties)

    HANDLERS["AWS::S3::Bucket"]["delete"] = delete_empty


def refuse_protected_pools() -> None:
    delete = HANDLERS["AWS::Cognito::UserPool"]["delete"]

    def delete_unprotected(pool: str, properties: Properties) -> None:
        if properties.get("DeletionProtection") == "ACTIVE":
            raise ValueError("InvalidParameterException: deletion protection is activated for the user pool")
        delete(pool, properties)

    HANDLERS["AWS::Cognito::UserPool"]["delete"] = delete_unprotected


def refuse_used_web_acls() -> None:
    delete = HANDLERS["AWS::WAFv2::WebACL"]["delete"]

    def delete_unused(web_acl: str, properties: Properties) -> None:
        _name, web_acl_id, _scope = web_acl.split("|")
        if any(web_acl_id in str(distribution) for distribution in cloudfront._distributions.values()):
            raise ValueError("WAFAssociatedItemException: the web ACL is associated with a distribution")
        delete(web_acl, properties)

    HANDLERS["AWS::WAFv2::WebACL"]["delete"] = delete_unused


def keep_what_could_not_be_undone() -> None:
    """What a failed rollback leaves behind is still the stack's; the engine would forget it."""
    add_event = stacks._add_event

    def remember(stack_id: str, stack_name: str, *event: Any, **options: Any) -> None:
        if "ROLLBACK_FAILED" in event:
            stack = cloudformation._stacks[stack_name]
            for logical_id, left in stack["_rollback_failed"].items():
                facts = {"LogicalResourceId": logical_id, "ResourceStatus": "DELETE_FAILED", "Timestamp": now()}
                stack["_resources"][logical_id] = {**left, **facts}
        add_event(stack_id, stack_name, *event, **options)

    stacks._add_event = remember


def obey_faults(path: Path) -> None:
    for kind, handler in HANDLERS.items():
        for action in {"create", "update"} & set(handler):
            handler[action] = _faulty(kind, handler[action], path)


def _faulty(kind: str, action: Callable[..., Any], path: Path) -> Callable[..., Any]:
    def run(*arguments: Any, **options: Any) -> Any:
        faults: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if kind in faults:
            raise ValueError(faults[kind])
        return action(*arguments, **options)

    return run


if __name__ == "__main__":
    add_missing_types()
    refuse_full_buckets()
    refuse_protected_pools()
    refuse_used_web_acls()
    keep_what_could_not_be_undone()
    obey_faults(Path(os.environ["EMULATED_AWS_FAULTS"]))
    main()
