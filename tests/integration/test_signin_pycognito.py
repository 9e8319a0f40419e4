"""pycognito, unmodified, through /auth: SRP, the second factor and what follows. The enrolment is boto3's."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from pycognito import Cognito
from pycognito.exceptions import SoftwareTokenMFAChallengeException

from devstack.contract.aws_clients import Outputs
from devstack.contract.client import Platform, new_password

from .people import Person


def refused(code: str) -> pytest.RaisesExc[ClientError]:
    return pytest.RaisesExc(ClientError, check=lambda error: error.response["Error"]["Code"] == code)


@pytest.fixture
def client(stack: Outputs, monkeypatch: pytest.MonkeyPatch) -> Callable[[Person], Cognito]:
    """pycognito for one person, told by its own and boto3's environment variables where Cognito is."""
    issuer = f"{stack['CognitoEndpointUrl'].rstrip('/')}/{stack['UserPoolId']}"
    keys = requests.get(f"{issuer}/.well-known/jwks.json", timeout=30).json()
    monkeypatch.setenv("COGNITO_JWKS", json.dumps(keys))
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", f"{stack['ApiUrl'].rstrip('/')}/auth")

    def make(person: Person) -> Cognito:
        return Cognito(
            stack["UserPoolId"],
            stack["UserPoolClientId"],
            username=person.account.email,
            botocore_config=Config(signature_version=UNSIGNED),
        )

    return make


def sign_in(cognito: Cognito, person: Person, password: str = "") -> None:
    with pytest.raises(SoftwareTokenMFAChallengeException):
        cognito.authenticate(password or person.account.password)
    assert cognito.access_token is None, "no tokens for the password alone"
    cognito.respond_to_software_token_mfa_challenge(person.account.authenticator.code())


def test_srp_and_the_second_factor_give_tokens_that_verify(client: Callable[[Person], Cognito], person: Person) -> None:
    cognito = client(person)
    sign_in(cognito, person)
    cognito.verify_tokens()
    assert cognito.id_claims["email"] == person.account.email
    before = cognito.access_token
    cognito.renew_access_token()
    assert cognito.access_token != before
    assert cognito.get_user().email == person.account.email


def test_a_wrong_password_gives_nothing(client: Callable[[Person], Cognito], resident: Person) -> None:
    with refused("NotAuthorizedException"):
        client(resident).authenticate(new_password())


def test_a_wrong_code_gives_nothing(client: Callable[[Person], Cognito], resident: Person) -> None:
    cognito = client(resident)
    with pytest.raises(SoftwareTokenMFAChallengeException):
        cognito.authenticate(resident.account.password)
    with refused("CodeMismatchException"):
        cognito.respond_to_software_token_mfa_challenge("abcdef")
    assert cognito.access_token is None


def test_a_forgotten_password_is_replaced_and_signing_out_holds(
    client: Callable[[Person], Cognito], person: Person, platform: Platform
) -> None:
    cognito = client(person)
    password = new_password()
    cognito.initiate_forgot_password()
    cognito.confirm_forgot_password(platform.mailed_code(person.account.email), password)
    sign_in(cognito, person, password)
    refresh_token, access_token = cognito.refresh_token, cognito.access_token
    cognito.logout()
    cognito.refresh_token, cognito.access_token = refresh_token, access_token
    with refused("NotAuthorizedException"):
        cognito.renew_access_token()
    with refused("NotAuthorizedException"):
        cognito.get_user()
