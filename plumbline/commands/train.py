"""Trains a challenger for every target."""

from __future__ import annotations

from datetime import date

import click

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.night import scoring
from plumbline.night.last_build import last_build, next_night
from plumbline.store import ops
from plumbline.store.lock import run_lock
from plumbline.terminal import Stages, make_console


@click.command()
@source_options()
def train(as_of: date | None, source: str, raw: str | None) -> None:
    """Train new models on the features that the last build left.

    Writes them to warehouse/models and their figures to schema ml of the build file. A new model
    becomes champion where it is better than the present one beyond noise (`plumbline models` says),
    for the nights after the last published one.

    \b
    Examples:
      plumbline train
      plumbline train --as-of 2026-02-01    dates whose labels were known by then
    """
    settings, console = load_settings(source, raw), make_console()
    stages = Stages(console, 1)
    with run_lock(settings):
        day, _ = last_build(settings, as_of)
        with stages.stage("Train") as step:
            # who was champion of a published night stays so
            since = max(day, next_night(settings))
            models = scoring.choose_models(
                settings, ops.new_run_id(day), day, retrain=True, since=since
            )
            step.outcome = "; ".join(model.outcome for model in models)
    for model in models:
        for line in (model.sentence, *model.told_left_out):
            console.print(f"{model.target}: {line}", markup=False)
    console.print(f"next: plumbline nightly scores with the champions, from {since} on")
