"""One origin after the other: train on what was known, choose the champion, score its nights.

Decided: D118, D119.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa

from plumbline.backtest.chain import FEATURES, Memory
from plumbline.backtest.dates import Dates
from plumbline.backtest.tables import append, keep
from plumbline.backtest.work import Work
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.store import ops

EXAMPLES = "feat_training_examples"
LIST, DRIFT = "rpt_at_risk_accounts_history", "int_drifts__measured"
RUNS = pa.schema(
    [
        ("run_id", pa.string()),
        ("as_of_date", pa.date32()),
        ("state", pa.string()),
        ("recorded_at", pa.timestamp("us")),
    ]
)
CSMS = "dim_csms"
LIST_COLUMNS = """
    account_id, life_number, churn_probability as probability, arr_usd, risk_rank, risk_tier,
    is_on_worklist
"""
# Only churn has a worklist: the others are ranked, and nobody is on a list.
RANKED = """
    select
        predictions.account_id, features.life_number, predictions.probability,
        cast(features.mrr * 12 as decimal(18, 2)) as arr_usd,
        row_number() over (
            order by predictions.probability desc, features.mrr desc, predictions.account_id
        ) as risk_rank,
        cast(null as varchar) as risk_tier, false as is_on_worklist
    from ml.predictions as predictions
    inner join features.feat_accounts_daily as features
        on predictions.account_id = features.account_id
        and predictions.as_of_date = features.as_of_date
    where predictions.as_of_date = ?
"""
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Replay:
    """What every origin needs.

    Attributes
    ----------
    settings : Settings
        The source; nothing of its warehouse is written.
    embargo_days : int
        Days until a label of the target is known.
    """

    settings: Settings
    memory: Memory
    dates: Dates
    target: str
    embargo_days: int


def replay_origin(plan: Replay, work: Work, origin: date, progress: Progress) -> str:
    """Train as of an origin and score its nights, unless an earlier process has; say what became.

    The origins are replayed in their order: each goes on from the champions of those before.
    """
    if origin in work.done:
        return "done before"
    private = replace(plan.settings, warehouse=work.begin())
    nights, done = plan.dates.nights_of(origin), plan.dates.nights.index(origin)
    progress(done, len(plan.dates.nights), f"training as of {origin}")
    outcome = train_origin(plan, private, origin)
    for number, night in enumerate(nights, start=done):
        progress(number, len(plan.dates.nights), f"night of {night}")
        score_night(plan, private, night)
    work.commit(origin)
    return outcome


def train_origin(plan: Replay, private: Settings, origin: date) -> str:
    """Train a challenger on the labels that an origin knew, and decide as a night would."""
    plan.memory.know(origin)
    plan.memory.run(origin, EXAMPLES)
    examples = plan.memory.read(f"select * from features.{EXAMPLES}")
    label = scoring.label_of(plan.settings, plan.target)
    check_matured(examples, label, origin, plan.embargo_days)
    with duckdb.connect(str(private.build_file)) as connection:
        keep(connection, f"features.{EXAMPLES}", examples)
    _show_night(plan, private, origin)
    model = scoring.choose_model(private, _run_id(origin), origin, True, plan.target)
    row = pa.table(
        {
            "origin_date": [origin],
            "model_version": pa.array([model.version], pa.string()),
            "verdict": [model.verdict],
            "sentence": [model.sentence],
            "outcome": [model.outcome],
            "example_count": [_matured(examples, label)],
        }
    )
    with duckdb.connect(str(private.build_file)) as connection:
        append(connection, "backtest.origins", row, "origin_date", origin)
    return model.outcome


def check_matured(examples: pa.Table, label: str, origin: date, embargo_days: int) -> None:
    """Check that no label is there before an origin could know it.

    Raises
    ------
    UserError
        Naming the first date whose label came too early.
    """
    last = origin - timedelta(days=embargo_days)
    rows = examples.select(["as_of_date", label]).to_pylist()
    early = [
        row["as_of_date"] for row in rows if row[label] is not None and row["as_of_date"] > last
    ]
    if early:
        raise UserError(
            f"{len(early)} training rows of the origin {origin} have a label that was not known by"
            f" then, the first as of {min(early)}; labels were known up to {last}",
            "report this: the replay saw the future",
        )


def score_night(plan: Replay, private: Settings, night: date) -> None:
    """Score a night with the champion it had, cut its list, measure its drift."""
    from ml.warehouse import connect

    plan.memory.know(night)
    _show_night(plan, private, night)
    champion = _champion(private, plan.target, night)
    if champion is None:
        return
    scoring.score(private, _run_id(night), night, champion)
    with connect(private.build_file, read_only=True) as connection:
        for table in ("model_runs", "model_stages", "feature_bins", "predictions"):
            where = f"where as_of_date = date '{night}'" if table == "predictions" else ""
            plan.memory.put(
                f"ml.{table}",
                connection.sql(f"select * from ml.{table} {where}").to_arrow_table(),
            )
    plan.memory.put("ops.runs", published([night]))
    slots = scoring.capacity(private)
    with duckdb.connect(str(private.build_file)) as connection:
        # a night on which nobody is in the target's population has no list
        if plan.memory.read("select 1 from ml.predictions limit 1").num_rows:
            rows = work_list(plan, night)
            rows = rows.append_column("capacity", pa.array([slots] * rows.num_rows, pa.int64()))
            rows = rows.append_column("model_version", [[champion.version] * rows.num_rows])
            append(connection, "backtest.scores", rows, "as_of_date", night)
            append(connection, "backtest.drifts", drifts(plan, night), "as_of_date", night)
        # people read reasons of tonight's list; a replay's are read by nobody
        connection.execute("delete from ml.prediction_reasons")


def work_list(plan: Replay, night: date) -> pa.Table:
    """The night's ranking and worklist, by the SQL that keeps tonight's.

    The only place that knows of the list: what a night would have written to the history of lists
    is what is judged, by whatever rule it was cut.
    """
    if plan.target != scoring.CHURN:
        return plan.memory.read(f"{RANKED} order by account_id", [night])
    plan.memory.run(night, LIST)
    return plan.memory.read(f"select {LIST_COLUMNS} from risk.{LIST} order by account_id")


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


def published(nights: Iterable[date]) -> pa.Table:
    """Rows of `ops.runs` that say each night was published."""
    return pa.Table.from_pylist(
        [
            {
                "run_id": _run_id(night),
                "as_of_date": night,
                "state": ops.PUBLISHED,
                "recorded_at": datetime(night.year, night.month, night.day),
            }
            for night in nights
        ],
        RUNS,
    )


def _champion(private: Settings, target: str, night: date) -> scoring.Model | None:
    from ml.registry import stages

    run = stages.champion(private.build_file, target, night)
    if run is None:
        return None
    return scoring.Model(
        run.model_version, target, run.metrics["verdict"], run.metrics["sentence"], ""
    )


def _show_night(plan: Replay, private: Settings, night: date) -> None:
    # What training and scoring read beside the examples: the accounts and the team of a night.
    with duckdb.connect(str(private.build_file)) as connection:
        tonight = plan.memory.read(f"select * from {FEATURES} where as_of_date = ?", [night])
        keep(connection, FEATURES, tonight)
        plan.memory.run(night, CSMS)
        keep(connection, f"core.{CSMS}", plan.memory.read(f"select * from core.{CSMS}"))


def _matured(examples: pa.Table, label: str) -> int:
    return examples.num_rows - examples[label].null_count


def _run_id(day: date) -> str:
    return f"backtest-{day}"
