"""CloudFormation types that LocalStack lacks and fakes: made for real, and deleted for real.

A deployment on LocalStack is create-only (its update engine reports success for what it did not do), so no provider
here has an `update`.
"""

from contextlib import suppress
from typing import Any, ClassVar

import boto3
import localstack.services.cloudformation.provider_utils as util
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

from localstack_standins.cognito_properties import client_request, pool_requests
from localstack_standins.settings import COGNITO, Settings
from localstack_standins.takeover import taken_over

Model = dict[str, Any]


class UserPoolProvider(ResourceProvider):  # type: ignore[misc]  # LocalStack has no types
    """AWS::Cognito::UserPool. Ref is the pool's id; GetAtt has Arn, ProviderName, ProviderURL and UserPoolId."""

    TYPE = "AWS::Cognito::UserPool"
    SCHEMA: ClassVar[Model] = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/UserPoolId"],
        "readOnlyProperties": [f"/properties/{name}" for name in ("Arn", "ProviderName", "ProviderURL", "UserPoolId")],
        "properties": {},
    }

    def create(self, request: ResourceRequest) -> ProgressEvent:
        cognito = _cognito(request)
        shape = cognito.meta.service_model.operation_model("CreateUserPool").input_shape
        model = request.desired_state
        model.setdefault("UserPoolName", util.generate_default_name(request.stack_name, request.logical_resource_id))
        wanted = pool_requests(model, shape.members)
        pool = cognito.create_user_pool(**util.convert_request_kwargs(wanted.create, shape))["UserPool"]
        if wanted.mfa is not None:
            _set_mfa(cognito, pool["Id"], wanted.mfa)
        provider = f"cognito-idp.{request.region_name}.amazonaws.com/{pool['Id']}"
        return _success(
            {
                **model,
                "UserPoolId": pool["Id"],
                "Arn": pool["Arn"],
                "ProviderName": provider,
                "ProviderURL": f"https://{provider}",
            }
        )

    def delete(self, request: ResourceRequest) -> ProgressEvent:
        cognito = _cognito(request)
        with suppress(cognito.exceptions.ResourceNotFoundException):
            cognito.delete_user_pool(UserPoolId=request.desired_state["UserPoolId"])
        return _success(request.desired_state)


class UserPoolClientProvider(ResourceProvider):  # type: ignore[misc]  # LocalStack has no types
    """AWS::Cognito::UserPoolClient. Ref is the client's id; GetAtt has ClientId, ClientSecret and Name."""

    TYPE = "AWS::Cognito::UserPoolClient"
    SCHEMA: ClassVar[Model] = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/UserPoolId", "/properties/ClientId"],
        "readOnlyProperties": [f"/properties/{name}" for name in ("ClientId", "ClientSecret", "Name")],
        "properties": {},
    }

    def create(self, request: ResourceRequest) -> ProgressEvent:
        cognito = _cognito(request)
        shape = cognito.meta.service_model.operation_model("CreateUserPoolClient").input_shape
        model = request.desired_state
        model.setdefault("ClientName", util.generate_default_name(request.stack_name, request.logical_resource_id))
        wanted = client_request(model, shape.members)
        client = cognito.create_user_pool_client(**util.convert_request_kwargs(wanted, shape))["UserPoolClient"]
        made = {"ClientId": client["ClientId"], "Name": client["ClientName"]}
        secret = {"ClientSecret": client["ClientSecret"]} if "ClientSecret" in client else {}
        return _success({**model, **made, **secret})

    def delete(self, request: ResourceRequest) -> ProgressEvent:
        cognito = _cognito(request)
        model = request.desired_state
        with suppress(cognito.exceptions.ResourceNotFoundException):
            cognito.delete_user_pool_client(UserPoolId=model["UserPoolId"], ClientId=model["ClientId"])
        return _success(model)


class AuthorizerProvider(ResourceProvider):  # type: ignore[misc]  # LocalStack has no types
    """AWS::ApiGateway::Authorizer. Ref is the authorizer's id, GetAtt has AuthorizerId."""

    TYPE = "AWS::ApiGateway::Authorizer"
    SCHEMA: ClassVar[Model] = {
        "typeName": TYPE,
        "primaryIdentifier": ["/properties/RestApiId", "/properties/AuthorizerId"],
        "readOnlyProperties": ["/properties/AuthorizerId"],
        "properties": {},
    }

    def create(self, request: ResourceRequest) -> ProgressEvent:
        apigateway = request.aws_client_factory.apigateway
        shape = apigateway.meta.service_model.operation_model("CreateAuthorizer").input_shape
        model = request.desired_state
        created = apigateway.create_authorizer(**util.convert_request_kwargs(model, shape))
        return _success({**model, "AuthorizerId": created["id"]})

    def delete(self, request: ResourceRequest) -> ProgressEvent:
        model = request.desired_state
        apigateway = request.aws_client_factory.apigateway
        with suppress(apigateway.exceptions.NotFoundException):  # it went with its API
            apigateway.delete_authorizer(restApiId=model["RestApiId"], authorizerId=model["AuthorizerId"])
        return _success(model)


class CognitoResourcePlugin(CloudFormationResourceProviderPlugin):  # type: ignore[misc]  # LocalStack has no types
    """Registers a type that needs Cognito; left to an image that brings its own."""

    factory: type[ResourceProvider] | None = None
    provider: type[ResourceProvider]

    def should_load(self) -> bool:
        return COGNITO in taken_over()

    def load(self) -> None:
        self.factory = self.provider


class UserPoolPlugin(CognitoResourcePlugin):
    name = UserPoolProvider.TYPE
    provider = UserPoolProvider


class UserPoolClientPlugin(CognitoResourcePlugin):
    name = UserPoolClientProvider.TYPE
    provider = UserPoolClientProvider


class AuthorizerPlugin(CognitoResourcePlugin):
    name = AuthorizerProvider.TYPE
    provider = AuthorizerProvider


def _cognito(request: ResourceRequest) -> Any:
    """A client of the stand-in itself: it knows the owner's key, which LocalStack's own clients do not use."""
    settings = Settings.from_environ()
    return boto3.client(
        "cognito-idp",
        endpoint_url=taken_over()[COGNITO],
        region_name=request.region_name,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )


def _set_mfa(cognito: Any, pool_id: str, mfa: Model) -> None:
    """Nothing is left behind when this fails: CloudFormation does not know the pool yet."""
    try:
        cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **mfa)
    except Exception:
        cognito.delete_user_pool(UserPoolId=pool_id)
        raise


def _success(model: Model) -> ProgressEvent:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)
