"""The errors of the Cognito user pools API, in AWS's own words."""


class CognitoError(Exception):
    """An error the caller sees: `__type` and `message` of the JSON answer, and its HTTP status."""

    code = "InternalErrorException"
    status = 400
    default_message = "Internal server error."

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default_message)
        self.message = message or self.default_message


class UpstreamError(CognitoError):
    """An error as the engine gave it."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class InternalError(CognitoError):
    status = 500
    default_message = "The engine behind the user pools did not answer. Is it running?"


class SerializationError(CognitoError):
    code = "SerializationException"
    default_message = "The request body is not a JSON object of this operation."


class UnknownOperationError(CognitoError):
    code = "UnknownOperationException"
    default_message = "The requested operation is not one of Amazon Cognito user pools."


class MissingAuthenticationTokenError(CognitoError):
    code = "MissingAuthenticationTokenException"
    default_message = "Missing Authentication Token"


class InvalidSignatureError(CognitoError):
    code = "InvalidSignatureException"
    default_message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
        " Access Key and signing method."
    )


class UnrecognizedClientError(CognitoError):
    code = "UnrecognizedClientException"
    default_message = "The security token included in the request is invalid."


class AccessDeniedError(CognitoError):
    code = "AccessDeniedException"
    default_message = "This operation is only for the key that the stand-in itself is configured with."


class InvalidParameterError(CognitoError):
    code = "InvalidParameterException"
    default_message = "Invalid parameter."


class ResourceNotFoundError(CognitoError):
    code = "ResourceNotFoundException"
    default_message = "Resource not found."


class NotAuthorizedError(CognitoError):
    code = "NotAuthorizedException"
    default_message = "Incorrect username or password."


class InvalidSessionError(NotAuthorizedError):
    default_message = "Invalid session for the user."


class ExpiredSessionError(NotAuthorizedError):
    default_message = "Invalid session for the user, session is expired."


class PasswordAttemptsError(NotAuthorizedError):
    default_message = "Password attempts exceeded"


class TooManyRequestsError(CognitoError):
    code = "TooManyRequestsException"
    default_message = "Attempt limit exceeded, please try after some time."


class LimitExceededError(CognitoError):
    code = "LimitExceededException"
    default_message = "Attempt limit exceeded, please try after some time."


class WrongCodeError(CognitoError):
    """A one-time code that does not fit: it counts against the session it was sent with."""


class CodeMismatchError(WrongCodeError):
    code = "CodeMismatchException"
    default_message = "Invalid code received for user"


class EnableSoftwareTokenError(WrongCodeError):
    code = "EnableSoftwareTokenMFAException"
    default_message = "Code mismatch"


class UsedCodeError(CognitoError):
    code = "ExpiredCodeException"
    default_message = "Your software token has already been used once."


class VerificationCodeMismatchError(CognitoError):
    code = "CodeMismatchException"
    default_message = "Invalid verification code provided, please try again."


class ExpiredCodeError(CognitoError):
    code = "ExpiredCodeException"
    default_message = "Invalid code provided, please request a code again."


class UsernameExistsError(CognitoError):
    code = "UsernameExistsException"
    default_message = "An account with the given email already exists."


class UnknownCombinationError(CognitoError):
    code = "UserNotFoundException"
    default_message = "Username/client id combination not found."


class UnauthorizedError(CognitoError):
    code = "UnauthorizedException"
    default_message = "The token was not issued to this client."


class UnsupportedTokenTypeError(CognitoError):
    code = "UnsupportedTokenTypeException"
    default_message = "Only refresh tokens can be revoked."


class UnsupportedOperationError(CognitoError):
    code = "UnsupportedOperationException"
    default_message = "Token revocation is not enabled for this client."


class AliasExistsError(CognitoError):
    code = "AliasExistsException"
    default_message = "An account with the given email already exists."


class UnsupportedUserStateError(CognitoError):
    code = "UnsupportedUserStateException"
    default_message = "Resend not possible: the user status is not FORCE_CHANGE_PASSWORD."


class UserNotFoundError(CognitoError):
    code = "UserNotFoundException"
    default_message = "User does not exist."
