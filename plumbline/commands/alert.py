"""Tells people what stands of the alerts of the last published night."""

from __future__ import annotations

from pathlib import Path

import click

from plumbline.activation.alert import run_alert
from plumbline.activation.channels import configured
from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.terminal import make_console


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be told; send and write nothing.")
@click.option(
    "--to-file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Tell this file, too: a line of JSON a notice.",
)
@source_options(with_date=False)
def alert(dry_run: bool, file: Path | None, source: str, raw: str | None) -> None:
    """Tell people what is new of the alerts of the night.

    One message an incident, with its causes below it, once an episode; one more where it becomes an
    error, and one when it is over. Slack where PLUMBLINE_SLACK_URL is set, e-mail where
    PLUMBLINE_SMTP_HOST is (docs/alerts.md). What does not go out is told the next time.

    \b
    Examples:
      plumbline alert --dry-run --to-file alerts.jsonl
      plumbline alert
    """
    settings, console = load_settings(source, raw), make_console()
    told = run_alert(settings, configured(file), dry_run)
    count = len(told.standing)
    console.print(
        f"As of {told.as_of}, {count} incident{'' if count == 1 else 's'} stand"
        f"{'s' if count == 1 else ''}.",
        markup=False,
    )
    for channel, notice in told.sent:
        verb = "would be told" if dry_run else "was told"
        console.print(f"{channel} {verb}: {notice.title}", markup=False)
    if not told.sent and not told.failed:
        console.print("Nobody is told anything new.", markup=False)
    if told.failed:
        channel, error = told.failed[0]
        raise UserError(
            f"{channel} was not told of {len(told.failed)}: {error}",
            "run the same command again: what went out is not told twice",
        )
