"""Tokens that must not open the API: each is tried on every route, through API Gateway and through the CDN."""

from __future__ import annotations

import time

import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from integration.test_authorization import ROUTES

from devstack.contract.signin import claims

from .answers import of_api, the_same
from .forging import HOUR, encoded, public_jwk, signed
from .scene import ADDRESSES, TIMEOUT, Scene
from .table import Refusal, attack, control


def own_key() -> rsa.RSAPrivateKey:
    """A key that an attacker made."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def everywhere(scene: Scene, authorization: str | None, **headers: str) -> Refusal:
    """The one answer of all routes at both addresses; the video asked for is really the victim's."""
    if authorization is not None:
        headers["Authorization"] = authorization
    video_id = scene.victims_video.video_id
    refusals = {}
    with requests.Session() as session:
        for address in ADDRESSES:
            for method, path, body in ROUTES:
                url = scene.api(address) + path.replace("{id}", video_id)
                answer = session.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
                refusals[f"{address} {method} {path}"] = of_api(answer)
    return the_same(refusals)


def bearer(scene: Scene, token: str) -> Refusal:
    return everywhere(scene, f"Bearer {token}")


def victims(scene: Scene) -> str:
    """The token that an attacker would like to have: it is only ever used as a pattern."""
    return scene.victim.library.tokens.id_token


@control("tokens")
def a_genuine_token_opens_both_addresses(scene: Scene) -> None:
    """Made by the forge with nothing changed: so what is wrong with the others is what was changed."""
    token = scene.tokens.genuine(victims(scene))
    for address in ADDRESSES:
        url = f"{scene.api(address)}/videos/{scene.victims_video.video_id}"
        assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT).status_code == 200


@attack
def token_none(scene: Scene) -> Refusal:
    return everywhere(scene, None)


@attack
def token_empty(scene: Scene) -> Refusal:
    return everywhere(scene, "")


@attack
def token_bearer_alone(scene: Scene) -> Refusal:
    return everywhere(scene, "Bearer")


@attack
def token_garbage(scene: Scene) -> Refusal:
    return bearer(scene, "a.b.c")


@attack
def token_basic(scene: Scene) -> Refusal:
    return everywhere(scene, "Basic dXNlcjpwYXNz")


@attack
def token_in_a_cookie(scene: Scene) -> Refusal:
    return everywhere(scene, None, Cookie=f"Authorization={victims(scene)}")


@attack
def token_in_another_header(scene: Scene) -> Refusal:
    return everywhere(scene, None, **{"X-Authorization": f"Bearer {victims(scene)}"})


@attack
def token_access(scene: Scene) -> Refusal:
    return bearer(scene, scene.victim.library.tokens.access_token)


@attack
def token_refresh(scene: Scene) -> Refusal:
    return bearer(scene, scene.victim.library.tokens.refresh_token)


@attack
def token_algorithm_none(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.unsigned(victims(scene)))


@attack
def token_algorithm_none_in_capitals(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.unsigned(victims(scene), "NONE"))


@attack
def token_hs256_with_the_public_key(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.by_public_key(victims(scene)))


@attack
def token_signature_removed(scene: Scene) -> Refusal:
    return bearer(scene, victims(scene).rpartition(".")[0] + ".")


@attack
def token_signature_altered(scene: Scene) -> Refusal:
    head, _, signature = victims(scene).rpartition(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return bearer(scene, f"{head}.{signature[:middle]}{other}{signature[middle + 1 :]}")


@attack
def token_signature_of_another_token(scene: Scene) -> Refusal:
    head, _, _ = victims(scene).rpartition(".")
    signature = scene.attacker.library.tokens.id_token.rpartition(".")[2]
    return bearer(scene, f"{head}.{signature}")


@attack
def token_subject_tampered(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.tampered(scene.attacker.library.tokens.id_token, sub=scene.victim.library.owner))


@attack
def token_life_prolonged(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.tampered(victims(scene), exp=int(time.time()) + 24 * HOUR))


@attack
def token_by_an_own_key(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.by(own_key(), victims(scene), {}))


@attack
def token_unknown_key_id(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.by(own_key(), victims(scene), {"kid": "mine"}))


@attack
def token_no_key_id(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.by(own_key(), victims(scene), {"kid": None}))


@attack
def token_key_id_is_a_path(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.by(own_key(), victims(scene), {"kid": "../../../../dev/null"}))


@attack
def token_brings_its_key(scene: Scene) -> Refusal:
    key = own_key()
    return bearer(scene, scene.tokens.by(key, victims(scene), {"kid": "mine", "jwk": public_jwk(key, "mine")}))


@attack
def token_names_a_key_set(scene: Scene) -> Refusal:
    header = {"kid": "mine", "jku": f"{scene.outputs['SiteUrl']}/jwks.json"}
    return bearer(scene, scene.tokens.by(own_key(), victims(scene), header))


@attack
def token_by_the_access_tokens_key(scene: Scene) -> Refusal:
    """The pool's other key under the ID key's name."""
    return bearer(scene, scene.tokens.by(scene.tokens.keys.access_key, victims(scene), {}))


@attack
def token_expired(scene: Scene) -> Refusal:
    past = int(time.time()) - HOUR
    return bearer(scene, scene.tokens.genuine(victims(scene), auth_time=past, iat=past, exp=past + 900))


@attack
def token_not_yet_valid(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), nbf=int(time.time()) + HOUR))


@attack
def token_of_another_client(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), aud=scene.other_client_id))


@attack
def token_of_many_clients(scene: Scene) -> Refusal:
    audience = [scene.outputs["UserPoolClientId"], scene.other_client_id]
    return bearer(scene, scene.tokens.genuine(victims(scene), aud=audience))


@attack
def token_of_no_client(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), aud=None))


@attack
def token_of_another_use(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), token_use="access"))


@attack
def token_of_no_use(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), token_use=None))


@attack
def token_of_nobody(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), sub=None))


@attack
def token_subject_is_a_path(scene: Scene) -> Refusal:
    return bearer(scene, scene.tokens.genuine(victims(scene), sub=f"x/../{scene.victim.library.owner}"))


@attack
def token_of_another_pool(scene: Scene) -> Refusal:
    """The other pool's name in a token that our pool's key has signed."""
    issuer = str(claims(victims(scene))["iss"]).replace(scene.outputs["UserPoolId"], scene.other_pool_id)
    return bearer(scene, scene.tokens.genuine(victims(scene), iss=issuer))


@attack
def token_by_another_pools_key(scene: Scene) -> Refusal:
    """Really another pool's: its key set is published, its key signed."""
    published = requests.get(
        f"{scene.outputs['CognitoEndpointUrl']}/{scene.other_pool_id}/.well-known/jwks.json", timeout=TIMEOUT
    ).json()["keys"]
    key = scene.key_of_other_pool()
    issuer = str(claims(victims(scene))["iss"]).replace(scene.outputs["UserPoolId"], scene.other_pool_id)
    kids = {str(entry["n"]): entry["kid"] for entry in published}
    kid = kids[str(public_jwk(key, "")["n"])]
    return bearer(scene, scene.tokens.by(key, victims(scene), {"kid": kid}, iss=issuer))


@attack
def token_of_another_issuer(scene: Scene) -> Refusal:
    issuer = f"https://attacker.example/{scene.outputs['UserPoolId']}"
    return bearer(scene, scene.tokens.genuine(victims(scene), iss=issuer))


@attack
def token_of_four_parts(scene: Scene) -> Refusal:
    return bearer(scene, f"{victims(scene)}.{encoded({'sub': scene.victim.library.owner})}")


@attack
def token_payload_is_no_object(scene: Scene) -> Refusal:
    header, _, _ = victims(scene).split(".")
    token = signed({}, {}, own_key())
    return bearer(scene, f"{header}.W10.{token.rpartition('.')[2]}")
