"""Ways around the password."""

from __future__ import annotations

from integration.people import new_email
from pycognito.aws_srp import AWSSRP

from devstack.contract.client import new_password

from .answers import of_cognito, refused
from .cognito_calls import (
    ENOUGH_GUESSES,
    initiate,
    respond,
)
from .scene import Scene
from .table import Refusal, attack


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
