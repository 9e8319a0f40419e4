"""Names and sizes stay within AWS's limits for every stage and every region."""

import json
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.names import STAGE_PATTERN, stage_names
from bootstrap.parsing import parse_template
from bootstrap.resolving import Resolver
from bootstrap.template import render_template

TEXT = render_template()
TEMPLATE = parse_template(TEXT)
ACCOUNT = "123456789012"
REGIONS = sorted(boto3.Session().get_available_regions("mediaconvert"))
LONGEST_REGION = max(REGIONS, key=len)
# Each with the page of AWS's documentation that has it.
LONGEST = {
    ("AWS::Lambda::Function", "FunctionName"): 64,  # API_CreateFunction
    ("AWS::S3::Bucket", "BucketName"): 63,  # Bucket naming rules
    ("AWS::SQS::Queue", "QueueName"): 80,  # API_CreateQueue
    ("AWS::SNS::Topic", "TopicName"): 256,  # API_CreateTopic
    ("AWS::Events::Rule", "Name"): 64,  # API_PutRule
    ("AWS::MediaConvert::Queue", "Name"): 150,
    ("AWS::Cognito::UserPool", "UserPoolName"): 128,  # API_CreateUserPool
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,  # API_PutMetricAlarm
    ("AWS::CloudTrail::Trail", "TrailName"): 128,  # Naming requirements
}
LONGEST_OAC_NAME = 64  # API_OriginAccessControlConfig
LONGEST_STACK_NAME = 128  # API_CreateStack
LARGEST_TEMPLATE = 1_000_000  # CloudFormation quotas, template by URL
MOST_RESOURCES = 500
MOST_PARAMETERS = 200
LARGEST_INLINE_POLICIES = 10_240  # IAM quotas: inline policies of one role together, white space not counted
LARGEST_ENVIRONMENT = 4096  # Lambda quotas
LONGEST_CSP = 1783  # CloudFront quotas: a header value of a response headers policy

stages = st.from_regex(STAGE_PATTERN, fullmatch=True).filter(lambda stage: stage != "local")


class _Anything(dict[str, str]):
    """What a resource's attribute may be like, at its longest."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and not name.startswith("AWS::")

    def __getitem__(self, name: str) -> str:
        return f"arn:aws:service:{LONGEST_REGION}:{ACCOUNT}:kind/{name}".ljust(120, "x")


def resolver(stage: str, region: str) -> Resolver:
    names = stage_names(stage, account=ACCOUNT, region=region)
    parameters = {
        "Stage": stage,
        "NameSuffix": names.name_suffix,
        "BucketSuffix": names.bucket_suffix,
        "CodeBucket": f"sstech-video-artifacts-{ACCOUNT}-{region}",
        "CodeKey": f"functions/{'0' * 64}.zip",
        "SigningPublicKeyA": "pem\nline\n",
        "SigningPublicKeyB": "pem\nline\n",
        "SigningKeyParameter": names.signing_key_parameter,
        "AlarmEmail": "somebody@example.com",
        "MonthlyBudget": "10",
        "AWS::Region": region,
        "AWS::AccountId": ACCOUNT,
        "AWS::StackName": names.stack,
    }
    return Resolver(TEMPLATE, parameters, _Anything())


def resources(kind: str) -> dict[str, Any]:
    return {name: one for name, one in TEMPLATE["Resources"].items() if one["Type"] == kind}


@given(stage=stages, region=st.sampled_from(REGIONS))
def test_every_name_fits_for_every_stage_and_region(stage: str, region: str) -> None:
    resolve = resolver(stage, region).resolve
    for (kind, member), longest in LONGEST.items():
        for name, one in resources(kind).items():
            assert len(resolve(one["Properties"][member])) <= longest, name
    for one in resources("AWS::CloudFront::OriginAccessControl").values():
        assert len(resolve(one["Properties"]["OriginAccessControlConfig"]["Name"])) <= LONGEST_OAC_NAME
    assert len(f"{stage_names(stage).stack}-edge-{region}") <= LONGEST_STACK_NAME


@given(one=stages, other=stages, region=st.sampled_from(REGIONS))
def test_no_two_stages_share_a_name(one: str, other: str, region: str) -> None:
    if one == other:
        return
    first, second = resolver(one, region).resolve, resolver(other, region).resolve
    for kind, member in LONGEST:
        for resource in resources(kind).values():
            assert first(resource["Properties"][member]) != second(resource["Properties"][member])


def test_the_same_stage_in_two_regions_shares_no_name_that_is_the_accounts() -> None:
    first, second = resolver("prod", REGIONS[0]).resolve, resolver("prod", REGIONS[1]).resolve
    accounts_own = [
        one["Properties"][config]["Name"]
        for kind, config in (
            ("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig"),
            ("AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
            ("AWS::CloudFront::KeyGroup", "KeyGroupConfig"),
            ("AWS::CloudFront::PublicKey", "PublicKeyConfig"),
        )
        for one in resources(kind).values()
    ]
    accounts_own += [one["Properties"]["DashboardName"] for one in resources("AWS::CloudWatch::Dashboard").values()]
    accounts_own += [one["Properties"]["Budget"]["BudgetName"] for one in resources("AWS::Budgets::Budget").values()]
    assert len(accounts_own) >= 7
    assert not [name for name in accounts_own if first(name) == second(name)]


def test_the_template_is_within_cloudformations_quotas() -> None:
    assert len(TEXT.encode()) <= LARGEST_TEMPLATE
    assert len(TEMPLATE["Resources"]) <= MOST_RESOURCES
    assert len(TEMPLATE["Parameters"]) <= MOST_PARAMETERS


@pytest.mark.parametrize("role", sorted(resources("AWS::IAM::Role")))
def test_a_roles_policies_fit(role: str) -> None:
    resolve = resolver("abcdefghij", LONGEST_REGION).resolve
    attached = [
        one["Properties"]["PolicyDocument"]
        for one in resources("AWS::IAM::Policy").values()
        if {"Ref": role} in one["Properties"].get("Roles", [])
    ]
    own = [one["PolicyDocument"] for one in TEMPLATE["Resources"][role]["Properties"].get("Policies", [])]
    documents = [json.dumps(resolve(one), separators=(",", ":")) for one in own + attached]
    assert documents
    assert sum(len("".join(one.split())) for one in documents) <= LARGEST_INLINE_POLICIES


@pytest.mark.parametrize("function", sorted(resources("AWS::Lambda::Function")))
def test_a_functions_environment_fits(function: str) -> None:
    properties = TEMPLATE["Resources"][function]["Properties"]
    variables = resolver("abcdefghij", LONGEST_REGION).resolve(properties["Environment"]["Variables"])
    assert sum(len(str(name)) + len(str(value)) for name, value in variables.items()) <= LARGEST_ENVIRONMENT


def test_the_content_security_policy_fits() -> None:
    config = TEMPLATE["Resources"]["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    policy = resolver("abcdefghij", LONGEST_REGION).resolve(config)["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert len(policy["ContentSecurityPolicy"]) <= LONGEST_CSP
    assert "unsafe" not in policy["ContentSecurityPolicy"]
