import json
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cdn_harness import KEY_PAIR_ID, NOW, Signer, policy
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from cdn_standin.policies import MalformedPolicyError, Policy, parse_policy
from cdn_standin.signatures import (
    SignatureRefusedError,
    parse_cookies,
    signed_request,
    split_query,
    verify,
)

HOST = "http://127.0.0.1:8080"
URL = f"{HOST}/media/owner/video/1/video.mp4"
LATER = datetime.fromtimestamp(NOW + 60, UTC)


class Checker:
    """Checks what a viewer carries against one trusted key."""

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._keys = {KEY_PAIR_ID: key}

    def url(self, signed_url: str, *, now: float = NOW, address: str = "192.0.2.7") -> None:
        target, _, query = signed_url.partition("?")
        signing, rest = split_query(query)
        self._verify(signing, {}, target + (f"?{rest}" if rest else ""), now, address)

    def cookies(self, headers: dict[str, str], url: str = URL, *, now: float = NOW) -> None:
        self._verify({}, parse_cookies([headers["Cookie"]]), url, now, "192.0.2.7")

    def _verify(self, query: dict[str, str], cookies: dict[str, str], url: str, now: float, address: str) -> None:
        request = signed_request(query, cookies)
        verify(request, url=url, keys=self._keys, now=now, address=ip_address(address))


@pytest.fixture
def check(private_key: rsa.RSAPrivateKey) -> Checker:
    return Checker(private_key.public_key())


def refused(code: str) -> "pytest.RaisesExc[SignatureRefusedError]":
    return pytest.raises(SignatureRefusedError, check=lambda error: error.code == code)


def test_a_canned_url_is_accepted(check: Checker, signer: Signer) -> None:
    check.url(signer.generate_presigned_url(URL, date_less_than=LATER))


def test_a_canned_url_keeps_its_own_query_string(check: Checker, signer: Signer) -> None:
    signed = signer.generate_presigned_url(f"{URL}?size=large&v=2", date_less_than=LATER)
    check.url(signed)
    with refused("AccessDenied"):
        check.url(signed.replace("v=2", "v=3"))


def test_a_custom_url_is_accepted(check: Checker, signer: Signer) -> None:
    check.url(signer.generate_presigned_url(URL, policy=policy(f"{HOST}/media/owner/*")))


def test_cookies_with_a_custom_policy_are_accepted(check: Checker, signer: Signer) -> None:
    check.cookies(signer.cookies(policy(f"{HOST}/media/owner/video/*")))


def test_cookies_with_a_canned_policy_are_accepted(check: Checker, signer: Signer) -> None:
    _, _, query = signer.generate_presigned_url(URL, date_less_than=LATER).partition("?")
    cookies = "; ".join(f"CloudFront-{pair}" for pair in query.split("&"))
    check.cookies({"Cookie": cookies})
    with refused("AccessDenied"):
        check.cookies({"Cookie": cookies}, URL.replace("video.mp4", "other.mp4"))


def test_another_path_is_denied(check: Checker, signer: Signer) -> None:
    cookies = signer.cookies(policy(f"{HOST}/media/owner/video/*"))
    for path in ("/media/owner/other/1/video.mp4", "/media/other/video/1/video.mp4", "/media/owner/video"):
        with refused("AccessDenied"):
            check.cookies(cookies, HOST + path)


def test_another_host_is_denied(check: Checker, signer: Signer) -> None:
    with refused("AccessDenied"):
        check.cookies(signer.cookies(policy("http://example.com/media/owner/*")))


def test_an_expired_policy_is_denied(check: Checker, signer: Signer) -> None:
    signed = signer.generate_presigned_url(URL, date_less_than=LATER)
    check.url(signed, now=NOW + 59.9)
    with refused("AccessDenied"):
        check.url(signed, now=NOW + 60)


def test_a_changed_expiry_is_denied(check: Checker, signer: Signer) -> None:
    signed = signer.generate_presigned_url(URL, date_less_than=LATER)
    with refused("AccessDenied"):
        check.url(signed.replace(f"Expires={NOW + 60}", f"Expires={NOW + 6000}"))


def test_a_policy_not_yet_valid_is_denied(check: Checker, signer: Signer) -> None:
    early = policy(f"{HOST}/*", DateGreaterThan={"AWS:EpochTime": NOW + 10})
    with refused("AccessDenied"):
        check.cookies(signer.cookies(early), now=NOW)
    check.cookies(signer.cookies(early), now=NOW + 11)


def test_a_policy_for_another_address_is_denied(check: Checker, signer: Signer) -> None:
    bound = policy(f"{HOST}/*", IpAddress={"AWS:SourceIp": "192.0.2.0/24"})
    signed = signer.generate_presigned_url(URL, policy=bound)
    check.url(signed, address="192.0.2.200")
    for address in ("192.0.3.1", "2001:db8::1"):
        with refused("AccessDenied"):
            check.url(signed, address=address)


def test_another_key_with_the_same_id_is_denied(check: Checker) -> None:
    stranger = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    with refused("AccessDenied"):
        check.cookies(stranger.cookies(policy(f"{HOST}/*")))


def test_an_unknown_key_pair_id_is_invalid(check: Checker, private_key: rsa.RSAPrivateKey) -> None:
    with refused("InvalidKey"):
        check.cookies(Signer(private_key, "KUNKNOWN").cookies(policy(f"{HOST}/*")))


@pytest.mark.parametrize(
    ("missing", "code"),
    [("Key-Pair-Id", "MissingKey"), ("Signature", "MissingSignature"), ("Policy", "MissingPolicy")],
)
def test_each_missing_value_is_named(check: Checker, signer: Signer, missing: str, code: str) -> None:
    pairs = signer.cookies(policy(f"{HOST}/*"))["Cookie"].split("; ")
    with refused(code):
        check.cookies({"Cookie": "; ".join(pair for pair in pairs if missing not in pair)})


def test_nothing_at_all_is_a_missing_key(check: Checker) -> None:
    with refused("MissingKey"):
        check.cookies({"Cookie": "theme=dark"})


def test_an_altered_policy_is_denied(check: Checker, signer: Signer) -> None:
    narrow = signer.cookies(policy(f"{HOST}/media/owner/*"))["Cookie"].split("; ")
    wide = signer.cookies(policy(f"{HOST}/*"))["Cookie"].split("; ")
    forged = [wide[0], *narrow[1:]]
    with refused("AccessDenied"):
        check.cookies({"Cookie": "; ".join(forged)})


@pytest.mark.parametrize(("value", "code"), [("a+b=", "MalformedPolicy"), ("%7B%7D", "MalformedPolicy")])
def test_only_the_cloudfront_alphabet_decodes(check: Checker, signer: Signer, value: str, code: str) -> None:
    signature = signer.cookies(policy(f"{HOST}/*"))["Cookie"].split("; ")[1]
    with refused(code):
        check.cookies({"Cookie": f"CloudFront-Policy={value}; {signature}; CloudFront-Key-Pair-Id={KEY_PAIR_ID}"})


def test_a_signed_url_decides_alone(check: Checker, signer: Signer) -> None:
    good = signed_request({}, parse_cookies([signer.cookies(policy(f"{HOST}/*"))["Cookie"]]))
    expired, _ = split_query(
        signer.generate_presigned_url(URL, date_less_than=datetime.fromtimestamp(NOW - 1, UTC)).split("?")[1]
    )
    cookies = {"Policy": good.policy, "Signature": good.signature, "Key-Pair-Id": good.key_pair_id}
    assert signed_request(expired, cookies).policy == ""


def test_of_two_cookies_the_first_counts() -> None:
    assert parse_cookies(["CloudFront-Policy=near; CloudFront-Policy=far"]) == {"Policy": "near"}


def test_a_wildcard_in_a_canned_url_is_no_wildcard(check: Checker, signer: Signer) -> None:
    signed = signer.generate_presigned_url(f"{HOST}/media/owner/*", date_less_than=LATER)
    with refused("AccessDenied"):
        check.url(signed.replace("/*", "/video.mp4"))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"Statement":[]}',
        b'{"Statement":[{"Resource":"*"}]}',
        b'{"Statement":[{"Resource":1,"Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}',
        b'{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":"1"}}}]}',
        b'{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":true}}}]}',
        json.dumps({"Statement": [json.loads(policy("*"))["Statement"][0]] * 2}).encode(),
        policy("*", IpAddress={"AWS:SourceIp": "everywhere"}).encode(),
        policy("*", Bool={"AWS:SecureTransport": "true"}).encode(),
    ],
)
def test_a_malformed_policy_is_refused(document: bytes) -> None:
    with pytest.raises(MalformedPolicyError):
        parse_policy(document)


def test_a_signed_malformed_policy_is_named(check: Checker, signer: Signer) -> None:
    with refused("MalformedPolicy"):
        check.cookies(signer.cookies('{"Statement":[]}'))


@pytest.mark.parametrize(
    ("resource", "url", "allowed"),
    [
        ("http://h/media/?/v", "http://h/media/a/v", True),
        ("http://h/media/?/v", "http://h/media/ab/v", False),
        ("http*://h/media/*", "https://h/media/a/b/c", True),
        ("*", "http://h/anything?at=all", True),
        ("http://h/a.mp4", "http://h/aXmp4", False),
        ("http://h/a", "http://h/ab", False),
        ("http://h/*.mp4", "http://h/a.mp4?x=1", False),
    ],
)
def test_wildcards_of_a_resource(resource: str, url: str, allowed: bool) -> None:
    assert Policy(resource, NOW + 1).allows(url, now=NOW, address=None) is allowed


@given(
    prefix=st.text("abc/.+()[]", max_size=8),
    middle=st.text("abc/?*.", max_size=8),
    suffix=st.text("abc/.", max_size=8),
)
def test_a_star_matches_any_run(prefix: str, middle: str, suffix: str) -> None:
    assert Policy(f"{prefix}*{suffix}", NOW + 1).allows(prefix + middle + suffix, now=NOW, address=None)


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_policy_parser(document: bytes) -> None:
    try:
        parse_policy(document)
    except MalformedPolicyError:
        return
