"""What the project itself knows of raw tables: its sources YAML, and what staging unites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from plumbline.store.raw import marked, read_sources

NATIVE = "native"
LOCATION = re.compile(r"\}\}/([^'\"]+\.\w+)")
READS = re.compile(r"\b(?:source|landed)\(\s*'(\w+)'\s*,\s*'(\w+)'")


@dataclass(frozen=True)
class ContractTable:
    """A raw table as a sources YAML declares it.

    Attributes
    ----------
    tool : str
        `native`, or the tool whose layout the YAML describes.
    pattern : str
        Where its files lie, below the raw folder.
    columns : mapping of str to str
        Column name to data type, lower case.
    file : str
        The YAML.
    optional, json, epoch, nullable : frozenset of str
        Columns, lower case: files need not have them; hold JSON text; hold seconds since 1970; an
        empty one says something.
    stale_days : int
        Days after which its freshness is an error; 0 where none is set.
    """

    vendor: str
    name: str
    tool: str
    pattern: str
    columns: Mapping[str, str]
    file: str
    optional: frozenset[str] = frozenset()
    json: frozenset[str] = frozenset()
    epoch: frozenset[str] = frozenset()
    nullable: frozenset[str] = frozenset()
    stale_days: int = 0


def read_tables(root: Path) -> Iterable[ContractTable]:
    """Every raw table of models/base: of a vendor's folder, and of a tool's folder in it.

    Raises
    ------
    UserError
        A sources YAML is not valid.
    """
    base = root / "models" / "base"
    for file in sorted(base.glob("**/_*__sources.yml")):
        vendor, *tool = file.relative_to(base).parts[:-1]
        for source in read_sources(file):
            shared = (source.get("config") or {}).get("meta") or {}
            for table in source.get("tables", []):
                config = table.get("config") or {}
                meta = {**shared, **(config.get("meta") or {})}
                place = LOCATION.search(meta.get("external_location", ""))
                freshness = (config.get("freshness") or {}).get("error_after") or {}
                yield ContractTable(
                    vendor=vendor,
                    name=table["name"],
                    tool=tool[0] if tool else NATIVE,
                    pattern=place[1].replace("{name}", table["name"]) if place else "",
                    columns={
                        column["name"]: str(column.get("data_type", "")).lower()
                        for column in table.get("columns", [])
                    },
                    file=file.relative_to(root).as_posix(),
                    optional=marked(table, "is_optional"),
                    json=marked(table, "is_json"),
                    epoch=marked(table, "is_epoch"),
                    nullable=marked(table, "may_be_null"),
                    stale_days=freshness.get("count", 0) if freshness.get("period") == "day" else 0,
                )


def tables_of_staging(models: Path) -> dict[str, frozenset[tuple[str, str]]]:
    """The raw tables, vendor and name, that staging unites: by model, and by source type."""
    bases = {file.stem: file for file in (models / "base").glob("**/*.sql")}
    found: dict[str, set[tuple[str, str]]] = {}
    for file in (models / "staging").glob("*/*.sql"):
        for base in re.findall(r"'(base_\w+)'", file.read_text(encoding="utf-8")):
            read = READS.findall(bases[base].read_text(encoding="utf-8")) if base in bases else ()
            found.setdefault(file.stem, set()).update(read)
            found.setdefault(file.parent.name, set()).update(read)
    return {name: frozenset(tables) for name, tables in found.items()}
