"""Shows the worklist of the last published night, and writes it as CSV."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.night.summary import money
from plumbline.store.connections import open_published
from plumbline.terminal import make_console, shown

NOBODY = "unassigned"
LISTED = f"""
    select
        coalesce(csm_id, '{NOBODY}') as csm_id, list_rank, account_id, account_name, risk_tier,
        round(churn_probability, 4) as churn_probability, round(arr_usd, 2) as arr_usd,
        expected_saved_usd, renewal_date, reason_1, reason_2, reason_3
    from risk.rpt_at_risk_accounts
    where is_on_worklist
    order by csm_id = '{NOBODY}', csm_id, list_rank
"""
RULE = """
    select rule_name, source from reference.worklist_rules where kind = 'list' and is_in_use
"""
LEFT_OUT = """
    select coalesce(account_name, account_id), churn_probability, worklist_status
    from risk.rpt_at_risk_accounts
    where risk_rank = 1 and not is_on_worklist
"""
STATUSES = """
    select worklist_status, count(*) from risk.rpt_at_risk_accounts
    where not is_on_worklist group by all order by 2 desc, 1
"""
# How a spreadsheet would take a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@click.command()
@click.option("--csm", metavar="ID", help="The list of this manager alone.")
@click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the list to this file, too.",
)
@source_options(with_date=False)
def worklist(csm: str | None, file: Path | None, source: str, raw: str | None) -> None:
    """Show the worklist of the last published night.

    Each manager's accounts, the first to call first, with what the first reason is. The file has
    all columns; a text that a spreadsheet would take for a formula begins with an apostrophe.

    \b
    Examples:
      plumbline worklist
      plumbline worklist --csm 005A --csv tuesday.csv
    """
    settings, console = load_settings(source, raw), make_console()
    with open_published(settings) as connection:
        found = connection.sql(LISTED)
        names, rows = found.columns, found.fetchall()
        of_night = connection.execute(
            "select max(as_of_date) from risk.rpt_at_risk_accounts"
        ).fetchone()
        if csm is not None:
            rows = _of(csm, rows)
        console.print(_headline(connection, of_night, rows), markup=False)
        for line in _left_out(connection, bool(rows)):
            console.print(line, markup=False)
    if file is not None:
        write(file, names, rows)
        console.print(f"All of them with all columns: {shown(file)}", markup=False)
    _show(console, names, rows)


def _of(csm: str, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if rows and csm not in {row[0] for row in rows}:
        known = ", ".join(dict.fromkeys(row[0] for row in rows))
        raise UserError(f"no account of manager {csm} is on the worklist", f"with a list: {known}")
    return [row for row in rows if row[0] == csm]


def _headline(
    connection: duckdb.DuckDBPyConnection, of_night: tuple[Any, ...] | None, rows: Sequence[Any]
) -> str:
    managers = counted(len({row[0] for row in rows} - {NOBODY}), "manager")
    line = f"Worklist of {of_night[0] if of_night else 'no night'}: {counted(len(rows), 'account')}"
    rules = connection.execute(RULE).fetchall()
    return f"{line}, {managers}. " + " ".join(f"Rule {name}: {words}." for name, words in rules)


def counted(number: int, what: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "account"), counted(1200, "account")
    ('1 account', '1,200 accounts')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _left_out(connection: duckdb.DuckDBPyConnection, has_list: bool) -> Iterable[str]:
    if not has_list:
        reasons = ", ".join(
            f"{status} {n:,}" for status, n in connection.execute(STATUSES).fetchall()
        )
        yield f"Nobody is on it: {reasons or 'nobody was scored'}."
        return
    riskiest = connection.execute(LEFT_OUT).fetchone()
    if riskiest:
        name, probability, status = riskiest
        yield f"The riskiest account, {name} ({probability:.1%}), is not on it: {status}."


def _show(console: Console, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    place = {name: number for number, name in enumerate(names)}
    for manager, listed in groupby(rows, key=lambda row: row[0]):
        table = Table(title=manager, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for head in ("#", "account"):
            table.add_column(head, no_wrap=True, justify="right" if head == "#" else "left")
        for head in ("churn in 60 d", "ARR", "renewal"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("first reason")
        for row in listed:
            renewal = row[place["renewal_date"]]
            table.add_row(
                str(row[place["list_rank"]]),
                row[place["account_name"]] or row[place["account_id"]],
                f"{row[place['churn_probability']]:.1%}",
                money(float(row[place["arr_usd"]])),
                "" if renewal is None else renewal.isoformat(),
                row[place["reason_1"]] or "",
            )
        console.print(table)


def write(file: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV, in one step; texts that a spreadsheet would calculate begin with `'`.

    Raises
    ------
    UserError
        The file cannot be written.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows([cell(value) for value in row] for row in rows)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserError(
            f"{file} cannot be written ({error.strerror})", "give another --csv"
        ) from None


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> cell("=HYPERLINK(A1)"), cell("Acme"), cell(-3.5), cell(None)
    ("'=HYPERLINK(A1)", 'Acme', -3.5, None)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
