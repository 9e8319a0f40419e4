"""A forgotten password: only the verified address opens the account, and the second factor stays."""

import secrets
from typing import Any

import pytest
from cognito_harness import OTHER_PASSWORD, PASSWORD, Person, Service, refused

WRONG_CODE = "Invalid verification code provided, please try again."
NO_CODE = "Invalid code provided, please request a code again."
LIMIT = "Attempt limit exceeded, please try after some time."


def forget(service: Service, email: str) -> dict[str, Any]:
    answer = service.users.forgot_password(ClientId=service.client_id, Username=email)
    return dict(answer["CodeDeliveryDetails"])


def reset(service: Service, email: str, code: str, password: str = OTHER_PASSWORD) -> None:
    service.users.confirm_forgot_password(
        ClientId=service.client_id, Username=email, ConfirmationCode=code, Password=password
    )


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.fixture
def person(service: Service) -> Person:
    return service.enrolled_person()


def test_a_new_password_still_asks_for_the_second_factor(service: Service, person: Person) -> None:
    forget(service, person.email.upper())
    reset(service, person.email.upper(), service.codes_sent_to(person.email)[-1])
    with refused("NotAuthorizedException", "Incorrect username or password."):
        person.give_password(PASSWORD)
    challenge = person.give_password(OTHER_PASSWORD)
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert "AuthenticationResult" not in challenge


@pytest.mark.parametrize("code", ["654321", "123456"])
def test_the_engines_codes_reset_nothing(service: Service, person: Person, code: str) -> None:
    forget(service, person.email)
    with refused("CodeMismatchException", WRONG_CODE):
        reset(service, person.email, code)
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_without_a_request_no_code_is_right(service: Service, person: Person) -> None:
    with refused("ExpiredCodeException", NO_CODE):
        reset(service, person.email, "654321")


def test_the_code_of_the_sign_up_resets_nothing(service: Service, person: Person) -> None:
    (code,) = service.codes_sent_to(person.email)
    with refused("ExpiredCodeException", NO_CODE):
        reset(service, person.email, code)


def test_a_code_is_for_one_use(service: Service, person: Person) -> None:
    forget(service, person.email)
    code = service.codes_sent_to(person.email)[-1]
    reset(service, person.email, code)
    with refused("ExpiredCodeException", NO_CODE):
        reset(service, person.email, code, PASSWORD)


def test_a_code_lives_an_hour(service: Service, person: Person) -> None:
    forget(service, person.email)
    service.clock.advance(3600)
    with refused("ExpiredCodeException", NO_CODE):
        reset(service, person.email, service.codes_sent_to(person.email)[-1])


def test_guessing_is_limited(service: Service, person: Person) -> None:
    forget(service, person.email)
    right = service.codes_sent_to(person.email)[-1]
    for _ in range(5):
        with refused("CodeMismatchException", WRONG_CODE):
            reset(service, person.email, wrong(right))
    with refused("LimitExceededException", LIMIT):
        reset(service, person.email, right)
    forget(service, person.email)
    with refused("LimitExceededException", LIMIT):
        reset(service, person.email, service.codes_sent_to(person.email)[-1])


def test_requests_are_limited(service: Service, person: Person) -> None:
    for _ in range(20):
        forget(service, person.email)
    with refused("LimitExceededException", LIMIT):
        forget(service, person.email)


def test_a_weak_password_is_refused_and_the_code_kept(service: Service, person: Person) -> None:
    forget(service, person.email)
    code = service.codes_sent_to(person.email)[-1]
    with refused("InvalidPasswordException"):
        reset(service, person.email, code, "short-1A")
    reset(service, person.email, code)


def test_who_does_not_exist_cannot_be_told_from_who_does(service: Service, person: Person) -> None:
    nobody = f"{secrets.token_hex(6)}@example.com"
    assert forget(service, nobody) == {**forget(service, person.email), "Destination": f"{nobody[0]}***@e***"}
    assert service.mails_to(nobody) == []
    for email in (nobody, person.email):
        for _ in range(5):
            with refused("CodeMismatchException", WRONG_CODE):
                reset(service, email, "123456")
        with refused("LimitExceededException", LIMIT):
            reset(service, email, "123456")


def test_an_unverified_address_gets_no_code(service: Service) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    service.users.sign_up(ClientId=service.client_id, Username=email, Password=PASSWORD)
    assert forget(service, email)["Destination"] == f"{email[0]}***@e***"
    assert len(service.mails_to(email)) == 1, "only the sign-up's"


def test_a_disabled_person_gets_no_code(service: Service, person: Person) -> None:
    service.owner.admin_disable_user(UserPoolId=service.pool_id, Username=person.email)
    forget(service, person.email)
    assert len(service.mails_to(person.email)) == 1, "only the sign-up's"
    with refused("CodeMismatchException", WRONG_CODE):
        reset(service, person.email, "123456")


def test_an_invited_person_has_no_password_to_forget(service: Service) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    service.owner.admin_create_user(
        UserPoolId=service.pool_id, Username=email, UserAttributes=[{"Name": "email_verified", "Value": "true"}]
    )
    with refused("NotAuthorizedException", "User password cannot be reset in the current state."):
        forget(service, email)


def test_a_pool_may_leave_recovery_to_its_administrators(service: Service) -> None:
    pool = service.owner.create_user_pool(
        PoolName="admin only", AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    )["UserPool"]["Id"]
    client = service.owner.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]["ClientId"]
    with refused("NotAuthorizedException", "Contact administrator to reset password."):
        service.users.forgot_password(ClientId=client, Username="x")


def test_a_reset_by_the_owner_needs_the_code_from_the_mail(service: Service, person: Person) -> None:
    service.owner.admin_reset_user_password(UserPoolId=service.pool_id, Username=person.email.upper())
    with refused("PasswordResetRequiredException"):
        person.give_password()
    with refused("CodeMismatchException", WRONG_CODE):
        reset(service, person.email, "654321")
    reset(service, person.email, service.codes_sent_to(person.email)[-1])
    assert person.give_password(OTHER_PASSWORD)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
