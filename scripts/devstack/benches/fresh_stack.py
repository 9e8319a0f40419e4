"""A stack of a benchmark's own: empty, beside whatever runs on the usual ports, and gone at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devstack.benches import BenchError
from devstack.settings import ROOT

PORT_BASE = 18490


@contextmanager
def fresh_stack() -> Iterator[Mapping[str, str]]:
    """Outputs of a new stack on the embedded engine. Raises BenchError."""
    with tempfile.TemporaryDirectory(prefix="sstech-bench-") as folder:
        state = Path(folder) / "state"
        environment = {**os.environ, "DEV_STATE_DIR": str(state), "DEV_PORT_BASE": str(PORT_BASE)}
        try:
            _dev(environment, "up", "--engine", "embedded", "--detach")
            outputs: dict[str, str] = json.loads((state / "outputs.json").read_text(encoding="utf-8"))
            yield outputs
        finally:
            _dev(environment, "down", "--volumes")


def _dev(environment: Mapping[str, str], *command: str) -> None:
    program = [sys.executable, str(ROOT / "scripts" / "dev.py"), *command]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"dev.py {' '.join(command)} failed: {done.stdout}{done.stderr}")
