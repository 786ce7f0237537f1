"""Users of each account, internal users and bots: who can be active when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import Accounts
from plumbline.demo.config import END, NONE, Config, stream
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import World

HUMAN, INTERNAL, BOT = range(3)
WEEKEND = 0.22
_CLASS = np.array([0.49, 0.22, 0.135, 0.155])
"""Shares of users by habit: rare, light, regular, daily; tuned to the measured 40/22/21/17."""

_HABIT = np.array([[0.5, 4.0], [5.0, 10.0], [11.0, 19.0], [21.0, 26.0]])
"""Expected active days in 30, by habit: from, to."""


@dataclass(frozen=True)
class People:
    """Users (u) and actors (a): an actor is a user in a workspace.

    `rate` is the daily rate of activity at a neutral account on a weekday, `busy` the actor's
    events on an active day relative to the mean, `rank` the place in the account's roster, `wanted`
    (weeks, accounts) how many of the roster hold a seat.
    """

    user: pa.Array
    user_kind: np.ndarray
    user_created: np.ndarray
    user_left: np.ndarray
    actor_user: np.ndarray
    actor_account: np.ndarray
    rank: np.ndarray
    rate: np.ndarray
    busy: np.ndarray
    kind: np.ndarray
    joined: np.ndarray
    wanted: np.ndarray


def wanted_users(accounts: Accounts, latent: Latent, world: World) -> np.ndarray:
    """Users that hold a seat, by week and account."""
    weeks = END // 7 + 1
    out = np.zeros((weeks, len(accounts)), dtype=np.int32)
    for week in range(weeks):
        days = slice(week * 7, week * 7 + 7)
        seats = world.seats[days].max(axis=0)
        filled = np.clip(0.62 - 0.16 * latent.drivers[week * 7, 4], 0.12, 1.1)
        out[week] = np.ceil(filled * seats)
    return out


def _rate(days: np.ndarray) -> np.ndarray:
    grid = np.concatenate([np.linspace(0.002, 1, 300), np.linspace(1.01, 7, 300)])
    expected = 21.4 * (1 - np.exp(-grid)) + 8.6 * (1 - np.exp(-WEEKEND * grid))
    return np.interp(days, expected, grid)


def make_people(config: Config, accounts: Accounts, latent: Latent, world: World) -> People:
    """Draw rosters large enough for every week, internal users and bots."""
    rng = stream(config, "people")
    n = len(accounts)
    wanted = wanted_users(accounts, latent, world)
    roster = wanted.max(axis=0)
    account = np.repeat(np.arange(n), roster)
    rank = np.arange(len(account)) - np.repeat(np.cumsum(roster) - roster, roster)
    seen = np.zeros(len(account), dtype=bool)
    first = np.zeros(len(account), dtype=np.int64)
    last = np.zeros(len(account), dtype=np.int64)
    for week in range(len(wanted)):
        on = wanted[week][account] > rank
        first[on & ~seen] = week
        last[on] = week
        seen |= on
    joined = _joined(rng, accounts, account, first)
    left = last * 7 + 7 + rng.integers(20, 60, len(account))
    left = np.where((left < END) & (rng.random(len(account)) < 0.6), left, NONE)
    habit = rng.choice(4, len(account), p=_CLASS)
    habit = np.where((rank == 0) & (habit == 0), rng.choice(4, len(account)), habit)
    days = _HABIT[habit, 0] + rng.random(len(account)) * np.diff(_HABIT[habit], axis=1)[:, 0]
    humans = len(account)
    bots = np.flatnonzero(rng.random(n) < 0.05)
    guests = max(4, n // 250)
    visited = np.flatnonzero(rng.random(n) < 0.06)
    users = humans + len(bots) + guests
    extra = len(bots) + len(visited)
    order_user = np.concatenate(
        [np.arange(humans + len(bots)), humans + len(bots) + rng.integers(0, guests, len(visited))]
    )
    actor_account = np.concatenate([account, bots, visited])
    kind = np.repeat([HUMAN, BOT, INTERNAL], [humans, len(bots), len(visited)])
    start = np.maximum(np.where(accounts.join == NONE, 0, accounts.join), 0)
    born = np.concatenate([joined, start[bots] + 3, np.full(guests, -400)])
    user = text.ids("usr_", users, 12)
    ids = np.array(user.to_pylist())
    place = np.lexsort((ids[order_user], np.array(accounts.workspace.to_pylist())[actor_account]))
    rate = np.concatenate([_rate(days), np.full(len(bots), 3.0), np.full(len(visited), 0.12)])
    busy = np.concatenate([0.55 + 0.032 * days, np.full(len(bots), 0.9), np.ones(len(visited))])
    return People(
        user=user,
        user_kind=np.repeat([HUMAN, BOT, INTERNAL], [humans, len(bots), guests]),
        user_created=born,
        user_left=np.concatenate([left, np.full(len(bots) + guests, NONE)]),
        actor_user=order_user[place],
        actor_account=actor_account[place],
        rank=np.concatenate([rank, np.zeros(extra, dtype=np.int64)])[place],
        rate=rate[place],
        busy=busy[place],
        kind=kind[place],
        joined=np.concatenate([joined, start[bots] + 3, start[visited]])[place],
        wanted=wanted,
    )


def _joined(
    rng: np.random.Generator, accounts: Accounts, account: np.ndarray, first: np.ndarray
) -> np.ndarray:
    n = len(account)
    spread = first * 7 + rng.integers(0, 7, n)
    old = accounts.join[account] == NONE
    before = (accounts.created[account] * rng.random(n)).astype(np.int64)
    early = old & (first == 0)
    begin = accounts.join[account]
    soon = begin + np.minimum(rng.integers(0, 5, n), 6)
    same_week = ~old & (first * 7 <= begin + 6)
    return np.where(early, np.minimum(before, -1), np.where(same_week, soon, spread))
