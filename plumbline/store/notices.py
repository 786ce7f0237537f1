"""Who was told of which incident, in schema `ops`, append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb

OPENED, WORSE, RECOVERED = "opened", "worse", "recovered"
SENT, FAILED = "sent", "failed"


@dataclass(frozen=True)
class Told:
    """The last notice of an incident that went out by a channel."""

    incident: str
    target: str
    since: date
    kind: str
    severity: str


def read_told(connection: duckdb.DuckDBPyConnection, channel: str) -> dict[tuple[str, str], Told]:
    """The last notice that went out, by incident and target."""
    rows = connection.execute(
        "select incident, target, since_date, kind, severity from ops.notices"
        " where channel = ? and state = ? qualify row_number() over ("
        " partition by incident, target order by recorded_at desc, notice_id) = 1",
        [channel, SENT],
    ).fetchall()
    return {(row[0], row[1]): Told(*row) for row in rows}


def record(
    connection: duckdb.DuckDBPyConnection,
    notice_id: str,
    channel: str,
    told: Told,
    as_of: date,
    error: str | None,
) -> None:
    """Append one try; it failed where there is an error."""
    connection.execute(
        "insert into ops.notices (notice_id, channel, incident, target, since_date, kind, severity,"
        " state, error, as_of_date, recorded_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            notice_id,
            channel,
            told.incident,
            told.target,
            told.since,
            told.kind,
            told.severity,
            FAILED if error else SENT,
            error,
            as_of,
            datetime.now(UTC).replace(tzinfo=None),
        ],
    )
