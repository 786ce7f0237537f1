"""What the last build left: its date and vars, and from which night on a champion may change."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night.nightly import recover
from plumbline.store import ops
from plumbline.store.connections import open_private


def last_build(settings: Settings, as_of: date | None) -> tuple[date, dict[str, Any]]:
    """T to look at, and the dbt vars of the build that is in the private file.

    Raises
    ------
    UserError
        Nothing was built yet, or T lies after the last build.
    """
    nothing = UserError(
        f"nothing is built for source '{settings.source}'", "run `plumbline nightly` first"
    )
    if not settings.build_file.exists():
        raise nothing
    recover(settings)
    with open_private(settings) as connection:
        row = connection.execute(
            "select run_id, as_of_date, detail from ops.runs where state = ?"
            " order by recorded_at desc, run_id desc limit 1",
            [ops.STARTED],
        ).fetchone()
    if row is None:
        raise nothing
    run_id, built, detail = row
    if as_of is not None and as_of > built:
        raise UserError(
            f"the last build is as of {built}, not yet {as_of}",
            f"run `plumbline nightly --as-of {as_of}` first",
        )
    return as_of or built, {
        **settings.shaping_vars,
        "as_of_date": built.isoformat(),
        "changed_since": json.loads(detail)["changed_since"],
        "run_id": run_id,
    }


def next_night(settings: Settings) -> date:
    """First night that a change of champion may touch: after the last published one."""
    with open_built(settings) as connection:
        row = connection.execute(
            "select max(as_of_date) from ops.runs where state = ?", [ops.PUBLISHED]
        ).fetchone()
        built = connection.execute("select max(as_of_date) from ops.runs").fetchone()
    if row is not None and row[0] is not None:
        return row[0] + timedelta(days=1)
    if built is None or built[0] is None:
        raise UserError("no night was run yet", "run `plumbline nightly` first")
    return built[0]


def open_built(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the private file, mended; it must exist.

    Raises
    ------
    UserError
        Nothing was built yet.
    """
    if not settings.build_file.exists():
        raise UserError(
            f"nothing is built for source '{settings.source}'", "run `plumbline nightly` first"
        )
    recover(settings)
    return open_private(settings)
