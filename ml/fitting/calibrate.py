"""Calibration after the model: an affine map of its log-odds, which keeps reasons additive.

Decided: D076.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
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
    """Fit the map on predictions for rows that the model was not fitted on.

    The intercept is free; the slope has a normal prior around 1 (maximum a posteriori), because
    with a dozen churners its best value is mostly chance. With hundreds the prior is not felt.

    Parameters
    ----------
    log_odds : np.ndarray
        Log-odds of the model, shape (rows,).
    labels : np.ndarray
        0 or 1, shape (rows,); both must occur.
    settings : CalibrationSettings
        Prior and limits of the slope. Where the best slope lies outside, the limit is taken and
        the intercept fitted to it.

    Returns
    -------
    AffineMap
        The map.
    """
    intercept, slope = logistic_line(log_odds, labels, 1 / settings.slope_deviation**2)
    limited = float(np.clip(slope, settings.min_slope, settings.max_slope))
    if limited != slope:
        intercept = _intercept(limited * log_odds, labels)
    return AffineMap(intercept=float(intercept), slope=limited)


def logistic_line(
    log_odds: np.ndarray, labels: np.ndarray, slope_precision: float = 0.0
) -> tuple[float, float]:
    """Fit a logistic regression of labels on log-odds, by Newton's method.

    Parameters
    ----------
    log_odds, labels : np.ndarray
        Shape (rows,).
    slope_precision : float
        One over the variance of the slope's prior around 1; 0 for none.

    Returns
    -------
    tuple[float, float]
        Intercept and slope; slope 0 where all log-odds are alike.

    Examples
    --------
    A model whose log-odds are twice too far apart, over 10,000 rows at each of two values:

    >>> log_odds = np.repeat([-2.0, 2.0], 10_000)
    >>> labels = (np.tile(np.arange(10_000), 2) < np.repeat([2_689, 7_311], 10_000)).astype(float)
    >>> intercept, slope = logistic_line(log_odds, labels)
    >>> round(slope, 3)
    0.5
    """
    if np.ptp(log_odds) == 0:
        return _intercept(np.zeros_like(log_odds), labels), 0.0
    design = np.column_stack((np.ones_like(log_odds), log_odds))
    prior = np.array([0.0, slope_precision])

    def loss_at(beta: np.ndarray) -> float:
        line = design @ beta
        likelihood = np.sum(np.logaddexp(0.0, line) - labels * line)
        return float(likelihood + slope_precision * (beta[1] - 1) ** 2 / 2)

    rate = np.clip(labels.mean(), 1e-6, 1 - 1e-6)
    beta = np.array([logit(rate) - log_odds.mean(), 1.0])
    loss = loss_at(beta)
    for _ in range(50):
        probability = expit(design @ beta)
        gradient = design.T @ (labels - probability) - prior * (beta - 1)
        curvature = design.T @ (design * (probability * (1 - probability))[:, None])
        step = np.linalg.solve(curvature + np.diag(prior + 1e-9), gradient)
        # Halving keeps Newton's step from overshooting where classes are nearly separable.
        for _ in range(20):
            trial = loss_at(beta + step)
            if trial <= loss:
                break
            step = step / 2
        beta, improvement, loss = beta + step, loss - trial, trial
        if abs(improvement) < 1e-12 * max(1.0, loss) or abs(beta[1]) > 100:
            break
    return float(beta[0]), float(beta[1])


def _intercept(offset: np.ndarray, labels: np.ndarray) -> float:
    """Return the constant that makes the mean probability equal the base rate."""
    rate = labels.mean()
    return float(
        brentq(lambda constant: expit(offset + constant).mean() - rate, -60, 60, xtol=1e-15)
    )
