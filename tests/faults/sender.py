"""The terminal client for somebody who is signed in already: a code of the second factor is good once in half a minute.

`python -m faults.sender OUTPUTS TOKENS RECORDS FILE…`: what `dev.py upload` does after the sign-in. TOKENS is a file.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from integration.shared_stack import read_outputs
from rich.console import Console

from devstack.contract.client import Library
from devstack.contract.signin import IdentityProvider, Tokens
from devstack.contract.uploading import Line
from devstack.upload.command import UploadRequest, send


def keep_tokens(library: Library, file: Path) -> None:
    file.write_text(json.dumps(asdict(library.tokens)))


def main(arguments: Sequence[str]) -> int:
    outputs_file, tokens_file, records, *files = map(Path, arguments)
    outputs = read_outputs(outputs_file)
    tokens = Tokens(**json.loads(tokens_file.read_text()))
    request = UploadRequest([*files], records, as_json=True)
    # One request at a time: there shall be a while between the stages.
    with Library(outputs, tokens, IdentityProvider(outputs)) as library, Line(1) as line:
        return send(library, line, files, request, Console(stderr=True))


if __name__ == "__main__":
    # Whoever runs the tests in the background has children that ignore Ctrl-C; here it is what is tested.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
