"""Bootstrap over accounts: each is drawn with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ml.judging.draws import bounds, draw_counts


@dataclass(frozen=True)
class Interval:
    """A figure with its bootstrap bounds; None where nothing defines it."""

    value: float | None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Draws:
    """How often each account was drawn.

    Attributes
    ----------
    codes : np.ndarray
        Account of each row, from 0, shape (rows,).
    counts : np.ndarray
        Shape (resamples, accounts).
    """

    codes: np.ndarray
    counts: np.ndarray
    confidence: float

    @classmethod
    def of(cls, accounts: np.ndarray, resamples: int, confidence: float, seed: int) -> Draws:
        """Draw the accounts of some rows with replacement."""
        names, codes = np.unique(np.asarray(accounts, dtype=str), return_inverse=True)
        rng = np.random.default_rng(seed)
        size = max(names.size, 1)
        return cls(codes, draw_counts(rng, size, resamples), confidence)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of a value over the rows, in each resample, shape (resamples,)."""
        by_account = np.bincount(self.codes, weights=values, minlength=self.counts.shape[1])
        return self.counts @ by_account

    def bounds(self, drawn: np.ndarray) -> tuple[float | None, float | None]:
        """Bounds of what was drawn; None where no resample defines it."""
        lower, upper = bounds(drawn, self.confidence)
        return (None, None) if np.isnan(lower) else (lower, upper)

    def total(self, values: np.ndarray) -> Interval:
        """Sum over the rows."""
        return Interval(float(np.sum(values)), *self.bounds(self.sums(values)))

    def ratio(self, hits: np.ndarray, trials: np.ndarray) -> Interval:
        """Sum of hits over sum of trials; no value without trials.

        Where all trials hit, or none, every resample says the same: the bounds are then Wilson's,
        with an account as a trial.
        """
        if not np.sum(trials):
            return Interval(None)
        value = float(np.sum(hits) / np.sum(trials))
        if value in (0.0, 1.0):
            return Interval(value, *self._sure(value, np.unique(self.codes[trials > 0]).size))
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = self.sums(hits) / self.sums(trials)
        return Interval(value, *self.bounds(drawn))

    def _sure(self, value: float, count: int) -> tuple[float, float]:
        room = float(ndtri((1 + self.confidence) / 2)) ** 2
        room = room / (count + room)
        return (1 - room, 1.0) if value else (0.0, room)

    def median(self, values: np.ndarray) -> Interval:
        """Median over the rows; no value without rows."""
        if not values.size:
            return Interval(None)
        order = np.argsort(values, kind="stable")
        weights = np.cumsum(self.counts[:, self.codes[order]], axis=1)
        halves = weights[:, -1:] / 2
        # the lower and the upper middle, as of a sample laid out in a row
        places = [np.argmax(weights >= halves, axis=1), np.argmax(weights > halves, axis=1)]
        drawn = np.mean([values[order][place] for place in places], axis=0)
        drawn = np.where(weights[:, -1] > 0, drawn, np.nan)
        return Interval(float(np.median(values)), *self.bounds(drawn))
