"""Figures of a demo world, computed from its raw exports with SQL.

`python -m plumbline.demo.measure RAW` prints the table of docs/reference-case.md.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from plumbline.demo.config import SEGMENTS
from plumbline.demo.paid import Billing, paid_spells

WINDOW_END = date(2026, 2, 28)

_CHURNS = """
create table churns as
with spans as (
    select account_id, from_date, max(until_date) over (
        partition by account_id order by from_date, until_date
        rows between unbounded preceding and current row) as until_date
    from paid where until_date > from_date
), gaps as (
    select account_id, until_date, coalesce(lead(from_date) over (
        partition by account_id order by from_date, until_date), date '2026-02-28') as next_date
    from spans
)
select account_id, until_date as churn_date from gaps where next_date - until_date > 30
"""

_YEAR = """
with ends as (select date '2026-01-28' as stop, date '2025-01-28' as start),
mrr as (
    select account_id,
        coalesce(sum(mrr_usd) filter (from_date < start and until_date >= start), 0) as before,
        coalesce(sum(mrr_usd) filter (from_date < stop and until_date >= stop), 0) as after
    from paid, ends group by account_id
), cohort as (
    select mrr.*, case when before >= 5000 then 0 when before >= 1000 then 1
        when before >= 200 then 2 else 3 end as segment,
        exists (select 1 from churns, ends where churns.account_id = mrr.account_id
            and churn_date >= start and churn_date < stop) as churned
    from mrr where before > 0
)
select segment, count(*), sum(churned::int), avg(churned::int),
    1 - sum(least(before, after)) / sum(before), sum(before) - sum(least(before, after))
from cohort group by cube (segment) order by segment nulls last
"""

_USERS = """
with people as (
    select id from product_users group by id
    having bool_or(user_type = 'member')
        and bool_and(split_part(email, '@', 2) not in ('cloudflow.io', 'bots.cloudflow.io'))
), days as (
    select user_id, count(distinct timestamp::date) as n from segment_events
    where timestamp >= timestamp '2026-01-29' and timestamp < timestamp '2026-02-28'
        and user_id in (select id from people) group by user_id
)
select count(*), avg((n < 5)::int), avg((n between 5 and 9)::int),
    avg((n between 10 and 19)::int), avg((n >= 20)::int) from days
"""

_ADOPTION = """
with used as (
    select w.account_id, count(distinct types.feature_category) as categories
    from segment_events as e
    join types on types.event_type = e.event_type
    join (select distinct id, crm_account_id as account_id from product_workspaces) as w
        on w.id = e.workspace_id
    where e.timestamp >= timestamp '2024-12-29' and e.timestamp < timestamp '2025-01-28'
        and types.feature_category is not null
    group by w.account_id
), cohort as (
    select distinct paid.account_id, coalesce(used.categories, 0) as categories,
        exists (select 1 from churns where churns.account_id = paid.account_id
            and churn_date >= date '2025-01-28' and churn_date < date '2026-01-28') as churned
    from paid left join used on used.account_id = paid.account_id
    where from_date < date '2025-01-28' and until_date >= date '2025-01-28'
)
select case when categories = 0 then '0' when categories < 3 then '1-2' when categories < 5
    then '3-4' when categories < 7 then '5-6' else '7+' end as band,
    count(*), sum(churned::int), avg(churned::int)
from cohort group by band order by band
"""


@dataclass(frozen=True)
class Figures:
    """Measured figures; rates are shares (0..1).

    `segments` maps a segment (and `all`) to (accounts, churned, logo churn, revenue churn, lost
    MRR in US dollars), `bands` an adoption band to (accounts, churned, churn), `shares` are the
    users with under 5, 5-9, 10-19 and 20 or more active days in 30.
    """

    segments: dict[str, tuple[int, int, float, float, float]]
    bands: dict[str, tuple[int, int, float]]
    active_users: int
    shares: tuple[float, float, float, float]
    paying_accounts: int
    accounts: int
    event_types: int


def connect(raw: Path) -> duckdb.DuckDBPyConnection:
    """Open a connection with a view per raw table, and the tables `paid` and `churns`."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    for folder in sorted(raw.glob("*/*")):
        name = f"{folder.parent.name}_{folder.name}"
        con.execute(f"create view {name} as select * from read_parquet('{folder}/*/*.parquet')")

    def rows(table: str) -> list[dict[str, Any]]:
        found = con.execute("select 1 from duckdb_views() where view_name = ?", [table]).fetchall()
        return con.sql(f"select * from {table}").to_arrow_table().to_pylist() if found else []

    billing = Billing(
        *(
            rows(f"stripe_{name}")
            for name in ("subscriptions", "subscription_schedules", "prices", "customers")
        )
    )
    spells = pa.Table.from_pylist([asdict(s) for s in paid_spells(billing, WINDOW_END)])
    con.register("spells", spells)
    con.execute("create table paid as select * from spells")
    con.execute(_CHURNS)
    return con


def measure(raw: Path, seed: Path) -> Figures:
    """Compute the figures of a world whose events cover the whole window.

    Parameters
    ----------
    raw : Path
        Folder of the raw exports.
    seed : Path
        The reference seed `event_types.csv`.
    """
    con = connect(raw)
    con.execute(f"create table types as select * from read_csv('{seed}')")
    year = con.execute(_YEAR).fetchall()
    users = con.execute(_USERS).fetchall()[0]
    paying = "select count(distinct account_id) from paid where until_date = date '2026-02-28'"
    one = {
        "paying": paying,
        "accounts": "select count(distinct Id) from salesforce_account",
        "types": "select count(distinct event_type) from segment_events",
    }
    counts = {name: con.execute(sql).fetchall()[0][0] for name, sql in one.items()}
    return Figures(
        segments={(SEGMENTS[row[0]] if row[0] is not None else "all"): row[1:] for row in year},
        bands={row[0]: row[1:] for row in con.execute(_ADOPTION).fetchall()},
        active_users=users[0],
        shares=tuple(users[1:]),
        paying_accounts=counts["paying"],
        accounts=counts["accounts"],
        event_types=counts["types"],
    )


def report(figures: Figures) -> str:
    """Lay the figures out as the tables of docs/reference-case.md."""
    lines = ["| segment | accounts | churned | logo churn | revenue churn | lost MRR |"]
    lines.append("|---|---|---|---|---|---|")
    for name, (n, churned, logo, revenue, lost) in figures.segments.items():
        lines.append(
            f"| {name} | {n:,} | {churned:.0f} | {logo:.1%} | {revenue:.1%} | ${lost:,.0f} |"
        )
    lines += ["", "| categories used | accounts | churned | churn |", "|---|---|---|---|"]
    for band, (n, churned, rate) in figures.bands.items():
        lines.append(f"| {band} | {n:,} | {churned:.0f} | {rate:.1%} |")
    lines += ["", "| active days in 30 | share of users |", "|---|---|"]
    for label, share in zip(("under 5", "5-9", "10-19", "20+"), figures.shares, strict=True):
        lines.append(f"| {label} | {share:.1%} |")
    lines.append("")
    lines.append(
        f"{figures.paying_accounts:,} paying of {figures.accounts:,} accounts, "
        f"{figures.active_users:,} active users, "
        f"{figures.event_types} event types"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(report(measure(Path(sys.argv[1]), Path("seeds/reference/event_types.csv"))))
    sys.stdout.write("\n")
