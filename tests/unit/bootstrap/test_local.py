"""Two names for the same service: outputs are for the host, parameters for what runs inside."""

import pytest

from bootstrap.local import Addresses, LocalSetup, cdn_deployment, host_outputs
from bootstrap.platform import Platform
from bootstrap.signing_key import PublicKey

HOST = Addresses("http://127.0.0.1:9000", "http://127.0.0.1:9001", "http://127.0.0.1:9002", "http://127.0.0.1:9003")
NETWORK = Addresses("http://cdn:8080", "http://localstack:4566", "http://mediaconvert:8082", "http://cognito:8083")
PLATFORM = Platform(
    {
        "ApiId": "abc",
        "SiteUrl": HOST.site,
        "SiteBucketName": "site",
        "MediaBucketName": "media",
        "TriggerQueueUrl": "http://sqs.us-east-1.localhost.localstack.cloud:4566/queue/us-east-1/000000000000/trigger",
    },
    changed=True,
    signing_key=PublicKey("K1", "pem"),
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
    one_name = LocalSetup(HOST, HOST, "emulated.mediaconvert", updates_stacks=True)
    assert one_name.parameters()["PublicS3EndpointUrl"] == ""


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
    document = cdn_deployment(contained, PLATFORM)
    assert '"apiOriginUrl": "http://localstack:4566/_aws/execute-api/abc"' in document
    assert '"K1": "pem"' in document
