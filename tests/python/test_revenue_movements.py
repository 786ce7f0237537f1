"""Revenue balances: over random histories the tables say what the definitions page says.

One build over 2,200 random accounts, compared with a slow reference in plain Python; then faults
are planted into the models to see that the comparison finds them.
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from revenue_histories import AS_OF, Billing, Version, histories
from revenue_reference import Account, expected
from revenue_world import Built, build, found, rebuild, write_raw

ACCOUNTS, SEED = 2200, 20260228
CUTS = ("plan", "segment", "industry", "country", "owner", "signup_cohort")
MOVEMENTS = {"new", "expansion", "contraction", "churn", "reactivation"}


@dataclass(frozen=True)
class Proof:
    """A built warehouse, open for reading, and what it should say."""

    built: Built
    connection: duckdb.DuckDBPyConnection
    billing: Billing
    expected: Mapping[str, Account]


def is_on_file(version: Version) -> bool:
    """Whether the CRM knows the account: one in a hundred of them it does not."""
    return version.account_id is not None and not version.account_id.endswith("13")


def moments(version: Version) -> tuple[datetime, datetime]:
    """When a version took effect and when it became known."""
    return version.changed_at, version.known_at


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """Random histories, built once."""
    folder = tmp_path_factory.mktemp("revenue")
    billing = histories(ACCOUNTS, SEED)
    on_file = {v.account_id for v in billing.versions if is_on_file(v)}
    write_raw(folder / "raw", billing, on_file)
    built = build(folder)
    with duckdb.connect(str(built.file), read_only=True) as connection:
        yield Proof(built, connection, billing, expected(billing, AS_OF))


def differences(wanted: Mapping[str, Account], got: Mapping[str, Account]) -> list[str]:
    """Where two worlds differ: account, what, wanted, got."""
    nothing = Account()
    pairs = ((n, wanted.get(n, nothing), got.get(n, nothing)) for n in {*wanted, *got})
    return sorted(
        f"{name}, {what}: wanted {getattr(one, what)}, found {getattr(other, what)}"
        for name, one, other in pairs
        if one != other
        for what in vars(one)
        if getattr(one, what) != getattr(other, what)
    )


def test_tables_say_what_the_definitions_say(proof: Proof) -> None:
    """MRR, movements, churns, retention and cuts of every account and month, to the cent."""
    found_differences = differences(proof.expected, found(proof.connection))
    assert not found_differences, "\n".join(found_differences[:5])


def test_the_histories_hold_every_case(proof: Proof) -> None:
    """The proof proves something: each edge case is there, and more than once."""
    movements = Counter(
        (name, late)
        for account in proof.expected.values()
        for name, _, _, late in account.movements.values()
    )
    assert {name for name, _ in movements} == MOVEMENTS
    assert movements["churn", True] > 50 and movements["reactivation", True] > 50
    assert movements["churn", False] > 50 and movements["reactivation", False] > 50
    versions = proof.billing.versions
    assert len({v.account_id for v in versions}) >= 2000
    assert {v.status for v in versions} >= {
        "active",
        "past_due",
        "unpaid",
        "paused",
        "canceled",
        "trialing",
        "incomplete",
        "frozen",
    }
    assert {v.currency for v in versions} == {"usd", "eur", "gbp", "jpy", "kwd", "xxx"}
    items = [item for v in versions for item in v.items]
    intervals = {(item.price.interval, item.price.count) for item in items}
    assert intervals >= {("year", 1), ("month", 3), ("week", 1), ("day", 30)}
    assert {item.form for item in items} == {"price", "plan", "name"}
    assert {item.price.tiers_mode for item in items} == {None, "volume", "graduated"}
    assert any(item.price.is_metered for item in items)
    assert any(item.price.divide_by for item in items)
    discounts = {d for v in versions for d in v.discounts}
    assert {d.duration for d in discounts} == {"once", "repeating", "forever"}
    assert sum(d.amount is not None for d in discounts) > 200
    assert sum(d.item_id is not None for d in discounts) > 200
    assert {v.form for v in versions} == {"plain", "object", "milliseconds"}
    for told in ("cancel_at", "cancels_at_term", "resumes", "ends_trial_unpaid", "unreadable"):
        assert sum(bool(getattr(v, told)) for v in versions) > 100, told
    assert sum(c.discount is not None for c in proof.billing.customers) > 200
    assert len({s.subscription_id for s in proof.billing.schedules}) > 200
    assert sum(any(a.held.values()) for a in proof.expected.values()) > 200
    assert sum(v.is_deleted for v in versions) > 50
    assert sum(v.known_at.date() >= AS_OF for v in versions) > 50
    assert any((item.quantity or 0) < 0 for item in items)
    assert "unassigned" in proof.expected


def test_movements_balance_in_every_cut(proof: Proof) -> None:
    """Net movements are the change of MRR, to the cent, for each month and cut; nothing is lost."""
    for cut in CUTS:
        wrong = proof.connection.execute(f"""
            with levels as (
                select months.{cut}, mrr.month_start_date,
                    sum(mrr.mrr_usd - mrr.prior_mrr_usd) as change
                from revenue.fct_account_mrr_monthly as mrr
                join core.dim_account_months as months using (account_month_id)
                group by all
            ), flows as (
                select months.{cut}, flows.month_start_date, sum(flows.amount_usd) as net
                from revenue.fct_mrr_movements as flows
                join core.dim_account_months as months using (account_month_id)
                group by all
            )
            select * from levels full join flows using ({cut}, month_start_date)
            where coalesce(change, 0) <> coalesce(net, 0)
        """).fetchall()
        assert not wrong, cut
    ((net, last),) = proof.connection.execute("""
        select (select sum(amount_usd) from revenue.fct_mrr_movements),
            (select sum(mrr_usd) from revenue.fct_account_mrr_monthly
                where month_start_date = date '2026-01-01')
    """).fetchall()
    assert net == last > 0


def test_wrong_input_is_counted_and_kept_apart(proof: Proof) -> None:
    """Each kind of wrong row has its rule; what it says is in no sum but that of its bucket."""
    versions = [v for v in proof.billing.versions if v.known_at < datetime(2026, 2, 28)]
    versions = [v for v in versions if v.is_live]
    contents, latest = defaultdict(set), {}
    for version in versions:
        name = version.subscription_id
        contents[name, version.changed_at, version.known_at].add(version)
        latest[name] = max(latest.get(name, version), version, key=moments)
    groups = [contents[v.subscription_id, *moments(v)] for v in versions]
    readable = [v for v in versions if v.unreadable != "items"]
    items = {(*moments(v), i, i.price.currency or v.currency) for v in readable for i in v.items}
    # a line of a negative quantity is counted as such, and has no price to look for
    billed = [
        (i, currency)
        for *_, i, currency in items
        if not i.price.is_metered and (i.quantity or 0) >= 0
    ]
    wanted = {
        "subscription_version_unreadable": sum(v.unreadable is not None for v in versions),
        "subscription_version_without_item": sum(
            not v.items and v.unreadable is None for v in versions
        ),
        "subscription_in_unknown_currency": sum(currency == "xxx" for _, currency in billed),
        "price_unknown": sum(i.price.amount is None and not i.price.tiers for i, _ in billed),
        "subscription_versions_overlapping": sum(len(group) > 1 for group in groups),
        "subscription_with_negative_amount": sum(
            any((item.quantity or 0) < 0 for v in group for item in v.items) for group in groups
        ),
        "subscription_without_account": sum(not is_on_file(v) for v in latest.values()),
        "paying_account_without_segment": 0,
    }
    got = proof.connection.execute("""
        select rule_name, rows_failing from quality.int_subscription_contradictions__counted
        union all
        select rule_name, rows_failing from quality.int_billing_reads__counted
        union all
        select rule_name, rows_failing from quality.int_account_month_contradictions__counted
    """).fetchall()
    assert wanted.items() <= dict(got).items()
    assert all(count > 20 for rule, count in wanted.items() if "segment" not in rule)
    cuts = proof.connection.execute("""
        select distinct plan, segment, industry, country, owner, signup_cohort
        from core.dim_account_months where account_id = 'unassigned'
    """).fetchall()
    assert cuts == [("unassigned",) * 6]


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_gross_retention_is_at_most_one_and_net(proof: Proof, grain: str) -> None:
    """GRR <= min(1, NRR) in every period; the cohort is who paid on the day before it."""
    rows = proof.connection.execute(f"""
        select sum(retained_mrr_usd), sum(start_mrr_usd), sum(end_mrr_usd)
        from revenue.fct_account_retention where grain = '{grain}' group by period_start_date
    """).fetchall()
    assert rows
    assert all(kept <= min(start, end) and start > 0 for kept, start, end in rows)
    late = proof.connection.execute(f"""
        select count(*) from revenue.fct_account_retention as retention
        left join revenue.fct_account_mrr_monthly as mrr
            on retention.account_id = mrr.account_id
            and mrr.month_start_date
                = date_trunc('month', retention.period_start_date - interval 1 day)
        where retention.grain = '{grain}'
            and coalesce(mrr.mrr_usd, 0) <> retention.start_mrr_usd
    """).fetchall()
    assert late == [(0,)]


@pytest.mark.parametrize(
    ("model", "right", "wrong"),
    [
        # expansion decided before reactivation
        (
            "fct_mrr_movements",
            "when changed.prior_mrr_usd = 0 then 'reactivation'",
            "when changed.mrr_usd > changed.prior_mrr_usd then 'expansion'",
        ),
        # the gap rule applied to movements
        ("fct_mrr_movements", "from final", "from final where not is_late_renewal"),
        # an open end dropped
        (
            "int_subscription_months__stated",
            ">= months.period_end_date",
            "between months.period_end_date and date '9998-12-31'",
        ),
        # who arrives later joins the cohort
        ("int_account_retention_periods__compared", "and mrr_months.mrr_cents > 0", ""),
        # the grace begins again with each version that is past due
        (
            "int_subscription_versions__valid_ranged",
            "when followed.is_past_due and not followed.is_held",
            "when false",
        ),
        # the unit at a tier's limit already costs what the next tier says
        ("int_price_tiers__summed", "<= bounded.up_to_units", "< bounded.up_to_units"),
        # the end of a discount overlooked
        ("int_subscription_discounts__dated", "when owned.ended_at is not null", "when false"),
        # a version that nobody can read speaks for itself
        (
            "int_subscription_versions__judged",
            "coalesce(carried.read_version_number, carried.version_number)",
            "carried.version_number",
        ),
        # nothing kept for a subscription that was never readable
        ("int_subscriptions__valid_ranged", "where clock = 'valid'", "where false"),
        # what ends at 23:59:59 ends a day early
        (
            "int_subscription_versions__served",
            "stated.changed_at + interval '1 minute'",
            "stated.changed_at",
        ),
    ],
)
def test_a_planted_fault_is_found(
    proof: Proof, tmp_path: Path, model: str, right: str, wrong: str
) -> None:
    """The comparison can fail: each fault, planted into a model's SQL, shows."""
    copy = shutil.copy(proof.built.file, tmp_path / "plumbline.duckdb")
    sql = proof.built.sql(model)
    assert right in sql
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as plumbline; use plumbline")
        rebuild(connection, proof.built, model, sql.replace(right, wrong))
        assert differences(proof.expected, found(connection))
