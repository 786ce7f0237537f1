"""What recomputes numbers independently of the models, on a warehouse with a fault in it.

Run are the three ways of `verify catalogue` and the plain reference of the features
(tests/python/plain_features.py). Left out, for each builds worlds of its own: point in time, the
revenue histories, ravenstack, the sync tools, `verify exports`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from bench import night
from bench.mutate.project import Project
from bench.record import ROOT
from plumbline.config import load_settings
from plumbline.proofs import catalogue, catalogue_plain

FEATURES = "features.feat_accounts_daily"
ROWS, SEED = 200, 20260227
# What the plain SQL reads.
READ_PLAINLY = ("stg_", "base_")


class Catalogue:
    """Every metric's values in three ways."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, metricflow: tuple[str, ...]) -> None:
        self.metricflow = metricflow
        settings = load_settings()
        self.variables: dict[str, Any] = {
            name: settings.dbt_var(name) for name in catalogue_plain.DAYS.values()
        }
        self.variables["source_types_off"] = []
        # what it makes on the way goes again
        connection.execute("begin")
        self._evaluate(connection)
        plain_kept = connection.sql("from plain_values").to_arrow_table()  # noqa: F841
        connection.execute("rollback; create temp table plain_kept as from plain_kept")

    def __call__(self, connection: duckdb.DuckDBPyConnection, changed: set[str]) -> str:
        """The first value that differs; nothing where none does."""
        if any(name.startswith(READ_PLAINLY) for name in changed):
            self._evaluate(connection)
        else:
            connection.execute("create temp table plain_values as from plain_kept")
        connection.execute(
            "create temp table metric_values as"
            f" select {catalogue.KEY}, value from catalogue.metric_values;"
            + catalogue.CREATE.format("metricflow_values")
        )
        for statement in self.metricflow:
            connection.execute(statement)
        proven = catalogue.compare(connection)
        return "" if proven.is_passed else f"verify catalogue: {proven.measured}"

    def _evaluate(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(catalogue.CREATE.format("plain_values"))
        catalogue_plain.evaluate(connection, night.SECOND_NIGHT, self.variables)


class Features:
    """Features of some accounts and days, worked out the slow way from the raw exports."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, raw: Path) -> None:
        sys.path.insert(0, str(ROOT / "tests" / "python"))
        from plain_exports import read_exports
        from plain_features import features
        from plain_sample import sample

        keys = connection.execute(f"select account_id, as_of_date from {FEATURES}").fetchall()
        returned = connection.execute(
            f"select account_id, as_of_date from {FEATURES} where life_number > 1"
        ).fetchall()
        accounts = sorted({account for account, _ in keys})
        exports = read_exports(raw, ROOT / "seeds" / "reference", accounts)
        chosen = sample(exports, keys, returned, ROWS, SEED)
        self.plain: Mapping[tuple[str, date], dict[str, Any]] = {
            key: features(exports, *key) for found in chosen.values() for key in found
        }

    def __call__(self, connection: duckdb.DuckDBPyConnection, changed: set[str]) -> str:
        """The first feature that differs; nothing where none does."""
        if "feat_accounts_daily" not in changed:
            return ""
        connection.execute(
            "create temp table keys as select unnest(?) as account_id, unnest(?) as as_of_date",
            [[account for account, _ in self.plain], [day for _, day in self.plain]],
        )
        rows = connection.execute(f"from {FEATURES} semi join keys using (account_id, as_of_date)")
        names = [column[0] for column in rows.description]
        built = {row[:2]: dict(zip(names, row, strict=True)) for row in rows.fetchall()}
        for key, plain in self.plain.items():
            if key not in built:
                return f"plain features: no row of {key[0]} as of {key[1]}"
            for name, value in plain.items():
                if not is_same(built[key][name], value):
                    return f"plain features: {name} of {key[0]} as of {key[1]}"
        return ""


def is_same(value: float | None, plain: float | None) -> bool:
    """Equal, or as near as another order of the same operations may bring a rate."""
    if value is None or plain is None or not isinstance(plain, float):
        return value == plain
    return math.isclose(value, plain, rel_tol=1e-9, abs_tol=1e-9)


def proofs_of(project: Project, connection: duckdb.DuckDBPyConnection) -> list[Any]:
    """The proofs, each with its own values ready.

    Raises
    ------
    RuntimeError
        One of them fails before anything is mutated.
    """
    found = [Catalogue(connection, project.metricflow), Features(connection, project.raw)]
    everything = set(project.models)
    for proof in found:
        connection.execute("begin")
        wrong = proof(connection, everything)
        connection.execute("rollback")
        if wrong:
            raise RuntimeError(f"a proof fails before anything is mutated: {wrong}")
    return found
