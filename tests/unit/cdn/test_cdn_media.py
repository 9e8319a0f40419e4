from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import IncompleteRead

import pytest
from cdn_harness import BACKENDS, LOCAL, NOW, Signer, Viewer, policy
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from mypy_boto3_s3 import S3Client
from serving import AsgiServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bootstrap.distribution import distribution_document
from bootstrap.signing_key import PublicKey
from cdn_standin import slices
from cdn_standin.app import create_app
from cdn_standin.deployment import parse_deployment
from cdn_standin.settings import Settings

HOST = "http://127.0.0.1:8080"
KEY = "media/owner/video/1/video.mp4"
BODY = bytes(range(256)) * 40
COOKIES_FOR_ALL = policy(f"{HOST}/*")


@pytest.fixture(scope="module", autouse=True)
def video(s3: S3Client) -> str:
    s3.put_object(Bucket="media", Key="catalog/owner/video.json", Body=b"secret")
    s3.put_object(Bucket="media", Key="media/owner/video/1/empty", Body=b"")
    answer = s3.put_object(
        Bucket="media", Key=KEY, Body=BODY, ContentType="video/mp4", CacheControl="private, max-age=60"
    )
    return answer["ETag"]


@pytest.fixture
def owner(cdn: Viewer, signer: Signer) -> Viewer:
    cdn.headers = signer.cookies(policy(f"{HOST}/media/owner/video/*"))
    return cdn


@pytest.fixture(params=[slices.SLICE_BYTES, 1000], ids=["one slice", "many slices"])
def any_slicing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_BYTES", request.param)


@pytest.mark.usefixtures("any_slicing")
def test_the_owner_gets_the_whole_video(owner: Viewer, video: str) -> None:
    answer = owner.get(f"/{KEY}")
    assert (answer.status, answer.body) == (200, BODY)
    assert answer.header("content-type") == "video/mp4"
    assert answer.header("content-length") == str(len(BODY))
    assert answer.header("content-range") is None
    assert answer.header("cache-control") == "private, max-age=60"
    assert answer.header("etag") == video
    assert answer.header("x-content-type-options") == "nosniff"
    assert [name for name, _ in answer.headers if name.lower().startswith("x-amz")] == ["x-amz-cf-id"]


@pytest.mark.usefixtures("any_slicing")
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=999-1000", 999, 1000),
        ("bytes=1500-", 1500, len(BODY) - 1),
        ("bytes=0-99999999", 0, len(BODY) - 1),
        ("bytes=-7", len(BODY) - 7, len(BODY) - 1),
    ],
)
def test_a_range_is_partial_content(owner: Viewer, asked: str, first: int, last: int) -> None:
    answer = owner.get(f"/{KEY}", {"Range": asked})
    assert answer.status == 206
    assert answer.header("content-range") == f"bytes {first}-{last}/{len(BODY)}"
    assert answer.header("content-length") == str(last - first + 1)
    assert answer.body == BODY[first : last + 1]


def test_a_range_behind_the_end_is_416(owner: Viewer) -> None:
    answer = owner.get(f"/{KEY}", {"Range": f"bytes={len(BODY)}-"})
    assert answer.status == 416
    assert b"InvalidRange" in answer.body


def test_an_empty_object_is_served(owner: Viewer) -> None:
    answer = owner.get("/media/owner/video/1/empty")
    assert (answer.status, answer.body) == (200, b"")


def test_head_has_the_headers_and_no_body(owner: Viewer, video: str) -> None:
    answer = owner.request("HEAD", f"/{KEY}")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-length") == str(len(BODY))
    assert answer.header("etag") == video


def test_conditional_requests_are_s3s(owner: Viewer, video: str) -> None:
    assert owner.get(f"/{KEY}", {"If-None-Match": video}).status == 304
    assert owner.get(f"/{KEY}", {"If-Match": '"other"'}).status == 412


def test_a_missing_object_is_404(owner: Viewer) -> None:
    answer = owner.get("/media/owner/video/1/nothing.mp4")
    assert answer.status == 404
    assert b"<Code>NoSuchKey</Code>" in answer.body
    assert (
        answer.header(
            "content-type",
        )
        == "text/xml; charset=utf-8"
    )


def test_without_cookies_nothing_is_served(cdn: Viewer) -> None:
    for method in ("GET", "HEAD"):
        assert cdn.request(method, f"/{KEY}").status == 403
    answer = cdn.get(f"/{KEY}")
    assert b"<Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value<" in answer.body
    assert b"\x00" not in answer.body


def test_cookies_of_one_video_do_not_open_another(owner: Viewer) -> None:
    answer = owner.get("/media/owner/other/1/video.mp4")
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code><Message>Access denied</Message>" in answer.body


def test_a_signed_url_needs_no_cookies(cdn: Viewer, signer: Signer) -> None:
    until = datetime.fromtimestamp(NOW + 5, UTC)
    signed = signer.generate_presigned_url(f"{HOST}/{KEY}", date_less_than=until).removeprefix(HOST)
    assert cdn.get(signed).body == BODY
    assert cdn.get(signed.replace("video.mp4", "empty")).status == 403
    assert cdn.get(f"{signed}&response-content-type=text/html").status == 403


def test_the_viewers_name_for_the_host_does_not_matter(cdn: Viewer, signer: Signer) -> None:
    cookies = signer.cookies(policy(f"{HOST}/media/owner/video/*"))
    assert cdn.get(f"/{KEY}", cookies | {"Host": "localhost:8080"}).status == 200


def test_no_query_string_reaches_s3(owner: Viewer) -> None:
    answer = owner.get(f"/{KEY}?response-content-type=text/html&acl&versionId=x")
    assert answer.status == 200
    assert answer.header("content-type") == "video/mp4"


@pytest.mark.parametrize(
    "target",
    [
        "/media/../catalog/owner/video.json",
        "/media/%2e%2e/catalog/owner/video.json",
        "/media/%252e%252e/catalog/owner/video.json",
        "/media/..%2fcatalog/owner/video.json",
        "/media%2f..%2fcatalog/owner/video.json",
        "/media/owner/video/../../../catalog/owner/video.json",
        "/media//../catalog/owner/video.json",
        "//media/../catalog/owner/video.json",
        "/media/./../catalog/owner/video.json",
        "/media/..;/catalog/owner/video.json",
        "/media\\..\\catalog/owner/video.json",
        "/catalog/owner/video.json",
        "/usage/owner/2026-01.json",
        "/media",
        "/MEDIA/owner/video/1/video.mp4",
    ],
)
def test_no_path_leaves_the_media_folder(cdn: Viewer, signer: Signer, target: str) -> None:
    answer = cdn.get(target, signer.cookies(COOKIES_FOR_ALL))
    assert answer.status in (400, 403, 404)
    assert b"secret" not in answer.body


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_media_is_read_only(owner: Viewer, method: str) -> None:
    answer = owner.request(method, f"/{KEY}", body=b"x" if method in ("PUT", "POST") else None)
    assert answer.status == 403
    assert b"not configured to allow the HTTP request method" in answer.body


def test_a_video_replaced_during_its_transfer_is_seen_as_broken(
    serve: Callable[[ASGIApp], AsgiServer],
    viewer: Callable[..., Viewer],
    signer: Signer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "SLICE_BYTES", 4)

    async def replaced(request: Request) -> Response:
        if request.headers["range"] != "bytes=0-3":
            return Response(status_code=412 if request.headers["if-match"] == '"old"' else 500)
        return Response(b"half", 206, {"Content-Range": "bytes 0-3/8", "ETag": '"old"'})

    s3 = serve(Starlette(routes=[Route("/media/{key:path}", replaced)]))
    cdn = viewer(s3_endpoint_url=s3.url)
    with pytest.raises(IncompleteRead) as broken:
        cdn.get(f"/{KEY}", signer.cookies(COOKIES_FOR_ALL))
    assert broken.value.partial == b"half"


def test_an_unreachable_engine_is_a_bad_gateway(viewer: Callable[..., Viewer], signer: Signer) -> None:
    answer = viewer(s3_endpoint_url="http://127.0.0.1:1").get(f"/{KEY}", signer.cookies(COOKIES_FOR_ALL))
    assert answer.status == 502


def test_no_body_of_one_path_is_served_for_another(distribution: str, s3: S3Client, signer: Signer) -> None:
    bodies = {f"media/owner/video/1/{number}.ts": bytes([number]) * (1000 + number) for number in range(40)}
    for key, body in bodies.items():
        s3.put_object(Bucket="media", Key=key, Body=body)
    viewer = Viewer(distribution, signer.cookies(COOKIES_FOR_ALL))

    with ThreadPoolExecutor(8) as pool:
        keys = list(bodies) * 3
        answers = list(pool.map(lambda key: viewer.get(f"/{key}"), keys))

    assert [answer.body for answer in answers] == [bodies[key] for key in keys]


def test_the_key_that_stands_by_is_trusted_as_much_as_the_one_that_signs(
    serve: Callable[[ASGIApp], AsgiServer], make_settings: Callable[..., Settings], engine: str
) -> None:
    private = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
    keys = tuple(
        PublicKey(f"K{number}", key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
        for number, key in enumerate(private)
    )
    document = distribution_document(LOCAL, BACKENDS, keys)
    deployment = parse_deployment({**document, "executeApiUrl": "http://127.0.0.1:1"}, is_https=False)
    cdn = Viewer(serve(create_app(make_settings(s3_endpoint_url=engine), lambda: deployment, clock=lambda: NOW)).host)

    for number, key in enumerate(private):
        assert cdn.get(f"/{KEY}", Signer(key, f"K{number}").cookies(COOKIES_FOR_ALL)).status == 200
    # The right id does not make another key's signature right.
    assert cdn.get(f"/{KEY}", Signer(private[0], "K1").cookies(COOKIES_FOR_ALL)).status == 403
