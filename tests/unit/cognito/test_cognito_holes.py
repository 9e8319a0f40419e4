"""Each way around the second factor that the engine leaves open, closed."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from cognito_harness import OTHER_PASSWORD, PASSWORD, TEMPORARY_PASSWORD, Person, Service, invalid_session, refused
from pycognito.aws_srp import N_HEX, calculate_u, compute_hkdf, pad_hex

CHALLENGES = {
    "MFA_SETUP": {},
    "SOFTWARE_TOKEN_MFA": {"SOFTWARE_TOKEN_MFA_CODE": "123456"},
    "NEW_PASSWORD_REQUIRED": {"NEW_PASSWORD": OTHER_PASSWORD},
}


@pytest.mark.parametrize("challenge", CHALLENGES)
@pytest.mark.parametrize("session", ["forged", "", secrets.token_urlsafe(64)], ids=["short", "empty", "long"])
def test_a_forged_session_opens_nothing(service: Service, challenge: str, session: str) -> None:
    person = service.enrolled_person()
    answer = service.post(
        "RespondToAuthChallenge",
        {
            "ClientId": service.client_id,
            "ChallengeName": challenge,
            "Session": session,
            "ChallengeResponses": {"USERNAME": person.email, **CHALLENGES[challenge]},
        },
    )
    assert answer.status_code == 400
    expected = "NotAuthorizedException" if session else "InvalidParameterException"
    assert answer.json()["__type"] == answer.headers["x-amzn-errortype"] == expected
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_no_session_opens_nothing(service: Service, challenge: str) -> None:
    answer = service.post(
        "RespondToAuthChallenge",
        {
            "ClientId": service.client_id,
            "ChallengeName": challenge,
            "ChallengeResponses": {"USERNAME": service.person().email, **CHALLENGES[challenge]},
        },
    )
    assert answer.json() == {
        "__type": "InvalidParameterException",
        "message": "Missing required parameter Session",
    }


def test_the_second_factor_cannot_be_skipped_by_setup(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    with invalid_session():
        person.answer("MFA_SETUP", session)
    with invalid_session():
        service.users.associate_software_token(Session=session)
    with invalid_session():
        service.users.verify_software_token(Session=session, UserCode=person.code())
    assert person.give_code(session)["AuthenticationResult"]


def test_setup_cannot_be_answered_before_a_code_is_verified(service: Service) -> None:
    person = service.person()
    session = person.give_password()["Session"]
    with invalid_session():
        person.answer("MFA_SETUP", session)
    with invalid_session():
        service.users.verify_software_token(Session=session, UserCode="123456")
    associated = person.associate(session)
    with invalid_session():
        person.answer("MFA_SETUP", associated)
    with invalid_session():
        person.give_code(associated)
    assert person.answer("MFA_SETUP", person.verify(associated))["AuthenticationResult"]


def test_an_unenrolled_person_gets_no_tokens_for_any_code(service: Service) -> None:
    person = service.person()
    session = person.give_password()["Session"]
    with invalid_session():
        person.give_code(session, "123456")


def test_a_second_factor_switched_on_without_a_secret_is_none(service: Service) -> None:
    person = service.person()
    service.owner.admin_set_user_mfa_preference(
        UserPoolId=service.pool_id,
        Username=person.email,
        SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    assert person.give_password()["ChallengeName"] == "MFA_SETUP"


@pytest.mark.parametrize("step", ["password", "setup", "associated", "verified"])
def test_every_session_is_for_one_use(service: Service, step: str) -> None:
    person = service.person()
    setup = person.give_password()["Session"]
    associated = person.associate(setup)
    verified = person.verify(associated)
    person.answer("MFA_SETUP", verified)
    password = person.give_password()["Session"]
    person.give_code(password)
    again: dict[str, Callable[[], object]] = {
        "password": lambda: person.give_code(password),
        "setup": lambda: person.associate(setup),
        "associated": lambda: person.verify(associated),
        "verified": lambda: person.answer("MFA_SETUP", verified),
    }
    with invalid_session():
        again[step]()


def test_a_session_is_for_one_person(service: Service) -> None:
    person, other = service.enrolled_person(), service.enrolled_person()
    session = person.give_password()["Session"]
    with invalid_session():
        other.give_code(session)
    setup = service.person()
    verified = setup.verify(setup.associate(setup.give_password()["Session"]))
    with invalid_session():
        other.answer("MFA_SETUP", verified)
    assert person.give_code(session)["AuthenticationResult"]


def test_a_session_is_for_one_client(service: Service) -> None:
    other_client = service.client_allowing("ALLOW_USER_PASSWORD_AUTH")
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    with invalid_session():
        person.answer("SOFTWARE_TOKEN_MFA", session, other_client, SOFTWARE_TOKEN_MFA_CODE=person.code())


def test_a_session_is_for_one_challenge(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    with invalid_session():
        person.answer("NEW_PASSWORD_REQUIRED", session, NEW_PASSWORD=OTHER_PASSWORD)
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_session_expires(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    service.clock.advance(3 * 60)
    with refused("NotAuthorizedException", "Invalid session for the user, session is expired."):
        person.give_code(session)


def test_the_client_says_how_long_a_session_lasts(service: Service) -> None:
    client = service.client_allowing("ALLOW_USER_PASSWORD_AUTH", AuthSessionValidity=10)
    person = service.enrolled_person()
    session = person.give_password(client_id=client)["Session"]
    service.clock.advance(10 * 60 - 1)
    answer = person.answer("SOFTWARE_TOKEN_MFA", session, client, SOFTWARE_TOKEN_MFA_CODE=person.code())
    assert answer["AuthenticationResult"]


def test_a_code_is_for_one_use(service: Service) -> None:
    person = service.enrolled_person()
    code = person.code()
    person.give_code(person.give_password()["Session"], code)
    session = person.give_password()["Session"]
    with refused("ExpiredCodeException", "Your software token has already been used once."):
        person.give_code(session, code)
    assert person.give_code(session)["AuthenticationResult"]


def test_the_code_of_the_setup_is_used_too(service: Service) -> None:
    person = service.enrolled_person()
    (spent,) = person.shown
    with refused("ExpiredCodeException"):
        person.give_code(person.give_password()["Session"], spent)


def test_a_wrong_code_can_be_corrected(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    for wrong in (person.wrong_code(), "12345", "1234567", "abcdef", " 12345", "\u0661" * 6):
        answer = service.post(
            "RespondToAuthChallenge",
            {
                "ClientId": service.client_id,
                "ChallengeName": "SOFTWARE_TOKEN_MFA",
                "Session": session,
                "ChallengeResponses": {"USERNAME": person.email, "SOFTWARE_TOKEN_MFA_CODE": wrong},
            },
        )
        assert answer.json()["__type"] == "CodeMismatchException"
        session = person.give_password()["Session"] if wrong == "12345" else session
    assert person.give_code(person.give_password()["Session"])["AuthenticationResult"]


def test_more_than_five_wrong_codes_end_the_session(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    for _ in range(6):
        with refused("CodeMismatchException", "Invalid code received for user"):
            person.give_code(session, person.wrong_code())
    with invalid_session():
        person.give_code(session)


def test_five_wrong_codes_do_not(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    for _ in range(5):
        with refused("CodeMismatchException"):
            person.give_code(session, person.wrong_code())
    assert person.give_code(session)["AuthenticationResult"]


def test_wrong_codes_of_many_sessions_add_up(service: Service) -> None:
    person = service.enrolled_person()
    for _ in range(4):
        session = person.give_password()["Session"]
        for _ in range(5):
            with refused("CodeMismatchException"):
                person.give_code(session, person.wrong_code())
    with refused("TooManyRequestsException", "Attempt limit exceeded, please try after some time."):
        person.give_code(session)
    service.clock.advance(1)
    assert person.give_code(session)["AuthenticationResult"]


def test_a_wrong_code_at_setup_can_be_corrected(service: Service) -> None:
    person = service.person()
    associated = person.associate(person.give_password()["Session"])
    with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
        service.users.verify_software_token(Session=associated, UserCode=person.wrong_code())
    person.verify(associated)


def test_more_than_five_wrong_codes_end_the_setup(service: Service) -> None:
    person = service.person()
    associated = person.associate(person.give_password()["Session"])
    for _ in range(6):
        with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
            service.users.verify_software_token(Session=associated, UserCode=person.wrong_code())
    with invalid_session():
        person.verify(associated)


def test_wrong_passwords_lock_out(service: Service) -> None:
    person = service.enrolled_person()
    for _ in range(5):
        with refused("NotAuthorizedException", "Incorrect username or password."):
            person.give_password(OTHER_PASSWORD)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        person.give_password()
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        person.give_password_by_srp()
    service.clock.advance(1)
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_wrong_passwords_by_srp_lock_out_too(service: Service) -> None:
    person = service.enrolled_person()
    for _ in range(5):
        with refused("NotAuthorizedException", "Incorrect username or password."):
            person.give_password_by_srp(OTHER_PASSWORD)
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        person.give_password()


def test_an_unknown_name_locks_out_alike(service: Service) -> None:
    nobody = Person(service, f"{secrets.token_hex(6)}@example.com")
    for _ in range(5):
        with refused("NotAuthorizedException", "Incorrect username or password."):
            nobody.give_password()
    with refused("NotAuthorizedException", "Password attempts exceeded"):
        nobody.give_password()


def test_an_srp_answer_is_for_one_use(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    person = service.enrolled_person()
    sent: list[dict[str, Any]] = []
    respond = service.users.respond_to_auth_challenge

    def record(**body: Any) -> Any:
        sent.append(body)
        return respond(**body)

    monkeypatch.setattr(service.users, "respond_to_auth_challenge", record)
    person.give_password_by_srp()
    with refused("NotAuthorizedException", "Incorrect username or password."):
        respond(**sent[0])


def test_nobody_switches_a_mandatory_second_factor_off(service: Service) -> None:
    person = service.enrolled_person()
    token = person.sign_in()["AuthenticationResult"]["AccessToken"]
    with refused("InvalidParameterException"):
        service.users.set_user_mfa_preference(
            AccessToken=token, SoftwareTokenMfaSettings={"Enabled": False, "PreferredMfa": False}
        )
    with refused("InvalidParameterException"):
        service.users.set_user_mfa_preference(AccessToken=token, SMSMfaSettings={"Enabled": True})
    service.users.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_new_password_follows_the_policy(service: Service) -> None:
    person = Person.invited(service)
    session = person.give_password(TEMPORARY_PASSWORD)["Session"]
    with refused("InvalidPasswordException"):
        person.answer("NEW_PASSWORD_REQUIRED", session, NEW_PASSWORD="short")
    assert person.answer("NEW_PASSWORD_REQUIRED", session, NEW_PASSWORD=PASSWORD)["ChallengeName"] == "MFA_SETUP"


def test_a_temporary_password_is_replaced_once(service: Service) -> None:
    person = Person.invited(service)
    first, second = (person.give_password(TEMPORARY_PASSWORD)["Session"] for _ in range(2))
    person.answer("NEW_PASSWORD_REQUIRED", first, NEW_PASSWORD=PASSWORD)
    with invalid_session():
        person.answer("NEW_PASSWORD_REQUIRED", second, NEW_PASSWORD=OTHER_PASSWORD)
    assert person.give_password()["ChallengeName"] == "MFA_SETUP"


def test_an_older_session_does_not_replace_the_second_factor(service: Service) -> None:
    person = service.person()
    early = person.give_password()["Session"]
    associated = Person(service, person.email).associate(person.give_password()["Session"])
    person.enrol()
    with invalid_session():
        service.users.associate_software_token(Session=early)
    with invalid_session():
        service.users.verify_software_token(Session=associated, UserCode=person.code())
    assert person.sign_in()["AuthenticationResult"]


def test_a_new_password_does_not_replace_the_second_factor(service: Service) -> None:
    person = service.enrolled_person()
    service.owner.admin_set_user_password(
        UserPoolId=service.pool_id, Username=person.email, Password=TEMPORARY_PASSWORD, Permanent=False
    )
    session = person.give_password(TEMPORARY_PASSWORD)["Session"]
    answer = person.answer("NEW_PASSWORD_REQUIRED", session, NEW_PASSWORD=OTHER_PASSWORD)
    assert answer["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert person.give_code(answer["Session"])["AuthenticationResult"]


def test_a_disabled_person_gets_no_tokens_half_way(service: Service) -> None:
    person = service.enrolled_person()
    session = person.give_password()["Session"]
    service.owner.admin_disable_user(UserPoolId=service.pool_id, Username=person.email)
    with refused("NotAuthorizedException", "User is disabled."):
        person.give_code(session)


@pytest.mark.parametrize(
    ("flow", "parameters"),
    [
        ("CUSTOM_AUTH", {}),
        ("USER_AUTH", {}),
        ("ADMIN_USER_PASSWORD_AUTH", {"PASSWORD": PASSWORD}),
        ("ADMIN_NO_SRP_AUTH", {"PASSWORD": PASSWORD}),
    ],
)
def test_other_flows_are_not_enabled(service: Service, flow: str, parameters: dict[str, str]) -> None:
    with refused("InvalidParameterException"):
        service.users.initiate_auth(
            ClientId=service.client_id,
            AuthFlow=flow,  # type: ignore[arg-type]
            AuthParameters={"USERNAME": service.person().email, **parameters},
        )


def test_a_client_decides_which_flows_it_allows(service: Service) -> None:
    person = service.enrolled_person()
    srp_only = service.client_allowing("ALLOW_USER_SRP_AUTH")
    with refused("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"):
        person.give_password(client_id=srp_only)
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        service.users.initiate_auth(
            ClientId=srp_only, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": "x"}
        )


def test_an_unknown_client_is_not_found(service: Service) -> None:
    with refused("ResourceNotFoundException"):
        service.person().give_password(client_id="nosuchclient")


@pytest.mark.parametrize("public_value", [0, 1, 2])
def test_a_public_value_of_zero_proves_no_password(service: Service, public_value: int) -> None:
    """SRP with A = 0 (mod N): the shared secret is then 0, which anybody can compute (RFC 5054 section 2.5.4)."""
    person = service.enrolled_person()
    big_a = public_value * int(N_HEX, 16)
    asked = service.users.initiate_auth(
        ClientId=service.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": person.email, "SRP_A": f"{big_a:x}"},
    )["ChallengeParameters"]
    timestamp = "Sun Nov 22 10:00:00 UTC 2026"
    user_id = asked["USER_ID_FOR_SRP"]
    u = calculate_u(big_a, int(asked["SRP_B"], 16))
    key = compute_hkdf(bytearray.fromhex(pad_hex("0")), bytearray.fromhex(pad_hex(f"{u:x}")))
    message = f"{service.pool_id.split('_')[1]}{user_id}".encode() + base64.b64decode(asked["SECRET_BLOCK"])
    signature = hmac.new(key, message + timestamp.encode(), hashlib.sha256).digest()
    with refused("NotAuthorizedException", "Incorrect username or password."):
        service.users.respond_to_auth_challenge(
            ClientId=service.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses={
                "USERNAME": user_id,
                "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
                "TIMESTAMP": timestamp,
            },
        )


def test_an_open_session_is_no_way_to_guess_codes(service: Service) -> None:
    """VerifySoftwareToken with an access token checks codes too."""
    person = service.enrolled_person()
    token = person.sign_in()["AuthenticationResult"]["AccessToken"]
    for _ in range(20):
        with refused("EnableSoftwareTokenMFAException", "Code mismatch"):
            service.users.verify_software_token(AccessToken=token, UserCode=person.wrong_code())
    with refused("TooManyRequestsException"):
        service.users.verify_software_token(AccessToken=token, UserCode=person.wrong_code())


def test_a_letter_that_folds_into_another_makes_no_twin(service: Service) -> None:
    """The Kelvin sign's lower case is a plain k."""
    rest = f"{secrets.token_hex(6)}@example.com"
    service.person(f"k{rest}")
    with refused("UsernameExistsException"):
        service.users.sign_up(ClientId=service.client_id, Username=f"\u212a{rest}", Password=PASSWORD)


@pytest.mark.parametrize("settings", [{"MFAOptions": []}, {"MFAOptions": [{"DeliveryMedium": "SMS"}]}])
def test_the_old_settings_switch_nothing(service: Service, settings: dict[str, Any]) -> None:
    person = service.enrolled_person()
    token = person.sign_in()["AuthenticationResult"]["AccessToken"]
    answer = service.post("SetUserSettings", {"AccessToken": token, **settings})
    assert (answer.status_code, answer.json()["__type"]) == (400, "InvalidParameterException")
    assert person.give_password()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
