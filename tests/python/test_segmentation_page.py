"""The page on segments says what the seeds say."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from conftest import ROOT

PAGE = ROOT / "docs/segmentation-framework.md"
SEEDS = ROOT / "seeds/reference"


@pytest.mark.parametrize(
    ("seed", "line"),
    [
        (
            "account_signals",
            lambda row: f"| `{row['signal_name']}` | {row['kind']} | {row['what_it_says']} |",
        ),
        (
            "signal_limits",
            lambda row: f"| `{row['limit_name']}` | {row['limit_value']} | {row['unit']} |",
        ),
    ],
)
def test_the_page_holds_the_seed(seed: str, line: Callable[[dict[str, str]], str]) -> None:
    """Every row, and no other row of the same table."""
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        wanted = [line(row) for row in csv.DictReader(file)]
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [one for one in wanted if one not in lines] == []
    first = lines.index(wanted[0])
    table = lines[first : first + len(wanted) + 1]
    assert table[:-1] == wanted and table[-1] == ""
