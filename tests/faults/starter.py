"""Starts MediaConvert's stand-in for a stack, as a child of nobody: a test that were its parent would keep it a zombie.

`python -m faults.starter PORT_BASE STATE_DIR CHANGES`, where CHANGES is JSON: `{"wrapper": […], "environment": {…}}`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from devstack.settings import Settings
from devstack.stack import services
from devstack.stack.processes import ProcessTable


def main(port_base: str, state_dir: str, changes: str) -> None:
    settings = Settings(int(port_base), Path(state_dir))
    table = ProcessTable(settings.state_dir)
    usual = services.mediaconvert(settings)
    asked = json.loads(changes)
    service = replace(
        usual,
        command=[*asked["wrapper"], *usual.command],
        environment={**usual.environment, **asked["environment"]},
    )
    table.wait_until_healthy(table.start(service))


if __name__ == "__main__":
    main(*sys.argv[1:])
