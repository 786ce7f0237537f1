"""The point-in-time proof refuses clearly, cleans up after itself and has a clock of its own."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from conftest import World
from proof_context import QUIET, context_of

from plumbline.errors import UserError
from plumbline.proofs import later_rows, point_in_time, registry
from plumbline.store.past import dates_between
from plumbline.store.raw import RawTable


@pytest.fixture(scope="module")
def world(ci_first_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of its own: a proof opens the private file, and only one program may."""
    return ci_first_night.copy(tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="module")
def context(world: World) -> registry.Context:
    """What `plumbline verify` hands to a proof."""
    return context_of(world)


def test_proof_names_what_stands_in_its_way(
    world: World, context: registry.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(world.raw, raw, copy_function=os.link)
    moved = replace(context, settings=replace(context.settings, raw=raw))
    gone = raw / "zendesk" / "tickets" / "landed=2025-03-31"

    shutil.rmtree(gone)
    with pytest.raises(UserError, match=r"zendesk\.tickets landed=2025-03-31 .* is missing"):
        point_in_time.prove(moved, QUIET)
    shutil.copytree(raw / "zendesk" / "tickets" / "landed=2025-04-30", gone)
    with pytest.raises(UserError, match=r"zendesk\.tickets landed=2025-03-31 has changed"):
        point_in_time.prove(moved, QUIET)
    with pytest.raises(UserError, match="no features as of 2024-08-01 or earlier"):
        point_in_time.prove(replace(context, as_of=date(2024, 8, 1)), QUIET)
    other = replace(context.settings, dbt_vars={"churn_gap_days": 45})
    with pytest.raises(UserError, match="models, seeds or settings have changed"):
        point_in_time.prove(replace(context, settings=other), QUIET)
    later = {**context.variables, "as_of_date": "2026-03-05"}
    with pytest.raises(UserError, match="as of 2026-03-05, did not reach the features"):
        point_in_time.prove(replace(context, variables=later), QUIET)
    usage = shutil._ntuple_diskusage(10**12, 10**12, 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(UserError, match="not enough disk space .* to build the features again"):
        point_in_time.prove(context, QUIET)


def test_scratch_folder_goes_whatever_happens(tmp_path: Path, context: registry.Context) -> None:
    settings = replace(context.settings, warehouse=tmp_path)
    left = settings.build_file.parent / f"{point_in_time.SCRATCH}killed"
    left.mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt), point_in_time.scratch_of(settings) as scratch:
        assert not left.exists() and scratch.build_file.parent.is_dir()
        raise KeyboardInterrupt
    assert list(settings.build_file.parent.iterdir()) == []


def test_wrong_clock_is_what_every_clock_says(tmp_path: Path) -> None:
    file = tmp_path / "plumbline.duckdb"
    point_in_time.set_clock_wrong(file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema features; set TimeZone = 'UTC'")
        for clock in ("current_date", "today()", "now()", "current_timestamp", "localtimestamp"):
            connection.execute(f"create or replace table features.t as select {clock} as moment")
            [(days,)] = connection.execute(
                "select cast(moment as date) - cast(? as date) from features.t", [date.today()]
            ).fetchall()
            assert abs(days - point_in_time.CLOCK_ERROR_DAYS) <= 1, clock
    assert dates_between(file) is None


def test_nothing_is_appended_where_no_row_says_when_it_was_known(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "accounts.csv").write_text("id\n1\n", encoding="utf-8")
    file = f"{raw}/accounts.csv"
    table = RawTable(
        "vendor",
        "accounts",
        f"read_csv('{file}')",
        file,
        (("id", "bigint"),),
        frozenset(),
        frozenset(),
    )
    given = ([table], raw, date(2026, 1, 1), date(2026, 1, 15), 10)
    assert later_rows.append_later_rows(*given, lambda *done: None) == 0
    assert [path.name for path in raw.iterdir()] == ["accounts.csv"]
