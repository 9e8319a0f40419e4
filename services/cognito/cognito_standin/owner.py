"""The owner's operations that the strict flow has a say in: signed with the stand-in's own key, checked before."""

import secrets
import string

from cognito_standin.attributes import lowered_email
from cognito_standin.challenges import SignIn
from cognito_standin.directory import Directory
from cognito_standin.errors import UnsupportedUserStateError
from cognito_standin.recovery import Recovery
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

# Whose outcome this layer decides. To others they are closed: their rights are the engine's to judge, and it would
# do the operation in its own, laxer way while judging.
STRICT_OPERATIONS = frozenset({"AdminInitiateAuth", "AdminRespondToAuthChallenge", "AdminResetUserPassword"})

# A first password has some of each: a policy may ask for all four.
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#$%*+-=?@^_")
_EACH = 4


class Owner:
    def __init__(self, upstream: Upstream, directory: Directory, sign_in: SignIn, recovery: Recovery) -> None:
        self._upstream = upstream
        self._directory = directory
        self._sign_in = sign_in
        self._recovery = recovery

    async def call(self, operation: str, body: Body) -> Body:
        """An operation on a user, who is found under the name in any case."""
        if operation == "AdminInitiateAuth":
            return await self._sign_in.admin_initiate_auth(body)
        if operation == "AdminRespondToAuthChallenge":
            return await self._sign_in.admin_respond_to_auth_challenge(body)
        body = await self._with_known_name(operation, body)
        if operation == "AdminCreateUser" and body.get("MessageAction") == "RESEND":
            await self._replace_first_password(body)
        answer = await self._upstream.call_signed(operation, body)
        if operation == "AdminResetUserPassword":
            await self._send_reset_code(body)
        return answer

    async def _with_known_name(self, operation: str, body: Body) -> Body:
        pool = await self._directory.pool(body["UserPoolId"])
        if operation != "AdminCreateUser":
            return {**body, "Username": await self._directory.sign_in_name(pool, body["Username"])}
        if pool.case_sensitive:
            return body
        return {
            **body,
            "Username": body["Username"].lower(),
            "UserAttributes": lowered_email(body.get("UserAttributes", [])),
        }

    async def _replace_first_password(self, body: Body) -> None:
        """The engine would send the old one again, to anybody."""
        pool = await self._directory.pool(body["UserPoolId"])
        user = await self._directory.user(pool.id, body["Username"])
        if user is None:
            return
        if user.status != "FORCE_CHANGE_PASSWORD":
            raise UnsupportedUserStateError
        password = body.get("TemporaryPassword") or _first_password()
        replaced = {"UserPoolId": pool.id, "Username": body["Username"], "Password": password, "Permanent": False}
        await self._upstream.call_signed("AdminSetUserPassword", replaced)

    async def _send_reset_code(self, body: Body) -> None:
        pool = await self._directory.pool(body["UserPoolId"])
        user = await self._directory.user(pool.id, body["Username"])
        if user is not None and user.email:
            self._recovery.send(pool, user)


def _first_password() -> str:
    characters = [secrets.choice(one) for one in _CLASSES for _ in range(_EACH)]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
