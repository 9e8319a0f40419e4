"""The parts of the stand-in build on one another in one direction."""

import ast
from collections.abc import Iterator
from pathlib import Path

import mediaconvert_standin

ROOT = Path(mediaconvert_standin.__file__).parent
PARTS = (
    "protocol",
    "job_settings",
    "inspection",
    "transcoding",
    "captions",
    "packaging",
    "state",
    "storage",
    "events",
    "running",
    "operations",
    "page",
)
COMMON = {"clock", "errors", "settings"}  # modules of the root that every part may use
MAX_MODULES = 20


def imports(path: Path) -> Iterator[str]:
    """The first word after ``mediaconvert_standin.`` of what a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            words = name.split(".")
            if words[0] == "mediaconvert_standin":
                yield words[1] if len(words) > 1 else ""


def test_every_folder_is_a_part_with_its_place() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(PARTS)


def test_a_part_uses_only_parts_before_it() -> None:
    allowed = set(COMMON)
    wrong = []
    for part in PARTS:
        allowed.add(part)
        for path in (ROOT / part).glob("*.py"):
            wrong += [f"{part}/{path.name} imports {name}" for name in imports(path) if name not in allowed]
    assert not wrong


def test_what_all_parts_use_uses_none_of_them() -> None:
    assert not {name for module in COMMON for name in imports(ROOT / f"{module}.py")} - COMMON


def test_no_part_has_more_modules_than_one_can_keep_in_mind() -> None:
    assert max(len(list((ROOT / part).glob("*.py"))) for part in PARTS) <= MAX_MODULES
