"""The commands that run one step alone, on what the last build left."""

from __future__ import annotations

import functools
import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plumbline.commands.models import next_night
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.night.nightly import open_private, recover
from plumbline.night.summary import shown
from plumbline.proofs import catalogue, catalogue_changes, drift, leakage, registry
from plumbline.proofs.exports import DESCRIPTION as EXPORTS
from plumbline.site.docs import build_site, serve_site
from plumbline.store import ops, preflight
from plumbline.store.dbt import Dbt
from plumbline.terminal import Stages

# Proofs register themselves when their module is imported.
PROOF_MODULES = (registry, catalogue, drift, leakage)


def train_only(settings: Settings, as_of: date | None, console: Console) -> None:
    """Train a challenger for every target."""
    stages = Stages(console, 1)
    with preflight.run_lock(settings):
        day, _ = last_build(settings, as_of)
        with stages.stage("Train") as step:
            # who was champion of a published night stays so
            since = max(day, next_night(settings))
            models = scoring.choose_models(
                settings, ops.new_run_id(day), day, retrain=True, since=since
            )
            step.outcome = "; ".join(model.outcome for model in models)
    for model in models:
        for line in (model.sentence, *model.warnings):
            console.print(f"{model.target}: {line}", markup=False)
    console.print(f"next: plumbline nightly scores with the champions, from {since} on")


def score_only(settings: Settings, as_of: date | None, console: Console) -> None:
    """Score a date with the champion that fits."""
    stages = Stages(console, 1)
    with preflight.run_lock(settings):
        day, _ = last_build(settings, as_of)
        run_id = ops.new_run_id(day)
        with stages.stage("Score and explain") as step:
            models = scoring.choose_models(settings, run_id, day, retrain=False)
            counts = [scoring.score(settings, run_id, day, model) for model in models]
            with open_private(settings) as connection:
                ops.record(connection, run_id, day, settings.source, ops.SCORED)
            step.outcome = f"{scoring.told(models, counts)} as of {day}"
    for model in models:
        for line in model.sentences:
            console.print(f"{model.target}: {line}", markup=False)
    console.print("next: plumbline nightly scores the date again and publishes it")


def list_proofs(console: Console) -> None:
    """Print the names of the proofs and what each proves."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("proof", no_wrap=True)
    table.add_column("what holds")
    for entry in registry.PROOFS.values():
        table.add_row(entry.name, Text(entry.description))
    table.add_row("exports", Text(EXPORTS))
    console.print(table)


def run_proofs(settings: Settings, name: str | None, as_of: date | None, console: Console) -> None:
    """Run proofs and print what each measured.

    Raises
    ------
    UserError
        A proof fails, has an unknown name, or there is no build to look at.
    """
    chosen = registry.select_proofs(name)
    failed: list[str] = []
    with preflight.run_lock(settings):
        day, variables = last_build(settings, as_of)
        context = registry.Context(settings, day, variables, console)
        for entry in chosen:
            outcome = entry.run(context)
            mark = ("holds", "green") if outcome.is_passed else ("FAILS", "bold red")
            console.print(
                Text.assemble((f"{mark[0]:<7}", mark[1]), f"{entry.name}: {outcome.measured}")
            )
            if not outcome.is_passed:
                failed.append(entry.name)
    if failed:
        raise UserError(
            f"{len(failed)} of {len(chosen)} proofs fail: {', '.join(failed)}",
            "what was measured stands above; do not use the numbers before it is understood",
        )


def compare_catalogues(settings: Settings, earlier_file: Path, console: Console) -> None:
    """Print what changed definitions did to the numbers since an earlier published file."""
    with preflight.run_lock(settings):
        last_build(settings, None)
        catalogue_changes.print_changes(settings.build_file, earlier_file, console)


def make_docs(settings: Settings, as_of: date | None, port: int | None, console: Console) -> None:
    """Make the docs site, and serve it where a port is given."""
    stages = Stages(console, 1)
    with preflight.run_lock(settings):
        _, variables = last_build(settings, as_of)
        with stages.stage("Docs site") as step:
            site = build_site(Dbt(settings, variables), step.update, with_lineage=True)
            step.outcome = f"{site.counted}: {shown(site.page)}"
    if site.told:
        console.print(site.told, markup=False)
    if port is None:
        return
    with serve_site(settings, port) as server:
        console.print(f"http://127.0.0.1:{port}  (Ctrl-C ends it)")
        threading.Thread(target=functools.partial(server.serve_forever, 0.2), daemon=True).start()
        threading.Event().wait()


def last_build(settings: Settings, as_of: date | None) -> tuple[date, dict[str, Any]]:
    """T to look at, and the dbt vars of the build that is in the private file.

    Raises
    ------
    UserError
        Nothing was built yet, or T lies after the last build.
    """
    nothing = UserError(
        f"nothing is built for source '{settings.source}'", "run `plumbline nightly` first"
    )
    if not settings.build_file.exists():
        raise nothing
    recover(settings)
    with open_private(settings) as connection:
        row = connection.execute(
            "select run_id, as_of_date, detail from ops.runs where state = ?"
            " order by recorded_at desc, run_id desc limit 1",
            [ops.STARTED],
        ).fetchone()
    if row is None:
        raise nothing
    run_id, built, detail = row
    if as_of is not None and as_of > built:
        raise UserError(
            f"the last build is as of {built}, not yet {as_of}",
            f"run `plumbline nightly --as-of {as_of}` first",
        )
    return as_of or built, {
        **settings.shaping_vars,
        "as_of_date": built.isoformat(),
        "changed_since": json.loads(detail)["changed_since"],
        "run_id": run_id,
    }
