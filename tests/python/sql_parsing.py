"""PostgreSQL's own parser and sqlfluff over many texts: two processes, and nothing read twice.

Results are kept by content, dialect and configuration, so that unchanged SQL costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pglast import parse_sql
from pglast.parser import ParseError
from sqlfluff.core import FluffConfig, Linter

# The embedded engine's dialect is linted, too.
DIALECTS = ("duckdb", "postgres", "sparksql")
CONFIG_FILE = Path(__file__).resolve().parents[2] / ".sqlfluff"


@dataclass(frozen=True)
class Reading:
    """A text to be read in a dialect.

    Attributes
    ----------
    is_linted : bool
        Whether its style is judged, too; else it must only parse.
    """

    sql: str
    dialect: str
    is_linted: bool = False

    @property
    def digest(self) -> str:
        """Key of the result: it changes with all that the result depends on."""
        style = CONFIG_FILE.read_text() if self.is_linted else ""
        reader = "pglast" if self.dialect == "postgres" else "sqlfluff"
        parts = (version(reader), self.sql, self.dialect, style)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def as_elsewhere(sql: Mapping[str, str]) -> Mapping[str, str]:
    """SQL without those forms of dispatched macros that only DuckDB reads."""
    landed = re.compile(r"\bselect\s+(?:cast|nullif)\(.*?\n\s*\) as landed\b", re.DOTALL)
    return {
        name: landed.sub("select * from landed", text).replace("try_cast(", "cast(")
        for name, text in sql.items()
    }


@cache
def _linter(dialect: str, is_linted: bool) -> Linter:
    overrides = {"dialect": dialect, "templater": "raw"}
    if is_linted:
        folder = str(CONFIG_FILE.parent)
        return Linter(config=FluffConfig.from_path(folder, overrides=overrides))
    return Linter(config=FluffConfig(overrides=overrides))


def faults(reading: Reading) -> list[str]:
    """What is wrong with a text, one line a fault; parse errors are `PRS`.

    Source: https://docs.sqlfluff.com, "Python API"; https://pglast.readthedocs.io.
    """
    if reading.dialect == "postgres":
        return _faults_in_postgres(reading.sql)
    linter = _linter(reading.dialect, reading.is_linted)
    if reading.is_linted:
        found = linter.lint_string(reading.sql).get_violations()
    else:
        found = linter.parse_string(reading.sql).violations
    return [f"line {fault.line_no}: {fault.rule_code()} {fault.desc()}" for fault in found]


def _faults_in_postgres(sql: str) -> list[str]:
    try:
        parse_sql(sql)
    except ParseError as error:
        text, place = error.args
        line = sql.count("\n", 0, len(sql) if place is None else place) + 1
        return [f"line {line}: PRS {text}"]
    return []


def all_faults(readings: Iterable[Reading], kept: Path) -> Mapping[Reading, list[str]]:
    """Faults of each reading.

    Parameters
    ----------
    kept : Path
        Folder of results, one file a reading; what is no longer asked for is removed.
    """
    kept.mkdir(parents=True, exist_ok=True)
    files = {reading: kept / f"{reading.digest}.json" for reading in readings}
    # The longest first, so that no process waits for the other's last one.
    new = sorted((r for r, f in files.items() if not f.exists()), key=lambda r: -len(r.sql))
    if new:
        # A forked child would inherit dbt's threads and locks.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(4, os.cpu_count() or 1), mp_context=context) as pool:
            for reading, found in zip(new, pool.map(faults, new, chunksize=2), strict=True):
                _write(files[reading], found)
    for file in set(kept.glob("*.json")) - set(files.values()):
        file.unlink(missing_ok=True)
    return {reading: json.loads(file.read_text()) for reading, file in files.items()}


def _write(file: Path, found: list[str]) -> None:
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(found))
    partial.replace(file)
