"""What to do about AWS's commonest refusals, found by the words that AWS uses."""

ADVICE = (
    (
        ("AccessDenied", "not authorized to perform", "UnauthorizedOperation"),
        "These credentials may not do that: attach the policy bootstrap/deployer-policy.json to them.",
    ),
    (
        ("already exists", "AlreadyExists", "BucketAlreadyOwnedByYou"),
        "Something of that name is there and is not this stack's: delete or rename it, or deploy another stage.",
    ),
    (
        ("LimitExceeded", "TooMany", "quota", "ServiceQuotaExceeded", "limit for"),
        "The account is at a quota: ask for more in the console of Service Quotas, then deploy again.",
    ),
    (
        ("Throttling", "Rate exceeded", "TooManyRequests"),
        "AWS was asked too much at once: wait a minute, then deploy again.",
    ),
    (
        ("certificate", "ViewerCertificate"),
        "The certificate must be issued, in us-east-1, and name the domain.",
    ),
)


def with_advice(cause: str) -> str:
    """`cause`, and what to do next where that is known."""
    for words, advice in ADVICE:
        if any(word.lower() in cause.lower() for word in words):
            return f"{cause} {advice}"
    return cause
