"""Tells the CRM, or another system, what the last published night says of each account."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from plumbline.activation.sync import DESTINATIONS, Asked, Synced, look, run_sync
from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.terminal import Stages, make_console

SHOWN_REFUSALS = 5


@click.command()
@click.option(
    "--destination",
    type=click.Choice(DESTINATIONS),
    default="salesforce",
    show_default=True,
    help="System that is told.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send and write nothing.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Send a first load, a new model's values, or more changes than the ceiling allows.",
)
@click.option("--retry-dead", is_flag=True, help="Send dead letters once more.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the CSV files. [default: sync/ of the warehouse]",
)
@source_options(with_date=False)
def sync(
    destination: str,
    dry_run: bool,
    accept_changes: bool,
    retry_dead: bool,
    folder: Path | None,
    source: str,
    raw: str | None,
) -> None:
    """Tell the CRM the risk, tier and reason of each account.

    Sends the rows of activation.sync_salesforce__accounts that differ from what the destination is
    known to hold, and empties the fields of accounts that are scored no more. What does not arrive,
    or is refused, is sent again by the next sync; what is refused too often is a dead letter.
    Credentials come from the environment (docs/crm-sync.md).

    \b
    Examples:
      plumbline sync --dry-run
      plumbline sync --accept-changes       the first load
      plumbline sync --destination csv --to exports/
    """
    settings, console = load_settings(source, raw), make_console()
    to = folder or settings.warehouse / "sync"
    asked = Asked(destination, to, accept_changes, retry_dead)
    if dry_run:
        found = look(settings, asked)
        _show(console, found, f"{destination} would be sent")
        for objection in found.objections:
            _warn(console, f"needs --accept-changes: {objection}")
        return
    stages = Stages(console, 1)
    with stages.stage(f"Sync to {destination}") as step:
        found = run_sync(settings, asked, step.update)
        step.outcome = f"{found.report.sent:,} rows arrived"
    _show(console, found, f"{destination} was sent")
    _show_report(console, found)


def _show(console: Console, found: Synced, words: str) -> None:
    plan, wanted = found.plan, found.wanted
    blanked = sum(entry.is_blank for entry in plan.entries)
    parts = [
        f"{len(plan.entries):,} rows of the night of {wanted.as_of}",
        f"{plan.tiers_changed:,} with another tier",
        f"{blanked:,} emptied",
        f"{len(plan.again):,} tried before",
    ]
    console.print(f"{words} {', '.join(parts)}; {plan.unchanged:,} are as they are", markup=False)
    for reason, count in sorted(wanted.held.items()):
        _warn(console, f"held back, {reason}: {count:,}")
    if plan.dead:
        _warn(
            console, f"dead letters: {plan.dead:,} (activation.rpt_sync_deliveries; --retry-dead)"
        )


def _show_report(console: Console, found: Synced) -> None:
    report = found.report
    if report.created:
        _warn(console, f"records that were not there, and were made: {report.created:,}")
    for record, error in list(report.refused.items())[:SHOWN_REFUSALS]:
        _warn(console, f"refused, {record}: {error}")
    if len(report.refused) > SHOWN_REFUSALS:
        _warn(console, f"and {len(report.refused) - SHOWN_REFUSALS:,} more were refused")
    if report.died:
        _warn(console, f"of these, dead letters now: {report.died:,}")


def _warn(console: Console, line: str) -> None:
    console.print(Text("! ", style="yellow") + Text(line))
