"""The summary of a night: it fits, and shows the list that is in use."""

from __future__ import annotations

import io
from datetime import date

import duckdb
import pytest
from conftest import ROOT
from rich.console import Console

from pipeline.figures import (
    Account,
    Contradiction,
    FixedCut,
    Label,
    ModelQuality,
    read_figures,
)
from pipeline.gate import Check, InputCheck
from pipeline.summary import Summary, print_summary


def summary(
    is_trusted: bool = True, warnings: tuple[str, ...] = (), flagged: int = 240
) -> Summary:
    reason = "daily active users fell 42% in 30 days, and nobody has logged in for 12 days"
    return Summary(
        source="demo",
        as_of=date(2026, 2, 28),
        run_id="20260228T0-20260301T020000Z-1a2b",
        scored=4187,
        flagged=flagged,
        fixed_cut=FixedCut(0.65, 3),
        arr_usd=48_300_000.0,
        arr_at_risk_usd=1_240_000.0,
        first_accounts=tuple(
            Account(rank, f"001CF793ce4eb{rank:02d}", 0.31, 125_000.0, reason)
            for rank in range(1, 11)
        ),
        model=ModelQuality("churn-20260228-0599376a", "additive_boosting", 0.7, 0.62, 0.78, 60),
        label="vendor_churned_within_60d",
        labels=(
            Label("churned_within_60d", 5, 6145),
            Label("vendor_churned_within_60d", 1141, 6991),
        ),
        contradictions=tuple(
            Contradiction(f"rule_{number}", 100 - number, 1000) for number in range(5)
        ),
        is_trusted=is_trusted,
        input_checks=(
            InputCheck("usage_lag_hours", "error", 0.5, "at most", 30.0, True, ""),
            InputCheck("usage_null_rate", "warn", 0.06, "at most", 0.05, False, ""),
        ),
        gate_checks=(Check("probabilities inside (0, 1)", "0 outside", "0", True),),
        warnings=warnings,
        published_file=ROOT / "warehouse" / "plumbline.duckdb",
        site=None,
        seconds={"Build to the features": 20.0, "Train": 3.0},
    )


@pytest.mark.parametrize("width", [80, 200])
def test_summary_fits(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    print_summary(summary(), console)
    text = console.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    for words in ("4,187", "240", "$1.2M of $48.3M", "0.700", "20260301T020000Z", "23.0 in all"):
        assert words in text
    assert "Worklist, the first 10 of 240" in text and "riskiest" not in text
    assert "001CF793ce4eb10" in text
    assert "usage null rate" in text
    told = " ".join(text.split())
    learnt = "vendor_churned_within_60d (1,141 of 6,991 examples); not from churned_within_60d"
    assert learnt in told
    assert "rule_0 100 of 1,000" in told and "and 2 more rules" in told


def test_a_list_without_signal_is_not_shown() -> None:
    sentence = "The data holds no signal that the model could use; do not act on this list."
    console = Console(file=io.StringIO(), width=100)
    print_summary(summary(False, (sentence,)), console)
    text = console.file.getvalue()
    assert sentence in text
    assert "001CF793ce4eb10" not in text and "first reason" not in text


def test_the_riskiest_are_shown_where_nobody_is_on_the_list() -> None:
    console = Console(file=io.StringIO(), width=100)
    print_summary(summary(flagged=0), console)
    text = console.file.getvalue()
    assert "Nobody is on the worklist; the 10 riskiest accounts" in text
    assert "001CF793ce4eb10" in text


@pytest.mark.parametrize(
    ("rule", "on_list", "expected"),
    [
        ("expected_value", "1, 2, 4", ["a4", "a2", "a1"]),
        ("risk", "1, 2, 4", ["a1", "a2", "a4"]),
        ("expected_value", "null", ["a1", "a2", "a3", "a4"]),
    ],
)
def test_the_accounts_shown_are_the_first_of_the_list(
    rule: str, on_list: str, expected: list[str]
) -> None:
    """Four accounts by risk, the riskiest with the least to save."""
    with duckdb.connect() as connection:
        connection.execute(
            "create schema risk; create schema reference;"
            "create table reference.worklist_rules as select r as rule_name, r = ? as is_in_use"
            " from unnest(['expected_value', 'risk']) as t(r)",
            [rule],
        )
        connection.execute(
            "create table risk.rpt_at_risk_accounts as select 'a' || n as account_id,"
            " null as account_name, n as risk_rank, 1 / n as churn_probability, 12 as arr_usd,"
            " 1 as arr_at_risk_usd, 'why' as reason_1, 100 * n as expected_saved_usd,"
            f" coalesce(n in ({on_list}), false) as is_on_worklist from range(1, 5) as t(n)"
        )
        scored, flagged, _, _, shown = read_figures(connection)
    assert (scored, flagged) == (4, 0 if on_list == "null" else 3)
    assert [row.account for row in shown] == expected
    assert [row.rank for row in shown] == list(range(1, len(expected) + 1))
