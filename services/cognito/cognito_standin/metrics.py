"""What Cognito publishes of its user pools to CloudWatch: an attempt counts 1 when it succeeds and 0 when it fails.

https://docs.aws.amazon.com/cognito/latest/developerguide/metrics-for-cognito-user-pools.html
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials

from cognito_standin.directory import Directory
from cognito_standin.errors import CognitoError
from cognito_standin.settings import Settings
from cognito_standin.upstream import signed_headers

NAMESPACE = "AWS/Cognito"
API_VERSION = "2010-08-01"
REFRESHES = frozenset({"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"})
# Under a flood of calls, counting is what gives way.
MOST_UNDER_WAY = 32


class Metrics:
    """Publishes in the background: nobody waits for it, and nothing fails with it."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient, directory: Directory) -> None:
        self._url = settings.metrics_url
        self._client = client
        self._directory = directory
        credentials = Credentials(settings.access_key_id, settings.secret_access_key)
        self._signer = SigV4Auth(credentials, "monitoring", settings.region)
        self._under_way: set[asyncio.Task[None]] = set()

    def count(self, operation: str, body: Mapping[str, Any], answer: Mapping[str, Any] | None) -> None:
        """`answer` None stands for a refusal."""
        metric = _metric(operation, body, answer)
        if metric is None or not self._url or len(self._under_way) >= MOST_UNDER_WAY:
            return
        task = asyncio.create_task(self._publish(metric, str(body.get("ClientId", "")), succeeded=answer is not None))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _publish(self, metric: str, client_id: str, *, succeeded: bool) -> None:
        try:
            pool_id = await self._directory.pool_id(client_id)
        except CognitoError:
            return
        dimensions = {"UserPool": pool_id, "UserPoolClient": client_id}
        form = {
            "Action": "PutMetricData",
            "Version": API_VERSION,
            "Namespace": NAMESPACE,
            "MetricData.member.1.MetricName": metric,
            "MetricData.member.1.Unit": "Count",
            "MetricData.member.1.Value": "1" if succeeded else "0",
        }
        for number, (name, value) in enumerate(dimensions.items(), 1):
            form[f"MetricData.member.1.Dimensions.member.{number}.Name"] = name
            form[f"MetricData.member.1.Dimensions.member.{number}.Value"] = value
        url, content = f"{self._url}/", urlencode(form).encode()
        headers = signed_headers(self._signer, url, content, {"Content-Type": "application/x-www-form-urlencoded"})
        try:
            await self._client.post(url, content=content, headers=headers)
        except httpx.TransportError:
            return


def _metric(operation: str, body: Mapping[str, Any], answer: Mapping[str, Any] | None) -> str | None:
    """None for what is not counted, and for a sign-in that another challenge goes on with."""
    if operation == "SignUp":
        return "SignUpSuccesses"
    if operation == "GetTokensFromRefreshToken" or body.get("AuthFlow") in REFRESHES:
        return "TokenRefreshSuccesses"
    if operation not in ("InitiateAuth", "RespondToAuthChallenge"):
        return None
    return "SignInSuccesses" if answer is None or "AuthenticationResult" in answer else None
