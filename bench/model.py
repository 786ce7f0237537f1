"""The champion beside the ceiling: the true 60-day probability ranked over the same rows."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from sklearn.metrics import roc_auc_score

from bench import night
from bench.record import Figure

METRICS = ("auc_roc", "auc_pr", "brier", "ece", "calibration_slope")
TABLES = (
    "model_runs",
    "model_stages",
    "model_performance",
    "feature_importance",
    "feature_bins",
    "predictions",
    "prediction_reasons",
)


def champion(connection: duckdb.DuckDBPyConnection) -> tuple[str, date, str, dict[str, Any]]:
    """Version, training date, kind and parameters of the latest champion."""
    row = connection.execute(
        "select runs.model_version, runs.as_of_date, model_kind, parameters"
        " from ml.model_runs as runs inner join ml.model_stages as stages"
        " on runs.model_version = stages.model_version and stages.stage = 'champion'"
        " where runs.target = 'churn' order by stages.since_date desc, recorded_at desc limit 1"
    ).fetchone()
    if row is None:
        raise RuntimeError("the night trained no champion")
    return row[0], row[1], row[2], json.loads(row[3])


def test_metrics(
    connection: duckdb.DuckDBPyConnection, version: str, kind: str
) -> dict[str, tuple[float, float, float]]:
    """Value, lower and upper bound of the champion's metrics on the test slice."""
    rows = connection.execute(
        "select metric_name, metric_value, lower_bound, upper_bound from ml.model_performance"
        " where model_version = ? and model_kind = ? and slice = 'test'",
        [version, kind],
    ).fetchall()
    return {name: (value, lower, upper) for name, value, lower, upper in rows}


def ceiling(
    connection: duckdb.DuckDBPyConnection, truth: Path, first: str, last: str
) -> tuple[float, int, int]:
    """AUC of the true probability over the test rows.

    Returns
    -------
    tuple
        The AUC, the rows, and the rows whose account did not pay in truth: they have no true
        probability, and rank as certain churn.
    """
    rows = connection.execute(
        "select examples.churned_within_60d, truth.p_churn_60d"
        " from features.feat_training_examples as examples"
        f" left join read_parquet('{truth / 'accounts_daily.parquet'}') as truth"
        " on examples.account_id = truth.account_id and examples.as_of_date = truth.as_of_date"
        " where examples.churned_within_60d is not null"
        " and examples.as_of_date between cast(? as date) and cast(? as date)",
        [first, last],
    ).fetchall()
    labels = [label for label, _ in rows]
    known = [1.0 if probability is None else probability for _, probability in rows]
    missing = sum(probability is None for _, probability in rows)
    return float(roc_auc_score(labels, known)), len(rows), missing


def timed_again(folder: Path, as_of: date, capacity: int) -> tuple[float, float, int]:
    """Train and score anew on a copy that knows no model; seconds of each, and accounts scored."""
    from ml.score import score
    from ml.train import train

    copy, models = folder / "again.duckdb", folder / "again_models"
    shutil.copy(night.build_file(folder), copy)
    with duckdb.connect(str(copy)) as connection:
        for table in TABLES:
            connection.execute(f"delete from ml.{table}")
    trained = train(copy, models, as_of, "bench", (), capacity)
    scored = score(copy, models, as_of, "bench")
    copy.unlink()
    return trained.seconds, scored.seconds, scored.scored


def run(folder: Path, size: str) -> list[Figure]:
    """Measure the champion of a demo world.

    Parameters
    ----------
    folder : Path
        Where `bench.night` has run; a world and a first night are made where it has not.
    size : str
        `ci` or `demo`.
    """
    if not night.build_file(folder).exists():
        night.make_world(folder, size)
        night.run_night(folder, night.FIRST_NIGHT)
    with duckdb.connect(str(night.build_file(folder)), read_only=True) as connection:
        version, as_of, kind, parameters = champion(connection)
        metrics = test_metrics(connection, version, kind)
        first, last = parameters["slices"]["test"]["dates"]
        best, rows, missing = ceiling(connection, folder / "truth", first, last)
    auc, lower, upper = metrics["auc_roc"]
    training, scoring, accounts = timed_again(folder, as_of, parameters["capacity"])
    return [
        Figure("test rows", rows, "rows"),
        Figure("test rows without a true probability", missing, "rows"),
        Figure("AUC of the true probability (the ceiling)", best),
        Figure(f"AUC of the champion ({kind})", auc),
        Figure("  lower bound", lower),
        Figure("  upper bound", upper),
        Figure("share of the ceiling, (AUC - 0.5) / (ceiling - 0.5)", (auc - 0.5) / (best - 0.5)),
        *(Figure(f"test {name}", metrics[name][0]) for name in METRICS[1:]),
        Figure("training", training, "s"),
        Figure(f"scoring {accounts:,} accounts with reasons", scoring, "s"),
    ]
