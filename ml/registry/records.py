"""What a training run writes down about itself: recipe, verdict, its row."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from ml.config import EvaluationSettings
from ml.judging.candidates import Candidate, Champion
from ml.registry import stages
from ml.registry.runs import ModelRun
from plumbline.errors import TooLittleDataError

OK = "ok"
NO_SIGNAL = "no_signal"
TOO_FEW_POSITIVES = "too_few_positives"
CHANCE = 0.5


@dataclass(frozen=True)
class TrainResult:
    """What a training run gives.

    Parameters
    ----------
    model_version : str
        Version of the run.
    model_kind : str or None
        Kind of the model; None where there was too little data to train.
    decision : str
        Whether it became champion, and why, in a plain sentence.
    is_champion : bool
        Whether it is champion of the date now.
    metrics : pd.DataFrame
        The rows of ``ml.model_performance``; empty where there was too little data.
    left_out : Mapping[str, str]
        Features that the model does without, each with what it was over the training slice:
        ``unknown`` or ``constant``.
    verdict : str
        ``ok``, ``no_signal`` or ``too_few_positives`` (too short a history included).
    sentence : str
        The verdict in a plain sentence for the summary.
    is_new : bool
        False where the same code, data and parameters had been trained before.
    seconds : float
        Wall-clock time.
    """

    model_version: str
    model_kind: str | None
    decision: str
    is_champion: bool
    metrics: pd.DataFrame
    left_out: Mapping[str, str]
    verdict: str
    sentence: str
    is_new: bool
    seconds: float


def recipe(
    chosen: Candidate, champion: Champion, frame: pd.DataFrame, tested: pd.DataFrame
) -> dict[str, Any]:
    """Describe how the deployed model was fitted, for ``model_runs.parameters``."""
    return {
        "chosen_by": "lowest calibrated log loss on validation",
        "boosting_rounds": chosen.iterations,
        "deployed_model": "refitted on all matured rows after the evaluation, by the same recipe",
        "deployed_rows": len(frame),
        # What drift is measured against: rows of one account on neighbouring dates are copies.
        "reference_accounts": {
            "features": int(frame["account_id"].nunique()),
            "score": int(tested["account_id"].nunique()),
        },
        "evaluated_model": "fitted on the rows whose labels were known on the first test date",
        "calibration_of_deployed": asdict(champion.calibration),
        "calibration_of_evaluated": asdict(chosen.calibration),
        "calibration_fitted_on": "out-of-time predictions of validation and test; "
        "the evaluated model used those of validation alone",
    }


def verdict(chosen: Candidate, positives: str, settings: EvaluationSettings) -> dict[str, Any]:
    """Judge the champion by its AUC on the untouched last slice."""
    auc = chosen.metric("test", "auc_roc")
    told = (
        f"AUC {auc['metric_value']:.2f}, {settings.confidence:.0%} interval "
        f"{auc['lower_bound']:.2f} to {auc['upper_bound']:.2f}"
    )
    if auc["lower_bound"] > settings.useful_auc:
        return {
            "verdict": OK,
            "sentence": f"The model ranks {positives} better than chance on the last period, "
            f"which it had not seen ({told}).",
        }
    held, ranked = ("hardly any", "little") if auc["lower_bound"] > CHANCE else ("no", "no")
    return {
        "verdict": NO_SIGNAL,
        "sentence": f"The data holds {held} signal that the model could use: on the last period, "
        f"which it had not seen, it ranks {positives} {ranked} better than chance ({told}); do not "
        "act on this list.",
    }


def untrained(run: ModelRun, error: TooLittleDataError) -> ModelRun:
    """Return the run of a training for which there was too little data."""
    sentence = f"No model was trained: {error.message}; {error.remedy}."
    return replace(run, metrics={"verdict": TOO_FEW_POSITIVES, "sentence": sentence})


def run_row(run: ModelRun) -> pd.DataFrame:
    """Return a run as one row of ``ml.model_runs``."""
    values = asdict(run)
    for name in ("parameters", "feature_names", "metrics"):
        values[name] = json.dumps(values[name], sort_keys=True)
    return pd.DataFrame([values])


def train_result(
    database: Path,
    run: ModelRun,
    metrics: pd.DataFrame,
    is_new: bool,
    started: float,
    since: date,
) -> TrainResult:
    """Return what a training run gives; champion on the night of ``since`` or not."""
    champion = stages.champion(database, run.target, since)
    return TrainResult(
        model_version=run.model_version,
        model_kind=run.model_kind or None,
        decision=run.metrics.get("decision", "no model"),
        is_champion=champion is not None and champion.model_version == run.model_version,
        metrics=metrics,
        left_out=run.metrics.get("left_out", {}),
        verdict=run.metrics["verdict"],
        sentence=run.metrics["sentence"],
        is_new=is_new,
        seconds=time.perf_counter() - started,
    )
