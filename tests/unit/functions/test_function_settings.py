from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.packaging import SERVICE_MODELS
from sstech_video.settings import Settings, SettingsError

FUNCTIONS = Path(__file__).resolve().parents[3] / "services" / "functions"


def test_the_environment_of_the_template_is_read(functions_environment: None) -> None:
    settings = Settings.from_environ(os.environ)
    assert settings.public_s3_endpoint_url is None
    assert settings.max_open_uploads == 5


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"STAGE is not set.*TRIGGER_QUEUE_URL is not set"):
        Settings.from_environ({})


def test_a_number_must_be_one(functions_environment: None) -> None:
    with pytest.raises(SettingsError, match="MAX_OPEN_UPLOADS is not a whole number: 'many'"):
        Settings.from_environ({**os.environ, "MAX_OPEN_UPLOADS": "many"})


@pytest.mark.parametrize(
    "module", ["videos_service", "videos_library", "mediaconvert_trigger", "conversion_complete", "reconciler"]
)
def test_a_handler_can_be_imported_without_its_environment(module: str) -> None:
    """As the Lambda runtime does it, with nothing on the path but the zip and its dependencies."""
    program = f"import sys; import {module} as m; assert callable(m.handler); assert 'pydantic' not in sys.modules"
    result = subprocess.run([sys.executable, "-c", program], cwd=FUNCTIONS, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_urls_for_browsers_use_the_public_endpoint(functions_environment: None) -> None:
    from sstech_video import aws

    url = aws.public_s3("http://127.0.0.1:4566").generate_presigned_url(
        "get_object", Params={"Bucket": "b", "Key": "k"}
    )
    assert url.startswith("http://127.0.0.1:4566/b/k?")
    assert aws.public_s3(None) is aws.s3()


def test_the_zip_holds_the_model_of_every_service_that_is_called() -> None:
    """Packaging leaves botocore's other models out; a client without one fails at its first use."""
    source = (FUNCTIONS / "sstech_video" / "aws.py").read_text(encoding="utf-8")
    called = set(re.findall(r'boto3\.client\("([a-z0-9-]+)"', source))
    assert called == {"cloudfront", "s3", "mediaconvert", "sqs", "ssm"}
    assert called <= SERVICE_MODELS
