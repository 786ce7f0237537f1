"""From an account's facts to its rows of staging, and from these to raw files and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.store.raw import RawTable, read_contract
from plumbline.store.staging import StagingTable
from plumbline.trace.lineage import Lineage, Step

# Ids that stand for a person, whoever declared them.
PERSONS_IDS = ("user_id", "contact_id", "owner_id", "csm_id", "author_id", "viewer_id")
TEXT = ("varchar", "bigint", "integer", "hugeint", "uuid")
CRM_ID = 15  # a CRM's id, which may be of 18 characters: the last three only repeat its case


@dataclass(frozen=True)
class RawRow:
    """A row of a raw file.

    Attributes
    ----------
    file : str
        Below the raw folder.
    row : int
        From 1, the header of a text file not counted.
    found_by : str
        Column and value that it was found by.
    """

    file: str
    row: int
    found_by: str


@dataclass(frozen=True)
class StagingRows:
    """Rows of one table of staging that concern an account.

    Attributes
    ----------
    count : int
        All of them; `rows` are the newest ones.
    raw : tuple of tuple of RawRow
        The raw rows of each row that is shown.
    hidden : tuple of str
        Columns that are not shown, as they may lead to a person.
    """

    step: Step
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    count: int
    raw: tuple[tuple[RawRow, ...], ...]
    hidden: tuple[str, ...]


def read_rows(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    lineage: Lineage,
    step: Step,
    table: StagingTable,
    *,
    account: str,
    start: date,
    end: date,
    limit: int,
    with_personal: bool,
    known_before: date | None = None,
) -> StagingRows:
    """What a table of staging says of an account, of subjects that began before a day.

    Rows of the span itself come first, then older ones.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the private file.
    start, end : date
        The span, `[start, end)`.
    known_before : date or None
        Rows that became known on this day or later are left out.
    """
    personal = {*lineage.personal_columns(step.key), *PERSONS_IDS}
    hidden = () if with_personal else tuple(n for n in table.columns if n in personal)
    names = [name for name in table.columns if name not in hidden]
    whose, asked = "account_id = $account", {"account": account, "start": start, "end": end}
    if table.owners:
        whose = (
            f"{table.link} in (select {table.link} from {table.owners} where account_id = $account)"
        )
    if "landed_date" in table.columns:
        # a row lands after it happened: older partitions need not be read
        whose += " and landed_date >= $start"
        whose += f" and {table.begins} >= $start"
    if known_before is not None:
        whose += " and known_at < $known"
        asked["known"] = known_before
    found = connection.execute(
        f"select {', '.join(names)}, {', '.join(table.keys[:1])} as key_, known_at as known_,"
        f" count(*) over () as count_ from {table.relation}"
        f" where {whose} and {table.begins} < $end"
        f" order by {table.begins} < $start, {table.changed} >= $end, {table.begins} desc,"
        f" {table.changed} desc, known_at desc, {', '.join(table.keys)} limit {int(limit)}",
        asked,
    ).fetchall()
    raw = find_raw(settings, lineage, step, [(str(row[-3]), row[-2]) for row in found])
    return StagingRows(
        step,
        tuple(names),
        tuple(row[:-3] for row in found),
        found[0][-1] if found else 0,
        raw,
        hidden,
    )


def find_raw(
    settings: Settings, lineage: Lineage, step: Step, keys: Sequence[tuple[str, datetime]]
) -> tuple[tuple[RawRow, ...], ...]:
    """The rows of raw files that hold what staging calls by its key and moment of extraction.

    Parameters
    ----------
    keys : sequence of (str, datetime)
        Key of each row of staging, and when it was known.
    """
    found: list[list[RawRow]] = [[] for _ in keys]
    if not keys:
        return ()
    listed = settings.vendors, f"[source.{settings.source}]", settings.landed_by
    tables = {
        (one.source, one.name): one for one in read_contract(settings.root, settings.raw, *listed)
    }
    for node in lineage.sources_of(step.key):
        table = tables.get((node.source_name, node.name))
        if table is None or not table.files():
            continue
        loaded = str(node.loaded_at_field or "").lower()
        for place, row in _matching(settings.raw, table, loaded, keys, step.name):
            found[place].append(row)
    return tuple(tuple(rows) for rows in found)


def _matching(
    raw: Path,
    table: RawTable,
    loaded: str,
    keys: Sequence[tuple[str, datetime]],
    staging: str,
) -> Iterable[tuple[int, RawRow]]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        source = _with_places(table)
        there = {
            row[0].lower(): row[1].lower()
            for row in connection.execute(f"describe select * from {source}").fetchall()
        }
        declared = [name for name, _ in table.columns if name in there]
        columns = _key_columns(declared, there, staging)
        wanted = ", ".join("(?, ?, ?)" for _ in keys)
        values: list[Any] = [
            item for place, (key, known) in enumerate(keys) for item in (place, key, known)
        ]
        texts = [f'cast(r."{name}" as varchar)' for name in columns]
        same = [f"k.key = {t} or length({t}) = {CRM_ID} and starts_with(k.key, {t})" for t in texts]
        says = " ".join(
            f"when {test} then '{name} ' || {text}"
            for name, text, test in zip(columns, texts, same, strict=True)
        )
        at = f'cast(r."{loaded}" as timestamp)' if loaded in there else "null"
        rows = connection.execute(
            f"with keys as (select * from (values {wanted}) as k(place, key, known))"
            f" select k.place, r.filename, r.row_, case {says} end, {at} = k.known"
            f" from {source} r join keys k on {' or '.join(same)}"
            " order by all",
            values,
        ).fetchall()
    # the delivery that staging took, where the file says when that was; else all
    exact = {row[0] for row in rows if row[4]}
    for place, file, number, told, is_exact in rows:
        if is_exact or place not in exact:
            yield place, RawRow(_below(file, raw), int(number), told)


def _key_columns(declared: Sequence[str], types: Mapping[str, str], staging: str) -> list[str]:
    """Raw columns that may hold the key of staging: `id`, or else one that is called like it."""
    texts = [name for name in declared if types[name].startswith(TEXT)]
    if "id" in texts:
        return ["id"]
    subject = staging.split("__")[-1].removesuffix("_versions").rstrip("s")
    named = [n for n in texts if n.endswith("id") and n.removesuffix("_id") in subject]
    return named[:1] or [n for n in texts if n.endswith("id")] or texts


def _with_places(table: RawTable) -> str:
    """A raw table with the columns `filename` and `row_`, from 1."""
    inside = table.location
    if "(" not in inside:
        return f"(select *, row_number() over () as row_, {inside} as filename from {inside})"
    head = inside.rstrip().removesuffix(")").rstrip().rstrip(",")
    if table.is_parquet:
        places = "filename = true, file_row_number = true"
        return f"(select *, file_row_number + 1 as row_ from {head}, {places}))"
    # readers of text know no number of a row: they give rows in their order, file by file
    return (
        "(select *, row_number() over (partition by filename order by place_) as row_ from"
        f" (select *, row_number() over () as place_ from {head}, filename = true)))"
    )


def _below(file: str, raw: Path) -> str:
    try:
        return str(Path(file).relative_to(raw))
    except ValueError:
        return file
