"""Sign-in wants a confirmed address, the password and the second factor, always."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from devstack.contract.aws_clients import Outputs
from devstack.contract.client import Platform, new_password
from devstack.contract.client_errors import SignInError
from devstack.contract.signin import Challenge, claims

from .people import Person, new_email


def refused(code: str | set[str]) -> pytest.RaisesExc[SignInError]:
    codes = {code} if isinstance(code, str) else code
    return pytest.RaisesExc(SignInError, check=lambda error: error.code in codes)


def test_the_id_token_says_who_and_for_whom(resident: Person, stack: Outputs) -> None:
    said = claims(resident.library.tokens.id_token)
    assert said["aud"] == stack["UserPoolClientId"]
    assert said["token_use"] == "id"
    assert said["email"] == resident.account.email
    assert said["email_verified"] in {True, "true"}


def test_the_id_token_lives_a_quarter_of_an_hour(resident: Person) -> None:
    said = claims(resident.library.tokens.id_token)
    assert int(str(said["exp"])) - int(str(said["iat"])) == 15 * 60


def test_an_unconfirmed_address_cannot_sign_in(platform: Platform) -> None:
    email, password = new_email(), new_password()
    platform.identity.sign_up(email, password)
    with refused("UserNotConfirmedException"):
        platform.identity.prove_password(email, password)


def test_a_wrong_confirmation_code_is_refused(platform: Platform) -> None:
    email = new_email()
    platform.identity.sign_up(email, new_password())
    right = platform.mailed_code(email)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    with refused("CodeMismatchException"):
        platform.identity.confirm(email, wrong)
    platform.identity.confirm(email, right)


@pytest.mark.parametrize("password", ["", "short", "eleven-char"])
def test_weak_passwords_are_refused(password: str, platform: Platform) -> None:
    with refused({"InvalidPasswordException", "InvalidParameterException"}):
        platform.identity.sign_up(new_email(), password)


def test_a_wrong_password_is_refused(resident: Person, platform: Platform) -> None:
    with refused("NotAuthorizedException"):
        platform.identity.prove_password(resident.account.email, new_password())


def test_an_address_is_signed_up_once(resident: Person, platform: Platform) -> None:
    with refused("UsernameExistsException"):
        platform.identity.sign_up(resident.account.email.upper(), new_password())


def test_nobody_gets_tokens_before_a_second_factor_is_enrolled(platform: Platform) -> None:
    email, password = new_email(), new_password()
    platform.register(email, password)
    challenge = platform.identity.prove_password(email, password)
    assert challenge.name == "MFA_SETUP"
    with refused({"NotAuthorizedException", "InvalidParameterException"}):
        platform.identity.respond(challenge, {})


def test_an_enrolled_person_is_asked_for_a_code_and_a_code_works_once(person: Person, platform: Platform) -> None:
    account, identity = person.account, platform.identity
    challenge = identity.prove_password(account.email, account.password)
    assert challenge.name == "SOFTWARE_TOKEN_MFA"
    code = account.authenticator.code()
    tokens = identity.answer_totp(challenge, code)
    assert tokens.subject == person.library.owner
    again = identity.prove_password(account.email, account.password)
    with refused({"ExpiredCodeException", "CodeMismatchException", "NotAuthorizedException"}):
        identity.answer_totp(again, code)


def test_a_wrong_code_is_refused(resident: Person, platform: Platform) -> None:
    account = resident.account
    challenge = platform.identity.prove_password(account.email, account.password)
    with refused({"CodeMismatchException", "NotAuthorizedException"}):
        platform.identity.answer_totp(challenge, "abcdef")


@pytest.mark.parametrize("name", ["MFA_SETUP", "SOFTWARE_TOKEN_MFA", "NEW_PASSWORD_REQUIRED"])
def test_an_invented_session_opens_nothing(name: str, resident: Person, platform: Platform) -> None:
    challenge = Challenge(name, "x" * 60, resident.account.email)  # type: ignore[arg-type]
    answers = {"SOFTWARE_TOKEN_MFA_CODE": "123456", "NEW_PASSWORD": new_password()}
    with refused({"NotAuthorizedException", "CodeMismatchException", "InvalidParameterException"}):
        platform.identity.respond(challenge, answers)


def test_one_persons_session_does_not_serve_another(
    resident: Person, new_person: Callable[[], Person], platform: Platform
) -> None:
    other = new_person().account
    session = platform.identity.prove_password(resident.account.email, resident.account.password)
    stolen = Challenge(session.name, session.session, other.email)
    with refused({"NotAuthorizedException", "CodeMismatchException", "InvalidParameterException"}):
        platform.identity.answer_totp(stolen, "123456")


def test_a_forged_refresh_token_is_refused(platform: Platform) -> None:
    with refused("NotAuthorizedException"):
        platform.identity.refresh("x" * 200)


@pytest.mark.parametrize("address", ["ApiUrl", "SiteUrl"])
def test_operations_that_need_a_signature_are_closed(address: str, stack: Outputs) -> None:
    base = stack["ApiUrl"].rstrip("/") if address == "ApiUrl" else f"{stack['SiteUrl'].rstrip('/')}/api"
    for operation in ("ListUsers", "AdminGetUser", "AdminSetUserPassword", "DescribeUserPool", "Nonsense"):
        answer = requests.post(
            f"{base}/auth",
            json={"UserPoolId": stack["UserPoolId"], "Username": "x"},
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
            },
            timeout=30,
        )
        assert 400 <= answer.status_code < 500, operation
        assert "Users" not in answer.text
