"""Published nights of the tables that keep each night, which a broken rerun had taken out.

A rerun replaces the rows of its date as it builds. Where it fails, or is killed, its own rows are
those of no published run: the published file still has the ones that stand.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from plumbline.store import ops

# Models with the pre-hook `delete_unpublished_nights`; a test holds the two equal.
KEPT = (
    ("monitoring", "feature_drift"),
    ("monitoring", "score_drift"),
    ("monitoring", "sentiment_drift"),
    ("risk", "rpt_at_risk_accounts_history"),
)


def restore(connection: duckdb.DuckDBPyConnection, published_file: Path) -> int:
    """Put back the nights that readers see and the private file has only of unpublished runs.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Open on the private file, whose runs have been healed.
    published_file : Path
        Where it cannot be read nothing is put back: the next publication replaces it.

    Returns
    -------
    int
        Rows that were put back.
    """
    if not published_file.exists():
        return 0
    try:
        connection.execute(f"attach '{published_file}' as published (read_only)")
    except duckdb.Error:
        return 0
    runs = ops.published_run_ids(connection)
    try:
        return sum(_restore_table(connection, schema, table, runs) for schema, table in KEPT)
    finally:
        connection.execute("detach published")


def _restore_table(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, runs: list[str]
) -> int:
    columns = [
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ?"
            " group by column_name having count(distinct database_name) = 2",
            [schema, table],
        ).fetchall()
    ]
    if not columns:
        return 0
    days = connection.execute(
        f"select distinct as_of_date from published.{schema}.{table}"
        f" where run_id in (select unnest($runs)) and as_of_date not in"
        f" (select as_of_date from {schema}.{table} where run_id in (select unnest($runs)))",
        {"runs": runs},
    ).fetchall()
    if not days:
        return 0
    chosen = {"days": [day for (day,) in days]}
    connection.execute(
        f"delete from {schema}.{table} where as_of_date in (select unnest($days))", chosen
    )
    names = ", ".join(f'"{name}"' for name in columns)
    return int(
        connection.execute(
            f"insert into {schema}.{table} ({names}) select {names}"
            f" from published.{schema}.{table} where as_of_date in (select unnest($days))",
            chosen,
        ).fetchall()[0][0]
    )
