"""Every row of the table is tried against the running stack, and every one is refused as AWS refuses it."""

from __future__ import annotations

import pytest

from . import (
    accounts,
    cognito_tokens,
    cookies,
    other_owners,
    passwords,
    pool_owner,
    presigned_urls,
    routes,
    second_factor,
    tokens,
)
from .scene import Scene
from .table import ATTACKS, CONTROLS, FEWEST_ROWS, TABLE_FILE, Control, Row, TableError, load_rows

MODULES = (
    second_factor,
    passwords,
    accounts,
    cognito_tokens,
    pool_owner,
    tokens,
    routes,
    presigned_urls,
    cookies,
    other_owners,
)
"""Importing them binds their attacks to the rows."""
ROWS = load_rows(TABLE_FILE.read_text(encoding="utf-8"))
NAMED_CONTROLS = [(group, one) for group, functions in CONTROLS.items() for one in functions]


def test_every_row_has_an_attack_and_every_attack_a_row() -> None:
    assert {row.id for row in ROWS} == set(ATTACKS)


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= FEWEST_ROWS


def test_every_row_is_a_refusal() -> None:
    assert [row.id for row in ROWS if not (400 <= row.status < 500 and row.expected[0] == "4" and row.tried)] == []


def test_every_group_has_a_control() -> None:
    assert {row.group for row in ROWS} == set(CONTROLS)


@pytest.mark.parametrize("text", ["a: [{id: x, tried: y, status: 403, eror: z}]", "a: [{id: x}]"])
def test_a_row_with_a_wrong_column_is_refused(text: str) -> None:
    with pytest.raises(TableError):
        load_rows(text)


def test_an_id_used_twice_is_refused() -> None:
    row = "{id: x, tried: y, status: 403, error: z}"
    with pytest.raises(TableError):
        load_rows(f"a: [{row}]\nb: [{row}]")


@pytest.mark.parametrize(
    ("group", "control"), NAMED_CONTROLS, ids=[f"{group}: {one.__name__}" for group, one in NAMED_CONTROLS]
)
def test_the_same_done_rightly_succeeds(group: str, control: Control, scene: Scene) -> None:
    control(scene)


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_the_attack_is_refused(row: Row, scene: Scene) -> None:
    refusal = ATTACKS[row.id](scene)
    assert row.is_met_by(refusal), f"{row.tried}: expected {row.expected}, got {refusal}"
