"""Writes beside raw files what only the future could know: rows made from the rows that lie there.

Nothing here knows a vendor. A table's key is its first column; its times are what has a time's
type, and whole numbers that all lie where epoch seconds do, or their milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from plumbline.errors import UserError
from plumbline.store.landings import EXTRACTED, Landing
from plumbline.store.raw import RawTable, landed_day

DELETED = ("_is_deleted", "is_deleted", "isdeleted")
MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
WHOLE = ("INTEGER", "BIGINT", "HUGEINT")
EPOCHS = (1_000_000_000, 2_200_000_000)
NEW_NUMBER = 900_000_000  # far above any number that a vendor gives out
KEPT, OTHER, MIXED = "kept", "other", "mixed"
STILL, MOVED = "still", "moved"


@dataclass(frozen=True)
class Change:
    """How a row of the future is made from a row that lies there.

    Attributes
    ----------
    is_new : bool
        Another object than the row's.
    content, times : str
        Of the row (`kept`) or of another object (`other`); times may also be `moved`, by as many
        days as the row is known later, and content `mixed`, each column of one of the two: so an
        object stays its account's and has another price, or another status.
    minutes : int
        Moved further, by so many minutes.
    is_deleted : bool
        Says that the object was deleted, where a table can say so.
    """

    name: str
    is_new: bool = False
    content: str = KEPT
    times: str = KEPT
    minutes: int = 0
    is_deleted: bool = False


CHANGES = (
    Change("future", is_new=True, times=MOVED),
    Change("backfilled", is_new=True),
    Change("redelivered"),
    Change("changed", content=OTHER, times=MOVED),
    Change("altered", content=MIXED, times=MOVED),
    Change("corrected", content=OTHER),
    Change("replaced", content=OTHER, times=OTHER),
    Change("older version", content=OTHER, minutes=-60),
    Change("antedated", minutes=-100 * 24 * 60),
    Change("postdated", minutes=20 * 24 * 60),
    Change("deleted", times=MOVED, is_deleted=True),
    Change("deleted from the start", is_deleted=True),
)


def link_files(
    tables: Iterable[RawTable],
    landings: Iterable[Landing],
    raw: Path,
    copy: Path,
) -> int:
    """Let `copy` show the raw files of certain landings, without copying one.

    Returns
    -------
    int
        Number of files.

    Raises
    ------
    UserError
        A file lies outside the raw folder, so that no copy of the folder can show it.
    """
    wanted = {landing.key for landing in landings}
    count = 0
    for table in tables:
        for file in table.files():
            if (table.vendor, table.name, landed_day(file)) not in wanted:
                continue
            if not Path(file).is_relative_to(raw):
                raise UserError(
                    f"raw file {file} lies outside {raw}",
                    f"set external_location of {table.label} to a folder below PLUMBLINE_RAW",
                )
            link = copy / Path(file).relative_to(raw)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
            count += 1
    return count


def append_later_rows(
    tables: Sequence[RawTable],
    copy: Path,
    horizon: date,
    until: date,
    cap: int,
    report: Callable[[float, float | None, str], None],
) -> int:
    """Append rows that became known on `horizon` or later to every table that says when.

    Parameters
    ----------
    tables : sequence of RawTable
        Read from `copy`, a folder made by `link_files`.
    horizon, until : date
        Half of the rows are known from the first second, or the noon, of `horizon` on; the others
        from half way to `until` on, or only from the day after it.
    cap : int
        Rows of a table that each change is made from, at most about.

    Returns
    -------
    int
        Number of rows; 0 where no table says when a row became known.
    """
    count = 0
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number, table in enumerate(tables):
            report(number, len(tables), table.label)
            folder = copy.with_name("later") / table.vendor / table.name
            folder.mkdir(parents=True)
            count += _append_to(connection, table, folder, horizon, until, cap)
            for file in sorted(folder.glob("landed=*/*.parquet")):
                # Never into an existing file: that may be a link to the user's own.
                place = Path(table.pattern.split("*", 1)[0]) / file.parent.name
                place.mkdir(exist_ok=True)
                file.rename(place / f"part-later-{file.name}")
    return count


def _append_to(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    folder: Path,
    horizon: date,
    until: date,
    cap: int,
) -> int:
    described = connection.execute(f"describe select * from {table.location}").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    if EXTRACTED not in kinds or "landed" not in kinds:
        return 0
    del kinds["landed"]
    key = next(iter(kinds))
    connection.execute(
        f"""
        create or replace temp table pool as
        select *, row_number() over (order by hash("{key}"), {EXTRACTED}) as place
        from (select * exclude (landed) from {table.location} where {EXTRACTED} < ?)
        where hash("{key}") % (
            select greatest(1, count(*) // ?) from {table.location} where {EXTRACTED} < ?
        ) = 0
        """,
        [horizon, cap, horizon],
    )
    epochs = _epoch_columns(connection, kinds, key)
    half_way = horizon + (until - horizon) / 2
    selects = [_select(change, number, key, kinds, epochs) for number, change in enumerate(CHANGES)]
    # Half of the rows on the very day: a cut that is a day off shows there.
    connection.execute(
        f"""
        create or replace temp table later as
        with timed as (
            select *, case hash(place) % 4
                when 0 then timestamp '{horizon}'
                when 1 then timestamp '{horizon}' + interval 12 hour
                when 2 then timestamp '{half_way}' + interval 6 hour
                else timestamp '{until}' + interval 30 hour
            end as later_at from pool
        ),
        paired as (
            select timed as own, other, timed.later_at from timed
            inner join pool as other
                on other.place = (timed.place + 4) % (select count(*) from pool) + 1
        )
        {" union all ".join(selects)}
        """
    )
    rows = connection.execute("select count(*) from later").fetchall()
    if rows[0][0]:
        connection.execute(
            f"copy (select *, cast({EXTRACTED} as date) as landed from later order by all)"
            f" to '{folder}' (format parquet, partition_by (landed), overwrite_or_ignore)"
        )
    return int(rows[0][0])


def _epoch_columns(
    connection: duckdb.DuckDBPyConnection, kinds: dict[str, str], key: str
) -> set[str]:
    found = set()
    for name, kind in kinds.items():
        if kind not in WHOLE or name == key:
            continue
        seconds = f'case when "{name}" > {EPOCHS[1]} then "{name}" // 1000 else "{name}" end'
        row = connection.execute(f"select min({seconds}), max({seconds}) from pool").fetchall()[0]
        if row[0] is not None and EPOCHS[0] <= row[0] <= row[1] <= EPOCHS[1]:
            found.add(name)
    return found


def _select(change: Change, number: int, key: str, kinds: dict[str, str], epochs: set[str]) -> str:
    content, times = ("other" if of == OTHER else "own" for of in (change.content, change.times))
    columns = []
    for name, kind in kinds.items():
        value = f'{content}."{name}"'
        if change.content == MIXED:
            value = (
                f"case when hash(own.place, '{name}') % 2 = 0"
                f' then own."{name}" else other."{name}" end'
            )
        if name == EXTRACTED:
            value = "later_at"
        elif name == key:
            value = f'own."{name}"'
            if change.is_new:
                value += f" + {NEW_NUMBER}" if kind in WHOLE else ""
                value = value if kind in WHOLE else f"'later-' || {value}"
        elif name.lower() in DELETED and change.is_deleted:
            value = "true"
        elif kind in MOMENTS or name in epochs:
            value = _moved(f'{times}."{name}"', kind, change)
        columns.append(f'cast({value} as {kind}) as "{name}"')
    return f"select {', '.join(columns)} from paired where hash(own.place, {number}) % 2 = 0"


def _moved(value: str, kind: str, change: Change) -> str:
    days = f"date_diff('day', own.{EXTRACTED}, later_at)" if change.times == MOVED else "0"
    if kind == "DATE":
        return f"{value} + cast({days} + {change.minutes} // 1440 as integer)"
    if kind in WHOLE:
        unit = f"case when {value} > {EPOCHS[1]} then 1000 else 1 end"
        return f"{value} + ({days} * 86400 + {change.minutes} * 60) * {unit}"
    return f"{value} + to_days(cast({days} as integer)) + to_minutes({change.minutes})"
