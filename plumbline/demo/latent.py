"""Hidden state of every account, day by day: what drives both behaviour and churn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.demo.accounts import Accounts
from plumbline.demo.config import DAYS, Config, month_of, stream

DRIVERS = ("engagement", "adoption", "support_pain", "sentiment", "unused_seats")
TAU = np.array([90.0, 1500.0, 60.0, 110.0, 240.0])
"""Days over which each driver forgets itself (its autocorrelation is exp(-lag / tau))."""

WEIGHT = np.array([-0.35, -1.20, 0.33, -0.33, 0.35])
"""What one standard deviation of each driver adds to the log-hazard."""

DECLINE_START, DECLINE_END = 1 / 700, 1 / 80
DECLINE_RAMP = 1 / 50
DECLINE_WEIGHT = 3.0
CHAMPION_LOSS, CHAMPION_RETURN = 1 / 1500, 1 / 140
CHAMPION_WEIGHT = 1.2
SILENT_WEIGHT = 0.6
DOWNGRADE_WEIGHT, DOWNGRADE_TAU = 0.7, 75.0

SEGMENT_LEVEL = np.array([-3.76, -3.24, -2.95, -2.93])
"""Log-hazard a year of an average account, by segment."""

SIZE_WEIGHT = np.array([0.35, 0.25, 0.0, -0.40])
"""What a standard deviation of size within the segment adds: larger customers leave more often."""

_SEASON = {12: 0.25, 1: 0.35}


@dataclass(frozen=True)
class Latent:
    """Hidden paths; arrays are (days, accounts) unless said otherwise.

    `drivers` is (days, 5, accounts) in standard deviations, `declining` says whether a decline is
    under way, `decline` is its depth (0..1), `champion_gone` whether the champion has left,
    `fixed` (accounts,) is the part of the log-hazard that never changes and `season` (days,) the
    calendar's part.
    """

    drivers: np.ndarray
    declining: np.ndarray
    decline: np.ndarray
    champion_gone: np.ndarray
    fixed: np.ndarray
    season: np.ndarray

    def log_hazard(self, day: int) -> np.ndarray:
        """Log-hazard a year on a day, without downgrades and interventions."""
        return (
            self.fixed
            + self.season[day]
            + WEIGHT @ self.drivers[day]
            + DECLINE_WEIGHT * self.decline[day]
            + CHAMPION_WEIGHT * self.champion_gone[day]
        )


def season(day: np.ndarray) -> np.ndarray:
    """Calendar part of the log-hazard: December and January are worse."""
    month = month_of(day)
    return np.select([month == 12, month == 1], [_SEASON[12], _SEASON[1]], 0.0)


def _flip(on: np.ndarray, start: float, end: float, u: np.ndarray) -> np.ndarray:
    return np.where(on, u >= end, u < start)


def make_latent(config: Config, accounts: Accounts) -> Latent:
    """Draw the hidden paths from their stationary distribution on day 0 onwards."""
    rng = stream(config, "latent")
    n = len(accounts)
    rho = np.exp(-1 / TAU)[:, None]
    noise = np.sqrt(1 - rho**2)
    drivers = np.empty((DAYS, 5, n), dtype=np.float32)
    declining = np.empty((DAYS, n), dtype=bool)
    decline = np.empty((DAYS, n), dtype=np.float32)
    gone = np.empty((DAYS, n), dtype=bool)
    x = rng.standard_normal((5, n))
    z = rng.random(n) < DECLINE_START / (DECLINE_START + DECLINE_END)
    depth = z * rng.random(n)
    left = rng.random(n) < CHAMPION_LOSS / (CHAMPION_LOSS + CHAMPION_RETURN)
    for day in range(DAYS):
        if day:
            x = rho * x + noise * rng.standard_normal((5, n))
            u = rng.random((2, n))
            z = _flip(z, DECLINE_START, DECLINE_END, u[0])
            left = _flip(left, CHAMPION_LOSS, CHAMPION_RETURN, u[1])
            depth = depth + DECLINE_RAMP * (z - depth)
        drivers[day], declining[day], decline[day], gone[day] = x, z, depth, left
    return Latent(
        drivers=drivers,
        declining=declining,
        decline=decline,
        champion_gone=gone,
        fixed=_fixed(accounts),
        season=season(np.arange(DAYS)),
    )


def _fixed(accounts: Accounts) -> np.ndarray:
    size = np.log(accounts.seats)
    z = np.zeros(len(accounts))
    for segment in range(4):
        of = accounts.segment == segment
        spread = size[of].std() or 1.0
        z[of] = (size[of] - size[of].mean()) / spread
    level = SEGMENT_LEVEL[accounts.segment] + SIZE_WEIGHT[accounts.segment] * z
    return level + accounts.frailty + SILENT_WEIGHT * accounts.is_silent
