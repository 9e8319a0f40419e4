"""Which requests at LocalStack's endpoint go to a stand-in."""

from __future__ import annotations

import pytest

from localstack_standins.routing import service_of
from localstack_standins.settings import LICENCE_VARIABLE, Settings, SettingsError

TARGET = "AWSCognitoIdentityProviderService.InitiateAuth"


def signed(service: str) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/{service}/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=00"
    )


@pytest.mark.parametrize(
    ("path", "headers", "service"),
    [
        ("/", {"X-Amz-Target": TARGET}, "cognito-idp"),
        ("/", {"X-Amz-Target": TARGET, "Authorization": signed("cognito-idp")}, "cognito-idp"),
        ("/", {"Authorization": signed("cognito-idp")}, "cognito-idp"),
        ("/2017-08-29/jobs", {"Authorization": signed("mediaconvert")}, "mediaconvert"),
        ("/2017-08-29/jobs/1-a", {"Authorization": signed("mediaconvert")}, "mediaconvert"),
        ("/", {}, None),
        ("/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, None),
        ("/", {"Authorization": signed("sqs")}, None),
        ("/2017-08-29/jobs", {}, None),
        ("/2017-08-29/jobs", {"Authorization": signed("s3")}, None),
        ("/2017-08-29/jobs", {"Authorization": "Bearer mediaconvert"}, None),
        ("/bucket/key", {"Authorization": signed("mediaconvert")}, None),
        ("/bucket/key", {"Authorization": signed("mediaconvert-evil")}, None),
    ],
)
def test_a_request_goes_to_the_service_it_names(path: str, headers: dict[str, str], service: str | None) -> None:
    assert service_of(path, headers) == service


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/_aws/execute-api/abc/api/auth", "127.0.0.1:4566"),
        ("/restapis/abc/api/_user_request_/auth", "127.0.0.1:4566"),
        ("/auth", "abc.execute-api.localhost.localstack.cloud:4566"),
        ("/", "abc.execute-api.localhost.localstack.cloud:4566"),
    ],
)
def test_cognitos_protocol_through_an_api_stays_with_the_api(path: str, host: str) -> None:
    assert service_of(path, {"Host": host, "X-Amz-Target": TARGET}) is None


def settings(**environ: str) -> Settings:
    return Settings.from_environ(environ)


BOTH = {"COGNITO_STANDIN_URL": "http://cognito:8083/", "MEDIACONVERT_STANDIN_URL": "https://mediaconvert:8082"}


def test_stand_ins_take_over_what_they_have_an_address_for() -> None:
    assert settings(**BOTH).stand_ins(lambda _service: False) == {
        "cognito-idp": "http://cognito:8083",
        "mediaconvert": "https://mediaconvert:8082",
    }
    assert settings(COGNITO_STANDIN_URL="", MEDIACONVERT_STANDIN_URL="http://m").stand_ins(lambda _service: False) == {
        "mediaconvert": "http://m"
    }


def test_a_licensed_image_keeps_the_services_it_brings() -> None:
    licensed = settings(**BOTH, **{LICENCE_VARIABLE: "ls-token"})
    assert list(licensed.stand_ins(lambda service: service == "cognito-idp")) == ["mediaconvert"]
    assert list(licensed.stand_ins(lambda _service: False)) == ["cognito-idp", "mediaconvert"]


def test_an_image_without_a_licence_keeps_nothing() -> None:
    assert list(settings(**BOTH).stand_ins(lambda _service: True)) == ["cognito-idp", "mediaconvert"]


@pytest.mark.parametrize(
    "url", ["cognito", "cognito:8083", "ftp://cognito", "http://", "http://c/path", "http://c?q=1"]
)
def test_an_address_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="COGNITO_STANDIN_URL"):
        settings(COGNITO_STANDIN_URL=url)


def test_the_owners_secret_is_not_shown() -> None:
    assert "hush" not in repr(settings(AWS_SECRET_ACCESS_KEY="hush"))
