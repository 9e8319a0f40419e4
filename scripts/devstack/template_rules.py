"""Judges a CloudFormation template by checkov's rules and by ours in AWS CloudFormation Guard.

Both run in an environment of their own below `build/`, because checkov pins older releases of what the tests need.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from devstack.settings import ROOT

LOCK_FILE = ROOT / "requirements" / "rules.lock"
EXCEPTIONS_FILE = ROOT / "bootstrap" / "rules" / "exceptions.yaml"
GUARD_RULES = ROOT / "bootstrap" / "rules" / "template.guard"
# cfn-guard-rs has no build for newer Pythons.
LAST_PYTHON_WITH_GUARD = (3, 12)
# Runs in the other environment: argv is the rules, the template (JSON), and the answer goes to standard output.
GUARD_PROGRAM = """
import json, sys
from cfn_guard_rs import run_checks
report = run_checks(json.load(open(sys.argv[2])), open(sys.argv[1]).read())
json.dump(sorted(clause.Rule.name for clause in report.not_compliant), sys.stdout)
"""


class RulesError(Exception):
    """The rules could not be run at all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a resource breaks; the resource is "" where Guard names the rule alone."""

    rule: str
    resource: str


def rules_python(build: Path) -> Path:
    """Interpreter of the environment with the rules' programs, made on first use. Raises RulesError."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]
    folder = build / "tools" / f"rules-{sys.version_info.major}{sys.version_info.minor}-{digest}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / ".ready"
    if not ready.exists():
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != "nt").create(folder)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        installed = subprocess.run([*command, "-r", str(LOCK_FILE)], capture_output=True, text=True, check=False)
        if installed.returncode != 0:
            raise RulesError(f"The template's rules cannot be installed: {installed.stderr[-2000:]}")
        ready.touch()
    return python


def checkov_findings(python: Path, template: Path) -> list[Finding]:
    """What checkov finds but for the listed exceptions. Raises RulesError."""
    command = [str(python), "-m", "checkov.main", "--file", str(template), "--framework", "cloudformation"]
    command += ["--output", "json", "--compact", "--config-file", str(EXCEPTIONS_FILE)]
    # Its own service is never asked for anything.
    environment = {**os.environ, "CHECKOV_RUN_SCA_PACKAGE_SCAN_V2": "false", "PYTHONPATH": ""}
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    try:
        document = json.loads(finished.stdout)
    except ValueError as error:
        raise RulesError(f"checkov did not answer: {finished.stderr[-2000:]}") from error
    failed = document.get("results", {}).get("failed_checks", [])
    return sorted(
        (Finding(one["check_id"], one["resource"]) for one in failed), key=lambda one: (one.rule, one.resource)
    )


def has_guard() -> bool:
    """Whether AWS CloudFormation Guard can be had for this Python."""
    return sys.version_info[:2] <= LAST_PYTHON_WITH_GUARD


def guard_findings(python: Path, template: Path, rules: Path = GUARD_RULES) -> list[Finding]:
    """The rules of ours that the template (JSON, long forms) breaks. Raises RulesError."""
    command = [str(python), "-c", GUARD_PROGRAM, str(rules), str(template)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RulesError(f"Guard could not run: {finished.stderr[-2000:]}")
    return [Finding(rule, "") for rule in json.loads(finished.stdout)]
