"""What must stand before the past can be built again: its raw files, its models, some disk."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.store import ops, preflight
from plumbline.store.landings import Landing

FEATURES = "features.feat_accounts_daily"
DAYS_BACK = 14


def choose_horizon(settings: Settings, as_of: date, built: date) -> date:
    """The date up to which the past is rebuilt: T where the user gave an earlier one.

    Raises
    ------
    UserError
        The last build did not reach the features, or there are none that early.
    """
    span = dates_between(settings.build_file)
    if span is None or span[1] != built:
        raise UserError(
            f"the last build, as of {built}, did not reach the features",
            "run `plumbline nightly` to its end first",
        )
    horizon = as_of if as_of < built else built - timedelta(days=DAYS_BACK)
    if horizon < span[0]:
        raise UserError(
            f"there are no features as of {horizon} or earlier, the first are as of {span[0]}",
            f"give a date between: --as-of {span[0]} or later, before {built}",
        )
    return horizon


def landings_of_build(settings: Settings, variables: dict[str, Any]) -> list[Landing]:
    """What had landed when the last build began, all of it still there as it was.

    Raises
    ------
    UserError
        A raw table or partition is missing or changed, or models or settings are other ones.
    """
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        run_id = str(variables["run_id"])
        read = ops.landings_of_run(connection, run_id)
        row = connection.execute(
            "select detail from ops.runs where run_id = ? and state = ?", [run_id, ops.STARTED]
        ).fetchone()
    again = "run `plumbline nightly` first"
    if row is None or not is_of_this_code(settings, json.loads(row[0])):
        raise UserError("models, seeds or settings have changed since the last build", again)
    current = {landing.key: landing for landing in preflight.check_raw(settings).landings}
    for key, landing in read.items():
        vendor, table, landed = key
        what = f"raw partition {vendor}.{table}" + (f" landed={landed}" if landed else "")
        if key not in current:
            raise UserError(f"{what} was there at the last build and is missing", again)
        if current[key].fingerprint != landing.fingerprint:
            raise UserError(f"{what} has changed since the last build", again)
    return list(read.values())


def is_of_this_code(settings: Settings, detail: dict[str, Any]) -> bool:
    """Whether a run, by the detail of its start, had these models, seeds and settings."""
    now = {
        "vendors": list(settings.vendors),
        "landed_by": dict(settings.landed_by),
        "source_types_off": list(settings.source_types_off),
        "vars": dict(settings.dbt_vars),
    }
    shaping = {k: v for k, v in detail.items() if k not in ("code_fingerprint", "changed_since")}
    return (
        all(shaping.get(name) == value for name, value in now.items())
        and ops.code_fingerprint(settings.root, shaping) == detail["code_fingerprint"]
    )


def check_disk(settings: Settings) -> None:
    """Refuse where a second private file would not fit beside the first.

    Raises
    ------
    UserError
        Less is free than the size of the private file and 200 MB.
    """
    needed = settings.build_file.stat().st_size + preflight.DISK_RESERVE_BYTES
    free = shutil.disk_usage(settings.build_file.parent).free
    if free < needed:
        raise UserError(
            f"not enough disk space in {settings.build_file.parent} to build the features again:"
            f" {free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} MB needed",
            "free some space, or set PLUMBLINE_WAREHOUSE to a folder on a larger disk",
        )


def dates_between(file: Path) -> tuple[date, date] | None:
    """First and last date of the features in a file; None where there is no row, or no table."""
    with duckdb.connect(str(file), read_only=True) as connection:
        try:
            row = connection.execute(
                f"select min(as_of_date), max(as_of_date) from {FEATURES}"
            ).fetchone()
        except duckdb.CatalogException:
            return None
    return (row[0], row[1]) if row and row[0] else None
