"""Small things that the readers of files share: SQL texts, opened files, the rows of one file."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb

from plumbline.inspect_raw.listing import UNZIP_ERRORS, RawFile

HEAD_BYTES = 256 * 1024


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    has_header: bool = True


@dataclass(frozen=True)
class Part:
    """The rows of one file, in a table of the connection.

    Attributes
    ----------
    misfits : int
        Lines that do not fit the others and were left out.
    first_misfit : int
        The first of them, counted from 1; 0 where that is not known.
    has_more : bool
        Whether the file is one page of several.
    """

    relation: str
    rows: int
    dialect: Dialect | None = None
    misfits: int = 0
    first_misfit: int = 0
    has_more: bool = False


def literal(text: object) -> str:
    """A text as SQL has it."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def compression(file: RawFile) -> str:
    """How DuckDB is told of the compression, which a file's name may not say."""
    return f"compression = {literal('gzip' if file.is_zipped else 'none')}"


@contextmanager
def opened(file: RawFile) -> Iterator[IO[bytes]]:
    """The file's bytes, unzipped."""
    with Path(file.path).open("rb") as handle:
        if file.is_zipped:
            with gzip.GzipFile(fileobj=handle) as unzipped:
                yield unzipped  # type: ignore[misc]
        else:
            yield handle


def head_of(file: RawFile) -> bytes:
    """The file's first bytes, unzipped."""
    with opened(file) as handle:
        return handle.read(HEAD_BYTES)


def unzipped_ratio(file: RawFile) -> float:
    """Bytes of text per byte of the file, from its beginning."""
    if not file.is_zipped:
        return 1.0
    with Path(file.path).open("rb") as handle, gzip.GzipFile(fileobj=handle) as unzipped:
        try:
            text = len(unzipped.read(4 * HEAD_BYTES))
        except UNZIP_ERRORS:
            return 1.0  # its reader says what is wrong with it
        return text / max(1, min(handle.tell(), file.byte_count))


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many items, evenly spread, first and last among them.

    Examples
    --------
    >>> spread(range(100), 3)
    [0, 50, 99]
    """
    if len(items) <= most:
        return list(items)
    places = {round(place * (len(items) - 1) / (most - 1)) for place in range(most)}
    return [items[place] for place in sorted(places)]


def why(error: Exception) -> str:
    """Why a file cannot be read, without the values that the engine's message goes on to show."""
    text = (str(error) or type(error).__name__).splitlines()[0]
    text = re.sub(r"^(\w+ )+Error: ", "", text)
    text = re.sub(r"file \"[^\"]*\"[,.]?\s*", "", text)
    return re.sub(r"([\"']).*?\1", "...", text)[:120].strip()


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Columns of a table with their types, lower case."""
    rows = connection.execute(f"describe {relation}").fetchall()
    return {row[0]: row[1].lower() for row in rows}


def count_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Rows of a table."""
    found = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(found[0]) if found else 0


def unite(connection: duckdb.DuckDBPyConnection, relations: list[str], relation: str) -> None:
    """Put tables under each other by the names of their columns, as texts where types differ."""
    for columns in ("*", "cast(columns(*) as varchar)"):
        united = " union all by name ".join(f"select {columns} from {name}" for name in relations)
        try:
            connection.execute(f"create or replace temp table {relation} as {united}")
            break
        except duckdb.Error:
            continue
    for name in relations:
        connection.execute(f"drop table {name}")
