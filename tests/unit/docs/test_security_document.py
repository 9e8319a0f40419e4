"""What the security document calls a proof is there: every test, every attack."""

import ast
import fnmatch
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED_TEST = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`")
NAMED_FILE = re.compile(r"`((?:tests|frontend|services)/[\w/.-]+\.\w+)`")
ATTACK = re.compile(r"`attack:([\w*-]+)`")
TABLE = ROOT / "tests" / "attacks" / "attacks.yaml"
FEWEST_THREATS = 15


def _functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def _rows() -> dict[str, list[str]]:
    """Attack ids by group."""
    return {group: [row["id"] for row in rows] for group, rows in yaml.safe_load(TABLE.read_text("utf-8")).items()}


def _threats() -> list[list[str]]:
    section = DOCUMENT.partition("## Assets, threats, controls")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_test_it_names_exists() -> None:
    named = NAMED_TEST.findall(DOCUMENT)
    assert named
    assert [f"{file}::{name}" for file, name in named if name not in _functions(ROOT / file)] == []


def test_every_file_it_names_exists() -> None:
    assert [file for file in NAMED_FILE.findall(DOCUMENT) if not (ROOT / file).is_file()] == []


def test_every_attack_it_names_is_tried() -> None:
    ids = [row for rows in _rows().values() for row in rows]
    assert [pattern for pattern in ATTACK.findall(DOCUMENT) if not fnmatch.filter(ids, pattern)] == []


def test_every_threat_has_a_control_and_a_proof() -> None:
    threats = _threats()
    assert len(threats) >= FEWEST_THREATS
    for asset, threat, control, proof in threats:
        assert asset
        assert threat
        assert control
        assert NAMED_TEST.search(proof) or NAMED_FILE.search(proof) or ATTACK.search(proof) or "](#" in proof, threat


def test_every_group_of_attacks_stands_behind_a_threat() -> None:
    patterns = ATTACK.findall(DOCUMENT)
    for group, ids in _rows().items():
        if group != "routes":  # requests that are merely wrong threaten nothing of their own
            assert any(fnmatch.filter(ids, pattern) for pattern in patterns), group
