from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.harness import KEY_PAIR_ID, NOW, SITE_URL, some_entry
from sstech_video import cloudfront
from sstech_video.entries import Status
from sstech_video.playback import Delivery
from sstech_video.rsa import PrivateKey, SigningKeyError

EXPIRES = 1_795_400_000


@pytest.fixture(scope="module")
def key(jwk: str) -> PrivateKey:
    return PrivateKey.from_jwk(jwk)


@pytest.fixture
def delivery(key: PrivateKey) -> Delivery:
    return Delivery(SITE_URL, KEY_PAIR_ID, key.sign)


def decoded(text: str) -> bytes:
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(message=st.binary(max_size=300))
def test_a_signature_is_the_one_that_cryptography_makes(
    message: bytes, key: PrivateKey, private_key: rsa.RSAPrivateKey
) -> None:
    assert key.sign(message) == private_key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def test_an_altered_message_does_not_verify(key: PrivateKey, private_key: rsa.RSAPrivateKey) -> None:
    signature = key.sign(b"message")
    with pytest.raises(InvalidSignature):
        private_key.public_key().verify(signature, b"massage", padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


def test_a_faulty_key_never_lets_a_signature_out(jwk: str) -> None:
    members = json.loads(jwk)
    members["dp"] = members["dq"]
    with pytest.raises(ArithmeticError):
        PrivateKey.from_jwk(json.dumps(members)).sign(b"message")


@pytest.mark.parametrize(
    "change",
    [{"kty": "EC"}, {"n": "AQAB"}, {"p": None}, {"q": "!!"}, {"qi": 5}],
    ids=["not RSA", "another modulus", "null", "not base64", "number"],
)
def test_an_unsound_key_is_refused_without_quoting_it(jwk: str, change: dict[str, object]) -> None:
    members = {**json.loads(jwk), **change}
    with pytest.raises(SigningKeyError) as refused:
        PrivateKey.from_jwk(json.dumps(members))
    assert members["d"] not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", "x", '{"kty":"RSA"}'])
def test_what_is_no_jwk_is_refused(text: str) -> None:
    with pytest.raises(SigningKeyError):
        PrivateKey.from_jwk(text)


def test_a_key_does_not_show_itself(key: PrivateKey) -> None:
    assert str(key.p) not in repr(key)


def test_a_signed_url_is_the_one_that_botocore_makes(key: PrivateKey) -> None:
    resource = f"{SITE_URL}/media/o/*/poster.0000000.jpg"
    url = f"{SITE_URL}/media/o/v/1/poster.0000000.jpg"
    theirs = CloudFrontSigner(KEY_PAIR_ID, key.sign)
    policy = theirs.build_policy(resource, datetime.fromtimestamp(EXPIRES, UTC))
    ours = cloudfront.grant(resource, EXPIRES, KEY_PAIR_ID, key.sign).url(url)
    assert ours == theirs.generate_presigned_url(url, policy=policy)


def test_cookies_open_one_video_and_nothing_else(delivery: Delivery, private_key: rsa.RSAPrivateKey) -> None:
    entry = some_entry(status=Status.READY, attempt=2)
    playback = delivery.playback(entry, NOW)
    values = {cookie.name: cookie.value for cookie in playback.cookies}
    policy = decoded(values["CloudFront-Policy"])
    private_key.public_key().verify(
        decoded(values["CloudFront-Signature"]),
        policy,
        padding.PKCS1v15(),
        hashes.SHA1(),  # noqa: S303
    )
    folder = f"/media/{entry.owner}/{entry.video_id}/"
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == f"{SITE_URL}{folder}*"
    expires = statement["Condition"]["DateLessThan"]["AWS:EpochTime"]
    assert timedelta() < datetime.fromtimestamp(expires, UTC) - NOW <= timedelta(hours=6)
    assert values["CloudFront-Key-Pair-Id"] == KEY_PAIR_ID
    assert {cookie.path for cookie in playback.cookies} == {folder}
    assert all(cookie.secure for cookie in playback.cookies)


def test_urls_lead_to_the_live_attempt(delivery: Delivery) -> None:
    entry = some_entry(status=Status.READY, attempt=2)
    folder = f"{SITE_URL}/media/{entry.owner}/{entry.video_id}/2/"
    body = delivery.playback(entry, NOW).body
    assert {name: url.removeprefix(folder) for name, url in body.items() if name != "expiresAt"} == {
        "mp4Url": "video.mp4",
        "hlsUrl": "hls/video.m3u8",
        "posterUrl": "poster.0000000.jpg",
        "thumbnailsUrl": "thumbs.vtt",
    }


def test_cookies_of_a_plain_http_site_are_not_secure(key: PrivateKey) -> None:
    playback = Delivery("http://127.0.0.1:8080", KEY_PAIR_ID, key.sign).playback(some_entry(), NOW)
    assert not any(cookie.secure for cookie in playback.cookies)


def test_a_page_of_posters_costs_one_signature(key: PrivateKey) -> None:
    signed: list[bytes] = []

    def sign(message: bytes) -> bytes:
        signed.append(message)
        return key.sign(message)

    delivery = Delivery(SITE_URL, KEY_PAIR_ID, sign)
    entries = [some_entry(status=Status.READY, attempt=1, video_id=f"{n:020d}") for n in range(5)]
    urls = [delivery.poster_url(entry, NOW) for entry in entries]
    assert len(signed) == 1
    assert len(set(urls)) == 5
    assert all(parse_qs(urlsplit(url or "").query)["Key-Pair-Id"] == [KEY_PAIR_ID] for url in urls)


def test_posters_of_one_owner_do_not_open_those_of_another(delivery: Delivery) -> None:
    urls = [delivery.poster_url(some_entry(status=Status.READY, attempt=1, owner=o), NOW) or "" for o in "ab"]
    resources = [
        json.loads(decoded(parse_qs(urlsplit(url).query)["Policy"][0]))["Statement"][0]["Resource"] for url in urls
    ]
    assert resources == [f"{SITE_URL}/media/{o}/*/poster.0000000.jpg" for o in "ab"]


def test_a_poster_keeps_its_url_for_a_while_and_never_for_good(delivery: Delivery) -> None:
    entry = some_entry(status=Status.READY, attempt=1)
    url = delivery.poster_url(entry, NOW)
    assert delivery.poster_url(entry, NOW + timedelta(minutes=10)) == url
    assert delivery.poster_url(entry, NOW + timedelta(hours=1)) != url


def test_there_is_no_poster_before_the_video_is_ready(delivery: Delivery) -> None:
    assert delivery.poster_url(some_entry(status=Status.CONVERTING), NOW) is None
