import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cdn_standin.settings import Settings, SettingsError


def pem(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def environ(tmp_path: Path, private_key: rsa.RSAPrivateKey) -> dict[str, str]:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"K1": pem(private_key.public_key())}))
    return {
        "CDN_SITE_BUCKET": "site",
        "CDN_MEDIA_BUCKET": "media",
        "CDN_S3_ENDPOINT_URL": "http://engine:4566/",
        "CDN_API_ORIGIN_URL": "http://engine:4566/_aws/execute-api/abc",
        "CDN_PUBLIC_KEYS_FILE": str(keys),
        "CDN_PUBLIC_URL": "http://127.0.0.1:9000/",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def test_the_environment_is_the_configuration(environ: dict[str, str]) -> None:
    settings = Settings.from_environ(environ | {"PORT": "9000"})
    assert (settings.host, settings.port) == ("127.0.0.1", 9000)
    assert settings.s3_endpoint_url == settings.public_s3_endpoint_url == "http://engine:4566"
    assert settings.public_url == "http://127.0.0.1:9000"
    assert set(settings.public_keys) == {"K1"}


def test_no_secret_is_shown(environ: dict[str, str]) -> None:
    assert "hidden" not in repr(Settings.from_environ(environ | {"AWS_SECRET_ACCESS_KEY": "hidden"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDN_SITE_BUCKET", ""),
        ("PORT", "0"),
        ("PORT", "http"),
        ("CDN_S3_ENDPOINT_URL", "engine:4566"),
        ("CDN_API_ORIGIN_URL", "file:///etc"),
        ("CDN_PUBLIC_URL", "http://127.0.0.1:8080/site"),
        ("CDN_PUBLIC_KEYS_FILE", "/nowhere/keys.json"),
    ],
)
def test_a_wrong_variable_is_named(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environ(environ | {name: value})


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"K1": "no key"}', '{"K1": 7}'])
def test_a_wrong_key_file_is_named(environ: dict[str, str], content: str) -> None:
    Path(environ["CDN_PUBLIC_KEYS_FILE"]).write_text(content)
    with pytest.raises(SettingsError, match="CDN_PUBLIC_KEYS_FILE"):
        Settings.from_environ(environ)


def test_only_rsa_keys_are_trusted(environ: dict[str, str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    Path(environ["CDN_PUBLIC_KEYS_FILE"]).write_text(json.dumps({"K1": pem(key)}))
    with pytest.raises(SettingsError, match="not an RSA key"):
        Settings.from_environ(environ)
