"""What the plugin makes of LocalStack: services, CloudFormation types and API Gateway as on AWS."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError, WaiterError
from engine import CREDENTIALS
from localstack_container import IMAGE, LocalStack, docker

from bootstrap.platform import Deployment, Engine, deploy_platform
from bootstrap.stack import stack_outputs

ROOT = Path(__file__).parents[3]
TEMPLATE = Path(__file__).with_name("guarded.yaml").read_text(encoding="utf-8")
PART_SIZE = 5 * 1024**2
PART_COUNT = 20
PACE = {"Delay": 1, "MaxAttempts": 60}


@pytest.fixture(scope="module")
def outputs(localstack: LocalStack) -> dict[str, str]:
    cloudformation = localstack.client("cloudformation")
    cloudformation.create_stack(StackName="guarded", TemplateBody=TEMPLATE)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="guarded", WaiterConfig=PACE)
    return stack_outputs(cloudformation, "guarded")


@pytest.fixture(scope="module")
def api(localstack: LocalStack, outputs: dict[str, str]) -> str:
    return f"{localstack.url}/_aws/execute-api/{outputs['ApiId']}/live"


@pytest.fixture(scope="module")
def sign_in(localstack: LocalStack, outputs: dict[str, str]) -> Callable[[str], dict[str, str]]:
    """Tokens of a person for a client, through LocalStack's own endpoint."""
    cognito = localstack.client("cognito-idp")
    password = secrets.token_urlsafe(24) + "aA1!"
    who = {"UserPoolId": outputs["PoolId"], "Username": "ana"}
    cognito.admin_create_user(**who, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**who, Password=password, Permanent=True)

    def tokens(client_id: str) -> dict[str, str]:
        answer = cognito.admin_initiate_auth(
            UserPoolId=outputs["PoolId"],
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ana", "PASSWORD": password},
        )
        result: dict[str, str] = answer["AuthenticationResult"]
        return result

    return tokens


def get(url: str, token: str | None = None) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return requests.get(url, headers=headers, timeout=60)


def test_pool_client_and_authorizer_exist_where_they_belong(localstack: LocalStack, outputs: dict[str, str]) -> None:
    cognito = localstack.client("cognito-idp")
    pool = cognito.describe_user_pool(UserPoolId=outputs["PoolId"])["UserPool"]
    assert pool["Arn"] == outputs["PoolArn"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert outputs["ProviderUrl"] == f"https://cognito-idp.us-east-1.amazonaws.com/{outputs['PoolId']}"
    client = cognito.describe_user_pool_client(UserPoolId=outputs["PoolId"], ClientId=outputs["ClientId"])
    assert client["UserPoolClient"]["IdTokenValidity"] == 5
    authorizer = localstack.client("apigateway").get_authorizer(
        restApiId=outputs["ApiId"], authorizerId=outputs["AuthorizerId"]
    )
    assert authorizer["providerARNs"] == [outputs["PoolArn"]]


def test_a_good_token_passes_and_its_claims_reach_the_function_as_strings(
    api: str, outputs: dict[str, str], sign_in: Callable[[str], dict[str, str]]
) -> None:
    answer = get(f"{api}/events", sign_in(outputs["ClientId"])["IdToken"])
    assert answer.status_code == 200
    claims = answer.json()["requestContext"]["authorizer"]["claims"]
    assert claims["aud"] == outputs["ClientId"]
    assert claims["cognito:username"] == "ana"
    assert claims["exp"].split()[4] == "UTC"
    assert all(isinstance(value, str) for value in claims.values())


@pytest.mark.parametrize("kind", ["none", "garbage", "access token", "another client"])
def test_no_other_token_passes_and_the_refusal_is_in_the_apis_own_words(
    kind: str, api: str, outputs: dict[str, str], sign_in: Callable[[str], dict[str, str]]
) -> None:
    tokens: dict[str, Callable[[], str | None]] = {
        "none": lambda: None,
        "garbage": lambda: "garbage",
        "access token": lambda: sign_in(outputs["ClientId"])["AccessToken"],
        "another client": lambda: sign_in(outputs["OtherClientId"])["IdToken"],
    }
    answer = get(f"{api}/events", tokens[kind]())
    assert answer.status_code == 418
    assert answer.json() == {"mine": "Unauthorized", "id": answer.headers["x-amzn-RequestId"]}
    assert answer.headers["X-Words"] == "own"
    assert answer.headers["x-amzn-ErrorType"] == "UnauthorizedException"


def test_an_error_without_words_of_its_own_has_those_of_its_class(api: str) -> None:
    answer = get(f"{api}/broken")
    assert answer.status_code == 500
    assert answer.json() == {"mine": "API_CONFIGURATION_ERROR"}


def test_an_error_that_the_api_has_no_words_for_has_aws_words(api: str) -> None:
    answer = get(f"{api}/nothing")
    assert answer.status_code == 403
    assert answer.json() == {"message": "Missing Authentication Token"}


def test_the_keys_of_a_pool_are_at_localstacks_endpoint_too(localstack: LocalStack, outputs: dict[str, str]) -> None:
    path = f"/{outputs['PoolId']}/.well-known/jwks.json"
    assert get(localstack.url + path).json() == get(localstack.cognito_url + path).json()


def test_an_unsigned_call_of_the_owners_is_refused_by_the_stand_in(localstack: LocalStack) -> None:
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.ListUserPools"}
    answer = requests.post(f"{localstack.url}/", data='{"MaxResults": 1}', headers=headers, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["__type"] == "MissingAuthenticationTokenException"


def test_a_page_of_another_site_reaches_no_stand_in(localstack: LocalStack) -> None:
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth", "Origin": "https://evil.example"}
    assert requests.post(f"{localstack.url}/", data="{}", headers=headers, timeout=30).status_code == 403


def test_a_stand_in_that_is_down_is_named_and_worth_another_try(localstack: LocalStack) -> None:
    with pytest.raises(ClientError) as refused:
        localstack.client("mediaconvert").list_jobs()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "mediaconvert" in refused.value.response["Error"]["Message"]


def test_a_type_that_localstack_would_fake_is_refused_by_name(localstack: LocalStack) -> None:
    cloudformation = localstack.client("cloudformation")
    name = f"faked-{uuid.uuid4().hex[:8]}"
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="create",
        ChangeSetType="CREATE",
        TemplateBody="Resources: {Site: {Type: AWS::CloudFront::Distribution}}",
    )
    with pytest.raises(WaiterError) as refused:
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName=name, ChangeSetName="create", WaiterConfig=PACE
        )
    assert "AWS::CloudFront::Distribution" in refused.value.last_response["StatusReason"]


def test_such_a_type_behind_a_condition_is_refused_only_when_it_would_be_made(localstack: LocalStack) -> None:
    cloudformation = localstack.client("cloudformation")
    name = f"conditional-{uuid.uuid4().hex[:8]}"
    parameters = [{"ParameterKey": "MakeUnsupported", "ParameterValue": "yes"}]
    cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE, Parameters=parameters)
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=PACE)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]]
    assert any("AWS::CloudFront::Distribution" in reason for reason in reasons)


def test_a_deleted_stack_leaves_no_pool(localstack: LocalStack) -> None:
    cloudformation = localstack.client("cloudformation")
    name = f"short-lived-{uuid.uuid4().hex[:8]}"
    template = f"Resources: {{Pool: {{Type: AWS::Cognito::UserPool, Properties: {{UserPoolName: {name}}}}}}}"
    cloudformation.create_stack(StackName=name, TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=PACE)
    assert name in pool_names(localstack)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=PACE)
    assert name not in pool_names(localstack)


def pool_names(localstack: LocalStack) -> list[str]:
    pools = localstack.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return [pool["Name"] for pool in pools]


def test_a_setting_that_cannot_be_used_ends_localstack(localstack: LocalStack) -> None:
    assert localstack.url  # so the image is there
    with pytest.raises(RuntimeError):
        docker("run", "--rm", "--env", "COGNITO_STANDIN_URL=nowhere", IMAGE)


@pytest.fixture(scope="module")
def platform_url(localstack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The API of the whole platform, from the template that goes to AWS."""
    engine = Engine("us-east-1", localstack.url, CREDENTIALS["aws_access_key_id"], CREDENTIALS["aws_secret_access_key"])
    parameters = {
        "Delivery": "stand-in",
        "SiteUrl": "http://127.0.0.1:8080",
        "TlsOnly": "false",
        "CognitoEndpointUrl": localstack.cognito_url,
        "MediaConvertEndpointUrl": "http://127.0.0.1:9",
    }
    build = tmp_path_factory.mktemp("build")
    platform = deploy_platform(engine, Deployment("local", ROOT / "frontend", build, parameters))
    return f"{localstack.url}/_aws/execute-api/{platform.outputs['ApiId']}/api"


def test_the_platforms_own_template_deploys_and_is_guarded(platform_url: str) -> None:
    refused, unknown = get(f"{platform_url}/videos"), get(f"{platform_url}/nothing")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
    for answer in (refused, unknown):
        assert answer.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:8080"
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    through = requests.post(f"{platform_url}/auth", data="{}", headers=headers, timeout=30)
    assert (through.status_code, through.json()["__type"]) == (400, "InvalidParameterException")


def test_an_upload_that_is_completed_by_many_at_once_stays_whole(localstack: LocalStack) -> None:
    s3 = localstack.client("s3")
    bucket = f"assembling-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    upload = {
        "Bucket": bucket,
        "Key": "film",
        "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="film")["UploadId"],
    }
    part = bytes(PART_SIZE)
    etags = [s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"] for number in range(1, PART_COUNT + 1)]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]

    def complete(_: int) -> str:
        try:
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "completed"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(complete, range(4)))

    assert answers == ["NoSuchUpload"] * 3 + ["completed"]
    assert s3.head_object(Bucket=bucket, Key="film")["ContentLength"] == PART_SIZE * PART_COUNT
