"""A pre-signed URL is good for the one thing it was made for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import botocore.auth
import requests

from devstack.contract.answers import Upload

from .answers import of_storage
from .scene import LARGE, TIMEOUT, Scene
from .table import Refusal, attack, control

SIZE = 1000
CONTENT_TYPE = "video/mp4"
BODY = bytes(SIZE)
TWO_HOURS = timedelta(hours=2)


def opened(scene: Scene) -> Upload:
    return scene.attacker.library.open_upload("a.mp4", CONTENT_TYPE, SIZE)


def put(upload: Upload, body: bytes = BODY, **headers: str | None) -> requests.Response:
    """A header given as None is left out."""
    assert upload.url is not None
    return request("PUT", upload.url, body, {**upload.headers, **headers})


def request(
    method: str, url: str, body: bytes = b"", headers: dict[str, str | None] | None = None
) -> requests.Response:
    kept = {name: value for name, value in (headers or {}).items() if value is not None}
    return requests.request(method, url, data=body, headers=kept, timeout=TIMEOUT)


def url_of(upload: Upload) -> str:
    assert upload.url is not None
    return upload.url


def altered(url: str, **changes: str | None) -> str:
    """The URL with other query parameters; a parameter given as None is left out."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(kept)))


def with_signature_altered(url: str) -> str:
    signature = dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"]
    return url.replace(signature, ("0" if signature[0] != "0" else "1") + signature[1:])


def part_url(scene: Scene, number: int = 1) -> str:
    upload = scene.victims_open_upload
    return scene.victim.library.part_urls(upload.video_id, [number])[number]


def last_part(scene: Scene) -> tuple[int, int]:
    """Number and size of the smallest part."""
    plan = scene.victims_open_upload.multipart
    assert plan is not None
    return plan.part_count, LARGE - (plan.part_count - 1) * plan.part_size


@control("pre-signed URLs")
def the_url_takes_exactly_what_was_announced(scene: Scene) -> None:
    upload = opened(scene)
    assert put(upload).status_code == 200
    scene.attacker.library.delete(upload.video_id)


@control("pre-signed URLs")
def a_part_goes_where_it_belongs(scene: Scene) -> None:
    number, size = last_part(scene)
    assert request("PUT", part_url(scene, number), bytes(size)).status_code == 200


@attack
def url_for_reading(scene: Scene) -> Refusal:
    return of_storage(request("GET", url_of(opened(scene))))


@attack
def url_for_deleting(scene: Scene) -> Refusal:
    return of_storage(request("DELETE", url_of(opened(scene))))


@attack
def url_for_posting(scene: Scene) -> Refusal:
    return of_storage(request("POST", url_of(opened(scene)), BODY))


@attack
def url_for_another_video(scene: Scene) -> Refusal:
    upload, other = opened(scene), opened(scene)
    url = url_of(upload).replace(upload.video_id, other.video_id)
    return of_storage(request("PUT", url, BODY, dict(upload.headers)))


@attack
def url_for_another_owner(scene: Scene) -> Refusal:
    upload = opened(scene)
    url = url_of(upload).replace(scene.attacker.library.owner, scene.victim.library.owner)
    return of_storage(request("PUT", url, BODY, dict(upload.headers)))


@attack
def url_for_another_bucket(scene: Scene) -> Refusal:
    upload = opened(scene)
    url = url_of(upload).replace(scene.store.temp, scene.outputs["SiteBucketName"])
    return of_storage(request("PUT", url, BODY, dict(upload.headers)))


@attack
def url_for_a_longer_body(scene: Scene) -> Refusal:
    return of_storage(put(opened(scene), bytes(SIZE + 1)))


@attack
def url_for_a_shorter_body(scene: Scene) -> Refusal:
    return of_storage(put(opened(scene), bytes(SIZE - 1)))


@attack
def url_for_another_type(scene: Scene) -> Refusal:
    return of_storage(put(opened(scene), **{"Content-Type": "text/html"}))


@attack
def url_without_its_type(scene: Scene) -> Refusal:
    return of_storage(put(opened(scene), **{"Content-Type": None}))


@attack
def url_without_its_condition(scene: Scene) -> Refusal:
    """Without `If-None-Match: *` it would replace what is there."""
    return of_storage(put(opened(scene), **{"If-None-Match": None}))


@attack
def url_with_another_condition(scene: Scene) -> Refusal:
    return of_storage(put(opened(scene), **{"If-None-Match": '"0"'}))


@attack
def url_used_twice(scene: Scene) -> Refusal:
    """Another person's bytes under the same key."""
    upload = scene.attacker.library.open_upload("a.mp4", CONTENT_TYPE, SIZE)
    assert put(upload).status_code == 200
    refusal = of_storage(put(upload, b"x" * SIZE))
    scene.attacker.library.delete(upload.video_id)
    return refusal


@attack
def url_with_its_life_prolonged(scene: Scene) -> Refusal:
    upload = opened(scene)
    url = altered(url_of(upload), **{"X-Amz-Expires": "604800"})
    return of_storage(request("PUT", url, BODY, dict(upload.headers)))


@attack
def url_expired(scene: Scene) -> Refusal:
    """Signed by a rightful key, two hours ago, for one hour."""
    past = datetime.now(UTC).replace(tzinfo=None) - TWO_HOURS
    with patch.object(botocore.auth, "get_current_datetime", return_value=past):
        url = scene.store.s3.generate_presigned_url(
            "put_object", Params={"Bucket": scene.store.temp, "Key": "uploads/expired"}, ExpiresIn=3600
        )
    return of_storage(request("PUT", url, BODY))


@attack
def url_with_another_date(scene: Scene) -> Refusal:
    upload = opened(scene)
    date = dict(parse_qsl(urlsplit(url_of(upload)).query))["X-Amz-Date"]
    moved = date[:-2] + ("0Z" if date[-2] != "0" else "1Z")
    return of_storage(request("PUT", altered(url_of(upload), **{"X-Amz-Date": moved}), BODY, dict(upload.headers)))


@attack
def url_with_an_altered_signature(scene: Scene) -> Refusal:
    upload = opened(scene)
    return of_storage(request("PUT", with_signature_altered(url_of(upload)), BODY, dict(upload.headers)))


@attack
def url_without_its_query(scene: Scene) -> Refusal:
    upload = opened(scene)
    return of_storage(request("PUT", url_of(upload).partition("?")[0], BODY, dict(upload.headers)))


@attack
def url_of_an_unknown_key_pair(scene: Scene) -> Refusal:
    upload = opened(scene)
    credential = dict(parse_qsl(urlsplit(url_of(upload)).query))["X-Amz-Credential"]
    unknown = "AKIAAAAAAAAAAAAAAAAA/" + credential.partition("/")[2]
    return of_storage(
        request("PUT", altered(url_of(upload), **{"X-Amz-Credential": unknown}), BODY, dict(upload.headers))
    )


@attack
def url_without_its_session(scene: Scene) -> Refusal:
    """The function's temporary credentials are nothing without their session token."""
    upload = opened(scene)
    url = altered(url_of(upload), **{"X-Amz-Security-Token": None})
    return of_storage(request("PUT", url, BODY, dict(upload.headers)))


@attack
def url_with_an_access_list(scene: Scene) -> Refusal:
    return of_storage(put(opened(scene), **{"x-amz-acl": "public-read"}))


@attack
def url_that_copies_another_object(scene: Scene) -> Refusal:
    """S3 would copy the victim's video into the attacker's key, with the function's rights."""
    victim = scene.victim.library.owner
    source = f"/{scene.store.media}/media/{victim}/{scene.victims_video.video_id}/1/video.mp4"
    return of_storage(put(opened(scene), b"", **{"x-amz-copy-source": source}))


@attack
def url_for_the_access_list(scene: Scene) -> Refusal:
    upload = opened(scene)
    return of_storage(request("PUT", altered(url_of(upload), acl=""), BODY, dict(upload.headers)))


@attack
def part_url_for_another_part(scene: Scene) -> Refusal:
    number, size = last_part(scene)
    return of_storage(request("PUT", altered(part_url(scene, number), partNumber="1"), bytes(size)))


@attack
def part_url_for_another_upload(scene: Scene) -> Refusal:
    number, size = last_part(scene)
    return of_storage(request("PUT", altered(part_url(scene, number), uploadId="x" * 32), bytes(size)))


@attack
def part_url_for_a_longer_part(scene: Scene) -> Refusal:
    number, size = last_part(scene)
    return of_storage(request("PUT", part_url(scene, number), bytes(size + 1)))


@attack
def part_url_that_aborts(scene: Scene) -> Refusal:
    return of_storage(request("DELETE", altered(part_url(scene), partNumber=None)))


@attack
def part_url_that_completes(scene: Scene) -> Refusal:
    return of_storage(request("POST", altered(part_url(scene), partNumber=None), b"<CompleteMultipartUpload/>"))


def anonymous(scene: Scene, method: str, bucket: str, key: str = "", body: bytes = b"") -> Refusal:
    return of_storage(request(method, f"{scene.outputs['AwsEndpointUrl']}/{bucket}/{key}", body))


@attack
def bucket_listed_by_a_stranger(scene: Scene) -> Refusal:
    return anonymous(scene, "GET", scene.store.media)


@attack
def catalog_read_by_a_stranger(scene: Scene) -> Refusal:
    key = f"catalog/{scene.victim.library.owner}/{scene.victims_video.video_id}.json"
    return anonymous(scene, "GET", scene.store.media, key)


@attack
def video_read_from_its_bucket(scene: Scene) -> Refusal:
    key = f"media/{scene.victim.library.owner}/{scene.victims_video.video_id}/1/video.mp4"
    return anonymous(scene, "GET", scene.store.media, key)


@attack
def site_written_by_a_stranger(scene: Scene) -> Refusal:
    return anonymous(scene, "PUT", scene.outputs["SiteBucketName"], "index.html", b"<script>")
