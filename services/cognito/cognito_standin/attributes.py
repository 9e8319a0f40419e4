"""Which attributes people may write about themselves."""

from collections.abc import Iterable

from cognito_standin.directory import Pool
from cognito_standin.errors import InvalidParameterError, NotAuthorizedError
from cognito_standin.wire import Body

EMAIL = "email"
# Attributes that only Cognito itself or an administrator writes.
_PROTECTED = frozenset({"email_verified", "phone_number_verified", "identities"})


def check_writable(names: Iterable[str], pool: Pool, writable: frozenset[str]) -> None:
    """`writable` are the client's WriteAttributes; empty is all. Raises: InvalidParameterError, NotAuthorizedError."""
    for name in names:
        if name == "sub":
            raise InvalidParameterError("Cannot modify the non-mutable attribute sub")
        if name in _PROTECTED or name.startswith(("cognito:", "dev:")) or (writable and name not in writable):
            raise NotAuthorizedError("A client attempted to write unauthorized attribute")
        if name not in pool.schema:
            raise InvalidParameterError(
                f"Attributes did not conform to the schema: Type for attribute {{{name}}} could not be determined"
            )


def lowered_email(attributes: list[Body]) -> list[Body]:
    return [
        {**item, "Value": item["Value"].lower()} if item["Name"] == EMAIL and "Value" in item else item
        for item in attributes
    ]
