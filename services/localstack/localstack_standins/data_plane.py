"""API Gateway's data plane in LocalStack: authorizers that are enforced, and gateway responses that are applied."""

import logging
import time
from typing import Any

import requests
from localstack.http import Response
from localstack.services.apigateway.next_gen.execute_api import gateway_response as errors
from localstack.services.apigateway.next_gen.execute_api import handlers
from localstack.services.apigateway.next_gen.execute_api.api import RestApiGatewayHandlerChain
from localstack.services.apigateway.next_gen.execute_api.context import RestApiInvocationContext
from localstack.services.apigateway.next_gen.execute_api.handlers.gateway_exception import GatewayExceptionHandler

from localstack_standins.authorizers import (
    TYPE,
    AuthorizerConfigurationError,
    CognitoAuthorizer,
    UnauthorizedError,
    authorize,
)
from localstack_standins.claims import as_strings
from localstack_standins.gateway_responses import SERVER_ERROR, Invocation, render, select
from localstack_standins.jwks import KeySets, KeysUnavailableError

LOG = logging.getLogger(__name__)

KEYS_TIMEOUT_SECONDS = 10.0


class PoolKeys:
    """Fetches the keys of user pools from the Cognito stand-in."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, pool_id: str) -> bytes:
        """The pool's JWK set. Raises: KeysUnavailableError."""
        try:
            with requests.Session() as session:
                session.trust_env = False
                url = f"{self._url}/{pool_id}/.well-known/jwks.json"
                answer = session.get(url, timeout=KEYS_TIMEOUT_SECONDS, allow_redirects=False)
                answer.raise_for_status()
                return answer.content
        except requests.RequestException as error:
            raise KeysUnavailableError(f"the keys of user pool {pool_id} cannot be had: {error}") from error


class AuthorizerHandler:
    """Part of the data plane's handler chain: only callers with a good token pass."""

    def __init__(self, keys: KeySets) -> None:
        self._keys = keys

    def __call__(
        self, _chain: RestApiGatewayHandlerChain, context: RestApiInvocationContext, _response: Response
    ) -> None:
        method = context.resource_method
        if method.get("authorizationType") != TYPE:
            return
        try:
            claims = self._authorize(method, context)
        except UnauthorizedError as error:
            LOG.info("unauthorized: %s", error)
            raise errors.UnauthorizedError("Unauthorized") from error
        except AuthorizerConfigurationError as error:
            LOG.warning("authorizer %s: %s", method.get("authorizerId"), error)
            raise errors.AuthorizerConfigurationError from error
        except KeysUnavailableError as error:
            LOG.warning("authorizer %s: %s", method.get("authorizerId"), error)
            raise errors.AuthorizerFailureError("Internal server error") from error
        context.context_variables["authorizer"] = {"claims": claims}

    def _authorize(self, method: Any, context: RestApiInvocationContext) -> dict[str, str]:
        authorizer = CognitoAuthorizer.parse(
            context.deployment.rest_api.authorizers.get(method.get("authorizerId")) or {}
        )
        values = context.invocation_request["headers"].getlist(authorizer.header)
        scopes = method.get("authorizationScopes") or ()
        return as_strings(authorize(authorizer, values, scopes, keys=self._keys, now=time.time()))


class GatewayResponseHandler(GatewayExceptionHandler):  # type: ignore[misc]  # LocalStack has no types
    """LocalStack's handler of the data plane's errors, with the API's own gateway responses applied."""

    def __call__(
        self,
        chain: RestApiGatewayHandlerChain,
        exception: Exception,
        context: RestApiInvocationContext,
        response: Response,
    ) -> None:
        if not isinstance(exception, errors.BaseGatewayException):
            # What went wrong inside is nothing for a caller.
            LOG.error("API Gateway's data plane failed", exc_info=exception)
            exception = errors.InternalServerError("Internal server error")
        super().__call__(chain, exception, context, response)

    def create_exception_response(self, exception: Any, context: RestApiInvocationContext) -> Response:
        status = int(exception.status_code or SERVER_ERROR)
        gateway_response = select(context.deployment.rest_api.gateway_responses, exception.type, status)
        if gateway_response is None:
            return super().create_exception_response(exception, context)
        rendered = render(gateway_response, _invocation(exception, context))
        headers = {"x-amzn-ErrorType": exception.code, **rendered.headers}
        return Response(rendered.body, status=int(gateway_response.get("statusCode") or status), headers=headers)


def install_authorizers(cognito_url: str) -> None:
    """Enforces authorizers of type COGNITO_USER_POOLS with the keys of the stand-in at `cognito_url`."""
    handlers.preprocess_request.append(AuthorizerHandler(KeySets(PoolKeys(cognito_url))))


def install_gateway_responses() -> None:
    """Applies gateway responses. To be called before LocalStack loads API Gateway, which happens at its first use."""
    handlers.gateway_exception_handler = GatewayResponseHandler()


def _invocation(exception: Any, context: RestApiInvocationContext) -> Invocation:
    request = context.invocation_request or {}
    return Invocation(
        message=exception.message,
        response_type=str(exception.type),
        context=context.context_variables or {},
        stage_variables=context.stage_variables or {},
        headers=request.get("headers") or {},
        query_string=request.get("query_string_parameters") or {},
        path=request.get("path_parameters") or {},
    )
