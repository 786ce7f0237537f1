"""Night after night gives what one build at the end gives: real runs, late files and all.

Six nights on one `ci` world. The files of its last days are held back and land night by night;
with the second night come files that are weeks late.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, World, night, night_without_tests
from late_files import land, land_late_files, land_redelivered_events
from same_rows import OF_THE_RUN, differing_tables, published_tables

T1, T2, T3 = date(2026, 2, 26), date(2026, 2, 27), date(2026, 2, 28)
FEATURES = "features.feat_accounts_daily"
LEARNT = [
    f"ml.{name}"
    for name in (
        "predictions",
        "prediction_reasons",
        "model_performance",
        "feature_importance",
        "feature_bins",
    )
]
"""What training and scoring write, but for the model's own row."""


@dataclass(frozen=True)
class Held:
    """All partitions of a world; they land in the raw folder of `world` one by one."""

    source: Path
    world: World

    def land(self, first: date, until: date) -> None:
        """Let what landed in a span of days arrive."""
        land(self.source, self.world.raw, first, until)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Holds a warehouse for each night; they are large, so they go with the family."""
    path = tmp_path_factory.mktemp("nights")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def held(ci_raw: World, folder: Path) -> Held:
    """Nothing has landed yet."""
    return Held(ci_raw.raw, World(folder / "first", folder / "raw"))


@pytest.fixture(scope="module")
def first(held: Held) -> World:
    """T1, from nothing."""
    held.land(date.min, T1)
    night_without_tests(held.world, T1)
    return held.world


@pytest.fixture(scope="module")
def second(held: Held, first: World, folder: Path) -> World:
    """T2, with a day's files and late ones."""
    world = first.copy(folder / "second")
    held.land(T1, T2)
    land_late_files(world.raw)
    night(world, T2)
    return world


@pytest.fixture(scope="module")
def third(held: Held, second: World, folder: Path) -> World:
    """T3, with a day's files and nothing else."""
    world = second.copy(folder / "third")
    held.land(T2, T3)
    land_redelivered_events(world.raw)
    night_without_tests(world, T3)
    return world


@pytest.fixture(scope="module")
def rebuilt(second: World, third: World, folder: Path) -> World:
    """T3 in place of the third night, everything anew."""
    world = second.copy(folder / "rebuilt")
    night_without_tests(world, T3, "--rebuild")
    return world


@pytest.fixture(scope="module")
def back(third: World, folder: Path) -> World:
    """T2 after T3."""
    world = third.copy(folder / "back")
    night_without_tests(world, T2)
    return world


@pytest.fixture(scope="module")
def forward(back: World, folder: Path) -> World:
    """T3 after T2 after T3."""
    world = back.copy(folder / "forward")
    night_without_tests(world, T3)
    return world


def rollups() -> list[str]:
    """Intermediate models that keep rows from night to night."""
    return [
        f"intermediate.{file.stem}"
        for file in (ROOT / "models" / "intermediate").rglob("*.sql")
        if "materialized='incremental'" in file.read_text()
    ]


def assert_same_rows(
    one: World,
    other: World,
    *,
    leave_out: frozenset[str] = frozenset(),
    until: date | None = None,
) -> None:
    """Published tables, private roll-ups and all features of two worlds hold the same rows."""
    published = published_tables(one.published_file)
    private = [*rollups(), FEATURES]
    # Monitoring measures each night anew, under the run that did.
    watched = [table for table in published if table.startswith("monitoring.")]
    assert published == published_tables(other.published_file)
    # What a publication restated depends on the one before it.
    published.remove("catalogue.metric_restatements")
    assert len(published) > 30 and len(private) > 4
    options = {"leave_out": leave_out, "until": until}
    found = [
        *differing_tables(
            one.published_file, other.published_file, set(published) - set(watched), **options
        ),
        *differing_tables(
            one.published_file,
            other.published_file,
            watched,
            leave_out=leave_out | {"run_id"},
            until=until,
        ),
        *differing_tables(one.build_file, other.build_file, private, **options),
    ]
    assert not found, "\n".join(["tables differ:", *found])


def recomputed_since(world: World) -> str:
    """From which day on the last run of a world recomputed; empty: everything."""
    [(detail,)] = world.read(
        "select detail from ops.runs where state = 'started' order by recorded_at desc limit 1",
        private=True,
    )
    return json.loads(detail)["changed_since"]


def test_each_night_recomputes_what_changed_and_no_more(
    first: World, second: World, third: World, rebuilt: World, back: World, forward: World
) -> None:
    """Without this, the comparisons below might compare rebuilds with rebuilds."""
    worlds = (first, second, third, rebuilt, back, forward)
    assert [recomputed_since(world) for world in worlds] == [
        "",
        "2026-02-05",  # the oldest late row
        "2026-02-27",  # the last as-of date
        "",
        "2026-02-26",  # the last day that is visible
        "2026-02-27",
    ]


def test_three_nights_in_a_row_equal_a_rebuild(third: World, rebuilt: World) -> None:
    scored = third.read("select as_of_date, count(*) from ml.predictions group by all order by all")
    assert [day for day, _ in scored] == [T1, T2, T3]
    assert all(count > 100 for _, count in scored)
    assert_same_rows(third, rebuilt, leave_out=OF_THE_RUN)


def test_back_in_time_and_forward_again_equals_a_rebuild(
    second: World, third: World, back: World, forward: World, rebuilt: World
) -> None:
    """Back: the night as it was, although later files lie there."""
    assert_same_rows(second, back, until=T2)
    assert back.read(f"select max(as_of_date) from {FEATURES}", private=True) == [(T2,)]
    # the run's id on each row included: of the same night nothing was written again
    assert_same_rows(third, forward)
    [(nights, rows)] = forward.read(
        "select count(distinct (account_id, as_of_date)), count(*)"
        " from risk.rpt_at_risk_accounts_history"
    )
    assert rows == nights > 0
    assert_same_rows(forward, rebuilt, leave_out=OF_THE_RUN)


def test_late_files_reach_the_days_on_which_they_were_known(first: World, second: World) -> None:
    with duckdb.connect() as connection:
        for name, world in (("old", first), ("new", second)):
            connection.execute(f"attach '{world.build_file}' as {name} (read_only)")
        changed = connection.execute(
            "select min(new.as_of_date), "
            + ", ".join(
                f"count(*) filter (where new.{column} is distinct from old.{column})"
                for column in ("avg_dau_30d", "mrr", "seats", "urgent_tickets_30d")
            )
            + f" from old.{FEATURES} as old inner join new.{FEATURES} as new"
            " on old.account_id = new.account_id and old.as_of_date = new.as_of_date"
            " where old is distinct from new"
        ).fetchone()
        weeks_late = connection.execute(
            "select sum(event_count) from new.intermediate.int_user_event_days__counted"
            " where known_date = date '2026-02-26' and event_date <= date '2026-02-03'"
        ).fetchone()
    assert changed is not None and weeks_late is not None
    assert changed[0] == date(2026, 2, 6)
    assert all(count > 20 for count in changed[1:])
    assert weeks_late[0] > 20


def test_what_was_restated_is_told_with_its_causes(first: World, second: World) -> None:
    key = "metric_name, grain, period_start_date, dimension_name, dimension_value"
    with duckdb.connect() as connection:
        for name, world in (("old", first), ("new", second)):
            connection.execute(f"attach '{world.published_file}' as {name} (read_only)")
        found = connection.execute(
            f"""
            with moved as (
                select {key}, o.value as old_value, n.value as new_value
                from old.catalogue.metric_values o join new.catalogue.metric_values n using ({key})
                where (o.value is null) <> (n.value is null)
                    or abs(o.value - n.value) > 1e-9 * greatest(abs(o.value), abs(n.value))
            ),
            told as (
                select {key}, max(old_value) as old_value, max(new_value) as new_value,
                    list(distinct cause order by cause) as causes, sum(difference) as difference,
                    count(difference) < count(*) as is_undefined, min(row_count) as row_count
                from new.catalogue.metric_restatements
                where as_of_date = date '{T2}' and previous_as_of_date = date '{T1}'
                group by {key}
            )
            select count(*), count(*) filter (where t.causes is null),
                count(*) filter (where abs(t.difference - (m.new_value - m.old_value))
                    > 1e-9 * greatest(abs(m.old_value), abs(m.new_value))
                    or is_undefined <> (m.new_value - m.old_value is null)
                    or t.old_value is distinct from m.old_value
                    or t.new_value is distinct from m.new_value)
            from moved m left join told t using ({key})
            """
        ).fetchall()[0]
        causes = connection.execute(
            "select metric_name, cause, sum(difference), sum(account_count), min(row_count)"
            " from new.catalogue.metric_restatements"
            " where dimension_name = 'total' and grain <> 'day' group by all"
        ).fetchall()
    assert found[0] > 100
    assert found[1:] == (0, 0)
    told = {row[:2]: row[2:] for row in causes}
    assert {cause for _, cause in told} == {"late rows", "correction", "deletion"}
    tickets = told["support_tickets", "deletion"]
    assert tickets[0] <= -tickets[1] < 0 < tickets[2]
    assert told["mrr", "correction"][0] > 0
    assert told["action_trend_ratio", "late rows"][2] > 0


def test_events_are_those_of_the_files_each_once(third: World, back: World, held: Held) -> None:
    """Counted from the files alone, without the project's models."""
    query = (
        "select count(distinct (workspace_id, user_id, event_type, timestamp::date, event_id)),"
        f" count(*) from read_parquet('{held.world.raw}/segment/events/*/*.parquet')"
        " where landed < date '{}'"
    )
    for world, as_of in ((third, T3), (back, T2)):
        events, deliveries = duckdb.sql(query.format(as_of)).fetchall()[0]
        counted = world.read(
            "select sum(event_count) from intermediate.int_user_event_days__counted", private=True
        )
        assert counted == [(events,)]
        assert deliveries > events + 200


def test_newer_files_leave_the_features_of_past_dates(
    second: World, third: World, rebuilt: World
) -> None:
    for later in (third, rebuilt):
        options = {"until": T2}
        assert not differing_tables(second.build_file, later.build_file, [FEATURES], **options)
    [(rows, days)] = second.read(
        f"select count(*), count(distinct as_of_date) from {FEATURES}", private=True
    )
    assert rows > 100_000 and days > 500
    assert third.read(f"select max(as_of_date) from {FEATURES}", private=True) == [
        (T2 + timedelta(days=1),)
    ]


def test_two_trainings_predict_the_same_to_the_bit(first: World, tmp_path: Path) -> None:
    """In separate processes: the first night's, and one that finds no trace of it."""
    world = first.copy(tmp_path)
    shutil.rmtree(world.warehouse / "models")
    with duckdb.connect(str(world.build_file)) as connection:
        for table in [*LEARNT, "ml.model_runs"]:
            connection.execute(f"delete from {table}")
    for step in ("train", "score"):
        done = world.run(step, "--as-of", T1.isoformat())
        assert done.returncode == 0, done.stdout + done.stderr
    run = frozenset({"run_id"})
    assert not differing_tables(first.build_file, world.build_file, LEARNT, leave_out=run)
    [(count,)] = world.read("select count(*) from ml.predictions", private=True)
    assert count > 100
