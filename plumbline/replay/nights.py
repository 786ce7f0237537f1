"""Steps of a replayed night: what it knew, a training on that, a scoring, its rows.

Decided: D118, D119.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.replay.chain import FEATURES, PLAYBOOKS, Memory
from plumbline.replay.dates import Dates
from plumbline.replay.tables import keep
from plumbline.store import ops

EXAMPLES, CSMS = "feat_training_examples", "dim_csms"
NO_PLAYBOOKS = pa.schema(
    [
        ("account_id", pa.string()),
        ("model_version", pa.string()),
        ("playbook", pa.string()),
        ("saveability", pa.float64()),
    ]
).empty_table()
SHOWN = ("model_runs", "model_stages", "feature_bins", "predictions")
RUNS = pa.schema(
    [
        ("run_id", pa.string()),
        ("as_of_date", pa.date32()),
        ("state", pa.string()),
        ("recorded_at", pa.timestamp("us")),
    ]
)


@dataclass(frozen=True)
class Replay:
    """What every night of a replay needs.

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


def run_id(day: date) -> str:
    """The run of a replayed night; sorts by as-of date as those of real nights do."""
    return f"{day:%Y%m%d}T0-replayed"


def show_accounts(plan: Replay, private: Settings, night: date) -> None:
    """Set what scoring reads: the accounts of a night, as `know` shows them."""
    with duckdb.connect(str(private.build_file)) as connection:
        tonight = plan.memory.read(f"select * from {FEATURES} where as_of_date = ?", [night])
        keep(connection, FEATURES, tonight)


def show_examples(plan: Replay, private: Settings, origin: date) -> pa.Table:
    """Set what training reads, and return the examples with the labels that an origin knew."""
    plan.memory.run(origin, EXAMPLES, CSMS)
    examples = plan.memory.read(f"select * from features.{EXAMPLES}")
    with duckdb.connect(str(private.build_file)) as connection:
        keep(connection, f"features.{EXAMPLES}", examples)
        keep(connection, f"core.{CSMS}", plan.memory.read(f"select * from core.{CSMS}"))
    return examples


def train(plan: Replay, private: Settings, origin: date, examples: pa.Table) -> scoring.Model:
    """Train a challenger on what an origin knew, and decide as a night would."""
    label = scoring.label_of(plan.settings, plan.target)
    check_matured(examples, label, origin, plan.embargo_days)
    return scoring.choose_model(private, run_id(origin), origin, True, plan.target)


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


def show_scores(plan: Replay, private: Settings, night: date) -> bool:
    """Show the night's SQL what Python has written; say whether anybody was scored."""
    from ml.warehouse import connect

    with connect(private.build_file, read_only=True) as connection:
        for table in SHOWN:
            where = f"where as_of_date = date '{night}'" if table == "predictions" else ""
            rows = connection.sql(f"select * from ml.{table} {where}").to_arrow_table()
            plan.memory.put(f"ml.{table}", rows)
    plan.memory.put("ops.runs", published([night]))
    plan.memory.put(PLAYBOOKS, NO_PLAYBOOKS)
    return plan.memory.read("select 1 from ml.predictions limit 1").num_rows > 0


def score(private: Settings, night: date, champion: scoring.Model) -> int:
    """Score a night; reasons, which people read of tonight's list alone, of one account."""
    few = {**private.dbt_vars, "all_reasons_up_to": 0, "most_reasons": 1}
    return scoring.score(replace(private, dbt_vars=few), run_id(night), night, champion)


def published(nights: Iterable[date]) -> pa.Table:
    """Rows of `ops.runs` that say each night was published."""
    return pa.Table.from_pylist(
        [
            {
                "run_id": run_id(night),
                "as_of_date": night,
                "state": ops.PUBLISHED,
                "recorded_at": datetime(night.year, night.month, night.day),
            }
            for night in nights
        ],
        RUNS,
    )
