"""Compares tables of two database files, to the bit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

# Differ from run to run by their nature: the run's name, and when things were done.
OF_THE_RUN = frozenset({"run_id", "recorded_at", "detail", "trained_at", "parameters", "metrics"})


def published_tables(file: Path) -> list[str]:
    """Tables of a published file as `schema.table`, without the list of runs."""
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() order by all"
        ).fetchall()
    return [name for (name,) in rows if name != "ops.runs"]


def differing_tables(
    one: Path,
    other: Path,
    tables: Iterable[str],
    *,
    leave_out: frozenset[str] = frozenset(),
    until: date | None = None,
) -> list[str]:
    """Tables that do not hold the same rows, each as often, in two files.

    Parameters
    ----------
    tables : iterable of str
        As `schema.table`; each must be in both files.
    leave_out : frozenset of str
        Columns that are not compared.
    until : date, optional
        Compare only rows whose `as_of_date`, where there is one, is this day or earlier.

    Returns
    -------
    list of str
        A line for each: how many rows are in one file only, and one of them.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        found = [_difference(connection, table, leave_out, until) for table in sorted(tables)]
    return [line for line in found if line]


def _difference(
    connection: duckdb.DuckDBPyConnection, table: str, leave_out: frozenset[str], until: date | None
) -> str:
    schema, name = table.split(".")
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'one'"
        " and schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    assert columns, f"{table} is not in the first file"
    # The shortest text that reads back as the same double tells zero from minus zero, too.
    shown = [
        f'cast("{column}" as varchar) as "{column}"' if kind == "DOUBLE" else f'"{column}"'
        for column, kind in columns
        if column not in leave_out
    ]
    dated = until is not None and ("as_of_date", "DATE") in columns
    where = f"where as_of_date <= date '{until}'" if dated else ""
    sides = [
        f'select {number} as side, {", ".join(shown)} from {file}.{schema}."{name}" {where}'
        for number, file in ((1, "one"), (-1, "other"))
    ]
    counted = (
        "select sum(side) as surplus, * exclude (side)"
        f" from ({sides[0]} union all {sides[1]}) group by all having sum(side) <> 0"
    )
    surplus, lacking = connection.execute(
        "select coalesce(sum(surplus) filter (where surplus > 0), 0),"
        f" coalesce(-sum(surplus) filter (where surplus < 0), 0) from ({counted})"
    ).fetchone() or (0, 0)
    if not surplus and not lacking:
        return ""
    example = connection.execute(f"select * from ({counted}) order by all limit 1").fetchone()
    told = f"{table}: {surplus} rows only in the first, {lacking} only in the other"
    return f"{told}, such as {str(example)[:120]}"
