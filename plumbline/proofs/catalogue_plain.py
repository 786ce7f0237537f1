"""The first of three ways: plain SQL over staging, written from the definitions page alone.

The files of `plumbline/proofs/definitions` share nothing with the models: no macro, no mart, no
intermediate model. Each has statements that prepare temporary tables, and after them one query a
metric, headed `-- metric: NAME, seen by SOURCE TYPE`, with the columns grain, period start,
dimension, its value, value; of its periods those count that begin once the source type is watched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

FOLDER = Path(__file__).with_name("definitions")
# Variables of the SQL, by the dbt vars that they take their days from.
DAYS = {
    "gap": "churn_gap_days",
    "grace": "past_due_grace_days",
    "inactive": "inactive_days",
    "horizon": "label_horizon_days",
    "contact": "contact_window_days",
    "save": "save_window_days",
    "health": "health_horizon_days",
    "published": "publish_days",
}
HEAD = re.compile(r"^-- metric: (\w+), seen by (\w+)\n", re.MULTILINE)
OBSERVED = """select * from ({query})
where period_start >= (select first_day from observed where source_type = '{source_type}')"""


@dataclass(frozen=True)
class PlainFile:
    """A file of definitions.

    Attributes
    ----------
    preparation : str
        Statements to run first.
    queries : mapping of str to str
        A query a metric, by metric name.
    """

    preparation: str
    queries: Mapping[str, str]


def read_files(folder: Path = FOLDER) -> Iterator[PlainFile]:
    """The files in the order of their names."""
    for path in sorted(folder.glob("*.sql")):
        preparation, *rest = HEAD.split(path.read_text(encoding="utf-8"))
        queries = {
            name: OBSERVED.format(query=text.strip().removesuffix(";"), source_type=source_type)
            for name, source_type, text in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
        }
        yield PlainFile(preparation, queries)


def metric_names(folder: Path = FOLDER) -> set[str]:
    """Metrics that have a plain definition."""
    return {name for file in read_files(folder) for name in file.queries}


def evaluate(
    connection: duckdb.DuckDBPyConnection, as_of: date, variables: Mapping[str, Any]
) -> None:
    """Evaluate every metric into the table `plain_values`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the private file, read only.
    as_of : date
        T.
    variables : mapping
        The dbt vars that `DAYS` names, and source_types_off.
    """
    connection.execute(f"set variable t = date '{as_of}'")
    for name, variable in DAYS.items():
        connection.execute(f"set variable {name} = {int(variables[variable])}")
    connection.execute("set variable off = ?::varchar[]", [list(variables["source_types_off"])])
    for file in read_files():
        connection.execute(file.preparation)
        for name, query in file.queries.items():
            connection.execute(f"insert into plain_values select '{name}', * from ({query})")
