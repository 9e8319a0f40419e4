"""Gateway responses: which one answers an error, and what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localstack_standins.gateway_responses import Invocation, render, select

UNAUTHORIZED = {"responseType": "UNAUTHORIZED", "statusCode": "401"}
CLIENT_ERROR = {"responseType": "DEFAULT_4XX"}
SERVER_ERROR = {"responseType": "DEFAULT_5XX"}
CONFIGURED = {"UNAUTHORIZED": UNAUTHORIZED, "DEFAULT_4XX": CLIENT_ERROR, "DEFAULT_5XX": SERVER_ERROR}


def invocation(**changes: Any) -> Invocation:
    values: dict[str, Any] = {
        "message": 'He said "no"',
        "response_type": "UNAUTHORIZED",
        "context": {"requestId": "r-1", "identity": {"sourceIp": "10.0.0.1"}, "requestTimeEpoch": 7},
        "stage_variables": {"colour": "blue"},
        "headers": {"Origin": "https://a.example"},
        "query_string": {"q": "1"},
        "path": {"videoId": "v"},
    }
    return Invocation(**{**values, **changes})


def body(template: str, **changes: Any) -> str:
    return render({"responseTemplates": {"application/json": template}}, invocation(**changes)).body


@pytest.mark.parametrize(
    ("response_type", "status", "chosen"),
    [
        ("UNAUTHORIZED", 401, UNAUTHORIZED),
        ("THROTTLED", 429, CLIENT_ERROR),
        ("INTEGRATION_FAILURE", 500, SERVER_ERROR),
        ("INTEGRATION_FAILURE", 504, SERVER_ERROR),
        ("DEFAULT_4XX", 400, CLIENT_ERROR),
    ],
)
def test_an_error_has_its_own_response_or_the_one_for_its_class(
    response_type: str, status: int, chosen: dict[str, str]
) -> None:
    assert select(CONFIGURED, response_type, status) is chosen


def test_an_api_without_responses_has_none() -> None:
    assert select({}, "UNAUTHORIZED", 401) is None
    assert select({"DEFAULT_5XX": SERVER_ERROR}, "UNAUTHORIZED", 401) is None


def test_without_a_template_the_message_is_all() -> None:
    rendered = render({}, invocation())
    assert rendered.headers == {"Content-Type": "application/json"}
    assert json.loads(rendered.body) == {"message": 'He said "no"'}


def test_a_template_without_variables_stays_as_it_is() -> None:
    template = '{"error": {"code": "unauthorized", "price": "$5 $contextual $ {x}"}}'
    assert body(template) == template


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("$context.error.message", 'He said "no"'),
        ("$context.error.messageString", '"He said \\"no\\""'),
        ("$context.error.responseType", "UNAUTHORIZED"),
        ("$context.error.validationErrorString", ""),
        ("$context.requestId", "r-1"),
        ("$context.requestTimeEpoch", "7"),
        ("$context.identity.sourceIp", "10.0.0.1"),
        ("$context.identity.none", ""),
        ("$context.requestId.more", ""),
        ("$stageVariables.colour", "blue"),
        ("$stageVariables.none", ""),
        ("$method.request.header.Origin", "https://a.example"),
        ("$method.request.querystring.q", "1"),
        ("$method.request.path.videoId", "v"),
        ("$method.request.cookie.x", ""),
    ],
)
def test_variables_are_put_in(variable: str, value: str) -> None:
    assert body(f"<{variable}>") == f"<{value}>"


def test_what_a_caller_sends_is_put_in_once_and_never_read_as_a_template() -> None:
    assert body("$method.request.header.Origin", headers={"Origin": "$context.requestId"}) == "$context.requestId"


def test_an_error_without_a_message_has_null_for_one() -> None:
    assert body('{"message":$context.error.messageString}', message=None) == '{"message":null}'


def test_headers_are_static_values_or_taken_from_the_request() -> None:
    parameters = {
        "gatewayresponse.header.Access-Control-Allow-Origin": "'https://site.example'",
        "gatewayresponse.header.X-Request": "context.requestId",
        "gatewayresponse.header.X-Origin": "method.request.header.Origin",
        "gatewayresponse.header.X-Empty": "''",
        "gatewayresponse.header.X-Unknown": "nothing.known",
    }
    rendered = render({"responseParameters": parameters}, invocation())
    assert rendered.headers == {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": "https://site.example",
        "X-Request": "r-1",
        "X-Origin": "https://a.example",
        "X-Empty": "",
        "X-Unknown": "",
    }


def test_json_is_preferred_and_any_other_type_is_named() -> None:
    both = render({"responseTemplates": {"text/plain": "text", "application/json": "{}"}}, invocation())
    only = render({"responseTemplates": {"text/plain": "text"}}, invocation())
    assert (both.body, both.headers["Content-Type"]) == ("{}", "application/json")
    assert (only.body, only.headers["Content-Type"]) == ("text", "text/plain")
