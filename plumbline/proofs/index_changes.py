"""The change of the revenue-health index between any two of its days is that of its accounts.

`index_changes.sql` shares nothing with the models but the parts that they publish: it is also the
query of docs/revenue-health.md, for days that tonight is not compared with.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from plumbline.proofs.registry import Context, Proven, proof

QUERY = Path(__file__).with_name("index_changes.sql").read_text(encoding="utf-8")
PAIRS = 20
SAME = 1e-6  # index points; what adds up to the index is rounded to 1e-9
OF_PAIR = """
    with added as (
        select level_name, level_value, sum(contribution) as told from changes group by all
    )
    select count(*), coalesce(max(abs(
        coalesce(told, 1e9) - (later.revenue_health_index - earlier.revenue_health_index)
    )), 0)
    from outlook.fct_revenue_health_daily as earlier
    inner join outlook.fct_revenue_health_daily as later using (level_name, level_value)
    left join added using (level_name, level_value)
    where earlier.as_of_date = $from_date and later.as_of_date = $to_date
        and earlier.revenue_health_index is not null and later.revenue_health_index is not null
"""
OF_DRIVERS = """
    with added as (
        select level_name, level_value, driver, sum(contribution) as told
        from changes group by all
    )
    select coalesce(max(abs(contribution - coalesce(told, 0))), 0)
    from outlook.revenue_health_drivers
    left join added using (level_name, level_value, driver)
    where from_date = $from_date and to_date = $to_date
"""


def gaps(
    connection: duckdb.DuckDBPyConnection, pairs: Iterable[tuple[date, date]]
) -> tuple[int, float]:
    """How far the accounts are from what changed.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Open on a file with schema `outlook`.
    pairs : iterable of (date, date)
        Days of the index.

    Returns
    -------
    int
        Changes looked at: one per level and pair.
    float
        The largest gap, index points.
    """
    changes, largest = 0, 0.0
    for from_date, to_date in pairs:
        days = {"from_date": from_date, "to_date": to_date}
        connection.execute(f"create or replace temp table changes as {QUERY}", days)
        for query in (OF_PAIR, OF_DRIVERS):
            *found, gap = connection.execute(query, days).fetchone() or (0, 0.0)
            changes += sum(found)
            largest = max(largest, float(gap))
    return changes, largest


@proof(
    "index-drivers-add-up",
    "Between any two days of the revenue-health index its accounts add up to what changed.",
)
def index_drivers_add_up(context: Context) -> Proven:
    """Every pair is computed anew from the parts of the accounts, by plain SQL."""
    with context.open_build() as connection:
        days = [
            day
            for (day,) in connection.execute(
                "select distinct as_of_date from outlook.fct_revenue_health_parts order by 1"
            ).fetchall()
        ]
        if len(days) < 2:
            return Proven(True, "the index has fewer than two days, so nothing has changed")
        published = connection.execute(
            "select distinct from_date, to_date from outlook.revenue_health_drivers"
        ).fetchall()
        draw = random.Random(context.as_of.toordinal())
        pairs = [tuple(sorted(draw.sample(days, 2))) for _ in range(PAIRS)]
        changes, largest = gaps(connection, [*published, *pairs])
    return Proven(
        largest <= SAME,
        f"{len(published) + len(pairs)} pairs of {len(days)} days, {changes:,} changes, largest gap"
        f" {largest:.1e} points",
    )
