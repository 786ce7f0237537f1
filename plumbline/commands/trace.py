"""Shows where a number comes from, down to the raw file and row."""

from __future__ import annotations

from datetime import date

import click

from plumbline.commands.options import Day, source_options
from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.terminal import make_console
from plumbline.trace.run import Tracer

FEATURE, SCORE = "feature", "score"


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="METRIC | feature NAME | score [TARGET]")
@click.option("--period", metavar="P", help="Of a metric: 2026-01-31, 2026-01, 2026-Q1 or 2026.")
@click.option("--cut", metavar="DIM=VALUE", help="Of a metric: by one dimension, by month.")
@click.option("--account", metavar="ID", help="The account whose rows are shown.")
@click.option("--date", "day", type=Day(), metavar="D", help="Of a feature or a score: the date.")
@click.option(
    "--rows",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    metavar="N",
    help="Rows shown of each step; totals are of all.",
)
@click.option("--tests", is_flag=True, help="Name the tests between facts and staging, too.")
@click.option("--personal", is_flag=True, help="Show columns that may lead to a person, too.")
@source_options(with_date=False)
def trace(
    what: tuple[str, ...],
    period: str | None,
    cut: str | None,
    account: str | None,
    day: date | None,
    rows: int,
    tests: bool,
    personal: bool,
    source: str,
    raw: str | None,
) -> None:
    """Show where a number comes from, down to the raw row.

    The rows of the facts are added up to the value again, ratios side by side, an AUC pair by
    pair, and each step is shown with the tests that guard it. Without --account the rows below the
    facts are those of the account that weighs most. Below the published facts it reads the private
    file, where that is there and no night is at work. Writes nothing; exit code 1 where the rows do
    not give the number.

    \b
    Examples:
      plumbline trace mrr --period 2026-01 --cut segment=Enterprise
      plumbline trace csat --period 2026-Q1 --account 001A
      plumbline trace feature avg_dau_30d --account 001A --date 2026-02-28
      plumbline trace score churn --account 001A --date 2026-02-28
    """
    tracer = Tracer(load_settings(source, raw), make_console(), rows, personal, tests)
    kind, names = what[0], what[1:]
    if kind in (FEATURE, SCORE):
        if (
            period
            or cut
            or not account
            or not day
            or len(names) > 1
            or (kind == FEATURE and not names)
        ):
            raise UserError(
                f"a {kind} is traced of an account at a date",
                f"plumbline trace {kind} {names[0] if names else 'NAME'} --account ID --date D",
            )
        if kind == FEATURE:
            tracer.feature(names[0], account, day)
        else:
            tracer.score(names[0] if names else "churn", account, day)
        return
    if names or day or not period:
        raise UserError(
            "a metric is traced in a period", f"plumbline trace {kind} --period 2026-01"
        )
    tracer.value(kind, period, cut, account)
