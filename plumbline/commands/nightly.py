"""Runs one night."""

from __future__ import annotations

from datetime import date

import click

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.night.nightly import Options, run_nightly
from plumbline.night.summary import print_summary
from plumbline.terminal import make_console


@click.command()
@source_options()
@click.option("--retrain", is_flag=True, help="Train a new model even where one fits.")
@click.option("--rebuild", is_flag=True, help="Build everything anew, not only what changed.")
@click.option("--no-docs", is_flag=True, help="Leave the docs site as it is.")
def nightly(
    as_of: date | None, source: str, raw: str | None, retrain: bool, rebuild: bool, no_docs: bool
) -> None:
    """Check, build, score and publish one night.

    Stops before anything is scored where the input is not fit, and before anything is visible
    where the publish gate fails: the published file is then exactly the one of before.

    \b
    Examples:
      plumbline nightly
      plumbline nightly --as-of 2026-02-27
      plumbline nightly --source ravenstack --raw ../exports/ravenstack
    """
    console = make_console()
    options = Options(as_of, retrain, rebuild, site=not no_docs)
    print_summary(run_nightly(load_settings(source, raw), options, console), console)
