"""Leakage gates as a night and a proof see them; `ml` measures, before every training too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.errors import explain
from plumbline.night.gate import Check
from plumbline.night.scoring import CHURN, Model, targets_on
from plumbline.proofs.registry import Context, Proven, proof

TRAINED = "select as_of_date, metrics from ml.model_runs where model_version = ?"


def check_unchanged_models(settings: Settings, as_of: date, models: Sequence[Model]) -> None:
    """Run the gates for targets whose model is of an earlier night; a training has its own.

    For nights that build everything anew: code or settings have changed, and rows of the past with
    them. On other nights the rows that were looked at before are the same.

    Raises
    ------
    MlError
        A gate fails; nothing is scored.
    """
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        earlier = [
            model.target
            for model in models
            if model.version is not None and _trained(connection, model)[0] < as_of
        ]
    for target in earlier:
        _measure(settings, as_of, target)


def recorded_checks(
    connection: duckdb.DuckDBPyConnection, models: Sequence[Model]
) -> list[Check]:
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


@proof(
    "no-leakage",
    "No label is in the feature mart, no feature alone tells one, no account straddles a split.",
)
def no_leakage(context: Context) -> Proven:
    """The gates of every target's training, on what is built now."""
    from ml.errors import MlError

    told = []
    for target in targets_on(context.settings):
        try:
            alone = _measure(context.settings, context.as_of, target)
        except MlError as error:
            known = explain(error)
            return Proven(False, f"{target}: {known.message if known else error}")
        told.append(
            f"{target} too few rows to judge"
            if alone is None
            else f"{target} {alone.feature} {alone.auc:.3f} ({alone.slice_name})"
        )
    return Proven(True, f"best AUC of one feature alone: {', '.join(told)}")


def _measure(settings: Settings, as_of: date, target: str) -> Any:
    from ml.gates import check_leakage

    return check_leakage(
        settings.build_file,
        as_of,
        settings.source_types_off,
        settings.label if target == CHURN else None,
        target=target,
    )


def _trained(
    connection: duckdb.DuckDBPyConnection, model: Model
) -> tuple[date, dict[str, Any]]:
    [(as_of, metrics)] = connection.execute(TRAINED, [model.version]).fetchall()
    return as_of, json.loads(metrics)
