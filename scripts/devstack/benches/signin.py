"""`dev.py bench signin`: whether the time of a refusal tells a wrong password from an unknown name.

Both in one run, in turn, through /auth: each attempt is the two calls of SRP with a proof that is wrong. What is
shown is the ratio of the medians; 1 is perfect.
"""

from __future__ import annotations

import json
import secrets
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from rich.table import Table

from devstack.benches import BenchError, Setting
from devstack.contract.client import Platform, new_password

PEOPLE = 10
ATTEMPTS = 4
"""Of each name: Cognito locks a name out after the fifth."""
PAUSE = 0.15
"""Seconds between attempts: /auth takes 20 calls a second."""
TIMEOUT = 30
TARGET = "AWSCognitoIdentityProviderService."
TIMESTAMP = "%a %b %-d %H:%M:%S UTC %Y"
"""Of an SRP proof, in UTC."""
SRP_A_BYTES = 384
"""3072 bits (RFC 5054, appendix A)."""


@dataclass(frozen=True)
class Refusal:
    """Seconds of the two calls of one refused attempt."""

    start: float
    proof: float

    @property
    def total(self) -> float:
        return self.start + self.proof


def run(setting: Setting) -> int:
    """Measures on the running stack and prints medians; returns the exit code. Raises BenchError."""
    outputs, inbox = setting.stack()
    with Platform(outputs, inbox) as platform, requests.Session() as session:
        known = [_address() for _ in range(PEOPLE)]
        for email in known:
            platform.register(email, new_password())
        pairs = [
            (_refused(session, outputs, email), _refused(session, outputs, stranger))
            for email, stranger in zip(known, [_address() for _ in known], strict=True)
            for _ in range(ATTEMPTS)
        ]
    _print([one for one, _ in pairs], [other for _, other in pairs], setting)
    return 0


def _refused(session: requests.Session, outputs: Mapping[str, str], email: str) -> Refusal:
    time.sleep(PAUSE)
    client = {"ClientId": outputs["UserPoolClientId"]}
    parameters = {"USERNAME": email, "SRP_A": secrets.token_hex(SRP_A_BYTES)}
    start, asked = _call(
        session, outputs, "InitiateAuth", {**client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    )
    if "ChallengeParameters" not in asked:
        raise BenchError(f"Cognito did not ask for a proof: {asked}. Wait a minute and try again.")
    responses = {
        "USERNAME": asked["ChallengeParameters"]["USER_ID_FOR_SRP"],
        "PASSWORD_CLAIM_SECRET_BLOCK": asked["ChallengeParameters"]["SECRET_BLOCK"],
        "PASSWORD_CLAIM_SIGNATURE": "AAAA",
        "TIMESTAMP": datetime.now(UTC).strftime(TIMESTAMP),
    }
    proof, refusal = _call(
        session,
        outputs,
        "RespondToAuthChallenge",
        {**client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses},
    )
    if refusal.get("message") != "Incorrect username or password.":
        raise BenchError(f"Cognito refused otherwise than a wrong password: {refusal}. Wait a minute and try again.")
    return Refusal(start, proof)


def _call(
    session: requests.Session, outputs: Mapping[str, str], operation: str, body: Mapping[str, Any]
) -> tuple[float, dict[str, Any]]:
    """Seconds until the answer, and the answer."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET + operation}
    url = outputs["ApiUrl"].rstrip("/") + "/auth"
    began = time.perf_counter()
    response = session.post(url, data=json.dumps(body), headers=headers, timeout=TIMEOUT)
    took = time.perf_counter() - began
    answer: dict[str, Any] = response.json()
    return took, answer


def _print(wrong: list[Refusal], unknown: list[Refusal], setting: Setting) -> None:
    figures = {
        name: (statistics.median(a), statistics.median(b), statistics.median(b) / statistics.median(a))
        for name, a, b in (
            ("first call", [one.start for one in wrong], [one.start for one in unknown]),
            ("second call", [one.proof for one in wrong], [one.proof for one in unknown]),
            ("both", [one.total for one in wrong], [one.total for one in unknown]),
        )
    }
    if setting.as_json:
        print(
            json.dumps(
                {name: dict(zip(("wrong", "unknown", "ratio"), row, strict=True)) for name, row in figures.items()}
            )
        )
        return
    table = Table(title=f"Medians of {len(wrong)} refusals each, in turn", title_justify="left")
    for heading in ("SRP", "wrong password", "unknown name", "ratio"):
        table.add_column(heading, justify="right")
    for name, (a, b, ratio) in figures.items():
        table.add_row(name, f"{a * 1000:.1f} ms", f"{b * 1000:.1f} ms", f"{ratio:.2f}")
    setting.console.print(table)


def _address() -> str:
    return f"bench-{secrets.token_hex(8)}@example.com"
