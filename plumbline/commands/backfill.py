"""The command that gives a first day its history."""

from __future__ import annotations

from datetime import date

import click

from plumbline.backfill.calendar import WEEKS
from plumbline.commands.options import Day, source_options
from plumbline.config import load_settings
from plumbline.replay.dates import NIGHT_DAYS
from plumbline.terminal import make_console, shown


@click.command()
@click.option(
    "--from",
    "begin",
    type=Day(),
    metavar="DATE",
    help=f"First night. [default: {WEEKS} weeks before the first published night]",
)
@click.option(
    "--to",
    "end",
    type=Day(),
    metavar="DATE",
    help="Last night. [default: the day before the first published night]",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=NIGHT_DAYS,
    show_default=True,
    metavar="DAYS",
    help="Days between two nights.",
)
@source_options(with_date=False)
def backfill(
    begin: date | None, end: date | None, every: int, source: str, raw: str | None
) -> None:
    """Replay past nights with what was known then, and keep them.

    Lists, drift, outcomes and realised performance have a history at once. Each night is scored by
    the model that it would have had: every four weeks one is trained on what was known by then.
    Such nights are marked (`is_replayed`): nobody saw them, and no contact followed.

    Nights that are there already stay; a published night is never touched. A backfill that was
    stopped goes on where it was.

    \b
    Examples:
      plumbline backfill
      plumbline backfill --from 2025-09-06 --to 2026-02-21
    """
    from plumbline.backfill.calendar import Asked
    from plumbline.backfill.run import run_backfill

    settings, console = load_settings(source, raw), make_console()
    done = run_backfill(settings, Asked(begin, end, every), console)
    if not done.nights:
        console.print("Nothing to do: all these nights are there.", markup=False)
        return
    console.print(
        f"{len(done.nights)} nights, {done.nights[0]} to {done.nights[-1]}, {done.scored:,} scores"
        f" · published {shown(settings.published_file)}",
        markup=False,
        soft_wrap=True,
    )
