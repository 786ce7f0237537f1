"""Makes the champion of before champion again."""

from __future__ import annotations

from functools import partial

import click

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.night import scoring
from plumbline.night.last_build import next_night
from plumbline.store.lock import run_lock
from plumbline.terminal import make_console


@click.command()
@click.option("--target", default="churn", show_default=True, help="What the models foretell.")
@source_options(with_date=False)
def rollback(target: str, source: str, raw: str | None) -> None:
    """Make the champion of before champion again.

    It counts from the next night on.

    \b
    Example:
      plumbline rollback --target expansion
    """
    from ml.config import load_settings as load_knobs
    from ml.registry.stages import rollback as roll_back

    settings = load_settings(source, raw)
    load_knobs().of(target)
    with run_lock(settings):
        since = next_night(settings)
        champion, previous = roll_back(
            settings.build_file,
            settings.models_folder,
            target,
            since,
            partial(scoring.fits_now, settings),
        )
    console = make_console()
    console.print(
        f"{champion.model_version} is champion for {target} again from {since} on, in the place of"
        f" {previous}",
        markup=False,
    )
    console.print("next: plumbline nightly scores and publishes with it")
