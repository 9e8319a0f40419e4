"""Signed cookies and URLs of the CDN: each is for one video, one owner and a few hours."""

from __future__ import annotations

import base64

import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from sstech_video import cloudfront
from sstech_video.cloudfront import Grant

from .answers import of_storage
from .forging import an_hour_ago, header_line, in_an_hour, sha1_signature
from .scene import TIMEOUT, Scene, Shown
from .table import Refusal, attack, control

POLICY, SIGNATURE, KEY_ID = "CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"


def jar_of(video: Shown) -> dict[str, str]:
    return {cookie.name: cookie.value for cookie in video.playback.cookies}


def fetch(url: str, jar: dict[str, str] | None = None, method: str = "GET") -> requests.Response:
    """The URL as it is: clients like to tidy paths up."""
    headers = {"Cookie": header_line(jar)} if jar else {}
    asked = requests.Request(method, url.partition("?")[0], headers=headers).prepare()
    asked.url = url
    with requests.Session() as session:
        return session.send(asked, timeout=TIMEOUT, allow_redirects=False)


def steal(scene: Scene, jar: dict[str, str] | None = None, method: str = "GET") -> Refusal:
    """The victim's video, with these cookies."""
    return of_storage(fetch(scene.victims_video.playback.mp4_url, jar, method))


def by(scene: Scene, grant: Grant) -> Refusal:
    return steal(scene, grant.cookies())


def elsewhere(scene: Scene, path: str) -> Refusal:
    """Another path of the site, with the cookies of the attacker's own video."""
    return of_storage(fetch(scene.outputs["SiteUrl"].rstrip("/") + path, jar_of(scene.attackers_video)))


def folder(scene: Scene) -> str:
    """Everything of the victim's video, as a policy names it."""
    return scene.victims_video.playback.mp4_url.rpartition("/")[0] + "/*"


def flipped(value: str) -> str:
    """Another character in the middle, of the same alphabet."""
    middle = len(value) // 2
    return value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]


@control("CDN cookies")
def the_owners_cookies_open_the_video(scene: Scene) -> None:
    assert fetch(scene.victims_video.playback.mp4_url, jar_of(scene.victims_video)).status_code == 200


@control("CDN cookies")
def a_policy_of_the_forge_opens_the_video(scene: Scene) -> None:
    """So what is wrong with the forged ones is what they say."""
    granted = scene.cookies.grant(folder(scene), in_an_hour())
    assert fetch(scene.victims_video.playback.mp4_url, granted.cookies()).status_code == 200


@control("CDN cookies")
def the_owners_poster_opens_by_its_signed_url(scene: Scene) -> None:
    assert fetch(poster(scene)).status_code == 200


def poster(scene: Scene) -> str:
    url = scene.victim.library.video(scene.victims_video.video_id).poster_url
    assert url is not None
    return url


@attack
def cookies_none(scene: Scene) -> Refusal:
    return steal(scene)


@attack
def cookies_of_another_owner(scene: Scene) -> Refusal:
    return steal(scene, jar_of(scene.attackers_video))


@attack
def cookies_of_another_video(scene: Scene) -> Refusal:
    return steal(scene, jar_of(scene.victims_other_video))


@attack
def cookies_expired(scene: Scene) -> Refusal:
    return by(scene, scene.cookies.grant(folder(scene), an_hour_ago()))


@attack
def cookies_not_yet_valid(scene: Scene) -> Refusal:
    window = {"DateGreaterThan": {"AWS:EpochTime": in_an_hour()}, "DateLessThan": {"AWS:EpochTime": in_an_hour() + 60}}
    return by(scene, scene.cookies.policy({"Resource": folder(scene), "Condition": window}))


@attack
def cookies_for_another_address(scene: Scene) -> Refusal:
    condition = {
        "DateLessThan": {"AWS:EpochTime": in_an_hour()},
        "IpAddress": {"AWS:SourceIp": "192.0.2.1/32"},
    }
    return by(scene, scene.cookies.policy({"Resource": folder(scene), "Condition": condition}))


@attack
def cookies_for_another_site(scene: Scene) -> Refusal:
    resource = folder(scene).replace(scene.outputs["SiteUrl"].rstrip("/"), "https://attacker.example")
    return by(scene, scene.cookies.grant(resource, in_an_hour()))


@attack
def cookies_without_an_end(scene: Scene) -> Refusal:
    return by(scene, scene.cookies.policy({"Resource": folder(scene)}))


@attack
def cookie_policy_altered(scene: Scene) -> Refusal:
    """The victim's video in the policy of the attacker's own."""
    jar = jar_of(scene.attackers_video)
    said = base64.b64decode(jar[POLICY].translate(str.maketrans("-_~", "+=/"))).decode()
    mine, theirs = scene.attacker.library.owner, scene.victim.library.owner
    policy = said.replace(mine, theirs).replace(scene.attackers_video.video_id, scene.victims_video.video_id)
    assert policy != said
    return steal(scene, {**jar, POLICY: cloudfront.cloudfront_base64(policy.encode())})


@attack
def cookie_policy_missing(scene: Scene) -> Refusal:
    return steal(scene, {name: value for name, value in jar_of(scene.victims_video).items() if name != POLICY})


@attack
def cookie_signature_altered(scene: Scene) -> Refusal:
    jar = jar_of(scene.victims_video)
    return steal(scene, {**jar, SIGNATURE: flipped(jar[SIGNATURE])})


@attack
def cookie_signature_missing(scene: Scene) -> Refusal:
    return steal(scene, {name: value for name, value in jar_of(scene.victims_video).items() if name != SIGNATURE})


@attack
def cookie_signature_by_an_own_key(scene: Scene) -> Refusal:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    known = scene.cookies.key_pair_id
    return by(scene, cloudfront.grant(folder(scene), in_an_hour(), known, lambda message: sha1_signature(key, message)))


@attack
def cookie_key_id_unknown(scene: Scene) -> Refusal:
    return steal(scene, {**jar_of(scene.victims_video), KEY_ID: "KATTACKER12345"})


@attack
def cookie_key_id_missing(scene: Scene) -> Refusal:
    return steal(scene, {name: value for name, value in jar_of(scene.victims_video).items() if name != KEY_ID})


@attack
def cookies_for_writing(scene: Scene) -> Refusal:
    return steal(scene, jar_of(scene.victims_video), "PUT")


@attack
def cookies_for_deleting(scene: Scene) -> Refusal:
    return steal(scene, jar_of(scene.victims_video), "DELETE")


def victims_path(scene: Scene) -> str:
    return f"{scene.victim.library.owner}/{scene.victims_video.video_id}/1/video.mp4"


def own_folder(scene: Scene) -> str:
    return f"/media/{scene.attacker.library.owner}/{scene.attackers_video.video_id}"


@attack
def path_with_dots(scene: Scene) -> Refusal:
    return elsewhere(scene, f"{own_folder(scene)}/../../{victims_path(scene)}")


@attack
def path_with_encoded_dots(scene: Scene) -> Refusal:
    return elsewhere(scene, f"{own_folder(scene)}/%2e%2e/%2e%2e/{victims_path(scene)}")


@attack
def path_with_encoded_slashes(scene: Scene) -> Refusal:
    return elsewhere(scene, f"{own_folder(scene)}%2f..%2f..%2f{victims_path(scene).replace('/', '%2f')}")


@attack
def path_encoded_twice(scene: Scene) -> Refusal:
    return elsewhere(scene, f"{own_folder(scene)}/%252e%252e/%252e%252e/{victims_path(scene)}")


@attack
def path_with_backslashes(scene: Scene) -> Refusal:
    return elsewhere(scene, f"{own_folder(scene)}/..%5c..%5c{victims_path(scene)}")


@attack
def path_with_empty_segments(scene: Scene) -> Refusal:
    return elsewhere(scene, f"//media/{victims_path(scene)}")


@attack
def path_out_of_media(scene: Scene) -> Refusal:
    entry = f"catalog/{scene.victim.library.owner}/{scene.victims_video.video_id}.json"
    return elsewhere(scene, f"{own_folder(scene)}/../../../{entry}")


@attack
def catalog_through_the_cdn(scene: Scene) -> Refusal:
    """Only `/media/*` leads to the main bucket: this asks the site's, which has no such file."""
    return elsewhere(scene, f"/catalog/{scene.victim.library.owner}/{scene.victims_video.video_id}.json")


@attack
def original_through_the_cdn(scene: Scene) -> Refusal:
    return elsewhere(scene, f"/{scene.victims_open_upload.key}")


@attack
def posters_url_for_the_video(scene: Scene) -> Refusal:
    return of_storage(fetch(poster(scene).replace("poster.0000000.jpg", "video.mp4")))


@attack
def posters_url_without_signature(scene: Scene) -> Refusal:
    return of_storage(fetch(poster(scene).partition("?")[0]))


@attack
def posters_url_altered(scene: Scene) -> Refusal:
    head, _, query = poster(scene).partition("Signature=")
    signature, _, rest = query.partition("&")
    return of_storage(fetch(f"{head}Signature={flipped(signature)}&{rest}"))


@attack
def posters_url_of_another_owner(scene: Scene) -> Refusal:
    mine = scene.attacker.library.video(scene.attackers_video.video_id).poster_url
    assert mine is not None
    grant = mine.partition("?")[2]
    return of_storage(fetch(f"{poster(scene).partition('?')[0]}?{grant}"))
