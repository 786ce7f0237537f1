"""JSON of any shape as a table of texts: lines, one list, or a page of a vendor's interface."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from plumbline.inspect_raw.listing import RawFile
from plumbline.inspect_raw.parts import (
    Part,
    compression,
    count_rows,
    head_of,
    literal,
    opened,
    quoted,
    unzipped_ratio,
)

LARGEST_DOCUMENT = 256 * 1024**2
MOST_KEYS = 500
# What a page says where there are more: Stripe, Zendesk, HubSpot, Salesforce.
NEXT_PAGE = ("has_more", "next_page", "paging", "nextRecordsUrl")


def read_json(
    connection: duckdb.DuckDBPyConnection,
    file: RawFile,
    relation: str,
    limit: int | None,
    scratch: Path,
) -> Part:
    """Read the first rows, or all; lines that are no JSON are counted and left out.

    Raises
    ------
    ValueError
        No row is JSON, or one document is too large to be read at once.
    """
    path, zip_option, has_more = file.path, compression(file), False
    if not _is_lines(head_of(file)):
        rows, has_more = _document(file)
        path, zip_option = str(scratch / f"{relation}.jsonl"), "compression = 'none'"
        Path(path).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    connection.execute(
        f"create or replace temp table {relation}_json as select json from read_ndjson_objects("
        f"{literal(path)}, ignore_errors = true, {zip_option})"
        + (f" limit {limit}" if limit else "")
    )
    whole = count_rows(connection, f"{relation}_json")
    connection.execute(f"delete from {relation}_json where json is null")
    kept = count_rows(connection, f"{relation}_json")
    if whole and not kept:
        raise ValueError("no line is JSON")
    spread_json(connection, f"{relation}_json", "json", relation, ())
    connection.execute(f"drop table {relation}_json")
    return Part(relation, kept, None, whole - kept, 0, has_more)


def spread_json(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    column: str,
    relation: str,
    kept: Iterable[str],
) -> None:
    """Make a table with a text column per key of a JSON column, beside the columns to keep."""
    found = connection.execute(
        f"select key from (select unnest(json_keys({column})) as key from {source}"
        f" where json_type({column}) = 'OBJECT') group by key order by key limit {MOST_KEYS}"
    ).fetchall()
    listed = [quoted(name) for name in kept]
    if found:
        shape = literal(json.dumps({key: "VARCHAR" for (key,) in found}))
        listed.append(f"unnest(json_transform({column}, {shape}))")
    columns = ", ".join(listed) or "1 as nothing"
    connection.execute(f"create or replace temp table {relation} as select {columns} from {source}")


def _is_lines(head: bytes) -> bool:
    """Whether each line is an object; one line alone is where it holds no list of objects."""
    lines = [line for line in head.splitlines() if line.strip()]
    try:
        first = json.loads(lines[0])
    except ValueError:
        is_object = lines[0].lstrip().startswith(b"{")
        if is_object and len(lines) > 1:
            return lines[1].lstrip().startswith(b"{")
        return not is_object and not lines[0].lstrip().startswith(b"[")
    return isinstance(first, dict) and (len(lines) > 1 or _rows_within(first) is None)


def _document(file: RawFile) -> tuple[list[Any], bool]:
    """The rows of a document, and whether it says that there are more."""
    if file.byte_count * unzipped_ratio(file) > LARGEST_DOCUMENT:
        raise ValueError("one JSON document of more than 256 MB; a line per row can be read")
    with opened(file) as handle:
        document = json.load(handle)
    if isinstance(document, list):
        return [row for row in document if isinstance(row, dict)], False
    if not isinstance(document, dict):
        raise ValueError("no list of rows, and no row")
    rows = _rows_within(document)
    if rows is None:
        return [document], False
    return rows, any(document.get(name) not in (None, False, {}, "") for name in NEXT_PAGE)


def _rows_within(document: Mapping[str, Any]) -> list[Any] | None:
    """The rows of an interface's page: its one list of objects."""
    lists = [
        value
        for value in document.values()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    ]
    return lists[0] if len(lists) == 1 else None
