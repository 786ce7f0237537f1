"""The truth behind the exports: hazards, true probabilities, outcomes, planted effects.

Only tests and benches may read it. Columns are 32-bit floats; days on which an account neither
pays nor is on trial have no row.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.demo import book as bk
from plumbline.demo import text
from plumbline.demo.accounts import Accounts
from plumbline.demo.care import ARM_DAYS, ARM_EFFECT, ARM_GROWTH, ARMS, EXPERIMENT, PLAYBOOKS
from plumbline.demo.config import DAYS, END, Config, dates
from plumbline.demo.cs_platform import intervention_ids
from plumbline.demo.foresight import churn_probability, expansion_probability
from plumbline.demo.latent import DRIVERS, Latent
from plumbline.demo.lifecycle import conversion_probability
from plumbline.demo.simulation import World

TRUTH_TABLES = (
    "accounts_daily",
    "account_outcomes",
    "intervention_effects",
    "experiment_arms",
    "trial_conversion",
)
_OUTCOMES = ("cancellation_requested", "payment_failed", "", "", "pause")


def write_truth(
    root: Path, config: Config, accounts: Accounts, latent: Latent, world: World
) -> None:
    """Write the truth tables, one file each."""
    tables = (
        accounts_daily(accounts, latent, world),
        _outcomes(accounts, world),
        _effects(accounts, world),
        _arms(accounts, world),
        _trials(accounts, latent, world),
    )
    for name, table in zip(TRUTH_TABLES, tables, strict=True):
        pq.write_table(table, root / f"{name}.parquet", compression="zstd", store_schema=False)


def _named(accounts: Accounts, who: np.ndarray) -> pa.Array:
    values = pa.array(who.astype(np.int32))
    return pa.DictionaryArray.from_arrays(values, accounts.id)


def _float(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.float32))


def pending_cancellations(world: World, day: int) -> np.ndarray:
    """Accounts whose cancellation was asked for before `day` and takes effect on it or later."""
    c = world.churns
    return c["account"][(c["request"] < day) & (c["day"] >= day)]


def accounts_daily(accounts: Accounts, latent: Latent, world: World) -> pa.Table:
    """One row per paying account per day T: hidden state of the day before, true probabilities.

    `hazard` is a rate a year, `p_churn_60d` the probability of a churn date in [T, T + 60),
    `p_expansion_90d` that of an increase of 10% or more within [T, T + 90).
    """
    parts: list[dict[str, np.ndarray]] = []
    for day in range(1, END + 1):
        who, churn = churn_probability(accounts, latent, world, day)
        churn[np.isin(who, pending_cancellations(world, day))] = 1.0
        t = day - 1
        hazard = latent.log_hazard(t)[who] + world.downgrade[t, who] + world.relief[t, who]
        parts.append(
            {
                "account": who,
                "day": np.full(len(who), day),
                "hazard": np.exp(hazard),
                "p_churn_60d": churn,
                "p_expansion_90d": expansion_probability(accounts, latent, world, day, who),
                **{name: latent.drivers[t, k, who] for k, name in enumerate(DRIVERS)},
                "decline": latent.decline[t, who],
                "downgrade": world.downgrade[t, who],
                "relief": world.relief[t, who],
                "champion_gone": latent.champion_gone[t, who],
                "mrr": world.mrr[t, who],
            }
        )
    merged = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    account, day = merged.pop("account"), merged.pop("day")
    gone, mrr = merged.pop("champion_gone"), merged.pop("mrr")
    return pa.table(
        {
            "account_id": _named(accounts, account),
            "as_of_date": pa.array(dates(day)),
            **{name: _float(values) for name, values in merged.items()},
            "champion_gone": pa.array(gone),
            "mrr_usd": _float(mrr),
        }
    )


def _outcomes(accounts: Accounts, world: World) -> pa.Table:
    """One row per churn, those after the window included (`DAYS` simulated days)."""
    c = world.churns
    order = np.lexsort((c["day"], c["account"]))
    who, day = c["account"][order], c["day"][order]
    log = world.versions[~world.versions["addon"]]
    opened = log[np.isin(log["kind"], (bk.OPENED, bk.RESUME))]
    back = np.full(len(who), DAYS)
    for row, (account, left) in enumerate(zip(who, day, strict=True)):
        later = opened["day"][(opened["account"] == account) & (opened["day"] > left)]
        back[row] = later.min() if len(later) else -99_999
    return pa.table(
        {
            "account_id": accounts.id.take(pa.array(who)),
            "churn_date": pa.array(dates(day)),
            "requested_date": pa.array(dates(c["request"][order])),
            "reason": text.picked(_OUTCOMES, c["reason"][order]),
            "returned_date": pa.array(dates(back)),
            "is_beyond_window": pa.array(day >= END),
        }
    )


def _effects(accounts: Accounts, world: World) -> pa.Table:
    t = world.interventions
    return pa.table(
        {
            "intervention_id": intervention_ids(world),
            "account_id": accounts.id.take(pa.array(t["account"])),
            "playbook": text.picked((*PLAYBOOKS, *ARMS), t["playbook"]),
            "started_date": pa.array(dates(t["held"])),
            "effect_days": pa.array(t["days"]),
            "log_hazard_effect": pa.array(t["effect"].astype(np.float64)),
            "is_experiment": pa.array(t["experiment"] == 1),
        }
    )


def _arms(accounts: Accounts, world: World) -> pa.Table:
    t = world.assignments
    return pa.table(
        {
            "experiment_name": text.picked((EXPERIMENT,), np.zeros(len(t["account"]), dtype=int)),
            "account_id": accounts.id.take(pa.array(t["account"])),
            "variant": text.picked(ARMS, t["arm"]),
            "assigned_date": pa.array(dates(t["day"])),
            "effect_days": pa.array(np.full(len(t["account"]), ARM_DAYS)),
            "log_hazard_effect": pa.array(ARM_EFFECT[t["arm"]]),
            "log_expansion_effect": pa.array(ARM_GROWTH[t["arm"]]),
        }
    )


def _trials(accounts: Accounts, latent: Latent, world: World) -> pa.Table:
    """One row per trial: the probability of conversion at its end, and what came of it."""
    t = world.trials
    p = np.array(
        [
            conversion_probability(latent, int(d))[a]
            for a, d in zip(t["account"], t["end"], strict=True)
        ]
    )
    return pa.table(
        {
            "account_id": accounts.id.take(pa.array(t["account"])),
            "trial_start_date": pa.array(dates(t["start"])),
            "trial_end_date": pa.array(dates(t["end"])),
            "p_conversion": pa.array(p),
            "converted": pa.array(t["converted"]),
            "is_beyond_window": pa.array(t["end"] >= END),
        }
    )
