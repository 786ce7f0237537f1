"""The only writer of schema `ops`: which runs there were, and what they had before them."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from plumbline.errors import explain_engine_text
from plumbline.store.landings import BuiltState, Landing
from plumbline.store.raw import read_sources

logger = logging.getLogger(__name__)
STARTED, BUILT, SCORED = "started", "built", "scored"
PUBLISHED, FAILED = "published", "failed"
# All that is said of a past night that was replayed later: nobody saw it.
REPLAYED = "replayed"
CODE_FOLDERS = ("models", "macros", "seeds", "tests/generic", "tests/singular")
LANDING_SCHEMA = pa.schema(
    {
        "vendor": pa.string(),
        "table_name": pa.string(),
        "landed": pa.string(),
        "file_count": pa.int64(),
        "byte_count": pa.int64(),
        "fingerprint": pa.string(),
        "first_extracted_at": pa.timestamp("us"),
    }
)


def new_run_id(as_of: date) -> str:
    """A unique id that sorts by as-of date, then by time: `20260228T0-20260301T020000Z-1a2b`."""
    return f"{as_of:%Y%m%d}T0-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def create_tables(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Create the tables of schema `ops` that do not exist yet, as the sources YAML lists them."""
    for source in read_sources(root / "models/staging/operations/_ops__sources.yml"):
        schema = source.get("schema", source["name"])
        connection.execute(f"create schema if not exists {schema}")
        for table in source["tables"]:
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in table["columns"])
            connection.execute(f"create table if not exists {schema}.{table['name']} ({columns})")


def record(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    as_of: date,
    source: str,
    state: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one state of a run to `ops.runs`."""
    connection.execute(
        "insert into ops.runs (run_id, as_of_date, source_name, state, recorded_at, detail)"
        " values (?, ?, ?, ?, ?, ?)",
        [run_id, as_of, source, state, now(), json.dumps(dict(detail or {}), sort_keys=True)],
    )


def record_start(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    as_of: date,
    source: str,
    detail: Mapping[str, Any],
    landings: Iterable[Landing],
) -> None:
    """Append the start of a run and what had landed by then, in one transaction."""
    rows = pa.Table.from_pylist([asdict(landing) for landing in landings], LANDING_SCHEMA)
    connection.execute("begin")
    record(connection, run_id, as_of, source, STARTED, detail)
    connection.register("current_landings", rows)
    connection.execute(
        "insert into ops.landings (run_id, vendor, table_name, landed_date, file_count,"
        " byte_count, fingerprint, first_extracted_at) select ?, vendor, table_name,"
        " cast(nullif(landed, '') as date), file_count, byte_count, fingerprint,"
        " first_extracted_at from current_landings",
        [run_id],
    )
    connection.unregister("current_landings")
    connection.execute("commit")


def published_run_ids(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Runs whose rows stand: those that reached *published*, and replays; oldest first."""
    rows = connection.execute(
        "select run_id from ops.runs where state in (?, ?)"
        " group by run_id order by min(recorded_at)",
        [PUBLISHED, REPLAYED],
    ).fetchall()
    return [row[0] for row in rows]


def first_published(connection: duckdb.DuckDBPyConnection) -> date | None:
    """As-of date of the earliest published night."""
    row = connection.execute(
        "select min(as_of_date) from ops.runs where state = ?", [PUBLISHED]
    ).fetchone()
    return row[0] if row else None


def replayed_nights(connection: duckdb.DuckDBPyConnection) -> set[date]:
    """Past nights that were replayed."""
    rows = connection.execute(
        "select as_of_date from ops.runs where state = ?", [REPLAYED]
    ).fetchall()
    return {night for (night,) in rows}


def last_published(connection: duckdb.DuckDBPyConnection) -> tuple[str, date] | None:
    """Run id and as-of date of the last published run."""
    return connection.execute(
        "select run_id, as_of_date from ops.runs where state = ?"
        " order by recorded_at desc, run_id desc limit 1",
        [PUBLISHED],
    ).fetchone()


def built_states(
    connection: duckdb.DuckDBPyConnection, fingerprint: str, *reached: str
) -> list[BuiltState]:
    """What the private file may hold: the last run that got so far, and all that began since.

    Parameters
    ----------
    fingerprint : str
        Code and settings of the run that begins (`code_fingerprint`).
    *reached : str
        States, of which that run has reached one: `PUBLISHED` for all tables, `BUILT` or
        `PUBLISHED` for the features and what comes before them.

    Returns
    -------
    list of BuiltState
        Empty where everything must be built: no run got so far yet, or one of these runs had
        other code.
    """
    rows = connection.execute(
        """
        with last_reached as (
            select run_id from ops.runs where state in (select unnest(?))
            order by recorded_at desc, run_id desc limit 1
        )
        select started.run_id, started.as_of_date, started.detail
        from ops.runs as started
        inner join ops.runs as since
            on since.state = 'started' and since.run_id = (select run_id from last_reached)
        where started.state = 'started' and started.recorded_at >= since.recorded_at
        order by started.recorded_at
        """,
        [list(reached)],
    ).fetchall()
    if any(json.loads(detail).get("code_fingerprint") != fingerprint for _, _, detail in rows):
        return []
    return [BuiltState(as_of, landings_of_run(connection, run_id)) for run_id, as_of, _ in rows]


def features_are_of(connection: duckdb.DuckDBPyConnection, built: Iterable[BuiltState]) -> bool:
    """Whether the features end on the date of one of these runs.

    A plain `dbt build` in between leaves them at its own date, with nothing in `ops`; days before
    the next night could then be missing.
    """
    try:
        rows = connection.execute(
            "select max(as_of_date) from features.feat_accounts_daily"
        ).fetchall()
    except duckdb.CatalogException:
        return False
    return rows[0][0] in {state.as_of for state in built}


def landings_of_run(
    connection: duckdb.DuckDBPyConnection, run_id: str
) -> dict[tuple[str, str, str], Landing]:
    """What had landed when a run began, by partition."""
    rows = connection.execute(
        "select vendor, table_name, coalesce(cast(landed_date as varchar), ''), file_count,"
        " byte_count, fingerprint, first_extracted_at from ops.landings where run_id = ?",
        [run_id],
    ).fetchall()
    landings = [Landing(*row) for row in rows]
    return {landing.key: landing for landing in landings}


def heal(connection: duckdb.DuckDBPyConnection, published_file: Path) -> str | None:
    """Record a publication that was killed between its rename and its record.

    The published file holds the row of the run that made it: it decides.

    Returns
    -------
    str or None
        The run id that was recorded, None where nothing was amiss.
    """
    if not published_file.exists():
        return None
    try:
        with duckdb.connect(str(published_file), read_only=True) as reader:
            row = reader.execute(
                "select run_id, as_of_date, source_name from ops.runs where state = ?"
                " order by recorded_at desc, run_id desc limit 1",
                [PUBLISHED],
            ).fetchone()
    except duckdb.Error as error:
        known = explain_engine_text(str(error))
        if known is not None:
            raise known from None
        logger.warning("%s is no database of Plumbline and will be replaced", published_file)
        return None
    if row is None or row[0] in published_run_ids(connection):
        return None
    known = connection.execute("select 1 from ops.runs where run_id = ?", [row[0]]).fetchone()
    if known is None:
        return None
    record(connection, *row, PUBLISHED, {"healed": True})
    return str(row[0])


def code_fingerprint(root: Path, settings: Mapping[str, Any]) -> str:
    """SHA-256 over models, macros, seeds, tests, the project file and what else shapes rows."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    files = [root / "dbt_project.yml"]
    for folder in CODE_FOLDERS:
        files.extend(path for path in (root / folder).rglob("*") if path.is_file())
    for file in sorted(files):
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def now() -> datetime:
    """The moment by the clock, UTC, as `ops` keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)
