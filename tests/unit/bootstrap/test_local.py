"""Two names for the same service: outputs are for the host, parameters for what runs inside."""

import json

import pytest

from bootstrap.local import Addresses, LocalSetup, cdn_deployment, host_outputs
from bootstrap.platform import Platform
from bootstrap.signing_key import PublicKey, SigningKeys

HOST = Addresses("http://127.0.0.1:9000", "http://127.0.0.1:9001", "http://127.0.0.1:9002", "http://127.0.0.1:9003")
NETWORK = Addresses("http://cdn:8080", "http://localstack:4566", "http://mediaconvert:8082", "http://cognito:8083")
PLATFORM = Platform(
    {
        "ApiId": "abc",
        "Region": "us-east-1",
        "SiteUrl": HOST.site,
        "SiteBucketName": "site",
        "MediaBucketName": "media",
        "TriggerQueueUrl": "http://sqs.us-east-1.localhost.localstack.cloud:4566/queue/us-east-1/000000000000/trigger",
    },
    changed=True,
    parameters={"Stage": "local", "Delivery": "stand-in", "PublicS3EndpointUrl": HOST.engine},
    signing_keys=SigningKeys("a", {"a": PublicKey("K1", "pem one"), "b": PublicKey("K2", "pem two")}),
)


@pytest.fixture
def contained() -> LocalSetup:
    return LocalSetup(HOST, NETWORK, "aws.mediaconvert", updates_stacks=False)


def test_what_runs_inside_is_told_the_networks_names(contained: LocalSetup) -> None:
    parameters = contained.parameters()
    assert parameters["CognitoEndpointUrl"] == "http://cognito:8083"
    assert parameters["MediaConvertEndpointUrl"] == "http://mediaconvert:8082"
    assert contained.engine.endpoint_url == "http://localstack:4566"


def test_the_browser_gets_urls_signed_for_its_own_name_of_s3(contained: LocalSetup) -> None:
    assert contained.parameters()["PublicS3EndpointUrl"] == "http://127.0.0.1:9001"


def test_every_url_of_the_outputs_works_from_the_host(contained: LocalSetup) -> None:
    outputs = host_outputs(contained, PLATFORM)
    urls = {name: value for name, value in outputs.items() if value.startswith("http")}
    assert urls == {
        "SiteUrl": "http://127.0.0.1:9000",
        "AwsEndpointUrl": "http://127.0.0.1:9001",
        "ApiUrl": "http://127.0.0.1:9001/_aws/execute-api/abc/api",
        "TriggerQueueUrl": "http://127.0.0.1:9001/queue/us-east-1/000000000000/trigger",
        "MediaConvertEndpointUrl": "http://127.0.0.1:9002",
        "CognitoEndpointUrl": "http://127.0.0.1:9003",
    }


def test_the_cdn_finds_the_api_by_its_inside_name(contained: LocalSetup) -> None:
    document = json.loads(cdn_deployment(contained, PLATFORM))
    assert document["executeApiUrl"] == "http://localstack:4566/_aws/execute-api"
    domains = {origin["Id"]: origin["DomainName"] for origin in document["distribution"]["Origins"]}
    assert domains["api"] == "abc.execute-api.us-east-1.amazonaws.com"


def test_the_cdn_trusts_both_keys_and_lets_the_page_upload(contained: LocalSetup) -> None:
    document = json.loads(cdn_deployment(contained, PLATFORM))
    assert document["keyGroups"] == {"SigningKeyGroup": {"K1": "pem one", "K2": "pem two"}}
    page = document["responseHeadersPolicies"]["SiteHeaders"]["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert "connect-src 'self' http://127.0.0.1:9001;" in page["ContentSecurityPolicy"]
