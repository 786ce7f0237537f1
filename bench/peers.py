"""What the champion is measured against: LightGBM where it is installed, and what can be known."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

from ml.judging.candidates import TrainingData

PEER = "lightgbm"
# Each is fitted with early stopping on validation; the lowest log loss there is refitted.
GRID = tuple(
    {"num_leaves": leaves, "min_child_samples": least, "reg_lambda": penalty}
    for leaves, least, penalty in product((4, 12, 31), (50, 200), (1.0, 20.0))
)
ROUNDS, PATIENCE, RATE = 400, 25, 0.05


@dataclass(frozen=True)
class Ranking:
    """AUC over the test rows by what happened, and expected from the true probabilities."""

    realised: float
    expected: float


def ranking(labels: np.ndarray, probabilities: np.ndarray, scores: np.ndarray) -> Ranking:
    """Measure a ranking twice; the expected AUC knows no luck of the draw.

    Parameters
    ----------
    labels, probabilities, scores : np.ndarray
        What came (0 or 1), its true probability, and what is judged; shape (rows,).

    Examples
    --------
    >>> ranking(np.array([0, 1]), np.array([0.25, 0.75]), np.array([1.0, 2.0]))
    Ranking(realised=1.0, expected=0.75)
    """
    kinds = np.repeat([1, 0], len(scores))
    weights = np.concatenate((probabilities, 1 - probabilities))
    expected = roc_auc_score(kinds, np.tile(scores, 2), sample_weight=weights)
    return Ranking(float(roc_auc_score(labels, scores)), float(expected))


def share(part: float, whole: float) -> float:
    """Part of what lies above chance that is reached: (AUC - 0.5) / (ceiling - 0.5)."""
    return (part - 0.5) / (whole - 0.5)


def true_probabilities(frame: pd.DataFrame, truth: Path) -> np.ndarray:
    """The true 60-day probability of each row; 1 where the account did not pay in truth."""
    known = pd.read_parquet(
        truth / "accounts_daily.parquet", columns=["account_id", "as_of_date", "p_churn_60d"]
    )
    keys = ["account_id", "as_of_date"]
    known = known.assign(
        account_id=known["account_id"].astype(str), as_of_date=pd.to_datetime(known["as_of_date"])
    )
    rows = frame[keys].assign(
        account_id=frame["account_id"].astype(str), as_of_date=pd.to_datetime(frame["as_of_date"])
    )
    return rows.merge(known, on=keys, how="left")["p_churn_60d"].fillna(1.0).to_numpy()


def knowable(
    data: TrainingData, probabilities: np.ndarray, seed: int, *, is_additive: bool
) -> np.ndarray:
    """Scores of the test rows by a boosting that learns true probabilities, not what happened.

    It has the champion's features and rows, and no luck in its labels: about the best that any
    model, or any additive one, could make of these features. Shape (test rows,).
    """
    known = np.isin(_days(data.frame), data.split.before_test)
    features, chances = data.frame.loc[known, data.contract.names], probabilities[known]
    model = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=150,
        max_leaf_nodes=8,
        min_samples_leaf=60,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
        interaction_cst="no_interactions" if is_additive else None,
    )
    # Each row once as a churn and once as none, weighted by how likely either is.
    model.fit(
        pd.concat([features, features]),
        np.repeat([1, 0], len(features)),
        sample_weight=np.concatenate((chances, 1 - chances)),
    )
    return model.decision_function(data.of(data.split.test)[0])


def lightgbm_scores(data: TrainingData, seed: int) -> np.ndarray | None:
    """Tune LightGBM on validation and score the test rows; None where it is not installed.

    It may choose among `GRID`; the champion's knobs are fixed.
    """
    try:
        lightgbm: Any = importlib.import_module(PEER)
    except ImportError:
        return None
    (train, labels), (held, held_labels) = (
        data.of(data.split.train),
        data.of(data.split.validation),
    )
    best: tuple[float, int, dict[str, Any]] | None = None
    for knobs in GRID:
        model = _lightgbm(lightgbm, knobs, ROUNDS, seed)
        model.fit(
            train,
            labels,
            eval_set=[(held, held_labels)],
            eval_metric="binary_logloss",
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        loss = log_loss(held_labels, model.predict_proba(held)[:, 1])
        if best is None or loss < best[0]:
            best = (loss, max(model.best_iteration_, 1), knobs)
    assert best is not None
    model = _lightgbm(lightgbm, best[2], best[1], seed)
    model.fit(*data.of(data.split.before_test))
    return model.predict_proba(data.of(data.split.test)[0])[:, 1]


def _lightgbm(lightgbm: Any, knobs: dict[str, Any], rounds: int, seed: int) -> Any:
    return lightgbm.LGBMClassifier(
        n_estimators=rounds, learning_rate=RATE, random_state=seed, n_jobs=1, verbose=-1, **knobs
    )


def _days(frame: pd.DataFrame) -> np.ndarray:
    return frame["as_of_date"].to_numpy().astype("datetime64[D]")
