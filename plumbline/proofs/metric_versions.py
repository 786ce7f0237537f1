"""Change control: a metric's definition may change only together with its version.

`make metrics` registers new versions in seeds/reference/metric_versions.csv.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from plumbline.config import ROOT, load_settings
from plumbline.errors import UserError
from plumbline.store.dbt import Dbt
from plumbline.terminal import print_error

SEED = ROOT / "seeds" / "reference" / "metric_versions.csv"
COLUMNS = ("metric_name", "version", "fingerprint", "changed_date")
# Words, owners and the like may change without a new version: they change no number.
NUMERIC_META = ("grains", "over_time", "settles_after", "capped_where")
# Models that stop with one line where a metric is not what the catalogue can make.
DECLARED = ("int_metrics__declared", "int_metric_parts__declared")


@dataclass(frozen=True)
class Definition:
    """A metric's definition as it is registered.

    Attributes
    ----------
    fingerprint : str
        Hash of all that decides its numbers in the semantic layer.
    changed_date : str
        Day of registration, `YYYY-MM-DD`; empty where it is not registered yet.
    """

    metric_name: str
    version: int
    fingerprint: str
    changed_date: str = ""


def definitions(manifest: Mapping[str, Any]) -> dict[str, Definition]:
    """Definitions of the catalogue's metrics.

    Parameters
    ----------
    manifest : mapping
        dbt's manifest, as `manifest.json` has it.

    Returns
    -------
    dict of str to Definition
        By metric name.
    """
    metrics = {node["name"]: node for node in manifest["metrics"].values()}
    measures = {
        measure["name"]: {**measure, "model": model["model"], "defaults": model["defaults"]}
        for model in manifest["semantic_models"].values()
        for measure in model["measures"]
    }
    found = {}
    for name, node in metrics.items():
        meta = node["config"]["meta"]
        if "tier" in meta:
            told = json.dumps(_numeric(name, metrics, measures), sort_keys=True)
            fingerprint = hashlib.sha256(told.encode()).hexdigest()[:16]
            found[name] = Definition(name, int(meta["version"]), fingerprint)
    return found


def _numeric(
    name: str, metrics: Mapping[str, Any], measures: Mapping[str, Any]
) -> Mapping[str, Any]:
    node = metrics[name]
    params, meta = node["type_params"], node["config"]["meta"]
    inputs = [*(params["metrics"] or ()), params["numerator"], params["denominator"]]
    return {
        "type": node["type"],
        "filter": node["filter"],
        "expr": params["expr"],
        "meta": {key: meta.get(key) for key in NUMERIC_META},
        "measure": params["measure"] and _measure(measures[params["measure"]["name"]]),
        "measure_input": params["measure"],
        "inputs": [_numeric(i["name"], metrics, measures) | {"input": i} for i in inputs if i],
    }


def _measure(measure: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("agg", "expr", "agg_params", "non_additive_dimension", "agg_time_dimension", "model")
    return {key: measure[key] for key in (*keys, "defaults")}


def registered(file: Path = SEED) -> list[Definition]:
    """Definitions of the seed, oldest version first."""
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = [
        Definition(r["metric_name"], int(r["version"]), r["fingerprint"], r["changed_date"])
        for r in rows
    ]
    return sorted(found, key=lambda d: (d.metric_name, d.version))


@dataclass(frozen=True)
class Fault:
    """What is wrong between a metric's definition and the registered one.

    Attributes
    ----------
    needs_version : bool
        Whether its version must change first; `make metrics` alone mends the others.
    """

    metric_name: str
    told: str
    needs_version: bool

    @property
    def line(self) -> str:
        """The fault and its remedy."""
        then = ", then" if self.needs_version else ";"
        return f"{self.metric_name}: {self.told}{then} run `make metrics`"


def faults(now: Mapping[str, Definition], known: Iterable[Definition]) -> list[Fault]:
    """What is wrong between the project's definitions and the registered ones."""
    newest = {definition.metric_name: definition for definition in known}
    found = []
    for name, definition in sorted(now.items()):
        old = newest.get(name)
        if old is None:
            found.append(Fault(name, "not registered yet", False))
        elif definition.version < old.version:
            told = f"version {definition.version} is below {old.version}; set it higher"
            found.append(Fault(name, told, True))
        elif definition.version > old.version:
            found.append(Fault(name, f"version {definition.version} is new", False))
        elif definition.fingerprint != old.fingerprint:
            told = (
                f"the definition changed and version {old.version} did not;"
                f" set version: {old.version + 1} in its config.meta"
            )
            found.append(Fault(name, told, True))
    return found


def renewed(
    now: Mapping[str, Definition], known: Iterable[Definition], day: date
) -> list[Definition]:
    """The registered definitions with the new versions added.

    Raises
    ------
    UserError
        A definition changed and its version did not rise.
    """
    known = list(known)
    wrong = [fault.line for fault in faults(now, known) if fault.needs_version]
    if wrong:
        raise UserError(
            f"{len(wrong)} metrics changed without a new version", "see above", tuple(wrong)
        )
    listed = {(definition.metric_name, definition.version) for definition in known}
    new = [
        Definition(d.metric_name, d.version, d.fingerprint, day.isoformat())
        for d in now.values()
        if (d.metric_name, d.version) not in listed
    ]
    return sorted([*known, *new], key=lambda d: (d.metric_name, d.version))


def write(rows: Iterable[Definition], file: Path = SEED) -> None:
    """Write the seed."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((d.metric_name, d.version, d.fingerprint, d.changed_date) for d in rows)


def main() -> None:
    """Register new metrics and new versions."""
    settings = load_settings()
    try:
        with tempfile.TemporaryDirectory() as name:
            # an empty warehouse: definitions need none
            (Path(name) / "build").mkdir()
            dbt = Dbt(replace(settings, warehouse=Path(name)), {"vendors": list(settings.vendors)})
            dbt.parse()
            dbt.compiled(DECLARED)
        manifest = dbt.manifest.writable_manifest().to_dict(omit_none=False)
        known = registered()
        rows = renewed(definitions(manifest), known, date.today())
    except UserError as error:
        print_error(error)
        sys.exit(1)
    write(rows)
    print(f"{len(rows) - len(known)} new versions in {SEED.relative_to(ROOT)}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main()
