"""Who is there when an attack begins: a victim with videos, an attacker with an account, and the stack's own keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import requests
from integration.people import Person, publish
from integration.store import Store

from devstack.contract.answers import Playback, Upload
from devstack.contract.aws_clients import Outputs
from devstack.contract.client import Platform, new_password
from devstack.waiting import wait_for

from .forging import CookieForge, PoolKeys, TokenForge, read_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_ssm import SSMClient

TIMEOUT = 30
LARGE = 200_000_000
"""Bytes of an upload that goes in parts."""
CLIENT_FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
ADDRESSES = ("ApiUrl", "SiteUrl")


@dataclass(frozen=True)
class Shown:
    """A video that its owner can watch."""

    upload: Upload
    playback: Playback

    @property
    def video_id(self) -> str:
        return self.upload.video_id


@dataclass
class Scene:
    """Everything an attack may use. What costs time is made when first asked for."""

    outputs: Outputs
    platform: Platform
    store: Store
    new_person: Callable[[], Person]
    clip: Callable[[str], Path]
    pool_keys: Path
    _clients: list[str] = field(default_factory=list)
    _pools: list[str] = field(default_factory=list)

    @cached_property
    def victim(self) -> Person:
        return self.new_person()

    @cached_property
    def attacker(self) -> Person:
        return self.new_person()

    @cached_property
    def victims_video(self) -> Shown:
        return self._publish(self.victim, "mp4-h264-aac")

    @cached_property
    def victims_other_video(self) -> Shown:
        return self._publish(self.victim, "mp4-silent")

    @cached_property
    def attackers_video(self) -> Shown:
        return self._publish(self.attacker, "mp4-silent")

    @cached_property
    def victims_open_upload(self) -> Upload:
        """In parts, none of them sent yet."""
        return self.victim.library.open_upload("private.mp4", "video/mp4", LARGE)

    def has(self, name: str) -> bool:
        """Whether the property of that name was ever asked for."""
        return name in vars(self)

    def _publish(self, person: Person, name: str) -> Shown:
        upload, _ = publish(person.library, self.clip(name))
        return Shown(upload, person.library.playback(upload.video_id))

    @cached_property
    def tokens(self) -> TokenForge:
        """Signs as the pool itself does, with the keys that the engine keeps in its state."""
        pool_id = self.outputs["UserPoolId"]
        real = self.attacker.library.tokens
        return TokenForge(PoolKeys.read(self.pool_keys, pool_id, real.id_token, real.access_token))

    @cached_property
    def cookies(self) -> CookieForge:
        """Signs as the platform itself does, with the key that its function reads."""
        function = self._lambda.get_function_configuration(FunctionName="video-streaming-library")
        variables = function["Environment"]["Variables"]
        parameter = self._ssm.get_parameter(Name=variables["SIGNING_KEY_PARAMETER"], WithDecryption=True)
        return CookieForge(parameter["Parameter"]["Value"], variables["CLOUDFRONT_KEY_PAIR_ID"])

    @cached_property
    def other_client_id(self) -> str:
        """Another application of the same pool."""
        client = self.pools.create_user_pool_client(
            UserPoolId=self.outputs["UserPoolId"],
            ClientName=f"other-{uuid4().hex[:8]}",
            ExplicitAuthFlows=CLIENT_FLOWS,
        )["UserPoolClient"]
        self._clients.append(client["ClientId"])
        return client["ClientId"]

    @cached_property
    def other_pool_id(self) -> str:
        """A pool of somebody else."""
        pool = self.pools.create_user_pool(PoolName=f"other-{uuid4().hex[:8]}")["UserPool"]
        self._pools.append(pool["Id"])
        return pool["Id"]

    def key_of_other_pool(self) -> RSAPrivateKey:
        return read_key(self.pool_keys / f"{self.other_pool_id}-id.pem")

    def invite(self) -> tuple[str, str]:
        """A new account made by an administrator: its e-mail and the password to change at the first sign-in."""
        email, password = f"invited-{uuid4().hex}@example.com", new_password()
        self.pools.admin_create_user(
            UserPoolId=self.outputs["UserPoolId"],
            Username=email,
            TemporaryPassword=password,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            MessageAction="SUPPRESS",
        )
        return email, password

    @cached_property
    def pools(self) -> CognitoIdentityProviderClient:
        """Cognito as the pool's owner reaches it."""
        return boto3.client("cognito-idp", endpoint_url=self.outputs["CognitoEndpointUrl"], **self._root)

    @cached_property
    def _lambda(self) -> LambdaClient:
        return boto3.client("lambda", endpoint_url=self.outputs["AwsEndpointUrl"], **self._root)

    @cached_property
    def _ssm(self) -> SSMClient:
        return boto3.client("ssm", endpoint_url=self.outputs["AwsEndpointUrl"], **self._root)

    @property
    def _root(self) -> dict[str, Any]:
        return {
            "region_name": self.outputs["Region"],
            "aws_access_key_id": self.outputs["AccessKeyId"],
            "aws_secret_access_key": self.outputs["SecretAccessKey"],
        }

    def api(self, address: str) -> str:
        """The API's base: API Gateway itself, or through the CDN."""
        base = self.outputs[address].rstrip("/")
        return base if address == "ApiUrl" else f"{base}/api"

    def auth(self, operation: str, body: Mapping[str, object], **headers: str) -> requests.Response:
        """One unsigned call of Cognito's through `/auth`, again while that route is throttled, as its clients do."""

        def ask() -> requests.Response | None:
            answer = requests.post(
                f"{self.api('ApiUrl')}/auth",
                data=json.dumps(body),
                headers={
                    "Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
                    **headers,
                },
                timeout=TIMEOUT,
            )
            return None if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS else answer

        return wait_for(ask, "/auth to take another request", timeout=TIMEOUT)

    @contextmanager
    def cleaning_up(self) -> Iterator[Scene]:
        try:
            yield self
        finally:
            for client_id in self._clients:
                self.pools.delete_user_pool_client(UserPoolId=self.outputs["UserPoolId"], ClientId=client_id)
            for pool_id in self._pools:
                self.pools.delete_user_pool(UserPoolId=pool_id)
