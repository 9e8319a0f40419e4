"""Clients: our own credentials for events and Probe, the job's role for what the job reads and writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from mediaconvert_standin.errors import RoleMalformed, RoleNotAssumable
from mediaconvert_standin.job_settings.plan import S3Location
from mediaconvert_standin.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,576}")
# Amazon S3 bucket naming rules, with the longer names of old buckets in us-east-1. An access point's ARN is none: it
# would name the host that is asked.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9_]")
NO_SUCH_BUCKET = frozenset({"NoSuchBucket", "InvalidBucketName"})  # codes of S3
_CONFIG = Config(
    signature_version="v4",
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=16,
)
_S3_CONFIG = _CONFIG.merge(
    Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
)


class Clients:
    """Thread-safe: clients are made here, in one thread, and then only used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = botocore.session.Session()
        self.s3: S3Client = self._client(self._session, "s3", _S3_CONFIG)
        self.events: EventBridgeClient = self._client(self._session, "events", _CONFIG)
        self._sts: STSClient = self._client(self._session, "sts", _CONFIG)

    def _client(self, session: botocore.session.Session, service: str, config: Config) -> Any:
        return session.create_client(
            service, region_name=self._settings.region, endpoint_url=self._settings.endpoint_of(service), config=config
        )

    def s3_with_role(self, role: str, job_id: str) -> S3Client:
        """An S3 client that acts as the job's role, for as long as the job takes.

        Raises RoleMalformed, RoleNotAssumable.
        """
        if not _ROLE_ARN.fullmatch(role):
            raise RoleMalformed(role)

        def refresh() -> dict[str, Any]:
            return self._assume(role, job_id)

        credentials = RefreshableCredentials.create_from_metadata(refresh(), refresh, "sts-assume-role")
        session = botocore.session.Session()
        # Sharing the loader saves parsing the service models again for every job.
        session.register_component("data_loader", self._session.get_component("data_loader"))
        session.register_component("credential_provider", _Fixed(credentials))
        client: S3Client = self._client(session, "s3", _S3_CONFIG)
        return client

    def _assume(self, role: str, job_id: str) -> dict[str, Any]:
        try:
            answer = self._sts.assume_role(RoleArn=role, RoleSessionName=f"EMC-{job_id}"[:64])
        except (ClientError, BotoCoreError) as error:
            raise RoleNotAssumable(role) from error
        found = answer["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }


class _Fixed:
    """A credential provider chain with one answer."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


def can_be_asked_for(location: S3Location) -> bool:
    """False where no bucket can have that name; S3 is not to be asked then."""
    return _BUCKET.fullmatch(location.bucket) is not None


def error_code(error: ClientError) -> str:
    """Code of a failed call, such as NoSuchBucket; empty when there was none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_status(error: ClientError) -> int:
    """HTTP status of a failed call."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
