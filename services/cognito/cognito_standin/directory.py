"""Pools, app clients and users, as the flow needs to know them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cognito_standin.errors import ResourceNotFoundError, UpstreamError
from cognito_standin.jwt import claims
from cognito_standin.names import ADMIN_USER_PASSWORD_AUTH, SOFTWARE_TOKEN_MFA
from cognito_standin.upstream import Upstream

# ListUserPools: MaxResults is at most 60.
PAGE_SIZE = 60
# AuthSessionValidity: minutes, 3 unless set.
DEFAULT_SESSION_MINUTES = 3


# What Cognito writes when the pool says nothing: AWS developer guide, "Customizing email verification messages".
DEFAULT_CODE_SUBJECT = "Your verification code"
DEFAULT_CODE_TEXT = "Your confirmation code is {####}"
# AdminCreateUserConfig / PasswordPolicy: days, 7 unless set.
DEFAULT_TEMPORARY_PASSWORD_DAYS = 7


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """The e-mail that carries a code."""

    subject: str
    template: str

    def text(self, username: str, code: str) -> str:
        return self.template.replace("{username}", username).replace("{####}", code)


@dataclass(frozen=True, slots=True)
class Pool:
    """`mfa`: ON, OPTIONAL or OFF. `schema`: the names of all attributes a user may have.

    `verifies_email`: codes go out for new addresses; `keeps_old_email`: until the new one is verified.
    `recovers_passwords`: people may reset their password themselves.
    """

    id: str
    mfa: str
    invitation_only: bool
    case_sensitive: bool
    username_attributes: frozenset[str]
    schema: frozenset[str]
    verifies_email: bool
    keeps_old_email: bool
    recovers_passwords: bool
    temporary_password_days: int
    code_message: CodeMessage


@dataclass(frozen=True, slots=True)
class Client:
    """An app client and its pool; `auth_flows` are its ExplicitAuthFlows.

    `hides_users`: PreventUserExistenceErrors is on. `secret` is empty for public clients.
    """

    id: str
    pool: Pool
    auth_flows: frozenset[str]
    session_seconds: int
    write_attributes: frozenset[str]
    hides_users: bool
    revokes_tokens: bool
    secret: str = field(repr=False)

    def allows(self, flow: str) -> bool:
        """Whether ExplicitAuthFlows enable the flow; without ALLOW_ entries SRP and refresh are on."""
        if any(name.startswith("ALLOW_") for name in self.auth_flows):
            return f"ALLOW_{flow}" in self.auth_flows
        if flow == ADMIN_USER_PASSWORD_AUTH:
            return "ADMIN_NO_SRP_AUTH" in self.auth_flows
        return flow in self.auth_flows or flow in ("USER_SRP_AUTH", "REFRESH_TOKEN_AUTH")


@dataclass(frozen=True, slots=True)
class User:
    """`aliases`: every name, in lower case, that the user answers to. `status` is the UserStatus.

    `modified_at` in epoch seconds.
    """

    username: str
    aliases: frozenset[str]
    status: str
    enabled: bool
    has_software_token: bool
    email: str
    email_verified: bool
    modified_at: float


class Directory:
    """Looked up afresh each time, since pools change through the engine's other doors too."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._pool_of_client: dict[str, str] = {}

    async def client(self, client_id: str) -> Client:
        """Raises: ResourceNotFoundError."""
        pool_id = await self.pool_id(client_id)
        try:
            described = await self._describe_client(pool_id, client_id)
        except UpstreamError as error:
            self._pool_of_client.pop(client_id, None)
            raise _no_client(client_id) from error
        minutes = described.get("AuthSessionValidity") or DEFAULT_SESSION_MINUTES
        return Client(
            id=client_id,
            pool=await self.pool(pool_id),
            auth_flows=frozenset(described.get("ExplicitAuthFlows") or ()),
            session_seconds=int(minutes) * 60,
            write_attributes=frozenset(described.get("WriteAttributes") or ()),
            hides_users=described.get("PreventUserExistenceErrors") == "ENABLED",
            revokes_tokens=_flag(described.get("EnableTokenRevocation", True)),
            secret=str(described.get("ClientSecret") or ""),
        )

    async def pool_id(self, client_id: str) -> str:
        """Raises: ResourceNotFoundError."""
        return self._pool_of_client.get(client_id) or await self._find_pool(client_id)

    async def pool(self, pool_id: str) -> Pool:
        """Raises: UpstreamError."""
        answer = await self._upstream.call_signed("DescribeUserPool", {"UserPoolId": pool_id})
        return _pool(answer["UserPool"])

    async def user(self, pool_id: str, username: str) -> User | None:
        body = {"UserPoolId": pool_id, "Username": username}
        try:
            user = await self._upstream.call_signed("AdminGetUser", body)
        except UpstreamError as error:
            if error.code == "UserNotFoundException":
                return None
            raise
        return _user(user)

    async def sign_in_name(self, pool: Pool, typed: str) -> str:
        """The name as the pool knows it: in lower case, unless an administrator created it otherwise."""
        lowered = typed.lower()
        if lowered == typed or pool.case_sensitive:
            return typed
        if await self.user(pool.id, lowered) is None and await self.user(pool.id, typed) is not None:
            return typed
        return lowered

    async def of_access_token(self, access_token: str) -> tuple[Pool, User]:
        """The pool and user of a valid access token. Raises: UpstreamError when it is not valid."""
        answer = await self._upstream.call("GetUser", {"AccessToken": access_token})
        issuer = str(claims(access_token)["iss"])
        return await self.pool(issuer.rsplit("/", 1)[-1]), _user(answer)

    async def _find_pool(self, client_id: str) -> str:
        token: str | None = None
        while True:
            page = {"MaxResults": PAGE_SIZE} | ({"NextToken": token} if token else {})
            answer = await self._upstream.call_signed("ListUserPools", page)
            for pool in answer.get("UserPools", []):
                if await self._has_client(pool["Id"], client_id):
                    self._pool_of_client[client_id] = pool["Id"]
                    return str(pool["Id"])
            token = answer.get("NextToken")
            if not token:
                raise _no_client(client_id)

    async def _has_client(self, pool_id: str, client_id: str) -> bool:
        try:
            await self._describe_client(pool_id, client_id)
        except UpstreamError:
            return False
        return True

    async def _describe_client(self, pool_id: str, client_id: str) -> Mapping[str, Any]:
        body = {"UserPoolId": pool_id, "ClientId": client_id}
        answer = await self._upstream.call_signed("DescribeUserPoolClient", body)
        client: Mapping[str, Any] = answer["UserPoolClient"]
        return client


def _pool(described: Mapping[str, Any]) -> Pool:
    updates = described.get("UserAttributeUpdateSettings") or {}
    mechanisms = (described.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or ()
    policy = (described.get("Policies") or {}).get("PasswordPolicy") or {}
    return Pool(
        id=described["Id"],
        mfa=str(described.get("MfaConfiguration") or "OFF"),
        invitation_only=_flag((described.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")),
        case_sensitive=_flag((described.get("UsernameConfiguration") or {}).get("CaseSensitive")),
        username_attributes=frozenset(described.get("UsernameAttributes") or ()),
        schema=frozenset(attribute["Name"] for attribute in described.get("SchemaAttributes") or ()),
        verifies_email="email" in (described.get("AutoVerifiedAttributes") or ()),
        keeps_old_email="email" in (updates.get("AttributesRequireVerificationBeforeUpdate") or ()),
        recovers_passwords=all(mechanism.get("Name") != "admin_only" for mechanism in mechanisms),
        temporary_password_days=int(policy.get("TemporaryPasswordValidityDays") or DEFAULT_TEMPORARY_PASSWORD_DAYS),
        code_message=_code_message(described),
    )


def _code_message(described: Mapping[str, Any]) -> CodeMessage:
    template = described.get("VerificationMessageTemplate") or {}
    subject = template.get("EmailSubject") or described.get("EmailVerificationSubject") or DEFAULT_CODE_SUBJECT
    text = template.get("EmailMessage") or described.get("EmailVerificationMessage") or DEFAULT_CODE_TEXT
    return CodeMessage(str(subject), str(text))


def _user(described: Mapping[str, Any]) -> User:
    attributes = {item["Name"]: item["Value"] for item in described["UserAttributes"]}
    known = {described["Username"], attributes.get("sub", ""), attributes.get("email", "")} - {""}
    return User(
        username=described["Username"],
        aliases=frozenset(name.lower() for name in known),
        status=str(described.get("UserStatus", "")),
        enabled=bool(described.get("Enabled", True)),
        has_software_token=SOFTWARE_TOKEN_MFA in (described.get("UserMFASettingList") or ()),
        email=attributes.get("email", ""),
        email_verified=_flag(attributes.get("email_verified")),
        modified_at=float(described.get("UserLastModifiedDate") or 0.0),
    )


def _flag(value: Any) -> bool:
    """A boolean, which a pool made by a template may hold as text."""
    return str(value).lower() == "true"


def _no_client(client_id: str) -> ResourceNotFoundError:
    return ResourceNotFoundError(f"User pool client {client_id} does not exist.")
