"""What the replayed nights were worth, by what is known today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from ml.config import EvaluationSettings
from ml.judging.evaluate import Outcomes, performance
from plumbline.backtest.announcements import announced
from plumbline.backtest.draws import Draws, Interval
from plumbline.replay.chain import Memory
from plumbline.replay.nights import published

OUTCOMES, CHURNS = "int_prediction_outcomes__labelled", "fct_account_churns"
NIGHTS = "outcomes.fct_scored_nights"
SKILL = ("auc_roc", "auc_pr", "lift_at_decile", "brier", "ece", "calibration_slope", "accuracy")
SCORE = "(score)"
MONTHS = 12


@dataclass(frozen=True)
class Replayed:
    """All that the origins left, and what came.

    Attributes
    ----------
    scores : pd.DataFrame
        account_id, as_of_date, probability, life_number, arr_usd, risk_rank, risk_tier,
        is_on_worklist, capacity, model_version; one row per account per night.
    outcomes : pd.DataFrame
        The rows of `scores` whose outcome is known, with `is_positive`, in key order.
    churns : pd.DataFrame
        One row per churn that the nights could announce, with what the lists said before it.
    drifts, origins : pd.DataFrame
        PSI by night and feature; what became of each training.
    """

    scores: pd.DataFrame
    outcomes: pd.DataFrame
    churns: pd.DataFrame
    drifts: pd.DataFrame
    origins: pd.DataFrame

    @property
    def nights(self) -> list[date]:
        """Nights that were scored."""
        return sorted(pd.to_datetime(self.scores["as_of_date"]).dt.date.unique())


def collect(file: Path, memory: Memory, target: str, as_of: date, embargo_days: int) -> Replayed:
    """Read what the origins left and lay what came beside it.

    Parameters
    ----------
    as_of : date
        What was known by this day is the truth.
    embargo_days : int
        Days until an outcome is known.
    """
    with duckdb.connect(str(file), read_only=True) as connection:
        read = {
            name: connection.sql(f"select * from {name}").to_arrow_table()
            for name in ("ml.predictions", "ml.model_runs", "ml.model_stages", "ml.feature_bins")
        }
        scores = connection.execute(
            "select * from backtest.scores order by as_of_date, account_id"
        ).df()
        drifts = connection.execute(
            "select * from backtest.drifts order by as_of_date, feature_name"
        ).df()
        origins = connection.execute("select * from backtest.origins order by origin_date").df()
        nights = connection.sql(
            "select predictions.target, predictions.as_of_date, predictions.model_version,"
            " runs.label_name, predictions.as_of_date as week_start_date,"
            " predictions.as_of_date + cast(? as integer) as matured_date,"
            " true as is_weekly_cohort, count(*) as scored_count"
            " from ml.predictions inner join ml.model_runs as runs"
            " on predictions.model_version = runs.model_version group by all",
            params=[embargo_days],
        ).to_arrow_table()
    for name, rows in read.items():
        memory.put(name, rows)
    days = sorted(pd.to_datetime(scores["as_of_date"]).dt.date.unique())
    memory.put("ops.runs", published(days))
    memory.put(NIGHTS, nights)
    memory.know(as_of)
    memory.run(as_of, OUTCOMES, CHURNS, given=[NIGHTS])
    came = memory.read(
        f"select account_id, as_of_date, is_positive from outcomes.{OUTCOMES} where target = ?",
        [target],
    ).to_pandas()
    churns = memory.read(
        f"select account_id, churn_date, cast(lost_mrr_usd as double) * {MONTHS} as lost_arr_usd"
        f" from core.{CHURNS} where established_date <= ? order by account_id, churn_date",
        [as_of],
    ).to_pandas()
    for frame in (came, scores):
        frame["as_of_date"] = pd.to_datetime(frame["as_of_date"])
    outcomes = scores.merge(came, on=["account_id", "as_of_date"]).sort_values(
        ["as_of_date", "account_id"], ignore_index=True
    )
    return Replayed(scores, outcomes, announced(churns, scores, days), drifts, origins)


def skill(outcomes: pd.DataFrame, settings: EvaluationSettings, seed: int) -> dict[str, Interval]:
    """Metrics of the matured nights, pooled, and of the first rows that the team has slots for."""
    if outcomes.empty:
        return {}
    rows = Outcomes(
        labels=outcomes["is_positive"].to_numpy(dtype=float),
        probabilities=outcomes["probability"].to_numpy(),
        accounts=pd.factorize(outcomes["account_id"], sort=True)[0],
        dates=pd.factorize(outcomes["as_of_date"], sort=True)[0],
        capacity=int(outcomes["capacity"].max()),
    )
    table = performance(rows, settings, seed).set_index("metric_name")
    found = {
        name: Interval(*(None if np.isnan(v) else float(v) for v in table.loc[name]))
        for name in SKILL
    }
    draws = draws_of(outcomes["account_id"], settings, seed)
    taken = (outcomes["risk_rank"] <= outcomes["capacity"]).to_numpy(dtype=float)
    listed = outcomes["is_on_worklist"].to_numpy(dtype=float)
    label = rows.labels
    found["base_rate"] = draws.ratio(label, np.ones_like(label))
    found["precision_at_capacity"] = draws.ratio(label * taken, taken)
    found["recall_at_capacity"] = draws.ratio(label * taken, label)
    if listed.any():
        found["precision_of_worklist"] = draws.ratio(label * listed, listed)
    return found


def lead(
    churns: pd.DataFrame,
    assumption: Mapping[str, float],
    settings: EvaluationSettings,
    seed: int,
) -> dict[str, Interval]:
    """Early warning, lead time, and the revenue that hangs on them.

    Parameters
    ----------
    churns : pd.DataFrame
        As of `announced`.
    assumption : mapping
        low_value, central_value, high_value: share of announced ARR that a team keeps.
    """
    if churns.empty:
        return {}
    draws = draws_of(churns["account_id"], settings, seed)
    hit = churns["was_announced"].to_numpy(dtype=float)
    one, arr = np.ones_like(hit), churns["lost_arr_usd"].to_numpy(dtype=float)
    chance = churns["chance"].to_numpy()
    flagged = churns[churns["lead_days"].notna()]
    reach = draws.total(arr * hit)
    central = assumption["central_value"]
    return {
        "early_warning_rate": draws.ratio(hit, one),
        "early_warning_by_lot": draws.ratio(chance, one),
        "flagged_before": draws.ratio(churns["was_listed"].to_numpy(dtype=float), one),
        "lead_time_days": draws_of(flagged["account_id"], settings, seed).median(
            flagged["lead_days"].to_numpy()
        ),
        "lost_arr_usd": draws.total(arr),
        "announced_arr_usd": reach,
        "announced_arr_by_lot_usd": draws.total(arr * chance),
        # from the least that was announced at the low share to the most at the high one
        "revenue_saved_usd": Interval(
            (reach.value or 0.0) * central,
            (reach.lower or 0.0) * assumption["low_value"],
            (reach.upper or 0.0) * assumption["high_value"],
        ),
    }


def draws_of(accounts: pd.Series, settings: EvaluationSettings, seed: int) -> Draws:
    """Resamples of the accounts of some rows."""
    return Draws.of(accounts.to_numpy(), settings.resamples, settings.confidence, seed)


def nightly_rows(replayed: Replayed) -> pd.DataFrame:
    """One row per night: accounts scored and listed, slots, model, outcomes known."""
    rows = replayed.scores.groupby("as_of_date", as_index=False).agg(
        scored=("account_id", "size"),
        listed=("is_on_worklist", "sum"),
        capacity=("capacity", "first"),
        model_version=("model_version", "first"),
    )
    known = replayed.outcomes.groupby("as_of_date")["is_positive"].agg(["size", "sum"])
    rows["matured"] = rows["as_of_date"].map(known["size"]).fillna(0).astype(int)
    rows["positives"] = rows["as_of_date"].map(known["sum"]).fillna(0).astype(int)
    return rows.assign(as_of_date=rows["as_of_date"].dt.strftime("%Y-%m-%d"))


def worst_drifts(drifts: pd.DataFrame, most: int = 3) -> list[str]:
    """Features that drift furthest beyond what sampling alone gives, the worst first."""
    rows = drifts[drifts["feature_name"] != SCORE]
    beyond = (rows["psi"] - rows["expected_psi"]).groupby(rows["feature_name"]).max()
    return list(beyond.sort_values(ascending=False, kind="stable").index[:most])
