"""How commands speak: stages with live bars or one plain line each, errors, paths."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from plumbline.errors import UserError


@dataclass
class Step:
    """Handle that a running stage reports through."""

    progress: Progress | None = None
    task: TaskID | None = None
    outcome: str = ""

    def update(self, done: float, total: float | None = None, what: str = "") -> None:
        """Show how far the stage is.

        Parameters
        ----------
        done, total : float
            Units of work, whatever the stage counts.
        what : str
            What is at work now.
        """
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, completed=done, total=total, what=what[:38])


@dataclass
class Stages:
    """Runs stages one after the other and keeps their seconds.

    Parameters
    ----------
    console : rich.console.Console
        Where to write; decides by itself whether it is a terminal.
    total : int
        Number of stages that are announced.
    """

    console: Console
    total: int
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, title: str) -> Iterator[Step]:
        """Time one stage and show it while it runs."""
        number = f"[{len(self.seconds) + 1}/{self.total}]"
        began = time.monotonic()
        if self.console.is_terminal:
            with bars(self.console) as progress:
                step = Step(progress, progress.add_task(f"{number} {title}", total=None, what=""))
                yield step
        else:
            self.console.print(f"{number} {title}", markup=False, highlight=False)
            step = Step()
            yield step
        self.seconds[title] = time.monotonic() - began
        if self.console.is_terminal:
            line = Text.assemble(
                ("✓ ", "green"), f"{number:<7}{title:<25}{self.seconds[title]:>6.1f} s"
            )
            outcome = Text(f"   {step.outcome}", "dim")
            if line.cell_len + outcome.cell_len <= self.console.width:
                self.console.print(line + outcome)
                return
            self.console.print(line)
        if step.outcome:
            self._print_below(step.outcome)

    def _print_below(self, outcome: str) -> None:
        margin = " " * (9 if self.console.is_terminal else 6)
        for line in Text(outcome, "dim").wrap(self.console, self.console.width - len(margin)):
            line.rstrip()
            self.console.print(Text(margin) + line)


def bars(console: Console) -> Progress:
    """The look of every progress bar of the project; it leaves no trace once done."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[what]}"),
        console=console,
        transient=True,
        refresh_per_second=8,
    )


def make_console() -> Console:
    """Where results go: as wide as the terminal, 80 columns or COLUMNS elsewhere."""
    return Console(highlight=False)


def print_error(error: UserError) -> None:
    """Print the one line, and the notes above it, to stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for note in error.notes:
        console.print(Text(f"  {note}"))
    console.print(Text.assemble((error.line[:6], "bold red"), error.line[6:]))


def shown(path: Path) -> str:
    """A path relative to the current folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
