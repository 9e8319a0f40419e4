"""The four services of the embedded stack and what each is told."""

import os

from bootstrap.local_account import ACCESS_KEY_ID, ACCOUNT, REGION, SECRET_ACCESS_KEY
from devstack.media import find_ffmpeg
from devstack.settings import EVENT_SOURCE, LOOPBACK, Settings
from devstack.stack.processes import Service, installed_program, python_module

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
        {**_address(settings, 3), "COGNITO_UPSTREAM_URL": settings.engine_url, "CLOUDWATCH_URL": settings.engine_url},
        f"{settings.cognito_url}/health",
    )


def cdn(settings: Settings) -> Service:
    """The CDN reads what the deployment wrote for it, so it starts after one."""
    return Service(
        "cdn",
        python_module("cdn_standin"),
        {
            **AWS_ENVIRONMENT,
            **_address(settings, 0),
            "CDN_DEPLOYMENT_FILE": str(settings.cdn_deployment_file),
            "CDN_S3_ENDPOINT_URL": settings.engine_url,
            "CDN_PUBLIC_URL": settings.site_url,
        },
        f"{settings.site_url}/health",
    )


def _address(settings: Settings, offset: int) -> dict[str, str]:
    return {"HOST": LOOPBACK, "PORT": str(settings.port_base + offset)}
