"""Sound worlds of different seeds: what they deliver is legitimate, so nothing may alarm."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from plumbline.night import gate
from plumbline.night.nightly import Options, make_plan, recover
from plumbline.proofs.exports import world
from plumbline.proofs.exports.checks import PUT_ASIDE
from plumbline.store import preflight
from plumbline.store.dbt import Dbt
from plumbline.terminal import Step

LOOKED_AT = ("+rpt_source_contradictions", "+rpt_input_gate")


@dataclass(frozen=True)
class Sound:
    """What a sound world says of itself.

    Attributes
    ----------
    lines : tuple of str
        Alarms.
    counts : dict of rule to rows
        What each rule of the quality report counts.
    """

    seed: int
    lines: tuple[str, ...]
    counts: dict[str, int]
    seconds: float


def look_at(seeds: Iterable[int], scratch: Path, step: Step) -> list[Sound]:
    """Generate, build what raises alarms with its tests, and read it, seed by seed.

    Everything lies where it lay for the seed before, so that dbt parses once.
    """
    settings = world.settings_for(scratch / "sound")
    found: list[Sound] = []
    seeds = list(seeds)
    dbt: Dbt | None = None
    for done, seed in enumerate(seeds):
        step.update(done, len(seeds), f"seed {seed}")
        begun = time.monotonic()
        world.plant(settings, world.sound_world(scratch, seed), [])
        for file in settings.build_file.parent.glob("plumbline.duckdb*"):
            file.unlink()
        raw = preflight.check_raw(settings)
        recover(settings)
        plan = make_plan(settings, Options(rebuild=True), raw)
        parsed = dbt.manifest if dbt else None
        dbt = Dbt(settings, plan.variables, manifest=parsed)
        dbt.build(LOOKED_AT).require_success("the build of a sound world")
        lines, counts = _alarms(settings.build_file)
        if seed != world.SEED:
            shutil.rmtree(scratch / f"sound-{seed}", ignore_errors=True)
        shutil.rmtree(scratch / f"truth-{seed}", ignore_errors=True)
        found.append(Sound(seed, tuple(lines), counts, time.monotonic() - begun))
    return found


def _alarms(build_file: Path) -> tuple[list[str], dict[str, int]]:
    with duckdb.connect(str(build_file), read_only=True) as connection:
        lines = [c.line for c in gate.read_input_gate(connection) if not c.is_passed]
        rules = connection.execute(
            "select rule_name, severity, coalesce(rows_failing, 0)"
            " from quality.rpt_source_contradictions"
        ).fetchall()
    for rule, severity, count in rules:
        if count and (severity == "error" or rule in PUT_ASIDE):
            lines.append(f"{rule} counts {count}")
    return lines, {rule: count for rule, _, count in rules}


def told(found: Sequence[Sound]) -> str:
    """How many worlds alarm, and why the first does."""
    alarmed = [sound for sound in found if sound.lines]
    seconds = sum(sound.seconds for sound in found)
    first = f", seed {alarmed[0].seed}: {'; '.join(alarmed[0].lines)}" if alarmed else ""
    return f"{len(alarmed)} of {len(found)} sound worlds alarm ({seconds:.0f} s){first}"
