"""Kinds of model beside each other: the same rolling origins, embargo and rows for all.

Each kind is judged with all features and without the survey's (NPS), which few accounts answer. The
predictions of all origins are pooled. Those of an origin are calibrated by a map fitted on the
out-of-time predictions of earlier origins whose labels were known by then; the first origins have
none and keep the model's own probabilities.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from ml.config import Settings
from ml.contract import FeatureContract
from ml.fitting.calibrate import AffineMap, fit_affine
from ml.fitting.splits import rows_of
from ml.judging.evaluate import Outcomes, performance
from ml.study.origins import Origin, known_before
from ml.study.rivals import COMPARED, build_rival, log_odds
from ml.study.timing import latencies, timings

ALL, WITHOUT_NPS = "all", "without_nps"
NPS = "nps_score"
UNCHANGED = AffineMap(intercept=0.0, slope=1.0)
METRICS = (
    "auc_roc",
    "auc_pr",
    "precision_at_80_recall",
    "lift_at_decile",
    "brier",
    "ece",
    "log_loss",
)
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Backtest:
    """Matured rows in key order, their origins, and what is read of them.

    ``capacity`` is the number of accounts that the team can work on from one night's list.
    """

    frame: pd.DataFrame
    label: str
    origins: tuple[Origin, ...]
    embargo_days: int
    capacity: int

    def judged(self) -> pd.DataFrame:
        """Return the test rows of all origins, origin by origin."""
        return pd.concat([rows_of(self.frame, origin.test) for origin in self.origins])


@dataclass(frozen=True)
class Judged:
    """Pooled predictions of one model.

    ``log_odds`` is (rows of ``Backtest.judged``,), calibrated; times are seconds, one value an
    origin; ``last`` is the model of the last origin.
    """

    log_odds: np.ndarray
    fit_seconds: np.ndarray
    predict_seconds: np.ndarray
    last: Pipeline


def feature_sets(contract: FeatureContract) -> dict[str, FeatureContract]:
    """Return the contract with and without the survey; only the former where it has none."""
    sets = {ALL: contract}
    if NPS in contract.names:
        sets[WITHOUT_NPS] = contract.without_features([NPS])
    return sets


def compare(
    data: Backtest, contract: FeatureContract, settings: Settings, progress: Progress
) -> pd.DataFrame:
    """Judge every kind of model with every set of features.

    Parameters
    ----------
    data : Backtest
        Rows and origins.
    contract : FeatureContract
        Features; none of them constant over the first training.
    settings : Settings
        Knobs, seed, resamples.
    progress : Callable[[float, float, str], None]
        Told the fits done, those in all, and what is being fitted.

    Returns
    -------
    pd.DataFrame
        model_kind, feature_set, metric_name, metric_value, lower_bound, upper_bound, examples,
        positives.
    """
    tables: list[pd.DataFrame] = []
    sets = feature_sets(contract)
    for name, features in sets.items():
        for kind in COMPARED:
            progress(len(tables), len(sets) * len(COMPARED), f"{kind}, {name}")
            judged = judge(kind, data, features, settings)
            outcomes = pooled(data, judged.log_odds)
            table = performance(outcomes, settings.evaluation, settings.seed)
            table = table[table["metric_name"].isin(METRICS)]
            sample = data.frame[features.names].tail(settings.comparison.latency_calls)
            timed = timings(
                judged.fit_seconds,
                judged.predict_seconds,
                latencies(judged.last, sample),
                settings,
            )
            tables.append(
                pd.concat([table, timed], ignore_index=True).assign(
                    model_kind=kind,
                    feature_set=name,
                    examples=outcomes.labels.size,
                    positives=int(outcomes.labels.sum()),
                )
            )
    return pd.concat(tables, ignore_index=True)


def judge(kind: str, data: Backtest, contract: FeatureContract, settings: Settings) -> Judged:
    """Fit one kind of model at every origin and predict what came after."""
    raw: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    fitting: list[float] = []
    predicting: list[float] = []
    for origin in data.origins:
        train, test = rows_of(data.frame, origin.train), rows_of(data.frame, origin.test)
        pipeline = build_rival(kind, contract, settings)
        started = time.perf_counter()
        with warnings.catch_warnings():
            # The perceptron's passes are fixed: that it could go on is no news.
            warnings.simplefilter("ignore", ConvergenceWarning)
            pipeline.fit(train[contract.names], train[data.label].to_numpy())
        fitted = time.perf_counter()
        raw.append(log_odds(pipeline, test[contract.names]))
        predicting.append(time.perf_counter() - fitted)
        fitting.append(fitted - started)
        labels.append(test[data.label].to_numpy())
    calibrated = calibrate_forward(raw, labels, data, settings)
    return Judged(np.concatenate(calibrated), np.array(fitting), np.array(predicting), pipeline)


def calibrate_forward(
    raw: Sequence[np.ndarray], labels: Sequence[np.ndarray], data: Backtest, settings: Settings
) -> list[np.ndarray]:
    """Calibrate each origin's log-odds by those of earlier origins that were known by then.

    Parameters
    ----------
    raw, labels : Sequence[np.ndarray]
        Log-odds and labels of each origin's test rows.
    """
    calibrated = []
    for number, values in enumerate(raw):
        known = known_before(data.origins, number, data.embargo_days)
        past = np.concatenate([labels[k] for k in known]) if known else np.empty(0)
        if 0 < past.sum() < past.size:
            line = fit_affine(np.concatenate([raw[k] for k in known]), past, settings.calibration)
        else:
            line = UNCHANGED
        calibrated.append(line.apply(values))
    return calibrated


def pooled(data: Backtest, scores: np.ndarray) -> Outcomes:
    """Return the outcomes of the test rows of all origins beside log-odds for them."""
    rows = data.judged()
    return Outcomes(
        labels=rows[data.label].to_numpy(),
        probabilities=expit(scores),
        accounts=pd.factorize(rows["account_id"], sort=True)[0],
        dates=pd.factorize(rows["as_of_date"], sort=True)[0],
        capacity=data.capacity,
    )
