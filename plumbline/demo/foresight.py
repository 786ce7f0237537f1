"""What a perfect observer of the hidden state knows about the next 60 and 90 days.

The probabilities use the state on the day alone: the drivers revert to their means, declines and
champion losses begin and end at their known rates, renewal dates are known, the noise to come is
not. Integrals over the noise are three-point Gauss-Hermite sums; whether an episode begins or ends
before a renewal is a two-way mixture, the change placed in the middle.
"""

from __future__ import annotations

import numpy as np

from plumbline.demo import latent as lt
from plumbline.demo.accounts import INTERVAL_DAYS, INTERVAL_MONTHS, Accounts
from plumbline.demo.changes import CLOSED_DAYS, EXPAND, EXPAND_DECLINE, EXPAND_WEIGHT, REVIEW_DAYS
from plumbline.demo.config import NONE, add_months, day_of_month
from plumbline.demo.departures import DUNNING_DAYS, FAILS_FOR_GOOD, PAYMENT_FAILS
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import OVERDUE, PAYING, World

HORIZON = 60
_NODES = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])
_SHARE = np.array([1 / 6, 2 / 3, 1 / 6])


def _ramp(depth: np.ndarray, lead: np.ndarray, on: bool) -> np.ndarray:
    keep = (1 - lt.DECLINE_RAMP) ** lead
    return 1 - (1 - depth) * keep if on else depth * keep


def _decline(depth: np.ndarray, on: np.ndarray, lead: np.ndarray) -> tuple:
    """Depth at `lead` days if the episode's state stays, and if it flips half-way."""
    half = lead / 2
    stays = np.where(on, _ramp(depth, lead, True), _ramp(depth, lead, False))
    flips = np.where(
        on,
        _ramp(_ramp(depth, half, True), half, False),
        _ramp(_ramp(depth, half, False), half, True),
    )
    return stays, flips


def _renewals(world: World, accounts: Accounts, day: int, who: np.ndarray) -> list[np.ndarray]:
    """Renewal days of the accounts within the horizon (`NONE` beyond it), nearest first."""
    end = world.period_end[day - 1, who].astype(np.int64)
    interval = accounts.interval[who]
    anchor = day_of_month(end)
    out = []
    for step in range(9):
        later = np.full(len(who), NONE)
        again = np.flatnonzero((interval == 0) | (step == 0) | ((interval == 1) & (step < 3)))
        some = interval[again]
        later[again] = np.where(
            some == 0,
            end[again] + 7 * step,
            add_months(end[again], INTERVAL_MONTHS[some] * step, anchor[again]),
        )
        out.append(np.where((later >= day) & (later < day + HORIZON), later, NONE))
    return out


def churn_probability(
    accounts: Accounts, latent: Latent, world: World, day: int
) -> tuple[np.ndarray, np.ndarray]:
    """Accounts that pay at the end of the day before, and each one's probability of a churn date
    in [day, day + 60), from the state at the end of the day before.
    """
    t = day - 1
    state = world.state[t]
    who = np.flatnonzero(state >= PAYING)
    renewals = _renewals(world, accounts, day, who)
    years = INTERVAL_DAYS[accounts.interval[who]] / 365
    pays = accounts.interval[who] > 0
    survives = np.ones((12, len(who)))
    due = np.stack(renewals)
    lead = np.where(due != NONE, due - t, 0).sum(0) / np.maximum((due != NONE).sum(0), 1)
    for renewal in renewals:
        at = np.flatnonzero(renewal != NONE)
        fails = PAYMENT_FAILS * FAILS_FOR_GOOD * pays[at]
        fails = fails * (renewal[at] + DUNNING_DAYS < day + HORIZON)
        hazard = _hazard(latent, world, t, who[at], renewal[at]) + np.log(years[at])
        survives[:, at] *= np.exp(-np.exp(hazard)) * (1 - fails)
    weight = _flip_weights(latent.declining[t, who], latent.champion_gone[t, who], lead)
    share = (weight[:, :, None, :] * _SHARE[:, None]).reshape(12, -1)
    alive = (survives * share).sum(0)
    overdue = np.flatnonzero(state[who] == OVERDUE)
    alive[overdue] *= 1 - _dunning(world, t, who[overdue])
    return who, 1 - alive


def _hazard(
    latent: Latent, world: World, t: int, who: np.ndarray, renewal: np.ndarray
) -> np.ndarray:
    """Log-hazard a year on renewal days, (12, n): decline flips x champion flips x noise."""
    lead = (renewal - t).astype(np.float64)
    fade = np.exp(-lead[None, :] / lt.TAU[:, None])
    x = latent.drivers[t][:, who].astype(np.float64)
    mean = latent.fixed[who] + lt.WEIGHT @ (x * fade) + latent.season[renewal]
    mean += world.downgrade[t, who] * np.exp(-lead / lt.DOWNGRADE_TAU)
    mean += np.where(world.relief_end[t, who] > renewal, world.relief[t, who], 0.0)
    spread = np.sqrt((lt.WEIGHT**2) @ (1 - fade**2))
    depths = _decline(latent.decline[t, who].astype(np.float64), latent.declining[t, who], lead)
    gone = latent.champion_gone[t, who]
    decline = lt.DECLINE_WEIGHT * np.stack(depths)
    champion = lt.CHAMPION_WEIGHT * np.stack([gone, ~gone])
    base = mean + decline[:, None] + champion[None, :]
    return (base[:, :, None] + _NODES[:, None] * spread).reshape(12, -1)


def _flip_weights(on: np.ndarray, gone: np.ndarray, lead: np.ndarray) -> np.ndarray:
    decline = np.where(on, (1 - lt.DECLINE_END) ** lead, (1 - lt.DECLINE_START) ** lead)
    champion = np.where(gone, (1 - lt.CHAMPION_RETURN) ** lead, (1 - lt.CHAMPION_LOSS) ** lead)
    a, b = np.stack([decline, 1 - decline]), np.stack([champion, 1 - champion])
    return a[:, None] * b[None, :]


def _dunning(world: World, day: int, who: np.ndarray) -> np.ndarray:
    """Probability that a payment overdue on the day is never made."""
    recent = world.state[max(day - DUNNING_DAYS + 1, 0) : day + 1, who] == OVERDUE
    age = np.minimum.accumulate(recent[::-1], axis=0).sum(axis=0)
    lost = FAILS_FOR_GOOD
    waiting = (1 - lost) * np.clip(1 - age / (DUNNING_DAYS - 1), 0, 1)
    return lost / (lost + waiting)


def expansion_probability(
    accounts: Accounts, latent: Latent, world: World, day: int, who: np.ndarray
) -> np.ndarray:
    """Probability that the accounts' seats grow within 90 days, from the state of the day before.

    Three reviews fall into the window; each grows with the chance that `changes` uses.
    """
    t = day - 1
    x = latent.drivers[t][:, who].astype(np.float64)
    depth, on = latent.decline[t, who].astype(np.float64), latent.declining[t, who]
    first = (-(who + day)) % REVIEW_DAYS
    reviewed = 1 - (CLOSED_DAYS + 1) / INTERVAL_DAYS[accounts.interval[who]]
    stays = np.ones(len(who))
    for step in range(3):
        lead = (first + step * REVIEW_DAYS + 1).astype(np.float64)
        fade = np.exp(-lead[None, :] / lt.TAU[:, None])
        mean = (EXPAND_WEIGHT[:, None] * x * fade).sum(0)
        mean += 0.5 * (EXPAND_WEIGHT[:, None] ** 2 * (1 - fade**2)).sum(0)
        same, other = _decline(depth, on, lead)
        keep = np.where(on, (1 - lt.DECLINE_END) ** lead, (1 - lt.DECLINE_START) ** lead)
        depths = keep * np.exp(EXPAND_DECLINE * same) + (1 - keep) * np.exp(EXPAND_DECLINE * other)
        mean += np.where(world.relief_end[t, who] > day + lead, world.growth[t, who], 0.0)
        chance = np.minimum(EXPAND[accounts.segment[who]] * np.exp(mean) * depths, 0.4)
        stays *= 1 - chance * reviewed
    return 1 - stays
