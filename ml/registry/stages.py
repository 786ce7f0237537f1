"""Which model is champion, since when, and how that changes: an append-only history."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from ml import warehouse
from ml.fitting.pipeline import CHAMPION_KINDS
from ml.registry.artefact import load_registered
from ml.registry.runs import ModelRun, find
from plumbline.errors import UserError

CHAMPION = "champion"
RETIRED = "retired"
SEE = "see `plumbline models`"


@dataclass(frozen=True)
class StageChange:
    """One row of ``ml.model_stages``: a model enters a stage, for nights from ``since_date`` on."""

    model_version: str
    target: str
    stage: str
    since_date: date
    recorded_at: datetime
    reason: str


def history(database: Path, target: str) -> list[StageChange]:
    """Return the changes of a target in the order in which they count."""
    rows = [StageChange(**row) for row in warehouse.read_rows(database, "model_stages")]
    mine = [row for row in rows if row.target == target]
    return sorted(mine, key=lambda row: (row.since_date, row.recorded_at, row.stage == CHAMPION))


def champion(database: Path, target: str, as_of_date: date | None = None) -> ModelRun | None:
    """Return the champion of a target.

    Parameters
    ----------
    database : Path
        The private warehouse file.
    target : str
        Such as ``churn``.
    as_of_date : date, optional
        The night; None takes the latest champion. A night knows no champion from its future, and a
        night that is replayed meets the one it had.

    Returns
    -------
    ModelRun or None
        None where there is none.
    """
    crowned = [
        change.model_version
        for change in history(database, target)
        if change.stage == CHAMPION and (as_of_date is None or change.since_date <= as_of_date)
    ]
    return find(database, crowned[-1]) if crowned else None


def changes(
    version: str, previous: str | None, target: str, since: date, reason: str
) -> pd.DataFrame:
    """Return the rows of ``ml.model_stages`` that make a model champion."""
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [StageChange(version, target, CHAMPION, since, now, reason)]
    if previous is not None and previous != version:
        rows.insert(0, StageChange(previous, target, RETIRED, since, now, reason))
    return pd.DataFrame([asdict(row) for row in rows])


def promote(
    database: Path,
    models_dir: Path,
    version: str,
    since: date,
    reason: str,
    fits: Callable[[ModelRun], bool] = lambda run: True,
) -> tuple[ModelRun, str | None]:
    """Make a trained model champion for the nights from a date on.

    Parameters
    ----------
    fits : callable
        Whether nights could score with a model; one that does not fit they would replace at once.

    Returns
    -------
    tuple
        The new champion's run, and the version that it replaces.

    Raises
    ------
    UserError
        Where there is no such model, it is champion already, its kind has no exact reasons, it does
        not fit, or its file is missing or was changed; nothing is written then.
    """
    run = find(database, version)
    if run is None:
        raise UserError(f"there is no model {version}", SEE)
    if run.artefact_path is None or run.artefact_sha256 is None:
        raise UserError(f"{version} was not trained: {run.metrics['sentence']}", SEE)
    if run.model_kind not in CHAMPION_KINDS:
        raise UserError(
            f"{version} is a {run.model_kind}, whose reasons do not add up exactly",
            f"promote one of {', '.join(CHAMPION_KINDS)}",
        )
    if not fits(run):
        raise UserError(
            f"{version} learnt from other features, other nulls or another label than there are "
            "now: the next night would replace it",
            "train on what there is: `plumbline train`",
        )
    load_registered(run, models_dir)
    current = champion(database, run.target, since)
    previous = current.model_version if current else None
    if previous == version:
        raise UserError(f"{version} is the champion already", SEE)
    rows = changes(version, previous, run.target, since, reason)
    warehouse.append_rows(database, "model_stages", rows)
    return run, previous


def rollback(
    database: Path,
    models_dir: Path,
    target: str,
    since: date,
    fits: Callable[[ModelRun], bool] = lambda run: True,
) -> tuple[ModelRun, str | None]:
    """Make the champion before the present one champion again.

    Raises
    ------
    UserError
        Where there was none before, it does not fit, or its file is missing or was changed.
    """
    crowned = [c.model_version for c in history(database, target) if c.stage == CHAMPION]
    before = [version for version in crowned if version != crowned[-1]] if crowned else []
    if not before:
        raise UserError(f"{target} had no other champion before", SEE)
    return promote(database, models_dir, before[-1], since, "rolled back", fits)
