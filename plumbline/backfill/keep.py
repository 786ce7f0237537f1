"""Between the warehouse and the folder in which a backfill works: models in, nights out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from ml.tables import create_statements
from ml.warehouse import SCORED, VERSIONED
from plumbline.backfill.nights import SCHEMA
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import kept
from plumbline.replay.nights import run_id
from plumbline.store import ops
from plumbline.store.connections import open_private

MODELS = (*VERSIONED, "model_stages")


def take_models(settings: Settings, private: Settings, first: date) -> None:
    """Give a new folder the models of earlier backfills: champions that its nights go on from.

    Parameters
    ----------
    private : Settings
        The folder, as a warehouse of its own.
    first : date
        The first published night; what was trained for it, or later, no replayed night knows.
    """
    with duckdb.connect(str(private.build_file)) as connection:
        for statement in create_statements():
            connection.execute(statement)
        connection.execute(f"attach '{settings.build_file}' as warehouse (read_only)")
        replayed = (
            "select model_version from warehouse.ml.model_runs where as_of_date < ?"
            " and model_version in (select model_version from warehouse.ml.predictions"
            " where run_id in (select run_id from warehouse.ops.runs where state = ?))"
        )
        for table in MODELS:
            connection.execute(
                f"insert into ml.{table} by name select * from warehouse.ml.{table}"
                f" where model_version in ({replayed})",
                [first, ops.REPLAYED],
            )
        names = connection.execute("select artefact_path from ml.model_runs").fetchall()
        connection.execute("detach warehouse")
    private.models_folder.mkdir(parents=True, exist_ok=True)
    for (name,) in names:
        if name is not None and (settings.models_folder / name).exists():
            shutil.copy2(settings.models_folder / name, private.models_folder / name)


def keep_nights(settings: Settings, private: Settings, nights: Iterable[date]) -> int:
    """Add replayed nights to the private file, all or none; the caller holds the lock.

    Returns
    -------
    int
        Rows of predictions.

    Raises
    ------
    UserError
        One of the nights, or an earlier one, was published meanwhile.
    """
    wanted = sorted(nights)
    _copy_artefacts(private.models_folder, settings.models_folder)
    with open_private(settings) as connection:
        first = ops.first_published(connection)
        if first is None or wanted[-1] >= first:
            raise UserError(
                f"the night of {first} was published meanwhile", "run the same command again"
            )
        connection.execute(f"attach '{private.build_file}' as replayed (read_only)")
        connection.execute("begin")
        for table in MODELS:
            known = "model_version" if table in VERSIONED else "model_version, stage, since_date"
            connection.execute(
                f"insert into ml.{table} by name select * from replayed.ml.{table}"
                f" where ({known}) not in (select ({known}) from ml.{table})"
            )
        chosen = {"nights": wanted}
        of_nights = "as_of_date in (select unnest($nights))"
        for table in SCORED:
            connection.execute(f"delete from ml.{table} where {of_nights}", chosen)
        ((count,),) = connection.execute(
            "insert into ml.predictions by name"
            f" select * from replayed.ml.predictions where {of_nights}",
            chosen,
        ).fetchall()
        for schema, table in kept.KEPT:
            connection.execute(f"delete from {schema}.{table} where {of_nights}", chosen)
            if _exists(connection, table):
                connection.execute(
                    f"insert into {schema}.{table} by name"
                    f" select * from replayed.{SCHEMA}.{table} where {of_nights}",
                    chosen,
                )
        _record(connection, settings, wanted)
        connection.execute("commit")
        connection.execute("detach replayed")
    return int(count)


def _record(
    connection: duckdb.DuckDBPyConnection, settings: Settings, nights: Iterable[date]
) -> None:
    told = dict(
        connection.execute(f"select as_of_date, told from replayed.{SCHEMA}.nights").fetchall()
    )
    for night in nights:
        ops.record(
            connection,
            run_id(night),
            night,
            settings.source,
            ops.REPLAYED,
            {"scored": told[night]},
        )


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    rows = connection.execute(
        "select 1 from duckdb_tables() where database_name = 'replayed'"
        " and schema_name = ? and table_name = ?",
        [SCHEMA, table],
    ).fetchall()
    return bool(rows)


def _copy_artefacts(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.glob("*")):
        if not (target / file.name).exists():
            temporary = target / f"{file.name}.tmp"
            shutil.copy2(file, temporary)
            temporary.replace(target / file.name)
