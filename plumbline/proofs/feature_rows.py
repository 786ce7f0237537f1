"""Compares the feature rows of two database files, date by date, and names what differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from plumbline.store.past import FEATURES

KEYS = ("account_id", "as_of_date")


@dataclass(frozen=True)
class Difference:
    """The first row that is not the same in two files.

    Attributes
    ----------
    column : str
        First column that differs; empty where the row is in one file only.
    built, rebuilt : object
        Its values; whether there is such a row where `column` is empty.
    """

    as_of: date
    account_id: str
    column: str
    built: Any
    rebuilt: Any

    @property
    def line(self) -> str:
        """The difference in words."""
        where = f"account {self.account_id} as of {self.as_of}"
        if not self.column:
            return f"{where} is {'lost' if self.built else 'new'}"
        return f"{self.column} of {where} was {self.built} and is {self.rebuilt}"


@dataclass(frozen=True)
class Comparison:
    """Two versions of the feature rows over a span of dates.

    Attributes
    ----------
    rows, dates : int
        Of the first file.
    differing_dates : tuple of date
        Dates whose hash is not the same.
    differing_columns : mapping of str to int
        Rows that are in both files and differ, by column.
    first : Difference or None
        By date, then account, then the order of the columns.
    """

    rows: int
    dates: int
    differing_dates: tuple[date, ...]
    differing_columns: dict[str, int]
    first: Difference | None


def hashes(
    connection: duckdb.DuckDBPyConnection, file: str, first: date, last: date
) -> dict[date, tuple[int, str]]:
    """Number of rows and hash of each date, over its rows in the order of their accounts."""
    rows = connection.execute(
        "select as_of_date, count(*),"
        " md5(string_agg(cast(hash(row_) as varchar), ',' order by account_id))"
        f" from {file}.{FEATURES} as row_ where as_of_date between ? and ? group by as_of_date",
        [first, last],
    ).fetchall()
    return {day: (count, digest) for day, count, digest in rows}


def compare(built: Path, rebuilt: Path, first: date, last: date) -> Comparison:
    """Compare the rows of `first` to `last`, both included, of two files; both are only read."""
    with _both(built, rebuilt) as connection:
        one = hashes(connection, "built", first, last)
        other = hashes(connection, "rebuilt", first, last)
        differing = sorted(
            day for day in one.keys() | other.keys() if one.get(day) != other.get(day)
        )
        found: dict[str, int] = {}
        example = None
        if differing:
            connection.execute(
                "create temp table days as select unnest(?) as as_of_date", [differing]
            )
            found = _differing_columns(connection)
            example = _first_difference(connection, differing[0])
    rows = sum(count for count, _ in one.values())
    return Comparison(rows, len(one), tuple(differing), found, example)


@contextmanager
def _both(built: Path, rebuilt: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, file in (("built", built), ("rebuilt", rebuilt)):
            escaped = str(file).replace("'", "''")
            connection.execute(f"attach '{escaped}' as {name} (read_only)")
        yield connection


def _columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(f"describe built.{FEATURES}").fetchall()
    return [row[0] for row in rows if row[0] not in KEYS]


def _differing_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    columns = _columns(connection)
    counts = ", ".join(
        f'count(*) filter (where built."{c}" is distinct from rebuilt."{c}")' for c in columns
    )
    row = connection.execute(
        f"select {counts} from built.{FEATURES} as built"
        f" inner join rebuilt.{FEATURES} as rebuilt"
        " on built.account_id = rebuilt.account_id and built.as_of_date = rebuilt.as_of_date"
        " where built.as_of_date in (select as_of_date from days)"
    ).fetchall()[0]
    return {c: count for c, count in zip(columns, row, strict=True) if count}


def _first_difference(connection: duckdb.DuckDBPyConnection, day: date) -> Difference | None:
    columns = _columns(connection)
    pairs = ", ".join(f'one."{c}", other."{c}"' for c in columns)
    differs = " or ".join(f'one."{c}" is distinct from other."{c}"' for c in columns)
    row = connection.execute(
        "select coalesce(one.account_id, other.account_id) as account_id,"
        f" one.account_id is not null, other.account_id is not null, {pairs}"
        f" from (select * from built.{FEATURES} where as_of_date = $day) as one"
        f" full join (select * from rebuilt.{FEATURES} where as_of_date = $day) as other"
        " on one.account_id = other.account_id"
        f" where one.account_id is null or other.account_id is null or {differs}"
        " order by 1 limit 1",
        {"day": day},
    ).fetchone()
    if row is None:
        return None
    account_id, in_one, in_other, *values = row
    if not (in_one and in_other):
        return Difference(day, account_id, "", in_one, in_other)
    both = zip(columns, values[::2], values[1::2], strict=True)
    column, before, after = next((c, a, b) for c, a, b in both if a != b)
    return Difference(day, account_id, column, before, after)
