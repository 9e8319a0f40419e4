"""The demo's steps on the terminal: a progress bar each, and a closing table of what was proved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass
class Proofs:
    """Lines of the closing table: what was proved, how, and in how many seconds."""

    lines: list[tuple[str, str, float]] = field(default_factory=list)

    def table(self) -> Table:
        table = Table(title="What was proved", title_justify="left")
        table.add_column("step")
        table.add_column("seen")
        table.add_column("seconds", justify="right")
        for step, seen, seconds in self.lines:
            table.add_row(step, seen, f"{seconds:.1f}")
        return table


class Steps:
    """Progress bars, one per step; a step's text for the closing table is set while it runs."""

    def __init__(self, console: Console) -> None:
        self.proofs = Proofs()
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    @contextmanager
    def step(self, name: str, total: float = 1) -> Iterator[Step]:
        started = time.monotonic()
        step = Step(self._progress, self._progress.add_task(name, total=total))
        yield step
        step.finish()
        self.proofs.lines.append((name, step.seen, time.monotonic() - started))

    @contextmanager
    def shown(self) -> Iterator[None]:
        with self._progress:
            yield


class Step:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self.seen = ""

    def advance(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)

    def reach(self, amount: float) -> None:
        self._progress.update(self._task, completed=amount)

    def expect(self, total: float) -> None:
        self._progress.update(self._task, total=total)

    def finish(self) -> None:
        total = self._progress.tasks[self._task].total
        self._progress.update(self._task, completed=total)
