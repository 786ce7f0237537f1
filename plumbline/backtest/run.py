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

import duckdb
import pyarrow as pa
from rich.console import Console

from plumbline.backtest import judge, replay
from plumbline.backtest.chain import FEATURES, Memory, load_chain, read_inputs
from plumbline.backtest.dates import Dates, plan_dates
from plumbline.backtest.figures import ASSUMPTIONS, WORKLIST_RULES, assumption_of, gather
from plumbline.backtest.work import Work, only_writer
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.night.last_build import last_build
from plumbline.store import ops, past
from plumbline.store.lock import run_lock
from plumbline.terminal import Stages

LIBRARIES = ("duckdb", "scikit-learn", "numpy", "pandas")
MODELS = (
    *(replay.EXAMPLES, replay.CSMS, replay.LIST, replay.DRIFT),
    *(judge.OUTCOMES, judge.CHURNS),
)
RULES = "reference.retraining_rules"
STAGES = 4


@dataclass(frozen=True)
class Asked:
    """What the user asks for: first and last night, target, and the folder of the page."""

    begin: date
    end: date
    target: str
    out: Path


@dataclass(frozen=True)
class Past:
    """What was read from the last build, and what to do with it.

    Attributes
    ----------
    as_of : date
        T of the last build: what was known by then is the truth.
    fingerprint : str
        SHA-256 over everything that the page depends on.
    """

    plan: replay.Replay
    tables: dict[str, pa.Table]
    as_of: date
    fingerprint: str


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
    if find_spec("matplotlib") is None:
        raise UserError(
            "matplotlib is not installed, and the page's plots need it",
            "run `make setup`, or pip install '.[backtest]'",
        )
    with only_writer(asked.out):
        return _run(settings, asked, Stages(console, STAGES))


def _run(settings: Settings, asked: Asked, stages: Stages) -> Done:
    with stages.stage("Read the past") as step:
        past_days = prepare(settings, asked)
        plan = past_days.plan
        work, told = Work.open(asked.out / "work", past_days.fingerprint)
        step.outcome = (
            f"{past_days.tables[FEATURES].num_rows:,} feature rows, {len(plan.dates.nights)}"
            f" nights, {len(plan.dates.origins)} origins"
        )
    if told:
        stages.console.print(f"      {told}", markup=False)
    with stages.stage("Replay the nights") as step:
        for origin in plan.dates.origins:
            outcome = replay.replay_origin(plan, work, origin, step.update)
            stages.console.print(f"      {origin}: {outcome}", markup=False)
    file = work.current / "build" / settings.build_file.name
    with stages.stage("Judge by what came") as step:
        span = (asked.begin, asked.end)
        figures = gather(plan, file, span, past_days.as_of, past_days.tables)
        step.outcome = f"{figures['matured_nights']} nights have matured"
    with stages.stage("Write the page") as step:
        from plumbline.backtest.page import write  # (matplotlib: only once there is something)

        page = write(asked.out, figures)
        work.remove()
        step.outcome = page.name
    return Done(page, figures)


def prepare(settings: Settings, asked: Asked) -> Past:
    """Read all that a replay needs; nights may run while it goes on.

    Raises
    ------
    UserError
        There is no whole build of this code, the dates are not in it, or an assumption lacks.
    """
    knobs = scoring.knobs(settings)
    aim = knobs.of(asked.target)
    with run_lock(settings):
        as_of, variables = last_build(settings, None)
        dates = dates_of(settings, asked, as_of, variables)
        chain = load_chain(settings, variables, MODELS)
        first = past.dates_between(settings.build_file)[0]
        days = dates.read(first, int(settings.dbt_var("training_grid_days")))
        relations = {*chain.inputs, ASSUMPTIONS, WORKLIST_RULES}
        tables = read_inputs(settings, relations, days)
    assumption_of(tables)  # (what is wrong there is said before the replay)
    memory = Memory(chain, tables)
    made_of = [
        memory.fingerprint(),
        *(step.sql for step in chain.steps.values()),
        asdict(knobs),
        as_of,
        settings.label,
        settings.source_types_off,
        asked.begin,
        asked.end,
        asked.target,
        code_fingerprint(),
        *(version(name) for name in LIBRARIES),
    ]
    plan = replay.Replay(settings, memory, dates, asked.target, aim.known_after_days)
    return Past(plan, tables, as_of, fingerprint(made_of))


def dates_of(settings: Settings, asked: Asked, as_of: date, variables: dict[str, Any]) -> Dates:
    """The replay's calendar: trainings no closer than the retraining rule allows.

    Raises
    ------
    UserError
        The last build is not whole or of other code, or the dates are not in it.
    """
    known = past.dates_between(settings.build_file)
    if known is not None and known[1] != as_of:
        raise UserError(
            f"the last build, as of {as_of}, did not reach the features",
            "run `plumbline nightly` to its end first",
        )
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        rows = connection.execute(
            f"select rest_days from {RULES} where target in (?, 'default')"
            " order by case target when 'default' then 1 else 0 end limit 1",
            [asked.target],
        ).fetchone()
        detail = connection.execute(
            "select detail from ops.runs where run_id = ? and state = ?",
            [variables["run_id"], ops.STARTED],
        ).fetchone()
    if detail is None or not past.is_of_this_code(settings, json.loads(detail[0])):
        raise UserError(
            "models, seeds or settings have changed since the last build",
            "run `plumbline nightly` first",
        )
    return plan_dates(asked.begin, asked.end, known, int(rows[0]))


def fingerprint(parts: list[Any]) -> str:
    """SHA-256 over everything that a page depends on."""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def code_fingerprint() -> str:
    """SHA-256 over the code that replays, trains and scores."""
    from ml.registry import runs

    digest = hashlib.sha256(runs.code_fingerprint().encode())
    for file in (*sorted(Path(__file__).parent.glob("*.py")), Path(scoring.__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()
