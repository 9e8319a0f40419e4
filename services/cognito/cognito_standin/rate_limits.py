"""How many calls a second the user pools API takes, by category of operation.

Source: "Quotas in Amazon Cognito", API operation categories and their default request rates; on AWS they count for
all user pools of an account and region together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cognito_standin.errors import TooManyRequestsError


class Category(Enum):
    """Each with its calls per second."""

    USER_AUTHENTICATION = "UserAuthentication", 120
    USER_CREATION = "UserCreation", 50
    USER_ACCOUNT_RECOVERY = "UserAccountRecovery", 30
    USER_READ = "UserRead", 120
    USER_UPDATE = "UserUpdate", 25
    USER_TOKEN = "UserToken", 120
    USER_RESOURCE_UPDATE = "UserResourceUpdate", 25

    @property
    def per_second(self) -> int:
        return int(self.value[1])


_CATEGORIES = {
    "InitiateAuth": Category.USER_AUTHENTICATION,
    "RespondToAuthChallenge": Category.USER_AUTHENTICATION,
    "SignUp": Category.USER_CREATION,
    "ConfirmSignUp": Category.USER_CREATION,
    "ResendConfirmationCode": Category.USER_CREATION,
    "ForgotPassword": Category.USER_ACCOUNT_RECOVERY,
    "ConfirmForgotPassword": Category.USER_ACCOUNT_RECOVERY,
    "ChangePassword": Category.USER_ACCOUNT_RECOVERY,
    "GetUser": Category.USER_READ,
    "GetUserAuthFactors": Category.USER_READ,
    "GlobalSignOut": Category.USER_TOKEN,
    "RevokeToken": Category.USER_TOKEN,
    "GetTokensFromRefreshToken": Category.USER_TOKEN,
    "UpdateUserAttributes": Category.USER_UPDATE,
    "DeleteUserAttributes": Category.USER_UPDATE,
    "GetUserAttributeVerificationCode": Category.USER_UPDATE,
    "VerifyUserAttribute": Category.USER_UPDATE,
    "DeleteUser": Category.USER_UPDATE,
}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class RateLimits:
    """Each category holds one second's worth of calls. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets = {category: _Bucket(category.per_second, clock()) for category in Category}

    def take(self, operation: str) -> None:
        """Raises: TooManyRequestsError."""
        category = _CATEGORIES.get(operation, Category.USER_RESOURCE_UPDATE)
        bucket = self._buckets[category]
        now = self._clock()
        gained = max(0.0, now - bucket.filled_at) * category.per_second
        bucket.tokens = min(float(category.per_second), bucket.tokens + gained)
        bucket.filled_at = now
        if bucket.tokens < 1:
            raise TooManyRequestsError("Rate exceeded")
        bucket.tokens -= 1
