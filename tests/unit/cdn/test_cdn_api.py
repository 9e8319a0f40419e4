import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from cdn_harness import Viewer
from serving import DEADLINE_SECONDS, AsgiServer, wait_until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]


class ApiGateway:
    """Answers with what it saw; its stream stays open until the viewer leaves."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.app = Starlette(
            routes=[
                Route("/rest/api/cookies", self.cookies),
                Route("/rest/api/stream", self.stream),
                Route("/rest/api/count", self.count, methods=["POST"]),
                Route("/rest/api/broken", self.broken),
                Route("/rest/api/{path:path}", self.echo, methods=METHODS),
            ]
        )

    async def echo(self, request: Request) -> Response:
        seen = {
            "method": request.method,
            "target": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "headers": [[name, value] for name, value in request.headers.items()],
            "body": (await request.body()).decode(),
        }
        hop = {"Connection": "x-secret", "X-Secret": "1", "X-Kept": "1"}
        return JSONResponse(seen, status_code=418, headers=hop)

    async def cookies(self, _: Request) -> Response:
        response = Response()
        for name in ("CloudFront-Policy", "CloudFront-Signature"):
            response.headers.append("set-cookie", f"{name}=v; Path=/media/; HttpOnly")
        return response

    async def count(self, request: Request) -> Response:
        return JSONResponse([len(chunk) async for chunk in request.stream()])

    async def stream(self, _: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                self.closed.set()

        return StreamingResponse(chunks())

    async def broken(self, _: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"half"

        return StreamingResponse(chunks(), headers={"Content-Length": "8"})


@pytest.fixture(scope="module")
def gateway() -> ApiGateway:
    return ApiGateway()


@pytest.fixture(scope="module")
def api(gateway: ApiGateway, serve: Callable[[ASGIApp], AsgiServer], viewer: Callable[..., Viewer]) -> Viewer:
    return viewer(execute_api_url=serve(gateway.app).url)


def seen(
    viewer: Viewer, method: str, target: str, headers: dict[str, str] | None = None, **rest: bytes
) -> dict[str, Any]:
    answer = viewer.request(method, target, headers, **rest)
    assert answer.status == 418, answer
    return dict(json.loads(answer.body)) if answer.body else {}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_passes(api: Viewer, method: str) -> None:
    assert seen(api, method, "/api/videos").get("method", "HEAD") == method


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "BREW"])
def test_unknown_methods_are_refused(api: Viewer, method: str) -> None:
    assert api.request(method, "/api/videos").status == 403


def test_path_and_query_are_kept(api: Viewer) -> None:
    request = seen(api, "GET", "/api/videos/a%2Fb/%E3%81%82?limit=2&cursor=a%2Bb%3D&x")
    assert request["target"] == "/rest/api/videos/a%2Fb/%E3%81%82"
    assert request["query"] == "limit=2&cursor=a%2Bb%3D&x"


def test_all_viewer_headers_but_host_pass(api: Viewer) -> None:
    given = {"Authorization": "Bearer x", "X-Amz-Target": "a.b", "Origin": "http://o", "Cookie": "a=1; b=2"}
    headers = dict(seen(api, "GET", "/api/videos", given | {"Host": "evil.example"})["headers"])
    assert given.items() <= {name.title(): value for name, value in headers.items()}.items()
    assert headers["host"].startswith("127.0.0.1:")
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert "user-agent" not in headers


def test_hop_by_hop_headers_stay_behind(api: Viewer) -> None:
    given = {"Connection": "keep-alive, X-Private", "X-Private": "1", "TE": "trailers", "Keep-Alive": "1"}
    names = {name for name, _ in seen(api, "GET", "/api/videos", given)["headers"]}
    assert names.isdisjoint({"x-private", "te", "keep-alive"})
    answer = api.get("/api/videos")
    assert answer.header("x-kept") == "1"
    assert answer.header("x-secret") is None


def test_a_body_arrives_with_its_length(api: Viewer) -> None:
    request = seen(api, "POST", "/api/videos/upload-url", {"Content-Type": "application/json"}, body=b'{"a": 1}')
    assert request["body"] == '{"a": 1}'
    assert ["content-length", "8"] in request["headers"]


def test_a_chunked_body_arrives(api: Viewer) -> None:
    host, port = api.host.split(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_SECONDS) as connection:
        connection.sendall(
            b"POST /api/count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert sum(int(digit) for digit in answer.split(b"[")[1].split(b"]")[0].split(b",")) == 7


def test_each_set_cookie_passes_on_its_own(api: Viewer) -> None:
    cookies = api.get("/api/cookies").all_headers("set-cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["CloudFront-Policy", "CloudFront-Signature"]


def test_cookies_of_one_viewer_never_reach_another(api: Viewer) -> None:
    api.get("/api/cookies")
    assert "cookie" not in dict(seen(api, "GET", "/api/videos")["headers"])


def test_an_answer_streams_before_it_ends_and_ends_with_its_viewer(api: Viewer, gateway: ApiGateway) -> None:
    host, port = api.host.split(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_SECONDS) as connection:
        connection.sendall(b"GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b"first" not in received:
            received += connection.recv(4096)
        assert not gateway.closed.is_set()
    wait_until(gateway.closed.is_set, "close of the origin's connection")


def test_a_broken_answer_is_seen_as_broken(api: Viewer) -> None:
    host, port = api.host.split(":")
    with socket.create_connection((host, int(port)), timeout=DEADLINE_SECONDS) as connection:
        connection.sendall(b"GET /api/broken HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"content-length: 8" in answer.lower()
    assert answer.endswith(b"half")


@pytest.mark.parametrize("target", ["/api/../admin", "/api/%2e%2e/admin", "/api/%2E%2E/%2e./admin"])
def test_no_path_leaves_the_api(api: Viewer, target: str) -> None:
    assert api.get(target).status == 403


def test_an_unreachable_gateway_is_a_bad_gateway(viewer: Callable[..., Viewer]) -> None:
    assert viewer().get("/api/videos").status == 502


def test_the_apis_answers_carry_the_security_headers_of_data(api: Viewer) -> None:
    answer = api.get("/api/videos")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("cross-origin-resource-policy") == "same-origin"


def test_an_encoded_prefix_is_the_same_path(api: Viewer) -> None:
    assert seen(api, "GET", "/%61pi/videos")["target"] == "/rest/api/videos"


def test_a_path_with_a_line_feed_gets_the_cdns_own_answer(api: Viewer) -> None:
    answer = api.request("GET", "/a%0Ab")
    assert answer.status == 403
    assert b"AccessDenied" in answer.body
