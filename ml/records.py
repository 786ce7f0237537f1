"""What a training run writes down about itself: recipe, verdict, its row."""

import json
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from ml.candidates import Candidate, Champion
from ml.config import EvaluationSettings
from ml.errors import TooLittleDataError
from ml.registry import ModelRun

OK = "ok"
NO_SIGNAL = "no_signal"
TOO_FEW_POSITIVES = "too_few_positives"
CHANCE = 0.5


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


def verdict(
    chosen: Candidate, positives: str, settings: EvaluationSettings
) -> dict[str, Any]:
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
    held, ranked = (
        ("hardly any", "little") if auc["lower_bound"] > CHANCE else ("no", "no")
    )
    return {
        "verdict": NO_SIGNAL,
        "sentence": f"The data holds {held} signal that the model could use: on the last period, "
        f"which it had not seen, it ranks {positives} {ranked} better than chance ({told}); do not "
        "act on this list.",
    }


def untrained(run: ModelRun, error: TooLittleDataError) -> ModelRun:
    """Return the run of a training for which there was too little data."""
    sentence = f"No model was trained: {error.message}."
    return replace(
        run, metrics={"verdict": TOO_FEW_POSITIVES, "sentence": sentence, "warnings": []}
    )


def run_row(run: ModelRun) -> pd.DataFrame:
    """Return a run as one row of ``ml.model_runs``."""
    values = asdict(run)
    for name in ("parameters", "feature_names", "metrics"):
        values[name] = json.dumps(values[name], sort_keys=True)
    return pd.DataFrame([values])
