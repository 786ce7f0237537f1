"""Copies the published rooms into a new file and makes it visible in one rename.

What a room's tables are put together from (`int_...`) stays in the private file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb

from plumbline.config import Settings
from plumbline.night.gate import Night
from plumbline.store import ops
from plumbline.store.raw import read_sources

STORAGE_VERSION = "v1.2.0"  # older readers open it
ROOMS = (
    "reference",
    "core",
    "revenue",
    "features",
    "health",
    "risk",
    "outlook",
    "activation",
    "experiments",
    "migration",
    "quality",
    "monitoring",
    "catalogue",
    "semantic",
)
STEP = "int_"  # begins the name of a model that no reader is meant to see
WRITTEN_BY_PYTHON = {"ml": None, "ops": ("runs",)}
# dbt vars that say how many days of as-of dates readers get.
DAYS, DAYS_OF = "publish_days", {("ml", "prediction_reasons"): "publish_reasons_days"}
# Their date is that of a training or a study, which may be older than any night that is shown.
OF_ANY_AGE = {
    ("ml", "model_runs"),
    ("ml", "model_comparison"),
    ("ml", "feature_ablation"),
    ("monitoring", "model_comparison"),
    ("monitoring", "feature_ablation"),
}
Progress = Callable[[float, float | None, str], None]
# Text of a table, and of its columns by name.
Described = tuple[str, Mapping[str, str]]


def publish(
    settings: Settings, night: Night, detail: Mapping[str, object], report: Progress | None = None
) -> int:
    """Copy the published rooms into a new file and rename it over the old one.

    Parameters
    ----------
    detail : mapping
        Kept with the state *published* of the run.

    Returns
    -------
    int
        Number of tables published.
    """
    final = settings.published_file
    temporary = final.with_name(f"{final.name}.{night.run_id}.tmp")
    try:
        count = _copy(settings, night, temporary, detail, report)
        descriptor = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        for leftover in leftovers(settings):
            leftover.unlink(missing_ok=True)
        raise
    # A log that a reader's write attempt left beside the old file must not meet the new one.
    final.with_name(f"{final.name}.wal").unlink(missing_ok=True)
    temporary.replace(final)
    sync_folder(final.parent)
    return count


def leftovers(settings: Settings) -> list[Path]:
    """Files that dead runs left beside the published one."""
    name = settings.published_file.name
    return sorted(settings.published_file.parent.glob(f"{name}.*.tmp*"))


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(
    settings: Settings,
    night: Night,
    temporary: Path,
    detail: Mapping[str, object],
    report: Progress | None,
) -> int:
    first_days = {
        name: night.as_of - timedelta(days=int(settings.dbt_var(name)))
        for name in (DAYS, *DAYS_OF.values())
    }
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.build_file}' as source (read_only)")
        connection.execute(f"attach '{temporary}' as target (storage_version '{STORAGE_VERSION}')")
        runs = [night.run_id, *_published_runs(connection)]
        tables = _tables(connection)
        written = _described_in_sources(settings.root)
        connection.execute("begin")
        for number, (schema, table) in enumerate(tables, start=1):
            if report is not None:
                report(number, len(tables), f"{schema}.{table}")
            first_day = first_days[DAYS_OF.get((schema, table), DAYS)]
            _copy_table(connection, schema, table, runs, first_day)
            _describe(connection, schema, table, written)
        connection.execute("use target")
        ops.record(connection, night.run_id, night.as_of, settings.source, ops.PUBLISHED, detail)
        connection.execute("commit")
        connection.execute("use memory")
        connection.execute("checkpoint target")
        connection.execute("detach target")
    return len(tables)


def _copy_table(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    runs: list[str],
    first_day: date,
) -> None:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = 'source' and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    names = dict(columns)
    conditions, parameters = ["true"], []
    is_dated = names.get("as_of_date") == "DATE" and schema != "ops"
    if is_dated and (schema, table) not in OF_ANY_AGE:
        conditions.append("as_of_date > ?")
        parameters.append(first_day)
    if schema in WRITTEN_BY_PYTHON and "run_id" in names:
        conditions.append("run_id in (select unnest(?))")
        parameters.append(runs)
    quoted = f'{schema}."{table}"'
    connection.execute(f"create schema if not exists target.{schema}")
    connection.execute(
        f"create table target.{quoted} as select * from source.{quoted}"
        f" where {' and '.join(conditions)}",
        parameters,
    )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    written: Mapping[tuple[str, str], Described],
) -> None:
    # What dbt persisted in the private file, or else what the sources' YAML says.
    quoted = f'target.{schema}."{table}"'
    text, columns = written.get((schema, table), ("", {}))
    comment = connection.execute(
        "select comment from duckdb_tables() where database_name = 'source'"
        " and schema_name = ? and table_name = ? union all"
        " select comment from duckdb_views() where database_name = 'source'"
        " and schema_name = ? and view_name = ?",
        [schema, table] * 2,
    ).fetchone()
    text = (comment and comment[0]) or text
    if text:
        connection.execute(f"comment on table {quoted} is {_literal(text.strip())}")
    comments = connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = 'source'"
        " and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchall()
    for name, comment in comments:
        text = comment or columns.get(name, "")
        if text:
            connection.execute(
                f'comment on column {quoted}."{name}" is {_literal(text.strip())}'
            )


def _described_in_sources(root: Path) -> dict[tuple[str, str], Described]:
    # dbt persists nothing on a source: what Python writes is described in its sources' YAML.
    return {
        (source.get("schema", source["name"]), table["name"]): (
            table["description"],
            {column["name"]: column["description"] for column in table["columns"]},
        )
        for file in sorted(root.glob("models/staging/*/_*__sources.yml"))
        for source in read_sources(file)
        for table in source["tables"]
    }


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = 'source' order by table_schema, table_name"
    ).fetchall()
    return [
        (schema, table)
        for schema, table in rows
        if (schema in ROOMS and not table.startswith(STEP))
        or (schema in WRITTEN_BY_PYTHON and table in (WRITTEN_BY_PYTHON[schema] or (table,)))
    ]


def _published_runs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    connection.execute("use source")
    try:
        return ops.published_run_ids(connection)
    finally:
        connection.execute("use memory")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
