"""What became of dbt's nodes, in words for people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from plumbline.errors import UserError, explain_engine_text, one_line

BAD = {"error", "fail", "runtime error"}


@dataclass(frozen=True)
class NodeOutcome:
    """What became of one dbt node.

    Attributes
    ----------
    kind, name : str
        Resource type (`model`, `test`, `seed`, ...) and name.
    status : str
        dbt's word: `success`, `pass`, `warn`, `fail`, `error`, `skipped`.
    message : str
        dbt's message on one line.
    failures : int
        Rows that a test returned.
    """

    kind: str
    name: str
    status: str
    message: str
    failures: int

    @property
    def line(self) -> str:
        """What went wrong, on one line."""
        if self.kind in ("test", "unit_test") and self.status in ("fail", "warn"):
            return f"{self.kind.replace('_', ' ')} {self.name}: {self.message}"
        return f"{self.kind} {self.name} could not be built: {self.message}"


@dataclass(frozen=True)
class BuildOutcome:
    """What became of one dbt invocation."""

    nodes: tuple[NodeOutcome, ...]

    @property
    def failed(self) -> tuple[NodeOutcome, ...]:
        """Nodes that ended in error and tests that failed with severity error."""
        return tuple(node for node in self.nodes if node.status in BAD)

    @property
    def warned(self) -> tuple[NodeOutcome, ...]:
        """Tests that failed with severity warn."""
        return tuple(node for node in self.nodes if node.status == "warn")

    @property
    def tests(self) -> tuple[NodeOutcome, ...]:
        """Tests of either kind; dbt runs the project's hooks beside them."""
        return tuple(node for node in self.nodes if node.kind in ("test", "unit_test"))

    def counted(self) -> str:
        """A short sentence on how much was done."""
        relations = sum(node.kind in ("model", "seed") for node in self.nodes)
        return f"{relations} relations, {len(self.tests)} tests"

    def require_success(self, what: str) -> None:
        """Turn failures into an error for the user.

        Raises
        ------
        UserError
            A node failed; with more than one, each has its line.
        """
        if not self.failed:
            return
        for node in self.failed:
            known = explain_engine_text(node.message)
            if known:
                raise known
        first, *others = self.failed
        notes = tuple(node.line for node in self.failed) if others else ()
        message = f"{len(self.failed)} checks or tables failed, see above" if others else first.line
        raise UserError(
            f"{what} stopped, nothing was published: {message}",
            f"look at it with `dbt build --select {first.name}`, mend its cause and run again",
            notes,
        )


def read_outcome(result: Any, build_file: Path) -> NodeOutcome:
    """Fold dbt's result of a node; a test says in which columns it found nulls, or what it tells.

    Parameters
    ----------
    build_file : Path
        The private file, which dbt has closed.
    """
    message = _meaningful(result.message or "")
    if str(result.node.resource_type) == "test" and result.failures:
        code = result.node.compiled_code or ""
        nulls = {name for text in _found(code, "null_columns", build_file) for name in text.split()}
        if nulls:
            message = f"null in {', '.join(sorted(nulls))} ({message})"
        message = "; ".join(_found(code, "fault_told", build_file)) or message
    return NodeOutcome(
        kind=str(result.node.resource_type),
        name=result.node.name,
        status=str(result.status),
        message=message,
        failures=int(result.failures or 0),
    )


def _found(query: str, column: str, build_file: Path) -> list[str]:
    # dbt tells only how many rows a test found.
    if column not in query:
        return []
    with duckdb.connect(str(build_file), read_only=True) as connection:
        rows = connection.execute(f"select distinct {column} from ({query}) as found").fetchall()
    return sorted(text for (text,) in rows if text)


# The engine repeats the value that it cannot read, which may be what a person wrote.
VALUE_TOLD = re.compile(r"(Could not convert string|format:|range:|Input:) (['\"]).*?\2")

# dbt colours the rows in which a unit test differs, wherever its words go.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _meaningful(message: str) -> str:
    # dbt's first line repeats the node's name and file, its last ones macros or the compiled file.
    lines = [line.strip() for line in COLOUR.sub("", message).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("compiled code at", "> "))]
    if len(lines) > 1 and " Error in " in lines[0]:
        lines = lines[1:]
    return VALUE_TOLD.sub(r"\1 ...", one_line(" ".join(lines)))[:400]
