"""Claims as an integration behind API Gateway receives them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localstack_standins.claims import as_strings


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (1_800_000_000, "1800000000"),
        (["a", "b"], "a,b"),
        ([], ""),
        (["a", True, 1], "a,true,1"),
        ({"a": "ç"}, '{"a":"ç"}'),
        ([{"a": 1}], '[{"a":1}]'),
        (None, "null"),
    ],
)
def test_every_claim_is_a_string(value: Any, shown: str) -> None:
    assert as_strings({"claim": value}) == {"claim": shown}


def test_times_of_issue_and_expiry_are_dates_and_others_numbers() -> None:
    claims = as_strings({"iat": 1_795_255_323, "exp": 1_795_256_223, "auth_time": 1_795_255_323})
    assert claims == {
        "iat": "Sat Nov 21 10:02:03 UTC 2026",
        "exp": "Sat Nov 21 10:17:03 UTC 2026",
        "auth_time": "1795255323",
    }


@pytest.mark.parametrize("value", [1e300, "tomorrow", -1e300])
def test_a_time_outside_all_calendars_stays_as_it_is(value: Any) -> None:
    shown = as_strings({"exp": value})["exp"]
    assert shown == (value if isinstance(value, str) else json.dumps(value))
