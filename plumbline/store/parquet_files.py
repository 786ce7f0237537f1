"""Parquet files against the contract: which types read as the declared one without a loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import duckdb
import pyarrow as pa

from plumbline.errors import UserError
from plumbline.store.landings import FileFacts, read_parquet_facts
from plumbline.store.raw import RawTable

SAME_TYPE = {"text": "varchar", "string": "varchar", "json": "varchar", "int": "integer"}
BITS = {
    "tinyint": 7,
    "utinyint": 8,
    "smallint": 15,
    "usmallint": 16,
    "integer": 31,
    "uinteger": 32,
    "bigint": 63,
    "ubigint": 64,
    "hugeint": 127,
}
FRACTIONS = ("float", "double", "decimal")
NESTED = ("struct", "list", "large_list", "fixed_size_list", "map")
EXACT_IN_DOUBLE = 2**53


class Fit(Enum):
    """Whether a type may stand where the contract declares another."""

    YES = "yes"
    BY_VALUE = "where every value is the same in the declared type"
    NO = "no"


def fit(declared: str, found: str, *, is_united: bool = True) -> Fit:
    """Say whether a column of type `found` reads as `declared`.

    Parameters
    ----------
    is_united : bool
        Whether files of the table may differ; where not, the first file decides for all.
    """
    declared = SAME_TYPE.get(declared, declared)
    if declared in ("", found):
        return Fit.YES
    if declared in BITS and found in BITS and BITS[found] <= BITS[declared]:
        return Fit.YES
    if (declared, found) in {("double", "float"), ("timestamp", "timestamp with time zone")}:
        return Fit.YES
    if not is_united:
        return Fit.NO
    if found == "null" or (declared, found) == ("double", "decimal"):
        return Fit.YES
    if declared == "varchar" and found in BITS:
        return Fit.YES
    if declared in BITS and (found in BITS or found in FRACTIONS):
        return Fit.BY_VALUE
    if (declared == "double" and found in BITS) or (
        declared == "date" and found.startswith("timestamp")
    ):
        return Fit.BY_VALUE
    return Fit.NO


def read_facts(table: RawTable, path: str) -> FileFacts:
    """Read a file's footer and hold its columns against the contract.

    Raises
    ------
    UserError
        The file cannot be read, lacks a column, or has one of a type that cannot be read.
    """
    try:
        facts = read_parquet_facts(path)
    except (OSError, pa.ArrowException) as error:
        raise UserError(
            f"raw file {path} cannot be read: {error}", "land it again, or restore it"
        ) from None
    for name, declared in table.columns:
        if name not in facts.columns:
            if name not in table.optional and not (name == "landed" and facts.landed):
                raise table.lacks(path, name)
            continue
        found = facts.columns[name]
        if fit(declared, found, is_united=table.is_united) is Fit.NO:
            is_nested = found.partition("<")[0] in NESTED
            raise UserError(
                f"raw file {path}: column {name} is {found}, the contract of "
                f"{table.label} says {declared}",
                f"land it as {'JSON text' if is_nested else 'that type'}, or change "
                f"{table.contract}",
            )
    return facts


def check_values(
    connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[FileFacts]
) -> None:
    """Look at the values of columns whose type alone does not say whether they can be read.

    Raises
    ------
    UserError
        A value would be another one in the declared type: 2.5 where a whole number is declared.
    """
    for name, declared in table.columns:
        found = {file.columns[name] for file in files if name in file.columns}
        if all(fit(declared, kind, is_united=table.is_united) is Fit.YES for kind in found):
            continue
        wrong = _first_inexact(connection, name, SAME_TYPE.get(declared, declared), found, files)
        if wrong is not None:
            path, row, value = wrong
            raise UserError(
                f"raw file {path}, row {row}: column {name} is {value}, the contract of "
                f"{table.label} says {declared}",
                f"mend the value and land the file again, or change {table.contract}",
            )


def _first_inexact(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    declared: str,
    found: Iterable[str],
    files: Sequence[FileFacts],
) -> tuple[str, int, str] | None:
    if declared == "date":
        exact = "cast(cast(given as date) as timestamp) = cast(given as timestamp)"
    elif {*found, declared} & {"float", "double"}:
        # From 2^53 on a double has lost digits before anybody looks at it.
        exact = f"try_cast(given as {declared}) = given and abs(given) < {EXACT_IN_DOUBLE}"
    else:
        exact = f"try_cast(given as {declared}) = given"
    query = f"""
        select filename, file_row_number + 1, cast(given as varchar)
        from (
            select filename, file_row_number, "{name}" as given
            from read_parquet(
                ?, union_by_name = true, filename = true, file_row_number = true,
                hive_partitioning = false
            )
        )
        where given is not null and not coalesce({exact}, false)
        order by filename, file_row_number
        limit 1
    """
    row = connection.execute(query, [[file.path for file in files]]).fetchone()
    return None if row is None else (str(row[0]), int(row[1]), str(row[2]))
