"""/auth takes users' operations and nothing else, and nobody writes down what passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from devstack.contract.aws_clients import Outputs
from devstack.contract.client import Platform, new_password
from devstack.waiting import wait_for

from .people import Person, new_email

TARGET = "AWSCognitoIdentityProviderService."
CONTENT_TYPE = "application/x-amz-json-1.1"
OWNERS_OPERATIONS = ["AdminInitiateAuth", "AdminSetUserPassword", "CreateUserPool", "ListUsers"]
THROTTLED = 429
THROTTLED_SECONDS = 30
"""How long a call is tried again while API Gateway says that /auth is busy: other tests use it too."""
DOORS = ["ApiUrl", "SiteUrl"]


def door(stack: Outputs, name: str) -> str:
    base = stack[name].rstrip("/")
    return f"{base}/auth" if name == "ApiUrl" else f"{base}/api/auth"


def call(url: str, operation: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> requests.Response:
    return post(url, body, {"X-Amz-Target": f"{TARGET}{operation}", **(headers or {})})


def post(url: str, body: dict[str, Any], headers: dict[str, str]) -> requests.Response:
    def once() -> requests.Response | None:
        answer = requests.post(
            url, data=json.dumps(body), headers={"Content-Type": CONTENT_TYPE, **headers}, timeout=30
        )
        return None if answer.status_code == THROTTLED else answer

    return wait_for(once, "API Gateway to take calls to /auth again", timeout=THROTTLED_SECONDS)


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and error type; the whole text when it is no error of Cognito's."""
    return answer.status_code, answer.json().get("__type") or answer.text


def signed(url: str, operation: str, body: dict[str, Any], key: str, secret: str) -> dict[str, str]:
    """The headers of a call signed for `url`."""
    given = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"{TARGET}{operation}"}
    request = AWSRequest("POST", url, data=json.dumps(body), headers=given)
    SigV4Auth(Credentials(key, secret), "cognito-idp", "us-east-1").add_auth(request)
    return dict(request.headers)


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("operation", OWNERS_OPERATIONS)
def test_the_owners_operations_are_closed(name: str, operation: str, stack: Outputs) -> None:
    answer = call(door(stack, name), operation, {"UserPoolId": stack["UserPoolId"], "Username": "x"})
    assert refusal(answer) == (400, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("operation", OWNERS_OPERATIONS)
def test_a_signature_opens_nothing(name: str, operation: str, stack: Outputs) -> None:
    """Whoever signs: the stack's own key for this address and for Cognito's, and an account's number for a key."""
    body = {"UserPoolId": stack["UserPoolId"], "Username": "x"}
    url = door(stack, name)
    own = stack["AccessKeyId"], stack["SecretAccessKey"]
    for address, key, secret in (
        (url, *own),
        (stack["CognitoEndpointUrl"].rstrip("/") + "/", *own),
        (url, "000000000000", "any"),
    ):
        answer = call(url, operation, body, signed(address, operation, body, key, secret))
        assert refusal(answer) == (400, "MissingAuthenticationTokenException"), key
        assert not {"Users", "User", "UserPool", "AuthenticationResult"} & answer.json().keys()


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("target", ["", "InitiateAuth", f"{TARGET}Nonsense", "AWSCognitoIdentityService.GetId"])
def test_what_is_no_operation_of_user_pools_is_refused(name: str, target: str, stack: Outputs) -> None:
    answer = post(door(stack, name), {}, {"X-Amz-Target": target})
    assert refusal(answer) == (400, "UnknownOperationException")


@pytest.mark.parametrize("name", DOORS)
def test_a_wrong_password_and_an_unknown_user_read_alike(name: str, stack: Outputs, resident: Person) -> None:
    """The whole refusal, and the shape of the step before it."""
    url = door(stack, name)
    first, last = [], []
    for email in (resident.account.email, new_email()):
        parameters = {"USERNAME": email, "SRP_A": "a" * 64}
        begun = call(
            url,
            "InitiateAuth",
            {"ClientId": stack["UserPoolClientId"], "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters},
        )
        asked = begun.json()["ChallengeParameters"]
        first.append((begun.status_code, sorted(begun.json()), sorted(asked), len(asked["SALT"])))
        proof = {
            "USERNAME": asked["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": "AAAA",
            "TIMESTAMP": "Sun Nov 22 10:00:00 UTC 2026",
        }
        refused = call(
            url,
            "RespondToAuthChallenge",
            {
                "ClientId": stack["UserPoolClientId"],
                "ChallengeName": "PASSWORD_VERIFIER",
                "ChallengeResponses": proof,
            },
        )
        last.append((refused.status_code, refused.text))
    assert first[0] == first[1]
    assert last[0] == last[1]
    assert last[0][0] == 400
    assert json.loads(last[0][1]) == {
        "__type": "NotAuthorizedException",
        "message": "Incorrect username or password.",
    }


def test_the_password_itself_never_travels(stack: Outputs, resident: Person) -> None:
    parameters = {"USERNAME": resident.account.email, "PASSWORD": resident.account.password}
    for flow in ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH"):
        answer = call(
            door(stack, "ApiUrl"),
            "InitiateAuth",
            {"ClientId": stack["UserPoolClientId"], "AuthFlow": flow, "AuthParameters": parameters},
        )
        assert refusal(answer) == (400, "InvalidParameterException"), flow


def test_only_the_pools_own_address_is_asked_for_people(stack: Outputs, platform: Platform) -> None:
    """Other attributes than the e-mail are closed to the client, so nobody signs up with a role of their own."""
    for name in ("email_verified", "custom:role", "name", "sub"):
        answer = call(
            door(stack, "ApiUrl"),
            "SignUp",
            {
                "ClientId": stack["UserPoolClientId"],
                "Username": new_email(),
                "Password": new_password(),
                "UserAttributes": [{"Name": name, "Value": "true"}],
            },
        )
        assert answer.status_code == 400, name
        assert answer.json()["__type"] in ("NotAuthorizedException", "InvalidParameterException"), name


def test_nothing_of_what_passes_is_logged(
    stack: Outputs, person: Person, platform: Platform, stack_folder: Path
) -> None:
    account = person.account
    challenge = platform.identity.prove_password(account.email, account.password)
    call(
        door(stack, "ApiUrl"),
        "ConfirmForgotPassword",
        {
            "ClientId": stack["UserPoolClientId"],
            "Username": account.email,
            "ConfirmationCode": "000000",
            "Password": account.password,
        },
    )
    tokens = person.library.tokens
    secrets = [
        account.password,
        account.authenticator.secret,
        challenge.session,
        tokens.refresh_token,
        tokens.access_token,
        tokens.id_token,
    ]
    # A code has too few digits to look for; these stand beside it in every body that has one.
    names = ["ConfirmationCode", "UserCode", "SOFTWARE_TOKEN_MFA_CODE", "PASSWORD_CLAIM_SIGNATURE", "SecretCode"]
    # On compose the containers write none to disk.
    files = (stack_folder / "logs").glob("*")
    logged = [(path.name, path.read_text(encoding="utf-8", errors="replace")) for path in files]
    logged += cloudwatch_logs(stack)
    assert logged
    for where, text in logged:
        for secret in (*secrets, *names):
            assert secret not in text, f"{where} holds a secret"


def cloudwatch_logs(stack: Outputs) -> Iterator[tuple[str, str]]:
    """Every log group's whole text."""
    logs = boto3.client(
        "logs",
        region_name=stack["Region"],
        endpoint_url=stack["AwsEndpointUrl"],
        aws_access_key_id=stack["AccessKeyId"],
        aws_secret_access_key=stack["SecretAccessKey"],
    )
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield name, "\n".join(event["message"] for event in events["events"])
