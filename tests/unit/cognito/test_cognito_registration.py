"""Sign-up and its code: nobody confirms an address without having read its mail."""

import base64
import hashlib
import hmac
import secrets
from typing import Any

import pytest
from cognito_harness import OTHER_PASSWORD, PASSWORD, Service, refused
from serving import AsgiServer

from cognito_standin.app import create_app
from cognito_standin.settings import Settings

WRONG_CODE = "Invalid verification code provided, please try again."
NO_CODE = "Invalid code provided, please request a code again."
LIMIT = "Attempt limit exceeded, please try after some time."
ENGINES_CODES = ["123456", "654321"]


def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def sign_up(service: Service, email: str) -> dict[str, Any]:
    return dict(service.users.sign_up(ClientId=service.client_id, Username=email, Password=PASSWORD))


def confirm(service: Service, email: str, code: str) -> None:
    service.users.confirm_sign_up(ClientId=service.client_id, Username=email, ConfirmationCode=code)


def resend(service: Service, email: str) -> dict[str, Any]:
    return dict(service.users.resend_confirmation_code(ClientId=service.client_id, Username=email))


def status(service: Service, email: str) -> str:
    return service.owner.admin_get_user(UserPoolId=service.pool_id, Username=email)["UserStatus"]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_goes_to_the_address_in_the_pools_words(service: Service) -> None:
    email = address()
    details = sign_up(service, email)["CodeDeliveryDetails"]
    (mail,) = service.mails_to(email)
    assert (mail["Subject"], mail["BodyText"][:-6]) == ("SStech Video", "Seu codigo / Your code: ")
    assert details == {"Destination": f"{email[0]}***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}


def test_the_right_code_confirms_and_verifies_the_address(service: Service) -> None:
    email = address()
    sign_up(service, email)
    confirm(service, email.upper(), service.codes_sent_to(email)[-1])
    user = service.owner.admin_get_user(UserPoolId=service.pool_id, Username=email)
    assert user["UserStatus"] == "CONFIRMED"
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]


@pytest.mark.parametrize("code", ENGINES_CODES)
def test_the_engines_codes_confirm_nobody(service: Service, code: str) -> None:
    email = address()
    sign_up(service, email)
    with refused("CodeMismatchException", WRONG_CODE):
        confirm(service, email, code)
    assert status(service, email) == "UNCONFIRMED"


def test_two_people_get_two_codes(service: Service) -> None:
    people = [address() for _ in range(5)]
    for email in people:
        sign_up(service, email)
    assert len({service.codes_sent_to(email)[-1] for email in people}) > 1


def test_a_code_of_another_confirms_nobody(service: Service) -> None:
    attacker, victim = address(), address()
    sign_up(service, attacker)
    sign_up(service, victim)
    own, others = (service.codes_sent_to(email)[-1] for email in (attacker, victim))
    if own != others:
        with refused("CodeMismatchException", WRONG_CODE):
            confirm(service, victim, own)


def test_a_code_is_for_one_use(service: Service) -> None:
    email = address()
    sign_up(service, email)
    code = service.codes_sent_to(email)[-1]
    confirm(service, email, code)
    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        confirm(service, email, code)


def test_a_code_lives_a_day(service: Service) -> None:
    email = address()
    sign_up(service, email)
    service.clock.advance(24 * 3600)
    with refused("ExpiredCodeException", NO_CODE):
        confirm(service, email, service.codes_sent_to(email)[-1])
    resend(service, email)
    confirm(service, email, service.codes_sent_to(email)[-1])


def test_guessing_is_limited(service: Service) -> None:
    email = address()
    sign_up(service, email)
    right = service.codes_sent_to(email)[-1]
    for _ in range(5):
        with refused("CodeMismatchException", WRONG_CODE):
            confirm(service, email, wrong(right))
    for name in (email, email.upper()):
        with refused("LimitExceededException", LIMIT):
            confirm(service, name, right)
    assert status(service, email) == "UNCONFIRMED"


def test_codes_are_not_sent_without_end(service: Service) -> None:
    email = address()
    sign_up(service, email)
    for _ in range(19):
        resend(service, email)
    with refused("LimitExceededException", LIMIT):
        resend(service, email)
    assert len(service.mails_to(email)) == 20


def test_a_new_code_replaces_the_old(service: Service) -> None:
    email = address()
    sign_up(service, email)
    resend(service, email)
    old, new = service.codes_sent_to(email)
    if old != new:
        with refused("CodeMismatchException", WRONG_CODE):
            confirm(service, email, old)
    confirm(service, email, new)


def test_a_restart_loses_no_account(service: Service) -> None:
    email = address()
    sign_up(service, email)
    lost = service.codes_sent_to(email)[-1]
    server = AsgiServer(create_app(Settings("127.0.0.1", 1, service.engine_url, "us-east-1", "test", "test")))
    again = Service(server.url, service.engine_url, service.pool_id, service.client_id, service.clock)
    with refused("ExpiredCodeException", NO_CODE):
        confirm(again, email, lost)
    resend(again, email)
    confirm(again, email, again.codes_sent_to(email)[-1])
    server.stop()
    assert status(service, email) == "CONFIRMED"


def test_an_address_is_signed_up_once_in_any_case(service: Service) -> None:
    person = service.person()
    with refused("UsernameExistsException", "An account with the given email already exists."):
        service.users.sign_up(ClientId=service.client_id, Username=person.email.upper(), Password=OTHER_PASSWORD)
    assert person.give_password()["ChallengeName"] == "MFA_SETUP"


def test_who_is_confirmed_gets_no_more_codes(service: Service) -> None:
    with refused("InvalidParameterException", "User is already confirmed."):
        resend(service, service.person().email)


def test_who_does_not_exist_seems_to_get_a_code(service: Service) -> None:
    nobody = address()
    assert resend(service, nobody)["CodeDeliveryDetails"] == {
        "Destination": f"{nobody[0]}***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert service.mails_to(nobody) == []


def test_who_does_not_exist_is_refused_like_a_wrong_code(service: Service) -> None:
    nobody = address()
    for _ in range(5):
        with refused("CodeMismatchException", WRONG_CODE):
            confirm(service, nobody, "111111")
    with refused("LimitExceededException", LIMIT):
        confirm(service, nobody, "111111")


def test_a_client_may_say_who_does_not_exist(service: Service) -> None:
    client = service.client_allowing("ALLOW_USER_SRP_AUTH", PreventUserExistenceErrors="LEGACY")
    named = {"ClientId": client, "Username": address()}
    message = "Username/client id combination not found."
    with refused("UserNotFoundException", message):
        service.users.confirm_sign_up(**named, ConfirmationCode="111111")
    with refused("UserNotFoundException", message):
        service.users.resend_confirmation_code(**named)
    with refused("UserNotFoundException", message):
        service.users.forgot_password(**named)
    with refused("UserNotFoundException", message):
        service.users.confirm_forgot_password(**named, ConfirmationCode="111111", Password=PASSWORD)


def test_a_client_with_a_secret_has_to_prove_it(service: Service) -> None:
    client = service.client_allowing("ALLOW_USER_SRP_AUTH", GenerateSecret=True)
    named = {"ClientId": client, "Username": address()}
    for call, more in (
        (service.users.sign_up, {"Password": PASSWORD}),
        (service.users.confirm_sign_up, {"ConfirmationCode": "111111"}),
        (service.users.resend_confirmation_code, {}),
        (service.users.forgot_password, {}),
        (service.users.confirm_forgot_password, {"ConfirmationCode": "111111", "Password": PASSWORD}),
    ):
        with refused("NotAuthorizedException", f"Unable to verify secret hash for client {client}"):
            call(**named, **more, SecretHash="AAAA")  # type: ignore[operator]
        with refused("NotAuthorizedException"):
            call(**named, **more)  # type: ignore[operator]


def test_a_client_with_a_secret_signs_people_up(service: Service) -> None:
    created = service.owner.create_user_pool_client(
        UserPoolId=service.pool_id, ClientName="with a secret", GenerateSecret=True
    )["UserPoolClient"]
    email = address().upper()
    digest = hmac.new(created["ClientSecret"].encode(), f"{email}{created['ClientId']}".encode(), hashlib.sha256)
    proof = base64.b64encode(digest.digest()).decode()
    named = {"ClientId": created["ClientId"], "Username": email, "SecretHash": proof}
    service.users.sign_up(**named, Password=PASSWORD)
    service.users.confirm_sign_up(**named, ConfirmationCode=service.codes_sent_to(email.lower())[-1])
    assert status(service, email) == "CONFIRMED"
