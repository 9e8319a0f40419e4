"""Ways around the sign-in: its password, its second factor, its sessions and its codes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyotp
import requests
from integration.people import Person, new_email
from pycognito.aws_srp import AWSSRP

from devstack.client import new_password
from devstack.signin import TOTP_STEP, Challenge

from .answers import of_cognito, refused
from .scene import Scene
from .table import Refusal, attack, control

FORGED_SESSION = "A" * 120
ENOUGH_GUESSES = 16
"""Cognito's lock-out doubles with each: long before this one even a slow machine is within it."""
WRONG_CODES_OF_A_SESSION = 6
"""One more than the five that a session forgives."""
ENGINES_SIGN_UP_CODE, ENGINES_RESET_CODE = "123456", "654321"
"""What the engine's own Cognito would take from anybody."""


@dataclass(frozen=True)
class Enrolling:
    """Somebody who has proven the password and has no second factor yet."""

    email: str
    password: str
    challenge: Challenge


def enrolling(scene: Scene) -> Enrolling:
    email, password = new_email(), new_password()
    scene.platform.register(email, password)
    return Enrolling(email, password, scene.platform.identity.prove_password(email, password))


def asked_for_a_code(scene: Scene, person: Person | None = None) -> Challenge:
    account = (person or scene.attacker).account
    return scene.platform.identity.prove_password(account.email, account.password)


def upcoming_code(person: Person) -> str:
    """A right code that was not used: Cognito also takes the next step's."""
    return pyotp.TOTP(person.account.authenticator.secret).at(time.time() + TOTP_STEP)


def other_code(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"


def respond(
    scene: Scene, challenge: Challenge, name: str | None = None, client_id: str | None = None, **responses: str
) -> requests.Response:
    return scene.auth(
        "RespondToAuthChallenge",
        {
            "ClientId": client_id or scene.outputs["UserPoolClientId"],
            "ChallengeName": name or challenge.name,
            "Session": challenge.session,
            "ChallengeResponses": {"USERNAME": challenge.username, **responses},
        },
    )


def initiate(scene: Scene, flow: str, client_id: str | None = None, **parameters: str) -> requests.Response:
    client = client_id or scene.outputs["UserPoolClientId"]
    return scene.auth("InitiateAuth", {"ClientId": client, "AuthFlow": flow, "AuthParameters": parameters})


def session_of(answer: requests.Response) -> str:
    assert answer.ok, answer.text
    session: str = answer.json()["Session"]
    return session


def associate(scene: Scene, session: str) -> requests.Response:
    return scene.auth("AssociateSoftwareToken", {"Session": session})


def verify(scene: Scene, session: str, code: str) -> requests.Response:
    return scene.auth("VerifySoftwareToken", {"Session": session, "UserCode": code})


def enrol(scene: Scene, challenge: Challenge) -> tuple[Challenge, str, str]:
    """Up to the last answer: the challenge to give it to, the secret, and the session before that."""
    associated = associate(scene, challenge.session)
    secret = associated.json()["SecretCode"]
    verified = verify(scene, session_of(associated), pyotp.TOTP(secret).now())
    return replace(challenge, session=session_of(verified)), secret, session_of(associated)


@control("sign-in")
def a_person_with_password_and_code_gets_tokens(scene: Scene) -> None:
    finished, _, _ = enrol(scene, enrolling(scene).challenge)
    answer = respond(scene, finished)
    assert set(answer.json()["AuthenticationResult"]) >= {"IdToken", "AccessToken", "RefreshToken"}


@control("sign-in")
def a_person_who_comes_back_is_asked_for_a_code(scene: Scene) -> None:
    person = scene.new_person()
    answer = respond(scene, asked_for_a_code(scene, person), SOFTWARE_TOKEN_MFA_CODE=upcoming_code(person))
    assert "IdToken" in answer.json()["AuthenticationResult"]


# The second factor, before it is enrolled.


@attack
def enrolment_skipped(scene: Scene) -> Refusal:
    return of_cognito(respond(scene, enrolling(scene).challenge))


@attack
def enrolment_answered_as_code(scene: Scene) -> Refusal:
    challenge = enrolling(scene).challenge
    return of_cognito(respond(scene, challenge, "SOFTWARE_TOKEN_MFA", SOFTWARE_TOKEN_MFA_CODE="123456"))


@attack
def enrolment_without_first_code(scene: Scene) -> Refusal:
    challenge = enrolling(scene).challenge
    associated = associate(scene, challenge.session)
    return of_cognito(respond(scene, replace(challenge, session=session_of(associated))))


@attack
def enrolment_with_wrong_first_code(scene: Scene) -> Refusal:
    associated = associate(scene, enrolling(scene).challenge.session)
    right = pyotp.TOTP(associated.json()["SecretCode"]).now()
    return of_cognito(verify(scene, session_of(associated), other_code(right)))


@attack
def enrolment_session_used_twice(scene: Scene) -> Refusal:
    challenge = enrolling(scene).challenge
    session_of(associate(scene, challenge.session))
    return of_cognito(associate(scene, challenge.session))


@attack
def enrolment_finished_twice(scene: Scene) -> Refusal:
    finished, _, _ = enrol(scene, enrolling(scene).challenge)
    assert respond(scene, finished).ok
    return of_cognito(respond(scene, finished))


@attack
def enrolment_first_code_verified_twice(scene: Scene) -> Refusal:
    _, secret, session = enrol(scene, enrolling(scene).challenge)
    return of_cognito(verify(scene, session, pyotp.TOTP(secret).at(time.time() + TOTP_STEP)))


@attack
def enrolment_by_an_older_session(scene: Scene) -> Refusal:
    """Who knows the password alone must not replace the authenticator that its owner has enrolled meanwhile."""
    person = enrolling(scene)
    newer = scene.platform.identity.prove_password(person.email, person.password)
    finished, _, _ = enrol(scene, newer)
    assert respond(scene, finished).ok
    return of_cognito(associate(scene, person.challenge.session))


@attack
def enrolment_with_forged_session(scene: Scene) -> Refusal:
    return of_cognito(associate(scene, FORGED_SESSION))


@attack
def enrolment_verified_with_forged_session(scene: Scene) -> Refusal:
    return of_cognito(verify(scene, FORGED_SESSION, "123456"))


@attack
def enrolment_over_an_enrolled_factor(scene: Scene) -> Refusal:
    return of_cognito(associate(scene, asked_for_a_code(scene).session))


@attack
def enrolled_answers_mfa_setup(scene: Scene) -> Refusal:
    return of_cognito(respond(scene, asked_for_a_code(scene), "MFA_SETUP"))


# The second factor, once enrolled.


@attack
def code_wrong(scene: Scene) -> Refusal:
    wrong = other_code(upcoming_code(scene.attacker))
    return of_cognito(respond(scene, asked_for_a_code(scene), SOFTWARE_TOKEN_MFA_CODE=wrong))


@attack
def code_of_the_engine(scene: Scene) -> Refusal:
    return of_cognito(respond(scene, asked_for_a_code(scene), SOFTWARE_TOKEN_MFA_CODE=ENGINES_SIGN_UP_CODE))


@attack
def code_not_digits(scene: Scene) -> Refusal:
    return of_cognito(respond(scene, asked_for_a_code(scene), SOFTWARE_TOKEN_MFA_CODE="abcdef"))


@attack
def code_missing(scene: Scene) -> Refusal:
    return of_cognito(respond(scene, asked_for_a_code(scene)))


@attack
def code_used_twice(scene: Scene) -> Refusal:
    person = scene.new_person()
    code = upcoming_code(person)
    assert respond(scene, asked_for_a_code(scene, person), SOFTWARE_TOKEN_MFA_CODE=code).ok
    return of_cognito(respond(scene, asked_for_a_code(scene, person), SOFTWARE_TOKEN_MFA_CODE=code))


@attack
def code_of_the_enrolment_used_again(scene: Scene) -> Refusal:
    person = enrolling(scene)
    associated = associate(scene, person.challenge.session)
    code = pyotp.TOTP(associated.json()["SecretCode"]).now()
    verified = verify(scene, session_of(associated), code)
    assert respond(scene, replace(person.challenge, session=session_of(verified))).ok
    again = scene.platform.identity.prove_password(person.email, person.password)
    return of_cognito(respond(scene, again, SOFTWARE_TOKEN_MFA_CODE=code))


@attack
def codes_guessed_in_one_session(scene: Scene) -> Refusal:
    person = scene.new_person()
    challenge = asked_for_a_code(scene, person)
    right = upcoming_code(person)
    for _ in range(WRONG_CODES_OF_A_SESSION):
        assert of_cognito(respond(scene, challenge, SOFTWARE_TOKEN_MFA_CODE=other_code(right))).status == 400
    return of_cognito(respond(scene, challenge, SOFTWARE_TOKEN_MFA_CODE=right))


@attack
def code_of_another_person(scene: Scene) -> Refusal:
    return of_cognito(
        respond(scene, asked_for_a_code(scene, scene.victim), SOFTWARE_TOKEN_MFA_CODE=upcoming_code(scene.attacker))
    )


@attack
def second_factor_switched_off(scene: Scene) -> Refusal:
    token = scene.attacker.library.tokens.access_token
    settings = {"AccessToken": token, "SoftwareTokenMfaSettings": {"Enabled": False, "PreferredMfa": False}}
    return of_cognito(scene.auth("SetUserMFAPreference", settings))


@attack
def second_factor_moved_to_sms(scene: Scene) -> Refusal:
    token = scene.attacker.library.tokens.access_token
    settings = {"AccessToken": token, "SMSMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    return of_cognito(scene.auth("SetUserMFAPreference", settings))


# Sessions.


@attack
def session_forged_for_code(scene: Scene) -> Refusal:
    forged = replace(asked_for_a_code(scene), session=FORGED_SESSION)
    return of_cognito(respond(scene, forged, SOFTWARE_TOKEN_MFA_CODE=upcoming_code(scene.attacker)))


@attack
def session_forged_for_enrolment(scene: Scene) -> Refusal:
    return of_cognito(respond(scene, Challenge("MFA_SETUP", FORGED_SESSION, scene.victim.account.email)))


@attack
def session_forged_for_new_password(scene: Scene) -> Refusal:
    forged = Challenge("NEW_PASSWORD_REQUIRED", FORGED_SESSION, scene.victim.account.email)
    return of_cognito(respond(scene, forged, NEW_PASSWORD=new_password()))


@attack
def session_altered(scene: Scene) -> Refusal:
    challenge = asked_for_a_code(scene)
    altered = challenge.session[:-1] + ("A" if challenge.session[-1] != "A" else "B")
    code = upcoming_code(scene.attacker)
    return of_cognito(respond(scene, replace(challenge, session=altered), SOFTWARE_TOKEN_MFA_CODE=code))


@attack
def session_missing(scene: Scene) -> Refusal:
    return of_cognito(
        scene.auth(
            "RespondToAuthChallenge",
            {
                "ClientId": scene.outputs["UserPoolClientId"],
                "ChallengeName": "SOFTWARE_TOKEN_MFA",
                "ChallengeResponses": {
                    "USERNAME": scene.attacker.account.email,
                    "SOFTWARE_TOKEN_MFA_CODE": upcoming_code(scene.attacker),
                },
            },
        )
    )


@attack
def session_of_another_person(scene: Scene) -> Refusal:
    mine = asked_for_a_code(scene)
    theirs = asked_for_a_code(scene, scene.victim)
    code = upcoming_code(scene.attacker)
    return of_cognito(respond(scene, replace(theirs, session=mine.session), SOFTWARE_TOKEN_MFA_CODE=code))


@attack
def session_at_another_client(scene: Scene) -> Refusal:
    challenge = asked_for_a_code(scene)
    code = upcoming_code(scene.attacker)
    return of_cognito(respond(scene, challenge, client_id=scene.other_client_id, SOFTWARE_TOKEN_MFA_CODE=code))


@attack
def session_of_a_code_for_a_new_password(scene: Scene) -> Refusal:
    challenge = asked_for_a_code(scene, scene.victim)
    return of_cognito(respond(scene, challenge, "NEW_PASSWORD_REQUIRED", NEW_PASSWORD=new_password()))


@attack
def session_of_an_enrolment_for_a_new_password(scene: Scene) -> Refusal:
    challenge = enrolling(scene).challenge
    return of_cognito(respond(scene, challenge, "NEW_PASSWORD_REQUIRED", NEW_PASSWORD=new_password()))


# The password.


@attack
def password_wrong(scene: Scene) -> Refusal:
    email = scene.victim.account.email
    return refused(lambda: scene.platform.identity.prove_password(email, new_password()))


@attack
def password_of_nobody(scene: Scene) -> Refusal:
    return refused(lambda: scene.platform.identity.prove_password(new_email(), new_password()))


@attack
def password_guessed_many_times(scene: Scene) -> Refusal:
    """After a few wrong ones even the right one has to wait: it is asked for right after each of them."""
    account = scene.new_person().account
    pool, client = scene.outputs["UserPoolId"], scene.outputs["UserPoolClientId"]
    right = AWSSRP(account.email, account.password, pool, client, client=scene.pools).get_auth_params()
    for _ in range(ENOUGH_GUESSES):
        wrong = refused(lambda: scene.platform.identity.prove_password(account.email, new_password()))
        assert wrong.error == "NotAuthorizedException"
        refusal = of_cognito(initiate(scene, "USER_SRP_AUTH", **right))
        if refusal.status != 200:
            return refusal
    return refusal


@attack
def password_flow_in_plain_text(scene: Scene) -> Refusal:
    account = scene.attacker.account
    return of_cognito(initiate(scene, "USER_PASSWORD_AUTH", USERNAME=account.email, PASSWORD=account.password))


@attack
def password_flow_of_administrators(scene: Scene) -> Refusal:
    account = scene.attacker.account
    return of_cognito(initiate(scene, "ADMIN_USER_PASSWORD_AUTH", USERNAME=account.email, PASSWORD=account.password))


@attack
def password_flow_of_choice(scene: Scene) -> Refusal:
    account = scene.attacker.account
    parameters = {"USERNAME": account.email, "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": account.password}
    return of_cognito(initiate(scene, "USER_AUTH", **parameters))


@attack
def password_flow_custom(scene: Scene) -> Refusal:
    return of_cognito(initiate(scene, "CUSTOM_AUTH", USERNAME=scene.attacker.account.email))


@attack
def password_step_skipped(scene: Scene) -> Refusal:
    """A proof for a secret block that nobody handed out."""
    return of_cognito(
        scene.auth(
            "RespondToAuthChallenge",
            {
                "ClientId": scene.outputs["UserPoolClientId"],
                "ChallengeName": "PASSWORD_VERIFIER",
                "ChallengeResponses": {
                    "USERNAME": scene.victim.account.email,
                    "PASSWORD_CLAIM_SECRET_BLOCK": "A" * 120,
                    "PASSWORD_CLAIM_SIGNATURE": "A" * 44,
                    "TIMESTAMP": "Sun Nov 22 12:00:00 UTC 2026",
                },
            },
        )
    )


@attack
def password_proof_replayed(scene: Scene) -> Refusal:
    account = scene.attacker.account
    pool, client = scene.outputs["UserPoolId"], scene.outputs["UserPoolClientId"]
    srp = AWSSRP(account.email, account.password, pool, client, client=scene.pools)
    parameters = srp.get_auth_params()
    asked = initiate(scene, "USER_SRP_AUTH", **parameters).json()
    proof = {
        "ClientId": client,
        "ChallengeName": "PASSWORD_VERIFIER",
        "ChallengeResponses": srp.process_challenge(asked["ChallengeParameters"], parameters),
    }
    assert scene.auth("RespondToAuthChallenge", proof).ok
    return of_cognito(scene.auth("RespondToAuthChallenge", proof))


@attack
def new_password_too_weak(scene: Scene) -> Refusal:
    email, password = scene.invite()
    challenge = scene.platform.identity.prove_password(email, password)
    assert challenge.name == "NEW_PASSWORD_REQUIRED"
    return of_cognito(respond(scene, challenge, NEW_PASSWORD="short"))


@attack
def new_password_skipped(scene: Scene) -> Refusal:
    email, password = scene.invite()
    challenge = scene.platform.identity.prove_password(email, password)
    return of_cognito(respond(scene, challenge, "MFA_SETUP"))


@attack
def password_changed_without_the_old_one(scene: Scene) -> Refusal:
    body = {"PreviousPassword": new_password(), "ProposedPassword": new_password()}
    return of_cognito(scene.auth("ChangePassword", {"AccessToken": scene.attacker.library.tokens.access_token, **body}))


# Accounts.


def sign_up(scene: Scene, email: str, password: str, **attributes: str) -> requests.Response:
    return scene.auth(
        "SignUp",
        {
            "ClientId": scene.outputs["UserPoolClientId"],
            "Username": email,
            "Password": password,
            "UserAttributes": [
                {"Name": name, "Value": value} for name, value in {"email": email, **attributes}.items()
            ],
        },
    )


@attack
def account_with_weak_password(scene: Scene) -> Refusal:
    return of_cognito(sign_up(scene, new_email(), "eleven-char"))


@attack
def account_twin_in_capitals(scene: Scene) -> Refusal:
    return of_cognito(sign_up(scene, scene.victim.account.email.upper(), new_password()))


@attack
def account_born_verified(scene: Scene) -> Refusal:
    return of_cognito(sign_up(scene, new_email(), new_password(), email_verified="true"))


def update(scene: Scene, name: str, value: str) -> requests.Response:
    token = scene.attacker.library.tokens.access_token
    return scene.auth(
        "UpdateUserAttributes", {"AccessToken": token, "UserAttributes": [{"Name": name, "Value": value}]}
    )


@attack
def account_verifies_itself(scene: Scene) -> Refusal:
    return of_cognito(update(scene, "email_verified", "true"))


@attack
def account_takes_another_subject(scene: Scene) -> Refusal:
    return of_cognito(update(scene, "sub", scene.victim.library.owner))


@attack
def account_takes_anothers_address(scene: Scene) -> Refusal:
    return of_cognito(update(scene, "email", scene.victim.account.email.upper()))


def confirm(scene: Scene, email: str, code: str) -> requests.Response:
    client = scene.outputs["UserPoolClientId"]
    return scene.auth("ConfirmSignUp", {"ClientId": client, "Username": email, "ConfirmationCode": code})


def signed_up(scene: Scene) -> tuple[str, str]:
    """An address that waits for its code, and the code."""
    email = new_email()
    assert sign_up(scene, email, new_password()).ok
    return email, scene.platform.mailed_code(email)


def guess(ask: Callable[[str], requests.Response], right: str) -> Refusal:
    """Wrong codes until something else than "wrong" is said."""
    for _ in range(ENOUGH_GUESSES):
        refusal = of_cognito(ask(other_code(right)))
        if refusal.error != "CodeMismatchException":
            return refusal
    return refusal


@attack
def account_unconfirmed_signs_in(scene: Scene) -> Refusal:
    email, password = new_email(), new_password()
    assert sign_up(scene, email, password).ok
    return refused(lambda: scene.platform.identity.prove_password(email, password))


@attack
def confirmation_code_wrong(scene: Scene) -> Refusal:
    email, code = signed_up(scene)
    return of_cognito(confirm(scene, email, other_code(code)))


@attack
def confirmation_code_of_another_account(scene: Scene) -> Refusal:
    _, theirs = signed_up(scene)
    email, own = signed_up(scene)
    return of_cognito(confirm(scene, email, theirs if theirs != own else other_code(own)))


@attack
def confirmation_code_guessed(scene: Scene) -> Refusal:
    email, code = signed_up(scene)
    return guess(lambda wrong: confirm(scene, email, wrong), code)


@attack
def confirmation_code_used_twice(scene: Scene) -> Refusal:
    email, code = signed_up(scene)
    assert confirm(scene, email, code).ok
    return of_cognito(confirm(scene, email, code))


def reset(scene: Scene, email: str, code: str) -> requests.Response:
    body = {"ClientId": scene.outputs["UserPoolClientId"], "Username": email, "ConfirmationCode": code}
    return scene.auth("ConfirmForgotPassword", {**body, "Password": new_password()})


def forgetful(scene: Scene) -> tuple[str, str]:
    """Somebody who asked for a new password, and the code."""
    email = scene.new_person().account.email
    body = {"ClientId": scene.outputs["UserPoolClientId"], "Username": email}
    assert scene.auth("ForgotPassword", body).ok
    return email, scene.platform.mailed_code(email)


@attack
def reset_code_wrong(scene: Scene) -> Refusal:
    email, code = forgetful(scene)
    return of_cognito(reset(scene, email, other_code(code)))


@attack
def reset_code_of_another_account(scene: Scene) -> Refusal:
    _, theirs = forgetful(scene)
    email, own = forgetful(scene)
    return of_cognito(reset(scene, email, theirs if theirs != own else other_code(own)))


@attack
def reset_code_guessed(scene: Scene) -> Refusal:
    email, code = forgetful(scene)
    return guess(lambda wrong: reset(scene, email, wrong), code)


@attack
def reset_code_used_twice(scene: Scene) -> Refusal:
    email, code = forgetful(scene)
    assert reset(scene, email, code).ok
    return of_cognito(reset(scene, email, code))


# Tokens at Cognito itself.


def refresh(scene: Scene, token: str, client_id: str | None = None) -> requests.Response:
    return initiate(scene, "REFRESH_TOKEN_AUTH", client_id, REFRESH_TOKEN=token)


def get_user(scene: Scene, token: str) -> requests.Response:
    return scene.auth("GetUser", {"AccessToken": token})


def sign_out_everywhere(scene: Scene) -> Person:
    person = scene.new_person()
    assert scene.auth("GlobalSignOut", {"AccessToken": person.library.tokens.access_token}).ok
    return person


@control("sign-in")
def tokens_are_good_at_cognito(scene: Scene) -> None:
    tokens = scene.attacker.library.tokens
    assert get_user(scene, tokens.access_token).ok
    assert "IdToken" in refresh(scene, tokens.refresh_token).json()["AuthenticationResult"]


@attack
def refresh_token_forged(scene: Scene) -> Refusal:
    return of_cognito(refresh(scene, "x" * 200))


@attack
def refresh_token_at_another_client(scene: Scene) -> Refusal:
    return of_cognito(refresh(scene, scene.attacker.library.tokens.refresh_token, scene.other_client_id))


@attack
def refresh_token_revoked(scene: Scene) -> Refusal:
    token = scene.new_person().library.tokens.refresh_token
    revoked = scene.auth("RevokeToken", {"Token": token, "ClientId": scene.outputs["UserPoolClientId"]})
    assert revoked.ok
    return of_cognito(refresh(scene, token))


@attack
def refresh_token_after_sign_out(scene: Scene) -> Refusal:
    return of_cognito(refresh(scene, sign_out_everywhere(scene).library.tokens.refresh_token))


@attack
def access_token_after_sign_out(scene: Scene) -> Refusal:
    return of_cognito(get_user(scene, sign_out_everywhere(scene).library.tokens.access_token))


@attack
def access_token_forged(scene: Scene) -> Refusal:
    token = scene.attacker.library.tokens.access_token
    return of_cognito(get_user(scene, scene.tokens.tampered(token, sub=scene.victim.library.owner)))


@attack
def access_token_is_an_id_token(scene: Scene) -> Refusal:
    return of_cognito(get_user(scene, scene.attacker.library.tokens.id_token))


# Operations that are the pool owner's.


def unsigned(scene: Scene, operation: str, **body: object) -> Refusal:
    return of_cognito(scene.auth(operation, {"UserPoolId": scene.outputs["UserPoolId"], **body}))


@attack
def owners_operation_list_users(scene: Scene) -> Refusal:
    return unsigned(scene, "ListUsers")


@attack
def owners_operation_read_user(scene: Scene) -> Refusal:
    return unsigned(scene, "AdminGetUser", Username=scene.victim.account.email)


@attack
def owners_operation_set_password(scene: Scene) -> Refusal:
    chosen = {"Username": scene.victim.account.email, "Password": new_password(), "Permanent": True}
    return unsigned(scene, "AdminSetUserPassword", **chosen)


@attack
def owners_operation_switch_second_factor_off(scene: Scene) -> Refusal:
    email = scene.victim.account.email
    return unsigned(scene, "AdminSetUserMFAPreference", Username=email, SoftwareTokenMfaSettings={"Enabled": False})


@attack
def owners_operation_sign_in(scene: Scene) -> Refusal:
    account, client = scene.attacker.account, scene.outputs["UserPoolClientId"]
    parameters = {"USERNAME": account.email, "PASSWORD": account.password}
    flow = "ADMIN_USER_PASSWORD_AUTH"
    return unsigned(scene, "AdminInitiateAuth", ClientId=client, AuthFlow=flow, AuthParameters=parameters)


@attack
def owners_operation_second_factor_for_nobody(scene: Scene) -> Refusal:
    return unsigned(scene, "SetUserPoolMfaConfig", MfaConfiguration="OFF")


@attack
def owners_operation_new_client(scene: Scene) -> Refusal:
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    return unsigned(scene, "CreateUserPoolClient", ClientName="mine", ExplicitAuthFlows=flows)


@attack
def unknown_operation(scene: Scene) -> Refusal:
    return of_cognito(scene.auth("OpenSesame", {}))


@attack
def operation_of_another_service(scene: Scene) -> Refusal:
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter"}
    return of_cognito(scene.auth("", {"Name": "x", "WithDecryption": True}, **headers))
