"""Times, versions and Parquet partitions: how rows reach the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plumbline.demo.config import DAY_US, END, NONE, START
from plumbline.demo.schema import SCHEMAS

EPOCH = int(START.astype("M8[us]").astype(np.int64))
"""Microseconds from the Unix epoch to day 0."""

NAT = np.iinfo(np.int64).min
END_US = EPOCH + END * DAY_US
_DAILY_FROM = int((np.datetime64("2026-02-01") - START).astype(int))

INFERRED_EVERY = 4
"""One in so many of billing's files, never the first or the last, is typed by what is in it."""

Column = pa.Array | pa.ChunkedArray | np.ndarray
Tables = dict[tuple[str, str], pa.Table]


def moment(day: np.ndarray | int, second: np.ndarray | float = 0) -> np.ndarray:
    """Microseconds since the Unix epoch of a second on a day; `NONE` becomes null (NaT)."""
    day = np.asarray(day, dtype=np.int64)
    out = EPOCH + day * DAY_US + (np.asarray(second) * 1e6).astype(np.int64)
    return np.where(day == NONE, NAT, out)


def seconds(day: np.ndarray, second: np.ndarray | int = 0) -> pa.Array:
    """Epoch seconds of a day, null for `NONE`."""
    day = np.asarray(day, dtype=np.int64)
    return pa.array(EPOCH // 1_000_000 + day * 86_400 + second, mask=day == NONE)


def known(rng: np.random.Generator, happened: np.ndarray, late: float = 0.004) -> np.ndarray:
    """When the sync tool fetched rows that changed at `happened` (microseconds).

    Within the hour as a rule, a share `late` after one to four days; what is older than the first
    day arrives with the initial sync on that day.
    """
    n = len(happened)
    minutes = rng.integers(1, 45, n)
    lag = np.where(rng.random(n) < late, rng.integers(1440, 5760, n), minutes)
    initial = EPOCH + rng.integers(60, 360, n) * 60_000_000
    return np.where(happened < EPOCH, initial, (happened // 60_000_000 + 1 + lag) * 60_000_000)


def make_table(vendor: str, table: str, **columns: Column) -> pa.Table:
    """Build a raw table with exactly the schema's columns; times are microseconds (int64)."""
    schema = SCHEMAS[vendor, table]
    arrays = []
    for field in schema:
        value = columns.pop(field.name.lstrip("_") if field.name not in columns else field.name)
        arrays.append(_typed(value, field.type))
    if columns:
        raise KeyError(f"{vendor}.{table} has no column {sorted(columns)}")
    return pa.table(arrays, schema=schema)


def _typed(value: Column, kind: pa.DataType) -> pa.Array:
    if isinstance(value, np.ndarray) and pa.types.is_timestamp(kind):
        return pa.array(value.astype(np.int64).view("M8[us]"), kind)
    if isinstance(value, np.ndarray):
        return pa.array(value, kind)
    return value if value.type == kind else value.cast(kind)


def landed_days(extracted: np.ndarray) -> np.ndarray:
    """Partition (day index) of rows: compacted to the month's last day, daily in the last month."""
    day = (extracted - EPOCH) // DAY_US
    date = START + day.astype("m8[D]")
    month_end = (date.astype("M8[M]") + 1).astype("M8[D]") - 1
    return np.where(day >= _DAILY_FROM, day, (month_end - START).astype(np.int64))


def partition_path(root: Path, vendor: str, table: str, day: int) -> Path:
    """Path of the file of one partition."""
    return root / vendor / table / f"landed={START + np.timedelta64(day, 'D')}" / "part-0.parquet"


def write_file(path: Path, table: pa.Table, rows: int = 1 << 20) -> None:
    """Write one Parquet file with the fixed settings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = [f.name for f in table.schema if f.name in ("event_id", "timestamp")]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        row_group_size=rows,
        use_dictionary=[f.name for f in table.schema if f.name not in plain],
        dictionary_pagesize_limit=1 << 24,
        write_statistics=True,
        store_schema=False,
    )


def write_table(root: Path, vendor: str, table: str, rows: pa.Table) -> int:
    """Write the rows known by the end of the window into their partitions; return their number."""
    extracted = rows["_extracted_at"].to_numpy().astype("M8[us]").astype(np.int64)
    order = np.argsort(extracted, kind="stable")
    order = order[extracted[order] < END_US]
    if not len(order):  # a small world may have none
        return 0
    day = landed_days(extracted[order])
    rows = rows.take(pa.array(order)).combine_chunks()
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    for n, (first, stop) in enumerate(zip(starts, np.append(starts[1:], len(day)), strict=True)):
        path = partition_path(root, vendor, table, int(day[first]))
        part = rows.slice(first, stop - first)
        is_between = 0 < n < len(starts) - 1
        is_inferred = vendor == "stripe" and is_between and n % INFERRED_EVERY == 1
        write_file(path, inferred(part) if is_inferred else part)
    return len(day)


def inferred(rows: pa.Table) -> pa.Table:
    """Rows typed by what is in them: a column without values is null, a moment has its zone."""
    columns = {
        name: pa.nulls(len(rows)) if column.null_count == len(rows) else column
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    }
    moments = pc.assume_timezone(columns["_extracted_at"], "UTC")
    return pa.table({**columns, "_extracted_at": moments})
