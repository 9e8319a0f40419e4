"""Which requests to LocalStack's one endpoint belong to a stand-in."""

import re
from collections.abc import Mapping

from localstack_standins.settings import COGNITO, MEDIACONVERT

COGNITO_PATH = "/"
MEDIACONVERT_PATH = "/2017-08-29/"
_EXECUTE_API = ".execute-api."
COGNITO_TARGET = "AWSCognitoIdentityProviderService."
# Signature Version 4: Credential=key/date/region/service/aws4_request
_CREDENTIAL_SCOPE = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/,\s]+/\d{8}/[^/,\s]+/(?P<service>[^/,\s]+)/aws4_request"
)
# The keys that tokens are verified with, and the discovery document, at the addresses that Cognito has them.
WELL_KNOWN_PATH = (
    "/<regex('[a-z0-9-]{1,32}_[0-9A-Za-z]{1,55}'):pool_id>"
    "/.well-known/<regex('jwks\\.json|openid-configuration'):document>"
)


def service_of(path: str, headers: Mapping[str, str]) -> str | None:
    """AWS's name of the service that a request is for, when a stand-in may serve it.

    Cognito's calls name themselves by their target, signed or not; MediaConvert's only by their signature. Both have
    paths of their own: the same headers at an address of API Gateway are for the API behind it.
    """
    if _EXECUTE_API in headers.get("Host", ""):
        return None
    if path == COGNITO_PATH and headers.get("X-Amz-Target", "").startswith(COGNITO_TARGET):
        return COGNITO
    scope = _CREDENTIAL_SCOPE.match(headers.get("Authorization", ""))
    service = scope["service"] if scope is not None else None
    if service == COGNITO and path == COGNITO_PATH:
        return COGNITO
    return MEDIACONVERT if service == MEDIACONVERT and path.startswith(MEDIACONVERT_PATH) else None
