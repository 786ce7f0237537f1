"""The proof of the drift limit: the model's own SQL on nights whose truth is known.

False alarms are counted of `is_beyond_chance`. An alert asks for `is_drifting`, which is that and a
notable size besides: what bounds the first bounds the second. Power is counted of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from plumbline.errors import UserError
from plumbline.proofs.registry import Context, Proven, proof
from plumbline.store.dbt import Dbt

if TYPE_CHECKING:  # no other command needs it to begin
    import pandas as pd

MODEL, ALERTED = "int_drifts__measured", "rpt_feature_drift"
SEEDS = ("monitoring_thresholds", "drift_thresholds")
SCORE = "(score)"
SIZES = (50, 100, 200, 500, 1_000, 2_000, 5_000)
WINDOWS = 1_500
BINS = 10
MOST_FALSE_ALARMS = 0.05
LEAST_POWER = 0.80
POWER_SIZE = 500
SHIFT = 0.5  # standard deviations
SEED = 20260228
# How features are spread whose values repeat: shares of their values; a flag, counts, rare counts.
SPREADS = ((0.9, 0.1), (0.5, 0.3, 0.13, 0.05, 0.015, 0.005), (0.97, 0.02, 0.008, 0.002))
BATCH = 250  # windows at a time; bounds memory


@dataclass(frozen=True)
class Rates:
    """What was counted for one sample size.

    Attributes
    ----------
    false_alarms : float
        Share of the nights without drift on which any feature, or the score, lay beyond its limit,
        0 to 1.
    power : float or None
        Share of the nights with one shifted feature on which that one did, 0 to 1; None where it
        was not asked for.
    alarm_power : float or None
        Share of them on which it was notable besides, so that it alarms; None as `power`.
    """

    accounts: int
    false_alarms: float
    power: float | None = None
    alarm_power: float | None = None


@proof(
    "drift",
    "Without drift at most 5% of nights lie beyond chance, and alarms, which ask for more, are"
    " no more, for 50 to 5,000 accounts; half a standard deviation alarms on 80% of nights at 500.",
)
def drift(context: Context) -> Proven:
    """Run the SQL that judges drift on simulated nights."""
    models = Dbt(context.settings, context.variables).compiled([MODEL, ALERTED])
    with context.open_build() as connection:
        seeds = {name: connection.execute(f"select * from reference.{name}").df() for name in SEEDS}
    return judged([measure(models, seeds, size, with_power=size == POWER_SIZE) for size in SIZES])


def judged(rates: Sequence[Rates]) -> Proven:
    """Whether the rates keep what is promised."""
    worst = max(rates, key=lambda rate: rate.false_alarms)
    power, alarm_power = next(
        (rate.power, rate.alarm_power) for rate in rates if rate.power is not None
    )
    return Proven(
        worst.false_alarms <= MOST_FALSE_ALARMS and min(power, alarm_power) >= LEAST_POWER,
        f"beyond chance on {min(rate.false_alarms for rate in rates):.1%} to"
        f" {worst.false_alarms:.1%} of {WINDOWS:,} nights of {feature_count()} features and the"
        f" score (most with {worst.accounts:,} accounts); a shift of {SHIFT} deviations is beyond"
        f" chance on {power:.1%} of nights with {POWER_SIZE} accounts, and alarms on"
        f" {alarm_power:.1%}",
    )


@cache
def feature_count() -> int:
    """Features of the contract; a night tests each of them, and the score."""
    from ml.contract import load_contract

    return len(load_contract().features)


def measure(
    models: Mapping[str, str],
    seeds: Mapping[str, pd.DataFrame],
    accounts: int,
    *,
    with_power: bool = False,
) -> Rates:
    """Count what is found on simulated nights, with and without one shifted feature.

    Parameters
    ----------
    models : mapping
        Compiled SQL of `MODEL`, which reads ``plumbline.monitoring.int_drift_bins__compared``, and
        of `ALERTED`, which reads that; both read seeds of ``plumbline.reference``.
    seeds : mapping
        Those of `SEEDS`, by name.
    accounts : int
        Accounts of a night, and of the training.

    Raises
    ------
    UserError
        The SQL does not run on the simulated nights.
    """
    rng = np.random.default_rng((SEED, accounts))
    beyond: dict[float, list[bool]] = {0.0: []}
    if with_power:
        beyond[SHIFT] = []
    alarms: list[bool] = []
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline")
        connection.execute("create schema plumbline.monitoring")
        connection.execute("create schema plumbline.reference")
        for name, seed in seeds.items():
            connection.register("seed", seed)
            connection.execute(f"create table plumbline.reference.{name} as from seed")
        for _ in range(WINDOWS // BATCH):
            for shift, kept in beyond.items():
                nights = simulated(rng, BATCH, accounts, shift)  # noqa: F841 (DuckDB reads it)
                connection.execute(
                    "create or replace table plumbline.monitoring.int_drift_bins__compared as"
                    " select * replace"
                    " (date '2026-01-01' + cast(as_of_date as integer) as as_of_date) from nights"
                )
                _run(
                    connection,
                    f"create or replace table plumbline.monitoring.{MODEL} as {models[MODEL]}",
                )
                table = f"plumbline.monitoring.{MODEL}"
                kept += _nights(connection, "is_beyond_chance", table, is_shifted=shift > 0)
                if shift:
                    told = f"({models[ALERTED]})"
                    alarms += _nights(connection, "is_drifting", told, is_shifted=True)
    found = (float(np.mean(beyond[SHIFT])), float(np.mean(alarms))) if with_power else ()
    return Rates(accounts, float(np.mean(beyond[0.0])), *found)


def _nights(
    connection: duckdb.DuckDBPyConnection, flag: str, rows: str, *, is_shifted: bool
) -> list[bool]:
    """Of each night: is any feature flagged, or the shifted one?"""
    wanted = "feature_name = 'feature 0'" if is_shifted else "true"
    sql = f"select bool_or({flag}) from {rows} where {wanted} group by as_of_date"
    return [bool(row[0]) for row in _run(connection, sql)]


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[bool]]:
    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise UserError(
            f"the SQL of drift does not run on simulated nights ({str(error).splitlines()[0]})",
            "plumbline/proofs/drift.py lists the columns that it gives it",
        ) from error


def simulated(rng: np.random.Generator, windows: int, accounts: int, shift: float) -> pd.DataFrame:
    """Counts in bins for training and nights of one world; feature 0 may be shifted.

    There are as many features as the contract has, and one more that stands for the score. Half
    of them have values that never repeat: their bins are cut where the training sample has its
    tenths, so that the true masses of the bins vary, as spacings of a sample do (Dirichlet). The
    others repeat few values. Every fifth feature is unknown for 5% of accounts.

    Parameters
    ----------
    windows, accounts : int
        Nights; accounts of each night, and of the training.
    shift : float
        Of feature 0, in standard deviations.

    Returns
    -------
    pd.DataFrame
        The columns of ``int_drift_bins__compared``; ``as_of_date`` is the number of the night.
    """
    import pandas as pd

    frames = []
    for feature in range(feature_count() + 1):
        unknown = 0.05 if feature % 5 == 4 else 0.0
        if feature % 2 == 0:
            masses = rng.dirichlet(np.full(BINS, accounts / BINS), size=windows)
            masses = _shifted(masses, shift) if feature == 0 else masses
            missing = rng.binomial(accounts, unknown, size=windows)
            known = np.repeat((accounts - missing)[:, None] / BINS, BINS, axis=1)
            before = np.column_stack([missing, known])
        else:
            masses = np.tile(SPREADS[feature // 2 % len(SPREADS)], (windows, 1))
            before = rng.multinomial(accounts, _with_unknown(masses, unknown))
        after = rng.multinomial(accounts, _with_unknown(masses, unknown))
        bins = after.shape[1]
        frames.append(
            pd.DataFrame(
                {
                    "as_of_date": np.repeat(np.arange(windows), bins),
                    "feature_name": f"feature {feature}" if feature < feature_count() else SCORE,
                    "bin_number": np.tile(np.arange(bins), windows),
                    "reference_count": before.ravel().astype(float),
                    "current_count": after.ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True).assign(
        comparison="tonight", target="churn", model_version="simulated"
    )


def _shifted(masses: np.ndarray, shift: float) -> np.ndarray:
    """Masses of the same bins once a normal feature has moved up by so many deviations."""
    from scipy.special import ndtr, ndtri

    edges = ndtri(np.clip(np.cumsum(masses, axis=1)[:, :-1], 1e-12, 1 - 1e-12))
    below = np.column_stack([ndtr(edges - shift), np.ones(len(masses))])
    return np.diff(below, axis=1, prepend=0.0)


def _with_unknown(masses: np.ndarray, share: float) -> np.ndarray:
    return np.column_stack([np.full(len(masses), share), masses * (1 - share)])
