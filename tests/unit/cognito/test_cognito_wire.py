import json
import secrets
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cognito_harness import PASSWORD, TARGET, Service, cognito, refused
from serving import AsgiServer
from starlette.applications import Starlette

from cognito_standin import wire
from cognito_standin.app import create_app
from cognito_standin.errors import InvalidParameterError, SerializationError
from cognito_standin.settings import Settings

CREDENTIAL = "Credential=test/20260101/us-east-1/cognito-idp/aws4_request"
SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host;x-amz-target, Signature={'0' * 64}"}


def test_users_operations_are_the_models_without_authentication() -> None:
    operations = wire.unsigned_operations()
    assert {"InitiateAuth", "SignUp", "GetUser", "RevokeToken"} <= operations
    assert not {name for name in operations if name.startswith(("Admin", "Create", "Describe", "List", "Set"))} - {
        "ListDevices",
        "ListWebAuthnCredentials",
        "SetUserMFAPreference",
        "SetUserSettings",
    }


@pytest.mark.parametrize(
    "operation", ["AdminSetUserPassword", "ListUsers", "AdminConfirmSignUp", "DescribeUserPoolClient"]
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": ""}])
def test_owners_operations_need_a_signature(service: Service, operation: str, headers: dict[str, str]) -> None:
    answer = service.post(operation, {"UserPoolId": service.pool_id, "Username": "x"}, headers)
    assert answer.status_code == 400
    assert answer.json()["__type"] == "MissingAuthenticationTokenException"
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize("operation", ["ListUsers", "AdminInitiateAuth", "AdminGetUser", "CreateUserPool"])
def test_the_users_door_is_closed_to_the_owner(service: Service, operation: str) -> None:
    """Even with a signature that is right for this very address."""
    url = f"{service.url}/users"
    body = json.dumps({"UserPoolId": service.pool_id, "Username": "x"}).encode()
    request = AWSRequest("POST", url, headers={"X-Amz-Target": f"{TARGET}{operation}"}, data=body)
    SigV4Auth(Credentials("test", "test"), "cognito-idp", "us-east-1").add_auth(request)
    answer = httpx.post(url, headers=dict(request.headers), content=body, trust_env=False, timeout=60)
    assert (answer.status_code, answer.json()["__type"]) == (400, "MissingAuthenticationTokenException")


def test_the_users_door_is_open_to_users(service: Service) -> None:
    headers = {"X-Amz-Target": f"{TARGET}ForgotPassword"}
    body = {"ClientId": service.client_id, "Username": service.person().email}
    assert (
        httpx.post(f"{service.url}/users", headers=headers, json=body, trust_env=False, timeout=60).status_code == 200
    )


def test_owners_operations_pass_with_one(service: Service) -> None:
    person = service.person()
    users = service.owner.list_users(UserPoolId=service.pool_id, Filter=f'email = "{person.email}"')["Users"]
    assert person.email in [item["Value"] for user in users for item in user["Attributes"]]


def test_the_engines_errors_pass_as_they_are(service: Service) -> None:
    with refused("UserNotFoundException"):
        service.owner.admin_get_user(UserPoolId=service.pool_id, Username="nobody")


def test_a_false_signature_is_refused(service: Service) -> None:
    answer = service.post("ListUsers", {"UserPoolId": service.pool_id}, SIGNED)
    assert (answer.status_code, answer.json()["__type"]) == (400, "InvalidSignatureException")


def test_a_signature_for_another_address_is_refused(service: Service) -> None:
    """As of a signed call that API Gateway passed on."""
    body = json.dumps({"UserPoolId": service.pool_id}).encode()
    headers = {"Host": "api.example", "X-Amz-Target": f"{TARGET}ListUsers"}
    request = AWSRequest("POST", "http://api.example/", headers=headers, data=body)
    SigV4Auth(Credentials("test", "test"), "cognito-idp", "us-east-1").add_auth(request)
    signed = dict(request.headers)
    assert httpx.post(service.url, headers=signed, content=body, trust_env=False, timeout=60).status_code == 200
    del signed["Host"]
    answer = httpx.post(service.url, headers=signed, content=body, trust_env=False, timeout=60)
    assert answer.json()["__type"] == "InvalidSignatureException"


@pytest.mark.parametrize("key", ["AKIAUNKNOWNUNKNOWN", "000000000000", "123456789012", "root", "x"])
def test_the_signature_of_an_unknown_key_is_refused(service: Service, key: str) -> None:
    """The engine takes an account's number for its root."""
    with refused("UnrecognizedClientException", "The security token included in the request is invalid."):
        cognito(service.url, signed=True, key=key).list_users(UserPoolId=service.pool_id)


@pytest.mark.parametrize("operation", ["AdminInitiateAuth", "AdminRespondToAuthChallenge", "AdminResetUserPassword"])
def test_the_strict_flows_owner_operations_are_for_our_own_key_alone(service: Service, operation: str) -> None:
    headers = {"Authorization": SIGNED["Authorization"].replace("=test/", "=ASIAUNKNOWNUNKNOWN/")}
    answer = service.post(operation, {"UserPoolId": service.pool_id, "Username": "x"}, headers)
    assert (answer.status_code, answer.json()["__type"]) == (400, "AccessDeniedException")


@pytest.mark.parametrize(
    "operation", ["ConfirmDevice", "ListDevices", "StartWebAuthnRegistration", "UpdateAuthEventFeedback"]
)
def test_what_the_pool_does_not_offer_is_refused(service: Service, operation: str) -> None:
    given = {"AccessToken": "a.b.c", "DeviceKey": "us-east-1_0b", "UserPoolId": "us-east-1_x", "Username": "x"}
    more = {"EventId": "x", "FeedbackToken": "x.y.z", "FeedbackValue": "Valid"}
    answer = service.post(operation, given | more)
    assert (answer.status_code, answer.json()["__type"]) == (400, "InvalidParameterException")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "InitiateAuth",
        TARGET,
        f"{TARGET}initiateAuth",
        f"{TARGET}Nothing",
        f"{TARGET}x.InitiateAuth",
        "AWSCognitoIdentityService.GetId",
    ],
)
def test_an_unknown_target_is_no_operation(service: Service, target: str) -> None:
    answer = httpx.post(
        service.url, headers={"X-Amz-Target": target} | SIGNED, content="{}", trust_env=False, timeout=60
    )
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


def test_two_targets_are_no_operation(service: Service) -> None:
    headers = [("X-Amz-Target", f"{TARGET}ListUserPools"), ("X-Amz-Target", f"{TARGET}InitiateAuth")]
    answer = httpx.post(service.url, headers=headers, content="{}", trust_env=False, timeout=60)
    assert answer.json()["__type"] == "UnknownOperationException"


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"null", b"\xff", b"[" * 100_000, b"{}" + b" " * 200_000])
def test_a_body_that_is_no_json_object_is_refused(service: Service, content: bytes) -> None:
    headers = {"X-Amz-Target": f"{TARGET}SignUp"}
    answer = httpx.post(service.url, headers=headers, content=content, trust_env=False, timeout=60)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")


def test_other_methods_and_paths_are_refused(service: Service) -> None:
    assert httpx.get(service.url, trust_env=False, timeout=60).status_code == 405
    for path in ("/oauth2/token", "/login", "/_ministack/reset", "/_ministack/config", "/x/.well-known/other"):
        assert httpx.get(f"{service.url}{path}", trust_env=False, timeout=60).status_code in (400, 404), path


def test_the_host_header_does_not_matter(service: Service) -> None:
    body = {"ClientId": service.client_id, "Username": service.person().email}
    answer = service.post("ForgotPassword", body, {"Host": "api.example", "Content-Type": "application/json"})
    assert answer.status_code == 200


def test_answers_are_not_stored(service: Service) -> None:
    body = {"ClientId": service.client_id, "Username": service.person().email}
    answer = service.post("ForgotPassword", body)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-amzn-requestid"]


def parse(**body: Any) -> wire.Body:
    return wire.parse_body("InitiateAuth", json.dumps(body).encode())


def test_only_members_of_the_model_pass() -> None:
    parameters = {"USERNAME": "a", "PASSWORD": PASSWORD}
    given = {"ClientId": "c", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    assert parse(**given, UserPoolId="other", ClientMetadata=None) == given


@pytest.mark.parametrize(
    "body",
    [
        {"ClientId": 1, "AuthFlow": "USER_SRP_AUTH"},
        {"ClientId": "c", "AuthFlow": ["USER_SRP_AUTH"]},
        {"ClientId": "c", "AuthFlow": "USER_SRP_AUTH", "AuthParameters": []},
        {"ClientId": "c", "AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": {}}},
        {"ClientId": "c", "AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": None}},
    ],
)
def test_a_wrong_json_type_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(SerializationError):
        parse(**body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"AuthFlow": "USER_SRP_AUTH"}, "Value null at 'clientId'"),
        ({"ClientId": None, "AuthFlow": "USER_SRP_AUTH"}, "Member must not be null"),
        ({"ClientId": "", "AuthFlow": "USER_SRP_AUTH"}, "greater than or equal to 1"),
        ({"ClientId": "c" * 129, "AuthFlow": "USER_SRP_AUTH"}, "less than or equal to 128"),
        ({"ClientId": "c", "AuthFlow": "EASY_AUTH"}, "enum value set"),
    ],
)
def test_a_broken_constraint_is_named(body: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        parse(**body)


def test_the_inbox_lists_invitations_and_our_codes_and_hides_the_engines_codes(service: Service) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    service.owner.admin_create_user(UserPoolId=service.pool_id, Username=email)
    service.users.sign_up(ClientId=service.client_id, Username=f"x{email}", Password=PASSWORD)
    (invitation,) = service.mails_to(email)
    assert "temporary password" in invitation["BodyText"]
    (code,) = service.mails_to(f"x{email}")
    assert "123456" not in code["BodyText"]
    assert set(code) == set(invitation)
    assert httpx.post(f"{service.url}/_ministack/ses/messages", trust_env=False, timeout=60).status_code == 405


def test_the_inbox_works_beside_an_emulator_without_one() -> None:
    emulator = AsgiServer(Starlette())
    server = AsgiServer(create_app(Settings("127.0.0.1", 8083, emulator.url, "us-east-1", "test", "test")))
    answer = httpx.get(f"{server.url}/_ministack/ses/messages", trust_env=False, timeout=60)
    server.stop()
    emulator.stop()
    assert answer.json() == {"messages": {"000000000000": []}}


def test_the_inbox_says_when_the_engine_is_away(unused_port: int) -> None:
    settings = Settings("127.0.0.1", 8083, f"http://127.0.0.1:{unused_port}", "us-east-1", "test", "test")
    server = AsgiServer(create_app(settings))
    answer = httpx.get(f"{server.url}/_ministack/ses/messages", trust_env=False, timeout=60)
    server.stop()
    assert (answer.status_code, answer.json()["__type"]) == (500, "InternalErrorException")
