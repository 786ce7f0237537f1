"""What a run found, as a manager reads it: figures first, then the first ten of the worklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plumbline.night.figures import (
    Account,
    Contradiction,
    FixedCut,
    Invoiced,
    Label,
    ModelQuality,
    Outlook,
    Standing,
)
from plumbline.night.gate import Check, InputCheck, plain
from plumbline.night.restatements import Restated
from plumbline.terminal import shown

SHOWN_CONTRADICTIONS = 3


@dataclass(frozen=True)
class Summary:
    """What the end of `plumbline nightly` prints."""

    source: str
    as_of: date
    run_id: str
    scored: int
    flagged: int
    fixed_cut: FixedCut
    arr_usd: float
    arr_at_risk_usd: float
    first_accounts: tuple[Account, ...]
    cut: tuple[str, ...]
    model: ModelQuality | None
    label: str
    labels: tuple[Label, ...]
    contradictions: tuple[Contradiction, ...]
    invoiced: Invoiced | None
    is_trusted: bool
    input_checks: tuple[InputCheck, ...]
    gate_checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    published_file: Path
    site: Path | None
    seconds: Mapping[str, float] = field(default_factory=dict)
    alerts: tuple[Standing, ...] = ()
    outlook: Outlook | None = None
    restated: Restated | None = None


def print_summary(summary: Summary, console: Console) -> None:
    """Print the summary; fits 80 columns and uses more where there are more."""
    console.print()
    console.rule(
        Text(f"Plumbline · {summary.source} · as of {summary.as_of}", style="bold"), align="left"
    )
    figures = _grid()
    if summary.model is None:
        figures.add_row("Accounts scored", "none")
    else:
        figures.add_row("Accounts scored", f"{summary.scored:,}")
        fixed = summary.fixed_cut
        beside = f"a fixed cut at {fixed.threshold:g} would flag {fixed.flagged:,}"
        figures.add_row("On the worklist", f"{summary.flagged:,} ({beside})")
        figures.add_row(
            "ARR at risk", f"{money(summary.arr_at_risk_usd)} of {money(summary.arr_usd)}"
        )
        figures.add_row("Model", _model_line(summary.model))
    if summary.outlook is not None:
        for label, line in outlook_lines(summary.outlook):
            figures.add_row(label, line)
    figures.add_row("Learnt from", _labels_line(summary))
    if summary.contradictions:
        figures.add_row("Wrong in the input", _contradictions_line(summary.contradictions))
    if summary.invoiced:
        figures.add_row("Explained by invoices", _invoiced_line(summary.invoiced))
    if summary.restated:
        figures.add_row("Restated", _restated_line(summary.restated))
    if summary.alerts:
        figures.add_row("Alerts that stand", _alerts_line(summary.alerts))
    console.print(figures)
    if summary.is_trusted:
        console.print(_accounts_table(summary))
        for line in summary.cut if summary.flagged else ():
            console.print(Text(line))
    for warning in summary.warnings:
        console.print(Text("! ", style="yellow") + Text(warning))
    console.print(_checks_table(summary))
    places = _grid()
    places.add_row("Published", shown(summary.published_file))
    places.add_row("Docs site", shown(summary.site) if summary.site else "left as it was")
    places.add_row("Run", summary.run_id)
    total = sum(summary.seconds.values())
    stages = ", ".join(
        f"{title[0].lower()}{title[1:]} {seconds:.1f}" for title, seconds in summary.seconds.items()
    )
    places.add_row("Seconds", f"{total:.1f} in all: {stages}")
    console.print(places)


def _grid() -> Table:
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _model_line(model: ModelQuality) -> str:
    if model.auc is None:
        return f"{model.version} ({model.kind}), not judged yet"
    interval = f"{model.lower:.3f} to {model.upper:.3f}" if model.lower is not None else "unknown"
    return f"{model.version} ({model.kind}), test AUC {model.auc:.3f} (95% {interval})"


def outlook_lines(outlook: Outlook) -> Iterator[tuple[str, str]]:
    """A line for the index and one for the forecast, of what is known.

    Examples
    --------
    >>> list(outlook_lines(Outlook(48.8, 44.5, "gross_retention", 2.0, 60, 3.1e7, 0.8, 3e7, 3.2e7)))
    [('Revenue health', '48.8 of 100, 44.5 a month before (gross retention +2.0)'), \
('ARR ahead', '$31.0M in 60 days, 80% between $30.0M and $32.0M')]
    >>> list(outlook_lines(Outlook(48.8, None, None, None, None, None, None, None, None)))
    [('Revenue health', '48.8 of 100')]
    """
    if outlook.index is not None:
        line = f"{outlook.index:.1f} of 100"
        if outlook.index_before is not None:
            line += f", {outlook.index_before:.1f} a month before"
            if outlook.driver is not None and outlook.driver_points:
                line += f" ({outlook.driver.replace('_', ' ')} {outlook.driver_points:+.1f})"
        yield "Revenue health", line
    if outlook.expected_usd is not None:
        line = f"{money(outlook.expected_usd)} in {outlook.days} days"
        if outlook.share is not None and outlook.lower_usd is not None:
            ends = f"{money(outlook.lower_usd)} and {money(outlook.upper_usd or 0)}"
            line += f", {outlook.share:.0%} between {ends}"
        yield "ARR ahead", line


def _labels_line(summary: Summary) -> str:
    counts = {
        label.name: f"{label.name} ({label.positives:,} of {label.examples:,} examples)"
        for label in summary.labels
    }
    line = counts.pop(summary.label, f"{summary.label} (no positive example)")
    return line + (f"; not from {', '.join(counts.values())}" if counts else "")


def _contradictions_line(found: tuple[Contradiction, ...]) -> str:
    largest = ", ".join(
        f"{one.rule} {one.failing:,} of {one.checked:,}" for one in found[:SHOWN_CONTRADICTIONS]
    )
    more = len(found) - SHOWN_CONTRADICTIONS
    rest = f" and {more} more rules" if more > 0 else ""
    return f"{largest}{rest} (quality.rpt_source_contradictions)"


def _invoiced_line(invoiced: Invoiced) -> str:
    line = f"{invoiced.share:.1%} of MRR"
    if not invoiced.accounts:
        return line
    accounts = "1 account" if invoiced.accounts == 1 else f"{invoiced.accounts:,} accounts"
    rest = f"{money(invoiced.unexplained_usd)} a month of {accounts} is not"
    return f"{line}; {rest} (revenue.rpt_mrr_against_invoices)"


def _restated_line(restated: Restated) -> str:
    count = "1 closed value" if restated.count == 1 else f"{restated.count:,} closed values"
    values = (
        "none" if value is None else f"{value:,.6g}"
        for value in (restated.old_value, restated.new_value)
    )
    largest = f"{restated.label}, {restated.grain} {restated.period_start_date}"
    line = f"{count}, largest: {largest}, {' to '.join(values)} {restated.unit}"
    line += f" ({', '.join(restated.causes)})"
    if restated.unexplained:
        line += f"; {restated.unexplained:,} not explained"
    return f"{line} (catalogue.metric_restatements)"


def _alerts_line(alerts: tuple[Standing, ...]) -> str:
    told = (
        f"{one.severity}: {one.incident}"
        + ("" if one.target == "none" else f" ({one.target})")
        + f", {one.count:,} since {one.since}"
        for one in alerts
    )
    return f"{'; '.join(told)} (monitoring.rpt_alerts)"


def _accounts_table(summary: Summary) -> Table:
    count = len(summary.first_accounts)
    title = f"Worklist, the first {count} of {summary.flagged:,}"
    if not summary.flagged:
        title = f"Nobody is on the worklist; the {count} riskiest accounts"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("account", no_wrap=True)
    table.add_column("churn in 60 d", justify="right", no_wrap=True)
    table.add_column("ARR", justify="right", no_wrap=True)
    table.add_column("first reason")
    for row in summary.first_accounts:
        table.add_row(
            str(row.rank), row.account, f"{row.probability:.1%}", money(row.arr_usd), row.reason
        )
    return table


def _checks_table(summary: Summary) -> Table:
    table = Table(title="Quality gates", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("check")
    table.add_column("measured", justify="right")
    table.add_column("limit", justify="right")
    for check in summary.input_checks:
        mark = "ok" if check.is_passed else check.severity
        table.add_row(_mark(mark), check.title, plain(check.measured), check.bound)
    for gate_check in summary.gate_checks:
        mark = "ok" if gate_check.is_passed else "error"
        table.add_row(_mark(mark), gate_check.name, gate_check.measured, gate_check.limit)
    return table


def _mark(word: str) -> Text:
    return Text(word, style={"ok": "green", "warn": "yellow"}.get(word, "red"))


def money(amount: float) -> str:
    """US dollars as people read them: $1.2M, $340K, $95."""
    for limit, unit in ((1e6, "M"), (1e3, "K")):
        if abs(amount) >= limit:
            return f"${amount / limit:,.1f}{unit}"
    return f"${amount:,.0f}"
