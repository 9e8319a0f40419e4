"""What the documents say is there, is there."""

import re
import shlex
from pathlib import Path

import pytest

from devstack.cli import build_parser

ROOT = Path(__file__).resolve().parents[3]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^python3 scripts/dev\.py ([^#\n]*)", re.MULTILINE)
TEST_FILE = re.compile(r"`(tests/[\w/.-]+|services/[\w/.-]+\.\w+|scripts/[\w/.-]+\.\w+)`")
PLACEHOLDER = re.compile(r"\[[^\]]*\]")
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")]
    if path.is_file()
)
READMES = (ROOT / "README.md", ROOT / "README.pt-BR.md")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = [link for link in LINK.findall(document.read_text("utf-8")) if not (document.parent / link).exists()]

    assert broken == []


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if "docs" in path.parts], ids=_name)
def test_every_file_that_a_document_calls_its_guard_exists(document: Path) -> None:
    missing = [name for name in TEST_FILE.findall(document.read_text("utf-8")) if not (ROOT / name).exists()]

    assert missing == []


@pytest.mark.parametrize("readme", READMES, ids=_name)
def test_every_command_of_the_readme_exists(readme: Path) -> None:
    commands = [PLACEHOLDER.sub("", line) for line in COMMAND.findall(readme.read_text("utf-8"))]

    assert len(commands) >= 5
    for command in commands:
        build_parser().parse_args(shlex.split(command))


def test_both_readmes_show_the_same_commands() -> None:
    english, portuguese = (
        [shlex.split(PLACEHOLDER.sub("", line)) for line in COMMAND.findall(readme.read_text("utf-8"))]
        for readme in READMES
    )

    assert english == portuguese


def test_every_variable_of_the_example_is_explained() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()

    for number, line in enumerate(lines):
        if "=" in line and not line.startswith("#"):
            assert lines[number - 1].startswith("# "), f"{line} has no explanation above it"
