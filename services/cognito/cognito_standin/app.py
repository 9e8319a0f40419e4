import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cognito_standin import wire
from cognito_standin.accounts import Accounts
from cognito_standin.challenges import SignIn
from cognito_standin.codes import Codes
from cognito_standin.directory import Directory
from cognito_standin.errors import (
    AccessDeniedError,
    CognitoError,
    InvalidParameterError,
    MissingAuthenticationTokenError,
    UnknownOperationError,
)
from cognito_standin.metrics import Metrics
from cognito_standin.outbox import Outbox
from cognito_standin.owner import STRICT_OPERATIONS, Owner
from cognito_standin.rate_limits import RateLimits
from cognito_standin.recovery import Recovery
from cognito_standin.registration import Registration
from cognito_standin.settings import Settings
from cognito_standin.signing import SignedRequest, check_signature
from cognito_standin.tokens import Tokens
from cognito_standin.upstream import Upstream, create_client
from cognito_standin.wire import Body

Operation = Callable[[Body], Awaitable[Body]]

# Where the engine keeps the e-mails that its Cognito "sent".
INBOX = "/_ministack/ses/messages"
_WELL_KNOWN = re.compile(r"/[A-Za-z0-9_-]{1,55}/\.well-known/(?:jwks\.json|openid-configuration)")
# An answer is read whole, so its own framing does not pass.
_NOT_FORWARDED_BACK = frozenset(
    {"connection", "content-encoding", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
)


class UserPools:
    """The API: users' operations through the strict flow, signed ones straight to the engine."""

    def __init__(
        self,
        settings: Settings,
        upstream: Upstream,
        directory: Directory,
        metrics: Metrics,
        clock: Callable[[], float],
        ticks: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._upstream = upstream
        self._metrics = metrics
        self._limits = RateLimits(ticks)
        self._outbox = Outbox(clock)
        codes = Codes(clock)
        tokens = Tokens(upstream, directory, clock)
        sign_in = SignIn(upstream, directory, tokens, clock)
        registration = Registration(upstream, directory, codes, self._outbox)
        recovery = Recovery(upstream, directory, codes, self._outbox)
        accounts = Accounts(upstream, directory, codes, self._outbox, clock)
        self._owner = Owner(upstream, directory, sign_in, recovery)
        self._operations: dict[str, Operation] = {
            "InitiateAuth": sign_in.initiate_auth,
            "RespondToAuthChallenge": sign_in.respond_to_auth_challenge,
            "AssociateSoftwareToken": sign_in.associate_software_token,
            "VerifySoftwareToken": sign_in.verify_software_token,
            "SignUp": registration.sign_up,
            "ConfirmSignUp": registration.confirm_sign_up,
            "ResendConfirmationCode": registration.resend_confirmation_code,
            "ForgotPassword": recovery.forgot_password,
            "ConfirmForgotPassword": recovery.confirm_forgot_password,
            "GetTokensFromRefreshToken": tokens.get_tokens_from_refresh_token,
            "RevokeToken": tokens.revoke_token,
            "ChangePassword": accounts.change_password,
            "UpdateUserAttributes": accounts.update_user_attributes,
            "DeleteUserAttributes": accounts.delete_user_attributes,
            "GetUserAttributeVerificationCode": accounts.get_user_attribute_verification_code,
            "VerifyUserAttribute": accounts.verify_user_attribute,
            "SetUserMFAPreference": accounts.set_user_mfa_preference,
            "SetUserSettings": accounts.set_user_settings,
            "GetUserAuthFactors": accounts.get_user_auth_factors,
            "GetUser": partial(upstream.call, "GetUser"),
            "GlobalSignOut": partial(upstream.call, "GlobalSignOut"),
            "DeleteUser": partial(upstream.call, "DeleteUser"),
        }

    async def call(self, request: Request) -> Response:
        """Any operation; an owner's has to be signed."""
        return await self._answer(request, self._call_signed)

    async def call_as_user(self, request: Request) -> Response:
        """Users' operations alone: for a gateway that everybody reaches. A signature changes nothing here."""
        return await self._answer(request, _refuse_signed)

    async def _answer(
        self, request: Request, call_signed: Callable[[Request, str, bytes], Awaitable[Response]]
    ) -> Response:
        try:
            operation = wire.parse_operation(request)
            raw = await wire.read_body(request)
            if operation not in wire.unsigned_operations():
                return await call_signed(request, operation, raw)
            self._limits.take(operation)
            body = wire.parse_body(operation, raw)
            return wire.answer(await self._counted(operation, body))
        except CognitoError as error:
            return wire.error_answer(error)
        except ClientDisconnect:
            return Response(status_code=499)

    async def _counted(self, operation: str, body: Body) -> Body:
        offered = self._offered(operation)
        try:
            answer = await offered(body)
        except CognitoError:
            self._metrics.count(operation, body, None)
            raise
        self._metrics.count(operation, body, answer)
        return answer

    async def well_known(self, request: Request) -> Response:
        """The keys that tokens are verified with, and the discovery document."""
        path = request.scope["raw_path"].decode("latin-1")
        if not _WELL_KNOWN.fullmatch(path):
            return wire.error_answer(UnknownOperationError())
        try:
            return await self._forward(request, path, b"")
        except CognitoError as error:
            return wire.error_answer(error)

    async def inbox(self, request: Request) -> Response:
        """The e-mails that went out: ours, and the engine's when it lists any."""
        try:
            answer = await self._forward(request, INBOX, b"")
        except CognitoError as error:
            return wire.error_answer(error)
        # Other emulators keep no such list.
        listed = json.loads(bytes(answer.body)) if answer.status_code == 200 else {}
        return JSONResponse(self._outbox.with_engines(listed), headers={"Cache-Control": "no-store"})

    def _offered(self, operation: str) -> Operation:
        try:
            return self._operations[operation]
        except KeyError:
            raise InvalidParameterError(f"{operation} is not enabled for this user pool.") from None

    async def _call_signed(self, request: Request, operation: str, raw: bytes) -> Response:
        """An operation of the pool's owner. Whether another key's holder may is the engine's to say."""
        signed = SignedRequest(request.method, request.url.path, dict(request.headers), raw)
        own = check_signature(
            signed,
            access_key_id=self._settings.access_key_id,
            secret_access_key=self._settings.secret_access_key,
        )
        if own and (operation in STRICT_OPERATIONS or wire.names_a_user(operation)):
            return wire.answer(await self._owner.call(operation, wire.parse_body(operation, raw)))
        if operation in STRICT_OPERATIONS:
            raise AccessDeniedError
        return await self._forward(request, "/", raw)

    async def _forward(self, request: Request, path: str, raw: bytes) -> Response:
        answer = await self._upstream.forward(request.method, path, request.headers.raw, raw)
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_FORWARDED_BACK}
        return Response(answer.content, answer.status_code, headers)


async def _refuse_signed(_request: Request, _operation: str, _raw: bytes) -> Response:
    raise MissingAuthenticationTokenError


async def health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "service": "cognito"})


def create_app(
    settings: Settings, *, clock: Callable[[], float] = time.time, ticks: Callable[[], float] = time.monotonic
) -> Starlette:
    """The ASGI application; its HTTP client lives as long as the lifespan. `ticks` counts the seconds of rates."""
    client = create_client()
    upstream = Upstream(settings, client)
    directory = Directory(upstream)
    pools = UserPools(settings, upstream, directory, Metrics(settings, client, directory), clock, ticks)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    routes = [
        Route("/health", health),
        Route("/", pools.call, methods=["POST"]),
        Route("/users", pools.call_as_user, methods=["POST"]),
        Route(INBOX, pools.inbox, methods=["GET"]),
        Route("/{pool_id}/.well-known/{document}", pools.well_known),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
