"""The backtest in the terminal, within 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from plumbline.backtest.wording import ROWS, shown, shown_interval
from plumbline.terminal import shown as shown_path


def print_summary(page: Path, figures: dict[str, Any], console: Console) -> None:
    """Print the figures, what they rest on, and where the page is."""
    nights = figures["nights"]
    table = Table(
        title=f"{figures['target']}: {len(nights)} nights, {nights[0]['as_of_date']} to"
        f" {nights[-1]['as_of_date']}, {figures['matured_nights']} with known outcomes",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("what")
    for name in ("figure", f"{figures['confidence']:.0%} interval", "without a model"):
        table.add_column(name, justify="right")
    for row in ROWS:
        if row.name in figures["figures"]:
            found = figures["figures"][row.name]
            table.add_row(
                row.label,
                shown(found["value"], row.unit),
                shown_interval(found, row.unit),
                row.baseline(figures),
            )
    console.print(table)
    if "revenue_saved_usd" in figures["figures"]:
        assumed = figures["assumption"]
        console.print(
            f"Revenue saved assumes that a team keeps {assumed['central_value']:.0%}"
            f" ({assumed['low_value']:.0%} to {assumed['high_value']:.0%}) of the ARR it is warned"
            " of in time; its range takes both ends of both. seeds/reference:"
            " worklist_rules.csv (save_effect), backtest_assumptions.csv",
            markup=False,
        )
    if not figures["matured_nights"]:
        console.print(
            f"No outcome is known yet: it takes {figures['embargo_days']} days. Begin earlier.",
            markup=False,
        )
    console.print(f"page: {shown_path(page)}", markup=False, soft_wrap=True)
