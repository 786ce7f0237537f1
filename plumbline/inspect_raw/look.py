"""One look at a folder: list it, read footers and samples, recognise, find."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from plumbline.errors import UserError
from plumbline.inspect_raw import checks_of_keys, checks_of_shape, checks_of_values
from plumbline.inspect_raw.checks_of_keys import IdForms, id_forms, mixed_ids
from plumbline.inspect_raw.checks_of_shape import listed
from plumbline.inspect_raw.contract import NATIVE
from plumbline.inspect_raw.kinds import Finding, finding
from plumbline.inspect_raw.knowledge import Knowledge, load_knowledge
from plumbline.inspect_raw.listing import Listing, Unreadable, list_folder
from plumbline.inspect_raw.reading import TableRead, read_table
from plumbline.inspect_raw.recognise import UNKNOWN, Seen, recognise
from plumbline.inspect_raw.values import Clock, Rows, known_range

CHECKS = (*checks_of_shape.CHECKS, *checks_of_keys.CHECKS, *checks_of_values.CHECKS)
NEEDED = {
    "accounts": "stg_master_records__account_versions",
    "subscriptions": "stg_subscription__subscription_versions",
}
Progress = Callable[[float, float | None, str], None]


@dataclass(frozen=True)
class TableLook:
    """A recognised table with the dates that it covers.

    Attributes
    ----------
    clock : Clock or None
        The column that dates rows, and its range.
    read_at : Clock or None
        When the rows were read.
    """

    seen: Seen
    clock: Clock | None
    read_at: Clock | None


@dataclass(frozen=True)
class Look:
    """Everything that one look saw."""

    root: Path
    known: Knowledge
    tables: tuple[TableLook, ...]
    findings: tuple[Finding, ...]
    file_count: int
    byte_count: int
    no_export_count: int
    last_landed: date | None
    seconds: float


def look_at(
    root: Path,
    project: Path,
    progress: Progress = lambda *_: None,
    variables: Mapping[str, Any] | None = None,
) -> Look:
    """Look at a folder of raw exports.

    Parameters
    ----------
    root : Path
        The folder.
    project : Path
        The project, for its contract and seeds.
    progress : callable, optional
        Called with tables done, tables in all, and the one at work.
    variables : mapping of str to value, optional
        dbt vars of the source, where it has a section already.

    Raises
    ------
    UserError
        It is no folder, or holds nothing that can be read.
    """
    began = time.monotonic()
    if not root.is_dir():
        raise UserError(f"{root} is no folder", "give --raw the folder that your exports land in")
    known = load_knowledge(project, variables)
    listing = list_folder(root, known)
    with duckdb.connect() as connection, TemporaryDirectory() as scratch:
        connection.execute("set timezone = 'UTC'; set threads = 2; set memory_limit = '2GB'")
        connection.execute(f"set temp_directory = '{scratch}'; set preserve_insertion_order = true")
        read: list[TableRead] = []
        unreadable = list(listing.unreadable)
        for place, files in enumerate(listing.tables):
            progress(place, len(listing.tables), files[0].table)
            found = read_table(connection, files, f"sample_{place}", known, Path(scratch))
            if isinstance(found, TableRead):
                read.append(found)
                unreadable += found.unreadable
            else:
                unreadable += found
        if not read:
            tried = [f", for instance {file.shown}: {file.reason}" for file in unreadable[:1]]
            raise UserError(
                f"{root} holds nothing that can be read"
                f" ({len(unreadable):,} file(s) tried{''.join(tried)})",
                "give --raw the folder that holds Parquet, CSV or JSONL files",
            )
        tables, findings = _ask(connection, read, known)
    findings = [*_of_files(unreadable), *findings, *_of_folder(tables, listing, known)]
    landed = [file.landed for files in listing.tables for file in files if file.landed]
    return Look(
        root=root,
        known=known,
        tables=tuple(tables),
        findings=tuple(findings),
        file_count=sum(map(len, listing.tables)) + len(listing.unreadable),
        byte_count=sum(file.byte_count for files in listing.tables for file in files),
        no_export_count=listing.no_export_count,
        last_landed=date.fromisoformat(max(landed)) if landed else None,
        seconds=time.monotonic() - began,
    )


def _ask(
    connection: duckdb.DuckDBPyConnection, read: list[TableRead], known: Knowledge
) -> tuple[list[TableLook], list[Finding]]:
    tables: list[TableLook] = []
    findings: list[Finding] = []
    forms: list[IdForms] = []
    for seen in recognise(read, known):
        rows = Rows(connection, seen, known)
        tables.append(TableLook(seen, rows.clock, known_range(rows)))
        for check in CHECKS:
            findings += check(rows)
        forms += id_forms(rows)
        connection.execute(f"drop table {seen.read.relation}")
    return tables, [*findings, *mixed_ids(forms)]


def _of_files(unreadable: Iterable[Unreadable]) -> Iterator[Finding]:
    for file in unreadable:
        yield finding("unreadable_file", file.shown, file.reason)


def _of_folder(tables: list[TableLook], listing: Listing, known: Knowledge) -> Iterator[Finding]:
    """What only all tables together say."""
    found = {(table.seen.vendor, table.seen.object_name) for table in tables}
    for needed, model in NEEDED.items():
        if not found & known.tables_of[model]:
            yield finding("object_missing", needed, f"no table here feeds {model}")
    for folder, table_format in listing.superseding.items():
        text = f"a {table_format} table: its log says which files count"
        yield finding("files_superseded", folder or ".", text)
    unfinished = sorted(listing.begun_loads - listing.finished_loads)
    if unfinished:
        yield finding("load_unfinished", "_dlt_loads", f"no record of {listed(unfinished, 3)}")
    yield from _stale(tables, known)
    unread: dict[str, list[str]] = {}
    for table in tables:
        if not table.seen.is_read:
            unread.setdefault(table.seen.vendor, []).append(table.seen.read.name)
    for vendor, names in unread.items():
        yield finding("object_not_read", vendor, listed(sorted(set(names)), 8))


def _stale(tables: list[TableLook], known: Knowledge) -> Iterator[Finding]:
    """Tables whose newest row lies further back than the contract's freshness allows."""
    newest = max((table.read_at.end for table in tables if table.read_at), default=None)
    for table in tables:
        seen = table.seen
        contract = known.contract_table(seen.vendor, seen.object_name, NATIVE)
        if table.read_at is None or contract is None or newest is None or seen.vendor == UNKNOWN:
            continue
        days = (newest - table.read_at.end).days
        if contract.stale_days and days > contract.stale_days:
            read_at = table.read_at
            text = f"{read_at.column} ends {read_at.end}, {days:,} days before the newest"
            yield finding("table_stale", seen.label, text)
