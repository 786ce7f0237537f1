"""The vendor's shapes in the demo: each is delivered, and none moves what an account is worth."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pytest
from billing_shapes_seen import SHAPES, shapes_seen
from conftest import World
from demo_folders import made

from plumbline.demo import billing, writer
from plumbline.demo.measure import connect
from plumbline.demo.schema import SCHEMAS
from plumbline.demo.writer import Tables

SETTLED = date(2026, 1, 28)
DAYS = """
select account_id, cast(day as date) as day, cast(round(sum(mrr_usd) * 100) as bigint) as cents
from paid, (select unnest(generate_series(date '2024-09-01', date '2026-02-27', interval 1 day)))
    as days(day)
where from_date <= day and day < until_date
group by all
"""


def one_plain_shape(tables: Tables) -> Tables:
    """Billing as the generator first writes it."""
    schedules = SCHEMAS["stripe", "subscription_schedules"].empty_table()
    return {**tables, ("stripe", "subscription_schedules"): schedules}


@pytest.fixture(scope="module")
def shaped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw exports of the `ci` world, with the events of one day."""
    return made(tmp_path_factory.mktemp("shaped"), "ci", 1).raw


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The same world in one plain shape, its paid service and its churns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(billing, "deliver", one_plain_shape)
        patch.setattr(writer, "INFERRED_EVERY", 1_000_000)
        return connect(made(tmp_path_factory.mktemp("plain"), "ci", 1).raw)


def settled_churns(rows: list[tuple[str, date]]) -> set[tuple[str, date]]:
    """Churns that nothing known later can take back."""
    return {(account, day) for account, day in rows if day < SETTLED}


@pytest.fixture(scope="module")
def seen(shaped: Path) -> Counter[str]:
    """How often each shape is delivered."""
    return shapes_seen(shaped)


@pytest.mark.parametrize("shape", SHAPES)
def test_shape_is_delivered(seen: Counter[str], shape: str) -> None:
    assert seen[shape] >= 3


def test_no_other_shape_is_counted(seen: Counter[str]) -> None:
    assert set(seen) == set(SHAPES)


def test_no_shape_moves_what_an_account_is_worth(
    shaped: Path, plain: duckdb.DuckDBPyConnection
) -> None:
    with connect(shaped) as told:
        for query in (DAYS, "select account_id, churn_date from churns"):
            assert sorted(told.sql(query).fetchall()) == sorted(plain.sql(query).fetchall())


def test_the_models_read_every_shape_as_the_plain_one(
    ci_first_night: World, plain: duckdb.DuckDBPyConnection
) -> None:
    """MRR at the end of each month, and churn dates; the models read no plain row here."""
    months = plain.sql(
        f"select account_id, cast(date_trunc('month', day) as date), cents from ({DAYS})"
        " where day = last_day(day) and day < date '2026-02-01'"
    ).fetchall()
    read = ci_first_night.read(
        "select account_id, month_start_date, cast(mrr_usd * 100 as bigint)"
        " from revenue.fct_account_mrr_monthly"
        " where month_start_date between date '2024-09-01' and date '2026-01-01' and mrr_usd > 0"
    )
    assert len(months) > 3_000
    assert sorted(read) == sorted(months)
    churns = ci_first_night.read("select account_id, churn_date from core.fct_account_churns")
    told = plain.sql("select account_id, churn_date from churns").fetchall()
    assert settled_churns(churns) == settled_churns(told)
