"""The deployer's policy: enough for every resource of the template, and only for our names where AWS has names."""

import fnmatch
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from deploy_harness import BUILD, Emulated, Watcher

from bootstrap.account import open_account
from bootstrap.cloud import Order, Stage, deploy_site, deploy_stage
from bootstrap.edge import EDGE_TEMPLATE
from bootstrap.parsing import parse_template
from bootstrap.removal import destroy_stage
from bootstrap.template import render_template

POLICY: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "bootstrap" / "deployer-policy.json").read_text("utf-8")
)
# A managed policy's largest size, white space not counted ("IAM and AWS STS quotas").
LARGEST_POLICY = 6144
RESOURCES = {
    **parse_template(render_template())["Resources"],
    **parse_template(EDGE_TEMPLATE.read_text("utf-8"))["Resources"],
}
# What a resource's published schema lists for features that this template does not use.
UNUSED_SERVICES = {
    "acm-pca",
    "billing",
    "ec2",
    "elasticfilesystem",
    "firehose",
    "kms",
    "organizations",
    "payments",
    "s3files",
    "s3tables",
}
UNUSED_ACTIONS = {
    "apigateway:UpdateRestApiPolicy",  # no resource policy on the API
    "cloudfront:CreateConnectionGroup",  # multi-tenant distributions
    "cloudfront:GetConnectionGroup",
    "cloudfront:GetVpcOrigin",
    "cloudtrail:GetEventConfiguration",  # event data stores
    "cloudtrail:PutEventConfiguration",
    "cognito-idp:AddCustomAttributes",
    "iam:AttachRolePolicy",  # policies are inline
    "iam:DeleteGroupPolicy",  # policies belong to roles
    "iam:DeleteUserPolicy",
    "iam:GetGroupPolicy",
    "iam:GetUserPolicy",
    "iam:PutGroupPolicy",
    "iam:PutUserPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "lambda:AssociateRuntimeAlias",
    "lambda:GetCodeSigningConfig",
    "lambda:GetLayerVersion",
    "lambda:PassCapacityProvider",
    "lambda:PublishVersion",
    "lambda:PutRuntimeManagementConfig",
    "logs:AssociateKmsKey",
    "logs:DeleteDataProtectionPolicy",
    "logs:DeleteIndexPolicy",
    "logs:DisassociateKmsKey",
    "logs:PutBearerTokenAuthentication",
    "logs:PutDataProtectionPolicy",
    "logs:PutIndexPolicy",
    "logs:PutLogGroupDeletionProtection",
    "s3:REST.PUT.OBJECT",
    "s3:CreateBucketMetadataTableConfiguration",  # metadata tables
    "s3:UpdateBucketMetadataAnnotationTableConfiguration",
    "s3:UpdateBucketMetadataInventoryTableConfiguration",
    "s3:UpdateBucketMetadataJournalTableConfiguration",
    "s3:ReplicateDelete",
    "sns:PutDataProtectionPolicy",
}


def actions() -> list[str]:
    return [action.lower() for statement in POLICY["Statement"] for action in as_list(statement["Action"])]


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def needed(resource_type: str) -> set[str]:
    """What CloudFormation calls for a resource, as its published schema says."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema["handlers"]
    listed = {
        permission
        for kind in ("create", "read", "update", "delete")
        for permission in handlers.get(kind, {}).get("permissions", [])
    }
    unused = {action.lower() for action in UNUSED_ACTIONS}
    return {one for one in listed if one.partition(":")[0].lower() not in UNUSED_SERVICES and one.lower() not in unused}


@pytest.mark.parametrize("resource_type", sorted({one["Type"] for one in RESOURCES.values()}))
def test_cloudformation_may_do_all_that_a_resource_takes(resource_type: str) -> None:
    missing = {
        one for one in needed(resource_type) if not any(fnmatch.fnmatch(one.lower(), given) for given in actions())
    }
    assert missing == set()


def test_every_granted_action_is_needed_by_something() -> None:
    wanted = {one.lower() for resource in RESOURCES.values() for one in needed(resource["Type"])}
    # What the certificate's proof and the programs call by themselves.
    wanted |= {"route53:changeresourcerecordsets", "route53:getchange", "wafv2:listtagsforresource"}
    wanted |= {
        "cloudformation:continueupdaterollback",
        "cloudformation:createchangeset",
        "cloudformation:deletestack",
        "cloudformation:describestacks",
        "cloudformation:gettemplate",
        "cloudformation:liststackresources",
        "cloudfront:createinvalidation",
        "cloudwatch:getmetricstatistics",
        "cognito-idp:listuserpools",
        "cognito-idp:admincreateuser",
        "cognito-idp:admingetuser",
        "cognito-idp:listusers",
        "lambda:getaccountsettings",
        "logs:filterlogevents",
        "mediaconvert:listjobs",
        "s3:abortmultipartupload",
        "ssm:deleteparameter",
        "ssm:getparameter",
        "ssm:putparameter",
    }
    spare = [given for given in actions() if not any(fnmatch.fnmatch(one, given) for one in wanted)]
    assert spare == []


def test_no_service_is_granted_whole_and_roles_go_to_functions_alone() -> None:
    assert not [given for given in actions() if given in {"*"} or given.endswith(":*")]
    assert not [given for given in actions() if given.startswith("iam:") and "*" in given]
    passing = [one for one in POLICY["Statement"] if "iam:PassRole" in as_list(one["Action"])]
    assert [one["Condition"] for one in passing] == [{"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}]
    linking = [one for one in POLICY["Statement"] if "iam:CreateServiceLinkedRole" in as_list(one["Action"])]
    assert [one["Condition"] for one in linking] == [
        {"StringEquals": {"iam:AWSServiceName": "email.cognito-idp.amazonaws.com"}}
    ]
    everywhere = [one["Sid"] for one in POLICY["Statement"] if "*" in as_list(one["Resource"])]
    assert everywhere == ["WhatHasNoNameYetOrNoResourceLevel"]


def test_the_policy_fits_into_one_managed_policy() -> None:
    assert len("".join(json.dumps(POLICY, separators=(",", ":")).split())) <= LARGEST_POLICY


def test_a_stage_lives_and_dies_by_this_policy(emulated: Emulated) -> None:
    iam = emulated.account.client("iam")
    iam.create_user(UserName="deployer")
    iam.put_user_policy(UserName="deployer", PolicyName="deployer", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    session = boto3.Session(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    stage = Stage.of(open_account("us-east-1", session), "strict", pace="steady")
    assert stage.account.arn.endswith("user/deployer")

    # The emulated account speaks http.
    deploy_stage(stage, Order("strict", emulated.site, BUILD, {"TlsOnly": "false"}), Watcher().teller)
    deploy_site(stage, emulated.site, Watcher().teller)
    kept = destroy_stage(stage, Watcher().teller)

    assert set(kept) == {"videos", "accounts"}
    with pytest.raises(stage.account.s3.exceptions.ClientError, match="AccessDenied"):
        stage.account.s3.create_bucket(Bucket="somebody-elses")
