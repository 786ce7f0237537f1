"""Fills the rows of a case to valid ones, and writes them as the vendor's files."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.proofs.exports.cases import Case
from plumbline.store.raw import RawTable

ABSENT = "(absent)"
LANDED = "2026-02-27"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:?\d\d|Z)?)?")
NUMBER = re.compile(r"@(\d+)")
VALID = json.loads((Path(__file__).parent / "valid_rows.json").read_text(encoding="utf-8"))
TYPES: dict[str, pa.DataType] = {
    "varchar": pa.string(),
    "tinyint": pa.int8(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "null": pa.null(),
}
MILLISECONDS = 100_000_000_000


def filled(case: Case, table: str) -> list[dict[str, Any]]:
    """The rows of a table: what the case says, else what a valid row says.

    A later row of the same id repeats the columns of the one before that it does not name; a value
    `=column` is that of the other column.
    """
    valid = dict(VALID.get(table, {}))
    item = valid.pop("items of one", {})
    valid = json.loads(re.sub(r"(?<![\w.])@(?=[a-z])", f"{case.name}-", json.dumps(valid)))
    item = json.loads(re.sub(r"(?<![\w.])@(?=[a-z])", f"{case.name}-", json.dumps(item)))
    key = next((name for name in ("id", "Id", "event_id") if name in valid), "id")
    last: dict[Any, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for told in case.rows[table]:
        name = told.get(key, valid.get(key))
        row = {**last.get(name, valid), **told}
        last[name] = row
        row = {column: _named(row, value) for column, value in row.items()}
        if item and "items" in row:
            row["items"] = _items(row["items"], item)
        rows.append({column: value for column, value in row.items() if value != ABSENT})
    return rows


def _named(row: Mapping[str, Any], value: Any) -> Any:
    while isinstance(value, str) and value.startswith("=") and value[1:] in row:
        value = row[value[1:]]
    return value


def _items(items: Any, valid: Mapping[str, Any]) -> Any:
    if isinstance(items, dict) and "data" in items:
        return {**items, "data": _items(items["data"], valid)}
    if not isinstance(items, list):
        return items
    return [merged(valid, item) if isinstance(item, dict) else item for item in items]


def merged(valid: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """`told` over `valid`, objects key by key; what is absent is left out."""
    both = dict(valid)
    for name, value in told.items():
        known = valid.get(name)
        nested = isinstance(value, dict) and isinstance(known, dict)
        both[name] = merged(known, value) if nested else value
    return {name: value for name, value in both.items() if value != ABSENT}


def write_rows(case: Case, raw: Path, contract: Mapping[str, RawTable]) -> None:
    """Write each table of a case as files of its own, one a landing day."""
    for table in case.rows:
        vendor, name = table.split("/")
        epochs = vendor == "stripe" and case.landed_by.get("stripe", "airbyte") == "airbyte"
        declared = dict(contract[table].columns) if table in contract else {}
        declared |= dict(case.types.get(table, {}))
        days: dict[str, list[dict[str, Any]]] = {}
        for told in filled(case, table):
            row = {column.lower(): value for column, value in told.items()}
            usual = str(row.get("_extracted_at"))[:10] if table == "segment/events" else LANDED
            days.setdefault(str(row.pop("landed", usual)), []).append(row)
        for day, rows in days.items():
            folder = raw / vendor / name / f"landed={day}"
            folder.mkdir(parents=True, exist_ok=True)
            lacking = {"landed", *(column.lower() for column in case.without.get(table, ()))}
            columns = _columns(rows, declared, lacking, case.name, epochs)
            pq.write_table(pa.table(columns), folder / f"case-{case.name}.parquet")


def _columns(
    rows: list[dict[str, Any]],
    declared: Mapping[str, str],
    lacking: set[str],
    name: str,
    epochs: bool,
) -> dict[str, pa.Array]:
    columns: dict[str, pa.Array] = {}
    for column in dict.fromkeys([*declared, *(c for row in rows for c in row)]):
        if column in lacking:
            continue
        values = [row.get(column) for row in rows]
        kind = declared.get(column) or _kind(values, epochs)
        typed = [_typed(value, kind, name, epochs) for value in values]
        zoned = kind.startswith("timestamp ")
        arrow = pa.timestamp("us", tz=kind.split()[1]) if zoned else TYPES[kind]
        columns[column] = pa.array(typed, arrow)
    return columns


def _kind(values: list[Any], epochs: bool) -> str:
    """The type of a column that no contract declares, by its values."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(v, str) and NUMBER.fullmatch(v) for v in known):
        return "bigint"
    if known and all(isinstance(v, str) and MOMENT.fullmatch(v) for v in known):
        return "bigint" if epochs else "timestamp"
    for kind, name in ((bool, "boolean"), (int, "bigint"), ((int, float), "double")):
        if known and all(isinstance(value, kind) for value in known):
            return name
    return "varchar"


def _typed(value: Any, kind: str, name: str, epochs: bool) -> Any:
    if value is None or kind == "null":
        return None
    if kind == "varchar":
        if isinstance(value, (dict, list)):
            return json.dumps(_in_seconds(value) if epochs else value)
        return value if isinstance(value, str) else json.dumps(value)
    if kind in ("bigint", "integer") and isinstance(value, str):
        number = NUMBER.fullmatch(value)
        if number:
            return numbered(name, int(number[1]))
        return seconds_of(value) if MOMENT.fullmatch(value) else int(value)
    if kind.startswith("timestamp"):
        at = _moment(value)
        return at if " " in kind or at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
    if kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if kind == "double":
        return float(seconds_of(value) if isinstance(value, str) else value)
    return value


def numbered(name: str, number: int) -> int:
    """A key of its own for the numeric ids of a case."""
    return (zlib.crc32(name.encode()) + 1) * 1000 + number


def seconds_of(moment: str) -> int:
    """Epoch seconds of a date or a time, UTC."""
    return int(_moment(moment).replace(tzinfo=UTC).timestamp())


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    seconds = value / 1000 if value > MILLISECONDS else value
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _in_seconds(value: Any) -> Any:
    """Dates inside JSON as the billing vendor writes them."""
    if isinstance(value, dict):
        return {name: _in_seconds(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_in_seconds(part) for part in value]
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return seconds_of(value)
    return value
