"""How paid service stops: cancellation, pause, late renewal, a payment that never comes."""

from __future__ import annotations

import numpy as np

from plumbline.demo import book as bk
from plumbline.demo.config import NONE
from plumbline.demo.simulation import Simulation

DUNNING_DAYS = 21
"""Days after which a payment that never comes ends the subscription."""

PAYMENT_FAILS, FAILS_FOR_GOOD = 0.022, 0.12
LONG_PAUSE, RETURN = 0.06, 0.18
"""Of those who leave: share that pauses instead of cancelling, share that returns later."""


def drawn(sim: Simulation, segment: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Systematic sampling: each has probability q, and each segment's total stays close to sum q.

    Keeps the yearly churn of small segments near its expectation on every seed.
    """
    hit = np.zeros(len(q), dtype=bool)
    order = sim.rng.permutation(len(q))
    for s in range(4):
        of = order[segment[order] == s]
        after = sim.quota[s] + np.cumsum(q[of])
        hit[of] = np.floor(after) > np.floor(after - q[of])
        if len(of):
            sim.quota[s] = after[-1] % 1
    return hit


def leave(sim: Simulation, ids: np.ndarray, day: int) -> None:
    rows, rng = sim.book.rows, sim.rng
    who = rows["account"][ids]
    pauses = rng.random(len(ids)) < LONG_PAUSE
    asks = ~pauses & (rng.random(len(ids)) < 0.85)
    asked = day - rng.integers(0, 4, len(ids))
    reason = np.where(pauses, 4, 0)
    sim.note("churns", account=who, day=day, request=np.where(asks, asked, day), reason=reason)
    rows["will_cancel"][ids[asks]] = True
    rows["canceled"][ids[asks]] = asked[asks]
    second = rng.integers(28_800, 72_000, asks.sum())
    early = asked[asks] < day
    sim.book.log(ids[asks][early], asked[asks][early], second[early], bk.REQUESTED)
    pause(sim, ids[pauses], day, day + rng.integers(35, 81, pauses.sum()))
    sim.close(ids[~pauses], day, 0)
    back = ~pauses & (rng.random(len(ids)) < RETURN)
    sim.next_open[who[back]] = day + rng.integers(40, 220, back.sum())


def pause(sim: Simulation, ids: np.ndarray, day: int, until: np.ndarray) -> None:
    rows = sim.book.rows
    extra = sim.addon[rows["account"][ids]]
    for some, end in ((ids, until), (extra[extra >= 0], until[extra >= 0])):
        rows["paused"][some] = True
        rows["resumes"][some] = end
        sim.book.log(some, day, 0, bk.PAUSE)


def lapse(sim: Simulation, ids: np.ndarray, day: int) -> None:
    who = sim.book.rows["account"][ids]
    sim.close(ids, day, 3)
    sim.next_open[who] = day + sim.rng.integers(4, 25, len(who))


def fail_payment(sim: Simulation, ids: np.ndarray, day: int) -> None:
    """Renew without the payment; it comes within the dunning days, or never."""
    rows, rng = sim.book.rows, sim.rng
    sim.book.begin_period(ids, day)
    rows["status"][ids] = bk.PAST_DUE
    sim.book.log(ids, day, 7200, bk.FAILED)
    owes = rows["account"][ids]
    sim.fails[owes] = rng.random(len(owes)) < FAILS_FOR_GOOD
    wait = rng.integers(1, DUNNING_DAYS, len(owes))
    sim.settles[owes] = day + np.where(sim.fails[owes], DUNNING_DAYS, wait)


def settle(sim: Simulation, day: int) -> None:
    rows = sim.book.rows
    who = np.flatnonzero(sim.settles == day)
    sim.settles[who] = NONE
    lost, won = sim.main[who[sim.fails[who]]], sim.main[who[~sim.fails[who]]]
    rows["status"][won] = bk.ACTIVE
    sim.book.log(won, day, sim.rng.integers(21_600, 72_000, len(won)), bk.RECOVERED)
    gone = rows["account"][lost]
    sim.note("churns", account=gone, day=day, request=day, reason=1)
    sim.close(lost, day, 1)
    back = sim.rng.random(len(gone)) < 0.25
    sim.next_open[gone[back]] = day + sim.rng.integers(40, 120, back.sum())
    every = np.arange(sim.book.count)
    resume = every[rows["paused"][every] & (rows["resumes"][every] == day)]
    mains = resume[~rows["addon"][resume]]
    long = day - rows["period_end"][mains] > 30
    quits = mains[long & (sim.rng.random(len(mains)) < 0.45)]
    rows["paused"][resume], rows["resumes"][resume] = False, NONE
    sim.close(quits, day, 0)
    stays = resume[rows["status"][resume] != bk.CANCELED]
    rows["anchor"][stays] = bk.anchor_of(np.full(len(stays), day))
    sim.book.begin_period(stays, day)
    sim.book.log(stays, day, 0, bk.RESUME)
