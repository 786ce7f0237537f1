"""What other systems are to hold and what became of it: the outbox in schema `ops`, append-only.

A row of the outbox is one version of one record at one destination; a row of `deliveries` is a
state that it reached. What the newest version of a record says, and whether it arrived, follows
from both.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pyarrow as pa

PENDING, SENT, REFUSED, DEAD = "pending", "sent", "failed", "dead"
STARTED, HELD_BACK, STOPPED, FINISHED = "started", "refused", "stopped", "finished"
ENTRY_SCHEMA = pa.schema(
    {
        "idempotency_key": pa.string(),
        "record_id": pa.string(),
        "account_id": pa.string(),
        "payload_version": pa.int64(),
        "payload": pa.string(),
        "is_blank": pa.bool_(),
        "model_version": pa.string(),
        "as_of_date": pa.date32(),
        "run_id": pa.string(),
    }
)
OUTCOME_SCHEMA = pa.schema(
    {
        "idempotency_key": pa.string(),
        "state": pa.string(),
        "request_count": pa.int64(),
        "error": pa.string(),
        "job_id": pa.string(),
    }
)
# The state that each row of the outbox reached last.
LATEST = """
    with reached as (
        select idempotency_key, arg_max(state, recorded_at) as state,
            arg_max(coalesce(job_id, ''), recorded_at) as job_id,
            count(*) filter (where state in ('failed', 'dead')) as refusals
        from ops.deliveries
        group by idempotency_key
    ),
    latest as (
        select outbox.record_id, outbox.payload_version, outbox.idempotency_key,
            coalesce(reached.state, 'pending') as state,
            coalesce(reached.job_id, '') as job_id, coalesce(reached.refusals, 0) as refusals
        from ops.outbox
        left join reached using (idempotency_key)
        where outbox.destination = $destination
    )
"""
# What an `Entry` is made of.
COLUMNS = """
    outbox.idempotency_key, outbox.record_id, outbox.account_id, outbox.payload_version,
    outbox.payload, outbox.is_blank, outbox.model_version, outbox.as_of_date, outbox.run_id,
    latest.state, latest.refusals, latest.job_id
"""


@dataclass(frozen=True)
class Entry:
    """One version of what one record is to hold.

    Attributes
    ----------
    key : str
        Idempotency key: the same wherever and however often it is sent.
    values : mapping of str to Any
        Value by the destination's field; empty where the fields are to be emptied.
    refusals : int
        Syncs in which the destination refused it.
    job_id : str
        The destination's job that carries it, empty without one.
    """

    key: str
    record_id: str
    account_id: str
    version: int
    values: Mapping[str, Any]
    is_blank: bool
    model_version: str
    as_of: date
    run_id: str
    state: str = PENDING
    refusals: int = 0
    job_id: str = ""


@dataclass(frozen=True)
class Record:
    """What a destination is known to hold of one record.

    Attributes
    ----------
    newest : Entry
        The newest version that was meant for it.
    sent : mapping or None
        Values of the newest version that arrived; None where none did, empty where emptied.
    may_hold : bool
        Whether any version arrived or may have.
    """

    newest: Entry
    sent: Mapping[str, Any] | None
    may_hold: bool


@dataclass(frozen=True)
class Settled:
    """A state that an entry reached."""

    key: str
    state: str
    requests: int = 0
    error: str | None = None
    job_id: str | None = None


def new_sync_id() -> str:
    """A unique id that sorts by time: `sync-20260301T020000Z-1a2b3c4d`."""
    return f"sync-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def make_key(destination: str, record_id: str, version: int, payload: str) -> str:
    """The idempotency key of a version."""
    text = "\x1f".join((destination, record_id, str(version), payload))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def as_payload(values: Mapping[str, Any]) -> str:
    """Values as the JSON text that the outbox holds, whatever their order."""
    return json.dumps(dict(values), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def read_records(connection: duckdb.DuckDBPyConnection, destination: str) -> dict[str, Record]:
    """What a destination is known to hold, by record."""
    rows = connection.execute(
        f"""
        {LATEST},
        records as (
            select record_id, max(payload_version) as newest,
                max(payload_version) filter (where state = 'sent') as newest_sent,
                bool_or(state in ('sent', 'pending')) as may_hold
            from latest group by record_id
        )
        select {COLUMNS}, sent.payload, records.may_hold
        from records
        inner join latest
            on latest.record_id = records.record_id and latest.payload_version = records.newest
        inner join ops.outbox using (idempotency_key)
        left join ops.outbox as sent
            on sent.destination = $destination and sent.record_id = records.record_id
            and sent.payload_version = records.newest_sent
        """,
        {"destination": destination},
    ).fetchall()
    return {
        row[1]: Record(_entry(row), None if sent is None else json.loads(sent), bool(may_hold))
        for *row, sent, may_hold in rows
    }


def entries_of_jobs(
    connection: duckdb.DuckDBPyConnection, destination: str
) -> dict[str, list[Entry]]:
    """Entries whose fate a job of the destination knows, by job: its sync did not see the end."""
    rows = connection.execute(
        f"""
        {LATEST}
        select {COLUMNS} from latest inner join ops.outbox using (idempotency_key)
        where latest.state = 'pending' and latest.job_id <> ''
        order by outbox.created_at, outbox.record_id
        """,
        {"destination": destination},
    ).fetchall()
    found: dict[str, list[Entry]] = {}
    for row in rows:
        entry = _entry(row)
        found.setdefault(entry.job_id, []).append(entry)
    return found


def _entry(row: Sequence[Any]) -> Entry:
    key, record_id, account_id, version, payload, *rest = row
    return Entry(key, record_id, account_id, version, json.loads(payload), *rest)


def append(
    connection: duckdb.DuckDBPyConnection,
    destination: str,
    sync_id: str,
    entries: Sequence[Entry],
) -> None:
    """Write down what will be sent, before anything is."""
    rows = pa.Table.from_pylist(
        [
            {
                "idempotency_key": entry.key,
                "record_id": entry.record_id,
                "account_id": entry.account_id,
                "payload_version": entry.version,
                "payload": as_payload(entry.values),
                "is_blank": entry.is_blank,
                "model_version": entry.model_version,
                "as_of_date": entry.as_of,
                "run_id": entry.run_id,
            }
            for entry in entries
        ],
        ENTRY_SCHEMA,
    )
    _insert(
        connection,
        "outbox",
        rows,
        {"destination": destination, "sync_id": sync_id, "created_at": _now()},
    )


def settle(
    connection: duckdb.DuckDBPyConnection, sync_id: str, outcomes: Iterable[Settled]
) -> None:
    """Write down states that entries reached."""
    rows = pa.Table.from_pylist(
        [
            {
                "idempotency_key": one.key,
                "state": one.state,
                "request_count": one.requests,
                "error": one.error,
                "job_id": one.job_id,
            }
            for one in outcomes
        ],
        OUTCOME_SCHEMA,
    )
    _insert(connection, "deliveries", rows, {"sync_id": sync_id, "recorded_at": _now()})


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, same: Mapping[str, Any]
) -> None:
    if not rows.num_rows:
        return
    names = [*rows.column_names, *same]
    connection.register("new_rows", rows)
    connection.execute(
        f"insert into ops.{table} ({', '.join(names)})"
        f" select {', '.join([*rows.column_names, *('?' for _ in same)])} from new_rows",
        list(same.values()),
    )
    connection.unregister("new_rows")


def record_sync(
    connection: duckdb.DuckDBPyConnection,
    sync_id: str,
    destination: str,
    night: tuple[str, date, str | None],
    state: str,
    detail: Mapping[str, Any],
) -> None:
    """Append one state of a sync to `ops.syncs`; `night` is its run, as-of date and model."""
    connection.execute(
        "insert into ops.syncs (sync_id, destination, run_id, as_of_date, model_version, state,"
        " detail, recorded_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
        [sync_id, destination, *night, state, json.dumps(dict(detail), sort_keys=True), _now()],
    )


def last_started(
    connection: duckdb.DuckDBPyConnection, destination: str
) -> tuple[str, date] | None:
    """Model and as-of date of the last sync that sent anything; None where none did."""
    return connection.execute(
        "select model_version, as_of_date from ops.syncs where destination = ? and state = ?"
        " order by recorded_at desc, sync_id desc limit 1",
        [destination, STARTED],
    ).fetchone()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
