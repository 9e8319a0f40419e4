"""Real sockets, a signer and an origin to test the distribution with."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import uvicorn
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from starlette.types import ASGIApp

from bootstrap.distribution import Backends

DEADLINE_SECONDS = 30
KEY_PAIR_ID = "K2JCJMDEHXQW5F"
NOW = 1_800_000_000
# Parameters and names of a local stack, for the template's distribution.
LOCAL = {
    "Stage": "local",
    "Delivery": "stand-in",
    "PublicS3EndpointUrl": "http://s3.localhost:4566",
}
BACKENDS = Backends("site", "media", "rest", "us-east-1")


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {DEADLINE_SECONDS} s"
        pause.wait(0.02)


class Server:
    """An ASGI application on a real socket, in a thread."""

    def __init__(self, app: ASGIApp) -> None:
        # With the protocol named asyncio switches Nagle's algorithm off.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.host}"
        config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started, "server start")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(DEADLINE_SECONDS)
        self._socket.close()


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all_headers(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Viewer:
    """Sends request targets exactly as given: no client library tidies the path."""

    host: str
    headers: dict[str, str] = field(default_factory=dict)

    def request(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=DEADLINE_SECONDS)
        try:
            connection.request(method, target, body=body, headers={**self.headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def get(self, target: str, headers: dict[str, str] | None = None) -> Answer:
        return self.request("GET", target, headers)


class Signer(CloudFrontSigner):
    """botocore's own signer with a key of `cryptography`."""

    def __init__(self, key: rsa.RSAPrivateKey, key_id: str = KEY_PAIR_ID) -> None:
        super().__init__(key_id, lambda message: key.sign(message, padding.PKCS1v15(), SHA1()))  # noqa: S303

    def cookies(self, policy: str) -> dict[str, str]:
        encoded = {"Policy": policy.encode(), "Signature": self.rsa_signer(policy.encode())}
        pairs = {name: base64.b64encode(value).decode() for name, value in encoded.items()}
        pairs = {name: value.translate(str.maketrans("+=/", "-_~")) for name, value in pairs.items()}
        pairs["Key-Pair-Id"] = self.key_id
        return {"Cookie": "; ".join(f"CloudFront-{name}={value}" for name, value in pairs.items())}


def policy(resource: str, *, until: int = NOW + 60, **conditions: object) -> str:
    condition = {"DateLessThan": {"AWS:EpochTime": until}, **conditions}
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))
