"""The user pool and its client as they are deployed: the safest value of each setting that is of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from devstack.contract.aws_clients import Outputs


@pytest.fixture(scope="module")
def cognito(stack: Outputs) -> Any:
    return boto3.client(
        "cognito-idp",
        region_name=stack["Region"],
        endpoint_url=stack["CognitoEndpointUrl"],
        aws_access_key_id=stack["AccessKeyId"],
        aws_secret_access_key=stack["SecretAccessKey"],
    )


@pytest.fixture(scope="module")
def pool(cognito: Any, stack: Outputs) -> Mapping[str, Any]:
    described: Mapping[str, Any] = cognito.describe_user_pool(UserPoolId=stack["UserPoolId"])["UserPool"]
    return described


@pytest.fixture(scope="module")
def client(cognito: Any, stack: Outputs) -> Mapping[str, Any]:
    described: Mapping[str, Any] = cognito.describe_user_pool_client(
        UserPoolId=stack["UserPoolId"], ClientId=stack["UserPoolClientId"]
    )["UserPoolClient"]
    return described


def test_the_second_factor_is_for_everybody_and_an_authenticator_alone(
    cognito: Any, stack: Outputs, pool: Mapping[str, Any]
) -> None:
    assert pool["MfaConfiguration"] == "ON"
    factors = cognito.get_user_pool_mfa_config(UserPoolId=stack["UserPoolId"])
    assert factors["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    assert "SmsMfaConfiguration" not in factors
    assert "EmailMfaConfiguration" not in factors


def test_an_address_is_one_person_and_has_to_be_proven(pool: Mapping[str, Any]) -> None:
    assert pool["UsernameAttributes"] == pool["AutoVerifiedAttributes"] == ["email"]
    assert str(pool["UsernameConfiguration"]["CaseSensitive"]).lower() == "false"
    assert pool["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    (mechanism,) = pool["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert mechanism["Name"] == "verified_email"


def test_a_password_is_long(pool: Mapping[str, Any]) -> None:
    policy = pool["Policies"]["PasswordPolicy"]
    assert int(policy["MinimumLength"]) >= 12
    assert int(policy["TemporaryPasswordValidityDays"]) <= 3


def test_the_client_takes_no_plain_passwords_and_tells_nobody_who_exists(client: Mapping[str, Any]) -> None:
    assert sorted(client["ExplicitAuthFlows"]) == ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert "ClientSecret" not in client


def test_tokens_are_short_lived_and_can_be_revoked(client: Mapping[str, Any]) -> None:
    assert str(client["EnableTokenRevocation"]).lower() == "true"
    assert client["TokenValidityUnits"] == {"IdToken": "minutes", "AccessToken": "minutes", "RefreshToken": "days"}
    assert (int(client["IdTokenValidity"]), int(client["AccessTokenValidity"])) == (15, 15)
    assert int(client["RefreshTokenValidity"]) == 30
    assert int(client["AuthSessionValidity"]) == 15


def test_people_write_nothing_of_themselves_but_the_address(client: Mapping[str, Any]) -> None:
    assert client["WriteAttributes"] == ["email"]
    assert sorted(client["ReadAttributes"]) == ["email", "email_verified"]
    # Tokens come of SRP alone: no hosted pages, no grants.
    assert not client.get("AllowedOAuthFlows")
