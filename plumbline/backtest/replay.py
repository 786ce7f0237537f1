"""One origin after the other: train on what was known, choose the champion, score its nights.

Decided: D118, D119.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa

from plumbline.config import Settings
from plumbline.night import scoring
from plumbline.replay import nights
from plumbline.replay.nights import Replay
from plumbline.replay.tables import append
from plumbline.replay.work import Work

LIST, DRIFT = "rpt_at_risk_accounts_history", "int_drifts__measured"
LIST_COLUMNS = """
    account_id, life_number, churn_probability as probability, arr_usd, risk_rank, risk_tier,
    is_on_worklist, is_flagged
"""
# Only churn has a worklist: the others are ranked, and nobody is on a list.
RANKED = """
    select
        predictions.account_id, features.life_number, predictions.probability,
        cast(features.mrr * 12 as decimal(18, 2)) as arr_usd,
        row_number() over (
            order by predictions.probability desc, features.mrr desc, predictions.account_id
        ) as risk_rank,
        cast(null as varchar) as risk_tier, false as is_on_worklist, false as is_flagged
    from ml.predictions as predictions
    inner join features.feat_accounts_daily as features
        on predictions.account_id = features.account_id
        and predictions.as_of_date = features.as_of_date
    where predictions.as_of_date = ?
"""
Progress = Callable[[float, float, str], None]


def replay_origin(plan: Replay, work: Work, origin: date, progress: Progress) -> str:
    """Train as of an origin and score its nights, unless an earlier process has; say what became.

    The origins are replayed in their order: each goes on from the champions of those before.
    """
    if origin in work.done:
        return "done before"
    private = replace(plan.settings, warehouse=work.begin())
    coming, done = plan.dates.nights_of(origin), plan.dates.nights.index(origin)
    progress(done, len(plan.dates.nights), f"training as of {origin}")
    outcome = train_origin(plan, private, origin)
    for number, night in enumerate(coming, start=done):
        progress(number, len(plan.dates.nights), f"night of {night}")
        score_night(plan, private, night)
    work.commit(origin)
    return outcome


def train_origin(plan: Replay, private: Settings, origin: date) -> str:
    """Train a challenger on the labels that an origin knew, and decide as a night would."""
    plan.memory.know(origin)
    nights.show_accounts(plan, private, origin)
    examples = nights.show_examples(plan, private, origin)
    model = nights.train(plan, private, origin, examples)
    label = examples[scoring.label_of(plan.settings, plan.target)]
    row = pa.table(
        {
            "origin_date": [origin],
            "model_version": pa.array([model.version], pa.string()),
            "verdict": [model.verdict],
            "sentence": [model.sentence],
            "outcome": [model.outcome],
            "example_count": [len(label) - label.null_count],
        }
    )
    with duckdb.connect(str(private.build_file)) as connection:
        append(connection, "backtest.origins", row, "origin_date", origin)
    return model.outcome


def score_night(plan: Replay, private: Settings, night: date) -> None:
    """Score a night with the champion it had, cut its list, measure its drift."""
    plan.memory.know(night)
    nights.show_accounts(plan, private, night)
    champion = scoring.champion(private, plan.target, night)
    if champion is None:
        return
    nights.score(private, night, champion)
    # a night on which nobody is in the target's population has no list
    if nights.show_scores(plan, private, night):
        rows = work_list(plan, night)
        slots = capacity(plan, night)
        rows = rows.append_column("capacity", pa.array([slots] * rows.num_rows, pa.int64()))
        rows = rows.append_column("model_version", [[champion.version] * rows.num_rows])
        with duckdb.connect(str(private.build_file)) as connection:
            append(connection, "backtest.scores", rows, "as_of_date", night)
            append(connection, "backtest.drifts", drifts(plan, night), "as_of_date", night)


def work_list(plan: Replay, night: date) -> pa.Table:
    """The night's ranking and worklist, by the SQL that keeps tonight's.

    The only place that knows of the list: what a night would have written to the history of lists
    is what is judged, by whatever rule it was cut.
    """
    if plan.target != scoring.CHURN:
        plan.memory.run(night, nights.CSMS)
        return plan.memory.read(f"{RANKED} order by account_id", [night])
    plan.memory.run(night, LIST)
    return plan.memory.read(f"select {LIST_COLUMNS} from risk.{LIST} order by account_id")


def capacity(plan: Replay, night: date) -> int:
    """Accounts that the night's team could work on, of which the list has made use."""
    rows = plan.memory.read(f"select sum(slots) as slots from core.{nights.CSMS}").to_pylist()
    return max(1, int(rows[0]["slots"] or 0))


def drifts(plan: Replay, night: date) -> pa.Table:
    """The night's features and probabilities against training, by the SQL of monitoring."""
    plan.memory.run(night, DRIFT)
    return plan.memory.read(
        "select feature_name, model_version, bins_count, reference_accounts, current_accounts,"
        # the last bits of a sum depend on the order of its parts
        " round(psi, 12) as psi, round(expected_psi, 12) as expected_psi,"
        f" round(psi_limit, 12) as psi_limit, is_beyond_chance from monitoring.{DRIFT}"
        " where comparison = 'tonight' order by feature_name"
    )
