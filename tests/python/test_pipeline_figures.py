"""The accounts that the summary shows, over a planted worklist."""

from __future__ import annotations

import duckdb
import pytest

from plumbline.night.figures import read_figures


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
