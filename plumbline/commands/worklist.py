"""Shows the worklist of the last published night, and writes it as CSV or Excel."""

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
from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.night.figures import read_cut
from plumbline.night.summary import money
from plumbline.store.connections import open_published
from plumbline.store.list_files import write_files
from plumbline.terminal import make_console, shown

NOBODY = "unassigned"
LISTED = f"""
    select
        coalesce(csm_id, '{NOBODY}') as csm_id, list_rank, account_id, account_name, risk_tier,
        round(churn_probability, 4) as churn_probability, round(arr_usd, 2) as arr_usd,
        expected_saved_usd, renewal_date, last_contact_date, playbook, next_step, why_now,
        reason_1, reason_2, reason_3
    from risk.rpt_at_risk_accounts
    where is_on_worklist
    order by csm_id = '{NOBODY}', csm_id, list_rank
"""
STATUSES = """
    select worklist_status, count(*) from risk.rpt_at_risk_accounts
    where not is_on_worklist group by all order by 2 desc, 1
"""
# From this width on there is room for all that the table can show.
WIDE = 120


@click.command()
@click.option("--csm", metavar="ID", help="The list of this manager alone.")
@file_options
@source_options(with_date=False)
def worklist(
    csm: str | None, csv_file: Path | None, xlsx_file: Path | None, source: str, raw: str | None
) -> None:
    """Show the worklist of the last published night.

    Each manager's accounts, the first to call first, with the first reason, what has changed within
    a month, and what to do. The files have all columns; a text that a spreadsheet would take for a
    formula begins with an apostrophe.

    \b
    Examples:
      plumbline worklist
      plumbline worklist --csm 005A --csv tuesday.csv
      plumbline worklist --xlsx all.xlsx
    """
    settings, console = load_settings(source, raw), make_console()
    with open_published(settings) as connection:
        found = connection.sql(LISTED)
        names, rows = found.columns, found.fetchall()
        of_night = connection.execute(
            "select max(as_of_date) from risk.rpt_at_risk_accounts"
        ).fetchone()
        if csm is not None:
            rows = rows_of(csm, rows, f"no account of manager {csm} is on the worklist")
        console.print(_headline(of_night, rows), markup=False)
        for line in read_cut(connection) if rows else (_nobody(connection),):
            console.print(line, markup=False)
    title = f"worklist {of_night[0] if of_night else ''}"
    for file in write_files(csv_file, xlsx_file, title, names, rows):
        console.print(f"All of them with all columns: {shown(file)}", markup=False)
    _show(console, names, rows)


def rows_of(person: str, rows: Sequence[tuple[Any, ...]], nobody: str) -> list[tuple[Any, ...]]:
    """Rows of a list whose first column is a person; all rows of an empty list.

    Raises
    ------
    UserError
        With the words of ``nobody``, and those who have rows.
    """
    if rows and person not in {row[0] for row in rows}:
        known = ", ".join(dict.fromkeys(row[0] for row in rows))
        raise UserError(nobody, f"with a list: {known}")
    return [row for row in rows if row[0] == person]


def _headline(of_night: tuple[Any, ...] | None, rows: Sequence[Any]) -> str:
    managers = counted(len({row[0] for row in rows} - {NOBODY}), "manager")
    line = f"Worklist of {of_night[0] if of_night else 'no night'}: {counted(len(rows), 'account')}"
    return f"{line}, {managers}."


def counted(number: int, what: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "account"), counted(1200, "account")
    ('1 account', '1,200 accounts')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _nobody(connection: duckdb.DuckDBPyConnection) -> str:
    reasons = ", ".join(f"{status} {n:,}" for status, n in connection.execute(STATUSES).fetchall())
    return f"Nobody is on it: {reasons or 'nobody was scored'}."


def _show(console: Console, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    show = _table if console.width >= WIDE else _lines
    for manager, listed in groupby(rows, key=lambda row: row[0]):
        console.print()
        console.print(Text(manager, style="bold"))
        show(console, [dict(zip(names, row, strict=True)) for row in listed])


def _table(console: Console, listed: Sequence[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("#", "account"):
        table.add_column(head, no_wrap=True, justify="right" if head == "#" else "left")
    for head in ("churn in 60 d", "ARR", "renewal", "may save", "last contact"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("first reason, what has changed, and what to do")
    for said in listed:
        table.add_row(
            str(said["list_rank"]),
            Text(said["account_name"] or said["account_id"]),
            f"{said['churn_probability']:.1%}",
            money(float(said["arr_usd"])),
            _day(said["renewal_date"]),
            money(float(said["expected_saved_usd"])),
            _day(said["last_contact_date"]),
            Text("\n".join(_why(said))),
        )
    console.print(table)


def _lines(console: Console, listed: Sequence[dict[str, Any]]) -> None:
    """An account in lines, where a column of reasons would be too narrow to read."""
    for said in listed:
        facts = [
            f"churn in 60 d {said['churn_probability']:.1%}",
            f"ARR {money(float(said['arr_usd']))}",
            f"renews {_day(said['renewal_date'])}" if said["renewal_date"] else "",
            f"last contact {_day(said['last_contact_date'])}" if said["last_contact_date"] else "",
        ]
        name = Text(f"{said['list_rank']:>3}  {said['account_name'] or said['account_id']}", "bold")
        console.print(name)
        console.print(Padding(Text(" · ".join(filter(None, facts))), (0, 0, 0, 5)))
        for sentence in _why(said):
            console.print(Padding(Text(sentence, "dim"), (0, 0, 0, 5)))


def _why(said: dict[str, Any]) -> list[str]:
    step = f"> {said['next_step']}" if said["next_step"] else None
    return [text for text in (said["reason_1"], said["why_now"], step) if text]


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
