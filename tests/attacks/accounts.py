"""Ways to somebody else's account by its address and the codes sent to it."""

from __future__ import annotations

from collections.abc import Callable

import requests
from integration.people import Person, new_email

from devstack.contract.client import new_password

from .answers import of_cognito, refused
from .cognito_calls import (
    ENGINES_RESET_CODE,
    ENGINES_SIGN_UP_CODE,
    ENOUGH_GUESSES,
    other_code,
)
from .scene import Scene
from .table import Refusal, attack


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
def confirmation_code_of_the_engine(scene: Scene) -> Refusal:
    email, _ = signed_up(scene)
    return of_cognito(confirm(scene, email, ENGINES_SIGN_UP_CODE))


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
def reset_code_of_the_engine(scene: Scene) -> Refusal:
    email, _ = forgetful(scene)
    return of_cognito(reset(scene, email, ENGINES_RESET_CODE))


@attack
def reset_code_for_nobody(scene: Scene) -> Refusal:
    return of_cognito(reset(scene, new_email(), ENGINES_RESET_CODE))


@attack
def reset_code_guessed(scene: Scene) -> Refusal:
    email, code = forgetful(scene)
    return guess(lambda wrong: reset(scene, email, wrong), code)


@attack
def reset_code_used_twice(scene: Scene) -> Refusal:
    email, code = forgetful(scene)
    assert reset(scene, email, code).ok
    return of_cognito(reset(scene, email, code))


def moved(scene: Scene) -> tuple[Person, str]:
    """Somebody who has entered a new address and not proven it, and the address."""
    person, address = scene.new_person(), new_email()
    change = {
        "AccessToken": person.library.tokens.access_token,
        "UserAttributes": [{"Name": "email", "Value": address}],
    }
    assert scene.auth("UpdateUserAttributes", change).ok
    return person, address


@attack
def new_address_signs_in_unproven(scene: Scene) -> Refusal:
    person, address = moved(scene)
    return refused(lambda: scene.platform.identity.prove_password(address, person.account.password))


@attack
def new_address_proven_by_the_engines_code(scene: Scene) -> Refusal:
    person, _ = moved(scene)
    proof = {"AttributeName": "email", "Code": ENGINES_SIGN_UP_CODE}
    return of_cognito(scene.auth("VerifyUserAttribute", {"AccessToken": person.library.tokens.access_token, **proof}))


@attack
def new_address_proven_without_being_entered(scene: Scene) -> Refusal:
    token = scene.attacker.library.tokens.access_token
    proof = {"AttributeName": "email", "Code": ENGINES_SIGN_UP_CODE}
    return of_cognito(scene.auth("VerifyUserAttribute", {"AccessToken": token, **proof}))


@attack
def address_deleted(scene: Scene) -> Refusal:
    token = scene.attacker.library.tokens.access_token
    return of_cognito(scene.auth("DeleteUserAttributes", {"AccessToken": token, "UserAttributeNames": ["email"]}))
