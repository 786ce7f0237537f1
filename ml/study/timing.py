"""How long a model takes, with bootstrap intervals: over origins, and over calls for one row."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ml.config import Settings
from ml.judging.draws import bounds
from ml.study.rivals import log_odds

Statistic = Callable[..., Any]
MILLISECONDS = 1000.0


def latencies(pipeline: Pipeline, features: pd.DataFrame) -> np.ndarray:
    """Score rows one at a time; return the time of each call in milliseconds, shape (rows,)."""
    rows = [features.iloc[[number]] for number in range(len(features))]
    log_odds(pipeline, rows[0])
    taken = []
    for row in rows:
        started = time.perf_counter()
        log_odds(pipeline, row)
        taken.append(time.perf_counter() - started)
    return MILLISECONDS * np.array(taken)


def timings(
    fit_seconds: np.ndarray, predict_seconds: np.ndarray, calls: np.ndarray, settings: Settings
) -> pd.DataFrame:
    """Sum up what was measured.

    Parameters
    ----------
    fit_seconds, predict_seconds : np.ndarray
        One value an origin.
    calls : np.ndarray
        Milliseconds of calls for one row, each of another account or date.

    Returns
    -------
    pd.DataFrame
        metric_name, metric_value, lower_bound, upper_bound: means over origins, the median and the
        99th percentile of calls. Origins and calls are drawn with replacement; few origins, and
        longer trainings for later ones, make the first two intervals wide.
    """
    measured: Mapping[str, tuple[np.ndarray, Statistic]] = {
        "fit_seconds": (fit_seconds, np.mean),
        "predict_seconds": (predict_seconds, np.mean),
        "latency_p50_ms": (calls, np.median),
        "latency_p99_ms": (calls, lambda values, axis=None: np.quantile(values, 0.99, axis=axis)),
    }
    rng = np.random.default_rng(settings.seed)
    rows = []
    for name, (values, statistic) in measured.items():
        drawn = rng.choice(values, (settings.evaluation.resamples, values.size))
        limits = bounds(statistic(drawn, axis=1), settings.evaluation.confidence)
        rows.append((name, float(statistic(values)), *limits))
    return pd.DataFrame(rows, columns=["metric_name", "metric_value", "lower_bound", "upper_bound"])
