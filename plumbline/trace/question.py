"""What is asked for: a value of the catalogue, by its metric, period, cut and account."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from plumbline.errors import UserError

PERIODS = {
    "day": re.compile(r"(\d{4})-(\d\d)-(\d\d)"),
    "month": re.compile(r"(\d{4})-(\d\d)"),
    "quarter": re.compile(r"(\d{4})-?[qQ]([1-4])"),
    "year": re.compile(r"(\d{4})"),
}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
FORMS = "a day 2026-01-31, a month 2026-01, a quarter 2026-Q1 or a year 2026"


@dataclass(frozen=True)
class Period:
    """A period `[start, end)` of a grain."""

    grain: str
    start: date
    end: date

    @property
    def last_month(self) -> date:
        """First day of its last month; of a day, the day."""
        return self.start if self.grain == "day" else _add_months(self.end, -1)

    def __str__(self) -> str:
        """As it is asked for."""
        if self.grain == "day":
            return self.start.isoformat()
        if self.grain == "quarter":
            return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        return f"{self.start:%Y-%m}" if self.grain == "month" else f"{self.start.year}"


@dataclass(frozen=True)
class Question:
    """A value of the catalogue, and of whom it is to be told.

    Attributes
    ----------
    dimension, cut : str
        `total` where it is not cut.
    account : str or None
        The account whose rows are shown; None for those that weigh most.
    """

    metric: str
    period: Period
    dimension: str = "total"
    cut: str = "total"
    account: str | None = None


@dataclass(frozen=True)
class Value:
    """A row of `catalogue.metric_values`, with what the catalogue says of its metric."""

    value: float | None
    numerator: float | None
    denominator: float | None
    label: str
    description: str
    unit: str
    formula: str
    version: int
    guarding_tests: tuple[str, ...]


def read_period(text: str) -> Period:
    """Read a period.

    Raises
    ------
    UserError
        It is none.

    Examples
    --------
    >>> str(read_period("2026-q1")), read_period("2026-02").end.isoformat()
    ('2026-Q1', '2026-03-01')
    """
    for grain, form in PERIODS.items():
        found = form.fullmatch(text.strip())
        if not found:
            continue
        numbers = [int(number) for number in found.groups()]
        if grain == "quarter":
            numbers[1] = numbers[1] * 3 - 2
        try:
            start = date(*(numbers + [1, 1])[:3])
        except ValueError:
            break
        if grain == "day":
            return Period(grain, start, start + timedelta(days=1))
        return Period(grain, start, _add_months(start, MONTHS[grain]))
    raise UserError(f"'{text}' is no period", f"give {FORMS}")


def _add_months(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def ask(
    connection: duckdb.DuckDBPyConnection,
    metric: str,
    period: str,
    cut: str | None,
    account: str | None,
) -> tuple[Question, Value]:
    """The question, and the published value that it is about.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the published file.
    cut : str or None
        `DIMENSION=VALUE`.

    Raises
    ------
    UserError
        There is no such metric, period, cut or account.
    """
    known = dict(
        connection.execute("select metric_name, grains from catalogue.metrics_catalogue").fetchall()
    )
    if metric not in known:
        raise UserError(f"there is no metric '{metric}'", f"did you mean {near(metric, known)}?")
    asked = read_period(period)
    if asked.grain not in known[metric].split(", "):
        raise UserError(
            f"{metric} has no value by {asked.grain}",
            f"it has one by {known[metric]}: give {FORMS}",
        )
    dimension, value = _read_cut(connection, metric, asked, cut)
    require_account(connection, account)
    question = Question(metric, asked, dimension, value, account)
    return question, _published(connection, question)


def near(name: str, known: Iterable[str]) -> str:
    """The names that a misspelt one may have meant."""
    listed = sorted(known)
    found = difflib.get_close_matches(name, listed, n=4, cutoff=0.5)
    found = found or [one for one in listed if name in one][:4] or listed[:4]
    return ", ".join(found)


def require_account(connection: duckdb.DuckDBPyConnection, account: str | None) -> None:
    """Check that an account is known.

    Raises
    ------
    UserError
        It is not.
    """
    if account is None:
        return
    if not connection.execute(
        "select 1 from core.dim_accounts where account_id = ?", [account]
    ).fetchone():
        some = connection.execute(
            "select account_id from core.dim_accounts"
            " order by jaro_winkler_similarity(account_id, ?) desc, account_id limit 3",
            [account],
        ).fetchall()
        raise UserError(
            f"there is no account '{account}'",
            f"ids are those of the CRM, such as {', '.join(one for (one,) in some)}",
        )


def _read_cut(
    connection: duckdb.DuckDBPyConnection, metric: str, period: Period, cut: str | None
) -> tuple[str, str]:
    if cut is None:
        return "total", "total"
    dimension, sign, value = cut.partition("=")
    allowed = connection.execute(
        "select allowed_dimensions from catalogue.metrics_catalogue where metric_name = ?",
        [metric],
    ).fetchone()
    known = [one for one in (allowed[0] if allowed else "").split(", ") if one]
    if not known:
        raise UserError(f"{metric} is not cut by anything", "leave --cut out")
    if not sign or dimension not in known:
        raise UserError(
            f"{metric} has no cut '{cut}'", f"give one of {', '.join(known)}, as segment=VALUE"
        )
    if period.grain != "month":
        raise UserError("cuts exist by month alone", "give a month, such as --period 2026-01")
    values = [
        one
        for (one,) in connection.execute(
            "select distinct dimension_value from catalogue.metric_values"
            " where metric_name = ? and dimension_name = ? and period_start_date = ?",
            [metric, dimension, period.start],
        ).fetchall()
    ]
    if values and value not in values:
        raise UserError(f"no {dimension} is '{value}'", f"there are {near(value, values)}")
    return dimension, value


def _published(connection: duckdb.DuckDBPyConnection, question: Question) -> Value:
    name, period = question.metric, question.period
    row = connection.execute(
        "select value, numerator, denominator, label, description, unit, formula, version,"
        " guarding_tests from catalogue.metric_values join catalogue.metrics_catalogue"
        " using (metric_name) where metric_name = ? and grain = ? and period_start_date = ?"
        " and dimension_name = ? and dimension_value = ?",
        [name, period.grain, period.start, question.dimension, question.cut],
    ).fetchone()
    if row is None:
        span: tuple[Any, ...] = connection.execute(
            "select min(period_start_date), max(period_start_date) from catalogue.metric_values"
            " where metric_name = ? and grain = ?",
            [name, period.grain],
        ).fetchall()[0]
        remedy = (
            f"published are those that begin from {span[0]} to {span[1]}"
            if span[0]
            else "nothing of it is published by that grain yet: none is over and settled"
        )
        raise UserError(f"{name} has no published value of {period.grain} {period}", remedy)
    return Value(*row[:-1], tuple(row[-1].split(", ")))
