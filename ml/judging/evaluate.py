"""Metrics with bootstrap intervals over accounts.

Every metric is a function of row weights, so that the point estimate (all weights 1) and the
resamples (how often each account was drawn) go through the same code, many resamples at a time.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from ml.config import EvaluationSettings
from ml.fitting.calibrate import logistic_line
from ml.judging.draws import bounds, draw_counts

CHUNK = 50  # resamples at a time; bounds memory


@dataclass(frozen=True)
class Outcomes:
    """Predictions of one slice beside what came.

    Parameters
    ----------
    labels, probabilities : np.ndarray
        0 or 1, and the calibrated probability; shape (rows,), in key order (ties in a ranking go
        by position).
    accounts, dates : np.ndarray
        Integer codes from 0, shape (rows,).
    capacity : int
        Slots that the team has on one date.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    accounts: np.ndarray
    dates: np.ndarray
    capacity: int


def performance(outcomes: Outcomes, settings: EvaluationSettings, seed: int) -> pd.DataFrame:
    """Compute every metric with its bootstrap interval.

    Accounts are drawn with replacement, with all their rows: rows of one account on neighbouring
    dates are nearly copies, and drawing rows would give intervals that are far too narrow.

    Parameters
    ----------
    outcomes : Outcomes
        Predictions and labels of one slice.
    settings : EvaluationSettings
        Number of resamples, confidence, bins of the calibration error.
    seed : int
        Seed of the resamples; equal seeds give paired resamples for several models.

    Returns
    -------
    pd.DataFrame
        Columns metric_name, metric_value, lower_bound, upper_bound. NaN where undefined.
    """
    point, drawn = _measured(outcomes, settings, seed)
    rows = [
        (name, value, *bounds(drawn[name], settings.confidence)) for name, value in point.items()
    ]
    return pd.DataFrame(rows, columns=["metric_name", "metric_value", "lower_bound", "upper_bound"])


def paired_differences(
    one: Outcomes, other: Outcomes, settings: EvaluationSettings, seed: int
) -> dict[str, tuple[float, float, float]]:
    """Compare two models on the same rows, with the same accounts drawn for both.

    Parameters
    ----------
    one, other : Outcomes
        The same labels, accounts and dates with two sets of probabilities.

    Returns
    -------
    dict
        Metric to difference (one less other), lower and upper bound.
    """
    (value, drawn), (other_value, other_drawn) = (
        _measured(side, settings, seed) for side in (one, other)
    )
    return {
        name: (
            value[name] - other_value[name],
            *bounds(drawn[name] - other_drawn[name], settings.confidence),
        )
        for name in value
    }


def _measured(
    outcomes: Outcomes, settings: EvaluationSettings, seed: int
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Return every metric, and its values over the resamples."""
    rng = np.random.default_rng(seed)
    members = int(outcomes.accounts.max()) + 1
    point = weighted_metrics(outcomes, np.ones((1, members)), settings)
    chunks = []
    for start in range(0, settings.resamples, CHUNK):
        counts = draw_counts(rng, members, min(CHUNK, settings.resamples - start))
        chunks.append(weighted_metrics(outcomes, counts, settings))
    return (
        {name: float(value[0]) for name, value in point.items()},
        {name: np.concatenate([chunk[name] for chunk in chunks]) for name in point},
    )


def weighted_metrics(
    outcomes: Outcomes, account_weights: np.ndarray, settings: EvaluationSettings
) -> dict[str, np.ndarray]:
    """Compute every metric for several sets of account weights.

    Parameters
    ----------
    account_weights : np.ndarray
        Shape (sets, accounts).

    Returns
    -------
    dict[str, np.ndarray]
        Metric to values, shape (sets,).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            **_ranking(outcomes, account_weights),
            **_at_capacity(outcomes, account_weights),
            **_probability(outcomes, account_weights, settings.calibration_bins),
        }


def nobody_churns(outcomes: Outcomes) -> Outcomes:
    """Return the outcomes of the baseline that gives every account probability 0."""
    return Outcomes(
        outcomes.labels,
        np.zeros_like(outcomes.probabilities),
        outcomes.accounts,
        outcomes.dates,
        outcomes.capacity,
    )


def last_of_ties(scores: np.ndarray) -> np.ndarray:
    """Return the place of the last of each run of equal values: ties are one step."""
    return np.flatnonzero(np.append(np.diff(scores) != 0, True))


def precision_at_recall(hits: np.ndarray, flagged: np.ndarray, recall: float) -> np.ndarray:
    """Compute the precision at the highest threshold that reaches a recall.

    Parameters
    ----------
    hits, flagged : np.ndarray
        Weight of the positives, and of all rows, at or above each threshold, from the highest
        threshold on; shape (sets, thresholds).
    recall : float
        More than 0, at most 1.

    Returns
    -------
    np.ndarray
        Shape (sets,); NaN for a set without positives.

    Examples
    --------
    >>> precision_at_recall(np.array([[1.0, 1, 2]]), np.array([[1.0, 2, 4]]), 0.8)
    array([0.5])
    """
    first = np.argmax(hits >= recall * hits[:, -1:] - 1e-9, axis=1)[:, None]
    found = [np.take_along_axis(values, first, axis=1)[:, 0] for values in (hits, flagged)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(hits[:, -1] > 0, found[0] / found[1], np.nan)


def _ranking(outcomes: Outcomes, account_weights: np.ndarray) -> dict[str, np.ndarray]:
    """AUCs and precision at 80% recall with ties as one step; lift with ties by key.

    Precision at 80% recall is taken at the highest threshold that reaches the recall. The top
    tenth has ceil(n / 10) rows, as ``ntile(10)`` cuts it.
    """
    order = np.argsort(-outcomes.probabilities, kind="stable")
    score, label = outcomes.probabilities[order], outcomes.labels[order]
    weight = account_weights[:, outcomes.accounts[order]]
    seen = np.cumsum(weight, axis=1)
    hits = np.cumsum(weight * label, axis=1)
    ends = last_of_ties(score)
    total, positives = seen[:, -1:], hits[:, -1:]
    taken = _first(np.ceil(total / 10), seen - weight, weight)
    lift = (taken @ label) / np.ceil(total[:, 0] / 10) / (positives[:, 0] / total[:, 0])
    true, flagged = hits[:, ends], seen[:, ends]
    step = np.diff(true, axis=1, prepend=0.0)
    false = flagged - true
    below = (total - positives) - false + np.diff(false, axis=1, prepend=0.0) / 2
    # A step without weight has no precision, and adds nothing.
    precision = np.divide(true, flagged, out=np.zeros_like(true), where=flagged > 0)
    return {
        "auc_roc": np.sum(step * below, axis=1) / (positives * (total - positives))[:, 0],
        "auc_pr": np.sum(step * precision, axis=1) / positives[:, 0],
        "precision_at_80_recall": precision_at_recall(true, flagged, 0.8),
        "lift_at_decile": lift,
    }


def _first(slots: float | np.ndarray, before: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weight of each row within the first `slots`, given the weight of the rows before it."""
    return np.clip(slots - before, 0, weight)


def _at_capacity(outcomes: Outcomes, account_weights: np.ndarray) -> dict[str, np.ndarray]:
    """Precision and recall of the first ``capacity`` rows of each date, pooled over the dates."""
    order = np.lexsort((-outcomes.probabilities, outcomes.dates))
    date, label = outcomes.dates[order], outcomes.labels[order]
    weight = account_weights[:, outcomes.accounts[order]]
    before = np.cumsum(weight, axis=1) - weight
    starts = np.flatnonzero(np.append(True, np.diff(date) != 0))
    lengths = np.diff(np.append(starts, date.size))
    before -= np.repeat(before[:, starts], lengths, axis=1)
    taken = _first(outcomes.capacity, before, weight)
    hits = taken @ label
    return {
        "precision_at_capacity": hits / taken.sum(axis=1),
        "recall_at_capacity": hits / (weight @ label),
    }


def _probability(
    outcomes: Outcomes, account_weights: np.ndarray, bins: int
) -> dict[str, np.ndarray]:
    """Brier, log loss, accuracy at 0.5, calibration error over equal-mass bins, and slope."""
    order = np.argsort(outcomes.probabilities, kind="stable")
    score, label = outcomes.probabilities[order], outcomes.labels[order]
    weight = account_weights[:, outcomes.accounts[order]]
    total = weight.sum(axis=1)
    safe = np.clip(score, 1e-12, 1 - 1e-12)
    losses = -(label * np.log(safe) + (1 - label) * np.log1p(-safe))
    cuts = score[np.arange(bins) * score.size // bins]
    starts = np.unique(np.searchsorted(score, cuts))  # ties stay in one bin
    gaps = np.add.reduceat(weight * (score - label), starts, axis=1)
    return {
        "brier": weight @ (score - label) ** 2 / total,
        "log_loss": weight @ losses / total,
        "accuracy": weight @ ((score >= 0.5) == label) / total,
        "ece": np.abs(gaps).sum(axis=1) / total,
        "calibration_slope": _slopes(logit(safe), label, weight),
    }


def _slopes(log_odds: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Slope of a logistic regression of labels on log-odds; for resamples one Newton step."""
    if np.ptp(log_odds) == 0 or np.ptp(label) == 0:
        return np.full(weight.shape[0], np.nan)
    intercept, slope = logistic_line(log_odds, label)
    probability = 1 / (1 + np.exp(-(intercept + slope * log_odds)))
    residual, curve = label - probability, probability * (1 - probability)
    g0, g1 = weight @ residual, weight @ (residual * log_odds)
    h00, h01 = weight @ curve, weight @ (curve * log_odds)
    h11 = weight @ (curve * log_odds**2)
    return slope + (h00 * g1 - h01 * g0) / (h00 * h11 - h01**2)
