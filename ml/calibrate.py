"""Calibration after the model: an affine map of its log-odds, which keeps reasons additive."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from ml.config import CalibrationSettings


@dataclass(frozen=True)
class AffineMap:
    """Calibrated log-odds = ``intercept`` + ``slope`` x log-odds of the model.

    Source: Platt scaling, J. Platt (1999), "Probabilistic outputs for support vector machines";
    Cox (1958), "Two further applications of a model for binary regression".
    """

    intercept: float
    slope: float

    def apply(self, log_odds: np.ndarray) -> np.ndarray:
        """Return calibrated log-odds, same shape."""
        return self.intercept + self.slope * log_odds


def fit_affine(
    log_odds: np.ndarray, labels: np.ndarray, settings: CalibrationSettings
) -> AffineMap:
    """Fit the map by maximum likelihood on predictions for rows the model was not fitted on.

    Parameters
    ----------
    log_odds : np.ndarray
        Log-odds of the model, shape (rows,).
    labels : np.ndarray
        0 or 1, shape (rows,); both must occur.
    settings : CalibrationSettings
        Limits of the slope. Where the best slope lies outside, the limit is taken and the
        intercept fitted to it.

    Returns
    -------
    AffineMap
        The map.
    """
    intercept, slope = logistic_line(log_odds, labels)
    limited = float(np.clip(slope, settings.min_slope, settings.max_slope))
    if limited != slope:
        intercept = _intercept(limited * log_odds, labels)
    return AffineMap(intercept=float(intercept), slope=limited)


def logistic_line(log_odds: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return intercept and slope of a logistic regression of labels on log-odds (Newton)."""
    if np.ptp(log_odds) == 0:
        return _intercept(np.zeros_like(log_odds), labels), 0.0
    design = np.column_stack((np.ones_like(log_odds), log_odds))
    rate = np.clip(labels.mean(), 1e-6, 1 - 1e-6)
    beta = np.array([logit(rate) - log_odds.mean(), 1.0])
    loss = _loss(design @ beta, labels)
    for _ in range(50):
        probability = expit(design @ beta)
        gradient = design.T @ (labels - probability)
        curvature = design.T @ (design * (probability * (1 - probability))[:, None])
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        # Halving keeps Newton's step from overshooting where classes are nearly separable.
        for _ in range(20):
            trial = _loss(design @ (beta + step), labels)
            if trial <= loss:
                break
            step = step / 2
        beta, improvement, loss = beta + step, loss - trial, trial
        if abs(improvement) < 1e-12 * max(1.0, loss) or abs(beta[1]) > 100:
            break
    return float(beta[0]), float(beta[1])


def _intercept(offset: np.ndarray, labels: np.ndarray) -> float:
    """Return the constant that makes the mean probability equal the base rate (bisection)."""
    rate = labels.mean()
    low, high = -60.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        if expit(offset + middle).mean() < rate:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _loss(log_odds: np.ndarray, labels: np.ndarray) -> float:
    return float(np.sum(np.logaddexp(0.0, log_odds) - labels * log_odds))
