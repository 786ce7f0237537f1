"""Fingerprints what has landed, and says from which day on a build must recompute."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.store.raw import landed_day

EXTRACTED = "_extracted_at"
FULL_BUILD = ""
TAIL = 8  # length of the footer (4 bytes) and the magic bytes


@dataclass(frozen=True)
class FileFacts:
    """What one raw file says about itself, without reading its rows.

    Attributes
    ----------
    rows : int
        -1 where the file does not say (CSV).
    columns : mapping of str to str
        Column name to data type, both lower case; empty for CSV.
    first_extracted_at : datetime or None
        Earliest `_extracted_at` (UTC), None where the file does not say.
    digest : str
        Changes with the name, the size or the content.
    """

    path: str
    landed: str
    byte_count: int
    rows: int
    columns: Mapping[str, str]
    first_extracted_at: datetime | None
    digest: str


@dataclass(frozen=True)
class Landing:
    """One landed partition of one raw table, as `ops.landings` keeps it."""

    vendor: str
    table_name: str
    landed: str
    file_count: int
    byte_count: int
    fingerprint: str
    first_extracted_at: datetime | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies the partition."""
        return self.vendor, self.table_name, self.landed


@dataclass(frozen=True)
class BuiltState:
    """What an earlier run put into the private file, wholly or in part."""

    as_of: date
    landings: Mapping[tuple[str, str, str], Landing]


def read_parquet_facts(path: str) -> FileFacts:
    """Read the footer of a Parquet file.

    Raises
    ------
    OSError, pyarrow.ArrowException
        The file cannot be read, or is not Parquet.
    """
    with open(path, "rb") as handle:  # noqa: PTH123 -- thousands of files: no Path objects
        size = os.fstat(handle.fileno()).st_size
        handle.seek(max(0, size - TAIL))
        footer = int.from_bytes(handle.read(4), "little") + TAIL
        handle.seek(max(0, size - min(footer, size)))
        tail = handle.read()
        handle.seek(0)
        metadata = pq.read_metadata(handle)
    schema = metadata.schema.to_arrow_schema()
    digest = hashlib.sha256(tail)
    digest.update(f"{os.path.basename(path)}:{size}".encode())  # noqa: PTH119
    return FileFacts(
        path=path,
        landed=landed_day(path),
        byte_count=size,
        rows=metadata.num_rows,
        columns={
            name.lower(): type_name(kind)
            for name, kind in zip(schema.names, schema.types, strict=True)
        },
        first_extracted_at=_first_extracted_at(metadata, schema),
        digest=digest.hexdigest(),
    )


def read_text_facts(path: str) -> FileFacts:
    """Fingerprint a file without a footer (CSV) by its whole content."""
    with open(path, "rb") as handle:  # noqa: PTH123
        digest = hashlib.file_digest(handle, "sha256")
    return FileFacts(
        path=path,
        landed=landed_day(path),
        byte_count=os.stat(path).st_size,  # noqa: PTH116
        rows=-1,
        columns={},
        first_extracted_at=None,
        digest=digest.hexdigest(),
    )


def type_name(kind: pa.DataType) -> str:
    """DuckDB's name, lower case, of an Arrow type."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return "varchar"
    if isinstance(kind, pa.JsonType):
        return "varchar"
    if pa.types.is_dictionary(kind):
        return type_name(kind.value_type)
    if pa.types.is_timestamp(kind):
        return "timestamp with time zone" if kind.tz else "timestamp"
    if pa.types.is_decimal(kind):
        return "decimal"
    names = {
        pa.bool_(): "boolean",
        pa.float64(): "double",
        pa.float32(): "float",
        pa.date32(): "date",
        pa.date64(): "date",
        pa.uint8(): "utinyint",
        pa.uint16(): "usmallint",
        pa.uint32(): "uinteger",
        pa.uint64(): "ubigint",
        pa.int8(): "tinyint",
        pa.int16(): "smallint",
        pa.int32(): "integer",
        pa.int64(): "bigint",
        pa.binary(): "blob",
    }
    return names.get(kind, str(kind))


def _first_extracted_at(metadata: pq.FileMetaData, schema: pa.Schema) -> datetime | None:
    index = schema.get_field_index(EXTRACTED)
    if index < 0 or not pa.types.is_timestamp(schema.types[index]):
        return None
    firsts: list[datetime] = []
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(index).statistics
        if statistics is None or not statistics.has_min_max:
            return None
        firsts.append(statistics.min)
    first = min(firsts, default=None)
    if first is not None and first.tzinfo is not None:
        first = first.astimezone(UTC).replace(tzinfo=None)
    return first


def landings_of(vendor: str, table_name: str, files: Iterable[FileFacts]) -> list[Landing]:
    """Fold the files of a table into one row per landed partition."""
    partitions: dict[str, list[FileFacts]] = {}
    for file in files:
        partitions.setdefault(file.landed, []).append(file)
    rows: list[Landing] = []
    for landed, members in sorted(partitions.items()):
        fingerprint = hashlib.sha256()
        for digest in sorted(member.digest for member in members):
            fingerprint.update(digest.encode())
        firsts = [member.first_extracted_at for member in members if member.rows != 0]
        known = [first for first in firsts if first is not None]
        rows.append(
            Landing(
                vendor=vendor,
                table_name=table_name,
                landed=landed,
                file_count=len(members),
                byte_count=sum(member.byte_count for member in members),
                fingerprint=fingerprint.hexdigest(),
                first_extracted_at=min(known) if known and len(known) == len(firsts) else None,
            )
        )
    return rows


def latest_landed(landings: Iterable[Landing]) -> date | None:
    """The last day that has landed, None where files do not say."""
    days = [landing.landed for landing in landings if landing.landed]
    return date.fromisoformat(max(days)) if days else None


def changed_since(
    as_of: date, current: Mapping[tuple[str, str, str], Landing], built: Iterable[BuiltState]
) -> str:
    """Say from which day on rows may differ from what the private file holds.

    Parameters
    ----------
    as_of : date
        T of the run that begins.
    current : mapping
        What lies there now, by partition.
    built : iterable of BuiltState
        The last published run and every run that has begun since: each may have left its rows.

    Returns
    -------
    str
        A day `YYYY-MM-DD`; empty means everything must be built.

    Examples
    --------
    A file of 20 February that lands a week later makes everything since then new.

    >>> old = Landing("stripe", "invoices", "2026-02-26", 1, 10, "a", datetime(2026, 2, 26, 4))
    >>> late = Landing("stripe", "invoices", "2026-02-20", 1, 10, "b", datetime(2026, 2, 20, 4))
    >>> built = [BuiltState(date(2026, 2, 27), {old.key: old})]
    >>> changed_since(date(2026, 2, 28), {old.key: old}, built)
    '2026-02-27'
    >>> changed_since(date(2026, 2, 28), {old.key: old, late.key: late}, built)
    '2026-02-20'
    """
    days: list[date] = []
    for state in built:
        days.append(state.as_of if as_of >= state.as_of else as_of - timedelta(days=1))
        for key in current.keys() | state.landings.keys():
            now, then = current.get(key), state.landings.get(key)
            if now and then and now.fingerprint == then.fingerprint:
                continue
            for landing in (now, then):
                if landing is None:
                    continue
                if landing.first_extracted_at is None:
                    return FULL_BUILD
                days.append(landing.first_extracted_at.date())
    return min(days).isoformat() if days else FULL_BUILD
