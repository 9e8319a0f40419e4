"""API Gateway's gateway responses: the API's own words for errors that API Gateway makes itself.

Templates know simple substitution only, not VTL ("Set up a gateway response" in the API Gateway developer guide).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

APPLICATION_JSON = "application/json"
HEADER_PARAMETER = "gatewayresponse.header."
SERVER_ERROR = 500
DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
_VARIABLE = re.compile(r"\$(?P<name>(?:context|stageVariables|method\.request)(?:\.[A-Za-z0-9_-]+)+)")


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a gateway response may speak of."""

    message: str | None
    response_type: str
    context: Mapping[str, Any]
    stage_variables: Mapping[str, str]
    headers: Mapping[str, str]
    query_string: Mapping[str, str]
    path: Mapping[str, str]

    def value(self, name: str) -> str:
        """Value of `context.…`, `stageVariables.…` or `method.request.…`; "" when there is none."""
        namespace, _, rest = name.partition(".")
        if namespace == "context":
            return _text(self._context_value(rest))
        if namespace == "stageVariables":
            return self.stage_variables.get(rest, "")
        _request, _, place = rest.partition(".")
        kind, _, key = place.partition(".")
        places = {"header": self.headers, "querystring": self.query_string, "path": self.path}
        return places.get(kind, {}).get(key, "")

    def _context_value(self, name: str) -> Any:
        errors = {
            "error.message": self.message or "",
            # The one with its quotes: it stands in a JSON document as it is.
            "error.messageString": json.dumps(self.message),
            "error.responseType": self.response_type,
            "error.validationErrorString": "",
        }
        if name in errors:
            return errors[name]
        value: Any = self.context
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True, slots=True)
class Rendered:
    """Headers and body of an answer."""

    headers: dict[str, str]
    body: str


def select(configured: Mapping[str, Mapping[str, Any]], response_type: str, status: int) -> Mapping[str, Any] | None:
    """The API's gateway response for an error of `response_type` that would end in `status`; None when it has none."""
    return configured.get(response_type) or configured.get("DEFAULT_4XX" if status < SERVER_ERROR else "DEFAULT_5XX")


def render(gateway_response: Mapping[str, Any], invocation: Invocation) -> Rendered:
    """The answer that a gateway response (the shape of GetGatewayResponse) makes of an error."""
    templates = gateway_response.get("responseTemplates") or {APPLICATION_JSON: DEFAULT_TEMPLATE}
    content_type = APPLICATION_JSON if APPLICATION_JSON in templates else next(iter(templates))
    body = _VARIABLE.sub(lambda match: invocation.value(match["name"]), templates[content_type])
    parameters = gateway_response.get("responseParameters") or {}
    headers = {
        name.removeprefix(HEADER_PARAMETER): _header_value(value, invocation)
        for name, value in parameters.items()
        if name.startswith(HEADER_PARAMETER)
    }
    return Rendered({"Content-Type": content_type, **headers}, body)


def _header_value(source: str, invocation: Invocation) -> str:
    """A static value stands in single quotes; anything else is the name of one."""
    if len(source) >= len("''") and source[0] == source[-1] == "'":
        return source[1:-1]
    return invocation.value(source)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
