"""What signed-in people do to their own accounts, kept within what Cognito allows.

Source: API reference, ChangePassword, UpdateUserAttributes, GetUserAttributeVerificationCode, VerifyUserAttribute,
DeleteUserAttributes, SetUserMFAPreference; developer guide, "Configuring email or phone verification".
"""

import re
from collections.abc import Callable

from cognito_standin.attributes import EMAIL, check_writable, lowered_email
from cognito_standin.codes import Codes, Purpose
from cognito_standin.directory import Directory, Pool, User
from cognito_standin.errors import (
    AliasExistsError,
    CognitoError,
    InvalidParameterError,
    LimitExceededError,
    NotAuthorizedError,
)
from cognito_standin.jwt import client_of
from cognito_standin.outbox import Outbox
from cognito_standin.throttle import Throttle
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Accounts:
    def __init__(
        self,
        upstream: Upstream,
        directory: Directory,
        codes: Codes,
        outbox: Outbox,
        clock: Callable[[], float],
    ) -> None:
        self._upstream = upstream
        self._directory = directory
        self._codes = codes
        self._outbox = outbox
        self._passwords = Throttle(clock, error=LimitExceededError)

    async def change_password(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        async with self._passwords.attempt((pool.id, user.username), _is_wrong_password):
            return await self._upstream.call("ChangePassword", body)

    async def update_user_attributes(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        client = await self._directory.client(client_of(body["AccessToken"]))
        attributes = lowered_email(body["UserAttributes"])
        check_writable((item["Name"] for item in attributes), pool, client.write_attributes)
        address = next((item.get("Value", "") for item in attributes if item["Name"] == EMAIL), user.email)
        if address == user.email:
            await self._upstream.call("UpdateUserAttributes", {**body, "UserAttributes": attributes})
            return {"CodeDeliveryDetailsList": []}
        await self._check_free(pool, user, address)
        now = [item for item in attributes if item["Name"] != EMAIL]
        if not pool.keeps_old_email:
            # Whoever changes the address has to prove it, before it is good for a password reset.
            await self._write(pool, user, {EMAIL: address, "email_verified": "false"})
        if now:
            await self._upstream.call("UpdateUserAttributes", {**body, "UserAttributes": now})
        details = [self._send(pool, user, address)] if pool.keeps_old_email or pool.verifies_email else []
        return {"CodeDeliveryDetailsList": details}

    async def delete_user_attributes(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        client = await self._directory.client(client_of(body["AccessToken"]))
        names = body["UserAttributeNames"]
        check_writable(names, pool, client.write_attributes)
        if pool.username_attributes.intersection(names):
            raise InvalidParameterError("Cannot delete an attribute that people sign in with.")
        named = {"UserPoolId": pool.id, "Username": user.username}
        return await self._upstream.call_signed("AdminDeleteUserAttributes", {**named, "UserAttributeNames": names})

    async def get_user_attribute_verification_code(self, body: Body) -> Body:
        """A code to the address that waits for its verification, or to the present one."""
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        _check_email(body["AttributeName"])
        waiting = self._codes.pending(Purpose.EMAIL, pool.id, user.username)
        address = waiting.address if waiting is not None else user.email
        if not address:
            raise InvalidParameterError("User does not have an email address.")
        return {"CodeDeliveryDetails": self._send(pool, user, address)}

    async def verify_user_attribute(self, body: Body) -> Body:
        pool, user = await self._directory.of_access_token(body["AccessToken"])
        _check_email(body["AttributeName"])
        with self._codes.claim(Purpose.EMAIL, pool.id, user.username, body["Code"]) as sent:
            await self._check_free(pool, user, sent.address)
            await self._write(pool, user, {EMAIL: sent.address, "email_verified": "true"})
        return {}

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

    async def set_user_settings(self, body: Body) -> Body:
        """The old way to switch codes by text message on and off, which nobody here can get."""
        await self._directory.of_access_token(body["AccessToken"])
        raise InvalidParameterError("Text messages are not a second factor of this user pool.")

    async def get_user_auth_factors(self, body: Body) -> Body:
        answer = await self._upstream.call("GetUser", body)
        shown = {name: answer[name] for name in ("PreferredMfaSetting", "UserMFASettingList") if answer.get(name)}
        return {"Username": answer["Username"], "ConfiguredUserAuthFactors": ["PASSWORD"], **shown}

    async def _check_free(self, pool: Pool, user: User, address: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise InvalidParameterError("Invalid email address format.")
        other = await self._directory.user(pool.id, address)
        if other is not None and other.username != user.username:
            raise AliasExistsError

    async def _write(self, pool: Pool, user: User, attributes: dict[str, str]) -> None:
        written = [{"Name": name, "Value": value} for name, value in attributes.items()]
        named = {"UserPoolId": pool.id, "Username": user.username}
        await self._upstream.call_signed("AdminUpdateUserAttributes", {**named, "UserAttributes": written})

    def _send(self, pool: Pool, user: User, address: str) -> Body:
        code = self._codes.issue(Purpose.EMAIL, pool.id, user.username, address)
        return self._outbox.send_code(pool, address, code)


def _check_email(attribute: str) -> None:
    if attribute != EMAIL:
        raise InvalidParameterError(f"{attribute} is not an attribute that can be verified.")


def _is_wrong_password(error: CognitoError) -> bool:
    return error.code == NotAuthorizedError.code and error.message == NotAuthorizedError.default_message
