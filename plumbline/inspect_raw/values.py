"""The columns of a table that decide, and how their values are read in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import duckdb

from plumbline.inspect_raw.contract import NATIVE, ContractTable
from plumbline.inspect_raw.knowledge import PLAIN, Knowledge, plain, singular
from plumbline.inspect_raw.parquet_files import footer_range
from plumbline.inspect_raw.parts import quoted
from plumbline.inspect_raw.recognise import UNKNOWN, Seen

NUMBERS = ("bigint", "integer", "smallint", "tinyint", "hugeint", "double", "float", "ubigint")
FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_CLOCKS = 24
# Epochs of 1973 to 5138, whatever their unit.
SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS = 1e8, 1e11, 1e14, 1e17


@dataclass(frozen=True)
class Clock:
    """A column that dates rows, and the range it covers, of a sample or of all rows."""

    column: str
    begin: date
    end: date
    is_of_sample: bool = False


@dataclass
class Rows:
    """The sample of one table, to be asked.

    Attributes
    ----------
    native : ContractTable or None
        The contract of the object in its native layout: what its columns mean.
    """

    connection: duckdb.DuckDBPyConnection
    seen: Seen
    known: Knowledge

    def __post_init__(self) -> None:
        self.native: ContractTable | None = self.known.contract_table(
            self.seen.vendor, self.seen.object_name, NATIVE
        )
        self.key = _key(self)

    @cached_property
    def clock(self) -> Clock | None:
        """The column that dates the rows: the first that reads as dates in at least half."""
        candidates = self.dated_columns()
        if not candidates or not self.seen.read.sample_rows:
            return None
        times = [moment(name, self.type_of(name)) for name in candidates]
        counts = self.ask(f"count(*) filter ({is_sane(time)})" for time in times)
        for name, count in zip(candidates, counts, strict=True):
            if count * 2 >= self.seen.read.sample_rows:
                return _range(self, name)
        return None

    def ask(self, expressions: Iterable[str], where: str = "true") -> tuple[Any, ...]:
        """One row of aggregates over the sample."""
        listed = ", ".join(expressions)
        relation = self.seen.read.relation
        found = self.connection.execute(f"select {listed} from {relation} where {where}").fetchone()
        return found or ()

    def type_of(self, column: str) -> str:
        """Data type of a column in the sample."""
        return self.seen.read.columns[column].split("(")[0]

    def declared(self, column: str) -> str:
        """Type of a column in the native contract; empty where it has none."""
        columns = self.native.columns if self.native else {}
        return next((v for name, v in columns.items() if plain(name) == plain(column)), "")

    def is_among(self, mark: str, column: str) -> bool:
        """Whether the native contract has a column among its `json`, `epoch` or `nullable` ones."""
        marked = getattr(self.native, mark) if self.native else ()
        return plain(column) in map(plain, marked)

    def own_columns(self) -> list[str]:
        """Columns of the record itself, without the marks of the tool."""
        return [name for name in self.seen.read.columns if plain(name) not in self.known.all_marks]

    def dated_columns(self) -> list[str]:
        """Columns that hold dates, those that best date a row first."""
        own = {plain(name): name for name in self.own_columns()}
        named = [own[name] for name in self.known.clock_names if name in own]
        typed = [name for name in own.values() if _is_dated(self, name)]
        return list(dict.fromkeys([*named, *typed]))[:MOST_CLOCKS]

    def known_at(self) -> str | None:
        """The tool's column that says when a row was read."""
        return self.seen.column(*self.seen.tool.known_at) if self.seen.tool.known_at else None

    def keeps_versions(self) -> bool:
        """Whether an object may have several rows."""
        has_versions = self.seen.tool.keeps == "versions" and self.seen.tool.name != PLAIN
        return has_versions and self.known_at() is not None


def moment(column: str, kind: str) -> str:
    """SQL for the UTC time of a column of dates, times, epochs or their texts."""
    name = quoted(column)
    if kind in NUMBERS or kind.startswith("decimal"):
        return _epoch(name)
    if kind == "timestamp with time zone":
        return f"({name} at time zone 'UTC')"
    if kind.startswith(("timestamp", "date")):
        return f"try_cast({name} as timestamp)"
    text = f"cast({name} as varchar)"
    utc = f"try_cast({text} as timestamptz) at time zone 'UTC'"
    return f"coalesce({utc}, {_epoch(f'try_cast({text} as double)')})"


def number(column: str) -> str:
    """SQL for a column as a number, NULL where it is none."""
    return f"try_cast(cast({quoted(column)} as varchar) as double)"


def _epoch(value: str) -> str:
    units = ((SECONDS, "* 1000000"), (MILLISECONDS, "* 1000"), (MICROSECONDS, ""))
    cases = " ".join(
        f"when {value} >= {least} and {value} < {least * 1000}"
        f" then make_timestamp(cast({value} {step} as bigint))"
        for least, step in (*units, (NANOSECONDS, "/ 1000"))
    )
    # 9.2e18 is the last number of nanoseconds that fits
    return f"case when {value} >= 9.2e18 then null {cases} end"


def is_sane(value: str) -> str:
    """SQL for whether a time can be one of this company."""
    return f"year({value}) >= {FIRST_YEAR} and year({value}) < {LAST_YEAR}"


def known_range(rows: Rows) -> Clock | None:
    """When the rows were read."""
    column = rows.known_at()
    return _range(rows, column) if column and rows.seen.read.sample_rows else None


def _range(rows: Rows, column: str) -> Clock | None:
    """Range of a column: of all rows where footers say it, else of the sample."""
    time = moment(column, rows.type_of(column))
    begin, end = rows.ask((f"min({time})", f"max({time})"), is_sane(time))
    if not rows.seen.read.is_whole and rows.seen.read.footers:
        found = footer_range(rows.seen.read.footers, column)
        ends = [_as_time(value) for value in found or ()]
        if all(value and FIRST_YEAR <= value.year < LAST_YEAR for value in ends) and ends:
            return Clock(column, ends[0].date(), ends[1].date())
    is_of_sample = not rows.seen.read.is_whole
    return Clock(column, begin.date(), end.date(), is_of_sample) if begin and end else None


def _as_time(value: Any) -> datetime | None:
    if isinstance(value, (int, float)):
        for least, divisor in ((NANOSECONDS, 1e9), (MICROSECONDS, 1e6), (MILLISECONDS, 1e3)):
            if value >= least:
                value = value / divisor
        return datetime.fromtimestamp(value, UTC) if value >= SECONDS else None
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value if isinstance(value, datetime) else None


def _is_dated(rows: Rows, column: str) -> bool:
    kind = rows.type_of(column)
    declared = rows.declared(column)
    if declared:
        return declared.startswith(("timestamp", "date")) or rows.is_among("epoch", column)
    if kind.startswith(("timestamp", "date")):
        return True
    is_value = kind in ("varchar", "bigint", "integer", "double")
    return is_value and bool(rows.known.clock_like.search(column))


def _key(rows: Rows) -> str | None:
    """The column that identifies a row's object."""
    table = rows.seen
    if rows.native and rows.native.columns:
        own = table.column(next(iter(rows.native.columns)))
        if own:
            return own
    parts = singular(table.read.name.rpartition("__")[2])
    found = table.column("id", "_dlt_id" if "__" in table.read.name else "id", "event_id")
    if found is None:
        of_table = [n for n in rows.own_columns() if plain(n) == f"{parts}id"]
        # a vendor's table without an id of its own links two others: its first id repeats
        is_own = table.vendor == UNKNOWN
        first = [n for n in rows.own_columns()[:1] if is_own and plain(n).endswith("id")]
        found = next(iter((*of_table, *first)), None)
    return found
