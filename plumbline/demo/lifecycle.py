"""The daily life of all accounts: trials, renewals, churn, returns; one pass over the days."""

from __future__ import annotations

import numpy as np

from plumbline.demo import book as bk
from plumbline.demo import care, changes, departures
from plumbline.demo.accounts import INTERVAL_DAYS, Accounts
from plumbline.demo.config import DAYS, NONE, Config
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import NEVER, OVERDUE, PAYING, TRIAL, Simulation, World

LAPSE, SHORT_PAUSE = 0.004, 0.003
"""Chances at a renewal: it comes late, or the subscription pauses for some weeks first."""

TRIAL_WEIGHTS = {
    "level": 2.6,
    "engagement": 0.8,
    "adoption": 0.5,
    "support_pain": -0.4,
    "decline": -1.5,
}


def _initial(sim: Simulation) -> None:
    a, rng = sim.accounts, sim.rng
    who = np.flatnonzero(a.join == NONE)
    interval = a.interval[who]
    start = -(rng.random(len(who)) * (INTERVAL_DAYS[interval] - 2)).astype(np.int64)
    ids = sim.book.open(
        who,
        start,
        status=bk.ACTIVE,
        quantity=a.seats[who],
        plan=a.plan[who],
        interval=interval,
        currency=a.currency[who],
        discount=a.discount[who],
        anchor=bk.anchor_of(start),
    )
    sim.book.begin_period(ids, start)
    past = sim.book.rows["period_end"][ids] < 1
    sim.book.begin_period(ids[past], sim.book.rows["period_end"][ids[past]])
    age = np.maximum(sim.book.rows["period_start"][ids] - a.created[who] - 14, 0)
    back = age // INTERVAL_DAYS[interval] * INTERVAL_DAYS[interval]
    sim.book.rows["start"][ids] = sim.book.rows["period_start"][ids] - back
    sim.book.rows["created"][ids] = sim.book.rows["start"][ids]
    sim.main[who] = ids
    sim.book.log(ids, sim.book.rows["period_start"][ids], 0, bk.INITIAL)
    extra = who[rng.random(len(who)) < np.array([0.18, 0.12, 0.05, 0.0])[a.segment[who]]]
    changes.open_addon(sim, extra, 0)


def _starts(sim: Simulation, day: int) -> None:
    a, book = sim.accounts, sim.book
    first = np.flatnonzero(a.join == day)
    again = np.flatnonzero(sim.next_open == day)
    who = np.concatenate([first, again])
    if len(who) == 0:
        return
    trial = np.concatenate([a.has_trial[first], np.zeros(len(again), dtype=bool)])
    ids = book.open(
        who,
        day,
        quantity=a.seats[who],
        plan=a.plan[who],
        interval=a.interval[who],
        currency=a.currency[who],
        discount=a.discount[who],
        vintage=int(day >= 273),
        anchor=bk.anchor_of(np.full(len(who), day)),
        status=np.where(trial, bk.TRIALING, bk.ACTIVE),
    )
    book.begin_period(ids[~trial], day)
    end = day + a.trial_days[who]
    for name, value in (
        ("trial_start", day),
        ("trial_end", end),
        ("period_start", day),
        ("period_end", end),
    ):
        book.rows[name][ids[trial]] = value if np.isscalar(value) else value[trial]
    sim.main[who] = ids
    sim.next_open[again] = NONE
    book.log(ids, day, 0, bk.OPENED)


def _trial_ends(sim: Simulation, day: int) -> None:
    ids, rows = sim.mains(), sim.book.rows
    ids = ids[(rows["status"][ids] == bk.TRIALING) & (rows["trial_end"][ids] == day)]
    who = rows["account"][ids]
    p = conversion_probability(sim.latent, day)[who]
    converts = sim.rng.random(len(ids)) < p
    sim.note("trials", account=who, start=rows["trial_start"][ids], end=day, converted=converts)
    won, lost = ids[converts], ids[~converts]
    rows["status"][won] = bk.ACTIVE
    rows["anchor"][won] = bk.anchor_of(np.full(len(won), day))
    sim.book.begin_period(won, day)
    sim.book.log(won, day, 0, bk.CONVERTED)
    waits = sim.rng.random(len(lost)) < 0.15
    rows["status"][lost[waits]] = bk.PAUSED
    sim.book.log(lost[waits], day, 0, bk.PAUSE)
    sim.close(lost[~waits], day, 2)
    ids = sim.mains()
    old = (rows["status"][ids] == bk.PAUSED) & (rows["trial_end"][ids] == day - 30)
    sim.close(ids[old], day, 2)


def conversion_probability(latent: Latent, day: int) -> np.ndarray:
    """Probability that a trial which ends on `day` converts."""
    w = TRIAL_WEIGHTS
    x = latent.drivers[day]
    score = w["level"] + w["engagement"] * x[0] + w["adoption"] * x[1] + w["support_pain"] * x[2]
    return 1 / (1 + np.exp(-(score + w["decline"] * latent.decline[day])))


def _renewals(sim: Simulation, day: int, hazard: np.ndarray) -> None:
    rows, rng, ids = sim.book.rows, sim.rng, sim.mains()
    due = (rows["status"][ids] == bk.ACTIVE) & (rows["period_end"][ids] == day)
    ids = ids[due & ~rows["paused"][ids]]
    if len(ids) == 0:
        return
    who = rows["account"][ids]
    years = INTERVAL_DAYS[rows["interval"][ids]] / 365
    q = 1 - np.exp(-np.exp(hazard[who]) * years)
    leaves = departures.drawn(sim, sim.accounts.segment[who], q)
    departures.leave(sim, ids[leaves], day)
    ids = ids[~leaves]
    u = rng.random(len(ids))
    failed = (u < departures.PAYMENT_FAILS) & (rows["interval"][ids] > 0)
    lapsed = (u > 1 - LAPSE) & (rows["interval"][ids] > 0)
    pauses = (u > 0.5) & (u < 0.5 + SHORT_PAUSE)
    departures.lapse(sim, ids[lapsed], day)
    departures.pause(sim, ids[pauses], day, day + rng.integers(8, 26, pauses.sum()))
    departures.fail_payment(sim, ids[failed], day)
    stays = ids[~(failed | lapsed | pauses)]
    sim.book.begin_period(stays, day)
    sim.book.log(stays, day, 0, bk.RENEWED)


def simulate(config: Config, accounts: Accounts, latent: Latent) -> World:
    """Run the days and return what happened."""
    sim = Simulation(config, accounts, latent)
    n, rows = len(accounts), sim.book.rows
    shape = (DAYS, n)
    state, seats = np.zeros(shape, np.int8), np.zeros(shape, np.int32)
    floats = {k: np.zeros(shape, np.float32) for k in ("mrr", "downgrade", "relief", "growth")}
    ends = {k: np.full(shape, NONE, np.int32) for k in ("period_end", "relief_end")}
    worth = np.zeros(len(rows))
    _initial(sim)
    for day in range(DAYS):
        hazard = sim.log_hazard(day)
        departures.settle(sim, day)
        _starts(sim, day)
        _trial_ends(sim, day)
        _renewals(sim, day, hazard)
        changes.step(sim, day, hazard)
        care.step(sim, day, hazard)
        changed = np.concatenate([*sim.book.touched, np.zeros(0, dtype=np.int64)])
        worth[changed] = changes.mrr(sim, changed)
        sim.book.touched.clear()
        main, extra = np.maximum(sim.main, 0), np.maximum(sim.addon, 0)
        on = (sim.main >= 0) & ~rows["paused"][main]
        status = rows["status"][main]
        pays = on & ((status == bk.ACTIVE) | (status == bk.PAST_DUE))
        state[day] = np.select(
            [on & (status == bk.TRIALING), pays & (status == bk.ACTIVE), pays],
            [TRIAL, PAYING, OVERDUE],
            NEVER,
        )
        seats[day] = np.where(on, rows["quantity"][main], 0)
        more = (sim.addon >= 0) & pays
        floats["mrr"][day] = worth[main] * pays + worth[extra] * more
        ends["period_end"][day] = np.where(pays, rows["period_end"][main], NONE)
        ends["relief_end"][day] = sim.relief_end
        floats["downgrade"][day] = sim.downgrade_effect(day)
        floats["relief"][day] = sim.relief_effect(day)
        floats["growth"][day] = np.where(floats["relief"][day] != 0, sim.growth, 0)
    tables = {
        name: {k: np.concatenate([p[k] for p in parts]) for k in parts[0]} if parts else {}
        for name, parts in sim.events.items()
    }
    return World(versions=sim.book.versions(), state=state, seats=seats, **floats, **ends, **tables)
