"""A warehouse without rows, built from the raw contract: which columns does each model return?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
from manifest import ROOT, Compilation

RAW = "data/raw"
PARTITION = "landed=2026-02-01"


def _columns(node: Mapping[str, Any]) -> dict[str, str]:
    return {name: column["data_type"] for name, column in node["columns"].items()}


def _empty_select(columns: Mapping[str, str]) -> str:
    listed = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())
    return f"select {listed} where false"


def _create_source(
    connection: duckdb.DuckDBPyConnection, source: Mapping[str, Any], folder: Path
) -> None:
    """Create a source as an empty table, or as an empty file where DuckDB would read one."""
    columns = _columns(source)
    location = source["config"]["meta"].get("external_location")
    if location is None:
        connection.execute(f"create schema if not exists {source['schema']}")
        connection.execute(
            f"create table {source['schema']}.{source['identifier']} as {_empty_select(columns)}"
        )
        return
    quoted = re.search(r"'([^']+\.(?:parquet|csv))'", location).group(1)
    path = quoted.replace("{name}", source["name"])
    path = path.replace("**/*", "*/*").replace("*/*", f"{PARTITION}/part")
    file = folder / Path(path.replace("part.parquet", "part-0.parquet")).relative_to(RAW)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".csv":
        file.write_text(",".join(columns) + "\n")
    else:
        connection.execute(f"copy ({_empty_select(columns)}) to '{file}' (format parquet)")


def _create_seed(connection: duckdb.DuckDBPyConnection, seed: Mapping[str, Any]) -> None:
    types = {c: t for c, t in (seed["config"]["column_types"] or {}).items()}
    connection.execute(f"create schema if not exists {seed['schema']}")
    relation = connection.read_csv(str(ROOT / seed["original_file_path"]), header=True, dtype=types)
    relation.limit(0).create(f"{seed['schema']}.{seed['alias']}")


def _in_order(models: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    graph = {
        key: [read for read in node["depends_on"]["nodes"] if read in models]
        for key, node in models.items()
    }
    for key in TopologicalSorter(graph).static_order():
        yield models[key]


def found_columns(compilation: Compilation, folder: Path) -> dict[str, dict[str, str]]:
    """Build every model on empty inputs and return its columns with their types, by model.

    Parameters
    ----------
    folder : Path
        Where the empty raw files go.

    Raises
    ------
    duckdb.Error
        Where a model's SQL does not bind, with the model's name in its notes.
    """
    nodes = compilation.manifest["nodes"]
    models = {k: n for k, n in nodes.items() if n["resource_type"] == "model"}
    found = {}
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline; use plumbline")
        for source in compilation.manifest["sources"].values():
            _create_source(connection, source, folder)
        for node in nodes.values():
            if node["resource_type"] == "seed":
                _create_seed(connection, node)
        for node in _in_order(models):
            sql = compilation.sql[node["name"]].replace(f"'{RAW}/", f"'{folder}/")
            relation = f"{node['schema']}.{node['alias']}"
            try:
                connection.execute(f"create schema if not exists {node['schema']}")
                connection.execute(f"create table {relation} as ({sql}\n)")
            except duckdb.Error as error:
                error.add_note(f"model {node['name']}")
                raise
            described = connection.execute(f"describe {relation}").fetchall()
            found[node["name"]] = {row[0]: row[1] for row in described}
    return found
