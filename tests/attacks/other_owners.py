"""Another owner's videos by their true ids: they are as if they did not exist."""

from __future__ import annotations

import requests

from .answers import of_api, the_same
from .scene import ADDRESSES, TIMEOUT, Scene
from .table import Refusal, attack, control

STOLEN_TITLE = "stolen"
PARTS = {"parts": [{"partNumber": 1, "etag": "0" * 32}]}


def check_untouched(scene: Scene) -> None:
    """Raises AssertionError if an attack of the whole run did something to what the victim has."""
    for name, status in (
        ("victims_video", "ready"),
        ("victims_other_video", "ready"),
        ("victims_open_upload", "uploading"),
    ):
        if scene.has(name):
            video = scene.victim.library.video(getattr(scene, name).video_id)
            assert video.status == status, name
            assert video.title != STOLEN_TITLE, name


def as_attacker(scene: Scene, method: str, path: str, body: object = None, **headers: str) -> Refusal:
    """The one answer of both addresses to somebody who is signed in as somebody else."""
    token = scene.attacker.library.tokens.id_token
    refusals = {
        address: of_api(
            requests.request(
                method,
                scene.api(address) + path,
                json=body,
                headers={"Authorization": f"Bearer {token}", **headers},
                timeout=TIMEOUT,
            )
        )
        for address in ADDRESSES
    }
    return the_same(refusals)


def ready(scene: Scene) -> str:
    return f"/videos/{scene.victims_video.video_id}"


def uploading(scene: Scene) -> str:
    return f"/videos/{scene.victims_open_upload.video_id}"


@control("other owners' ids")
def the_owner_reaches_both_videos(scene: Scene) -> None:
    library = scene.victim.library
    assert library.send("GET", ready(scene)).status_code == 200
    assert library.send("GET", f"{ready(scene)}/playback").status_code == 200
    assert library.send("GET", f"{uploading(scene)}/parts").status_code == 200
    assert library.send("POST", f"{uploading(scene)}/parts", {"partNumbers": [1]}).status_code == 200


@control("other owners' ids")
def nobody_sees_them_in_a_list(scene: Scene) -> None:
    listed = {video.video_id for video in scene.attacker.library.all_videos()}
    assert listed.isdisjoint({scene.victims_video.video_id, scene.victims_open_upload.video_id})


@attack
def others_video_shown(scene: Scene) -> Refusal:
    return as_attacker(scene, "GET", ready(scene))


@attack
def others_video_renamed(scene: Scene) -> Refusal:
    return as_attacker(scene, "PATCH", ready(scene), {"title": STOLEN_TITLE})


@attack
def others_video_deleted(scene: Scene) -> Refusal:
    return as_attacker(scene, "DELETE", ready(scene))


@attack
def others_video_played(scene: Scene) -> Refusal:
    return as_attacker(scene, "GET", f"{ready(scene)}/playback")


@attack
def others_video_retried(scene: Scene) -> Refusal:
    return as_attacker(scene, "POST", f"{ready(scene)}/retry")


@attack
def others_upload_signed(scene: Scene) -> Refusal:
    return as_attacker(scene, "POST", f"{uploading(scene)}/parts", {"partNumbers": [1]})


@attack
def others_upload_listed(scene: Scene) -> Refusal:
    return as_attacker(scene, "GET", f"{uploading(scene)}/parts")


@attack
def others_upload_completed(scene: Scene) -> Refusal:
    return as_attacker(scene, "POST", f"{uploading(scene)}/complete", PARTS)


@attack
def others_upload_deleted(scene: Scene) -> Refusal:
    return as_attacker(scene, "DELETE", uploading(scene))


@attack
def others_video_by_a_header(scene: Scene) -> Refusal:
    """Headers that a proxy might set: the owner comes from the token alone."""
    owner = scene.victim.library.owner
    headers = {"X-Owner": owner, "X-Forwarded-User": owner, "x-amzn-oidc-identity": owner}
    return as_attacker(scene, "GET", ready(scene), **headers)


@attack
def others_video_by_a_parameter(scene: Scene) -> Refusal:
    return as_attacker(scene, "GET", f"{ready(scene)}?owner={scene.victim.library.owner}")


@attack
def others_deleted_video_deleted_again(scene: Scene) -> Refusal:
    """Its owner is told "done" a second time; a stranger still learns nothing."""
    upload = scene.victim.library.open_upload("gone.mp4", "video/mp4", 10)
    scene.victim.library.delete(upload.video_id)
    return as_attacker(scene, "DELETE", f"/videos/{upload.video_id}")
