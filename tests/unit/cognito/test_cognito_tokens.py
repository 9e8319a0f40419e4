"""Tokens end when they should, and only for whom they should."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
from cognito_harness import OTHER_PASSWORD, PASSWORD, Clock, Person, Service, refused
from serving import AsgiServer

from cognito_standin.app import create_app
from cognito_standin.settings import Settings

MONTH_SECONDS = 30 * 24 * 3600


@pytest.fixture
def person(service: Service) -> Person:
    return service.enrolled_person()


@pytest.fixture
def tokens(person: Person) -> dict[str, str]:
    return dict(person.sign_in()["AuthenticationResult"])


def refresh(service: Service, token: str, client_id: str | None = None) -> dict[str, Any]:
    return dict(
        service.users.initiate_auth(
            ClientId=client_id or service.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": token},
        )
    )


def get_tokens(service: Service, token: str, client_id: str | None = None) -> dict[str, Any]:
    answer = service.users.get_tokens_from_refresh_token(ClientId=client_id or service.client_id, RefreshToken=token)
    return dict(answer)


REFRESHES = [refresh, get_tokens]


@pytest.fixture
def next_month(service: Service) -> Iterator[Service]:
    """The same pool seen a month later."""
    clock = Clock()
    clock.now = time.time() + MONTH_SECONDS + 60
    settings = Settings("127.0.0.1", 1, service.engine_url, "us-east-1", "test", "test")
    server = AsgiServer(create_app(settings, clock=clock))
    yield Service(server.url, service.engine_url, service.pool_id, service.client_id, clock)
    server.stop()


@pytest.mark.parametrize("again", REFRESHES)
def test_a_refresh_token_expires(
    service: Service, next_month: Service, tokens: dict[str, str], again: Callable[..., Any]
) -> None:
    assert again(service, tokens["RefreshToken"])["AuthenticationResult"]["IdToken"]
    with refused("NotAuthorizedException", "Refresh Token has expired"):
        again(next_month, tokens["RefreshToken"])


@pytest.mark.parametrize("again", REFRESHES)
def test_a_refresh_token_is_for_one_client(service: Service, tokens: dict[str, str], again: Callable[..., Any]) -> None:
    other = service.client_allowing("ALLOW_REFRESH_TOKEN_AUTH")
    with refused("NotAuthorizedException"):
        again(service, tokens["RefreshToken"], other)


@pytest.mark.parametrize("again", REFRESHES)
@pytest.mark.parametrize("kind", ["IdToken", "AccessToken"])
def test_other_tokens_refresh_nothing(
    service: Service, tokens: dict[str, str], again: Callable[..., Any], kind: str
) -> None:
    with refused("NotAuthorizedException", "Invalid Refresh Token"):
        again(service, tokens[kind])


@pytest.mark.parametrize("again", REFRESHES)
def test_a_forged_refresh_token_refreshes_nothing(
    service: Service, tokens: dict[str, str], again: Callable[..., Any]
) -> None:
    for forged in (unsigned(tokens["RefreshToken"]), "x" * 200, "a.b.c", tampered(tokens["RefreshToken"])):
        with refused("NotAuthorizedException", "Invalid Refresh Token"):
            again(service, forged)


@pytest.mark.parametrize("again", REFRESHES)
def test_revocation_ends_the_refresh_token_and_its_access_tokens(
    service: Service, person: Person, tokens: dict[str, str], again: Callable[..., Any]
) -> None:
    other_device = person.sign_in()["AuthenticationResult"]
    refreshed = refresh(service, tokens["RefreshToken"])["AuthenticationResult"]
    service.users.revoke_token(Token=tokens["RefreshToken"], ClientId=service.client_id)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        again(service, tokens["RefreshToken"])
    for access_token in (tokens["AccessToken"], refreshed["AccessToken"]):
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            service.users.get_user(AccessToken=access_token)
    assert service.users.get_user(AccessToken=other_device["AccessToken"])["Username"]


def test_revocation_is_for_ones_own_client_and_refresh_tokens(service: Service, tokens: dict[str, str]) -> None:
    other = service.client_allowing("ALLOW_REFRESH_TOKEN_AUTH", EnableTokenRevocation=True)
    with refused("UnauthorizedException"):
        service.users.revoke_token(Token=tokens["RefreshToken"], ClientId=other)
    for kind in ("AccessToken", "IdToken"):
        with refused("UnsupportedTokenTypeException"):
            service.users.revoke_token(Token=tokens[kind], ClientId=service.client_id)
    assert refresh(service, tokens["RefreshToken"])["AuthenticationResult"]


def test_a_forged_token_revokes_nothing(service: Service, tokens: dict[str, str]) -> None:
    for forged in (unsigned(tokens["RefreshToken"]), tampered(tokens["RefreshToken"]), "x" * 100):
        service.users.revoke_token(Token=forged, ClientId=service.client_id)
    assert refresh(service, tokens["RefreshToken"])["AuthenticationResult"]
    assert service.users.get_user(AccessToken=tokens["AccessToken"])["Username"]


def test_a_client_without_revocation_revokes_nothing(service: Service) -> None:
    client = service.client_allowing("ALLOW_REFRESH_TOKEN_AUTH", EnableTokenRevocation=False)
    with refused("UnsupportedOperationException"):
        service.users.revoke_token(Token="x", ClientId=client)


def test_a_global_sign_out_ends_every_token(service: Service, person: Person, tokens: dict[str, str]) -> None:
    other_device = person.sign_in()["AuthenticationResult"]
    service.users.global_sign_out(AccessToken=tokens["AccessToken"])
    for device in (tokens, other_device):
        with refused("NotAuthorizedException", "Access Token has been revoked"):
            service.users.get_user(AccessToken=device["AccessToken"])
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            refresh(service, device["RefreshToken"])


def test_a_revoked_access_token_does_nothing(service: Service, person: Person, tokens: dict[str, str]) -> None:
    service.users.global_sign_out(AccessToken=tokens["AccessToken"])
    revoked = {"AccessToken": tokens["AccessToken"]}
    for operation, more in (
        ("AssociateSoftwareToken", {}),
        ("VerifySoftwareToken", {"UserCode": "123456"}),
        ("ChangePassword", {"PreviousPassword": PASSWORD, "ProposedPassword": OTHER_PASSWORD}),
        ("UpdateUserAttributes", {"UserAttributes": [{"Name": "name", "Value": "x"}]}),
        ("DeleteUserAttributes", {"UserAttributeNames": ["name"]}),
        ("GetUserAttributeVerificationCode", {"AttributeName": "email"}),
        ("VerifyUserAttribute", {"AttributeName": "email", "Code": "123456"}),
        ("SetUserMFAPreference", {}),
        ("SetUserSettings", {"MFAOptions": []}),
        ("GetUserAuthFactors", {}),
        ("GlobalSignOut", {}),
        ("DeleteUser", {}),
    ):
        answer = service.post(operation, {**revoked, **more}).json()
        assert (answer["__type"], answer["message"]) == (
            "NotAuthorizedException",
            "Access Token has been revoked",
        ), operation
    assert person.sign_in()["AuthenticationResult"]


@pytest.mark.parametrize("kind", ["IdToken", "RefreshToken", "unsigned", "tampered", "hs256"])
def test_only_a_genuine_access_token_opens_an_account(service: Service, tokens: dict[str, str], kind: str) -> None:
    access_token = tokens["AccessToken"]
    given = {
        **tokens,
        "unsigned": unsigned(access_token),
        "tampered": tampered(access_token),
        "hs256": under_the_public_key(service, access_token),
    }
    for operation in ("GetUser", "AssociateSoftwareToken", "GlobalSignOut", "DeleteUser"):
        answer = service.post(operation, {"AccessToken": given[kind]}).json()
        assert answer["__type"] == "NotAuthorizedException", operation
    assert service.users.get_user(AccessToken=access_token)["Username"]


def test_who_deleted_the_account_is_gone(service: Service, person: Person, tokens: dict[str, str]) -> None:
    session = person.give_password()["Session"]
    service.users.delete_user(AccessToken=tokens["AccessToken"])
    with refused("UserNotFoundException"):
        service.users.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException"):
        refresh(service, tokens["RefreshToken"])
    with refused("UserNotFoundException"):
        person.give_code(session)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        person.give_password()


def test_the_address_of_a_deleted_account_is_a_new_person(
    service: Service, person: Person, tokens: dict[str, str]
) -> None:
    service.users.delete_user(AccessToken=tokens["AccessToken"])
    successor = service.person(person.email)
    assert successor.give_password()["ChallengeName"] == "MFA_SETUP"
    with refused("NotAuthorizedException"):
        refresh(service, tokens["RefreshToken"])


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def unsigned(token: str) -> str:
    """The same claims under `alg: none`."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def under_the_public_key(service: Service, token: str) -> str:
    """The same claims under HS256, with the published key for a secret."""
    keys = httpx.get(f"{service.url}/{service.pool_id}/.well-known/jwks.json", trust_env=False, timeout=60).json()[
        "keys"
    ]
    kid = jwt.get_unverified_header(token)["kid"]
    modulus = next(key["n"] for key in keys if key["kid"] == kid)
    return jwt.encode(claims(token), modulus, "HS256", headers={"kid": kid})


def tampered(token: str) -> str:
    """Other claims under the same signature."""
    header, payload, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps({**said, "exp": said["exp"] + 1}).encode()).rstrip(b"=").decode()
    return f"{header}.{changed}.{signature}"
