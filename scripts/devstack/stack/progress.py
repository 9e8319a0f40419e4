"""Shows which step a command is at."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Say:
    """Shows the step at work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, message: str) -> None:
        self._progress.update(self._task, description=message)


@contextlib.contextmanager
def steps(console: Console) -> Iterator[Say]:
    """A spinner with the step's name and the time it takes; gone at the end."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Say(progress)
