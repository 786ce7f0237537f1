"""A whole backtest: read the past, replay it, judge it, write the page and its figures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console

from pipeline import feature_rows, preflight, scoring
from pipeline.backtest import judge, replay
from pipeline.backtest.chain import FEATURES, Memory, load_chain, read_inputs
from pipeline.backtest.dates import Dates, plan_dates
from pipeline.backtest.work import Work
from pipeline.config import Settings
from pipeline.errors import UserError
from pipeline.progress import Stages
from pipeline.steps import last_build

LIBRARIES = ("duckdb", "scikit-learn", "numpy", "pandas")
MODELS = (replay.EXAMPLES, replay.LIST, replay.DRIFT, judge.OUTCOMES, judge.CHURNS)
ASSUMPTIONS, RULES = "reference.backtest_assumptions", "reference.retraining_rules"
PAGE, FIGURES = "index.html", "figures.json"


@dataclass(frozen=True)
class Asked:
    """What the user asks for; a date that is None is chosen from what is there."""

    begin: date
    end: date
    target: str
    out: Path


@dataclass(frozen=True)
class Done:
    """Where the page lies, and all its figures."""

    page: Path
    figures: dict[str, Any]


def run_backtest(settings: Settings, asked: Asked, console: Console) -> Done:
    """Replay, judge and write.

    Raises
    ------
    UserError
        Dates, files or data do not allow it; an earlier page stays as it is.
    """
    from ml.config import load_settings

    if find_spec("matplotlib") is None:
        raise UserError(
            "matplotlib is not installed, and the page's plots need it",
            "pip install 'plumbline[backtest]'",
        )
    knobs = load_settings()
    aim = knobs.of(asked.target)
    stages = Stages(console, 4)
    with stages.stage("Read the past") as step:
        with preflight.run_lock(settings):
            as_of, variables = last_build(settings, None)
            dates = dates_of(settings, asked)
            chain = load_chain(settings, variables, MODELS)
            first = feature_rows.dates_between(settings.build_file)[0]
            read = dates.read(first, int(settings.dbt_var("training_grid_days")))
            relations = {*chain.inputs, *replay.CAPACITY_INPUTS, ASSUMPTIONS}
            tables = read_inputs(settings, relations, read)
        memory = Memory(chain, tables)
        made_of = [
            memory.fingerprint(), *(s.sql for s in chain.steps.values()), asdict(knobs), as_of,
            settings.label, settings.source_types_off, asked.begin, asked.end, asked.target,
            code_fingerprint(), *(version(name) for name in LIBRARIES),
        ]  # fmt: skip
        work, told = Work.open(asked.out / "work", fingerprint(made_of))
        step.outcome = (
            f"{tables[FEATURES].num_rows:,} feature rows, {len(dates.nights)} nights,"
            f" {len(dates.origins)} origins"
        )
    if told:
        console.print(f"      {told}", markup=False)
    plan = replay.Replay(settings, memory, dates, asked.target, aim.embargo_days)
    with stages.stage("Replay the nights") as step:
        file = replay.replay(plan, work, step.update)
        step.outcome = f"trained {len(dates.origins)} times"
    with stages.stage("Judge by what came") as step:
        figures = judged(plan, file, asked, as_of, tables)
        step.outcome = f"{figures['matured_nights']} nights have matured"
    with stages.stage("Write the page") as step:
        from pipeline.backtest.page import write

        page = write(asked.out, figures)
        work.remove()
        step.outcome = page.name
    return Done(page, figures)


def dates_of(settings: Settings, asked: Asked) -> Dates:
    """The replay's calendar: trainings no closer than the retraining rule allows."""
    import duckdb

    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        rows = connection.execute(
            f"select rest_days from {RULES} where target in (?, 'default')"
            " order by case target when 'default' then 1 else 0 end limit 1",
            [asked.target],
        ).fetchone()
    known = feature_rows.dates_between(settings.build_file)
    return plan_dates(asked.begin, asked.end, known, int(rows[0]))


def judged(
    plan: replay.Replay, file: Path, asked: Asked, as_of: date, tables: dict[str, pa.Table]
) -> dict[str, Any]:
    """All figures of the page, as JSON can hold them.

    Raises
    ------
    UserError
        No origin had enough data for a model.
    """
    from ml.config import load_settings
    from pipeline.backtest import curves

    knobs = load_settings()
    import duckdb

    with duckdb.connect(str(file), read_only=True) as connection:
        tried = connection.execute(
            "select origin_date, sentence from backtest.origins order by origin_date"
        ).fetchall()
        scored = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'backtest'"
            " and table_name = 'scores'"
        ).fetchone()
    if scored == (0,):
        raise UserError(
            f"no model at any origin from {tried[0][0]} to {tried[-1][0]}: {tried[-1][1]}",
            "begin later (--from), or replay a longer history",
        )
    found = judge.collect(file, plan.memory, asked.target, as_of, plan.embargo_days)
    assumption = judge.assumption_of(tables)
    is_churn = asked.target == scoring.CHURN
    outcomes, settings, seed = found.outcomes, knobs.evaluation, knobs.seed
    measured = judge.skill(outcomes, settings, seed)
    if is_churn:
        measured |= judge.lead(found.churns, assumption, settings, seed)
    shown: dict[str, list[dict[str, Any]]] = {"calibration": [], "lift": [], "precision_recall": []}
    if len(outcomes) and outcomes["is_positive"].sum():
        draws = judge.draws_of(outcomes["account_id"], settings, seed)
        shown = {
            name: table(outcomes, draws).to_dict("records")
            for name, table in (
                ("calibration", curves.calibration), ("lift", curves.lift),
                ("precision_recall", curves.precision_recall),
            )
        }  # fmt: skip
    churns = found.churns
    worst = [judge.SCORE, *judge.worst_drifts(found.drifts)]
    drifts = found.drifts[found.drifts["feature_name"].isin(worst)]
    nights = judge.nightly_rows(found)
    return plain({
        "target": asked.target,
        "positives": knobs.of(asked.target).positives,
        "horizon_days": knobs.of(asked.target).horizon_days,
        "embargo_days": plan.embargo_days,
        "source": plan.settings.source,
        "from": asked.begin,
        "to": asked.end,
        "known_until": as_of,
        "confidence": settings.confidence,
        "nights": nights.to_dict("records"),
        "matured_nights": int((nights["matured"] > 0).sum()),
        "outcomes": len(outcomes),
        "outcome_accounts": int(outcomes["account_id"].nunique()),
        "positive_accounts": int(
            outcomes.loc[outcomes["is_positive"] == 1, "account_id"].nunique()
        ),
        "origins": found.origins.to_dict("records"),
        "figures": {name: asdict(value) for name, value in measured.items()},
        "churns": len(churns) if is_churn else None,
        "lead_times": {
            "lead_days": sorted(churns.loc[churns["lead_days"].notna(), "lead_days"]),
            "from_start_days": sorted(churns.loc[churns["is_from_start"], "lead_days"]),
        },
        "curves": shown,
        "drift": {name: drifts[drifts["feature_name"] == name].to_dict("records")
                  for name in worst},
        "drifting": drifting(found.drifts),
        "assumption": assumption,
    })  # fmt: skip


def drifting(drifts: Any) -> list[dict[str, Any]]:
    """Share of a night's features beyond chance, by night."""
    rows = drifts[drifts["feature_name"] != judge.SCORE]
    table = rows.groupby("as_of_date", as_index=False)["is_beyond_chance"].agg(["sum", "size"])
    return table.rename(columns={"sum": "beyond_chance", "size": "features"}).to_dict("records")


def plain(value: Any) -> Any:
    """A value of Python alone; dates as text, what is undefined as None."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value


def fingerprint(parts: list[Any]) -> str:
    """SHA-256 over everything that a page depends on."""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def code_fingerprint() -> str:
    """SHA-256 over the code that replays, trains and scores."""
    from ml import registry

    digest = hashlib.sha256(registry.code_fingerprint().encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
