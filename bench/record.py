"""What every bench shares: child processes that are measured, figures, and where they are kept."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Parameters
    ----------
    what : str
        What was measured.
    value : float
        In `unit`.
    unit : str
        `s`, `GB`, `x`, `rows`, ... or nothing.
    target : float, optional
        What it shall not exceed.
    """

    what: str
    value: float
    unit: str = ""
    target: float | None = None

    @property
    def shown(self) -> str:
        """The value as people read it."""
        whole = self.unit == "rows" or float(self.value).is_integer()
        number = f"{self.value:,.0f}" if whole else f"{self.value:,.3g}"
        return f"{number} {self.unit}".strip()

    @property
    def verdict(self) -> str:
        """The target and whether it is met; nothing where there is none."""
        if self.target is None:
            return ""
        met = "met" if self.value <= self.target else "[bold red]missed[/]"
        return f"{self.target:,g} {self.unit}, {met}"


@dataclass(frozen=True)
class Measured:
    """What a child process took: wall and CPU seconds, peak memory in bytes, its output."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str

    def figures(self, what: str, target: float | None = None) -> list[Figure]:
        """Wall time, CPU time and peak memory as figures."""
        return [
            Figure(what, self.seconds, "s", target),
            Figure(f"{what}: CPU", self.cpu_seconds, "s"),
            Figure(f"{what}: peak memory", self.peak_bytes / 1e9, "GB", 4.0 if target else None),
        ]


def run_child(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a Python command in a process of its own and measure it.

    Parameters
    ----------
    command : sequence of str
        Arguments of the interpreter, such as `-m plumbline nightly`.
    environment : mapping, optional
        Added to that of this process.

    Raises
    ------
    RuntimeError
        The command fails; its last lines are in the message.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{text[-2000:]}")
    # Linux counts kilobytes, macOS bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Measured(seconds, usage.ru_utime + usage.ru_stime, peak, text)


def machine() -> dict[str, Any]:
    """Describe the machine and the code that is measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "python": platform.python_version(),
        "duckdb": importlib.metadata.version("duckdb"),
        "git_commit": _git("rev-parse", "--short", "HEAD"),
        "is_modified": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def keep(name: str, settings: Mapping[str, Any], figures: Sequence[Figure]) -> Path:
    """Append the figures of one bench to its file, one JSON line, and return the file."""
    RESULTS.mkdir(exist_ok=True)
    line = {
        "machine": machine(),
        "settings": dict(settings),
        "figures": [asdict(figure) for figure in figures],
    }
    path = RESULTS / f"{name}.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return path


def show(
    name: str, settings: Mapping[str, Any], figures: Sequence[Figure], console: Console
) -> None:
    """Print the figures of one bench as a table."""
    given = ", ".join(f"{key} {value}" for key, value in settings.items())
    table = Table(title=f"{name} ({given})", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("what")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("target")
    for figure in figures:
        table.add_row(figure.what, figure.shown, figure.verdict)
    console.print(table)
