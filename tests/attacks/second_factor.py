"""Ways around the second factor: its enrolment, its codes, its sessions."""

from __future__ import annotations

import time
from dataclasses import replace

import pyotp

from devstack.contract.client import new_password
from devstack.contract.signin import TOTP_STEP, Challenge

from .answers import of_cognito
from .cognito_calls import (
    ENGINES_SIGN_UP_CODE,
    FORGED_SESSION,
    WRONG_CODES_OF_A_SESSION,
    asked_for_a_code,
    associate,
    enrol,
    enrolling,
    other_code,
    respond,
    session_of,
    upcoming_code,
    verify,
)
from .scene import Scene
from .table import Refusal, attack, control


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
