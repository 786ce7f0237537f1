"""Runs worlds of cases to the end: a whole night, a part of one, or the check of its files.

Decided: D134.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console

from plumbline.config import Settings
from plumbline.errors import UserError, explain
from plumbline.night import gate
from plumbline.night.nightly import Options, make_plan, recover, run_nightly
from plumbline.proofs.exports import world
from plumbline.proofs.exports.cases import Case
from plumbline.proofs.exports.checks import World, counted_problems, read_world, value_problems
from plumbline.store import preflight
from plumbline.store.dbt import Dbt
from plumbline.store.raw import read_contract

# What the cases look at; the night builds it by the same models and tests.
PART = (
    "+fct_account_mrr_monthly",
    "+fct_mrr_movements",
    "+fct_account_churns",
    "+fct_renewals",
    "+fct_tickets",
    "+fct_account_support_monthly",
    "+fct_account_engagement_monthly",
    "+fct_account_preparedness_monthly",
    "+fct_account_sentiment_monthly",
    "+fct_account_usage_daily",
    "+rpt_source_contradictions",
    "+rpt_doubtful_subscriptions",
    "+rpt_mrr_against_invoices",
    "+rpt_input_gate",
)


@dataclass(frozen=True)
class Held:
    """What became of a case.

    Attributes
    ----------
    problems : tuple of str
        What is not right; empty where the case holds.
    """

    case: Case
    problems: tuple[str, ...]


Run = Callable[[Settings], None]


def whole_night(settings: Settings) -> None:
    """One night, published in the scratch folder."""
    run_nightly(settings, Options(rebuild=True, site=False), Console(quiet=True))


def part_of_night(settings: Settings) -> None:
    """Check the files and build what the cases look at, with the tests of a night."""
    raw = preflight.check_raw(settings)
    recover(settings)
    plan = make_plan(settings, Options(rebuild=True), raw)
    outcome = Dbt(settings, plan.variables).build(PART)
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        if outcome.failed:
            gate.require_input_gate(gate.read_input_gate(connection))
    outcome.require_success("the build")


def files_only(settings: Settings) -> None:
    """Check the files, as every night does before anything else."""
    preflight.check_raw(settings)


def stop_line(
    run: Run, settings: Settings, cases: Sequence[Case], sound: Path, crowd: Case | None = None
) -> str:
    """Plant the cases and run; the line with which that stops, empty where it goes through."""
    try:
        planted(settings, cases, sound, crowd)
        run(settings)
    except UserError as error:
        return " | ".join((error.line, *error.notes))
    except Exception as error:
        known = explain(error)
        return known.line if known else f"crash, {type(error).__name__}: {str(error)[:200]}"
    return ""


def run_values(
    cases: Sequence[Case],
    scratch: Path,
    run: Run,
    sound: Path,
    sound_counts: dict[str, int] | None = None,
    tell: Callable[[str], None] = lambda text: None,
    halves_run: Run | None = None,
    crowd: Case | None = None,
) -> list[Held]:
    """Build one world of all cases that share a layout, and compare each.

    A case that stops the world is found by halving: it alone is told to have stopped it.
    """
    tell(f"{len(cases)} cases, {cases[0].kind if len(cases) == 1 else layout_of(cases[0])}")
    try:
        settings = settings_of(cases[0], scratch)
        listed = settings.vendors, f"[source.{settings.source}]", settings.landed_by
        read_contract(settings.root, settings.raw, *listed)
    except UserError as error:
        return [Held(case, (error.line,)) for case in cases]
    crowd = crowd or next((case for case in cases if case.crowd), None)
    line = stop_line(run, settings, cases, sound, crowd)
    if line:
        shutil.rmtree(settings.build_file.parent, ignore_errors=True)
        if len(cases) == 1:
            return [Held(case, (f"the night stops: {line}",)) for case in cases]
        middle, halves = len(cases) // 2, halves_run or part_of_night
        return [
            held
            for half in (cases[:middle], cases[middle:])
            for held in run_values(half, scratch, halves, sound, sound_counts, tell, halves, crowd)
        ]
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        return compared(cases, read_world(connection), sound_counts or {})


def compared(cases: Sequence[Case], built: World, sound_counts: dict[str, int]) -> list[Held]:
    """Compare every case of a world, and the world's rules with what was planted."""
    counted = counted_problems(cases, built, sound_counts)
    found = [
        Held(case, (*value_problems(case, built), *counted.get(case.name, ()))) for case in cases
    ]
    if counted.get(""):
        alarm = Case("no other alarm", layout_of(cases[0]), "", "", "")
        found.append(Held(alarm, tuple(counted[""])))
    return found


def planted(
    settings: Settings, cases: Sequence[Case], sound: Path, crowd: Case | None = None
) -> None:
    """Write the world's files."""
    if settings.source == world.CSV_SOURCE:
        world.plant_csv(settings, cases)
    else:
        world.plant(settings, sound, cases, crowd)


def run_stop(case: Case, scratch: Path, sound: Path) -> Held:
    """Run a world of one case, which must stop with the line that names what and what to do."""
    try:
        settings = settings_of(case, scratch)
    except UserError as error:
        return Held(case, (error.line,))
    run = files_only if case.stopped_by == "files" else part_of_night
    line = stop_line(run, settings, [case], sound)
    if not line:
        return Held(case, ("the night goes on",))
    if line.startswith("crash"):
        return Held(case, (line,))
    lacking = [pattern for pattern in case.stopped if not re.search(pattern, line, re.I)]
    return Held(case, tuple(f"the line lacks /{pattern}/: {line}" for pattern in lacking[:1]))


def settings_of(case: Case, scratch: Path) -> Settings:
    """Settings of the layout that a case is in."""
    if case.files:
        return world.csv_settings(scratch / "csv")
    return world.settings_for(scratch / "world", case.landed_by, case.vendors)


def layout_of(case: Case) -> str:
    """The layout of a case, in words; cases of one layout share a world."""
    if case.files:
        return "csv"
    tools = ", ".join(f"{vendor} by {tool}" for vendor, tool in sorted(case.landed_by.items()))
    layout = tools or (" ".join(case.vendors) if case.vendors else "native")
    # where some are billed, what is not would be MRR that no invoice explains
    return f"{layout}, with invoices" if case.is_billed else layout


def by_layout(cases: Iterable[Case]) -> list[list[Case]]:
    """The cases that are compared by value, a list a world."""
    worlds: dict[str, list[Case]] = {}
    for case in cases:
        if not case.stopped:
            worlds.setdefault(layout_of(case), []).append(case)
    return list(worlds.values())
