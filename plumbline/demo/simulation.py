"""State of the daily pass over all accounts, and the record that it leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plumbline.demo import book as bk
from plumbline.demo.accounts import Accounts, monthly_usd
from plumbline.demo.config import NONE, Config, stream
from plumbline.demo.latent import DOWNGRADE_TAU, DOWNGRADE_WEIGHT, Latent

NEVER, TRIAL, PAYING, OVERDUE = range(4)


@dataclass(frozen=True)
class World:
    """What happened, in arrays of (days, accounts) and in event tables (dicts of columns)."""

    versions: np.ndarray
    state: np.ndarray
    mrr: np.ndarray
    seats: np.ndarray
    period_end: np.ndarray
    downgrade: np.ndarray
    relief: np.ndarray
    relief_end: np.ndarray
    growth: np.ndarray
    churns: dict[str, np.ndarray]
    trials: dict[str, np.ndarray]
    moves: dict[str, np.ndarray]
    interventions: dict[str, np.ndarray]
    assignments: dict[str, np.ndarray]


class Simulation:
    """Mutable state of the pass over the days; `simulate` is its only user."""

    def __init__(self, config: Config, accounts: Accounts, latent: Latent) -> None:
        n = len(accounts)
        self.config, self.accounts, self.latent, self.n = config, accounts, latent, n
        self.rng = stream(config, "lifecycle")
        self.book = bk.Book(6 * n + 50)
        self.unit = monthly_usd(config)
        self.main = np.full(n, -1)
        self.addon = np.full(n, -1)
        self.next_open = np.full(n, NONE)
        self.settles = np.full(n, NONE)
        self.fails = np.zeros(n, dtype=bool)
        self.downgraded = np.full(n, -10_000)
        self.relief = np.zeros(n)
        self.growth = np.zeros(n)
        self.relief_start = np.full(n, NONE)
        self.relief_end = np.full(n, NONE)
        self.quota = self.rng.random(4)
        self.events: dict[str, list[dict[str, np.ndarray]]] = {
            name: [] for name in ("churns", "trials", "moves", "interventions", "assignments")
        }

    def note(self, name: str, **columns: np.ndarray | int) -> None:
        """Add rows to one event table."""
        size = np.broadcast(*columns.values()).size
        if size:
            rows = {k: np.broadcast_to(v, size).copy() for k, v in columns.items()}
            self.events[name].append(rows)

    def downgrade_effect(self, day: int) -> np.ndarray:
        """What a recent downgrade adds to the log-hazard."""
        return DOWNGRADE_WEIGHT * np.exp((self.downgraded - day) / DOWNGRADE_TAU)

    def relief_effect(self, day: int) -> np.ndarray:
        """What a running intervention adds to the log-hazard (negative)."""
        return np.where((self.relief_start <= day) & (day < self.relief_end), self.relief, 0.0)

    def log_hazard(self, day: int) -> np.ndarray:
        """Log-hazard a year of every account."""
        return self.latent.log_hazard(day) + self.downgrade_effect(day) + self.relief_effect(day)

    def mains(self) -> np.ndarray:
        """Numbers of the accounts' main subscriptions."""
        return self.main[self.main >= 0]

    def close(self, ids: np.ndarray, day: int, reason: int) -> None:
        """End main subscriptions and their add-ons on a day."""
        rows, accounts = self.book.rows, self.book.rows["account"][ids]
        extra = self.addon[accounts]
        both = np.concatenate([ids, extra[extra >= 0]])
        rows["status"][both] = bk.CANCELED
        rows["ended"][both] = day
        rows["canceled"][both] = np.where(
            rows["canceled"][both] == NONE, day, rows["canceled"][both]
        )
        rows["reason"][both] = reason
        self.book.log(both, day, 0, bk.ENDED)
        self.addon[accounts] = -1
        self.main[accounts] = -1
