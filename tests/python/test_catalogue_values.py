"""What the published catalogue says of itself is true; what a changed definition does is shown."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
from conftest import World

from plumbline.proofs.catalogue_changes import find_changes


def test_no_value_is_older_than_what_observes_it(ci_world: World) -> None:
    rows = ci_world.read(
        "select c.source_type, min(v.period_start_date) >= any_value(c.observed_from_date)"
        " from catalogue.metrics_catalogue c join catalogue.metric_values v using (metric_name)"
        " group by all"
    )
    assert len(rows) == 6 and all(is_kept for _, is_kept in rows)


def test_targets_carry_a_signal(ci_world: World) -> None:
    """A target that gives every month the same status tells nobody anything."""
    idle = ci_world.read(
        "select metric_name from catalogue.metric_values where grain = 'month'"
        " and dimension_name = 'total' and status is not null group by all"
        " having count(distinct status) = 1"
    )
    assert idle == []


def test_what_guards_the_values_is_named(ci_world: World) -> None:
    rows = dict(
        ci_world.read("select metric_name, guarding_tests from catalogue.metrics_catalogue")
    )
    cuts, drivers = "assert_metric_cuts_sum_to_their_total", "assert_drivers_sum_to_their_parent"
    for tests in rows.values():
        assert "assert_metric_values_keep_their_sides" in tests
        assert tests.endswith("plumbline verify catalogue")
    assert cuts in rows["mrr"] and cuts not in rows["csat"]
    assert {name for name, tests in rows.items() if drivers in tests} == {
        "net_new_mrr",
        "gross_revenue_retention",
        "net_revenue_retention",
        "new_mrr",
        "expansion_mrr",
        "reactivation_mrr",
        "contraction_mrr",
        "churned_mrr",
    }


def test_the_sql_of_the_catalogue_gives_its_values(ci_world: World) -> None:
    """Each metric's SQL is run as its description says, for all of its periods in total."""
    with duckdb.connect(str(ci_world.published_file), read_only=True) as connection:
        metrics = connection.execute(
            "select metric_name, grains, base_relations, time_dimensions, sql_expression"
            " from catalogue.metrics_catalogue"
        ).fetchall()
        for name, grains, relation, day, expression in metrics:
            grain = grains.split(", ")[0]
            start = f"cast(date_trunc('{grain}', {day}) as date)"
            if "asked." in expression:
                relation, start = "semantic.time_spine_monthly as asked", "asked.month_start_date"
                computed = f"select {start}, {expression} from {relation}"
            else:
                computed = f"select {start}, {expression} from {relation} group by 1"
            different = connection.execute(
                "select period_start_date, value, computed from catalogue.metric_values"
                f" left join ({computed}) as c(period_start_date, computed)"
                " using (period_start_date) where metric_name = $1 and grain = $2"
                " and dimension_name = 'total' and ("
                " (if(additivity = 'not_additive', computed, coalesce(computed, 0)) is null)"
                " <> (value is null) or abs(coalesce(computed, 0) - value)"
                " > 1e-9 * greatest(1, abs(value)))",
                [name, grain],
            ).fetchall()
            assert different == [], name


def test_what_a_change_does_is_shown(ci_world: World, tmp_path: Path) -> None:
    """Against a file in which a metric had another definition and other values."""
    earlier = tmp_path / "plumbline.duckdb"
    shutil.copy(ci_world.published_file, earlier)
    with duckdb.connect(str(earlier)) as connection:
        connection.execute(
            "update catalogue.metrics_catalogue set version = 0, formula = 'another'"
            " where metric_name = 'mau'; delete from catalogue.metrics_catalogue"
            " where metric_name = 'nps'; update catalogue.metric_values set value = value / 2"
            " where metric_name = 'mau'; update catalogue.metric_values set value = value * 2"
            " where metric_name = 'seats' and grain = 'month' and dimension_name = 'total'"
            " and period_start_date = date '2025-06-01'"
        )
    found = find_changes(ci_world.build_file, earlier)
    (change,), (moved,) = found.changes, found.moved
    assert (change.metric_name, found.added, found.removed) == ("mau", ("nps",), ())
    assert (moved.metric_name, moved.count, moved.cut) == ("seats", 1, "")
    assert moved.value.period_start_date == date(2025, 6, 1)
    assert moved.value.impact.endswith("(-50.00%)")
    assert [name for name, _, _ in change.differences] == ["version", "formula"]
    assert len(change.values) == 12 and change.values[-1].impact.endswith("(+100.00%)")
    world = ci_world.copy(tmp_path / "world")
    done = world.run("verify", "catalogue", "--against", str(earlier))
    assert done.returncode == 0, done.stderr
    assert "formula: another -> count of users" in done.stdout and "+100.00%" in done.stdout
    assert "new: nps" in done.stdout
    heading, _, listed = done.stdout.partition("under an unchanged definition")
    assert "late events" in listed and "seats" in listed and "-50.00%" in listed
    assert "seats" not in heading
    same = world.run("verify", "catalogue", "--against", str(world.published_file))
    assert same.returncode == 0 and "no value of both files moved" in same.stdout
    missing = world.run("verify", "catalogue", "--against", str(tmp_path / "none.duckdb"))
    assert missing.returncode == 1 and "does not exist" in missing.stderr
