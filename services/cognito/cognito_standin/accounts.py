"""What users do to their own accounts, kept within what Cognito allows."""

from collections.abc import Callable, Iterable

from cognito_standin.directory import Directory, Pool
from cognito_standin.errors import (
    AliasExistsError,
    CodeMismatchError,
    CognitoError,
    InvalidParameterError,
    LimitExceededError,
    NotAuthorizedError,
)
from cognito_standin.throttle import Throttle
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

EMAIL = "email"
# Attributes that only Cognito itself or an administrator writes.
_PROTECTED = frozenset({"email_verified", "phone_number_verified", "identities"})
_CODE_ERRORS = (CodeMismatchError.code, "ExpiredCodeException")


class Accounts:
    """Sign-up and self-service. Only failed attempts are remembered here."""

    def __init__(self, upstream: Upstream, directory: Directory, clock: Callable[[], float]) -> None:
        self._upstream = upstream
        self._directory = directory
        self._codes = Throttle(clock, error=LimitExceededError)
        self._passwords = Throttle(clock, error=LimitExceededError)

    async def sign_up(self, body: Body) -> Body:
        client = await self._directory.client(body["ClientId"])
        if client.pool.invitation_only:
            raise NotAuthorizedError("SignUp is not permitted for this user pool")
        attributes = body.get("UserAttributes", [])
        _check_writable((item["Name"] for item in attributes), client.pool, client.write_attributes)
        username = body["Username"] if client.pool.case_sensitive else body["Username"].lower()
        body = {**body, "Username": username, "UserAttributes": _lowered_email(attributes)}
        return await self._upstream.call("SignUp", body)

    async def by_username(self, operation: str, body: Body) -> Body:
        """ForgotPassword and ResendConfirmationCode: the name as the pool knows it."""
        client = await self._directory.client(body["ClientId"])
        username = await self._directory.sign_in_name(client.pool, body["Username"])
        return await self._upstream.call(operation, {**body, "Username": username})

    async def by_code(self, operation: str, body: Body) -> Body:
        """ConfirmSignUp and ConfirmForgotPassword: as above, and guessing is slowed down."""
        client = await self._directory.client(body["ClientId"])
        username = await self._directory.sign_in_name(client.pool, body["Username"])
        async with self._codes.attempt((client.pool.id, username), lambda e: e.code in _CODE_ERRORS):
            return await self._upstream.call(operation, {**body, "Username": username})

    async def change_password(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        async with self._passwords.attempt((pool.id, user.username), _is_wrong_password):
            return await self._upstream.call("ChangePassword", body)

    async def update_user_attributes(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        attributes = _lowered_email(body["UserAttributes"])
        _check_writable((item["Name"] for item in attributes), pool, frozenset())
        for address in (item.get("Value", "") for item in attributes if item["Name"] == EMAIL):
            other = await self._directory.user(pool.id, address) if address else None
            if other is not None and other.username != user.username:
                raise AliasExistsError
        return await self._upstream.call("UpdateUserAttributes", {**body, "UserAttributes": attributes})

    async def set_user_mfa_preference(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        for kind, method in (("SMSMfaSettings", "SMS_MFA"), ("EmailMfaSettings", "EMAIL_OTP")):
            if body.get(kind, {}).get("Enabled"):
                raise InvalidParameterError(f"User does not have delivery config set to turn on {method}")
        enabled = body.get("SoftwareTokenMfaSettings", {}).get("Enabled")
        if enabled is False and pool.mfa == "ON":
            raise InvalidParameterError(
                "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
            )
        if enabled and not user.has_software_token:
            # Verifying a code is what enables it; without one there is no secret to check codes against.
            raise InvalidParameterError("User has not verified software token mfa")
        return await self._upstream.call("SetUserMFAPreference", body)


def _check_writable(names: Iterable[str], pool: Pool, writable: frozenset[str]) -> None:
    """Raises: InvalidParameterError, NotAuthorizedError."""
    for name in names:
        if name == "sub":
            raise InvalidParameterError("Cannot modify the non-mutable attribute sub")
        if name in _PROTECTED or name.startswith(("cognito:", "dev:")) or (writable and name not in writable):
            raise NotAuthorizedError("A client attempted to write unauthorized attribute")
        if name not in pool.schema:
            raise InvalidParameterError(
                f"Attributes did not conform to the schema: Type for attribute {{{name}}} could not be determined"
            )


def _lowered_email(attributes: list[Body]) -> list[Body]:
    return [
        {**item, "Value": item["Value"].lower()} if item["Name"] == EMAIL and "Value" in item else item
        for item in attributes
    ]


def _is_wrong_password(error: CognitoError) -> bool:
    return error.code == NotAuthorizedError.code and error.message == NotAuthorizedError.default_message
