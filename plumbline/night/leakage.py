"""Leakage gates as a night sees them; `ml` measures, before every training too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.night.gate import Check
from plumbline.night.scoring import CHURN, Model, knobs

TRAINED = "select as_of_date, metrics from ml.model_runs where model_version = ?"


def check_unchanged_models(settings: Settings, as_of: date, models: Sequence[Model]) -> None:
    """Run the gates for targets whose model is of an earlier night; a training has its own.

    For nights that build everything anew: code or settings have changed, and rows of the past with
    them. On other nights the rows that were looked at before are the same.

    Raises
    ------
    UserError
        A gate fails; nothing is scored.
    """
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        earlier = [
            model.target
            for model in models
            if model.version is not None and _trained(connection, model)[0] < as_of
        ]
    for target in earlier:
        measure(settings, as_of, target)


def recorded_checks(connection: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> list[Check]:
    """Return what the trainings of the night's models measured, as one line for people."""
    found = []
    for model in models:
        metrics = _trained(connection, model)[1] if model.version is not None else {}
        if (alone := metrics.get("strongest_alone")) is not None:
            found.append((alone["auc"], alone["limit"], f"{model.target}: {alone['feature']}"))
    if not found:
        return []
    auc, limit, who = max(found)
    return [
        Check(
            "no feature alone tells the outcome",
            f"{who} with AUC {auc:.3f}",
            f"below {limit}",
            auc < limit,
        )
    ]


def measure(settings: Settings, as_of: date, target: str) -> Any:
    """Run the gates of a target's training on what is built; the strongest feature alone."""
    from ml.judging.gates import check_leakage

    return check_leakage(
        settings.build_file,
        as_of,
        settings.source_types_off,
        settings.label if target == CHURN else None,
        target=target,
        settings=knobs(settings),
    )


def _trained(connection: duckdb.DuckDBPyConnection, model: Model) -> tuple[date, dict[str, Any]]:
    [(as_of, metrics)] = connection.execute(TRAINED, [model.version]).fetchall()
    return as_of, json.loads(metrics)
