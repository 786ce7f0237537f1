"""Rows of a dump that lie beyond the as-of date: they do not count, and are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import duckdb


def read_later_rows(
    connection: duckdb.DuckDBPyConnection, as_of: date, vendors: Sequence[str]
) -> dict[str, int]:
    """Rows of these vendors that became known on a date or later, by base model."""
    names = connection.execute(
        "select distinct table_name from duckdb_columns()"
        " where schema_name = 'base' and column_name = 'known_at'"
        " and list_contains(?, split_part(table_name, '__', 1)) order by table_name",
        [[f"base_{vendor}" for vendor in vendors]],
    ).fetchall()
    counted = {}
    for (name,) in names:
        rows = connection.execute(
            f"select count(*) from base.{name} where known_at >= ?", [as_of]
        ).fetchall()
        counted[name] = int(rows[0][0])
    return {name: rows for name, rows in counted.items() if rows}


def sentences(
    connection: duckdb.DuckDBPyConnection, as_of: date, vendors: Sequence[str], is_dump: bool
) -> Iterator[str]:
    """Say what was left out of a dump; where files say when they landed, it is on purpose."""
    if is_dump and (later := read_later_rows(connection, as_of, vendors)):
        counts = ", ".join(f"{rows:,} rows of {name}" for name, rows in later.items())
        yield f"Left out, known on {as_of} or later: {counts}."
