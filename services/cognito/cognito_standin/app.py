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
from cognito_standin.directory import Directory
from cognito_standin.errors import CognitoError, UnknownOperationError
from cognito_standin.settings import Settings
from cognito_standin.signing import SignedRequest, check_signature
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

    def __init__(self, settings: Settings, upstream: Upstream, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._upstream = upstream
        directory = Directory(upstream)
        sign_in = SignIn(upstream, directory, clock)
        accounts = Accounts(upstream, directory, clock)
        self._operations: dict[str, Operation] = {
            "InitiateAuth": sign_in.initiate_auth,
            "RespondToAuthChallenge": sign_in.respond_to_auth_challenge,
            "AssociateSoftwareToken": sign_in.associate_software_token,
            "VerifySoftwareToken": sign_in.verify_software_token,
            "SignUp": accounts.sign_up,
            "ConfirmSignUp": partial(accounts.by_code, "ConfirmSignUp"),
            "ResendConfirmationCode": partial(accounts.by_username, "ResendConfirmationCode"),
            "ForgotPassword": partial(accounts.by_username, "ForgotPassword"),
            "ConfirmForgotPassword": partial(accounts.by_code, "ConfirmForgotPassword"),
            "ChangePassword": accounts.change_password,
            "UpdateUserAttributes": accounts.update_user_attributes,
            "SetUserMFAPreference": accounts.set_user_mfa_preference,
        }

    async def call(self, request: Request) -> Response:
        try:
            operation = wire.parse_operation(request)
            raw = await wire.read_body(request)
            if operation not in wire.unsigned_operations():
                return await self._forward_signed(request, raw)
            body = wire.parse_body(operation, raw)
            handle = self._operations.get(operation) or partial(self._upstream.call, operation)
            return wire.answer(await handle(body))
        except CognitoError as error:
            return wire.error_answer(error)
        except ClientDisconnect:
            return Response(status_code=499)

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
        """The e-mails that went out, as the engine lists them."""
        try:
            return await self._forward(request, INBOX, b"")
        except CognitoError as error:
            return wire.error_answer(error)

    async def _forward_signed(self, request: Request, raw: bytes) -> Response:
        """An operation of the pool's owner: whether the caller may is the engine's to say."""
        signed = SignedRequest(request.method, request.url.path, dict(request.headers), raw)
        check_signature(
            signed,
            access_key_id=self._settings.access_key_id,
            secret_access_key=self._settings.secret_access_key,
        )
        return await self._forward(request, "/", raw)

    async def _forward(self, request: Request, path: str, raw: bytes) -> Response:
        answer = await self._upstream.forward(request.method, path, request.headers.raw, raw)
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_FORWARDED_BACK}
        return Response(answer.content, answer.status_code, headers)


async def health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "service": "cognito"})


def create_app(settings: Settings, *, clock: Callable[[], float] = time.time) -> Starlette:
    """The ASGI application; its HTTP client lives as long as the lifespan."""
    client = create_client()
    pools = UserPools(settings, Upstream(settings, client), clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client:
            yield

    routes = [
        Route("/health", health),
        Route("/", pools.call, methods=["POST"]),
        Route(INBOX, pools.inbox, methods=["GET"]),
        Route("/{pool_id}/.well-known/{document}", pools.well_known),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
