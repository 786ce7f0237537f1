"""A whole backfill: read the past, replay its nights, keep them, publish the last night with them.

Decided: D179.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from plumbline.backfill.calendar import Asked, blocks, lay_out
from plumbline.backfill.keep import keep_nights, take_models
from plumbline.backfill.nights import MODELS, Targets, replay_nights
from plumbline.config import Settings
from plumbline.night import scoring
from plumbline.night.last_build import last_build
from plumbline.night.republish import republish, require_published
from plumbline.replay.chain import Memory
from plumbline.replay.fingerprint import fingerprint
from plumbline.replay.nights import Replay
from plumbline.replay.past import read_past, rest_days
from plumbline.replay.work import Work, only_writer
from plumbline.site import docs
from plumbline.store import ops, past
from plumbline.store.connections import open_private, open_published
from plumbline.store.lock import run_lock
from plumbline.terminal import Stages

STAGES = 6
BLOCK_DAYS = 28


@dataclass(frozen=True)
class Done:
    """What a backfill added.

    Attributes
    ----------
    nights : tuple of date
        Replayed by this call; empty where all were there.
    scored : int
        Predictions that were kept.
    site : Path or None
        The docs site, None where it was not made.
    """

    nights: tuple[date, ...]
    scored: int
    site: Path | None


def run_backfill(settings: Settings, asked: Asked, console: Console, site: bool = True) -> Done:
    """Replay the nights that are not there yet, keep them, and publish.

    Raises
    ------
    UserError
        Dates, files or data do not allow it; what readers see stays as it was.
    """
    folder = settings.warehouse / "backfill"
    with only_writer(folder):
        first, done, is_shown = _look(settings)
        nights = _nights(settings, asked, first, done)
        stages = Stages(console, STAGES if site else STAGES - 1)
        if not nights and is_shown:
            return Done((), 0, None)
        scored = _replay(settings, asked, first, done, folder, stages) if nights else 0
        with run_lock(settings):
            as_of, variables = last_build(settings, None)
            dbt = republish(settings, variables, stages)
        page = None
        if site:
            with stages.stage("Docs site") as step:
                made = docs.build_site(dbt, step.update)
                step.outcome, page = made.counted, made.page
        return Done(nights, scored, page)


def _look(settings: Settings) -> tuple[date, set[date], bool]:
    """The first published night, the nights that were replayed, and whether readers see them."""
    with run_lock(settings):
        _, variables = last_build(settings, None)
        require_published(settings, variables)
        with open_private(settings) as connection:
            first, done = ops.first_published(connection), ops.replayed_nights(connection)
    with open_published(settings) as connection:
        return first, done, done <= ops.replayed_nights(connection)


def _nights(settings: Settings, asked: Asked, first: date, done: set[date]) -> tuple[date, ...]:
    known = past.dates_between(settings.build_file)
    return lay_out(asked, known, first, done).nights


def _replay(
    settings: Settings,
    asked: Asked,
    first: date,
    done: set[date],
    folder: Path,
    stages: Stages,
) -> int:
    names = scoring.targets_on(settings)
    knobs = scoring.knobs(settings)
    targets = Targets(
        {name: knobs.of(name).known_after_days for name in names},
        {name: rest_days(settings, name) for name in names},
    )
    with stages.stage("Read the past") as step:
        read = read_past(settings, MODELS, lambda known: lay_out(asked, known, first, done))
        memory = Memory(read.chain, read.tables)
        hashed = fingerprint(
            settings, read, memory, (asked, first, sorted(done)), Path(__file__).parent
        )
        work, told = Work.open(folder / "work", hashed)
        nights = read.dates.nights
        step.outcome = f"{len(nights)} nights to replay, {nights[0]} to {nights[-1]}"
    if told:
        stages.console.print(f"      {told}", markup=False)
    plan = Replay(settings, memory, read.dates, scoring.CHURN, targets.embargo_days[scoring.CHURN])
    with stages.stage("Replay the nights") as step:
        count = 0
        for block in blocks(nights, BLOCK_DAYS):
            count += len(block)
            if block[-1] in work.done:
                continue
            said = _replay_block(plan, targets, work, block, first, step, count - len(block))
            for line in said:
                stages.console.print(f"      {line}", markup=False)
        step.outcome = f"{len(nights)} nights"
    with stages.stage("Keep the nights") as step:
        with run_lock(settings):
            _, variables = last_build(settings, None)
            require_published(settings, variables)
            private = replace(settings, warehouse=work.current)
            scored = keep_nights(settings, private, nights)
        work.remove()
        step.outcome = f"{scored:,} scores"
    return scored


def _replay_block(
    plan: Replay,
    targets: Targets,
    work: Work,
    block: tuple[date, ...],
    first: date,
    step: Any,
    before: int,
) -> list[str]:
    is_new = not work.done
    private = replace(plan.settings, warehouse=work.begin())
    if is_new:
        take_models(plan.settings, private, first)
    seen: list[str] = []

    def progress(what: str) -> None:
        if what.startswith("night"):
            seen.append(what)
        step.update(before + max(0, len(seen) - 1), len(plan.dates.nights), what)

    said = replay_nights(plan, targets, private.warehouse, block, progress)
    work.commit(block[-1])
    return said
