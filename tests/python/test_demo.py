"""The demo world: reproducible, shaped as promised, bound to the reference case, truth calibrated.

The pinned hash is that of the `ci` world with seed 7. The generator is settled: models are tuned
on what it writes, so a change of the hash is a decision, never a side effect.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from demo_folders import Folders, bytes_hash, made

from plumbline.demo.accounts import make_accounts
from plumbline.demo.config import CATEGORIES, make_config
from plumbline.demo.event_types import make_event_types, write_seed
from plumbline.demo.fingerprint import fingerprint
from plumbline.demo.generate import generate
from plumbline.demo.measure import Figures, connect, measure
from plumbline.demo.schema import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
SEED_FILE = ROOT / "seeds" / "reference" / "event_types.csv"
CI_HASH = "2485dc402b7ce2ac72f7ae96ecaeb18c9906145843a21e63a5a0a325f5fdc9a0"


@pytest.fixture(scope="module")
def ci_world(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The `ci` world, seed 7."""
    return made(tmp_path_factory.mktemp("demo_ci"), "ci")


@pytest.fixture(scope="module")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The `demo` world, seed 7."""
    return made(tmp_path_factory.mktemp("demo_demo"), "demo")


@pytest.fixture(scope="module")
def figures(demo_world: Folders) -> Figures:
    """Figures of the `demo` world, measured on its raw exports."""
    return measure(demo_world.raw, SEED_FILE)


@pytest.fixture(scope="module")
def raw(demo_world: Folders) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view per raw table of the `demo` world."""
    con = connect(demo_world.raw)
    yield con
    con.close()


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first, second = (made(tmp_path / name, "ci", 10) for name in ("a", "b"))
    hashes = bytes_hash(first.raw.parent)
    assert hashes == bytes_hash(second.raw.parent)
    assert any("segment/events" in path for path in hashes)


def test_ci_world_is_the_settled_one(ci_world: Folders) -> None:
    assert fingerprint(ci_world.raw) == CI_HASH


def test_another_seed_gives_another_world() -> None:
    seats = [make_accounts(make_config("ci", seed)).seats.tolist() for seed in (7, 7, 8)]
    assert seats[0] == seats[1] != seats[2]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [(("huge", 7, None), "huge"), (("ci", 7, 0), "days"), (("ci", -1, None), "seed")],
)
def test_senseless_arguments_are_named(arguments: tuple, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        make_config(*arguments)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="thesis.txt"):
        generate("ci", 7, 1, tmp_path, tmp_path / "truth")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(("vendor", "table"), sorted(SCHEMAS))
def test_table_has_the_schema(ci_world: Folders, vendor: str, table: str) -> None:
    files = sorted((ci_world.raw / vendor / table).rglob("*.parquet"))
    assert files
    assert len({path.parent.name for path in files}) == len(files)
    for path in (files[0], files[-1]):
        assert pq.read_schema(path).equals(SCHEMAS[vendor, table])


def test_rows_land_on_or_after_the_day_they_were_fetched(ci_world: Folders) -> None:
    con = duckdb.connect()
    for vendor, table in SCHEMAS:
        files = f"{ci_world.raw}/{vendor}/{table}/*/*.parquet"
        early = con.execute(
            f"select count(*) from read_parquet('{files}', hive_partitioning = true)"
            " where cast(_extracted_at as date) > landed"
            " or _extracted_at >= timestamp '2026-02-28'"
        ).fetchall()[0][0]
        assert early == 0, f"{vendor}.{table}"


def test_history_is_compacted_by_month(ci_world: Folders) -> None:
    landed = [path.name for path in (ci_world.raw / "stripe" / "subscriptions").iterdir()]
    assert len(landed) == 17 + 27
    assert len(list((ci_world.raw / "segment" / "events").iterdir())) == 545


def test_event_types_are_those_of_the_seed(tmp_path: Path, raw: duckdb.DuckDBPyConnection) -> None:
    write_seed(tmp_path / "event_types.csv")
    with SEED_FILE.open() as file, (tmp_path / "event_types.csv").open() as written:
        # other companies' types stand in the same seed
        rows = [row for row in csv.DictReader(file) if row["source_name"] == "demo"]
        assert rows == list(csv.DictReader(written))
    named = {row["event_type"] for row in rows}
    assert len(named) == len(rows) == len(make_event_types().names) == 347
    assert {row["feature_category"] for row in rows} == {*CATEGORIES, ""}
    found = raw.execute("select distinct event_type from segment_events").fetchall()
    assert {row[0] for row in found} == named


def test_sizes(figures: Figures, raw: duckdb.DuckDBPyConnection, ci_world: Folders) -> None:
    assert figures.accounts == 4200
    events, users = raw.execute(
        "select count(*), (select count(distinct id) from product_users) from segment_events"
    ).fetchall()[0]
    assert 4.5e6 < events < 5.5e6
    assert 14_000 < users < 18_000
    small = sum(
        pq.read_metadata(path).num_rows for path in (ci_world.raw / "segment").rglob("*.parquet")
    )
    assert 350_000 < small < 450_000


def test_yearly_churn_is_that_of_the_reference_case(figures: Figures) -> None:
    logo, revenue = figures.segments["all"][2:4]
    assert abs(logo - 0.18) <= 0.015
    assert 0.22 <= revenue <= 0.25
    assert revenue > logo + 0.03


def test_segments_keep_the_published_order(figures: Figures) -> None:
    order = ("Enterprise", "Mid-Market", "SMB", "Self-Serve")
    logo = [figures.segments[name][2] for name in order]
    revenue = [figures.segments[name][3] for name in order]
    assert logo == sorted(logo)
    assert revenue == sorted(revenue, reverse=True)


def test_low_adoption_churns_four_times_as_much(figures: Figures) -> None:
    assert figures.bands["1-2"][2] >= 4 * figures.bands["7+"][2]


def test_user_shares(figures: Figures) -> None:
    assert np.abs(np.array(figures.shares) - [0.40, 0.22, 0.21, 0.17]).max() <= 0.04


def test_events_arrive_late_and_twice(raw: duckdb.DuckDBPyConnection) -> None:
    days = "date_diff('day', cast(timestamp as date), cast(_extracted_at as date))"
    late, weeks, longest = raw.execute(
        f"select avg(cast({days} between 1 and 3 as int)), avg(cast({days} > 14 as int)),"
        f" max({days}) from segment_events"
    ).fetchall()[0]
    assert 0.008 < late < 0.02
    assert weeks > 0.0001
    assert longest <= 45
    rows, widest, replayed, differing = raw.execute(
        "select sum(n - 1) / sum(n), max(stop - start) filter (stop - start < 30),"
        " list_distinct(list(stop - start) filter (stop - start >= 30)),"
        " sum(cast(differs as int)) from ("
        " select count(*) as n, min(cast(_extracted_at as date)) as start,"
        "  max(cast(_extracted_at as date)) as stop, min(timestamp) < max(timestamp)"
        "  or min(user_id) < max(user_id) or min(event_type) < max(event_type)"
        "  or min(workspace_id) < max(workspace_id) as differs"
        " from segment_events where timestamp >= timestamp '2025-06-01'"
        " and timestamp < timestamp '2025-07-01' group by event_id)"
    ).fetchall()[0]
    assert 0.003 < rows < 0.007
    assert widest == 2
    assert set(replayed) <= set(range(30, 46)) and len(replayed) > 3
    assert differing == 0


def test_bots_and_internal_users(raw: duckdb.DuckDBPyConnection) -> None:
    share = raw.execute(
        "select avg(cast(user_id in (select id from product_users where user_type = 'service'"
        " or email like '%@cloudflow.io') as int)) from segment_events"
    ).fetchall()[0][0]
    assert 0.02 < share < 0.045


@pytest.mark.parametrize(
    "condition",
    [
        "select 1 from stripe_subscriptions where _is_deleted",
        "select 1 from stripe_subscriptions group by id, updated having count(*) > 1",
        "select 1 from stripe_subscriptions where pause_collection is not null",
        "select 1 from stripe_subscriptions where status = 'past_due'",
        "select 1 from stripe_subscriptions where status = 'paused'",
        "select 1 from stripe_subscriptions where discount is not null",
        "select 1 from stripe_subscriptions"
        " where _extracted_at > to_timestamp(updated + 5 * 86400)::timestamp"
        " and updated > 1725200000",
        "select 1 from stripe_customers where currency = 'gbp'",
        "select 1 from salesforce_account where IsDeleted",
        "select 1 from salesforce_contact where IsDeleted",
        "select 1 from zendesk_tickets where _is_deleted",
        "select 1 from product_users where _is_deleted",
        "select 1 from product_workspaces where id not in (select workspace_id from"
        " segment_events)",
        "select 1 from paid group by account_id having count(distinct subscription_id) > 1",
        "select 1 from cs_platform_experiment_assignments having count(distinct variant) = 3",
    ],
)
def test_imperfection_is_there(raw: duckdb.DuckDBPyConnection, condition: str) -> None:
    assert raw.execute(f"select count(*) from ({condition})").fetchall()[0][0] > 0


def test_billing_tells_the_churn_dates(raw: duckdb.DuckDBPyConnection, demo_world: Folders) -> None:
    truth = (
        "select account_id, churn_date from read_parquet("
        f"'{demo_world.truth}/account_outcomes.parquet') where churn_date < date '2026-01-20'"
    )
    seen = "select account_id, churn_date from churns where churn_date < date '2026-01-20'"
    assert raw.execute(f"({truth}) except ({seen})").fetchall() == []
    assert raw.execute(f"({seen}) except ({truth})").fetchall() == []


@pytest.fixture(scope="module")
def foreseen(demo_world: Folders) -> tuple[np.ndarray, np.ndarray]:
    """True 60-day probabilities on a grid of dates, and whether the accounts churned."""
    rows = duckdb.execute(
        f"""
        with grid as (
            select account_id, as_of_date, p_churn_60d
            from read_parquet('{demo_world.truth}/accounts_daily.parquet')
            where as_of_date - date '2024-10-01' >= 0
                and date_diff('day', date '2024-10-01', as_of_date) % 14 = 0
        )
        select grid.p_churn_60d, exists (
            select 1 from read_parquet('{demo_world.truth}/account_outcomes.parquet') as o
            where o.account_id = grid.account_id and o.churn_date >= grid.as_of_date
                and o.churn_date < grid.as_of_date + 60)
        from grid
        """
    ).fetchnumpy()
    p, churned = rows.values()
    return np.asarray(p, dtype=float), np.asarray(churned, dtype=float)


def test_true_probabilities_are_calibrated(foreseen: tuple[np.ndarray, np.ndarray]) -> None:
    p, churned = foreseen
    assert abs(p.mean() / churned.mean() - 1) < 0.06
    tenths = np.array_split(np.argsort(p, kind="stable"), 10)
    gaps = np.array([abs(p[of].mean() - churned[of].mean()) for of in tenths])
    assert gaps.mean() < 0.005
    for of in tenths:
        assert abs(p[of].mean() - churned[of].mean()) < 0.004 + 0.15 * p[of].mean()


def test_ceiling_of_the_area_under_the_curve(foreseen: tuple[np.ndarray, np.ndarray]) -> None:
    p, churned = foreseen
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = churned.sum()
    area = (rank[churned == 1].sum() - positives * (positives + 1) / 2) / (
        positives * (len(p) - positives)
    )
    assert 0.86 <= area <= 0.91


def test_planted_effects_are_recorded(demo_world: Folders) -> None:
    arms = pq.read_table(demo_world.truth / "experiment_arms.parquet").to_pylist()
    effect = {row["variant"]: row["log_hazard_effect"] for row in arms}
    assert len(arms) == 340
    assert effect["risk_personalized"] < effect["value_demo"] < effect["control"] <= 0
    effects = pq.read_table(demo_world.truth / "intervention_effects.parquet")
    assert effects.num_rows > 1000
    trials = pq.read_table(demo_world.truth / "trial_conversion.parquet")
    expected = np.mean(trials["p_conversion"].to_numpy())
    assert abs(np.mean(trials["converted"].to_numpy()) - expected) < 0.03


def test_what_was_told_before_the_window_is_written(tmp_path: Path) -> None:
    """One of the two schedules of seed 10 was known a month before the world begins."""
    counts = generate("tiny", 10, None, tmp_path / "raw", tmp_path / "truth")
    files = tmp_path / "raw" / "stripe" / "subscription_schedules" / "*" / "*.parquet"
    [(rows, first)] = duckdb.sql(f"select count(*), min(landed)::date from '{files}'").fetchall()
    assert rows == counts["stripe.subscription_schedules"] == 2
    assert first < date(2024, 9, 1)
