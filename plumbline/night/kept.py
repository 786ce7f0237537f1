"""Published nights of the tables that keep each night, which a broken rerun had taken out (D163).

A rerun replaces the rows of its date as it builds. Where it fails, or is killed, its own rows are
those of no published run: the published file still has the ones that stand.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from plumbline.store import ops

# Models with the pre-hook `delete_unpublished_nights`; a test holds the two equal.
KEPT = (
    ("monitoring", "rpt_feature_drift"),
    ("monitoring", "rpt_score_drift"),
    ("monitoring", "rpt_sentiment_drift"),
    ("risk", "rpt_at_risk_accounts_history"),
)
# What they were called before: nobody else has the nights that such a table holds.
FORMER = {
    ("monitoring", "rpt_feature_drift"): "feature_drift",
    ("monitoring", "rpt_score_drift"): "score_drift",
    ("monitoring", "rpt_sentiment_drift"): "sentiment_drift",
}


def rename(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Give tables of the private file that carry a former name their own; no night is lost.

    Returns
    -------
    list of str
        Former names of what was renamed, as `schema.table`.
    """
    there = _tables(connection, "current_database()")
    found = [(name, old) for name, old in FORMER.items() if (name[0], old) in there]
    for (schema, table), former in found:
        old, new = f"{schema}.{former}", f"{schema}.{table}"
        if (schema, table) in there:
            # a build by dbt alone has begun it anew
            connection.execute(
                f"insert into {new} by name select * from {old}"
                f" where as_of_date not in (select as_of_date from {new}); drop table {old}"
            )
        else:
            connection.execute(f"alter table {old} rename to {table}")
    return [f"{schema}.{former}" for (schema, _), former in found]


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
    shown = table
    if (schema, table) not in _tables(connection, "'published'"):
        shown = FORMER.get((schema, table), table)
    columns = [
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where schema_name = $schema"
            " and (database_name = 'published' and table_name = $shown"
            " or database_name = current_database() and table_name = $table)"
            " group by column_name having count(distinct database_name) = 2",
            {"schema": schema, "shown": shown, "table": table},
        ).fetchall()
    ]
    if not columns:
        return 0
    days = connection.execute(
        f"select distinct as_of_date from published.{schema}.{shown}"
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
            f" from published.{schema}.{shown} where as_of_date in (select unnest($days))",
            chosen,
        ).fetchall()[0][0]
    )


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> set[tuple[str, str]]:
    rows = connection.execute(
        f"select schema_name, table_name from duckdb_tables() where database_name = {database}"
    )
    return set(rows.fetchall())
