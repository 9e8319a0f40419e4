"""Judges a CloudFormation template by checkov's rules.

It runs in an environment of its own below `build/`, because it pins older releases of what the tests need.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from devstack.settings import ROOT
from devstack.template_rules.findings import Finding, RulesError

LOCK_FILE = ROOT / "requirements" / "rules.lock"
EXCEPTIONS_FILE = ROOT / "bootstrap" / "rules" / "checkov.yaml"


def checkov_python(build: Path) -> Path:
    """Interpreter of the environment that checkov is in, made on first use. Raises RulesError."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]
    folder = build / "tools" / f"checkov-{sys.version_info.major}{sys.version_info.minor}-{digest}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / ".ready"
    if not ready.exists():
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != "nt").create(folder)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        installed = subprocess.run([*command, "-r", str(LOCK_FILE)], capture_output=True, text=True, check=False)
        if installed.returncode != 0:
            raise RulesError(f"checkov cannot be installed: {installed.stderr[-2000:]}")
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
