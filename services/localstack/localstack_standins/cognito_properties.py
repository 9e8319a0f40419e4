"""Properties of AWS::Cognito resources as parameters of Cognito's API."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

POOL_TYPE = "AWS::Cognito::UserPool"
CLIENT_TYPE = "AWS::Cognito::UserPoolClient"
POOL_NAMES = {"UserPoolName": "PoolName"}
# Which parameter of SetUserPoolMfaConfig switches a kind of second factor on.
SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105  # Cognito's name of a factor


class UnsupportedPropertyError(Exception):
    """The template has a property that would be lost; the message names it."""


@dataclass(frozen=True, slots=True)
class PoolRequests:
    """The two calls that make a pool: CreateUserPool, and SetUserPoolMfaConfig (without the id) when it is needed."""

    create: dict[str, Any]
    mfa: dict[str, Any] | None


def pool_requests(properties: Mapping[str, Any], members: Collection[str]) -> PoolRequests:
    """`members` are the parameters that CreateUserPool knows. Raises: UnsupportedPropertyError."""
    own = dict(properties)
    factors = own.pop("EnabledMfas", None)
    if not factors:
        return PoolRequests(_checked(POOL_TYPE, own, members, POOL_NAMES), None)
    for factor in factors:
        if factor != SOFTWARE_TOKEN_MFA:
            raise UnsupportedPropertyError(
                f"{POOL_TYPE}: EnabledMfas {factor} is not available here, only {SOFTWARE_TOKEN_MFA}; "
                "put it behind a condition of the template"
            )
    # As CloudFormation does it: a pool cannot demand a factor before it is told which.
    mfa = {
        "MfaConfiguration": own.pop("MfaConfiguration", "OFF"),
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
    }
    return PoolRequests(_checked(POOL_TYPE, own, members, POOL_NAMES), mfa)


def client_request(properties: Mapping[str, Any], members: Collection[str]) -> dict[str, Any]:
    """Parameters of CreateUserPoolClient. Raises: UnsupportedPropertyError."""
    return _checked(CLIENT_TYPE, properties, members, {})


def _checked(
    resource_type: str, properties: Mapping[str, Any], members: Collection[str], names: Mapping[str, str]
) -> dict[str, Any]:
    unknown = [name for name in properties if names.get(name, name) not in members]
    if unknown:
        raise UnsupportedPropertyError(
            f"{resource_type}: {', '.join(sorted(unknown))} is not available here and would be lost; "
            "put it behind a condition of the template"
        )
    return {names.get(name, name): value for name, value in properties.items()}
