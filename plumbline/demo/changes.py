"""Expansion and contraction of running subscriptions, and their add-ons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plumbline.demo import book as bk

if TYPE_CHECKING:
    from plumbline.demo.simulation import Simulation

REVIEW_DAYS = 30
"""Each account reviews its seats once in so many days."""

CLOSED_DAYS = 3
"""No review takes place in the last days of a paid period."""

CONTRACT = np.array([0.052, 0.016, 0.006, 0.002])
"""Chance of a contraction at a review of an average account, by segment."""

EXPAND = np.array([0.0145, 0.0125, 0.009, 0.007])
"""Chance of an expansion at a review of an average account, by segment."""

EXPAND_WEIGHT = np.array([0.85, 0.60, -0.20, 0.40, -0.85])
"""What a standard deviation of each driver adds to the log-chance of an expansion."""

EXPAND_DECLINE = -1.6
ADDON = 4


def mrr(sim: Simulation, ids: np.ndarray) -> np.ndarray:
    """Monthly recurring revenue of subscriptions, in US dollars."""
    rows = sim.book.rows[ids]
    unit = sim.unit[rows["plan"], rows["interval"], rows["currency"], rows["vintage"]]
    return rows["quantity"] * unit * (1 - rows["discount"] / 100)


def open_addon(sim: Simulation, who: np.ndarray, day: int) -> None:
    """Open an add-on worth 12 to 20% of the main subscription for each account."""
    if len(who) == 0:
        return
    worth = mrr(sim, sim.main[who]) * (0.12 + 0.08 * sim.rng.random(len(who)))
    currency = sim.accounts.currency[who]
    vintage = int(day >= 273)
    unit = sim.unit[ADDON, 1, currency, vintage]
    ids = sim.book.open(
        who,
        day,
        status=bk.ACTIVE,
        plan=ADDON,
        interval=1,
        currency=currency,
        vintage=vintage,
        quantity=np.maximum(np.ceil(worth / unit), 1),
        addon=True,
        anchor=bk.anchor_of(np.full(len(who), day)),
    )
    sim.book.begin_period(ids, day)
    sim.addon[who] = ids
    sim.book.log(ids, day, 0, bk.INITIAL if day == 0 else bk.OPENED)


def expansion_log_rate(sim_latent, day: int) -> np.ndarray:
    """State's part of the log-chance of an expansion."""
    return EXPAND_WEIGHT @ sim_latent.drivers[day] + EXPAND_DECLINE * sim_latent.decline[day]


def _renew_addons(sim: Simulation, day: int) -> None:
    rows = sim.book.rows
    ids = sim.addon[sim.addon >= 0]
    ids = ids[(rows["period_end"][ids] == day) & ~rows["paused"][ids]]
    sim.book.begin_period(ids, day)
    sim.book.log(ids, day, 0, bk.RENEWED)


def step(sim: Simulation, day: int, hazard: np.ndarray) -> None:
    """Let the accounts whose review falls on this day grow or shrink."""
    _renew_addons(sim, day)
    rows, rng = sim.book.rows, sim.rng
    who = np.flatnonzero((np.arange(sim.n) + day) % REVIEW_DAYS == 0)
    who = who[sim.main[who] >= 0]
    ids = sim.main[who]
    fit = (rows["status"][ids] == bk.ACTIVE) & ~rows["paused"][ids] & ~rows["will_cancel"][ids]
    fit &= (rows["period_start"][ids] < day) & (rows["period_end"][ids] > day + CLOSED_DAYS)
    who = who[fit]
    segment = sim.accounts.segment[who]
    up = EXPAND[segment] * np.exp(expansion_log_rate(sim.latent, day)[who] + _boost(sim, day)[who])
    down = CONTRACT[segment] * np.exp(0.6 * (hazard[who] - sim.latent.fixed[who]))
    u = rng.random(len(who))
    grows = u < np.minimum(up, 0.4)
    shrinks = ~grows & (u > 1 - np.minimum(down, 0.4))
    _grow(sim, who[grows], day)
    _shrink(sim, who[shrinks], day)


def _boost(sim: Simulation, day: int) -> np.ndarray:
    return np.where((sim.relief_start <= day) & (day < sim.relief_end), sim.growth, 0.0)


def _grow(sim: Simulation, who: np.ndarray, day: int) -> None:
    rows, rng = sim.book.rows, sim.rng
    before = mrr(sim, sim.main[who])
    draw = rng.random(len(who))
    addon = (draw < 0.15) & (sim.addon[who] < 0) & (sim.accounts.segment[who] < 3)
    upgrade = ~addon & (draw > 0.8) & (rows["plan"][sim.main[who]] < 3)
    open_addon(sim, who[addon], day)
    ids = sim.main[who[upgrade]]
    rows["plan"][ids] += 1
    worth = before[upgrade] * (1.14 + 0.2 * rng.random(len(ids)))
    rows["quantity"][ids] = np.maximum(np.ceil(rows["quantity"][ids] * worth / mrr(sim, ids)), 1)
    more = sim.main[who[~addon & ~upgrade]]
    step_up = np.ceil(rows["quantity"][more] * (0.12 + 0.25 * rng.random(len(more)) ** 2))
    rows["quantity"][more] += np.maximum(step_up, 1).astype(np.int64)
    _log(sim, np.concatenate([ids, more]), day)
    after = mrr(sim, sim.main[who])
    sim.note("moves", account=who, day=day, before=before, after=after, kind=1)


def _shrink(sim: Simulation, who: np.ndarray, day: int) -> None:
    rows, rng = sim.book.rows, sim.rng
    drops = (sim.addon[who] >= 0) & (rng.random(len(who)) < 0.3)
    extra = sim.addon[who[drops]]
    rows["status"][extra], rows["ended"][extra] = bk.CANCELED, day
    rows["canceled"][extra], rows["reason"][extra] = day, 0
    sim.book.log(extra, day, 0, bk.ENDED)
    sim.addon[who[drops]] = -1
    rest = who[~drops]
    rest = rest[rows["quantity"][sim.main[rest]] > 1]
    ids = sim.main[rest]
    before = mrr(sim, ids)
    lower = (rows["plan"][ids] > 0) & (rng.random(len(ids)) < 0.3)
    keep = 1 - (0.12 + 0.33 * rng.random(len(ids)))
    rows["quantity"][ids] = np.maximum(np.floor(rows["quantity"][ids] * keep), 1)
    rows["plan"][ids[lower]] -= 1
    _log(sim, ids, day)
    gone = np.concatenate([who[drops], rest])
    sim.downgraded[gone] = day
    sim.note("moves", account=rest, day=day, before=before, after=mrr(sim, ids), kind=-1)


def _log(sim: Simulation, ids: np.ndarray, day: int) -> None:
    sim.book.log(ids, day, sim.rng.integers(28_800, 72_000, len(ids)), bk.CHANGED)
