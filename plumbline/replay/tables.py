"""Writing the tables of a replay that is under way."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa


def keep(connection: duckdb.DuckDBPyConnection, relation: str, rows: pa.Table) -> None:
    """Set a table to some rows."""
    connection.execute(f"create schema if not exists {relation.partition('.')[0]}")
    connection.register("rows", rows)
    connection.execute(f"create or replace table {relation} as select * from rows")
    connection.unregister("rows")


def append(
    connection: duckdb.DuckDBPyConnection, relation: str, rows: pa.Table, key: str, day: date
) -> None:
    """Add rows of a day, which is the column `key` where they have none of that name."""
    if key not in rows.column_names:
        rows = rows.append_column(key, pa.array([day] * rows.num_rows, pa.date32()))
    connection.execute(f"create schema if not exists {relation.partition('.')[0]}")
    connection.register("rows", rows)
    connection.execute(f"create table if not exists {relation} as select * from rows limit 0")
    connection.execute(f"insert into {relation} select * from rows")
    connection.unregister("rows")
