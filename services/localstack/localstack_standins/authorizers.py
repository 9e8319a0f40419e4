"""API Gateway's authorizer of type COGNITO_USER_POOLS: who may pass, and what the integration is told."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localstack_standins.jwks import KeySets, UnknownKeyError
from localstack_standins.tokens import Token, TokenError, check_signature, check_times, parse_token

TYPE = "COGNITO_USER_POOLS"
HEADER_SOURCE = "method.request.header."
DEFAULT_HEADER = "Authorization"
_POOL_ARN = re.compile(r"arn:aws[a-z-]*:cognito-idp:(?P<region>[a-z0-9-]+):\d{12}:userpool/(?P<id>[\w-]+)")


class UnauthorizedError(Exception):
    """The caller may not pass; the reason is for the log, never for the caller."""


class AuthorizerConfigurationError(Exception):
    """The authorizer itself cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class UserPool:
    """A pool whose tokens are accepted."""

    region: str
    pool_id: str

    @property
    def issuer(self) -> str:
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.pool_id}"


@dataclass(frozen=True, slots=True)
class CognitoAuthorizer:
    """Pools, the header that carries the token, and the audience that the token must have been issued to."""

    pools: tuple[UserPool, ...]
    header: str
    audience: re.Pattern[str] | None

    @classmethod
    def parse(cls, authorizer: Mapping[str, Any]) -> "CognitoAuthorizer":
        """From the shape of GetAuthorizer. Raises: AuthorizerConfigurationError."""
        if authorizer.get("type") != TYPE:
            raise AuthorizerConfigurationError(f"the authorizer's type is {authorizer.get('type')}, not {TYPE}")
        pools = tuple(_pool(arn) for arn in authorizer.get("providerARNs") or ())
        if not pools:
            raise AuthorizerConfigurationError("the authorizer names no user pool in providerARNs")
        return cls(pools, _header(authorizer.get("identitySource")), _audience(authorizer))


def authorize(
    authorizer: CognitoAuthorizer,
    header_values: Sequence[str],
    scopes: Collection[str],
    *,
    keys: KeySets,
    now: float,
) -> Mapping[str, Any]:
    """The claims of the caller's token.

    A method without scopes wants an ID token, one with scopes an access token that has one of them. `now` is in
    seconds since the epoch.

    Raises: UnauthorizedError, KeysUnavailableError.
    """
    try:
        token = parse_token(_bearer(header_values))
        pool = _issuer_of(token, authorizer.pools)
        check_signature(token, keys.find(pool.pool_id, token.key_id))
        check_times(token, now)
    except (TokenError, UnknownKeyError) as error:
        raise UnauthorizedError(str(error)) from error
    _check_use(token.claims, scopes)
    _check_audience(token.claims, authorizer.audience)
    return token.claims


def _bearer(values: Sequence[str]) -> str:
    if len(values) != 1:
        raise UnauthorizedError("the request carries no token, or several")
    value = values[0].strip()
    # API Gateway takes the token with and without the scheme's name.
    return value[len("Bearer ") :].strip() if value[: len("Bearer ")].lower() == "bearer " else value


def _issuer_of(token: Token, pools: Sequence[UserPool]) -> UserPool:
    for pool in pools:
        if token.claims.get("iss") == pool.issuer:
            return pool
    raise UnauthorizedError("the token is of another user pool")


def _check_use(claims: Mapping[str, Any], scopes: Collection[str]) -> None:
    wanted = "access" if scopes else "id"
    if claims.get("token_use") != wanted:
        raise UnauthorizedError(f"this is not an {wanted} token")
    if scopes and not set(scopes) & set(str(claims.get("scope", "")).split()):
        raise UnauthorizedError("the token has none of the method's scopes")


def _check_audience(claims: Mapping[str, Any], audience: re.Pattern[str] | None) -> None:
    if audience is None:
        return
    # An access token names its client elsewhere.
    client = claims.get("aud", claims.get("client_id"))
    if not isinstance(client, str) or audience.fullmatch(client) is None:
        raise UnauthorizedError("the token was issued to another client")


def _pool(arn: Any) -> UserPool:
    match = _POOL_ARN.fullmatch(str(arn))
    if match is None:
        raise AuthorizerConfigurationError(f"{arn!r} in providerARNs is not the ARN of a user pool")
    return UserPool(match["region"], match["id"])


def _header(source: str | None) -> str:
    if not source:
        return DEFAULT_HEADER
    if not source.startswith(HEADER_SOURCE):
        raise AuthorizerConfigurationError(f"identitySource is {source!r}; a Cognito authorizer reads a request header")
    return source.removeprefix(HEADER_SOURCE)


def _audience(authorizer: Mapping[str, Any]) -> re.Pattern[str] | None:
    expression = authorizer.get("identityValidationExpression")
    if not expression:
        return None
    try:
        return re.compile(expression)
    except re.error as error:
        raise AuthorizerConfigurationError(f"identityValidationExpression is no regular expression: {error}") from error
