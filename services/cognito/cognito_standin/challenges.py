"""The sign-in: password, then the second factor, each step bound to the one before it.

Source: Amazon Cognito developer guide, "Authentication flows" and "TOTP software token MFA"; API reference,
InitiateAuth, RespondToAuthChallenge, AssociateSoftwareToken, VerifySoftwareToken.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cognito_standin import equal_work, names
from cognito_standin.client_secrets import check_secret_hash, secret_hash
from cognito_standin.directory import Client, Directory, User
from cognito_standin.errors import (
    CodeMismatchError,
    CognitoError,
    EnableSoftwareTokenError,
    InvalidParameterError,
    InvalidSessionError,
    NotAuthorizedError,
    ResourceNotFoundError,
    TooManyRequestsError,
    UpstreamError,
    UserNotFoundError,
    WrongCodeError,
)
from cognito_standin.sessions import Challenge, Sessions, Stage
from cognito_standin.throttle import Key, Throttle, UsedCodes
from cognito_standin.tokens import Tokens
from cognito_standin.upstream import Upstream
from cognito_standin.wire import Body

# A session of its own ends after five wrong codes; this stops who starts a new one each time.
FREE_WRONG_CODES = 20

DAY_SECONDS = 24 * 60 * 60

_CODE = re.compile(r"[0-9]{6}")
_WRONG_PASSWORD = NotAuthorizedError.default_message
# No authenticator shows this: an engine that accepts it has no secret to check codes against.
_NO_CODE = "------"


class SignIn:
    """The state of all sign-ins under way. Everything in it may be lost: people sign in again."""

    def __init__(self, upstream: Upstream, directory: Directory, tokens: Tokens, clock: Callable[[], float]) -> None:
        self._upstream = upstream
        self._directory = directory
        self._tokens = tokens
        self._clock = clock
        self._sessions = Sessions(clock)
        self._srp = Sessions(clock)  # apart: anybody may open one, so they must not crowd out the others
        self._passwords = Throttle(clock)
        self._strangers = Throttle(clock)
        self._codes = Throttle(clock, free=FREE_WRONG_CODES, error=TooManyRequestsError)
        self._used_codes = UsedCodes(clock)

    async def initiate_auth(self, body: Body) -> Body:
        client = await self._directory.client(body["ClientId"])
        flow = body["AuthFlow"]
        if flow in names.REFRESH_FLOWS:
            return await self._tokens.refresh(client, body)
        if flow == names.USER_PASSWORD_AUTH:
            if not client.allows(flow):
                raise InvalidParameterError("USER_PASSWORD_AUTH flow not enabled for this client")
            return await self._start_password(client, body, partial(self._upstream.call, "InitiateAuth"))
        if flow == names.USER_SRP_AUTH and client.allows(flow):
            return await self._start_srp(client, body)
        raise InvalidParameterError(f"{flow} is not enabled for the client.")

    async def respond_to_auth_challenge(self, body: Body) -> Body:
        client = await self._directory.client(body["ClientId"])
        answers: dict[str, Callable[[Client, Body], Awaitable[Body]]] = {
            names.PASSWORD_VERIFIER: self._answer_password_verifier,
            names.NEW_PASSWORD_REQUIRED: self._answer_new_password,
            names.SOFTWARE_TOKEN_MFA: self._answer_software_token,
            names.MFA_SETUP: self._answer_mfa_setup,
        }
        challenge_name = body["ChallengeName"]
        if challenge_name not in answers:
            raise InvalidParameterError(f"{challenge_name} is not a challenge of this client.")
        responses = body.get("ChallengeResponses", {})
        if client.secret:
            check_secret_hash(client, _required(responses, "USERNAME"), responses.get("SECRET_HASH"))
        body = {**body, "ChallengeResponses": responses}
        return await answers[challenge_name](client, body)

    async def admin_initiate_auth(self, body: Body) -> Body:
        """As for users, with a password that the owner's own server was given."""
        client = await self._client_of_pool(body)
        if body["AuthFlow"] not in names.ADMIN_PASSWORD_FLOWS:
            return await self.initiate_auth(_without_pool(body))
        if not client.allows(names.ADMIN_USER_PASSWORD_AUTH):
            raise InvalidParameterError("Auth flow not enabled for this client")
        return await self._start_password(client, body, partial(self._upstream.call_signed, "AdminInitiateAuth"))

    async def admin_respond_to_auth_challenge(self, body: Body) -> Body:
        """The same sessions and the same answers as for users."""
        await self._client_of_pool(body)
        return await self.respond_to_auth_challenge(_without_pool(body))

    async def associate_software_token(self, body: Body) -> Body:
        if body.get("AccessToken"):
            _refuse_both(body)
            answer = await self._upstream.call("AssociateSoftwareToken", body)
            return {"SecretCode": answer["SecretCode"]}
        with self._sessions.claim(_session(body), Stage.MFA_SETUP) as challenge:
            await self._check_not_enrolled(challenge)
            tokens = await self._withheld_tokens(challenge)
            answer = await self._upstream.call("AssociateSoftwareToken", {"AccessToken": tokens["AccessToken"]})
            session = self._sessions.open(challenge.at(Stage.MFA_SETUP_ASSOCIATED))
        return {"SecretCode": answer["SecretCode"], "Session": session}

    async def verify_software_token(self, body: Body) -> Body:
        if body.get("AccessToken"):
            _refuse_both(body)
            pool, user = await self._directory.of_access_token(body["AccessToken"])
            key = (pool.id, user.username)
            async with self._codes.attempt(key, _is_wrong_code):
                await self._verify_first_code(key, body["AccessToken"], body)
            return {"Status": "SUCCESS"}
        with self._sessions.claim(_session(body), Stage.MFA_SETUP_ASSOCIATED) as challenge:
            await self._check_not_enrolled(challenge)
            tokens = await self._withheld_tokens(challenge)
            await self._verify_first_code(_key(challenge), tokens["AccessToken"], body)
            session = self._sessions.open(challenge.at(Stage.MFA_SETUP_VERIFIED))
        return {"Status": "SUCCESS", "Session": session}

    async def _client_of_pool(self, body: Body) -> Client:
        client = await self._directory.client(body["ClientId"])
        if client.pool.id != body["UserPoolId"]:
            raise ResourceNotFoundError(f"User pool client {client.id} does not exist.")
        return client

    async def _sign_in_name(self, client: Client, parameters: Mapping[str, str]) -> str:
        typed = _required(parameters, "USERNAME")
        check_secret_hash(client, typed, parameters.get("SECRET_HASH"))
        return await self._directory.sign_in_name(client.pool, typed)

    async def _start_password(self, client: Client, body: Body, initiate: Callable[[Body], Awaitable[Body]]) -> Body:
        parameters = body.get("AuthParameters", {})
        username = await self._sign_in_name(client, parameters)
        _required(parameters, "PASSWORD")
        body = {**body, "AuthParameters": {**parameters, **_named(client, username)}}
        user = await self._directory.user(client.pool.id, username)
        throttle, key = self._password_throttle(client, user, username)
        async with throttle.attempt(key, _is_wrong_password):
            answer = await initiate(body)
        return await self._after_password(client, username, answer)

    async def _start_srp(self, client: Client, body: Body) -> Body:
        parameters = body.get("AuthParameters", {})
        username = await self._sign_in_name(client, parameters)
        user = await self._directory.user(client.pool.id, username)
        throttle, key = self._password_throttle(client, user, username)
        throttle.check(key)
        body = {**body, "AuthParameters": {**parameters, **_named(client, username)}}
        answer = await self._upstream.call("InitiateAuth", body)
        if user is not None:
            equal_work.as_for_an_unknown_name()
        challenge = _challenge(client, user, username, Stage.PASSWORD_VERIFIER, answer)
        self._srp.open(challenge, token=answer["ChallengeParameters"]["SECRET_BLOCK"])
        return {
            "ChallengeName": names.PASSWORD_VERIFIER,
            "ChallengeParameters": answer["ChallengeParameters"],
        }

    async def _answer_password_verifier(self, client: Client, body: Body) -> Body:
        responses = body["ChallengeResponses"]
        username = _required(responses, "USERNAME")
        handle = _required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
        body = {name: value for name, value in body.items() if name != "Session"}
        try:
            with self._srp.claim(handle, Stage.PASSWORD_VERIFIER, client_id=client.id, username=username) as challenge:
                user = await self._directory.user(client.pool.id, challenge.username)
                throttle, key = self._password_throttle(client, user, challenge.username)
                if user is None:
                    equal_work.as_for_a_known_name()
                async with throttle.attempt(key, _is_wrong_password):
                    answer = await self._upstream.call("RespondToAuthChallenge", body)
        except InvalidSessionError as error:
            raise NotAuthorizedError from error
        return await self._after_password(client, challenge.username, answer)

    async def _after_password(self, client: Client, username: str, answer: Body) -> Body:
        """What follows a right password, whatever the engine would give away at this point."""
        user = await self._known_user(client.pool.id, username)
        if answer.get("ChallengeName") == names.NEW_PASSWORD_REQUIRED:
            if self._clock() - user.modified_at > client.pool.temporary_password_days * DAY_SECONDS:
                raise NotAuthorizedError("Temporary password has expired and must be reset by an administrator.")
            challenge = _challenge(client, user, username, Stage.NEW_PASSWORD_REQUIRED, answer)
            return self._ask(challenge, answer["ChallengeParameters"])
        return await self._second_factor(client, user, answer)

    async def _second_factor(self, client: Client, user: User, answer: Body) -> Body:
        if client.pool.mfa == "OFF":
            return answer
        if user.has_software_token:
            challenge = _challenge(client, user, user.username, Stage.SOFTWARE_TOKEN_MFA, answer)
            given = await self._tokens_without_code(challenge)
            if given is None:
                return self._ask(challenge, {"FRIENDLY_DEVICE_NAME": "TOTP device"})
            answer = given
        if client.pool.mfa != "ON":
            return answer
        challenge = _challenge(client, user, user.username, Stage.MFA_SETUP, answer)
        return self._ask(challenge, {"MFAS_CAN_SETUP": json.dumps([names.SOFTWARE_TOKEN_MFA])})

    async def _tokens_without_code(self, challenge: Challenge) -> Body | None:
        """The tokens an engine gives for no code at all, when the user's second factor has no secret."""
        try:
            return await self._upstream.call(
                "RespondToAuthChallenge", _code_answer(replace(challenge, upstream_session=""), _NO_CODE)
            )
        except UpstreamError as error:
            if error.code == CodeMismatchError.code:
                return None
            raise

    async def _answer_new_password(self, client: Client, body: Body) -> Body:
        responses = body["ChallengeResponses"]
        username = _required(responses, "USERNAME")
        with self._sessions.claim(
            _session(body), Stage.NEW_PASSWORD_REQUIRED, client_id=client.id, username=username
        ) as challenge:
            password = _required(responses, "NEW_PASSWORD")
            user = await self._known_user(client.pool.id, challenge.username)
            if user.status != "FORCE_CHANGE_PASSWORD":
                raise InvalidSessionError
            # The engine checks the pool's password policy here, but not in the answer to the challenge.
            chosen = {"UserPoolId": client.pool.id, "Username": user.username, "Password": password}
            await self._upstream.call_signed("AdminSetUserPassword", {**chosen, "Permanent": True})
            answer = await self._upstream.call(
                "RespondToAuthChallenge",
                _answer(challenge, names.NEW_PASSWORD_REQUIRED, NEW_PASSWORD=password),
            )
            return await self._second_factor(client, user, answer)

    async def _answer_software_token(self, client: Client, body: Body) -> Body:
        responses = body["ChallengeResponses"]
        username = _required(responses, "USERNAME")
        with self._sessions.claim(
            _session(body), Stage.SOFTWARE_TOKEN_MFA, client_id=client.id, username=username
        ) as challenge:
            code = _required(responses, "SOFTWARE_TOKEN_MFA_CODE")
            user = await self._known_user(client.pool.id, challenge.username)
            if not user.has_software_token:
                raise InvalidSessionError
            async with self._codes.attempt(_key(challenge), _is_wrong_code):
                if not _CODE.fullmatch(code):
                    raise CodeMismatchError
                with self._used_codes.spend(_key(challenge), code):
                    return await self._tokens_for_code(challenge, code)

    async def _tokens_for_code(self, challenge: Challenge, code: str) -> Body:
        try:
            return await self._upstream.call("RespondToAuthChallenge", _code_answer(challenge, code))
        except UpstreamError as error:
            if error.code == CodeMismatchError.code:
                raise CodeMismatchError from error
            raise

    async def _answer_mfa_setup(self, client: Client, body: Body) -> Body:
        username = _required(body["ChallengeResponses"], "USERNAME")
        with self._sessions.claim(
            _session(body), Stage.MFA_SETUP_VERIFIED, client_id=client.id, username=username
        ) as challenge:
            user = await self._known_user(client.pool.id, challenge.username)
            if not user.has_software_token:
                raise InvalidSessionError
            tokens = await self._withheld_tokens(challenge)
            return {"AuthenticationResult": {**tokens, "RefreshToken": challenge.refresh_token}}

    async def _withheld_tokens(self, challenge: Challenge) -> Mapping[str, Any]:
        """Fresh tokens of a sign-in whose second factor is being set up: people take their time."""
        body = {
            "ClientId": challenge.client_id,
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": {"REFRESH_TOKEN": challenge.refresh_token, **_proof(challenge)},
        }
        answer = await self._upstream.call("InitiateAuth", body)
        tokens: Mapping[str, Any] = answer["AuthenticationResult"]
        return tokens

    async def _verify_first_code(self, key: Key, access_token: str, body: Body) -> None:
        code = body["UserCode"]
        if not _CODE.fullmatch(code):
            raise EnableSoftwareTokenError
        with self._used_codes.spend(key, code):
            try:
                await self._upstream.call("VerifySoftwareToken", {"AccessToken": access_token, "UserCode": code})
            except UpstreamError as error:
                if error.code == EnableSoftwareTokenError.code:
                    raise EnableSoftwareTokenError(error.message) from error
                raise

    async def _check_not_enrolled(self, challenge: Challenge) -> None:
        """Who set up a second factor first keeps it: an older session must not replace it."""
        user = await self._known_user(challenge.pool_id, challenge.username)
        if user.has_software_token and await self._tokens_without_code(challenge) is None:
            raise InvalidSessionError

    async def _known_user(self, pool_id: str, username: str) -> User:
        user = await self._directory.user(pool_id, username)
        if user is None:
            raise UserNotFoundError
        if not user.enabled:
            raise NotAuthorizedError("User is disabled.")
        return user

    def _ask(self, challenge: Challenge, parameters: Mapping[str, Any]) -> Body:
        return {
            "ChallengeName": challenge.stage.value,
            "Session": self._sessions.open(challenge),
            "ChallengeParameters": {**parameters, "USER_ID_FOR_SRP": challenge.username},
        }

    def _password_throttle(self, client: Client, user: User | None, username: str) -> tuple[Throttle, Key]:
        """Unknown names are throttled alike, so that a lock-out does not tell who exists."""
        if user is None:
            return self._strangers, (client.pool.id, username)
        return self._passwords, (client.pool.id, user.username)


def _challenge(client: Client, user: User | None, username: str, stage: Stage, answer: Mapping[str, Any]) -> Challenge:
    """What to remember of a step; of the engine's answer its session or the tokens it gave too early."""
    aliases = user.aliases if user is not None else frozenset[str]()
    return Challenge(
        pool_id=client.pool.id,
        client_id=client.id,
        username=user.username if user is not None else username,
        aliases=aliases | {username.lower()},
        stage=stage,
        validity_seconds=client.session_seconds,
        client_secret=client.secret,
        upstream_session=answer.get("Session", ""),
        refresh_token=answer.get("AuthenticationResult", {}).get("RefreshToken", ""),
    )


def _named(client: Client, username: str) -> dict[str, str]:
    """The name as the engine knows it, with the client's proof for it."""
    proof = {"SECRET_HASH": secret_hash(client.id, client.secret, username)} if client.secret else {}
    return {"USERNAME": username, **proof}


def _proof(challenge: Challenge) -> dict[str, str]:
    if not challenge.client_secret:
        return {}
    return {"SECRET_HASH": secret_hash(challenge.client_id, challenge.client_secret, challenge.username)}


def _answer(challenge: Challenge, challenge_name: str, **responses: str) -> Body:
    """The answer to the engine's own challenge, under the engine's own session."""
    answer: Body = {
        "ClientId": challenge.client_id,
        "ChallengeName": challenge_name,
        "ChallengeResponses": {"USERNAME": challenge.username, **_proof(challenge), **responses},
    }
    return {**answer, "Session": challenge.upstream_session} if challenge.upstream_session else answer


def _code_answer(challenge: Challenge, code: str) -> Body:
    return _answer(challenge, names.SOFTWARE_TOKEN_MFA, SOFTWARE_TOKEN_MFA_CODE=code)


def _key(challenge: Challenge) -> Key:
    return challenge.pool_id, challenge.username


def _without_pool(body: Body) -> Body:
    """The user's form of an owner's request."""
    return {name: value for name, value in body.items() if name not in ("UserPoolId", "ContextData")}


def _required(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        raise InvalidParameterError(f"Missing required parameter {name}")
    return value


def _session(body: Body) -> str:
    session = body.get("Session")
    if not session:
        raise InvalidParameterError("Missing required parameter Session")
    return str(session)


def _refuse_both(body: Body) -> None:
    if "Session" in body:
        raise InvalidParameterError("Only one of AccessToken and Session may be given.")


def _is_wrong_password(error: CognitoError) -> bool:
    return error.code == NotAuthorizedError.code and error.message == _WRONG_PASSWORD


def _is_wrong_code(error: CognitoError) -> bool:
    return isinstance(error, WrongCodeError)
