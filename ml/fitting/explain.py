"""Exact additive contributions: baseline + sum of contributions = calibrated log-odds.

Logistic regression is a sum over its transformed columns (a feature's missing indicator belongs to
the feature). Boosting without interactions has one feature in each tree, so that it is a sum of one
step function per feature; the steps are read from the fitted trees once, at training. The average
of the two is the sum of half of each.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ml.fitting.calibrate import AffineMap
from ml.fitting.pipeline import ADDITIVE, AVERAGE, LOGISTIC, LogOddsAverage
from plumbline.errors import UserError


@dataclass(frozen=True)
class StepFunction:
    """Value of one feature's part of the log-odds.

    ``values[i]`` holds for ``thresholds[i - 1] < x <= thresholds[i]``; ``at_missing`` for unknown.
    """

    thresholds: np.ndarray
    values: np.ndarray
    at_missing: float

    def __call__(self, feature: np.ndarray) -> np.ndarray:
        """Return the part for each value, shape (rows,)."""
        part = self.values[np.searchsorted(self.thresholds, feature, side="left")]
        return np.where(np.isnan(feature), self.at_missing, part)


@dataclass(frozen=True)
class Explainer:
    """What is needed, beside the Pipeline, to take a score apart.

    Parameters
    ----------
    offset : float
        Constant of the uncalibrated log-odds.
    means : np.ndarray
        Mean part of each feature over the training rows, shape (features,).
    steps : tuple[StepFunction, ...] or None
        One step function per feature (boosting, alone or in the average); None for logistic
        regression.
    """

    offset: float
    means: np.ndarray
    steps: tuple[StepFunction, ...] | None

    def baseline(self, calibration: AffineMap) -> float:
        """Return the calibrated log-odds of the mean training row (mean over the rows)."""
        return float(calibration.apply(np.array(self.offset + self.means.sum())))

    def contributions(
        self, pipeline: Pipeline, features: pd.DataFrame, calibration: AffineMap
    ) -> np.ndarray:
        """Return calibrated contributions relative to the training mean, (rows, features)."""
        parts = _parts(pipeline, features, self.steps)
        return calibration.slope * (parts - self.means)


def fit_explainer(kind: str, pipeline: Pipeline, features: pd.DataFrame) -> Explainer:
    """Read the additive parts of a fitted Pipeline.

    Parameters
    ----------
    kind : str
        A kind whose reasons are exact.
    pipeline : Pipeline
        The fitted model.
    features : pd.DataFrame
        The rows it was fitted on; their mean is the baseline.

    Raises
    ------
    ValueError
        For a kind of model that is not additive.
    """
    if kind == LOGISTIC:
        steps, offset = None, float(pipeline[-1].intercept_[0])
    elif kind == ADDITIVE:
        steps, offset = _step_functions(pipeline, features.columns)
    elif kind == AVERAGE:
        linear, boosted = pipeline[-1].members_
        steps, offset = _step_functions(boosted, features.columns)
        offset = (float(linear[-1].intercept_[0]) + offset) / 2
    else:
        raise ValueError(f"{kind} has no exact additive reasons")
    return Explainer(offset, _parts(pipeline, features, steps).mean(axis=0), steps)


def check_additive(
    log_odds: np.ndarray, baseline: float, contributions: np.ndarray, tolerance: float
) -> None:
    """Check that baseline plus contributions equal the calibrated log-odds of every row.

    Raises
    ------
    UserError
        Where the largest gap exceeds the tolerance.
    """
    gap = float(np.max(np.abs(baseline + contributions.sum(axis=1) - log_odds), initial=0.0))
    if not gap <= tolerance:
        raise UserError(
            f"reasons do not add up to the score (largest gap {gap:.2e} in log-odds)",
            "retrain the model; nothing was written",
        )


def rank_reasons(contributions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rank the features of each row as reasons for a high risk.

    Parameters
    ----------
    contributions, values : np.ndarray
        Shape (rows, features), features in name order (ties go by position); NaN is unknown.

    Returns
    -------
    np.ndarray
        Ranks from 1, int64, (rows, features): the largest contribution first; features that were
        unknown come after all others, so that nobody is told a reason that was not seen.

    Examples
    --------
    The second feature pulls down, the third was unknown:

    >>> rank_reasons(np.array([[0.3, -0.1, 0.2]]), np.array([[1.0, 2.0, np.nan]]))
    array([[1, 2, 3]])
    """
    order = np.lexsort((-contributions, np.isnan(values)), axis=1)
    ranks = np.empty(order.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
    return ranks


def _parts(
    pipeline: Pipeline, features: pd.DataFrame, steps: tuple[StepFunction, ...] | None
) -> np.ndarray:
    """Return the uncalibrated part of each feature in the log-odds, (rows, features)."""
    if isinstance(pipeline[-1], LogOddsAverage):
        linear, boosted = pipeline[-1].members_
        return (_parts(linear, features, None) + _parts(boosted, features, steps)) / 2
    if steps is not None:
        values = features.to_numpy(dtype=float)
        return np.column_stack([step(values[:, i]) for i, step in enumerate(steps)])
    weighted = pipeline[:-1].transform(features) * pipeline[-1].coef_[0]
    width = features.shape[1]
    parts = weighted[:, :width].copy()
    owners = pipeline["impute"].indicator_.features_
    parts[:, owners] += weighted[:, width:]
    return parts


def _step_functions(pipeline: Pipeline, names: pd.Index) -> tuple[tuple[StepFunction, ...], float]:
    """Read one step function per feature from the trees.

    The thresholds come from the trees, the values from the model itself: its log-odds with one
    feature at each threshold and all others unknown, less its log-odds with all unknown.
    """
    model = pipeline[-1]
    thresholds: list[list[np.ndarray]] = [[] for _ in names]
    for (tree,) in model._predictors:
        splits = tree.nodes[tree.nodes["is_leaf"] == 0]
        owners = np.unique(splits["feature_idx"])
        if owners.size > 1:
            raise ValueError("a tree of the additive model uses more than one feature")
        for owner in owners:
            thresholds[owner].append(splits["num_threshold"])
    grids = []
    for found in thresholds:
        known = np.unique(np.concatenate(found)) if found else np.empty(0)
        # A split of known from unknown has an infinite threshold; it is no step among the known.
        grids.append(np.append(known[np.isfinite(known)], np.inf))
    lengths = [grid.size for grid in grids]
    probe = np.full((sum(lengths) + 1, len(grids)), np.nan)
    ends = np.cumsum(lengths)
    for i, (grid, end) in enumerate(zip(grids, ends, strict=True)):
        probe[end - grid.size : end, i] = grid
    # The model refuses infinite input; any number above the last threshold says the same.
    largest = np.nextafter(np.finfo(float).max, 0)
    probe[np.isinf(probe)] = largest
    log_odds = pipeline.decision_function(pd.DataFrame(probe, columns=names))
    offset = float(log_odds[-1])
    steps = tuple(
        StepFunction(grid[:-1], log_odds[end - grid.size : end] - offset, 0.0)
        for grid, end in zip(grids, ends, strict=True)
    )
    return steps, offset
