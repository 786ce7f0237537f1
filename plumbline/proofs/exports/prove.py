"""`plumbline verify exports`: every case of the catalogue, and sound worlds that must not alarm."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plumbline.config import ROOT
from plumbline.errors import UserError
from plumbline.proofs.exports import sound, world
from plumbline.proofs.exports.cases import Case, read_cases, read_shared
from plumbline.proofs.exports.checks import short
from plumbline.proofs.exports.runs import (
    Held,
    by_layout,
    layout_of,
    run_stop,
    run_values,
    whole_night,
)
from plumbline.terminal import Stages, Step

SHARED = ROOT.parent / "shared" / "data" / "cases"


def verify_exports(clean: int, console: Console) -> None:
    """Run the catalogue and print it, case by case.

    Parameters
    ----------
    clean : int
        Sound worlds of different seeds to look at.

    Raises
    ------
    UserError
        A case does not hold, or a sound world raises an alarm.
    """
    cases = [*read_cases(), *(read_shared(SHARED) if SHARED.is_dir() else [])]
    worlds = by_layout(cases)
    stops = [case for case in cases if case.stopped]
    stages = Stages(console, len(worlds) + 2)
    scratch = Path(tempfile.mkdtemp(prefix="exports-"))
    found: list[Held] = []
    try:
        with stages.stage(f"{clean} sound worlds") as step:
            alarms = sound.look_at(range(world.SEED, world.SEED + max(clean, 1)), scratch, step)
            step.outcome = sound.told(alarms)
        raw = world.sound_world(scratch)
        counts = alarms[0].counts
        for members in worlds:
            with stages.stage(f"Cases, {layout_of(members[0])}") as step:
                begun = time.monotonic()
                held = run_values(members, scratch, whole_night, raw, counts, _teller(step))
                found += held
                step.outcome = f"{_share(held)}, {time.monotonic() - begun:.0f} s"
        with stages.stage("Faults that stop the night") as step:
            for done, case in enumerate(stops):
                step.update(done, len(stops), case.name)
                found.append(run_stop(case, scratch, raw))
            step.outcome = _share(found[-len(stops) :] if stops else [])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    console.print(table_of(found))
    for line in problems_of(found):
        console.print(Text("NOT HELD ", "bold red") + Text(line))
    failed = [held.case.name for held in found if held.problems]
    failed += [f"sound world {alarm.seed}" for alarm in alarms if alarm.lines]
    console.print(
        f"{_share(found)} of the catalogue hold; {sound.told(alarms)};"
        f" {sum(stages.seconds.values()):.0f} s"
    )
    if failed:
        raise UserError(
            f"{len(failed)} do not hold: {', '.join(failed)}",
            "what was wanted and what was found stands above",
        )


def _teller(step: Step) -> object:
    return lambda text: step.update(0, None, text)


def _share(held: Sequence[Held]) -> str:
    return f"{sum(not one.problems for one in held)} of {len(held)}"


def table_of(found: Sequence[Held]) -> Table:
    """Whether each case holds, and what was wanted."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Exports", title_justify="left")
    table.add_column("", no_wrap=True)
    table.add_column("case", no_wrap=True)
    table.add_column("wanted", no_wrap=True, overflow="ellipsis")
    for held in _in_order(found):
        mark = Text("held", "green") if not held.problems else Text("NOT HELD", "bold red")
        table.add_row(mark, _name(held), Text(wanted(held.case)))
    return table


def problems_of(found: Sequence[Held]) -> list[str]:
    """What was wanted of each case that does not hold, and what is not so."""
    return [
        f"{_name(held)}: wanted {wanted(held.case)}; found {'; '.join(held.problems)}"
        for held in _in_order(found)
        if held.problems
    ]


def _in_order(found: Sequence[Held]) -> list[Held]:
    return sorted(found, key=lambda one: (one.case.kind, one.case.name))


def _name(held: Held) -> str:
    return f"{held.case.kind}/{held.case.name}"


def wanted(case: Case) -> str:
    """What is right, in a line."""
    if case.stopped:
        return f"the night stops ({case.stopped_by}): {', '.join(case.stopped)}"
    parts = [case.title]
    parts += [f"{c.rule} counts {c.rows}" for c in case.counted]
    return short(case, "; ".join(parts))
