"""The command that replays past nights."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from plumbline.commands.options import Day, source_options
from plumbline.config import load_settings
from plumbline.night import scoring
from plumbline.terminal import make_console


@click.command()
@click.option(
    "--from",
    "begin",
    type=Day(),
    required=True,
    metavar="DATE",
    help="First night, and first training.",
)
@click.option("--to", "end", type=Day(), required=True, metavar="DATE", help="Last night.")
@click.option("--target", default=scoring.CHURN, show_default=True, help="What is foretold.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Instead of target/backtest/TARGET.",
)
@source_options(with_date=False)
def backtest(
    begin: date, end: date, target: str, out: Path | None, source: str, raw: str | None
) -> None:
    """Replay past nights, and say what their lists were worth.

    One night a week is scored; every four weeks a challenger is trained on what was known then,
    and becomes champion where a night would have made it so. Judged by what is known today: lead
    time, early warnings, precision, revenue saved under a stated assumption.

    Reads the last build; writes index.html (opens without a network) and figures.json. A backtest
    that was stopped goes on where it was.

    \b
    Examples:
      plumbline backtest --from 2025-10-25 --to 2026-01-31
      plumbline backtest --from 2025-08-01 --to 2025-12-31 --target expansion
    """
    from plumbline.backtest.run import Asked, run_backtest
    from plumbline.backtest.summary import print_summary

    settings, console = load_settings(source, raw), make_console()
    folder = (out or settings.target / "backtest" / target).resolve()
    done = run_backtest(settings, Asked(begin, end, target, folder), console)
    print_summary(done.page, done.figures, console)
