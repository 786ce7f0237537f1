"""Parquet: counts, types and ranges from footers, values from a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.inspect_raw.listing import RawFile, Unreadable
from plumbline.inspect_raw.parts import literal, unite
from plumbline.store.landings import type_name


@dataclass(frozen=True)
class Footers:
    """What the footers of a table's files say.

    Attributes
    ----------
    rows : int
        Of the files whose footers were read.
    types : mapping of str to str
        Column to data type, of the first file that has one for it.
    absent_in : mapping of str to int
        Columns that some files lack, with the number of such files.
    """

    files: tuple[RawFile, ...]
    each: tuple[pq.FileMetaData, ...]
    rows: int
    types: dict[str, str]
    absent_in: dict[str, int]
    unreadable: tuple[Unreadable, ...]


def read_footers(files: Sequence[RawFile]) -> Footers:
    """Read every footer; a file without a whole one is unreadable."""
    good: list[RawFile] = []
    footers: list[pq.FileMetaData] = []
    bad: list[Unreadable] = []
    for file in files:
        try:
            footers.append(pq.read_metadata(file.path))
            good.append(file)
        except (OSError, pa.ArrowException):
            bad.append(Unreadable(file.shown, "not Parquet, or cut off: it has no whole footer"))
    types: dict[str, str] = {}
    seen_in: dict[str, int] = {}
    for footer in footers:
        schema = footer.schema.to_arrow_schema()
        for name, kind in zip(schema.names, schema.types, strict=True):
            seen_in[name] = seen_in.get(name, 0) + 1
            if types.get(name, "null") == "null":
                types[name] = type_name(kind)
    return Footers(
        files=tuple(good),
        each=tuple(footers),
        rows=sum(footer.num_rows for footer in footers),
        types=types,
        absent_in={n: len(good) - count for n, count in seen_in.items() if count < len(good)},
        unreadable=tuple(bad),
    )


def load_parquet(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[RawFile],
    relation: str,
    limit: int | None,
) -> list[Unreadable]:
    """Load files, the first rows of each or all; those whose rows cannot be read are returned."""
    if limit is None:
        listed = ", ".join(literal(file.path) for file in files)
        try:
            connection.execute(
                f"create or replace temp table {relation} as select * from"
                f" read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
            )
            return []
        except duckdb.Error:
            pass  # one is broken, or of other types: each alone says which
    parts: list[str] = []
    bad: list[Unreadable] = []
    for place, file in enumerate(files):
        try:
            connection.execute(
                f"create or replace temp table {relation}_{place} as select * from"
                f" read_parquet({literal(file.path)}, hive_partitioning = false)"
                + (f" limit {limit}" if limit else "")
            )
            parts.append(f"{relation}_{place}")
        except duckdb.Error:
            bad.append(Unreadable(file.shown, "its footer is whole, its rows cannot be read"))
    if parts:
        unite(connection, parts, relation)
    return bad


def footer_range(footers: Sequence[pq.FileMetaData], column: str) -> tuple[Any, Any] | None:
    """Least and greatest value of a column over all footers; None where one does not say."""
    least: list[Any] = []
    greatest: list[Any] = []
    for footer in footers:
        place = footer.schema.to_arrow_schema().get_field_index(column)
        for number in range(footer.num_row_groups if place >= 0 else 0):
            group = footer.row_group(number)
            statistics = group.column(place).statistics
            if statistics is not None and statistics.has_min_max:
                least.append(statistics.min)
                greatest.append(statistics.max)
            elif statistics is None or statistics.null_count != group.num_rows:
                return None
    # texts are no dates, and two files may have different types
    if len({type(value) for value in least}) != 1 or isinstance(least[0], (bytes, str)):
        return None
    return _naive(min(least)), _naive(max(greatest))


def _naive(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
