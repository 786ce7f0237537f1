"""JSON text in raw files: what cannot be read is named by file, column and row, and put aside.

Decided: D109.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from plumbline.errors import UserError
from plumbline.store.raw import RawTable

STOPPING_SHARE = 0.01
STOPPING_ROWS = 20
# The engine takes more for JSON than holds anything: a number, or text that holds JSON once more.
READABLE = "(json_valid({given}) and left(ltrim({given}), 1) in ('{{', '[')) or {given} = 'null'"


def check_json(
    connection: duckdb.DuckDBPyConnection, table: RawTable, paths: Sequence[str]
) -> tuple[str, ...]:
    """Look at every JSON text of a table; empty text is no JSON and means null.

    Returns
    -------
    tuple of str
        A sentence for each column with values that cannot be read; in the build they are null.

    Raises
    ------
    UserError
        So many rows cannot be read that the table itself must be wrong.
    """
    if not table.json:
        return ()
    described = connection.execute(f"describe select * from {table.location}").fetchall()
    names = sorted(table.json & {str(column[0]).lower() for column in described})
    if not names:
        return ()
    counts = ", ".join(f"count(*) filter ({_unreadable(name)})" for name in names)
    query = f"select count(*), {counts} from {table.location}"
    try:
        counted = connection.execute(query).fetchall()[0]
    except duckdb.Error as error:
        raise UserError(
            f"raw table {table.label}: {str(error).partition(' Input:')[0]}",
            f"land {', '.join(names)} as plain text in the place of Parquet's own JSON type: then "
            "one malformed value can be put aside",
        ) from None
    rows, told = counted[0], []
    for name, count in zip(names, counted[1:], strict=True):
        if count == 0:
            continue
        told.append(
            f"{table.label}: {count:,} of {rows:,} values of {name} are not JSON and read as "
            f"null; the first: {_first(connection, table, name, paths)}"
        )
        if count >= max(STOPPING_ROWS, STOPPING_SHARE * rows):
            raise UserError(told[-1], "land the table again with JSON text in that column")
    return tuple(told)


def _unreadable(name: str) -> str:
    given = f'cast("{name}" as varchar)'
    return f"trim({given}) <> '' and not ({READABLE.format(given=given)})"


def _first(
    connection: duckdb.DuckDBPyConnection, table: RawTable, name: str, paths: Sequence[str]
) -> str:
    """File and row of the first value that cannot be read; the value itself may be personal."""
    for path in paths:
        relation = table.location.replace(table.pattern, path)
        found = connection.execute(
            f"select row_of_file from (select *, row_number() over () as row_of_file"
            f" from {relation}) where {_unreadable(name)} order by row_of_file limit 1"
        ).fetchone()
        if found is not None:
            return f"{path}, row {found[0]}"
    return "unknown"
