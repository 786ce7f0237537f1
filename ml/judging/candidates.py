"""Fit the candidates, judge them on time-ordered slices, and refit the champion (D075).

The recipe that is judged is the recipe that is deployed: fit on every matured row, and calibrate by
a map fitted on out-of-time predictions.

1. Each candidate is fitted on *train*; boosting stops by the log loss on *validation*. An affine
   map is fitted on its validation predictions. The lowest calibrated validation log loss wins.
2. Each is refitted, same number of rounds, on every row whose label was known on the first test
   date, keeps its map, and is measured on *test*, which nothing has touched.
3. The champion is refitted on all matured rows. Its map is fitted on all the out-of-time
   predictions there are, those of step 1 on validation and of step 2 on test. Without the refit
   the deployed model would be a year behind: two embargoes and two slices lie between *train* and
   today.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.pipeline import Pipeline

from ml.config import Settings
from ml.contract import FeatureContract
from ml.fitting.calibrate import AffineMap, fit_affine
from ml.fitting.explain import Explainer, fit_explainer
from ml.fitting.pipeline import ADDITIVE, AVERAGE, CHAMPION_KINDS, LOGISTIC, build_pipeline
from ml.fitting.splits import Split, rows_of
from ml.judging.evaluate import Outcomes, nobody_churns, performance

BASELINE = "nobody_churns"
BASELINE_METRICS = ("accuracy", "brier")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingData:
    """Matured rows in key order, and how to read them."""

    frame: pd.DataFrame
    contract: FeatureContract
    label: str
    split: Split
    capacity: int

    def of(self, dates: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
        """Return features and labels of the rows on some dates."""
        rows = rows_of(self.frame, dates)
        return rows[self.contract.names], rows[self.label].to_numpy()


@dataclass(frozen=True)
class Candidate:
    """One kind of model, judged.

    ``validation`` and ``test`` are uncalibrated out-of-time log-odds, shape (rows of the slice,).
    """

    kind: str
    iterations: int | None
    validation: np.ndarray
    test: np.ndarray
    calibration: AffineMap
    performance: pd.DataFrame

    def metric(self, slice_name: str, name: str) -> dict[str, float]:
        """Return value, lower and upper bound of one metric."""
        table = self.performance
        row = table[(table["slice"] == slice_name) & (table["metric_name"] == name)].iloc[0]
        return {key: float(row[key]) for key in ("metric_value", "lower_bound", "upper_bound")}


@dataclass(frozen=True)
class Champion:
    """The deployed model: refitted on all matured rows."""

    kind: str
    pipeline: Pipeline
    calibration: AffineMap
    explainer: Explainer


def judge_candidates(data: TrainingData, settings: Settings) -> tuple[Candidate, ...]:
    """Fit and measure every kind of model that may be champion (steps 1 and 2).

    Parameters
    ----------
    data : TrainingData
        Matured rows, their split and the features.
    settings : Settings
        Knobs and seed.

    Returns
    -------
    tuple[Candidate, ...]
        In the order of ``CHAMPION_KINDS``.
    """
    judged: list[Candidate] = []
    for kind in CHAMPION_KINDS:
        found = _average(judged) if kind == AVERAGE else _predict(kind, data, settings)
        judged.append(_judge(kind, *found, data, settings))
    return tuple(judged)


def choose(candidates: tuple[Candidate, ...]) -> Candidate:
    """Return the candidate with the lowest validation log loss."""
    return min(candidates, key=lambda c: c.metric("validation", "log_loss")["metric_value"])


def refit(candidate: Candidate, data: TrainingData, settings: Settings) -> Champion:
    """Refit the chosen candidate on all matured rows (step 3)."""
    features = data.frame[data.contract.names]
    pipeline = build_pipeline(candidate.kind, data.contract, settings, candidate.iterations)
    pipeline.fit(features, data.frame[data.label].to_numpy())
    labels = [data.of(data.split.validation)[1], data.of(data.split.test)[1]]
    calibration = fit_affine(
        np.concatenate((candidate.validation, candidate.test)),
        np.concatenate(labels),
        settings.calibration,
    )
    explainer = fit_explainer(candidate.kind, pipeline, features)
    return Champion(candidate.kind, pipeline, calibration, explainer)


def baseline_performance(data: TrainingData, settings: Settings) -> pd.DataFrame:
    """Measure the baseline that gives every account probability 0, on both slices."""
    tables = []
    for name in ("validation", "test"):
        rows = rows_of(data.frame, getattr(data.split, name))
        outcomes = nobody_churns(_outcomes(rows, np.zeros(len(rows)), data))
        table = performance(outcomes, settings.evaluation, settings.seed)
        tables.append(_labelled(table, BASELINE, name, outcomes))
    table = pd.concat(tables, ignore_index=True)
    return table[table["metric_name"].isin(BASELINE_METRICS)].reset_index(drop=True)


def _predict(
    kind: str, data: TrainingData, settings: Settings
) -> tuple[int | None, np.ndarray, np.ndarray]:
    """Fit one kind twice; return its rounds, and its log-odds on validation and on test."""
    train, train_labels = data.of(data.split.train)
    held, held_labels = data.of(data.split.validation)
    pipeline = build_pipeline(kind, data.contract, settings)
    iterations = None
    if kind == LOGISTIC:
        validation = pipeline.fit(train, train_labels).decision_function(held)
    else:
        pipeline.fit(train, train_labels, model__X_val=held, model__y_val=held_labels)
        # Early stopping goes on for `patience` rounds beyond the best one.
        best = int(np.argmax(pipeline[-1].validation_score_[1:])) + 1
        iterations = max(best, settings.additive_boosting.min_iter)
        if iterations > pipeline[-1].n_iter_:
            pipeline = build_pipeline(kind, data.contract, settings, iterations)
            pipeline.fit(train, train_labels)
        stages = pipeline[-1].staged_decision_function(held)
        validation = next(islice(stages, iterations - 1, None)).ravel()
    known, known_labels = data.of(data.split.before_test)
    pipeline = build_pipeline(kind, data.contract, settings, iterations)
    pipeline.fit(known, known_labels)
    return iterations, validation, pipeline.decision_function(data.of(data.split.test)[0])


def _average(judged: Sequence[Candidate]) -> tuple[int | None, np.ndarray, np.ndarray]:
    """Return what `_predict` would for the average of the judged, without fitting them anew."""
    one, other = (next(c for c in judged if c.kind == kind) for kind in (LOGISTIC, ADDITIVE))
    return (
        other.iterations,
        (one.validation + other.validation) / 2,
        (one.test + other.test) / 2,
    )


def _judge(
    kind: str,
    iterations: int | None,
    validation: np.ndarray,
    test: np.ndarray,
    data: TrainingData,
    settings: Settings,
) -> Candidate:
    """Calibrate on validation and measure on both slices."""
    held_labels = data.of(data.split.validation)[1]
    calibration = fit_affine(validation, held_labels, settings.calibration)
    tables = []
    for name, log_odds in (("validation", validation), ("test", test)):
        rows = rows_of(data.frame, getattr(data.split, name))
        outcomes = _outcomes(rows, calibration.apply(log_odds), data)
        table = performance(outcomes, settings.evaluation, settings.seed)
        tables.append(_labelled(table, kind, name, outcomes))
    judged = Candidate(
        kind, iterations, validation, test, calibration, pd.concat(tables, ignore_index=True)
    )
    logger.info(
        "%s: test AUC %.3f, validation log loss %.4f",
        kind,
        judged.metric("test", "auc_roc")["metric_value"],
        judged.metric("validation", "log_loss")["metric_value"],
    )
    return judged


def _outcomes(rows: pd.DataFrame, log_odds: np.ndarray, data: TrainingData) -> Outcomes:
    return Outcomes(
        labels=rows[data.label].to_numpy(),
        probabilities=expit(log_odds),
        accounts=pd.factorize(rows["account_id"], sort=True)[0],
        dates=pd.factorize(rows["as_of_date"], sort=True)[0],
        capacity=data.capacity,
    )


def _labelled(table: pd.DataFrame, kind: str, name: str, outcomes: Outcomes) -> pd.DataFrame:
    return table.assign(
        model_kind=kind,
        slice=name,
        examples=outcomes.labels.size,
        positives=int(outcomes.labels.sum()),
    )
