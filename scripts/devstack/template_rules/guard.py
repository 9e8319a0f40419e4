"""Judges a CloudFormation template by AWS CloudFormation Guard: AWS's own rules (Control Tower's) and this system's.

Guard knows no conditions and parameters of a template: it gets the template resolved, as one stage would have it.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bootstrap.npm_packages import install_packages
from bootstrap.resolving import Resolver
from devstack.settings import ROOT
from devstack.template_rules.findings import Finding, RulesError

SOURCES = ROOT / "bootstrap" / "rules" / "guard"
OWN_RULES = SOURCES / "own.guard"
EXCEPTIONS_FILE = SOURCES / "exceptions.yaml"
PACKAGE = Path("node_modules", "@cdklabs", "cdk-validator-cfnguard")
AWS_RULES = PACKAGE / "rules" / "control-tower" / "cfn-guard"
# By `sys.platform` and `platform.machine()`: where the package has a program.
PROGRAMS = {
    ("linux", "x86_64"): "ubuntu/x86_64",
    ("linux", "aarch64"): "ubuntu/aarch64",
    ("darwin", "x86_64"): "macos/x86_64",
    ("darwin", "arm64"): "macos/aarch64",
}
# The program's exit codes: every rule holds, some do not.
PASSED, FAILED = 0, 19


@dataclass(frozen=True, slots=True)
class Guard:
    """The program and the folder of AWS's rules."""

    program: Path
    aws_rules: Path


def has_guard() -> bool:
    """Whether there is a program for this machine."""
    return _machine() in PROGRAMS


def find_guard(build: Path) -> Guard:
    """Guard and AWS's rules, installed below `build` on first use. Raises SiteBuildError."""
    packages = install_packages(build, SOURCES)
    return Guard(packages / PACKAGE / "bin" / PROGRAMS[_machine()] / "cfn-guard", packages / AWS_RULES)


def resolved_template(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The template's resources as a stage with `parameters` would have them."""
    resolver = Resolver(template, parameters, _Named())
    return {
        "Resources": {
            name: {**resource, "Properties": resolver.resolve(resource.get("Properties", {}))}
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or resolver.holds(resource["Condition"])
        }
    }


def guard_findings(guard: Guard, template: Path) -> list[Finding]:
    """The rules that a resolved template (JSON) breaks, but for the listed exceptions. Raises RulesError."""
    allowed = read_exceptions()
    return sorted(set(_run(guard, guard.aws_rules, template)) - allowed | set(_run(guard, OWN_RULES, template)))


def read_exceptions() -> set[Finding]:
    """AWS's rules that this system departs from, resource by resource."""
    listed: dict[str, list[str]] = yaml.safe_load(EXCEPTIONS_FILE.read_text(encoding="utf-8"))
    return {Finding(rule, resource) for rule, resources in listed.items() for resource in resources}


def _run(guard: Guard, rules: Path, template: Path) -> Iterator[Finding]:
    command = [str(guard.program), "validate", "--rules", str(rules), "--data", str(template)]
    command += ["--structured", "--output-format", "json", "--show-summary", "none"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode not in (PASSED, FAILED):
        raise RulesError(f"Guard could not run: {finished.stderr[-2000:]}")
    for report in json.loads(finished.stdout):
        for broken in report["not_compliant"]:
            rule = broken["Rule"]
            yield from (Finding(rule["name"], resource) for resource in set(_resources(rule["checks"])) or {""})


def _resources(report: Any) -> Iterator[str]:
    """Logical ids in a report: every value that was judged has its path, `/Resources/MediaBucket/Properties…`."""
    if isinstance(report, list):
        for one in report:
            yield from _resources(one)
    elif isinstance(report, dict):
        path = str(report.get("path", "")).split("/")
        if path[:2] == ["", "Resources"] and len(path) > 2:
            yield path[2]
        for one in report.values():
            yield from _resources(one)


def _machine() -> tuple[str, str]:
    return sys.platform, platform.machine()


class _Named(dict[str, str]):
    """Stands for what resources are: an ARN with their name."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and not name.startswith("AWS::")

    def __getitem__(self, name: str) -> str:
        return f"arn:aws:service:us-east-1:123456789012:kind/{name}"
