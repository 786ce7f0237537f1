"""`make check`: builds and tests what changed since it last passed, with what reads it.

On a `ci` world that is made once and kept in target/check; that first time everything counts as
changed. A change that fails is built again the next time, whether or not it was touched since.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from conftest import ROOT, World
from sql_parsing import DIALECTS, Reading, all_faults, as_elsewhere

from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.night.last_build import last_build
from plumbline.store.dbt import Dbt
from plumbline.terminal import Stages, make_console, print_error

FOLDER = ROOT / "target" / "check"
STATE = FOLDER / "passed"


def make_world(world: World) -> None:
    """A small world and its first night; both stay for the next checks."""
    demo = ("demo", "--size", "ci", "--raw", str(world.raw))
    for arguments in (() if world.raw.exists() else (demo,)) + (("nightly", "--no-docs"),):
        done = world.run(*arguments)
        if done.returncode != 0:
            raise UserError(
                f"plumbline {arguments[0]} failed on the small world: {done.stderr.strip()}",
                "mend it, or go back to what passed and run again",
            )


def faults_of_style(compiled: dict[str, str], kept: Path) -> list[str]:
    """What sqlfluff finds in compiled SQL: style in DuckDB's dialect, syntax in the others."""
    readings = {
        Reading(sql, dialect, dialect == "duckdb"): name
        for name, sql in as_elsewhere(compiled).items()
        for dialect in DIALECTS
    }
    found = all_faults(readings, kept)
    return [
        f"{readings[reading]} ({reading.dialect}), {fault}"
        for reading, faults in found.items()
        for fault in faults
    ]


def check() -> list[str]:
    """Lines on what is wrong; empty where all is well."""
    world = World(FOLDER, FOLDER / "raw")
    console = make_console()
    is_new = not (STATE / "manifest.json").exists()
    stages = Stages(console, 3 if is_new else 2)
    if is_new:
        with stages.stage("Small world (once)"):
            make_world(world)
    settings = load_settings(raw=world.raw, environ=world.environment)
    os.environ.update(world.environment)
    dbt = Dbt(settings, last_build(settings, None)[1])
    with stages.stage("Build and test changes") as step:
        dbt.parse()
        # the night of the new world has built all models and run their data tests
        outcome = (
            dbt.test(["test_type:unit"], step.update)
            if is_new
            else dbt.build_changes(STATE, step.update)
        )
        step.outcome = outcome.counted()
    with stages.stage("Style and dialects") as step:
        built = {node.name for node in outcome.nodes if node.kind == "model"}
        names = [
            node.name
            for node in dbt.manifest.nodes.values()
            if node.resource_type == "model" and (is_new or node.name in built)
        ]
        compiled = dbt.compiled(names) if names else {}
        wrong = faults_of_style(compiled, FOLDER / "sqlfluff")
        step.outcome = f"{len(compiled)} models"
    wrong = [*(node.line for node in (*outcome.failed, *outcome.warned)), *wrong]
    if not wrong:
        STATE.mkdir(parents=True, exist_ok=True)
        dbt.manifest.write(str(STATE / "manifest.json"))
    return wrong


if __name__ == "__main__":
    try:
        lines = check()
    except UserError as error:
        print_error(error)
        sys.exit(1)
    for line in lines:
        print(line)
    sys.exit(bool(lines))
