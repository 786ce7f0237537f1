"""Schema ``ml`` as the dbt source lists it, and the statements that follow from that list."""

from collections.abc import Collection, Sequence
from functools import cache

import yaml

from ml.config import LOADER, PROJECT_ROOT

SOURCES_PATH = PROJECT_ROOT / "models" / "staging" / "ml" / "_ml__sources.yml"


@cache
def table_columns() -> dict[str, dict[str, str]]:
    """Return table to column to type, in the order of the list."""
    content = yaml.load(SOURCES_PATH.read_text(encoding="utf-8"), LOADER)
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in content["sources"][0]["tables"]
    }


def create_statements() -> list[str]:
    """Return the statements that create what is missing, where dbt has not done so yet.

    A file of an older version gets the columns that are new.
    """
    tables = [
        f"create table if not exists ml.{table} "
        f"({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
        for table, columns in table_columns().items()
    ]
    columns = [
        f"alter table ml.{table} add column if not exists {name} {kind}"
        for table, columns in table_columns().items()
        for name, kind in columns.items()
    ]
    return ["create schema if not exists ml", *tables, *columns]


def insert_statement(table: str, given: Collection[str], constants: Sequence[str]) -> str:
    """Return the insertion from the view ``new_rows``; constants are its parameters, in order.

    Parameters
    ----------
    table : str
        Table of schema ``ml``.
    given : Collection[str]
        Columns of ``new_rows``.
    constants : Sequence[str]
        Columns with one value for all rows.

    Raises
    ------
    ValueError
        Where the columns are not exactly those of the table.
    """
    columns = table_columns()[table]
    different = {*given, *constants} ^ set(columns)
    if different:
        raise ValueError(f"ml.{table}: columns {sorted(different)} differ")
    targets = [*constants, *given]
    chosen = [f"cast({'?' if n in constants else n} as {columns[n]})" for n in targets]
    return f"insert into ml.{table} ({', '.join(targets)}) select {', '.join(chosen)} from new_rows"


def feature_selection(numbers: Sequence[str]) -> str:
    """Return the selected columns of a feature frame: keys, then numbers as doubles."""
    casts = [f'cast("{name}" as double) as "{name}"' for name in numbers]
    return ", ".join(["account_id", "as_of_date", *casts])
