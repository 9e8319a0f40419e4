"""The account's input policy, and calls that change nothing here: certificates and resource shares."""

from __future__ import annotations

import json
from typing import Any

from mediaconvert_standin.errors import BadRequest, NotFound
from mediaconvert_standin.state.database import Database

Json = dict[str, Any]

_KIND, _NAME = "policy", "inputs"
_CERTIFICATES = "certificates"
_SCHEMES = {"s3://": "s3Inputs", "http://": "httpInputs", "https://": "httpsInputs"}
_ALL_ALLOWED = dict.fromkeys(_SCHEMES.values(), "ALLOWED")


class InputPolicy:
    """A key that a policy leaves out means ALLOWED."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, request: Json) -> Json:
        self._database.put_resource(_KIND, _NAME, json.dumps(request["policy"]))
        return self.get({})

    def get(self, request: Json) -> Json:  # noqa: ARG002 - the form of every operation
        return {"policy": _ALL_ALLOWED | self._stored()}

    def delete(self, request: Json) -> Json:  # noqa: ARG002 - as above
        self._database.forget_resource(_KIND, _NAME)
        return {}

    def check(self, settings: Json) -> None:
        """Raise BadRequest for an input of a kind that the policy disallows."""
        policy = self._stored()
        for index, item in enumerate(settings.get("inputs") or []):
            uri = str(item.get("fileInput") or "")
            for scheme, name in _SCHEMES.items():
                if uri.lower().startswith(scheme) and policy.get(name) == "DISALLOWED":
                    raise BadRequest(
                        f"/inputs/{index}/fileInput: The input policy of this account disallows {scheme} inputs. "
                        "Use another location or change the policy, and resubmit your job."
                    )

    def _stored(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._database.resource(_KIND, _NAME) or "{}")
        return found


class Certificates:
    """ARNs are kept, so that both calls answer as on the service; nothing here uses them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def associate(self, request: Json) -> Json:
        if not request["arn"].startswith("arn:"):
            raise BadRequest("/arn: Should be the ARN of an AWS Certificate Manager certificate")
        self._database.add_resource(_CERTIFICATES, request["arn"], "{}")
        return {}

    def disassociate(self, request: Json) -> Json:
        if self._database.resource(_CERTIFICATES, request["arn"]) is None:
            raise NotFound(f"The specified certificate isn't associated: {request['arn']}")
        self._database.forget_resource(_CERTIFICATES, request["arn"])
        return {}
