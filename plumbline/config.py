"""Reads plumbline.toml into frozen settings; names what is wrong in it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from ml.config import LOADER
from plumbline.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
SOURCE_TYPES = (
    "master_records",
    "subscription",
    "support",
    "preparedness",
    "sentiment",
    "engagement",
    "usage",
    "operations",
)
NATIVE = "native"
SYNC_TOOLS = (NATIVE, "airbyte", "fivetran", "dlt")
# Whom a published column may lead to (seed published_personal_columns).
PERSONS = ("employee", "user", "contact")
DEFAULT_SOURCE = "demo"
KEYS: dict[str, type] = {
    "raw": str,
    "vendors": list,
    "landed_by": dict,
    "source_types_off": list,
    "targets_off": list,
    "masked": list,
    "label": str,
    "as_of": date,
    "vars": dict,
}
TYPE_NAMES = {str: "a text", list: "a list of texts", date: "a date", dict: "a table"}


@dataclass(frozen=True)
class Settings:
    """One source and where its files are.

    Attributes
    ----------
    source : str
        Name of the section in plumbline.toml.
    raw : Path
        Folder that holds the raw exports.
    vendors, source_types_off : tuple of str
        The dbt vars of the same names.
    targets_off : tuple of str
        Targets of ml/model.toml that are neither learnt nor scored.
    label : str
        Column of `features.feat_training_examples` that the model learns.
    default_as_of : date or None
        Used where raw files carry no landing day.
    dbt_vars : mapping
        Further dbt vars of this source.
    warehouse, target : Path
        Folder of the database files and models; folder of dbt's own files and the docs site.
    landed_by : mapping of str to str
        Sync tool by vendor; vendors in their native layout have no entry.
    masked : tuple of str
        Kinds of person whose columns are hashed in the published file.
    """

    root: Path
    source: str
    raw: Path
    vendors: tuple[str, ...]
    source_types_off: tuple[str, ...]
    label: str
    default_as_of: date | None
    warehouse: Path
    target: Path
    dbt_vars: Mapping[str, Any] = field(default_factory=dict)
    targets_off: tuple[str, ...] = ()
    landed_by: Mapping[str, str] = field(default_factory=dict)
    masked: tuple[str, ...] = ()

    @property
    def shaping_vars(self) -> dict[str, Any]:
        """The dbt vars that are the same every night: what the source is, not when."""
        return {
            **self.dbt_vars,
            "vendors": list(self.vendors),
            "landed_by": dict(self.landed_by),
            "source_types_off": list(self.source_types_off),
        }

    @property
    def build_file(self) -> Path:
        """The private database that persists from night to night."""
        return self.warehouse / "build" / "plumbline.duckdb"

    @property
    def published_file(self) -> Path:
        """The database that people and tools read."""
        return self.warehouse / "plumbline.duckdb"

    @property
    def models_folder(self) -> Path:
        """Where model artefacts are kept."""
        return self.warehouse / "models"

    @property
    def lock_file(self) -> Path:
        """Held by the one run that may write."""
        return self.warehouse / "build" / "run.lock"

    def dbt_var(self, name: str) -> Any:
        """A dbt var: of this source, or else the default in dbt_project.yml."""
        if name in self.dbt_vars:
            return self.dbt_vars[name]
        text = (self.root / "dbt_project.yml").read_text(encoding="utf-8")
        project = yaml.load(text, LOADER)
        return project["vars"][name]

    @property
    def site(self) -> Path:
        """The docs site's folder."""
        return self.target / "site"


def load_settings(
    source: str = DEFAULT_SOURCE,
    raw: str | Path | None = None,
    root: Path = ROOT,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Read plumbline.toml and resolve one source.

    Parameters
    ----------
    source : str
        Section `[source.NAME]` to use.
    raw : path, optional
        Overrides the environment's PLUMBLINE_RAW, which overrides the file.

    Raises
    ------
    UserError
        The file is missing or malformed, or a setting is unknown or of the wrong type.

    See Also
    --------
    ml.config.load_settings : The knobs of the models.
    """
    file = Path(environ.get("PLUMBLINE_CONFIG", root / "plumbline.toml"))
    sources = _sources(file)
    if source not in sources:
        raise UserError(
            f"source '{source}' is not in {file.name}",
            f"known sources: {', '.join(sorted(sources))}; or add a section [source.{source}]",
        )
    section = sources[source]
    _check_section(file.name, source, section)
    given = raw or environ.get("PLUMBLINE_RAW") or section.get("raw")
    if not given:
        raise UserError(
            f"source '{source}' has no raw folder",
            f"give --raw PATH, set PLUMBLINE_RAW, or set raw in {file.name} [source.{source}]",
        )
    base = Path.cwd() if raw or environ.get("PLUMBLINE_RAW") else root
    own = () if source == DEFAULT_SOURCE else (source,)
    return Settings(
        root=root,
        source=source,
        raw=(base / Path(given).expanduser()).resolve(),
        vendors=tuple(section["vendors"]),
        source_types_off=tuple(section.get("source_types_off", ())),
        label=section["label"],
        default_as_of=section.get("as_of"),
        warehouse=root.joinpath(environ.get("PLUMBLINE_WAREHOUSE", "warehouse"), *own),
        target=root.joinpath(environ.get("DBT_TARGET_PATH", "target"), *own),
        dbt_vars={"source_name": source, **section.get("vars", {})},
        targets_off=tuple(section.get("targets_off", ())),
        masked=tuple(section.get("masked", ())),
        landed_by={v: tool for v, tool in section.get("landed_by", {}).items() if tool != NATIVE},
    )


def _sources(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{file} is missing", "take it from the project again (git checkout plumbline.toml)"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{file.name} is not valid TOML: {error}", "mend that line") from None
    unknown = sorted(set(content) - {"source"})
    if unknown:
        raise UserError(
            f"{file.name} has the unknown setting '{unknown[0]}'",
            "known at the top level: [source.NAME]",
        )
    sources = content.get("source")
    if not isinstance(sources, dict) or not sources:
        raise UserError(f"{file.name} names no source", "add a section [source.demo]")
    return sources


def _check_section(file: str, source: str, section: Any) -> None:
    where = f"{file} [source.{source}]"
    if not isinstance(section, dict):
        raise UserError(f"{where} is not a table", f"write it as a section [source.{source}]")
    for key, value in section.items():
        if key not in KEYS:
            raise UserError(
                f"{where} has the unknown setting '{key}'", f"known: {', '.join(sorted(KEYS))}"
            )
        kind = KEYS[key]
        wrong = not isinstance(value, kind) or (kind is date and isinstance(value, datetime))
        if kind is list and not wrong:
            wrong = not all(isinstance(item, str) for item in value)
        if wrong:
            raise UserError(
                f"{where}: {key} = {value!r} is not {TYPE_NAMES[kind]}",
                f"write {key} as {TYPE_NAMES[kind]}",
            )
    for key in ("vendors", "label"):
        if not section.get(key):
            raise UserError(f"{where} does not set {key}", f"add {key} to that section")
    _check_names(where, section, "source_types_off", "source type", SOURCE_TYPES)
    _check_names(where, section, "masked", "kind of person", PERSONS, "masked")
    if section.get("targets_off"):
        from ml.config import load_settings as load_knobs

        # the worklist is made of churn
        others = [name for name in load_knobs().target if name != "churn"]
        _check_names(where, section, "targets_off", "target", others)
    for vendor, tool in section.get("landed_by", {}).items():
        if vendor not in section["vendors"]:
            raise UserError(
                f"{where}: landed_by names '{vendor}', which vendors does not",
                f"correct landed_by, or add '{vendor}' to vendors",
            )
        if tool not in SYNC_TOOLS:
            raise UserError(
                f"{where}: landed_by says that {tool!r} lands {vendor}",
                f"known: {', '.join(SYNC_TOOLS)}",
            )


def _check_names(
    where: str,
    section: Mapping[str, Any],
    key: str,
    what: str,
    known: Sequence[str],
    done: str = "switched off",
) -> None:
    unknown = [name for name in section.get(key, ()) if name not in known]
    if unknown:
        raise UserError(
            f"{where}: {what} '{unknown[0]}' in {key} cannot be {done}",
            f"known: {', '.join(known)}",
        )
