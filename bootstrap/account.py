"""The AWS account to deploy into: who we are there, and whether it has room for the platform."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError

from bootstrap.errors import AccountError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudfront.client import CloudFrontClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_ssm.client import SSMClient

# The services that not every region has.
REGIONAL_SERVICES = ("cognito-idp", "mediaconvert", "lambda", "sqs")
# Default quotas of CloudFront ("Quotas", developer guide), and what one stage takes of each.
PUBLIC_KEYS_QUOTA = 10
PUBLIC_KEYS_PER_STAGE = 2
KEY_GROUPS_QUOTA = 10
DISTRIBUTIONS_QUOTA = 200
# Ten conversions at a time start from the queue; the API and the events need the rest. New accounts have 10 in all.
COMFORTABLE_CONCURRENCY = 50
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"})
GET_CREDENTIALS = (
    "Sign in with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. "
    "README.md, 'Deploy to AWS', says how to get them."
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account and a region; clients come from the SDK's own configuration and environment."""

    session: boto3.Session
    account_id: str
    arn: str
    region: str

    @property
    def cloudformation(self) -> "CloudFormationClient":
        return cast("CloudFormationClient", self.client("cloudformation"))

    @property
    def s3(self) -> "S3Client":
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
        return cast("S3Client", self.client("s3", config=config))

    @property
    def ssm(self) -> "SSMClient":
        return cast("SSMClient", self.client("ssm"))

    @property
    def cloudfront(self) -> "CloudFrontClient":
        return cast("CloudFrontClient", self.client("cloudfront"))

    @property
    def functions(self) -> "LambdaClient":
        return cast("LambdaClient", self.client("lambda"))

    def client(self, service: str, **options: Any) -> Any:
        """A client of any service, in this account's region."""
        return self.session.client(service, region_name=self.region, **options)  # type: ignore[call-overload]


def open_account(region: str | None, session: boto3.Session | None = None) -> Account:
    """The account that the environment's credentials belong to.

    Raises:
        AccountError: no, expired or wrong credentials, or a region without the services that the platform needs.
    """
    try:
        chosen = session or boto3.Session()
        region = region or chosen.region_name
        if not region:
            raise AccountError("Say where to deploy: --region, for example sa-east-1 or us-east-1.")
        _require_region(chosen, region)
        identity = chosen.client("sts", region_name=region).get_caller_identity()
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise AccountError(f"There are no AWS credentials. {GET_CREDENTIALS}") from error
    except ClientError as error:
        raise AccountError(_credentials_problem(error, region or "")) from error
    except (NoRegionError, BotoCoreError) as error:
        raise AccountError(f"AWS cannot be reached: {error}") from error
    return Account(chosen, identity["Account"], identity["Arn"], region)


def check_room(account: Account, *, is_new: bool) -> list[str]:
    """What the person should know about the account's quotas before deploying; empty when all is well.

    Raises:
        AccountError: a quota has no room for a new stage.
    """
    warnings = []
    concurrency = account.functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if concurrency < COMFORTABLE_CONCURRENCY:
        warnings.append(
            f"Lambda may run {concurrency} functions at a time in this account: several uploads at once will wait. "
            "Ask for 1,000 in Service Quotas (Lambda, Concurrent executions); it is free."
        )
    if is_new:
        _require_room(account)
    return warnings


def _require_room(account: Account) -> None:
    cloudfront = account.cloudfront
    counted: tuple[tuple[str, int, int, Callable[[], int]], ...] = (
        (
            "public keys",
            PUBLIC_KEYS_QUOTA,
            PUBLIC_KEYS_PER_STAGE,
            lambda: cloudfront.list_public_keys()["PublicKeyList"]["Quantity"],
        ),
        ("key groups", KEY_GROUPS_QUOTA, 1, lambda: cloudfront.list_key_groups()["KeyGroupList"]["Quantity"]),
        (
            "distributions",
            DISTRIBUTIONS_QUOTA,
            1,
            lambda: cloudfront.list_distributions()["DistributionList"]["Quantity"],
        ),
    )
    for name, quota, needed, count in counted:
        present = count()
        if present + needed > quota:
            raise AccountError(
                f"The account has {present} of CloudFront's {quota} {name}; a stage needs {needed} more. Destroy a "
                "stage you no longer need, or ask for more in Service Quotas (Amazon CloudFront)."
            )


def _require_region(session: boto3.Session, region: str) -> None:
    partition_regions = {service: session.get_available_regions(service) for service in REGIONAL_SERVICES}
    missing = [service for service, regions in partition_regions.items() if region not in regions]
    if missing:
        everywhere = set.intersection(*(set(regions) for regions in partition_regions.values()))
        raise AccountError(
            f"{region} has no {', '.join(missing)}. Regions with everything: {', '.join(sorted(everywhere))}."
        )


def _credentials_problem(error: ClientError, region: str) -> str:
    code = error.response["Error"].get("Code", "")
    if code in EXPIRED:
        return f"The AWS credentials have expired. {GET_CREDENTIALS}"
    if code in UNKNOWN:
        return f"AWS does not know these credentials, or {region} is not enabled in the account. {GET_CREDENTIALS}"
    return f"AWS refused: {error.response['Error'].get('Message', code)}"
