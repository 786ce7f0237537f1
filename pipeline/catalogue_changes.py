"""What a changed definition does to the numbers: an earlier published file against this build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.errors import UserError

# What makes a definition; words, owners and targets do not.
DEFINITION = (
    "version",
    "formula",
    "calculation",
    "sql_expression",
    "base_relations",
    "grains",
    "over_time",
    "settling_days",
)
PERIODS = 12


@dataclass(frozen=True)
class Value:
    """A metric in a period, before and now, in the metric's unit; None where there is no value."""

    grain: str
    period_start_date: date
    old: float | None
    new: float | None

    @property
    def impact(self) -> str:
        """The difference, and what it is of the old value, in words."""
        if self.old is None or self.new is None:
            return "" if self.old is self.new else "only then" if self.new is None else "only now"
        share = f" ({(self.new - self.old) / abs(self.old):+.2%})" if self.old else ""
        return f"{self.new - self.old:+,.6g}{share}"


@dataclass(frozen=True)
class Change:
    """A metric whose definition is another than in the earlier file.

    Attributes
    ----------
    differences : tuple of tuple of str
        Column, what it said, what it says; one tuple each.
    values : tuple of Value
        The last periods of each grain in total, oldest first.
    """

    metric_name: str
    unit: str
    differences: tuple[tuple[str, str, str], ...]
    values: tuple[Value, ...]


def find_changes(build_file: Path, earlier_file: Path) -> tuple[list[Change], list[str], list[str]]:
    """Compare the catalogue of the last build with that of an earlier published file.

    Returns
    -------
    changes : list of Change
        Metrics that both have under different definitions.
    added, removed : list of str
        Metrics that only the build, and only the earlier file has.

    Raises
    ------
    UserError
        The earlier file is missing, is no database, or holds no catalogue.
    """
    if not earlier_file.is_file():
        raise UserError(f"{earlier_file} does not exist", "give an earlier published file")
    with duckdb.connect() as connection:
        connection.execute(f"attach {_quoted(build_file)} as present (read_only)")
        try:
            connection.execute(f"attach {_quoted(earlier_file)} as earlier (read_only)")
            connection.execute("select metric_name from earlier.catalogue.metrics_catalogue")
        except duckdb.Error as error:
            raise UserError(
                f"{earlier_file} holds no catalogue of metrics",
                "give a file that `plumbline nightly` published after there was a catalogue",
            ) from error
        old, new = (_definitions(connection, name) for name in ("earlier", "present"))
        changes = [
            Change(name, new[name]["unit"], differences, _values(connection, name))
            for name in sorted(old.keys() & new.keys())
            if (differences := _differences(old[name], new[name]))
        ]
    return changes, sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _definitions(connection: duckdb.DuckDBPyConnection, file: str) -> dict[str, dict[str, str]]:
    columns = ("metric_name", "unit", *DEFINITION)
    rows = connection.execute(
        f"select {', '.join(columns)} from {file}.catalogue.metrics_catalogue"
    ).fetchall()
    return {row[0]: dict(zip(columns, map(str, row), strict=True)) for row in rows}


def _differences(old: dict[str, str], new: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, old[name], new[name]) for name in DEFINITION if old[name] != new[name])


def _values(connection: duckdb.DuckDBPyConnection, metric: str) -> tuple[Value, ...]:
    rows = connection.execute(
        "select grain, period_start_date, o.value, n.value"
        " from (from earlier.catalogue.metric_values where metric_name = $1) o"
        " full join (from present.catalogue.metric_values where metric_name = $1) n using"
        " (metric_name, grain, period_start_date, dimension_name, dimension_value)"
        " where dimension_name = 'total'"
        f" qualify row_number() over (partition by grain order by period_start_date desc)"
        f" <= {PERIODS} order by grain, period_start_date",
        [metric],
    ).fetchall()
    return tuple(Value(*row) for row in rows)


def print_changes(build_file: Path, earlier_file: Path, console: Console) -> None:
    """Print each changed metric with its values side by side, and what came and went."""
    changes, added, removed = find_changes(build_file, earlier_file)
    for change in changes:
        console.print(Text(f"{change.metric_name} ({change.unit})", "bold"))
        for name, old, new in change.differences:
            console.print(Text(f"  {name}: {old} -> {new}"), soft_wrap=True)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for title in ("grain", "period", "then", "now", "impact"):
            table.add_column(title, justify="left" if title in ("grain", "period") else "right")
        for value in change.values:
            shown = ("" if v is None else f"{v:,.6g}" for v in (value.old, value.new))
            table.add_row(value.grain, str(value.period_start_date), *shown, value.impact)
        console.print(table)
    for label, names in (("new", added), ("gone", removed)):
        if names:
            console.print(Text(f"{label}: {', '.join(names)}"), soft_wrap=True)
    if not changes:
        console.print("no metric of both files has another definition or version")
