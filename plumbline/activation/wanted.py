"""Reads from the published file what other systems are to hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from plumbline.errors import UserError

VALUES = ("churn_risk_pct", "risk_tier", "reason", "health_band")
KEY, TIER = "crm_account_id", "risk_tier"
MISSING = "the published file has no table activation.sync_salesforce__accounts"


@dataclass(frozen=True)
class Fields:
    """The destination's own names.

    Attributes
    ----------
    key : str
        The field of the external id.
    of_column : mapping of str to str
        Field by our column.
    """

    key: str
    of_column: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """Fields that are written, without the key."""
        return tuple(self.of_column.values())

    @property
    def tier(self) -> str:
        """The field of the tier."""
        return self.of_column[TIER]


@dataclass(frozen=True)
class Row:
    """What one record is to hold; no values where its fields are to be emptied."""

    record_id: str
    account_id: str
    values: Mapping[str, Any]
    is_blank: bool


@dataclass(frozen=True)
class Wanted:
    """What a night wants to be known elsewhere.

    Attributes
    ----------
    held : mapping of str to int
        Accounts that are left as they are, by reason.
    """

    as_of: date
    run_id: str
    model_version: str | None
    rows: tuple[Row, ...]
    held: Mapping[str, int]


def read_fields(connection: duckdb.DuckDBPyConnection, destination: str) -> Fields:
    """The destination's names of what is sent (seed sync_fields).

    Raises
    ------
    UserError
        The seed names no field, or the same one twice, for a column that is sent.
    """
    rows = dict(
        connection.execute(
            "select column_name, field_name from reference.sync_fields where destination = ?",
            [destination],
        ).fetchall()
    )
    missing = [column for column in (KEY, *VALUES) if not rows.get(column)]
    if missing or len(set(rows.values())) < len(rows):
        what = f"no field for {missing[0]}" if missing else "one field for two columns"
        raise UserError(
            f"the seed sync_fields has {what} of {destination}",
            "correct seeds/reference/sync_fields.csv, then run `plumbline nightly`",
        )
    return Fields(rows[KEY], {column: rows[column] for column in VALUES})


def read_wanted(connection: duckdb.DuckDBPyConnection, fields: Fields) -> Wanted:
    """What the last published night wants to be known.

    Raises
    ------
    UserError
        The night was published by an older version, or scored nobody.
    """
    rows = connection.execute(
        f"select sync_action, held_reason, account_id, crm_account_id, {', '.join(VALUES)}"
        " from activation.sync_salesforce__accounts order by crm_account_id, account_id"
    ).fetchall()
    night = connection.execute(
        "select max(as_of_date), max(run_id), max(model_version)"
        " from activation.sync_salesforce__accounts"
    ).fetchone()
    if night is None or night[0] is None:
        raise UserError(
            "the published night scored nobody: there is nothing to send",
            "look at what `plumbline nightly` said of its model",
        )
    sent = tuple(
        Row(
            record_id,
            account_id,
            _named(fields, values) if action == "send" else {},
            action != "send",
        )
        for action, _, account_id, record_id, *values in rows
        if action != "hold"
    )
    held = Counter(reason for action, reason, *_ in rows if action == "hold")
    return Wanted(*night, sent, held)


def _named(fields: Fields, values: list[Any]) -> dict[str, Any]:
    pairs = zip(VALUES, values, strict=True)
    return {fields.of_column[column]: value for column, value in pairs if value is not None}
