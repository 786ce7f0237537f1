"""The layer's only door to the database.

Reads ``features.feat_*`` and, to know which nights are published, ``ops.runs``; writes schema
``ml``. Every write is one transaction: a training or a scoring is there as a whole or not at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from ml.checks import check_columns
from ml.config import TargetSettings
from ml.contract import FeatureContract
from ml.tables import create_statements, feature_selection, insert_statement, table_columns
from plumbline.errors import UserError

EXAMPLES = "features.feat_training_examples"
DAILY = "features.feat_accounts_daily"
VERSIONED = ("model_runs", "model_performance", "feature_importance", "feature_bins")
SCORED = ("predictions", "prediction_reasons")


@contextmanager
def connect(database: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the private warehouse file; a writing connection is one transaction.

    Raises
    ------
    UserError
        Where the file is missing, locked, not a database, or a statement fails; nothing of the
        transaction is kept.
    """
    if not database.is_file():
        raise UserError(f"the database {database} does not exist", "build it first (`dbt build`)")
    try:
        connection = duckdb.connect(str(database), read_only=read_only)
    except duckdb.Error as error:
        if "lock" in str(error) or "different configuration" in str(error):
            raise UserError(
                f"the database {database} is locked: another program has it open",
                "close that program (or wait for the other run), then run again",
            ) from error
        raise UserError(
            f"the database {database} cannot be opened ({str(error).splitlines()[0]})",
            "restore the file, or remove it and build again",
        ) from error
    try:
        connection.begin()
        yield connection
        connection.commit()
    except duckdb.Error as error:
        raise UserError(
            f"the database {database} refused a statement ({str(error).splitlines()[0]})",
            "rebuild the feature mart (`dbt build`), or free disk space, then run again",
        ) from error
    finally:
        # Closing an open transaction rolls it back.
        connection.close()


def read_training(
    database: Path, contract: FeatureContract, target: TargetSettings, as_of_date: date
) -> pd.DataFrame:
    """Read the target's population with the labels that were known on a day, by date and account.

    Returns
    -------
    pd.DataFrame
        account_id, as_of_date, the features and the label (float64).
    """
    label = target.label
    last = as_of_date - timedelta(days=target.known_after_days)
    with connect(database, read_only=True) as connection:
        types = _types(connection, EXAMPLES)
        check_columns(types, contract, EXAMPLES)
        if label not in types:
            raise UserError(
                f"the label {label} is not a column of {EXAMPLES}",
                "correct `label` of the source in plumbline.toml",
            )
        return connection.execute(
            f"select {feature_selection([*contract.names, label])} from {EXAMPLES} "
            f'where {target.population} and "{label}" is not null and as_of_date <= ? '
            "order by as_of_date, account_id",
            [last],
        ).df()


def read_scoring(
    database: Path, contract: FeatureContract, population: str, as_of_date: date
) -> pd.DataFrame:
    """Read the features and ``paid_mrr`` (US dollars) of a population on a date, by account."""
    with connect(database, read_only=True) as connection:
        check_columns(_types(connection, DAILY), contract, DAILY)
        return connection.execute(
            f"select {feature_selection(contract.names)}, cast(coalesce(mrr, 0) as double) paid_mrr"
            f" from {DAILY} where as_of_date = ? and {population} order by account_id",
            [as_of_date],
        ).df()


def read_rows(database: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table of schema ``ml``; none where it does not exist yet."""
    with connect(database, read_only=True) as connection:
        if not _types(connection, f"ml.{table}"):
            return []
        names = list(table_columns()[table])
        rows = connection.execute(f"select {', '.join(names)} from ml.{table}").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def query(database: Path, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement; the database is only read."""
    with connect(database, read_only=True) as connection:
        return connection.execute(statement, parameters).fetchall()


def append_rows(database: Path, table: str, frame: pd.DataFrame) -> None:
    """Add rows to a table of schema ``ml``, with exactly its columns."""
    with connect(database, read_only=False) as connection:
        connection.execute("; ".join(create_statements()))
        _insert(connection, table, pa.Table.from_pandas(frame, preserve_index=False))


def read_performance(database: Path, model_version: str) -> pd.DataFrame:
    """Return the rows of ``ml.model_performance`` of one model."""
    with connect(database, read_only=True) as connection:
        return connection.execute(
            "select * from ml.model_performance where model_version = ?", [model_version]
        ).df()


def write_training(
    database: Path, version: str, tables: Mapping[str, pd.DataFrame], key: str = "model_version"
) -> None:
    """Write all rows of one training run or study, by table; those of the version are replaced."""
    with connect(database, read_only=False) as connection:
        for statement in create_statements():
            connection.execute(statement)
        for table in {*tables, *(VERSIONED if key == "model_version" else ())}:
            connection.execute(f"delete from ml.{table} where {key} = ?", [version])
        for table, frame in tables.items():
            _insert(connection, table, pa.Table.from_pandas(frame, preserve_index=False))


def write_scores(database: Path, key: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> bool:
    """Write the rows of one scoring.

    Rows of this run, and of runs that never were published, make way for the date and target. Rows
    of published runs are never removed: where those that readers see are equal to the new ones,
    nothing is written, else the new ones stand beside them and are seen once their run is.

    Parameters
    ----------
    key : Mapping[str, Any]
        run_id, model_version, target, as_of_date.
    tables : Mapping[str, pa.Table]
        ``predictions`` and ``prediction_reasons``, with the columns that are not in the key.

    Returns
    -------
    bool
        False where equal published rows were there already.
    """
    with connect(database, read_only=False) as connection:
        for statement in create_statements():
            connection.execute(statement)
        keep = [run for run in _published_runs(connection) if run != key["run_id"]]
        for table in SCORED:
            connection.execute(
                f"delete from ml.{table} where target = ? and as_of_date = ? "
                "and not list_contains(?, run_id)",
                [key["target"], key["as_of_date"], keep],
            )
        seen = {**key, "run_id": _visible_run(connection, key, keep)}
        if all(_equal(connection, name, rows, seen) for name, rows in tables.items()):
            return False
        for name, rows in tables.items():
            _insert(connection, name, rows, key)
    return True


def _visible_run(
    connection: duckdb.DuckDBPyConnection, key: Mapping[str, Any], published: Sequence[str]
) -> str | None:
    """Return the published run that readers see for the date: the one published last."""
    runs = connection.execute(
        "select distinct run_id from ml.predictions where target = ? and as_of_date = ?",
        [key["target"], key["as_of_date"]],
    ).fetchall()
    present = {run for (run,) in runs}
    return next((run for run in reversed(published) if run in present), None)


def _published_runs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the published runs, the one published last at the end."""
    if not _types(connection, "ops.runs"):
        return []
    rows = connection.execute(
        "select run_id from ops.runs where state in ('published', 'replayed') "
        "group by run_id order by max(recorded_at), run_id"
    ).fetchall()
    return [run for (run,) in rows]


def _equal(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, key: Mapping[str, Any]
) -> bool:
    names = ", ".join(rows.column_names)
    held = f"select {names} from ml.{table} where " + " and ".join(f"{k} = ?" for k in key)
    connection.register("new_rows", rows)
    ((differing, count),) = connection.execute(
        f"select (select count(*) from (select {names} from new_rows except {held})), "
        f"(select count(*) from ({held}))",
        [*key.values(), *key.values()],
    ).fetchall()
    connection.unregister("new_rows")
    return differing == 0 and count == rows.num_rows


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rows: pa.Table,
    key: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows; columns of the key are constants."""
    key = key or {}
    connection.register("new_rows", rows)
    connection.execute(insert_statement(table, rows.column_names, list(key)), list(key.values()))
    connection.unregister("new_rows")


def _types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return column types of a relation; empty where it does not exist."""
    schema, name = relation.split(".")
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    if not rows and schema == "features":
        raise UserError(f"{relation} does not exist", "build the feature mart first (`dbt build`)")
    return dict(rows)
