"""Revenue health and the forecast of ARR: seeds, page, and what is found when a part is lost."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import FIRST_NIGHT, ROOT, World
from manifest import every_vendor
from ml_world import execute
from proof_context import context_of

from plumbline.config import load_settings
from plumbline.night.last_build import last_build
from plumbline.proofs.index_changes import gaps, index_drivers_add_up
from plumbline.store.dbt import Dbt
from plumbline.store.outcomes import BuildOutcome

SOUND, PARTS = "assert_outlook_seeds_are_sound", "assert_index_changes_are_their_drivers"
PAST = "assert_forecasts_know_only_their_past"
PAGE = ROOT / "docs" / "revenue-health.md"
SEEDS = ROOT / "seeds" / "reference"
FAULTS = {
    "update index_components set weight = 24 where component = 'gross_retention'": (
        "seed index_components, version 1: the weights sum to 99.000, not to 100"
    ),
    "update index_components set component = 'grr' where component = 'gross_retention'": (
        "seed index_components, version 1: grr is no component"
    ),
    "update index_components set floor_value = 4 where component = 'quick_ratio'": (
        "seed index_components, version 1: the floor of quick_ratio is not below its ceiling"
    ),
    "insert into index_components values ('any', 2, 'engagement', 100, 0, 1, 'all')": (
        "seed index_components, version 2: 1 of the five components have a row"
    ),
    "delete from index_components": "seed index_components: it has no row",
}
"""A change of the seeds, and what the night says of it."""


def told(*changes: str) -> list[str]:
    """What is wrong in the seed, with some changes."""
    manifest = every_vendor().manifest
    types = manifest["nodes"]["seed.plumbline.index_components"]["config"]["column_types"]
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline; use plumbline; create schema reference")
        connection.execute("use plumbline.reference")
        file = SEEDS / "index_components.csv"
        connection.execute(
            "create table index_components as"
            f" from read_csv('{file}', header = true, columns = {{{columns}}})"
        )
        for change in changes:
            connection.execute(change)
        return sorted(line for (line,) in connection.execute(every_vendor().sql[SOUND]).fetchall())


def test_seeds_as_they_are_have_no_fault() -> None:
    assert told() == []


@pytest.mark.parametrize("change", FAULTS)
def test_a_fault_of_a_seed_is_told(change: str) -> None:
    assert FAULTS[change] in told(change)


@pytest.mark.parametrize(
    ("seed", "columns"),
    [
        ("index_components", ("component", "weight", "floor_value", "ceiling_value", "measure")),
        ("outlook_rules", ("rule_name", "rule_value", "unit")),
    ],
)
def test_the_page_says_what_the_seeds_say(seed: str, columns: tuple[str, ...]) -> None:
    """Every row, and no other row of the same table."""
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        cells = [[row[column] for column in columns] for row in csv.DictReader(file)]
    wanted = [f"| `{name}` | {' | '.join(rest)} |" for name, *rest in cells]
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [one for one in wanted if one not in lines] == []
    first = lines.index(wanted[0])
    assert lines[first : first + len(wanted)] == wanted and lines[first + len(wanted)] == ""


@pytest.fixture
def world(ci_first_night: World, tmp_path: Path) -> World:
    return ci_first_night.copy(tmp_path)


def built(world: World, *names: str) -> BuildOutcome:
    """Run tests on what a night has built."""
    settings = load_settings(raw=world.raw, environ=world.environment)
    return Dbt(settings, last_build(settings, None)[1]).build(names)


LARGEST = "contribution > 0.01 and driver <> 'reweighting'"


@pytest.mark.parametrize(
    "fault",
    [
        "update outlook.fct_revenue_health_daily"
        " set engagement_contribution = engagement_contribution + 0.000000001"
        f" where as_of_date = '{FIRST_NIGHT}' and level_name = 'company'",
        f"update outlook.revenue_health_drivers set contribution = contribution + 0.000000001"
        f" where {LARGEST}",
        f"delete from outlook.revenue_health_drivers where {LARGEST}",
        "delete from outlook.rpt_revenue_health_driver_accounts where size_rank = 1",
        "update outlook.rpt_revenue_health_driver_accounts set accounts_count = accounts_count + 1"
        " where account_id is null",
    ],
)
def test_a_part_that_is_lost_is_found(fault: str, world: World) -> None:
    built(world, PARTS).require_success("the build")
    execute(world.build_file, fault)
    [failed] = built(world, PARTS).failed
    assert failed.name == PARTS


def test_any_two_days_are_explained_by_their_accounts(world: World) -> None:
    """By plain SQL, random days and the published ones; one account less, and it is seen."""
    assert index_drivers_add_up(context_of(world)).is_passed
    execute(
        world.build_file,
        "delete from outlook.fct_revenue_health_parts where component = 'engagement'"
        f" and as_of_date = '{FIRST_NIGHT}' and numerator = (select max(numerator)"
        " from outlook.fct_revenue_health_parts where component = 'engagement'"
        f" and as_of_date = '{FIRST_NIGHT}')",
    )
    with duckdb.connect(str(world.build_file)) as connection:
        changes, largest = gaps(connection, [(FIRST_NIGHT - timedelta(days=7), FIRST_NIGHT)])
    assert changes > 0 and largest > 1e-3
    assert not index_drivers_add_up(context_of(world)).is_passed


def read(world: World, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    "fault",
    [
        "set expected_arr_usd = expected_arr_usd + 0.01 where horizon_days = 30",
        "set matured_count = 1 where horizon_days = 60",
        "set arr_usd = arr_usd - 1, expected_arr_usd = expected_arr_usd - 1",
        "set run_id = 'another'",
    ],
)
def test_a_forecast_that_is_wrong_is_found(fault: str, world: World) -> None:
    built(world, PAST).require_success("the build")
    execute(world.build_file, f"update outlook.fct_arr_forecast {fault}")
    [failed] = built(world, PAST).failed
    assert failed.name == PAST


def test_what_was_told_stays_and_is_learnt_from(world: World) -> None:
    """A forecast of 30 days ago stays under new rules, and its error counts; lost scores go."""
    forecast = "select * exclude (run_id) from outlook.fct_arr_forecast"
    first = FIRST_NIGHT - timedelta(days=30)
    execute(
        world.build_file,
        "update outlook.fct_arr_forecast set as_of_date = as_of_date - 30,"
        " target_date = target_date - 30, expected_arr_usd = arr_usd * 2;"
        "insert into outlook.fct_arr_forecast select * replace (as_of_date - 30 as as_of_date,"
        " target_date - 30 as target_date, 'gone' as run_id) from outlook.fct_arr_forecast;"
        "update reference.outlook_rules set rule_value = 0.5 where rule_name = 'interval_share'",
    )
    told = read(world, f"{forecast} where as_of_date = '{first}' order by horizon_days")
    built(world, "fct_arr_forecast").require_success("the build")
    assert read(world, f"{forecast} where as_of_date = '{first}' order by horizon_days") == told
    assert read(
        world,
        "select as_of_date, horizon_days, interval_share, matured_count, common_spread > 0.3"
        f" from outlook.fct_arr_forecast where as_of_date <> '{first}' order by horizon_days",
    ) == [
        (FIRST_NIGHT, 30, 0.5, 1, True),
        (FIRST_NIGHT, 60, 0.5, 0, False),
        (FIRST_NIGHT, 90, 0.5, 0, False),
    ]
