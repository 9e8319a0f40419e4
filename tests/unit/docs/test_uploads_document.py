"""The list of what an upload must survive names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROWS = [line for line in (ROOT / "docs" / "uploads.md").read_text("utf-8").splitlines() if line.startswith("| ")][1:]
NAMED_TEST = re.compile(r"`(tests/[\w/.-]+\.py)(?:::(\w+))?`")
NAMED_SITE_TEST = re.compile(r"`(frontend/test/[\w.-]+\.test\.js)`: ([^|]+?) \|")


def test_there_is_a_row_for_many_scenarios() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize("row", ROWS)
def test_every_scenario_is_shown_by_a_test_that_exists(row: str) -> None:
    named = NAMED_TEST.findall(row)
    named_of_site = NAMED_SITE_TEST.findall(row)
    assert named or named_of_site
    for file, name in named_of_site:
        assert f'test("{name}"' in (ROOT / file).read_text("utf-8"), f"{file} has no test {name!r}"
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not name or name in functions, f"{file} has no {name}"
