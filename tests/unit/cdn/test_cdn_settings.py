from pathlib import Path

import pytest

from cdn_standin.settings import Settings, SettingsError


@pytest.fixture
def environ() -> dict[str, str]:
    return {
        "CDN_DEPLOYMENT_FILE": "/deployment/cdn.json",
        "CDN_S3_ENDPOINT_URL": "http://engine:4566/",
        "CDN_PUBLIC_URL": "http://127.0.0.1:9000/",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def test_the_environment_is_the_configuration(environ: dict[str, str]) -> None:
    settings = Settings.from_environ(environ | {"PORT": "9000"})
    assert (settings.host, settings.port) == ("127.0.0.1", 9000)
    assert settings.s3_endpoint_url == "http://engine:4566"
    assert settings.public_url == "http://127.0.0.1:9000"
    assert settings.deployment_file == Path("/deployment/cdn.json")


def test_no_secret_is_shown(environ: dict[str, str]) -> None:
    assert "hidden" not in repr(Settings.from_environ(environ | {"AWS_SECRET_ACCESS_KEY": "hidden"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDN_DEPLOYMENT_FILE", ""),
        ("PORT", "0"),
        ("PORT", "http"),
        ("CDN_S3_ENDPOINT_URL", "engine:4566"),
        ("CDN_PUBLIC_URL", "http://127.0.0.1:8080/site"),
    ],
)
def test_a_wrong_variable_is_named(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environ(environ | {name: value})
