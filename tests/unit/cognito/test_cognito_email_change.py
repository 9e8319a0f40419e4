"""A new address counts once it is proven, and never when it is somebody else's."""

import secrets
from collections.abc import Mapping

import pytest
from cognito_harness import Person, Service, refused


def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"


@pytest.fixture
def person(service: Service) -> Person:
    return service.enrolled_person()


@pytest.fixture
def token(person: Person) -> str:
    access_token: str = person.sign_in()["AuthenticationResult"]["AccessToken"]
    return access_token


def change(service: Service, token: str, email: str) -> list[dict[str, str]]:
    answer = service.users.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email", "Value": email}])
    return [dict(details) for details in answer["CodeDeliveryDetailsList"]]  # type: ignore[arg-type]


def verify(service: Service, token: str, code: str) -> None:
    service.users.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)


def attributes(service: Service, token: str) -> Mapping[str, str]:
    return {item["Name"]: item["Value"] for item in service.users.get_user(AccessToken=token)["UserAttributes"]}


def test_the_old_address_counts_until_the_new_one_is_proven(service: Service, person: Person, token: str) -> None:
    new = address()
    (details,) = change(service, token, new.upper())
    assert details["Destination"] == f"{new[0]}***@e***"
    assert attributes(service, token)["email"] == person.email
    verify(service, token, service.codes_sent_to(new)[-1])
    assert attributes(service, token)["email"] == new
    assert attributes(service, token)["email_verified"] == "true"
    assert Person(service, new).give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    with refused("NotAuthorizedException", "Incorrect username or password."):
        person.give_password()


def test_nobody_takes_the_address_of_another(service: Service, token: str) -> None:
    victim = service.person()
    with refused("AliasExistsException", "An account with the given email already exists."):
        change(service, token, victim.email.upper())
    assert len(service.mails_to(victim.email)) == 1, "only the sign-up's"


def test_an_address_that_was_taken_meanwhile_stays_its_owners(service: Service, person: Person, token: str) -> None:
    new = address()
    change(service, token, new)
    code = service.codes_sent_to(new)[-1]
    service.person(new)
    with refused("AliasExistsException"):
        verify(service, token, code)
    assert attributes(service, token)["email"] == person.email


@pytest.mark.parametrize("code", ["123456", "654321", "000000"])
def test_a_guess_proves_nothing(service: Service, person: Person, token: str, code: str) -> None:
    new = address()
    change(service, token, new)
    if code not in service.codes_sent_to(new):
        with refused("CodeMismatchException"):
            verify(service, token, code)
        assert attributes(service, token)["email"] == person.email


def test_guessing_is_limited(service: Service, token: str) -> None:
    new = address()
    change(service, token, new)
    right = service.codes_sent_to(new)[-1]
    for _ in range(5):
        with refused("CodeMismatchException"):
            verify(service, token, f"{(int(right) + 1) % 1_000_000:06d}")
    with refused("LimitExceededException"):
        verify(service, token, right)


def test_a_code_for_the_old_address_does_not_prove_the_new(service: Service, person: Person, token: str) -> None:
    service.users.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    old = service.codes_sent_to(person.email)[-1]
    new = address()
    change(service, token, new)
    if old != service.codes_sent_to(new)[-1]:
        with refused("CodeMismatchException"):
            verify(service, token, old)


def test_a_code_can_be_sent_again(service: Service, token: str) -> None:
    new = address()
    change(service, token, new)
    service.users.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    verify(service, token, service.codes_sent_to(new)[-1])
    assert attributes(service, token)["email"] == new


def test_a_reset_code_under_way_does_not_move_with_the_address(service: Service, person: Person, token: str) -> None:
    service.users.forgot_password(ClientId=service.client_id, Username=person.email)
    code = service.codes_sent_to(person.email)[-1]
    new = address()
    change(service, token, new)
    verify(service, token, service.codes_sent_to(new)[-1])
    with refused("InvalidParameterException"):
        service.users.confirm_forgot_password(
            ClientId=service.client_id, Username=new, ConfirmationCode=code, Password="Another-Horse-8"
        )


@pytest.mark.parametrize("email", ["", "no-address", "two@at@signs", "a b@example.com"])
def test_what_is_no_address_is_refused(service: Service, token: str, email: str) -> None:
    with refused("InvalidParameterException"):
        change(service, token, email)


def test_the_address_one_signs_in_with_cannot_be_deleted(service: Service, token: str) -> None:
    with refused("InvalidParameterException"):
        service.users.delete_user_attributes(AccessToken=token, UserAttributeNames=["email"])
    with refused("NotAuthorizedException"):
        service.users.delete_user_attributes(AccessToken=token, UserAttributeNames=["email_verified"])


def test_a_client_limits_what_people_write(service: Service, person: Person) -> None:
    client = service.client_allowing("ALLOW_USER_PASSWORD_AUTH", WriteAttributes=["email"])
    session = person.give_password(client_id=client)["Session"]
    signed_in = person.answer("SOFTWARE_TOKEN_MFA", session, client, SOFTWARE_TOKEN_MFA_CODE=person.code())
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        service.users.update_user_attributes(
            AccessToken=signed_in["AuthenticationResult"]["AccessToken"],
            UserAttributes=[{"Name": "name", "Value": "Ana"}],
        )


def test_a_pool_that_changes_addresses_at_once_unverifies_them(service: Service) -> None:
    pool = service.owner.create_user_pool(PoolName="at once", UsernameAttributes=["email"])["UserPool"]["Id"]
    created = service.owner.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    client = created["UserPoolClient"]["ClientId"]
    email, new = address(), address()
    service.owner.admin_create_user(
        UserPoolId=pool, Username=email, UserAttributes=[{"Name": "email_verified", "Value": "true"}]
    )
    service.owner.admin_set_user_password(UserPoolId=pool, Username=email, Password="Correct-Horse-9", Permanent=True)
    signed_in = service.users.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": "Correct-Horse-9"},
    )
    token = signed_in["AuthenticationResult"]["AccessToken"]
    change(service, token, new)
    assert attributes(service, token)["email"] == new
    assert attributes(service, token)["email_verified"] == "false"
