"""What is known of sync tools and vendors: `knowledge.toml`, and the project's own raw contract."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from plumbline.inspect_raw.contract import NATIVE, ContractTable, read_tables, tables_of_staging

FILE = Path(__file__).with_name("knowledge.toml")
PLAIN = "plain files"


def plain(name: str) -> str:
    """A name as names are compared: lower case, letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singular(name: str) -> str:
    """A table's name as names of tables are compared: plain, and without its plural."""
    short = plain(name)
    if short.endswith("ies"):
        return f"{short[:-3]}y"
    return short[:-1] if short.endswith("s") and not short.endswith("ss") else short


@dataclass(frozen=True)
class Tool:
    """A sync tool, and how it marks its rows."""

    name: str
    marks: tuple[str, ...]
    known_at: tuple[str, ...]
    keeps: str
    deleted: tuple[str, ...] = ()
    blob: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """A column that speaks a vocabulary, and the words that are known."""

    vendor: str
    objects: tuple[str, ...]
    column: str
    words: frozenset[str]
    place: str
    key: str = ""
    may_have_spaces: bool = False


@dataclass(frozen=True)
class Link:
    """A column that leads a row to its account."""

    vendor: str
    objects: tuple[str, ...]
    column: str
    key: str = ""
    entry: str = ""


@dataclass(frozen=True)
class KnownObject:
    """An object of a vendor: its names, and lists of columns that tell it."""

    vendor: str
    name: str
    names: frozenset[str]
    marks: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Knowledge:
    """Everything that is known before a file is opened.

    Attributes
    ----------
    tables_of : mapping of str to set of (str, str)
        Staging model or source type to the raw tables, vendor and name, that feed it.
    """

    tools: tuple[Tool, ...]
    file_names: tuple[re.Pattern[str], ...]
    folder: Mapping[str, Any]
    objects: tuple[KnownObject, ...]
    clock_names: tuple[str, ...]
    clock_like: re.Pattern[str]
    vocabularies: tuple[Vocabulary, ...]
    links: tuple[Link, ...]
    contract: tuple[ContractTable, ...]
    tables_of: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    @cached_property
    def vendors(self) -> frozenset[str]:
        """Vendors that have a folder in models/base."""
        return frozenset(table.vendor for table in self.contract)

    @cached_property
    def all_marks(self) -> frozenset[str]:
        """Columns that any tool adds, and the partition of the native layout, plain."""
        return frozenset(plain(mark) for tool in self.tools for mark in tool.marks) | {"landed"}

    def tool(self, name: str) -> Tool:
        """A tool by name; one without marks for plain files."""
        none = Tool(PLAIN, (), (), "versions")
        return next((tool for tool in self.tools if tool.name == name), none)

    def contract_table(self, vendor: str, name: str, tool: str) -> ContractTable | None:
        """The contract's table of an object, as the tool lands it."""
        for table in self.contract:
            is_of = (table.vendor, table.tool) == (vendor, tool)
            if is_of and singular(table.name) == singular(name):
                return table
        return None


def load_knowledge(root: Path, variables: Mapping[str, Any] | None = None) -> Knowledge:
    """Read `knowledge.toml`, the sources YAML, the seeds of words and what staging unites.

    Parameters
    ----------
    variables : mapping of str to value, optional
        dbt vars of the source, over the defaults in dbt_project.yml.

    Raises
    ------
    UserError
        A sources YAML is not valid.
    """
    known = tomllib.loads(FILE.read_text(encoding="utf-8"))
    project = yaml.safe_load((root / "dbt_project.yml").read_text(encoding="utf-8"))
    variables = {**project["vars"], **(variables or {})}
    contract = tuple(read_tables(root))
    generic = frozenset(plain(name) for name in known["objects"]["generic"])
    return Knowledge(
        tools=tuple(Tool(**_tupled(entry)) for entry in known["tool"]),
        file_names=tuple(re.compile(entry["pattern"]) for entry in known["file_name"]),
        folder=known["folder"],
        objects=tuple(_objects(known["objects"], contract, generic)),
        clock_names=tuple(plain(name) for name in known["clock"]["names"]),
        clock_like=re.compile(known["clock"]["like"], re.IGNORECASE),
        vocabularies=tuple(_vocabularies(known["vocabulary"], root / "seeds" / "reference")),
        links=tuple(Link(**_named(entry, variables)) for entry in known["link"]),
        contract=contract,
        tables_of=tables_of_staging(root / "models"),
    )


def _named(entry: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    told = {k: v.format(**variables) if isinstance(v, str) else v for k, v in entry.items()}
    return _tupled(told)


def _tupled(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}


def _objects(
    known: Mapping[str, Any], contract: Iterable[ContractTable], generic: frozenset[str]
) -> Iterable[KnownObject]:
    names: dict[tuple[str, str], set[str]] = {}
    marks: dict[tuple[str, str], list[frozenset[str]]] = {}
    for vendor, objects in known.items():
        for name, entry in objects.items() if isinstance(objects, dict) else ():
            names[vendor, name] = {singular(other) for other in (name, *entry["names"])}
            marks[vendor, name] = [frozenset(map(plain, columns)) for columns in entry["marks"]]
    for table in contract:
        if table.tool == NATIVE:
            key = table.vendor, table.name
            # RavenStack's accounts lie in ravenstack_accounts.csv
            own = {singular(table.name), singular(Path(table.pattern).stem)}
            names.setdefault(key, set()).update(own - {"", "*"})
            columns = frozenset(map(plain, table.columns))
            marks.setdefault(key, []).append(columns - generic - {plain("_extracted_at")})
    for (vendor, name), known_as in names.items():
        yield KnownObject(vendor, name, frozenset(known_as), tuple(marks[vendor, name]))


def _vocabularies(entries: Iterable[Mapping[str, Any]], seeds: Path) -> Iterable[Vocabulary]:
    rows = _rows(seeds / "reported_values.csv")
    for entry in entries:
        if "seed" in entry:
            place = f"seeds/reference/{entry['seed']}.csv"
            told = _rows(seeds / f"{entry['seed']}.csv")
            words = {row[entry["seed_column"]] for row in told}
        else:
            place = f"seeds/reference/reported_values.csv, field {entry['field']}"
            words = {row["reported_value"] for row in rows if row["field"] == entry["field"]}
        if words:
            yield Vocabulary(
                vendor=entry["vendor"],
                objects=tuple(entry["objects"]),
                column=entry["column"],
                words=frozenset(word.strip().lower() for word in words),
                place=place,
                key=entry.get("key", ""),
                may_have_spaces=entry.get("may_have_spaces", False),
            )


def _rows(seed: Path) -> list[dict[str, str]]:
    if not seed.exists():
        return []
    with seed.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
