"""The proof that no feature sees the future: append the future, rebuild the past, compare.

The raw files that the last build read are shown in a scratch folder; rows that became known only
later are appended there (`later_rows`); the features are built again in a scratch warehouse, whose
clock is wrong on purpose; every row of a past date must be the one that was built. The user's raw
files, private file and published file are only read.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console

from plumbline.config import Settings
from plumbline.proofs import feature_rows, later_rows
from plumbline.proofs.feature_rows import Comparison
from plumbline.proofs.registry import Context, Proven
from plumbline.store.dbt import Dbt
from plumbline.store.landings import Landing
from plumbline.store.past import check_disk, choose_horizon, landings_of_build
from plumbline.store.raw import read_contract
from plumbline.terminal import Stages

ROWS_PER_CHANGE = 500
SCRATCH = "point-in-time-"
# The gate's measurements stand beside the features, not before them.
NEEDED = ("+feat_accounts_daily",)
NOT_NEEDED = ("resource_type:test", "path:models/marts/quality")
CLOCKS = (
    "current_date",
    "today",
    "now",
    "current_timestamp",
    "current_localtimestamp",
    "transaction_timestamp",
    "get_current_timestamp",
)
CLOCK_ERROR_DAYS = 1000


@dataclass(frozen=True)
class Outcome:
    """What became of the past when the future was known.

    Attributes
    ----------
    appended : int
        Rows appended to the raw files.
    past : mapping of str to Comparison
        Of the dates up to the horizon, by what was rebuilt.
    later : Comparison
        Of the dates after it: what the appended rows change where they may.
    """

    appended: int
    past: dict[str, Comparison]
    later: Comparison

    @property
    def proven(self) -> Proven:
        """The outcome in one line."""
        for what, comparison in self.past.items():
            if comparison.first is not None:
                others = [c for c in comparison.differing_columns if c != comparison.first.column]
                also = f"; also {', '.join(others[:5])}" if others else ""
                return Proven(
                    False,
                    f"{what}: {comparison.first.line}, with {self.appended:,} later rows known;"
                    f" {len(comparison.differing_dates)} of {comparison.dates} dates differ{also}",
                )
        past = next(iter(self.past.values()))
        moved = len(self.later.differing_columns)
        return Proven(
            moved > 0,
            f"{past.rows:,} rows of {past.dates} dates stay the same with {self.appended:,} later"
            f" rows known, which move {moved} columns of later dates",
        )


def prove(context: Context, console: Console) -> Proven:
    """Append the future to a copy of what the last build read, and build the past again.

    Raises
    ------
    UserError
        The raw files are not those of the last build any more, the models have changed since, or
        the disk is too full.
    """
    settings, built = context.settings, date.fromisoformat(str(context.variables["as_of_date"]))
    horizon = choose_horizon(settings, context.as_of, built)
    landings = landings_of_build(settings, context.variables)
    check_disk(settings)
    with scratch_of(settings) as scratch:
        outcome = rebuild_past(
            settings, scratch, context.variables, landings, horizon, Stages(console, 3)
        )
    if outcome is None:
        return Proven(True, "the raw files do not say when a row became known: nothing to append")
    return outcome.proven


@contextmanager
def scratch_of(settings: Settings) -> Iterator[Settings]:
    """The same source with raw, warehouse and target in a folder of its own, removed at the end.

    The caller holds the lock: folders that a killed proof left are removed as well.
    """
    parent = settings.build_file.parent
    for left in parent.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=parent)).resolve()
    try:
        scratch = replace(
            settings,
            raw=folder / "raw",
            warehouse=folder / "warehouse",
            target=folder / "target",
        )
        scratch.build_file.parent.mkdir(parents=True)
        yield scratch
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rebuild_past(
    settings: Settings,
    scratch: Settings,
    variables: dict[str, Any],
    landings: Sequence[Landing],
    horizon: date,
    stages: Stages,
    replay: bool = True,
) -> Outcome | None:
    """Build the features anew, with the future appended, and compare them with those of `settings`.

    Twice: as the last build saw the past, and (`replay`) as a build on the horizon itself saw it.

    Returns
    -------
    Outcome or None
        None where no raw table says when a row became known.
    """
    built = date.fromisoformat(str(variables["as_of_date"]))
    listed = settings.vendors, "vendors", settings.landed_by
    with stages.stage("Append the future") as step:
        originals = read_contract(settings.root, settings.raw, *listed)
        later_rows.link_files(originals, landings, settings.raw, scratch.raw)
        copies = read_contract(settings.root, scratch.raw, *listed)
        appended = later_rows.append_later_rows(
            copies, scratch.raw, horizon, built, ROWS_PER_CHANGE, step.update
        )
        step.outcome = f"{appended:,} rows, known from {horizon} on"
    if not appended:
        return None
    set_clock_wrong(scratch.build_file)
    dbt = Dbt(scratch, {**variables, "changed_since": ""})
    past: dict[str, Comparison] = {}
    with stages.stage("Rebuild the history") as step:
        dbt.build(NEEDED, NOT_NEEDED, step.update).require_success("the proof's build")
        files = settings.build_file, scratch.build_file
        past["history"] = feature_rows.compare(*files, date.min, horizon)
        later = feature_rows.compare(*files, horizon + timedelta(days=1), built)
        step.outcome = f"{past['history'].dates} dates up to {horizon}"
    if not replay:
        return Outcome(appended, past, later)
    with stages.stage(f"Replay {horizon}") as step:
        dbt.variables = {**dbt.variables, "as_of_date": horizon.isoformat()}
        unchanged = (*NOT_NEEDED, "resource_type:seed", "path:models/base")
        dbt.build(NEEDED, unchanged, step.update).require_success("the proof's build")
        past["replay"] = feature_rows.compare(*files, date.min, horizon)
        step.outcome = f"{past['replay'].dates} dates as a build on that day saw them"
    return Outcome(appended, past, later)


def set_clock_wrong(file: Path) -> None:
    """Make a database in which every clock of SQL stands years ahead.

    A user's macro hides the engine's function of that name. What a model reads from a clock then
    differs from what was built, on whichever day the proof runs.
    """
    with duckdb.connect(str(file)) as connection:
        [(now,)] = connection.execute("select epoch(now())").fetchall()
        moment = f"to_timestamp({now + CLOCK_ERROR_DAYS * 86400})"
        for clock in CLOCKS:
            kind = {"current_date": "date", "today": "date", "current_localtimestamp": "timestamp"}
            typed = f"cast({moment} as {kind.get(clock, 'timestamptz')})"
            connection.execute(f"create macro main.{clock}() as {typed}")
