"""Shows the lead board of the last published night, and writes it as CSV or Excel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import duckdb
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plumbline.commands.options import file_options, source_options
from plumbline.commands.worklist import NOBODY, WIDE, counted, rows_of
from plumbline.config import load_settings
from plumbline.night.summary import money
from plumbline.store.connections import open_published
from plumbline.store.list_files import write_files
from plumbline.terminal import make_console, shown

LISTED = f"""
    select
        coalesce(owner_id, '{NOBODY}') as owner_id, list_rank, account_id, account_name,
        colour_band, round(probability, 4) as probability, round(lift, 2) as lift, value_usd,
        expected_value_usd, reason, evidence
    from activation.rpt_lead_board
    where is_on_list and target = ?
    order by owner_id = '{NOBODY}', owner_id, list_rank
"""
STATUSES = """
    select lead_status, count(*) from activation.rpt_lead_board
    where not is_on_list and target = ? group by all order by 2 desc, 1
"""
STYLES = {"green": "green", "amber": "yellow", "grey": "dim"}


@click.command()
@click.option(
    "--target",
    type=click.Choice(["expansion", "conversion"]),
    default="expansion",
    show_default=True,
    help="Paying accounts that may expand, or trials that may turn paid.",
)
@click.option("--owner", metavar="ID", help="The list of this owner alone.")
@file_options
@source_options(with_date=False)
def leads(
    target: str,
    owner: str | None,
    csv_file: Path | None,
    xlsx_file: Path | None,
    source: str,
    raw: str | None,
) -> None:
    """Show the lead board of the last published night.

    Each owner's accounts, by what is expected of them: probability times what came with others. An
    account on the worklist of churn is not sold more; `activation.rpt_lead_board` has everybody,
    with why not.

    \b
    Examples:
      plumbline leads
      plumbline leads --target conversion --csv trials.csv
      plumbline leads --owner 005A --xlsx monday.xlsx
    """
    settings, console = load_settings(source, raw), make_console()
    with open_published(settings) as connection:
        found = connection.execute(LISTED, [target])
        names = [column[0] for column in found.description]
        rows = found.fetchall()
        (night,) = connection.execute(
            "select max(as_of_date) from activation.rpt_lead_board where target = ?", [target]
        ).fetchone() or (None,)
        if owner is not None:
            rows = rows_of(owner, rows, f"no lead of owner {owner} is on the list")
        for line in _headline(connection, target, night, rows):
            console.print(line, markup=False)
    for file in write_files(csv_file, xlsx_file, f"{target} {night or ''}", names, rows):
        console.print(f"All of them with all columns: {shown(file)}", markup=False)
    show = _table if console.width >= WIDE else _lines
    for name, listed in groupby(rows, key=lambda row: row[0]):
        console.print()
        console.print(Text(name, style="bold"))
        show(console, [dict(zip(names, row, strict=True)) for row in listed])


def _headline(
    connection: duckdb.DuckDBPyConnection, target: str, night: date | None, rows: Sequence[Any]
) -> tuple[str, ...]:
    if night is None:
        why = "targets_off in plumbline.toml, or too few cases to learn from"
        return (f"Leads ({target}): 0 accounts; nobody was scored for it ({why}).",)
    owners = counted(len({row[0] for row in rows} - {NOBODY}), "owner")
    found = connection.execute(STATUSES, [target]).fetchall()
    reasons = ", ".join(f"{status} {count:,}" for status, count in found)
    return (
        f"Leads ({target}) of {night}: {counted(len(rows), 'account')}, {owners}.",
        f"Not on it: {reasons or 'nobody else was scored'}.",
    )


def _table(console: Console, listed: Sequence[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("#", "account", "colour"):
        table.add_column(head, no_wrap=True, justify="right" if head == "#" else "left")
    for head in ("probability", "brings", "expected"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("what raises the odds, and what is seen")
    for said in listed:
        table.add_row(
            str(said["list_rank"]),
            Text(said["account_name"] or said["account_id"]),
            Text(said["colour_band"], STYLES[said["colour_band"]]),
            f"{said['probability']:.1%}",
            _money(said["value_usd"]),
            _money(said["expected_value_usd"]),
            Text("\n".join(_why(said))),
        )
    console.print(table)


def _lines(console: Console, listed: Sequence[dict[str, Any]]) -> None:
    """An account in lines, where a column of reasons would be too narrow to read."""
    for said in listed:
        console.print(
            Text(f"{said['list_rank']:>3}  {said['account_name'] or said['account_id']}", "bold")
        )
        facts = (
            f"{said['colour_band']} · probability {said['probability']:.1%} · brings"
            f" {_money(said['value_usd'])} · expected {_money(said['expected_value_usd'])}"
        )
        console.print(Padding(Text(facts), (0, 0, 0, 5)))
        for sentence in _why(said):
            console.print(Padding(Text(sentence, "dim"), (0, 0, 0, 5)))


def _why(said: dict[str, Any]) -> list[str]:
    return [text for text in (said["reason"], said["evidence"]) if text]


def _money(amount: Any) -> str:
    return "unknown" if amount is None else money(float(amount))
