"""Makes a model champion by hand."""

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
@click.argument("run", metavar="RUN")
@source_options(with_date=False)
def promote(run: str, source: str, raw: str | None) -> None:
    """Make the model RUN champion from the next night on.

    RUN is a model's version, as `plumbline models` lists it. Its file is verified first. Nights
    that are published keep the champion they had.

    \b
    Example:
      plumbline promote churn-20260228-1a2b3c4d
    """
    from ml.registry.stages import promote as make_champion

    settings = load_settings(source, raw)
    with run_lock(settings):
        since = next_night(settings)
        champion, previous = make_champion(
            settings.build_file,
            settings.models_folder,
            run,
            since,
            "promoted by hand",
            partial(scoring.fits_now, settings),
        )
    told = f" in the place of {previous}" if previous else ""
    console = make_console()
    console.print(
        f"{champion.model_version} is champion for {champion.target} from {since} on{told}",
        markup=False,
    )
    console.print("next: plumbline nightly scores and publishes with it")
