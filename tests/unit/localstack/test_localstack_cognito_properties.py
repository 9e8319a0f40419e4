"""Properties of AWS::Cognito resources as the calls that make them real."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.model import StructureShape

from localstack_standins.cognito_properties import UnsupportedPropertyError, client_request, pool_requests

TEMPLATE = Path(__file__).parents[3] / "bootstrap" / "template.yaml"


def members(operation: str) -> Collection[str]:
    shape = botocore.session.get_session().get_service_model("cognito-idp").operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    return frozenset(shape.members)


def test_a_pool_is_made_with_the_apis_names() -> None:
    requests = pool_requests({"UserPoolName": "people", "UsernameAttributes": ["email"]}, members("CreateUserPool"))
    assert requests.create == {"PoolName": "people", "UsernameAttributes": ["email"]}
    assert requests.mfa is None


def test_a_pool_without_named_factors_says_itself_whether_it_wants_one() -> None:
    assert pool_requests({"MfaConfiguration": "OFF"}, members("CreateUserPool")).create == {"MfaConfiguration": "OFF"}


def test_a_mandatory_factor_is_demanded_once_the_pool_knows_which() -> None:
    properties = {"UserPoolName": "people", "MfaConfiguration": "ON", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"]}
    requests = pool_requests(properties, members("CreateUserPool"))
    assert requests.create == {"PoolName": "people"}
    assert requests.mfa == {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    assert "EnabledMfas" in properties


def test_factors_of_a_pool_that_demands_none_leave_it_off() -> None:
    mfa = pool_requests({"EnabledMfas": ["SOFTWARE_TOKEN_MFA"]}, members("CreateUserPool")).mfa
    assert mfa is not None
    assert mfa["MfaConfiguration"] == "OFF"


@pytest.mark.parametrize("factor", ["SMS_MFA", "EMAIL_OTP", "NEW_FACTOR"])
def test_a_factor_that_would_be_lost_is_refused_by_name(factor: str) -> None:
    with pytest.raises(UnsupportedPropertyError, match=factor):
        pool_requests({"EnabledMfas": ["SOFTWARE_TOKEN_MFA", factor]}, members("CreateUserPool"))


def test_a_property_that_would_be_lost_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedPropertyError, match=r"AWS::Cognito::UserPool: Misspelt, WebAuthnRelyingPartyID"):
        pool_requests({"WebAuthnRelyingPartyID": "x", "Misspelt": 1}, members("CreateUserPool"))
    with pytest.raises(UnsupportedPropertyError, match=r"AWS::Cognito::UserPoolClient: Misspelt"):
        client_request({"UserPoolId": "x", "Misspelt": 1}, members("CreateUserPoolClient"))


def test_everything_that_our_own_template_says_of_pool_and_client_arrives() -> None:
    resources = template_resources()
    pool = pool_requests(resources["UserPool"], members("CreateUserPool"))
    assert pool.mfa == {"MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    assert len(pool.create) == len(resources["UserPool"]) - 2
    client = client_request(resources["UserPoolClient"], members("CreateUserPoolClient"))
    assert client.keys() == resources["UserPoolClient"].keys()


def template_resources() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """Takes CloudFormation's short forms as they stand: only the properties' names matter here."""

    Loader.add_multi_constructor("!", lambda _loader, suffix, _node: suffix)
    document = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)  # noqa: S506  # a SafeLoader
    return {name: resource["Properties"] for name, resource in document["Resources"].items()}
