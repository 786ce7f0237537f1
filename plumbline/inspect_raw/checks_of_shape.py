"""What a table's files, columns and place say, beside the contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plumbline.inspect_raw.contract import NATIVE
from plumbline.inspect_raw.kinds import Finding, finding
from plumbline.inspect_raw.knowledge import PLAIN, plain
from plumbline.inspect_raw.parts import Dialect, quoted
from plumbline.inspect_raw.values import Rows

SHOWN = 6


def listed(names: Sequence[str], most: int = SHOWN) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def files(rows: Rows) -> Iterator[Finding]:
    """Lines and pages that were lost, forms that need a word in the sources YAML."""
    read = rows.seen.read
    for shown, (count, first) in read.misfits.items():
        at = f", the first in line {first}" if first else ""
        yield finding("lines_unread", shown, f"{count:,} line(s) do not fit the others{at}")
    for shown in read.open_pages:
        yield finding("list_cut_off", shown, "the page says that there are more")
    if read.absent_in:
        words = [f"{name} in {count:,}" for name, count in read.absent_in.items()]
        of = f"of {read.looked_at:,} files looked at"
        yield finding("columns_differ", rows.seen.label, f"{listed(words, 4)} {of}")
    for dialect in read.dialects:
        if not dialect.has_header:
            yield finding("header_missing", rows.seen.label, "the first line is a row")
        odd = _options(dialect)
        if odd:
            yield finding("dialect", rows.seen.label, ", ".join(odd))


def _options(dialect: Dialect) -> list[str]:
    usual = Dialect()
    marks = {"delim": "delimiter", "quote": "quote", "escape": "escape", "encoding": "encoding"}
    return [
        f"{option} = {getattr(dialect, name)!r}"
        for option, name in marks.items()
        if getattr(dialect, name) != getattr(usual, name)
    ]


def place(rows: Rows) -> Iterator[Finding]:
    """Whether a model reads this table, in this layout, at this place."""
    seen = rows.seen
    if not seen.is_read:
        return
    if not seen.read.rows:
        yield finding("empty_table", seen.label, f"{len(seen.read.files):,} file(s), no row")
    if seen.contract is None:
        yield finding("layout_not_read", seen.label, _layout(rows))
    elif seen.root is None:
        yield finding(
            "not_where_read", seen.label, f"{seen.contract.file} reads {seen.contract.pattern}"
        )


def _layout(rows: Rows) -> str:
    vendor, tool = rows.seen.vendor, rows.seen.tool.name
    if tool == PLAIN and rows.native:
        return f"{vendor} as plain files; {rows.native.file} reads {rows.native.pattern}"
    folder = f"models/base/{vendor}/{tool}/"
    is_there = any((table.vendor, table.tool) == (vendor, tool) for table in rows.known.contract)
    told = f"{folder} does not read it" if is_there else f"{folder} is not there"
    return f"{vendor} as {tool} lands it; {told}"


def columns(rows: Rows) -> Iterator[Finding]:
    """Columns beside the contract's: missing, and unknown."""
    contract = rows.seen.contract or (None if rows.seen.tool.name == "fivetran" else rows.native)
    if contract is None or not rows.seen.read.rows:
        return
    own = {plain(name) for name in rows.seen.read.columns}
    # what the native layout adds, another tool says in its own way
    added = set() if rows.seen.tool.name == NATIVE else {"extractedat", "isdeleted"}
    needed = [name for name in contract.columns if name.lower() not in contract.optional]
    missing = [name for name in needed if plain(name) not in own | added | {"landed"}]
    key = next(iter(contract.columns))
    if key in missing:
        yield finding("key_missing", rows.seen.label, f"no column {key}")
        missing.remove(key)
    if missing:
        yield finding("column_missing", rows.seen.label, listed(missing))
    declared = {plain(name) for name in contract.columns}
    unknown = [name for name in rows.own_columns() if plain(name) not in declared]
    if unknown:
        yield finding("column_unknown", rows.seen.label, listed(unknown))


def read_time(rows: Rows) -> Iterator[Finding]:
    """Whether rows say when they were read."""
    column = rows.known_at()
    parent = rows.seen.tool.parent
    if not rows.seen.read.sample_rows or (parent and rows.seen.column(parent)):
        return  # a child's row was read with its parent's
    if column is None:
        yield finding("no_read_time", rows.seen.label, "no such column")
    elif not rows.ask((f"count({quoted(column)})",))[0]:
        yield finding("no_read_time", rows.seen.label, f"{column} is empty")


CHECKS = (files, place, columns, read_time)
