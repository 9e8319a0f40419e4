"""Real sockets, a signer and an origin to test the distribution with."""

import base64
import http.client
import json
from dataclasses import dataclass, field

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from serving import DEADLINE_SECONDS

from bootstrap.distribution import Backends

KEY_PAIR_ID = "K2JCJMDEHXQW5F"
NOW = 1_800_000_000
# Parameters and names of a local stack, for the template's distribution.
LOCAL = {
    "Stage": "local",
    "Delivery": "stand-in",
    "PublicS3EndpointUrl": "http://s3.localhost:4566",
}
BACKENDS = Backends("site", "media", "rest", "us-east-1")


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
