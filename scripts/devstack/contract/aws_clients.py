"""boto3 clients for a running stack, built from its outputs alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_mediaconvert import MediaConvertClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

INVOCATION_SECONDS = 310
"""A little more than the longest that a function of ours may take."""

Outputs = Mapping[str, str]
"""The stack's outputs, as in `outputs.json`. Endpoints and keys are absent on AWS."""


def s3(outputs: Outputs) -> S3Client:
    """S3 with SigV4 and path-style addresses: local engines have no bucket host names."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return boto3.client("s3", config=config, **client_arguments(outputs, "AwsEndpointUrl"))


def sns(outputs: Outputs) -> SNSClient:
    return boto3.client("sns", **client_arguments(outputs, "AwsEndpointUrl"))


def sqs(outputs: Outputs) -> SQSClient:
    return boto3.client("sqs", **client_arguments(outputs, "AwsEndpointUrl"))


def functions(outputs: Outputs) -> LambdaClient:
    """AWS Lambda; a call is never repeated by itself, because an invocation may take minutes."""
    config = Config(read_timeout=INVOCATION_SECONDS, retries={"total_max_attempts": 1})
    return boto3.client("lambda", config=config, **client_arguments(outputs, "AwsEndpointUrl"))


def logs(outputs: Outputs) -> CloudWatchLogsClient:
    return boto3.client("logs", **client_arguments(outputs, "AwsEndpointUrl"))


def mediaconvert(outputs: Outputs) -> MediaConvertClient:
    return boto3.client("mediaconvert", **client_arguments(outputs, "MediaConvertEndpointUrl"))


def user_pools(outputs: Outputs) -> CognitoIdentityProviderClient:
    """Cognito, as the pool's owner."""
    return boto3.client("cognito-idp", **client_arguments(outputs, "CognitoEndpointUrl"))


def client_arguments(outputs: Outputs, endpoint: str) -> dict[str, Any]:
    """Without keys in the outputs the SDK's own chain of credentials applies: that is AWS."""
    return {
        "region_name": outputs["Region"],
        "endpoint_url": outputs.get(endpoint),
        "aws_access_key_id": outputs.get("AccessKeyId"),
        "aws_secret_access_key": outputs.get("SecretAccessKey"),
    }
