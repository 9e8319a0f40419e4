"""The four services of the embedded stack and what each is told."""

import json
import os

from devstack.media import find_ffmpeg
from devstack.processes import Service, installed_program, python_module
from devstack.settings import ACCESS_KEY_ID, ACCOUNT, EVENT_SOURCE, LOOPBACK, REGION, SECRET_ACCESS_KEY, Settings

AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_DEFAULT_REGION": REGION,
    # Nothing of this stack ever looks for an instance's role.
    "AWS_EC2_METADATA_DISABLED": "true",
}
SERVICE_NAMES = ("engine", "mediaconvert", "cognito", "cdn")


def engine(settings: Settings) -> Service:
    """ministack, with IAM enforced and its state saved when it is told to stop."""
    return Service(
        "engine",
        [installed_program("ministack")],
        {
            **AWS_ENVIRONMENT,
            "GATEWAY_PORT": str(settings.port_base + 1),
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(settings.state_dir / "engine"),
        },
        f"{settings.engine_url}/_localstack/health",
    )


def mediaconvert(settings: Settings) -> Service:
    return Service(
        "mediaconvert",
        python_module("mediaconvert_standin"),
        {
            **AWS_ENVIRONMENT,
            **_address(settings, 2),
            "AWS_ENDPOINT_URL": settings.engine_url,
            "MEDIACONVERT_ACCOUNT_ID": ACCOUNT,
            "MEDIACONVERT_EVENT_SOURCE": EVENT_SOURCE,
            "MEDIACONVERT_WORK_DIR": str(settings.state_dir / "mediaconvert"),
            "MEDIACONVERT_FFMPEG": os.environ.get("MEDIACONVERT_FFMPEG") or str(find_ffmpeg()),
        },
        f"{settings.mediaconvert_url}/health",
    )


def cognito(settings: Settings) -> Service:
    return Service(
        "cognito",
        python_module("cognito_standin"),
        {**_address(settings, 3), "COGNITO_UPSTREAM_URL": settings.engine_url},
        f"{settings.cognito_url}/health",
    )


def cdn(settings: Settings, outputs: dict[str, str], keys: dict[str, str]) -> Service:
    """The CDN is told where the API is, so it starts after the deployment; `keys` maps key pair ids to PEM."""
    settings.cdn_keys_file.write_text(json.dumps(keys), encoding="utf-8")
    return Service(
        "cdn",
        python_module("cdn_standin"),
        {
            **AWS_ENVIRONMENT,
            **_address(settings, 0),
            "CDN_SITE_BUCKET": outputs["SiteBucketName"],
            "CDN_MEDIA_BUCKET": outputs["MediaBucketName"],
            "CDN_S3_ENDPOINT_URL": settings.engine_url,
            "CDN_API_ORIGIN_URL": f"{settings.engine_url}/_aws/execute-api/{outputs['ApiId']}",
            "CDN_PUBLIC_KEYS_FILE": str(settings.cdn_keys_file),
            "CDN_PUBLIC_URL": settings.site_url,
        },
        f"{settings.site_url}/health",
    )


def _address(settings: Settings, offset: int) -> dict[str, str]:
    return {"HOST": LOOPBACK, "PORT": str(settings.port_base + offset)}
