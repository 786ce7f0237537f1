"""Draws that several parts share."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plumbline.demo.accounts import Accounts
from plumbline.demo.config import END
from plumbline.demo.simulation import World

DAY_SECONDS = 86_400


def occurrences(rng: np.random.Generator, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days and accounts of a process with daily rates (days, accounts), at most one a day."""
    hits = rng.random(rate.shape, dtype=np.float32) < rate
    day, account = np.nonzero(hits)
    return day, account


def alive(world: World) -> np.ndarray:
    """Whether the account is on trial or paying, (END, accounts)."""
    return world.state[:END] > 0


def known_accounts(accounts: Accounts) -> np.ndarray:
    """Accounts that appear within the window."""
    return np.flatnonzero(accounts.join < END)


def office_second(rng: np.random.Generator, n: int) -> np.ndarray:
    """Seconds of the day between 7:00 and 19:00."""
    return rng.integers(25_200, 68_400, n)


def logistic(x: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def stack(*tables: pa.Table) -> pa.Table:
    """Concatenate tables of one schema."""
    return pa.concat_tables(tables)
