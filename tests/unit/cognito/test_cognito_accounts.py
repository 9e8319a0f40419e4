import secrets

import pytest
from cognito_harness import OTHER_PASSWORD, PASSWORD, Service, refused


def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sub", "InvalidParameterException"),
        ("email_verified", "NotAuthorizedException"),
        ("identities", "NotAuthorizedException"),
        ("cognito:groups", "NotAuthorizedException"),
        ("custom:admin", "InvalidParameterException"),
    ],
)
def test_nobody_writes_attributes_of_cognitos_own(service: Service, name: str, code: str) -> None:
    with refused(code):
        service.users.sign_up(
            ClientId=service.client_id,
            Username=address(),
            Password=PASSWORD,
            UserAttributes=[{"Name": name, "Value": "true"}],
        )
    token = service.enrolled_person().sign_in()["AuthenticationResult"]["AccessToken"]
    with refused(code):
        service.users.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": name, "Value": "true"}])


def test_ordinary_attributes_are_written(service: Service) -> None:
    token = service.enrolled_person().sign_in()["AuthenticationResult"]["AccessToken"]
    service.users.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "name", "Value": "Ana"}])
    assert {"Name": "name", "Value": "Ana"} in service.users.get_user(AccessToken=token)["UserAttributes"]


def test_a_weak_password_is_refused(service: Service) -> None:
    with refused("InvalidPasswordException"):
        service.users.sign_up(ClientId=service.client_id, Username=address(), Password="short")


def test_a_pool_by_invitation_takes_no_sign_ups(service: Service) -> None:
    pool = service.owner.create_user_pool(PoolName="invited", AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})[
        "UserPool"
    ]["Id"]
    client = service.owner.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]
    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        service.users.sign_up(ClientId=client["ClientId"], Username=address(), Password=PASSWORD)


def test_an_unconfirmed_person_cannot_sign_in(service: Service) -> None:
    email = address()
    service.users.sign_up(ClientId=service.client_id, Username=email, Password=PASSWORD)
    with refused("UserNotConfirmedException"):
        service.users.initiate_auth(
            ClientId=service.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )


def test_guessing_the_old_password_is_slowed_down(service: Service) -> None:
    person = service.enrolled_person()
    token = person.sign_in()["AuthenticationResult"]["AccessToken"]
    change = {"AccessToken": token, "ProposedPassword": OTHER_PASSWORD}
    for _ in range(5):
        with refused("NotAuthorizedException", "Incorrect username or password."):
            service.users.change_password(**change, PreviousPassword="Wrong-Password-1")
    with refused("LimitExceededException"):
        service.users.change_password(**change, PreviousPassword=PASSWORD)
    service.clock.advance(1)
    service.users.change_password(**change, PreviousPassword=PASSWORD)
    assert person.give_password(OTHER_PASSWORD)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_signed_in_person_changes_the_authenticator(service: Service) -> None:
    person = service.enrolled_person()
    token = person.sign_in()["AuthenticationResult"]["AccessToken"]
    associated = service.users.associate_software_token(AccessToken=token)
    assert "Session" not in associated
    with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
        service.users.verify_software_token(AccessToken=token, UserCode=person.wrong_code())
    person.secret = associated["SecretCode"]
    service.users.verify_software_token(AccessToken=token, UserCode=person.code())
    assert person.sign_in()["AuthenticationResult"]


def test_an_access_token_and_a_session_together_are_refused(service: Service) -> None:
    with refused("InvalidParameterException"):
        service.users.associate_software_token(AccessToken="a.b.c", Session="x" * 20)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\u00e9.\u00e9.\u00e9"])
def test_a_false_access_token_is_refused(service: Service, token: str) -> None:
    for operation, more in (
        ("GetUser", {}),
        ("AssociateSoftwareToken", {}),
        ("VerifySoftwareToken", {"UserCode": "123456"}),
        ("SetUserMFAPreference", {}),
        ("ChangePassword", {"PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD}),
        ("UpdateUserAttributes", {"UserAttributes": []}),
        ("GlobalSignOut", {}),
        ("DeleteUser", {}),
    ):
        answer = service.post(operation, {"AccessToken": token, **more})
        assert answer.status_code == 400, operation
        assert answer.json()["__type"] in ("NotAuthorizedException", "InvalidParameterException"), operation
