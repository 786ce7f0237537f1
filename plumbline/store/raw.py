"""The raw contract, read from the sources YAML, and the files that lie under it."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
import yaml

from ml.config import LOADER
from plumbline.errors import UserError

LANDED = re.compile(r"(?:^|/)landed=(\d{4}-\d{2}-\d{2})(?:/|$)")
QUOTED = re.compile(r"'([^']+)'")


@dataclass(frozen=True)
class RawTable:
    """One raw table of the contract.

    Attributes
    ----------
    vendor, name : str
        Folder of models/base, and table as the sources YAML has it.
    location : str
        The relation expression DuckDB reads, for instance `read_parquet('...')`.
    pattern : str
        The file pattern inside `location`.
    columns : tuple of (str, str)
        Column name and data type, both lower case: the engine knows no other.
    optional : frozenset of str
        Columns that may be absent; they read as NULL.
    source : str
        Its source in dbt: the vendor, or vendor and tool.
    may_be_absent : bool
        Whether a company may have nothing of the kind, so that no file is no fault.
    json : frozenset of str
        Columns that hold JSON text.
    """

    vendor: str
    name: str
    location: str
    pattern: str
    columns: tuple[tuple[str, str], ...]
    optional: frozenset[str]
    json: frozenset[str]
    source: str = ""
    may_be_absent: bool = False

    @property
    def label(self) -> str:
        """How the table is called in messages."""
        return f"{self.vendor}.{self.name}"

    @property
    def is_parquet(self) -> bool:
        """Whether its files carry their own schema."""
        return self.pattern.endswith(".parquet")

    @property
    def is_united(self) -> bool:
        """Whether its files may have different columns; where not, the first one decides."""
        return "union_by_name" in self.location

    @property
    def contract(self) -> str:
        """Name of the file that declares it."""
        return f"_{self.vendor}__sources.yml"

    def lacks(self, path: str, column: str) -> UserError:
        """The line for a file without a column that must be there."""
        return UserError(
            f"raw file {path} lacks the column {column} of {self.label}",
            f"land it with that column, or change {self.contract}",
        )

    def files(self) -> list[str]:
        """Paths of the table's files, sorted."""
        return sorted(glob.glob(self.pattern, recursive=True))  # noqa: PTH207 -- a rooted pattern


def landed_day(path: str) -> str:
    """The `landed=` day of a raw path, or an empty text where it has none."""
    found = LANDED.search(path)
    return found[1] if found else ""


def known_vendors(root: Path) -> list[str]:
    """Vendors that models/base knows, sorted."""
    return sorted(
        folder.name
        for folder in (root / "models" / "base").glob("*/")
        if any(folder.glob("_*__sources.yml"))
    )


def read_contract(
    root: Path,
    raw: Path,
    vendors: Iterable[str],
    setting: str,
    landed_by: Mapping[str, str] = MappingProxyType({}),
) -> list[RawTable]:
    """Read the raw tables of the vendors that are switched on, as they are landed.

    Parameters
    ----------
    setting : str
        Where the vendors are listed, for the message about an unknown one.
    landed_by : mapping of str to str
        Sync tool by vendor; the others are in their native layout.

    Raises
    ------
    UserError
        A vendor is unknown, or not as that tool lands it, or its sources YAML cannot be read.
    """
    known = known_vendors(root)
    tables: list[RawTable] = []
    for vendor in vendors:
        if vendor not in known:
            raise UserError(
                f"vendor '{vendor}' is not known (known: {', '.join(known)})",
                f"correct vendors in {setting}, or add models/base/{vendor}/",
            )
        folder = root / "models" / "base" / vendor
        file = folder / f"_{vendor}__sources.yml"
        if vendor in landed_by:
            tool = landed_by[vendor]
            file = folder / tool / f"_{vendor}_{tool}__sources.yml"
            if not file.is_file():
                known_tools = sorted(path.parent.name for path in folder.glob("*/_*__sources.yml"))
                raise UserError(
                    f"{vendor} as {tool} lands it is not known"
                    f" (known: {', '.join(['native', *known_tools])})",
                    f"correct landed_by in {setting}, or add models/base/{vendor}/{tool}/",
                )
        tables.extend(_tables_of(file, vendor, raw))
    return tables


def read_sources(file: Path) -> list[dict[str, Any]]:
    """The `sources` of one YAML file.

    Raises
    ------
    UserError
        The file is missing or is not valid YAML.
    """
    return _listed(file, "sources")


def read_models(file: Path) -> list[dict[str, Any]]:
    """The `models` of one YAML file.

    Raises
    ------
    UserError
        The file is missing or is not valid YAML.
    """
    return _listed(file, "models")


def _listed(file: Path, key: str) -> list[dict[str, Any]]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), LOADER)
    except FileNotFoundError:
        raise UserError(f"{file} is missing", "take it from the project again") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file} is not valid YAML: {error}", "mend that line") from None
    return list((content or {}).get(key, []))


def _tables_of(file: Path, vendor: str, raw: Path) -> list[RawTable]:
    tables: list[RawTable] = []
    for source in read_sources(file):
        shared = _external_location(source)
        for table in source.get("tables", []):
            template = _external_location(table) or shared
            if not template:
                raise UserError(
                    f"{file.name}: table {table['name']} has no external_location",
                    "set config.meta.external_location",
                )
            location = _render(template, source, table, raw)
            quoted = QUOTED.search(location)
            tables.append(
                RawTable(
                    vendor=vendor,
                    name=table["name"],
                    location=location if "(" in location else f"'{location.strip(chr(39))}'",
                    pattern=quoted[1] if quoted else location,
                    columns=tuple(
                        (column["name"].lower(), str(column.get("data_type", "")).lower())
                        for column in table.get("columns", [])
                    ),
                    optional=marked(table, "is_optional"),
                    source=source["name"],
                    may_be_absent=bool(_meta(table).get("is_optional")),
                    json=marked(table, "is_json"),
                )
            )
    return tables


def _external_location(node: dict[str, Any]) -> str | None:
    config = node.get("config") or {}
    metas = (config.get("meta") or {}, config, node.get("meta") or {})
    return next((m["external_location"] for m in metas if m.get("external_location")), None)


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return (node.get("config") or {}).get("meta") or {}


def marked(table: dict[str, Any], mark: str) -> frozenset[str]:
    """The columns of a table in the sources YAML whose meta has a mark, lower case."""
    columns = table.get("columns", [])
    return frozenset(column["name"].lower() for column in columns if _meta(column).get(mark))


def _render(template: str, source: dict[str, Any], table: dict[str, Any], raw: Path) -> str:
    def env_var(name: str, default: str | None = None) -> str:
        return str(raw) if name == "PLUMBLINE_RAW" else os.environ.get(name, default or "")

    names = {
        "name": table["name"],
        "identifier": table.get("identifier", table["name"]),
        "schema": source.get("schema", source["name"]),
        "source_name": source["name"],
    }
    # dbt renders Jinja, then dbt-duckdb fills the braces: the same two steps here.
    return jinja2.Template(template).render(env_var=env_var).format_map(names).strip()
