"""What changed in the numbers: an earlier published file against this build (D072).

A metric's definition may have changed, or its values of old periods under the same definition:
the definition is YAML, and what lies below it (a fact's SQL, a seed, a var, late events) is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plumbline.errors import UserError

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
TOLERANCE = 1e-9
# Totals before cuts, then the largest change first, NULL against a value being a whole one.
MOVED = f"""
select metric_name, unit,
    if(dimension_name = 'total', '', dimension_name || ' ' || dimension_value) as cut,
    count(*) filter (is_moved) over (partition by metric_name),
    count(*) over (partition by metric_name), grain, period_start_date, old, new
from (
    select o.* exclude (value), c.unit, o.value as old, n.value as new,
        abs(new - old) / nullif(greatest(abs(new), abs(old)), 0) as share,
        (old is null) <> (new is null) or coalesce(share, 0) > {TOLERANCE} as is_moved
    from (select {{key}}, value from earlier.catalogue.metric_values) o
    join (select {{key}}, value from present.catalogue.metric_values) n using ({{key}})
    join present.catalogue.metrics_catalogue c using (metric_name)
)
where not list_contains($1, metric_name)
qualify is_moved and row_number() over (
    partition by metric_name
    order by not is_moved, dimension_name <> 'total', coalesce(share, 1) desc, {{key}}
) = 1
order by metric_name
""".format(key="metric_name, grain, period_start_date, dimension_name, dimension_value")


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


@dataclass(frozen=True)
class Moved:
    """A metric whose definition is the same, and values of periods that both files hold are not.

    Attributes
    ----------
    cut : str
        Dimension and value of `value`; empty where it is in total.
    count, compared : int
        Values that moved, of how many that both files hold.
    value : Value
        The largest relative change, in total where a total moved.
    """

    metric_name: str
    unit: str
    cut: str
    count: int
    compared: int
    value: Value


@dataclass(frozen=True)
class Comparison:
    """Two catalogues side by side.

    Attributes
    ----------
    changes : tuple of Change
        Metrics that both have under different definitions.
    moved : tuple of Moved
        Metrics that both have under the same definition with other values.
    added, removed : tuple of str
        Metrics that only the build, and only the earlier file has.
    """

    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def find_changes(build_file: Path, earlier_file: Path) -> Comparison:
    """Compare the catalogue of the last build with that of an earlier published file.

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
        changes = tuple(
            Change(name, new[name]["unit"], differences, _values(connection, name))
            for name in sorted(old.keys() & new.keys())
            if (differences := _differences(old[name], new[name]))
        )
        moved = connection.execute(MOVED, [[change.metric_name for change in changes]]).fetchall()
    return Comparison(
        changes,
        tuple(Moved(*row[:5], Value(*row[5:])) for row in moved),
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
    )


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
    """Print each changed metric with its values side by side, what moved, what came and went."""
    found = find_changes(build_file, earlier_file)
    for change in found.changes:
        console.print(Text(f"{change.metric_name} ({change.unit})", "bold"))
        for name, old, new in change.differences:
            console.print(Text(f"  {name}: {old} -> {new}"), soft_wrap=True)
        table = _table("grain", "period")
        for value in change.values:
            table.add_row(value.grain, *_cells(value))
        console.print(table)
    for label, names in (("new", found.added), ("gone", found.removed)):
        if names:
            console.print(Text(f"{label}: {', '.join(names)}"), soft_wrap=True)
    if not found.changes:
        console.print("no metric of both files has another definition or version")
    _print_moved(found.moved, console)


def _print_moved(moved: tuple[Moved, ...], console: Console) -> None:
    if not moved:
        console.print("no value of both files moved under an unchanged definition")
        return
    console.print(Text("values that moved under an unchanged definition", "bold"))
    console.print(
        "late events and corrections may do so; if not, a model, a seed or a var has changed",
        soft_wrap=True,
    )
    table = _table("metric", "moved", "largest", "period")
    for metric in moved:
        value = metric.value
        place = f"{value.grain} {metric.cut}".strip()
        count = f"{metric.count:,} of {metric.compared:,}"
        table.add_row(metric.metric_name, count, place, *_cells(value))
    console.print(table)


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title not in ("moved", "largest"))
    for title in ("then", "now", "impact"):
        table.add_column(title, justify="right", overflow="fold", no_wrap=True)
    return table


def _cells(value: Value) -> tuple[str, ...]:
    shown = ("" if v is None else f"{v:,.6g}" for v in (value.old, value.new))
    return str(value.period_start_date), *shown, value.impact
