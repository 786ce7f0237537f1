"""Scores a date with the champion that fits."""

from __future__ import annotations

from datetime import date

import click

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.night import scoring
from plumbline.night.last_build import last_build
from plumbline.store import ops
from plumbline.store.connections import open_private
from plumbline.store.lock import run_lock
from plumbline.terminal import Stages, make_console


@click.command()
@source_options()
def score(as_of: date | None, source: str, raw: str | None) -> None:
    """Score a date of the last build with the model that fits.

    Writes predictions and reasons to schema ml of the build file; people see a score once
    `plumbline nightly` has published it.

    \b
    Example:
      plumbline score --as-of 2026-02-27
    """
    settings, console = load_settings(source, raw), make_console()
    stages = Stages(console, 1)
    with run_lock(settings):
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
