"""Bars: one for each file at work, one for all of them, and a line for each that is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

LONGEST_NAME = 36
"""Characters of a file's name on its bar."""
SPEED_WINDOW = 15.0
"""Seconds that the shown speed is an average of."""
CONVERSION_END = 100
"""Progress of a conversion is a percentage."""


class _ForBytes(ProgressColumn):
    """A column that means something while bytes travel, and nothing while a video converts."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        return "" if task.fields.get("converting") else self._column(task)


class Bars:
    """A `Display` on the terminal. Elsewhere only the closing lines are printed."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._tasks: dict[Path, TaskID] = {}
        self._sent: dict[Path, int] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            _ForBytes(DownloadColumn(binary_units=True)),
            _ForBytes(TransferSpeedColumn()),
            _ForBytes(TimeRemainingColumn()),
            console=console,
            speed_estimate_period=SPEED_WINDOW,
            disable=not console.is_terminal,
        )
        self._total = self._progress.add_task("[bold]all files", total=total)

    @contextmanager
    def shown(self) -> Iterator[None]:
        with self._progress:
            yield

    def sending(self, file: Path, size: int) -> None:
        """The file begins, or begins again."""
        with self._lock:
            self._progress.advance(self._total, -self._sent.pop(file, 0))
            self._drop(file)
            self._tasks[file] = self._progress.add_task(_name(file), total=size)
            self._sent[file] = 0

    def sent(self, file: Path, count: int) -> None:
        with self._lock:
            self._sent[file] += count
            self._progress.advance(self._tasks[file], count)
            self._progress.advance(self._total, count)

    def resumed(self, file: Path) -> None:
        self._console.print(f"{file.name}: going on where it stopped", markup=False, highlight=False, soft_wrap=True)

    def converting(self, file: Path, percent: int) -> None:
        with self._lock:
            task = self._tasks.get(file)
            if task is None:
                return
            self._progress.update(
                task,
                total=CONVERSION_END,
                completed=percent,
                description=f"{_name(file)} [dim]converting",
                converting=True,
            )

    def done(self, file: Path, sentence: str, *, good: bool) -> None:
        with self._lock:
            self._drop(file)
        mark = "[green]✓[/]" if good else "[red]✗[/]"
        self._console.print(f"{mark} {escape(str(file))}: {escape(sentence)}", highlight=False, soft_wrap=True)

    def _drop(self, file: Path) -> None:
        task = self._tasks.pop(file, None)
        if task is not None:
            self._progress.remove_task(task)


def _name(file: Path) -> str:
    name = file.name if len(file.name) <= LONGEST_NAME else f"{file.name[: LONGEST_NAME - 1]}…"
    return escape(name)
