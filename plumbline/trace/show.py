"""Prints a trace, step by step, in a terminal of any width."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plumbline.trace.facts import Fact, Sums
from plumbline.trace.features import TracedFeature
from plumbline.trace.lineage import Step
from plumbline.trace.question import Question, Value
from plumbline.trace.rows import StagingRows
from plumbline.trace.scores import TracedScore

SHOWN_TESTS = 2
INDENT = (0, 0, 0, 2)


def plain(value: Any) -> str:
    """A value as people read it.

    Examples
    --------
    >>> plain(Decimal("1234.500000000000")), plain(None), plain(0.0001234567)
    ('1,234.5', '-', '0.000123457')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int | date):
        return f"{value:,}" if isinstance(value, int) else value.isoformat()
    if isinstance(value, float | Decimal):
        number = float(value)
        if number and abs(number) < 1:
            return f"{number:.6g}"
        return f"{number:,.6f}".rstrip("0").rstrip(".")
    return " ".join(str(value).split())


def counted(number: int, what: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def show_value(console: Console, question: Question, value: Value, run: tuple[str, date]) -> None:
    """The value that is traced, and what it means."""
    cut = "total" if question.dimension == "total" else f"{question.dimension} {question.cut}"
    name = f"{question.metric} · {question.period.grain} {question.period} · {cut}"
    console.print(Text(name, style="bold"))
    _line(console, f"{value.label}: {value.description}")
    shown = f"{plain(value.value)} {value.unit}" if value.value is not None else "no value (NULL)"
    if value.denominator is not None:
        shown += f" = {plain(value.numerator)} / {plain(value.denominator)}"
    console.print(Padding(Text(shown, style="bold green"), INDENT))
    _line(console, f"{value.formula}   (version {value.version})")
    _line(console, f"published by run {run[0]}, as of {run[1]}; catalogue.metric_values")
    _tests(console, value.guarding_tests)


def show_facts(console: Console, question: Question, value: Value, sums: Sums) -> None:
    """The facts, and how their rows give the value."""
    for fact in sums.facts:
        _show_fact(console, question, fact)
    if question.account is not None:
        told = f"of the account alone {plain(sums.value)}, of all {plain(sums.whole)}"
        _line(console, told)
    if sums.ranked:
        auc, churned, stayed = sums.ranked
        _line(
            console,
            f"counted pair by pair, {churned:,} that churned against {stayed:,} that stayed:"
            f" {plain(auc)}",
        )
    if sums.adds_up(value):
        console.print(
            Padding(Text(f"✓ the rows give {plain(sums.whole)}, the value", "green"), INDENT)
        )


def _show_fact(console: Console, question: Question, fact: Fact) -> None:
    head(console, "Fact", fact.relation)
    for part in fact.parts:
        amount = "no figure" if part.amount is None else plain(part.amount)
        _line(
            console,
            f"{part.measure.name} {amount}: sum of {part.measure.operand} over"
            f" {counted(part.rows, 'row')} of {counted(part.accounts, 'account')}",
        )
    show_rows(console, fact.names, fact.rows)
    _more(console, fact.count, len(fact.rows), "largest first")


def show_steps(
    console: Console, steps: Sequence[Step], fact: Step, is_every_test_named: bool
) -> None:
    """What guards a fact, and the models between it and staging."""
    if steps:
        head(console, "Between", f"{fact.relation} and staging, {counted(len(steps), 'model')}")
    for step in (fact, *steps):
        _line(console, f"{step.relation}: guarded by {counted(len(step.tests), 'test')}")
        for name in step.tests if is_every_test_named else ():
            console.print(Padding(Text(name, style="dim"), (0, 0, 0, 4)))


def show_staging(console: Console, found: StagingRows, account: str) -> None:
    """Rows of staging, each with its raw rows."""
    head(console, "Staging", f"{found.step.relation}, account {account}")
    _tests(console, found.step.tests)
    for row, raw in zip(found.rows, found.raw, strict=True):
        told = " · ".join(
            f"{name} {plain(one)}"
            for name, one in zip(found.names, row, strict=True)
            if one is not None and name != "account_id"
        )
        _line(console, told)
        for one in raw[:SHOWN_TESTS]:
            text = Text(f"raw {one.file} row {one.row:,} ({one.found_by})", style="cyan")
            console.print(Padding(text, (0, 0, 0, 4)))
        if len(raw) > SHOWN_TESTS:
            _dim(console, f"and {len(raw) - SHOWN_TESTS} more raw rows of this key")
        if not raw:
            _dim(console, "no raw row of this key is left in the raw folder")
    _more(console, found.count, len(found.rows), "newest first")
    if found.hidden and found.rows:
        _dim(console, f"not shown without --personal: {', '.join(found.hidden)}")


def show_feature(console: Console, traced: TracedFeature, account: str, day: date) -> None:
    """A feature and its inputs."""
    console.print(Text(f"{traced.name} · account {account} · {day}", style="bold"))
    shown = plain(traced.value) if traced.value is not None else "unknown (NULL)"
    console.print(Padding(Text(shown, style="bold green"), INDENT))
    _line(console, traced.expression)
    _line(console, "what had happened and was known before that day; features.feat_accounts_daily")
    for one in traced.inputs:
        where = "not recounted"
        if one.rows is not None:
            where = f"{counted(one.rows, 'row')} of {one.relation}"
        _line(console, f"{one.name} {plain(one.value)}: {where}")
    if traced.is_recomputed and traced.value is not None and traced.adds_up:
        mark = Text(f"✓ counted anew: {plain(traced.recomputed)}, the value", "green")
        console.print(Padding(mark, INDENT))
    elif not traced.is_recomputed:
        _dim(console, "an input is a state, which is not counted anew here; its rows stand below")


def show_score(console: Console, traced: TracedScore, target: str, account: str, day: date) -> None:
    """A score and its parts."""
    console.print(Text(f"{target} · account {account} · {day}", style="bold"))
    console.print(
        Padding(Text(f"probability {traced.probability:.2%}", style="bold green"), INDENT)
    )
    _line(console, f"log-odds {plain(traced.log_odds)}; model {traced.model_version}")
    _line(console, f"run {traced.run_id}; ml.predictions, ml.prediction_reasons")
    if not traced.is_explained:
        _dim(console, "its parts are not on file: not among the accounts that have reasons, or old")
        return
    rows: list[tuple[Any, ...]] = [("baseline", None, traced.baseline)]
    rows += [(name, value, part) for name, value, _, part in traced.parts if part]
    show_rows(console, ("part", "feature value", "log-odds"), rows)
    if idle := len(traced.parts) + 1 - len(rows):
        _dim(console, f"{idle:,} more features have no part in it")
    if traced.adds_up:
        mark = f"✓ baseline and parts give {plain(traced.summed)}, the log-odds"
        console.print(Padding(Text(mark, "green"), INDENT))
    first = traced.parts[0][0]
    _dim(console, f"on: plumbline trace feature {first} --account {account} --date {day}")


def head(console: Console, word: str, name: str) -> None:
    """The heading of a step."""
    console.print()
    console.print(Text.assemble((f"{word} ", "dim"), (name, "bold")))


def show_rows(console: Console, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows as a table, or as lines where a table would not fit."""
    if not rows:
        return
    cells = [[plain(one) for one in row] for row in rows]
    widths = [
        max(len(name), *(len(row[place]) for row in cells)) for place, name in enumerate(names)
    ]
    if sum(widths) + 2 * len(widths) > console.width:
        for row in cells:
            _line(console, " · ".join(f"{n} {c}" for n, c in zip(names, row, strict=True)))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(names):
        is_number = isinstance(rows[0][place], int | float | Decimal)
        table.add_column(name, no_wrap=True, justify="right" if is_number else "left")
    for row in cells:
        table.add_row(*(Text(one) for one in row))
    console.print(table)


def _tests(console: Console, tests: Sequence[str]) -> None:
    if tests:
        _dim(console, f"guarded by {_counted(tests)}")


def _counted(tests: Sequence[str]) -> str:
    shown = ", ".join(tests[:SHOWN_TESTS])
    more = len(tests) - SHOWN_TESTS
    return f"{counted(len(tests), 'test')}: {shown}" + (f" and {more} more" if more > 0 else "")


def _more(console: Console, count: int, shown: int, order: str) -> None:
    if count > shown:
        _dim(console, f"{shown:,} of {count:,} rows shown, {order} (--rows N)")


def _line(console: Console, text: str) -> None:
    console.print(Padding(Text(text), INDENT))


def _dim(console: Console, text: str) -> None:
    console.print(Padding(Text(text, style="dim"), INDENT))
