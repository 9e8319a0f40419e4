"""Becoming a user: sign-up, the code by e-mail, its confirmation.

Source: AWS developer guide, "Signing up and confirming user accounts" and "Managing user existence error responses".
"""

from cognito_standin.attributes import check_writable, lowered_email
from cognito_standin.client_secrets import check_secret_hash, secret_hash
from cognito_standin.codes import Codes, Purpose
from cognito_standin.directory import Client, Directory, Pool, User
from cognito_standin.errors import (
    InvalidParameterError,
    NotAuthorizedError,
    UnknownCombinationError,
    UpstreamError,
    UsernameExistsError,
)
from cognito_standin.outbox import Outbox, delivery_details
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

UNCONFIRMED = "UNCONFIRMED"


class Registration:
    def __init__(self, upstream: Upstream, directory: Directory, codes: Codes, outbox: Outbox) -> None:
        self._upstream = upstream
        self._directory = directory
        self._codes = codes
        self._outbox = outbox

    async def sign_up(self, body: Body) -> Body:
        client = await self._directory.client(body["ClientId"])
        check_secret_hash(client, body["Username"], body.get("SecretHash"))
        if client.pool.invitation_only:
            raise NotAuthorizedError("SignUp is not permitted for this user pool")
        attributes = body.get("UserAttributes", [])
        check_writable((item["Name"] for item in attributes), client.pool, client.write_attributes)
        username = body["Username"] if client.pool.case_sensitive else body["Username"].lower()
        answer = await self._create(client, {**body, "Username": username, "UserAttributes": lowered_email(attributes)})
        if answer.get("UserConfirmed"):
            return answer
        created = {"UserConfirmed": False, "UserSub": answer["UserSub"]}
        user = await self._directory.user(client.pool.id, username)
        if user is None or not user.email or not client.pool.verifies_email:
            return created
        return {**created, "CodeDeliveryDetails": self._send(client.pool, user)}

    async def confirm_sign_up(self, body: Body) -> Body:
        client, name, user = await self._named(body)
        code = body["ConfirmationCode"]
        if user is None:
            if not client.hides_users:
                raise UnknownCombinationError
            self._codes.refuse(Purpose.SIGN_UP, client.pool.id, name)
            raise UnknownCombinationError
        if user.status != UNCONFIRMED:
            raise NotAuthorizedError(f"User cannot be confirmed. Current status is {user.status}")
        named = {"UserPoolId": client.pool.id, "Username": user.username}
        with self._codes.claim(Purpose.SIGN_UP, client.pool.id, user.username, code) as sent:
            # The code proves this one address; it may have been changed by an administrator meanwhile.
            if sent.address == user.email:
                verified = [{"Name": "email_verified", "Value": "true"}]
                await self._upstream.call_signed("AdminUpdateUserAttributes", {**named, "UserAttributes": verified})
            await self._upstream.call_signed("AdminConfirmSignUp", named)
        return {}

    async def resend_confirmation_code(self, body: Body) -> Body:
        client, name, user = await self._named(body)
        if user is None and not client.hides_users:
            raise UnknownCombinationError
        if user is None or not user.enabled:
            self._codes.pretend(Purpose.SIGN_UP, client.pool.id, name)
            return {"CodeDeliveryDetails": delivery_details(name)}
        if user.status != UNCONFIRMED:
            raise InvalidParameterError("User is already confirmed.")
        if not user.email or not client.pool.verifies_email:
            raise InvalidParameterError("Auto verification not turned on.")
        return {"CodeDeliveryDetails": self._send(client.pool, user)}

    async def _create(self, client: Client, body: Body) -> Body:
        if client.secret:
            body = {**body, "SecretHash": secret_hash(client.id, client.secret, body["Username"])}
        try:
            return await self._upstream.call("SignUp", body)
        except UpstreamError as error:
            if error.code == UsernameExistsError.code and client.pool.username_attributes:
                raise UsernameExistsError from error
            raise

    async def _named(self, body: Body) -> tuple[Client, str, User | None]:
        client = await self._directory.client(body["ClientId"])
        check_secret_hash(client, body["Username"], body.get("SecretHash"))
        name = await self._directory.sign_in_name(client.pool, body["Username"])
        return client, name, await self._directory.user(client.pool.id, name)

    def _send(self, pool: Pool, user: User) -> Body:
        code = self._codes.issue(Purpose.SIGN_UP, pool.id, user.username, user.email)
        return self._outbox.send_code(pool, user.email, code)
