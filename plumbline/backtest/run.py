"""A whole backtest: read the past, replay it, judge it, write the page and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console

from plumbline.backtest import judge, replay
from plumbline.backtest.figures import ASSUMPTIONS, WORKLIST_RULES, assumption_of, gather
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.replay.chain import FEATURES, Memory
from plumbline.replay.dates import Dates, plan_dates
from plumbline.replay.fingerprint import fingerprint
from plumbline.replay.nights import CSMS, EXAMPLES, Replay
from plumbline.replay.past import read_past, rest_days
from plumbline.replay.work import Work, only_writer
from plumbline.terminal import Stages

MODELS = (
    *(EXAMPLES, CSMS, replay.LIST, replay.DRIFT),
    *(judge.OUTCOMES, judge.CHURNS),
)
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

    plan: Replay
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

    def lay_out(known: tuple[date, date] | None) -> Dates:
        return plan_dates(asked.begin, asked.end, known, rest_days(settings, asked.target))

    read = read_past(settings, MODELS, lay_out, (ASSUMPTIONS, WORKLIST_RULES))
    assumption_of(read.tables)  # (what is wrong there is said before the replay)
    memory = Memory(read.chain, read.tables)
    wanted = (asked.begin, asked.end, asked.target)
    hashed = fingerprint(settings, read, memory, wanted, Path(__file__).parent)
    plan = Replay(settings, memory, read.dates, asked.target, aim.known_after_days)
    return Past(plan, read.tables, read.as_of, hashed)
