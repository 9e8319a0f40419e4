"""A forgotten password: a code to the verified address, and a new password for it.

Source: AWS developer guide, "Recovering user accounts" and "Managing user existence error responses".
"""

from cognito_standin.client_secrets import check_secret_hash
from cognito_standin.codes import Codes, Purpose
from cognito_standin.directory import Client, Directory, Pool, User
from cognito_standin.errors import InvalidParameterError, NotAuthorizedError, UnknownCombinationError
from cognito_standin.outbox import Outbox, delivery_details
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

# People who have not chosen a password yet have none to forget.
FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105  # a UserStatus


class Recovery:
    def __init__(self, upstream: Upstream, directory: Directory, codes: Codes, outbox: Outbox) -> None:
        self._upstream = upstream
        self._directory = directory
        self._codes = codes
        self._outbox = outbox

    async def forgot_password(self, body: Body) -> Body:
        client, name, user = await self._named(body)
        if not client.pool.recovers_passwords:
            raise NotAuthorizedError("Contact administrator to reset password.")
        if user is None or not user.enabled or not user.email_verified:
            return self._simulated(client, name, user)
        if user.status == FORCE_CHANGE_PASSWORD:
            raise NotAuthorizedError("User password cannot be reset in the current state.")
        return {"CodeDeliveryDetails": self.send(client.pool, user)}

    async def confirm_forgot_password(self, body: Body) -> Body:
        client, name, user = await self._named(body)
        if user is None or not user.enabled:
            if not client.hides_users:
                raise UnknownCombinationError
            self._codes.refuse(Purpose.PASSWORD_RESET, client.pool.id, name)
            raise UnknownCombinationError
        with self._codes.claim(Purpose.PASSWORD_RESET, client.pool.id, user.username, body["ConfirmationCode"]) as sent:
            if sent.address != user.email:
                # The address has changed hands since the code was sent to it.
                raise InvalidParameterError(_NOT_VERIFIED)
            chosen = {"UserPoolId": client.pool.id, "Username": user.username, "Password": body["Password"]}
            await self._upstream.call_signed("AdminSetUserPassword", {**chosen, "Permanent": True})
        return {}

    def send(self, pool: Pool, user: User) -> Body:
        """A reset code to the user's own address. Raises: LimitExceededError."""
        code = self._codes.issue(Purpose.PASSWORD_RESET, pool.id, user.username, user.email)
        return self._outbox.send_code(pool, user.email, code)

    def _simulated(self, client: Client, name: str, user: User | None) -> Body:
        if client.hides_users:
            self._codes.pretend(Purpose.PASSWORD_RESET, client.pool.id, name)
            return {"CodeDeliveryDetails": delivery_details(name)}
        if user is None:
            raise UnknownCombinationError
        if not user.enabled:
            raise NotAuthorizedError("User is disabled.")
        raise InvalidParameterError(_NOT_VERIFIED)

    async def _named(self, body: Body) -> tuple[Client, str, User | None]:
        client = await self._directory.client(body["ClientId"])
        check_secret_hash(client, body["Username"], body.get("SecretHash"))
        name = await self._directory.sign_in_name(client.pool, body["Username"])
        return client, name, await self._directory.user(client.pool.id, name)


_NOT_VERIFIED = "Cannot reset password for the user as there is no registered/verified email or phone_number"
