"""A table's rows: how many there are, and a sample that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from plumbline.inspect_raw.csv_files import read_csv
from plumbline.inspect_raw.json_files import read_json, spread_json
from plumbline.inspect_raw.knowledge import Knowledge
from plumbline.inspect_raw.listing import UNZIP_ERRORS, RawFile, Unreadable
from plumbline.inspect_raw.parquet_files import load_parquet, read_footers
from plumbline.inspect_raw.parts import (
    Dialect,
    Part,
    columns_of,
    count_rows,
    quoted,
    spread,
    unite,
    unzipped_ratio,
    why,
)

SAMPLE_ROWS = 200_000  # of Parquet; a table of no more is read whole
SAMPLE_TEXT_ROWS = 60_000
WHOLE_TEXT_BYTES = 48 * 1024**2
SAMPLE_FILES = 12
MOST_FOOTERS = 3_000


@dataclass(frozen=True)
class TableRead:
    """One table, with a sample of its rows in the connection.

    Attributes
    ----------
    relation : str
        The temporary table that holds the sample.
    rows : int
        Of the whole table; estimated where `is_estimate`.
    columns : mapping of str to str
        Column to data type, lower case.
    absent_in : mapping of str to int
        Columns that some of the `looked_at` files lack, with the number of such files.
    footers : sequence of pyarrow.parquet.FileMetaData
        Empty for texts.
    unreadable : tuple of Unreadable
        Files of the table that were left out.
    misfits : mapping of str to (int, int)
        File to the number of lines that were left out, and the first of them.
    open_pages : tuple of str
        Files that say that there are more.
    """

    files: tuple[RawFile, ...]
    relation: str
    rows: int
    is_estimate: bool
    sample_rows: int
    looked_at: int
    columns: Mapping[str, str]
    absent_in: Mapping[str, int] = field(default_factory=dict)
    footers: Sequence[pq.FileMetaData] = ()
    unreadable: tuple[Unreadable, ...] = ()
    dialects: tuple[Dialect, ...] = ()
    misfits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    open_pages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the table is called in its folder."""
        return self.files[0].table

    @property
    def folder(self) -> str:
        """Where it lies."""
        return self.files[0].folder

    @property
    def path(self) -> str:
        """Folder and name."""
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def is_whole(self) -> bool:
        """Whether the sample is every row."""
        return not self.is_estimate and self.sample_rows >= self.rows

    @property
    def of_sample(self) -> str:
        """What to say beside a figure that is of a sample; empty where it is of all rows."""
        if self.is_whole:
            return ""
        about = "about " if self.is_estimate else ""
        return f" (sample: {self.sample_rows:,} of {about}{self.rows:,} rows)"


def read_table(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[RawFile, ...],
    relation: str,
    known: Knowledge,
    scratch: Path,
) -> TableRead | tuple[Unreadable, ...]:
    """Read a table's footers and a sample of its rows.

    Returns
    -------
    TableRead, or tuple of Unreadable
        The latter where none of its files can be read.
    """
    if files[0].form == "parquet":
        found = _read_parquet(connection, files, relation)
    else:
        found = _read_texts(connection, files, relation, scratch)
    return _without_blob(connection, found, known) if isinstance(found, TableRead) else found


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, files: tuple[RawFile, ...], relation: str
) -> TableRead | tuple[Unreadable, ...]:
    looked_at = spread(files, MOST_FOOTERS)
    footers = read_footers(looked_at)
    is_whole = footers.rows <= SAMPLE_ROWS
    sampled = list(footers.files) if is_whole else spread(footers.files, SAMPLE_FILES)
    limit = None if is_whole else SAMPLE_ROWS // len(sampled)
    bad_rows = load_parquet(connection, sampled, relation, limit) if sampled else []
    unreadable = (*footers.unreadable, *bad_rows)
    if len(bad_rows) == len(sampled):
        return unreadable
    sampled_columns = {name.lower() for name in columns_of(connection, relation)}
    for name in footers.types:
        if name.lower() not in sampled_columns:
            connection.execute(f"alter table {relation} add column {quoted(name)} varchar")
    is_estimate = len(looked_at) < len(files)
    return TableRead(
        files=files,
        relation=relation,
        rows=_rounded(footers.rows * len(files) / len(looked_at)) if is_estimate else footers.rows,
        is_estimate=is_estimate,
        sample_rows=count_rows(connection, relation),
        looked_at=len(looked_at),
        columns=columns_of(connection, relation),
        absent_in=footers.absent_in,
        footers=footers.each,
        unreadable=unreadable,
    )


def _read_texts(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[RawFile, ...],
    relation: str,
    scratch: Path,
) -> TableRead | tuple[Unreadable, ...]:
    ratios = [unzipped_ratio(file) for file in spread([f for f in files if f.is_zipped], 3)]
    ratio = sum(ratios) / max(1, len(ratios))
    total = sum(file.byte_count * (ratio if file.is_zipped else 1.0) for file in files)
    is_whole = total <= WHOLE_TEXT_BYTES
    sampled = list(files) if is_whole else spread(files, SAMPLE_FILES)
    limit = None if is_whole else SAMPLE_TEXT_ROWS // len(sampled)
    parts: dict[str, Part] = {}
    bad: list[Unreadable] = []
    for place, file in enumerate(sampled):
        name = f"{relation}_{place}"
        try:
            if file.form == "csv":
                parts[file.shown] = read_csv(connection, file, name, limit)
            else:
                parts[file.shown] = read_json(connection, file, name, limit, scratch)
        except (duckdb.Error, *UNZIP_ERRORS, ValueError) as error:
            bad.append(Unreadable(file.shown, why(error)))
    if not parts:
        return tuple(bad)
    columns = [columns_of(connection, part.relation) for part in parts.values()]
    types = {name: kind for listed in columns for name, kind in listed.items()}
    lacking = {name: sum(name not in listed for listed in columns) for name in types}
    unite(connection, [part.relation for part in parts.values()], relation)
    sample_rows = sum(part.rows for part in parts.values())
    rows = sample_rows
    if not is_whole:
        rows = _rounded(total / _bytes_per_row(connection, relation, files))
    return TableRead(
        files=files,
        relation=relation,
        rows=max(rows, sample_rows),
        is_estimate=not is_whole,
        sample_rows=sample_rows,
        looked_at=len(parts),
        columns=types,
        # a line of JSON leaves out what is empty
        absent_in={n: c for n, c in lacking.items() if c} if files[0].form == "csv" else {},
        unreadable=tuple(bad),
        dialects=tuple(dict.fromkeys(part.dialect for part in parts.values() if part.dialect)),
        misfits={
            shown: (part.misfits, part.first_misfit)
            for shown, part in parts.items()
            if part.misfits
        },
        open_pages=tuple(shown for shown, part in parts.items() if part.has_more),
    )


def _rounded(estimate: float) -> int:
    """An estimate with as many digits as it deserves."""
    return int(float(f"{estimate:.2g}"))


def _bytes_per_row(
    connection: duckdb.DuckDBPyConnection, relation: str, files: tuple[RawFile, ...]
) -> float:
    """Length of a row as the sample has it: its texts, and a mark (in JSON a key) for each."""
    listed = columns_of(connection, relation)
    lengths = " + ".join(f"coalesce(strlen({quoted(name)}), 0)" for name in listed)
    marks = len(listed)
    if files[0].form == "json":
        marks += sum(len(name) + 4 for name in listed)
    found = connection.execute(f"select avg({lengths}) + {marks} from {relation}").fetchone()
    return float(found[0]) if found and found[0] else 1.0


def _without_blob(
    connection: duckdb.DuckDBPyConnection, table: TableRead, known: Knowledge
) -> TableRead:
    """The table with a column per field, where a tool lands a record as one JSON."""
    blob = next((tool.blob for tool in known.tools if tool.blob in table.columns), None)
    if blob is None:
        return table
    column, wide = quoted(blob), f"{table.relation}_fields"
    parsed = f"(select * replace (try_cast({column} as json) as {column}) from {table.relation})"
    others = [name for name in table.columns if name != blob]
    spread_json(connection, parsed, column, wide, others)
    connection.execute(
        f"drop table {table.relation}; alter table {wide} rename to {table.relation}"
    )
    return replace(table, columns=columns_of(connection, table.relation), footers=())
