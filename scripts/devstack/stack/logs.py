"""Shows the services' logs on the terminal as they are written."""

import time
from typing import BinaryIO

from rich.console import Console
from rich.text import Text

from devstack.stack.processes import ProcessTable

COLOURS = {"engine": "cyan", "mediaconvert": "magenta", "cognito": "yellow", "cdn": "green"}
POLL_SECONDS = 0.2
NAME_WIDTH = 12


def follow(table: ProcessTable, console: Console) -> str:
    """Prints new log lines, each behind its service's name, until a service ends; returns that service's name."""
    files = {running.name: table.log_file(running.name).open("rb") for running in table.running()}
    try:
        while True:
            for name, file in files.items():
                _print_new_lines(name, file, console)
            for running in table.running():
                if running.process() is None:
                    _print_new_lines(running.name, files[running.name], console)
                    return running.name
            time.sleep(POLL_SECONDS)
    finally:
        for file in files.values():
            file.close()


def _print_new_lines(name: str, file: BinaryIO, console: Console) -> None:
    for line in file:
        prefix = Text(f"{name:<{NAME_WIDTH}} ", style=COLOURS.get(name, "white"))
        console.print(prefix + Text(line.decode("utf-8", errors="replace").rstrip()), soft_wrap=True)
