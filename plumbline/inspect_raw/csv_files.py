"""CSV of any dialect, as a table of texts."""

from __future__ import annotations

import re

import duckdb

from plumbline.inspect_raw.listing import RawFile
from plumbline.inspect_raw.parts import Dialect, Part, compression, count_rows, head_of, literal

HEADER_CELL = re.compile(r"^[A-Za-z_][\w .:/()-]*$")
DELIMITERS = (",", ";", "\t", "|")


def read_csv(
    connection: duckdb.DuckDBPyConnection, file: RawFile, relation: str, limit: int | None
) -> Part:
    """Read the first rows of a CSV, or all; lines that do not fit are counted and left out."""
    dialect, names = sniff(connection, file)
    options = {
        "delim": literal(dialect.delimiter),
        "quote": literal(dialect.quote),
        "escape": literal(dialect.escape),
        "encoding": literal(dialect.encoding),
        "header": str(dialect.has_header).lower(),
        "auto_detect": "false",
        "store_rejects": "true",
        "columns": "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names) + "}",
    }
    listed = ", ".join(f"{key} = {value}" for key, value in options.items())
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    connection.execute(
        f"create or replace temp table {relation} as select * from"
        f" read_csv({literal(file.path)}, {compression(file)}, {listed})"
        + (f" limit {limit}" if limit else "")
    )
    misfits, first = connection.execute(
        "select count(distinct line), coalesce(min(line), 0) from reject_errors"
    ).fetchone() or (0, 0)
    return Part(relation, count_rows(connection, relation), dialect, int(misfits), int(first))


def sniff(connection: duckdb.DuckDBPyConnection, file: RawFile) -> tuple[Dialect, list[str]]:
    """How a CSV is written, and the names of its columns."""
    head = head_of(file)
    encoding = _encoding(head)
    lines = head.decode(encoding, "replace").lstrip("\ufeff").splitlines()
    if not lines:
        raise ValueError("a mark of its encoding, and no line")
    first_line = lines[0]
    asked = (
        "select Delimiter, Quote, Escape, HasHeader, Columns from sniff_csv("
        f"{literal(file.path)}, encoding = {literal(encoding)}, all_varchar = true"
        f", {compression(file)}"
    )
    try:
        found = connection.execute(f"{asked})").fetchone()
    except duckdb.Error:
        # a few ragged lines must not hide the others
        lenient = f"{asked}, ignore_errors = true, null_padding = true)"
        found = connection.execute(lenient).fetchone()
    delimiter, quote, escape, has_header, columns = found
    delimiter = _likely_delimiter(first_line, delimiter)
    # a sample without quotes says nothing about the rest: a key is never read with its quotes
    quote = quote if quote in ('"', "'") else '"'
    escape = escape if escape not in ("(empty)", "\0", "") else quote
    cells = [cell.strip().strip(quote) for cell in first_line.split(delimiter)]
    if not has_header or len(columns) != len(cells):
        has_header = len(set(cells)) == len(cells) and all(map(HEADER_CELL.match, cells))
    names = cells if has_header else [column["name"] for column in columns]
    names = [name or f"column{place}" for place, name in enumerate(names)]
    return Dialect(delimiter, quote, escape, encoding, bool(has_header)), _distinct(names)


def _likely_delimiter(header: str, sniffed: str) -> str:
    """The sniffed delimiter; where the header does not have it, the one that it has most of."""
    best = max(DELIMITERS, key=header.count)
    return sniffed if header.count(sniffed) or not header.count(best) else best


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    listed = []
    for name in names:
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        again = seen[name.lower()]
        listed.append(name if again == 1 else f"{name}_{again}")
    return listed


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # a character that the end of the head cuts is none
        if error.start < len(head) - 4:
            return "latin-1"
    return "utf-8"
