"""What the plots of skill show: calibration, lift, precision against recall, with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.judging.evaluate import CHUNK, last_of_ties, precision_at_recall
from plumbline.backtest.draws import Draws

BINS = 10
RECALLS = np.linspace(0.02, 1.0, 50)


def calibration(outcomes: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Realised rate by tenth of the probability.

    Parameters
    ----------
    outcomes : pd.DataFrame
        probability and is_positive, in key order, the rows of `draws`.

    Returns
    -------
    pd.DataFrame
        mean_probability, realised_rate, lower_bound, upper_bound, examples, positives. Equal
        probabilities are never parted.
    """
    probability = outcomes["probability"].to_numpy()
    label = outcomes["is_positive"].to_numpy(dtype=float)
    starts = np.arange(1, BINS) * probability.size // BINS
    edges = np.unique(np.sort(probability)[starts])
    bins = np.searchsorted(edges, probability, side="right")
    rows = []
    for number in np.unique(bins):
        inside = (bins == number).astype(float)
        rate = draws.ratio(label * inside, inside)
        mean = float(probability[bins == number].mean())
        rows.append(
            (
                mean,
                rate.value,
                rate.lower,
                rate.upper,
                int(inside.sum()),
                int((label * inside).sum()),
            )
        )
    return pd.DataFrame(
        rows,
        columns=[
            "mean_probability",
            "realised_rate",
            "lower_bound",
            "upper_bound",
            "examples",
            "positives",
        ],
    )


def lift(outcomes: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Rate of each tenth of a night's ranking over the base rate, nights pooled.

    Returns
    -------
    pd.DataFrame
        decile (1: the riskiest), lift, lower_bound, upper_bound, examples, positives.
    """
    label = outcomes["is_positive"].to_numpy(dtype=float)
    by_night = outcomes.groupby("as_of_date")
    place = by_night["probability"].rank(method="first", ascending=False).to_numpy() - 1
    size = by_night["probability"].transform("size").to_numpy()
    decile = np.minimum(place * BINS // size, BINS - 1).astype(int) + 1
    ones = np.ones_like(label)
    rows = []
    for number in range(1, BINS + 1):
        inside = (decile == number).astype(float)
        if not inside.sum() or not label.sum():
            continue
        rate = draws.ratio(label * inside, inside)
        bounds = rate.lower / label.mean(), rate.upper / label.mean()
        if rate.value not in (0.0, 1.0):
            with np.errstate(divide="ignore", invalid="ignore"):
                drawn = draws.sums(label * inside) / draws.sums(inside)
                bounds = draws.bounds(drawn / (draws.sums(label) / draws.sums(ones)))
        rows.append(
            (number, rate.value / label.mean(), *bounds, int(inside.sum()), int(label @ inside))
        )
    return pd.DataFrame(
        rows, columns=["decile", "lift", "lower_bound", "upper_bound", "examples", "positives"]
    )


def precision_recall(outcomes: pd.DataFrame, draws: Draws) -> pd.DataFrame:
    """Precision at the highest threshold that reaches each recall; ties are one step.

    Returns
    -------
    pd.DataFrame
        recall, precision, lower_bound, upper_bound.
    """
    probability = outcomes["probability"].to_numpy()
    label = outcomes["is_positive"].to_numpy(dtype=float)
    order = np.argsort(-probability, kind="stable")
    ends = last_of_ties(probability[order])

    def at(weights: np.ndarray) -> np.ndarray:
        hits, flagged = (
            np.cumsum(weight[:, order], axis=1)[:, ends] for weight in (weights * label, weights)
        )
        return np.column_stack([precision_at_recall(hits, flagged, recall) for recall in RECALLS])

    starts = range(0, len(draws.counts), CHUNK)
    drawn = np.concatenate([at(draws.counts[n : n + CHUNK, draws.codes]) for n in starts])
    bounds = [draws.bounds(column) for column in drawn.T]
    return pd.DataFrame(
        {
            "recall": RECALLS,
            "precision": at(np.ones((1, label.size)))[0],
            "lower_bound": [low for low, _ in bounds],
            "upper_bound": [high for _, high in bounds],
        }
    )
