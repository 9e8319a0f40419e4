"""The owner's own sign-in operations are as strict as the users'."""

import secrets
from typing import Any

import pytest
from cognito_harness import OTHER_PASSWORD, PASSWORD, TEMPORARY_PASSWORD, Person, Service, invalid_session, refused


@pytest.fixture(scope="module")
def client_id(service: Service) -> str:
    return service.client_allowing(
        "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", PreventUserExistenceErrors="ENABLED"
    )


def initiate(service: Service, client_id: str, email: str, password: str = PASSWORD) -> dict[str, Any]:
    return dict(
        service.owner.admin_initiate_auth(
            UserPoolId=service.pool_id,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
    )


def respond(
    service: Service, client_id: str, challenge: str, email: str, session: str | None = None, **responses: str
) -> dict[str, Any]:
    return dict(
        service.owner.admin_respond_to_auth_challenge(
            UserPoolId=service.pool_id,
            ClientId=client_id,
            ChallengeName=challenge,  # type: ignore[arg-type]
            ChallengeResponses={"USERNAME": email, **responses},
            **({"Session": session} if session else {}),  # type: ignore[arg-type]
        )
    )


def invite(service: Service, email: str) -> Person:
    service.owner.admin_create_user(
        UserPoolId=service.pool_id, Username=email, TemporaryPassword=TEMPORARY_PASSWORD, MessageAction="SUPPRESS"
    )
    return Person(service, email.lower())


def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def test_the_un_enrolled_get_no_tokens(service: Service, client_id: str) -> None:
    answer = initiate(service, client_id, service.person().email.upper())
    assert answer["ChallengeName"] == "MFA_SETUP"
    assert "AuthenticationResult" not in answer


def test_the_enrolled_need_their_code(service: Service, client_id: str) -> None:
    person = service.enrolled_person()
    session = initiate(service, client_id, person.email)["Session"]
    with refused("CodeMismatchException"):
        respond(
            service,
            client_id,
            "SOFTWARE_TOKEN_MFA",
            person.email,
            session,
            SOFTWARE_TOKEN_MFA_CODE=person.wrong_code(),
        )
    answer = respond(
        service, client_id, "SOFTWARE_TOKEN_MFA", person.email, session, SOFTWARE_TOKEN_MFA_CODE=person.code()
    )
    assert answer["AuthenticationResult"]["AccessToken"]


@pytest.mark.parametrize(
    ("challenge", "responses"),
    [
        ("SOFTWARE_TOKEN_MFA", {"SOFTWARE_TOKEN_MFA_CODE": "123456"}),
        ("MFA_SETUP", {}),
        ("NEW_PASSWORD_REQUIRED", {"NEW_PASSWORD": OTHER_PASSWORD}),
    ],
)
def test_a_forged_session_opens_nothing(
    service: Service, client_id: str, challenge: str, responses: dict[str, str]
) -> None:
    person = service.enrolled_person()
    with invalid_session():
        respond(service, client_id, challenge, person.email, "x" * 60, **responses)
    with refused("InvalidParameterException", "Missing required parameter Session"):
        respond(service, client_id, challenge, person.email, **responses)
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_other_challenges_are_refused(service: Service, client_id: str) -> None:
    with refused("InvalidParameterException"):
        respond(service, client_id, "SMS_MFA", service.enrolled_person().email, "x" * 60, SMS_MFA_CODE="1")


def test_a_users_session_is_the_same_to_the_owner_and_for_one_use(service: Service, client_id: str) -> None:
    person = service.enrolled_person()
    session = person.give_password(client_id=client_id)["Session"]
    code = person.code()
    respond(service, client_id, "SOFTWARE_TOKEN_MFA", person.email, session, SOFTWARE_TOKEN_MFA_CODE=code)
    with invalid_session():
        person.answer("SOFTWARE_TOKEN_MFA", session, client_id, SOFTWARE_TOKEN_MFA_CODE=person.code())
    again = initiate(service, client_id, person.email)["Session"]
    with refused("ExpiredCodeException", "Your software token has already been used once."):
        respond(service, client_id, "SOFTWARE_TOKEN_MFA", person.email, again, SOFTWARE_TOKEN_MFA_CODE=code)


def test_wrong_passwords_lock_out_here_and_there(service: Service, client_id: str) -> None:
    person = service.enrolled_person()
    for _ in range(5):
        with refused("NotAuthorizedException", "Incorrect username or password."):
            initiate(service, client_id, person.email, OTHER_PASSWORD)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        person.give_password()


def test_an_unknown_name_reads_like_a_wrong_password(service: Service, client_id: str) -> None:
    with refused("NotAuthorizedException", "Incorrect username or password."):
        initiate(service, client_id, address())


def test_the_client_has_to_allow_it_and_belong_to_the_pool(service: Service, client_id: str) -> None:
    person = service.enrolled_person()
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        initiate(service, service.client_id, person.email)
    other = service.owner.create_user_pool(PoolName="other")["UserPool"]["Id"]
    with refused("ResourceNotFoundException"):
        service.owner.admin_initiate_auth(
            UserPoolId=other,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": person.email, "PASSWORD": PASSWORD},
        )


def test_no_twin_is_invited(service: Service) -> None:
    email = f"{secrets.token_hex(6)}.Ana@Example.com"
    person = invite(service, email)
    with refused("UsernameExistsException"):
        invite(service, email.swapcase())
    assert person.give_password(TEMPORARY_PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_the_owner_finds_people_in_any_case(service: Service) -> None:
    person = service.person()
    found = service.owner.admin_get_user(UserPoolId=service.pool_id, Username=person.email.upper())
    assert {"Name": "email", "Value": person.email} in found["UserAttributes"]


def test_a_temporary_password_expires(service: Service) -> None:
    person = invite(service, address())
    invited = service.owner.admin_get_user(UserPoolId=service.pool_id, Username=person.email)
    before = service.clock.now
    service.clock.now = invited["UserLastModifiedDate"].timestamp() + 3 * 24 * 3600 + 1
    try:
        with refused("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."):
            person.give_password(TEMPORARY_PASSWORD)
    finally:
        service.clock.now = before
    assert person.give_password(TEMPORARY_PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_a_sign_out_by_the_owner_ends_every_token(service: Service) -> None:
    person = service.enrolled_person()
    tokens = person.sign_in()["AuthenticationResult"]
    service.owner.admin_user_global_sign_out(UserPoolId=service.pool_id, Username=person.email)
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        service.users.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        service.users.initiate_auth(
            ClientId=service.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )


def test_an_invitation_is_sent_again_with_a_new_first_password(service: Service) -> None:
    person = Person.invited(service)

    service.owner.admin_create_user(UserPoolId=service.pool_id, Username=person.email, MessageAction="RESEND")

    with refused("NotAuthorizedException"):
        person.give_password(TEMPORARY_PASSWORD)
    chosen = {"MessageAction": "RESEND", "TemporaryPassword": OTHER_PASSWORD}
    service.owner.admin_create_user(UserPoolId=service.pool_id, Username=person.email, **chosen)  # type: ignore[arg-type]
    assert person.give_password(OTHER_PASSWORD)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_no_invitation_for_who_is_unknown_or_was_here(service: Service) -> None:
    person = service.enrolled_person()
    with refused("UnsupportedUserStateException"):
        service.owner.admin_create_user(UserPoolId=service.pool_id, Username=person.email, MessageAction="RESEND")
    with refused("UserNotFoundException"):
        service.owner.admin_create_user(UserPoolId=service.pool_id, Username="no@example.com", MessageAction="RESEND")
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
