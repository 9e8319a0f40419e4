"""CloudFront signed URLs and signed cookies with a custom policy.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Grant:
    """A policy with its signature, in CloudFront's base64, good for all that `resource` matches."""

    policy: str
    signature: str
    key_pair_id: str

    def url(self, url: str) -> str:
        """The URL with the grant in its query string."""
        return f"{url}?Policy={self.policy}&Signature={self.signature}&Key-Pair-Id={self.key_pair_id}"

    def cookies(self) -> dict[str, str]:
        return {
            "CloudFront-Policy": self.policy,
            "CloudFront-Signature": self.signature,
            "CloudFront-Key-Pair-Id": self.key_pair_id,
        }


def grant(resource: str, expires: int, key_pair_id: str, sign: Sign) -> Grant:
    """Allow `resource`, in which `*` stands for any characters, slashes too, until `expires` (epoch seconds)."""
    policy = policy_document(resource, expires)
    return Grant(cloudfront_base64(policy), cloudfront_base64(sign(policy)), key_pair_id)


def policy_document(resource: str, expires: int) -> bytes:
    """Without white space, as CloudFront demands."""
    statement = {"Resource": resource, "Condition": {"DateLessThan": {"AWS:EpochTime": expires}}}
    return json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()


def cloudfront_base64(data: bytes) -> str:
    """Base64 with the characters that are special in URLs replaced: `+` by `-`, `=` by `_`, `/` by `~`."""
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))
