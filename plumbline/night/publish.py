"""Copies the published rooms into a new file and makes it visible in one rename.

What a room's tables are put together from stays in the private file, and so does what an older
version of the project left there.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb

from plumbline.config import Settings
from plumbline.night.gate import Night
from plumbline.night.masking import Masking, read_masking
from plumbline.store import ops
from plumbline.store.raw import read_sources

STORAGE_VERSION = "v1.2.0"  # older readers open it
WRITTEN_BY_PYTHON = {"ml": None, "ops": ("runs",)}
# dbt vars that say how many days of as-of dates readers get.
DAYS, DAYS_OF = "publish_days", {("ml", "prediction_reasons"): "publish_reasons_days"}
# Their date is that of a training or a study, which may be older than any night that is shown.
OF_ANY_AGE = {
    ("ml", "model_runs"),
    ("ml", "model_comparison"),
    ("ml", "feature_ablation"),
    ("monitoring", "rpt_model_comparison"),
    ("monitoring", "rpt_feature_ablation"),
}
Progress = Callable[[float, float | None, str], None]
Name = tuple[str, str]
# Text of a table, and of its columns by name.
Described = tuple[str, Mapping[str, str]]


def publish(
    settings: Settings,
    night: Night,
    relations: Collection[Name],
    detail: Mapping[str, object],
    report: Progress | None = None,
) -> int:
    """Copy the published rooms into a new file and rename it over the old one.

    Parameters
    ----------
    relations : collection of (schema, table)
        What people read of all that dbt makes.
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
        count = _copy(settings, night, relations, temporary, detail, report)
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


def is_written_by_python(schema: str, table: str) -> bool:
    """Whether Python, and not dbt, writes a table that readers see."""
    return schema in WRITTEN_BY_PYTHON and table in (WRITTEN_BY_PYTHON[schema] or (table,))


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
    relations: Collection[Name],
    temporary: Path,
    detail: Mapping[str, object],
    report: Progress | None,
) -> int:
    first_days = {
        name: night.as_of - timedelta(days=int(settings.dbt_var(name)))
        for name in (DAYS, *DAYS_OF.values())
    }
    masking = read_masking(settings)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.build_file}' as source (read_only)")
        connection.execute(f"attach '{temporary}' as target (storage_version '{STORAGE_VERSION}')")
        runs = [night.run_id, *_published_runs(connection)]
        tables = _tables(connection, relations)
        written = _described_in_sources(settings.root)
        types, described = _catalogue(connection)
        connection.execute("begin")
        for number, (schema, table) in enumerate(tables, start=1):
            if report is not None:
                report(number, len(tables), f"{schema}.{table}")
            first_day = first_days[DAYS_OF.get((schema, table), DAYS)]
            name = (schema, table)
            _copy_table(connection, *name, types[name], runs, first_day, masking)
            _describe(connection, *name, described[name], written.get(name, ("", {})))
        connection.execute("use target")
        if night.run_id not in ops.published_run_ids(connection):
            ops.record(
                connection, night.run_id, night.as_of, settings.source, ops.PUBLISHED, detail
            )
        connection.execute("commit")
        connection.execute("use memory")
        connection.execute("checkpoint target")
        connection.execute("detach target")
    return len(tables)


def _copy_table(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    columns: Mapping[str, str],
    runs: list[str],
    first_day: date,
    masking: Masking,
) -> None:
    selected, parameters = masking.selected(schema, table)
    conditions = ["true"]
    is_dated = columns.get("as_of_date") == "DATE" and schema != "ops"
    if is_dated and (schema, table) not in OF_ANY_AGE:
        conditions.append("as_of_date > ?")
        parameters.append(first_day)
    if schema in WRITTEN_BY_PYTHON and "run_id" in columns:
        conditions.append("run_id in (select unnest(?))")
        parameters.append(runs)
    quoted = f'{schema}."{table}"'
    connection.execute(f"create schema if not exists target.{schema}")
    connection.execute(
        f"create table target.{quoted} as select {selected} from source.{quoted}"
        f" where {' and '.join(conditions)}",
        parameters,
    )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    described: Described,
    written: Described,
) -> None:
    # What dbt persisted in the private file, or else what the sources' YAML says.
    quoted = f'target.{schema}."{table}"'
    text, columns = (described[0] or written[0]).strip(), described[1]
    comments = [f"comment on table {quoted} is {_literal(text)}"] if text else []
    for name, comment in columns.items():
        text = (comment or written[1].get(name, "")).strip()
        if text:
            comments.append(f'comment on column {quoted}."{name}" is {_literal(text)}')
    connection.execute(";".join(comments))


def _catalogue(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dict[Name, dict[str, str]], dict[Name, Described]]:
    """Types of all columns of the private file, and what dbt persisted there, by table."""
    types: dict[Name, dict[str, str]] = defaultdict(dict)
    texts: dict[Name, dict[str, str]] = defaultdict(dict)
    for schema, table, column, kind, comment in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = 'source' order by column_index"
    ).fetchall():
        types[schema, table][column] = kind
        texts[schema, table][column] = comment or ""
    comments = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = 'source' union all"
        " select schema_name, view_name, comment from duckdb_views()"
        " where database_name = 'source'"
    ).fetchall()
    of_tables = {(schema, table): comment or "" for schema, table, comment in comments}
    return types, {name: (of_tables.get(name, ""), columns) for name, columns in texts.items()}


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


def _tables(connection: duckdb.DuckDBPyConnection, relations: Collection[Name]) -> list[Name]:
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = 'source' order by table_schema, table_name"
    ).fetchall()
    return [
        (schema, table)
        for schema, table in rows
        if (schema, table) in relations or is_written_by_python(schema, table)
    ]


def _published_runs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    connection.execute("use source")
    try:
        return ops.published_run_ids(connection)
    finally:
        connection.execute("use memory")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
