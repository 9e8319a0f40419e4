import json
import secrets

import httpx
import jwt
import pytest
from cognito_harness import PASSWORD, TEMPORARY_PASSWORD, Person, Service, refused


def claims(token: str) -> dict[str, object]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def fetch(url: str) -> str:
    return httpx.get(url, trust_env=False, timeout=60).raise_for_status().text


def test_sign_up_to_tokens_and_back_in(service: Service) -> None:
    person = service.person()
    setup = person.give_password_by_srp()
    assert setup["ChallengeName"] == "MFA_SETUP"
    assert "AuthenticationResult" not in setup
    assert json.loads(setup["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA"]
    tokens = person.enrol(setup)["AuthenticationResult"]
    assert claims(tokens["IdToken"])["email"] == person.email
    assert set(tokens) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}

    challenge = person.give_password_by_srp()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    again = person.give_code(challenge["Session"])["AuthenticationResult"]
    assert claims(again["IdToken"])["sub"] == claims(tokens["IdToken"])["sub"]


def test_the_password_flow_asks_for_the_same(service: Service) -> None:
    person = service.person()
    assert person.give_password()["ChallengeName"] == "MFA_SETUP"
    person.enrol()
    challenge = person.give_password()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert challenge["ChallengeParameters"]["USER_ID_FOR_SRP"]
    assert person.give_code(challenge["Session"])["AuthenticationResult"]["IdToken"]


def test_a_person_may_answer_under_the_internal_user_name(service: Service) -> None:
    person = service.enrolled_person()
    challenge = person.give_password()
    person.email = challenge["ChallengeParameters"]["USER_ID_FOR_SRP"]
    assert person.give_code(challenge["Session"])["AuthenticationResult"]


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
def test_refresh_gives_new_tokens(service: Service, flow: str) -> None:
    tokens = service.enrolled_person().sign_in()["AuthenticationResult"]
    refreshed = service.users.initiate_auth(
        ClientId=service.client_id,
        AuthFlow=flow,  # type: ignore[arg-type]
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]
    assert claims(refreshed["IdToken"])["sub"] == claims(tokens["IdToken"])["sub"]
    assert "RefreshToken" not in refreshed


def test_sign_out_ends_refresh(service: Service) -> None:
    tokens = service.enrolled_person().sign_in()["AuthenticationResult"]
    service.users.revoke_token(Token=tokens["RefreshToken"], ClientId=service.client_id)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        service.users.initiate_auth(
            ClientId=service.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )


def test_names_are_the_same_in_any_case(service: Service) -> None:
    name = secrets.token_hex(6)
    person = service.person(f"{name.upper()}.Silva@Example.com")
    with refused("UsernameExistsException"):
        service.users.sign_up(ClientId=service.client_id, Username=f"{name}.silva@example.COM", Password=PASSWORD)
    person.enrol()
    other_case = Person(service, f"{name}.silva@example.com", secret=person.secret, shown=person.shown)
    challenge = other_case.give_password_by_srp()
    tokens = other_case.give_code(challenge["Session"])["AuthenticationResult"]
    assert claims(tokens["IdToken"])["email"] == other_case.email


def test_an_invited_person_chooses_a_password_and_a_second_factor(service: Service) -> None:
    person = Person.invited(service)
    challenge = person.give_password(TEMPORARY_PASSWORD)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    setup = person.answer("NEW_PASSWORD_REQUIRED", challenge["Session"], NEW_PASSWORD=PASSWORD)
    assert setup["ChallengeName"] == "MFA_SETUP"
    person.enrol(setup)
    assert person.sign_in()["AuthenticationResult"]


def test_a_forgotten_password_is_replaced(service: Service) -> None:
    person = service.enrolled_person()
    service.users.forgot_password(ClientId=service.client_id, Username=person.email.upper())
    service.users.confirm_forgot_password(
        ClientId=service.client_id,
        Username=person.email.upper(),
        ConfirmationCode=service.codes_sent_to(person.email)[-1],
        Password="Another-Horse-8",
    )
    with refused("NotAuthorizedException", "Incorrect username or password."):
        person.give_password()
    assert person.give_password("Another-Horse-8")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_keys_and_discovery_pass_through(service: Service) -> None:
    tokens = service.enrolled_person().sign_in()["AuthenticationResult"]
    base = f"{service.url}/{service.pool_id}/.well-known"
    keys = jwt.PyJWKSet.from_json(fetch(f"{base}/jwks.json"))
    key = keys[jwt.get_unverified_header(tokens["IdToken"])["kid"]]
    verified = jwt.decode(tokens["IdToken"], key, algorithms=["RS256"], audience=service.client_id)
    discovery = json.loads(fetch(f"{base}/openid-configuration"))
    assert discovery["issuer"] == verified["iss"]
    assert discovery["jwks_uri"] == f"{base}/jwks.json"
