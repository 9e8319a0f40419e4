"""Cognito's operations as an attacker sends them: any step with any session."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import pyotp
import requests
from integration.people import Person, new_email

from devstack.contract.client import new_password
from devstack.contract.signin import TOTP_STEP, Challenge

from .scene import Scene

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
