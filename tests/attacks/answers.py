"""Answers of the four kinds of service, read as refusals."""

from __future__ import annotations

from collections.abc import Callable

import requests

from devstack.contract.client_errors import SignInError, StorageError

from .table import Refusal


def of_cognito(answer: requests.Response) -> Refusal:
    """`{"__type", "message"}`."""
    body = answer.json() if answer.content else {}
    return Refusal(answer.status_code, str(body.get("__type", "")).rpartition("#")[2], str(body.get("message", "")))


def of_api(answer: requests.Response) -> Refusal:
    """`{"error": {"code", "message"}}`. A refusal that hands out a cookie is none."""
    assert answer.ok or "Set-Cookie" not in answer.headers
    try:
        body = answer.json()
    except ValueError:
        body = {}
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return Refusal(answer.status_code, "", answer.text[:200])
    return Refusal(answer.status_code, str(error.get("code", "")), str(error.get("message", "")))


def of_storage(answer: requests.Response) -> Refusal:
    """S3's and CloudFront's XML."""
    if answer.ok:
        return Refusal(answer.status_code, "")
    error = StorageError.from_response(answer)
    return Refusal(error.status, error.code if answer.content else "", error.message)


def refused(call: Callable[[], object]) -> Refusal:
    """What Cognito says to a call of the client's; 200 if it does not refuse."""
    try:
        call()
    except SignInError as error:
        return Refusal(error.status, error.code, error.message)
    return Refusal(200, "")


def the_same(refusals: dict[str, Refusal]) -> Refusal:
    """The one answer that all of them are. Raises AssertionError naming those that differ."""
    answers = {(refusal.status, refusal.error) for refusal in refusals.values()}
    assert len(answers) == 1, refusals
    return next(iter(refusals.values()))
