"""CSV files against the contract: every value is looked at, none is read as another one (D108)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from plumbline.errors import UserError
from plumbline.store import landings
from plumbline.store.landings import FileFacts
from plumbline.store.raw import RawTable

# What the macros whole_number and decimal_number read.
WHOLE = "^ *[+-]?[0-9]{1,18}([.]0*)? *$"
NUMBER = "^ *[+-]?([0-9]{1,16}([.][0-9]*)?|[.][0-9]+)([eE][+-]?0?[0-9])? *$"
# Numbers, dates and short words; what is longer may be what a person wrote, in a row that slipped.
SHOWN = re.compile(r"[-+.,:/ \dTZ]{1,40}|\W?\w{0,5}\W?")
INTEGERS = ("tinyint", "smallint", "integer", "bigint")
CHARACTER = re.compile(r"\b(delim|quote|escape)\s*=\s*'(.)'")
IN_QUOTES = """^(".*"|'.*')$"""


def read_text_facts(path: str) -> FileFacts:
    """Fingerprint a file.

    Raises
    ------
    UserError
        It cannot be read.
    """
    try:
        return landings.read_text_facts(path)
    except OSError as error:
        raise UserError(
            f"raw file {path} cannot be read: {error}", "land it again, or restore it"
        ) from None


def check_text(connection: duckdb.DuckDBPyConnection, table: RawTable, path: str) -> int:
    """Read a file as text, hold its columns and values against the contract, count its rows.

    Raises
    ------
    UserError
        It does not read as the contract says; the line names column, line and value.
    """
    relation = table.location.replace(table.pattern, path)
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        found = {str(row[0]).lower(): str(row[1]).lower() for row in described}
        columns = _columns(table, path, found)
        rows, wrong = _first_wrong(connection, relation, columns)
        if wrong is None:
            return rows
        name, row = wrong
        value = connection.execute(
            f'select "{name}" from {relation} limit 1 offset {row - 1}'
        ).fetchall()[0][0]
    except duckdb.Error as error:
        raise _unreadable(table, path, _malformed(table, path) or _cause(error)) from None
    declared = dict(columns)[name]
    expected = "varchar, and every value is in quotes" if declared == "varchar" else declared
    raise UserError(
        f"raw file {path}, line {_line_of(table, path, row)}: column {name} is "
        f"{_shown(str(value))}, the contract of {table.label} says {expected}",
        f"mend the file, or change {table.contract}",
    )


def _shown(value: str) -> str:
    return repr(value) if SHOWN.fullmatch(value) else f"a text of {len(value)} characters"


def _cause(error: duckdb.Error) -> str:
    # the engine goes on with the line itself
    return str(error).partition("Original Line")[0][:200]


def _unreadable(table: RawTable, path: str, cause: str) -> UserError:
    return UserError(
        f"raw file {path} does not read as {table.label}: {cause}",
        f"mend the file, or give its delim, quote, escape or encoding in {table.contract}",
    )


def _columns(table: RawTable, path: str, found: Mapping[str, str]) -> list[tuple[str, str]]:
    """The declared columns that the file has."""
    for name, _ in table.columns:
        if name not in found and name not in table.optional:
            # The engine passes over lines before the first one that is as wide as what follows.
            malformed = _malformed(table, path)
            raise _unreadable(table, path, malformed) if malformed else table.lacks(path, name)
        if found.get(name, "varchar") != "varchar":
            raise UserError(
                f"{table.contract}: read_csv makes {found[name]} of {table.label}.{name}, "
                "which rounds a number and drops an offset without a word",
                "set all_varchar = true there in the place of types; the columns say the types",
            )
    return [(name, kind) for name, kind in table.columns if name in found]


def _first_wrong(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: list[tuple[str, str]]
) -> tuple[int, tuple[str, int] | None]:
    """Count the rows, and find the first column and row that cannot be read."""
    firsts = ", ".join(_first_row(name, kind) for name, kind in columns)
    counted = connection.execute(
        f"select count(*), {firsts}"
        f" from (select *, row_number() over () as row_of_file from {relation})"
    ).fetchall()[0]
    wrong = [(int(row), name) for row, (name, _) in zip(counted[1:], columns, strict=True) if row]
    return int(counted[0]), (min(wrong)[1], min(wrong)[0]) if wrong else None


def _first_row(name: str, kind: str) -> str:
    """The first row whose value is none of its type; in text, of values that are all in quotes."""
    given = f'"{name}"'
    moment = f"try_cast({given} as timestamp with time zone)"
    if kind in INTEGERS:
        readable = f"regexp_matches({given}, '{WHOLE}') and try_cast({given} as {kind}) is not null"
    elif kind == "double":
        readable = f"regexp_matches({given}, '{NUMBER}')"
    elif kind == "boolean":
        readable = f"try_cast({given} as boolean) is not null"
    elif kind == "timestamp":
        readable = f"{moment} is not null"
    elif kind == "date":
        readable = f"cast({moment} as timestamp) = cast(cast({moment} as timestamp) as date)"
    else:
        quoted = IN_QUOTES.replace("'", "''")
        return (
            f"case when bool_and(regexp_matches({given}, '{quoted}')) then"
            f" min(row_of_file) filter ({given} is not null) end"
        )
    return f"min(row_of_file) filter ({given} is not null and not coalesce({readable}, false))"


def _lines(table: RawTable, handle: Iterable[str], *, strict: bool) -> Any:
    """A reader of the lines, by the table's own delimiter and quotes."""
    given = dict(CHARACTER.findall(table.location))
    quote = given.get("quote", '"')
    escape = given.get("escape", quote)
    return csv.reader(
        handle,
        delimiter=given.get("delim", ","),
        quotechar=quote,
        doublequote=escape == quote,
        escapechar=None if escape == quote else escape,
        strict=strict,
    )


def _line_of(table: RawTable, path: str, row: int) -> int:
    """The line on which a row begins; a quoted value may hold line ends."""
    with Path(path).open(encoding="utf-8-sig", newline="", errors="replace") as handle:
        lines = _lines(table, handle, strict=False)
        for _ in range(row):
            next(lines, None)
        return int(lines.line_num) + 1


def _malformed(table: RawTable, path: str) -> str | None:
    """The first line that is no row of the header's width, None where all are."""
    begins = 1
    with Path(path).open(encoding="utf-8-sig", newline="") as handle:
        lines = _lines(table, handle, strict=True)
        try:
            width = len(next(lines, []))
            begins = lines.line_num + 1
            for fields in lines:
                if fields and len(fields) != width:
                    return f"line {begins} has {len(fields)} fields, the header {width}"
                begins = lines.line_num + 1
        except csv.Error as error:
            return f"line {begins}: {error}"
        except UnicodeDecodeError:
            return f"after line {begins - 1} it is not UTF-8"
    return None
