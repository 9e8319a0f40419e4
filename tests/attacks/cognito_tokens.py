"""Tokens that Cognito itself must not take."""

from __future__ import annotations

import requests
from integration.people import Person

from .answers import of_cognito
from .cognito_calls import (
    initiate,
)
from .scene import Scene
from .table import Refusal, attack, control


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


@attack
def access_token_is_a_refresh_token(scene: Scene) -> Refusal:
    return of_cognito(get_user(scene, scene.attacker.library.tokens.refresh_token))


@attack
def access_token_revoked_like_a_refresh_token(scene: Scene) -> Refusal:
    token = scene.attacker.library.tokens.access_token
    return of_cognito(scene.auth("RevokeToken", {"Token": token, "ClientId": scene.outputs["UserPoolClientId"]}))
