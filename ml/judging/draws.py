"""Draws of accounts with replacement, and the bounds that a figure has over them."""

import numpy as np


def draw_counts(rng: np.random.Generator, members: int, size: int) -> np.ndarray:
    """Draw `members` accounts with replacement, `size` times over.

    Returns
    -------
    np.ndarray
        How often each account was drawn, shape (size, members).
    """
    drawn = rng.integers(0, members, size=(size, members)) + np.arange(size)[:, None] * members
    counts = np.bincount(drawn.ravel(), minlength=size * members).reshape(size, members)
    return counts.astype(float)


def bounds(drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the lower and the upper bound of a figure.

    Parameters
    ----------
    drawn : np.ndarray
        Its values over the draws, shape (draws,); those that are not finite define nothing.
    confidence : float
        Share of the draws between the bounds.

    Returns
    -------
    tuple[float, float]
        NaN where no draw defines the figure.

    Examples
    --------
    >>> bounds(np.append(np.arange(101.0), np.nan), 0.5)
    (25.0, 75.0)
    """
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(drawn, (tail, 1 - tail))
    return float(lower), float(upper)
