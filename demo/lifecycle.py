"""The daily life of all accounts: trials, renewals, churn, returns; one pass over the days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo import book as bk
from demo import care, changes
from demo.accounts import INTERVAL_DAYS, Accounts, monthly_usd
from demo.config import DAYS, NONE, Config, stream
from demo.latent import DOWNGRADE_TAU, DOWNGRADE_WEIGHT, Latent

NEVER, TRIAL, PAYING, OVERDUE = range(4)
PAYMENT_FAILS, FAILS_FOR_GOOD, DUNNING_DAYS = 0.022, 0.08, 21
LONG_PAUSE, LAPSE, SHORT_PAUSE, RETURN = 0.06, 0.004, 0.003, 0.18
TRIAL_WEIGHTS = {"level": 2.6, "engagement": 0.8, "adoption": 0.5, "support_pain": -0.4,
                 "decline": -1.5}  # fmt: skip


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


def _drawn(sim: Simulation, segment: np.ndarray, q: np.ndarray) -> np.ndarray:
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


def _initial(sim: Simulation) -> None:
    a, rng = sim.accounts, sim.rng
    who = np.flatnonzero(a.join == NONE)
    interval = a.interval[who]
    start = -(rng.random(len(who)) * (INTERVAL_DAYS[interval] - 2)).astype(np.int64)
    ids = sim.book.open(
        who, start, status=bk.ACTIVE, quantity=a.seats[who], plan=a.plan[who], interval=interval,
        currency=a.currency[who], discount=a.discount[who], anchor=bk.anchor_of(start),
    )  # fmt: skip
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
        who, day, quantity=a.seats[who], plan=a.plan[who], interval=a.interval[who],
        currency=a.currency[who], discount=a.discount[who], vintage=int(day >= 273),
        anchor=bk.anchor_of(np.full(len(who), day)), status=np.where(trial, bk.TRIALING, bk.ACTIVE),
    )  # fmt: skip
    book.begin_period(ids[~trial], day)
    end = day + a.trial_days[who]
    for name, value in (("trial_start", day), ("trial_end", end), ("period_start", day),
                        ("period_end", end)):  # fmt: skip
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
    leaves = _drawn(sim, sim.accounts.segment[who], q)
    _leave(sim, ids[leaves], day)
    ids = ids[~leaves]
    u = rng.random(len(ids))
    failed = (u < PAYMENT_FAILS) & (rows["interval"][ids] > 0)
    lapsed = (u > 1 - LAPSE) & (rows["interval"][ids] > 0)
    pauses = (u > 0.5) & (u < 0.5 + SHORT_PAUSE)
    _lapse(sim, ids[lapsed], day)
    _pause(sim, ids[pauses], day, day + rng.integers(8, 26, pauses.sum()))
    fails = ids[failed]
    sim.book.begin_period(fails, day)
    rows["status"][fails] = bk.PAST_DUE
    sim.book.log(fails, day, 7200, bk.FAILED)
    owes = rows["account"][fails]
    sim.fails[owes] = rng.random(len(owes)) < FAILS_FOR_GOOD
    wait = rng.integers(1, DUNNING_DAYS, len(owes))
    sim.settles[owes] = day + np.where(sim.fails[owes], DUNNING_DAYS, wait)
    stays = ids[~(failed | lapsed | pauses)]
    sim.book.begin_period(stays, day)
    sim.book.log(stays, day, 0, bk.RENEWED)


def _leave(sim: Simulation, ids: np.ndarray, day: int) -> None:
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
    _pause(sim, ids[pauses], day, day + rng.integers(35, 81, pauses.sum()))
    sim.close(ids[~pauses], day, 0)
    back = ~pauses & (rng.random(len(ids)) < RETURN)
    sim.next_open[who[back]] = day + rng.integers(40, 220, back.sum())


def _pause(sim: Simulation, ids: np.ndarray, day: int, until: np.ndarray) -> None:
    rows = sim.book.rows
    extra = sim.addon[rows["account"][ids]]
    for some, end in ((ids, until), (extra[extra >= 0], until[extra >= 0])):
        rows["paused"][some] = True
        rows["resumes"][some] = end
        sim.book.log(some, day, 0, bk.PAUSE)


def _lapse(sim: Simulation, ids: np.ndarray, day: int) -> None:
    who = sim.book.rows["account"][ids]
    sim.close(ids, day, 3)
    sim.next_open[who] = day + sim.rng.integers(4, 25, len(who))


def _settle(sim: Simulation, day: int) -> None:
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
        _settle(sim, day)
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
            [TRIAL, PAYING, OVERDUE], NEVER,
        )  # fmt: skip
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
