"""What customer success does: interventions and one outreach experiment, with planted effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from plumbline.demo import book as bk
from plumbline.demo.config import END, weekday

if TYPE_CHECKING:
    from plumbline.demo.simulation import Simulation

PLAYBOOKS = ("training_session", "executive_call", "roi_report", "quarterly_check_in")
EFFECT = np.array([-0.60, -0.50, -0.35, -0.10])
"""What each playbook adds to the log-hazard while it works, if it was carried out."""

EFFECT_DAYS = 75
PER_WEEKDAY = 0.0008
"""Interventions a weekday per account."""

EXPERIMENT = "csm-outreach-strategy-q1-2026"
ARMS = ("control", "risk_personalized", "value_demo")
ARM_EFFECT = np.array([-0.10, -0.70, -0.55])
ARM_GROWTH = np.array([0.0, 0.15, 0.60])
ARM_DAYS = 90
EXPERIMENT_START, EXPERIMENT_END = 460, 488
"""Enrolment: 2025-12-05 to 2026-01-01; each account is followed for 90 days."""

EXPERIMENT_SHARE = 340 / 4200
DONE, CANCELLED = 1, 2


def _candidates(sim: Simulation, day: int, hazard: np.ndarray, count: int) -> np.ndarray:
    """Pick paying accounts that look worried, as far as a person can tell."""
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    ids = sim.mains()
    rows = sim.book.rows
    fit = (rows["status"][ids] == bk.ACTIVE) & ~rows["paused"][ids] & ~rows["will_cancel"][ids]
    who = rows["account"][ids[fit]]
    free = (sim.relief_end[who] < day) & (sim.accounts.segment[who] < 3)
    who = sim.rng.permutation(who[free])[: 14 * count]
    seen = hazard[who] + 1.0 * sim.rng.standard_normal(len(who))
    return who[np.argsort(-seen, kind="stable")[:count]]


def step(sim: Simulation, day: int, hazard: np.ndarray) -> None:
    """Plan this day's interventions and enrol accounts in the experiment."""
    if weekday(day) > 4:
        return
    mean = PER_WEEKDAY * sim.n
    _intervene(sim, day, _candidates(sim, day, hazard, int(sim.rng.poisson(mean))))
    if EXPERIMENT_START <= day < EXPERIMENT_END:
        span = np.arange(EXPERIMENT_START, EXPERIMENT_END)
        days = span[weekday(span) < 5]
        total = round(EXPERIMENT_SHARE * sim.n)
        share = np.diff(np.round(np.linspace(0, total, len(days) + 1)).astype(int))
        count = int(share[np.searchsorted(days, day)])
        _enrol(sim, day, _candidates(sim, day, hazard, count))


def _set_relief(sim: Simulation, who, start, days, effect, growth) -> None:
    sim.relief[who], sim.growth[who] = effect, growth
    sim.relief_start[who], sim.relief_end[who] = start, start + days


def _intervene(sim: Simulation, day: int, who: np.ndarray) -> None:
    rng, k = sim.rng, len(who)
    playbook = rng.choice(4, k, p=[0.3, 0.25, 0.2, 0.25])
    status = np.where(rng.random(k) < 0.86, DONE, CANCELLED)
    held = day + rng.integers(1, 8, k)
    effect = np.where(status == DONE, EFFECT[playbook], 0.0)
    _set_relief(sim, who, held, EFFECT_DAYS, effect, 0.0)
    sim.note(
        "interventions",
        account=who,
        planned=day,
        held=held,
        playbook=playbook,
        status=status,
        effect=effect,
        days=EFFECT_DAYS,
        experiment=0,
    )


def _enrol(sim: Simulation, day: int, who: np.ndarray) -> None:
    k = len(who)
    block = np.concatenate([sim.rng.permutation(3) for _ in range(k // 3 + 1)])[:k]
    held = day + sim.rng.integers(1, 5, k)
    effect = ARM_EFFECT[block]
    _set_relief(sim, who, held, ARM_DAYS, effect, ARM_GROWTH[block])
    sim.note(
        "interventions",
        account=who,
        planned=day,
        held=held,
        playbook=4 + block,
        status=DONE,
        effect=effect,
        days=ARM_DAYS,
        experiment=1,
    )
    sim.note("assignments", account=who, day=day, arm=block)


assert EXPERIMENT_END < END
