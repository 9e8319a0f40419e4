"""Requests of somebody with a good token, made so that the API misunderstands them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import requests

from .answers import of_api, the_same
from .scene import ADDRESSES, TIMEOUT, Scene
from .table import Refusal, attack, control

GOOD = {"fileName": "a.mp4", "contentType": "video/mp4", "size": 10}
FIVE_TIB = 5_497_558_138_880


def send(
    scene: Scene, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Refusal:
    """The one answer of both addresses, to a path that is sent as it is: clients like to tidy paths up."""
    refusals = {}
    for address in ADDRESSES:
        base = scene.api(address)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        asked = requests.Request(
            method,
            base,
            data=data,
            headers={
                "Authorization": f"Bearer {scene.attacker.library.tokens.id_token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        ).prepare()
        asked.url = base + path
        with requests.Session() as session:
            refusals[address] = of_api(session.send(asked, timeout=TIMEOUT, allow_redirects=False))
    return the_same(refusals)


def upload(scene: Scene, **changes: object) -> Refusal:
    return send(scene, "POST", "/videos/upload-url", {**GOOD, **changes})


@control("routes")
def the_same_token_lists_and_uploads(scene: Scene) -> None:
    assert send(scene, "GET", "/videos").status == 200
    assert upload(scene).status == 201


@attack
def route_unknown(scene: Scene) -> Refusal:
    return send(scene, "GET", "/admin")


@attack
def route_of_the_stage(scene: Scene) -> Refusal:
    return send(scene, "GET", "/")


@attack
def route_below_a_route(scene: Scene) -> Refusal:
    return send(scene, "GET", f"/videos/{'0' * 20}/playback/secret")


@attack
def route_with_another_method(scene: Scene) -> Refusal:
    return send(scene, "PUT", "/videos")


@attack
def route_with_an_overridden_method(scene: Scene) -> Refusal:
    """Some frameworks take the method from a header: this POST would delete."""
    path = f"/videos/{scene.attackers_video.video_id}"
    return send(scene, "POST", path, {}, {"X-HTTP-Method-Override": "DELETE"})


@attack
def id_too_short(scene: Scene) -> Refusal:
    return send(scene, "GET", "/videos/1")


@attack
def id_in_capitals(scene: Scene) -> Refusal:
    return send(scene, "GET", f"/videos/{scene.attackers_video.video_id.upper()}")


@attack
def id_with_a_line_end(scene: Scene) -> Refusal:
    return send(scene, "GET", f"/videos/{scene.attackers_video.video_id}%0A")


@attack
def id_with_an_encoded_slash(scene: Scene) -> Refusal:
    return send(scene, "GET", f"/videos/..%2F{scene.victim.library.owner}%2F{scene.victims_video.video_id}")


@attack
def id_with_a_null_byte(scene: Scene) -> Refusal:
    return send(scene, "GET", f"/videos/{scene.victims_video.video_id}%00")


@attack
def id_of_other_letters(scene: Scene) -> Refusal:
    return send(scene, "GET", "/videos/%F0%9F%8E%82%F0%9F%8E%82%F0%9F%8E%82%F0%9F%8E%82%F0%9F%8E%82")


@attack
def id_very_long(scene: Scene) -> Refusal:
    return send(scene, "GET", f"/videos/{'0' * 2000}")


@attack
def cursor_made_up(scene: Scene) -> Refusal:
    return send(scene, "GET", "/videos?cursor=Li4vLi4v")


@attack
def limit_too_high(scene: Scene) -> Refusal:
    return send(scene, "GET", "/videos?limit=100000")


@attack
def body_not_json(scene: Scene) -> Refusal:
    return send(scene, "POST", "/videos/upload-url", b"\xff\xfe{")


@attack
def body_nested_deeply(scene: Scene) -> Refusal:
    return send(scene, "POST", "/videos/upload-url", b"[" * 50_000)


@attack
def body_too_large(scene: Scene) -> Refusal:
    return send(scene, "POST", "/videos/upload-url", {**GOOD, "padding": "x" * 300_000})


@attack
def upload_of_a_page(scene: Scene) -> Refusal:
    return upload(scene, contentType="text/html")


@attack
def upload_with_a_header_in_its_type(scene: Scene) -> Refusal:
    return upload(scene, contentType="video/mp4\r\nx-amz-acl: public-read")


@attack
def upload_of_nothing(scene: Scene) -> Refusal:
    return upload(scene, size=0)


@attack
def upload_larger_than_s3_takes(scene: Scene) -> Refusal:
    return upload(scene, size=FIVE_TIB + 1)


@attack
def upload_of_a_negative_size(scene: Scene) -> Refusal:
    return upload(scene, size=-1)


@attack
def title_of_another_kind(scene: Scene) -> Refusal:
    return send(scene, "PATCH", f"/videos/{scene.attackers_video.video_id}", {"title": {"$ne": ""}})
