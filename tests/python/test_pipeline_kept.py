"""A rerun that fails takes no published night out of the tables that keep each night."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from manifest import every_vendor

from plumbline.config import Settings, load_settings
from plumbline.night import kept, publish
from plumbline.night.gate import Night
from plumbline.night.nightly import recover
from plumbline.store import ops

T = date(2026, 2, 28)
BEFORE = T - timedelta(days=1)
DRIFT, FORMER = "monitoring.rpt_score_drift", "monitoring.score_drift"
KEPT_ROWS = [("r1", BEFORE, 0.1), ("r2", T, 0.2)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two published nights, of which the second runs again and fails."""
    made = replace(load_settings(raw=tmp_path), warehouse=tmp_path)
    made.build_file.parent.mkdir()
    with duckdb.connect(str(made.build_file)) as connection:
        ops.create_tables(connection, ROOT)
        for run, day in (("r1", BEFORE), ("r2", T), ("rerun", T)):
            ops.record_start(connection, run, day, "demo", {"code_fingerprint": "c"}, [])
        ops.record(connection, "r1", BEFORE, "demo", ops.PUBLISHED)
        connection.execute("create schema monitoring")
        connection.execute(f"create table {DRIFT} (run_id varchar, as_of_date date, psi double)")
        connection.executemany(f"insert into {DRIFT} values (?, ?, ?)", KEPT_ROWS)
    publish.publish(made, Night("r2", T, {"churn": "r2"}), {tuple(DRIFT.split("."))}, {})
    with duckdb.connect(str(made.build_file)) as connection:
        connection.execute(f"delete from {DRIFT} where as_of_date = ?", [T])
        connection.execute(f"insert into {DRIFT} values ('rerun', ?, 0.9)", [T])
        connection.execute(f"alter table {DRIFT} add column later varchar")
    return made


def rows(settings: Settings) -> list[tuple]:
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        query = f"select run_id, as_of_date, psi from {DRIFT} order by as_of_date"
        return connection.execute(query).fetchall()


def test_a_published_night_comes_back(settings: Settings) -> None:
    """The failed run's rows go; the other night stays as it is; again changes nothing."""
    for _ in range(2):
        recover(settings)
        assert rows(settings) == KEPT_ROWS


def test_a_file_that_is_no_database_gives_nothing_back(settings: Settings) -> None:
    settings.published_file.write_bytes(b"torn")
    recover(settings)
    assert rows(settings) == [KEPT_ROWS[0], ("rerun", T, 0.9)]


@pytest.mark.parametrize("has_begun_anew", [False, True])
def test_nights_under_a_former_name_are_kept(settings: Settings, has_begun_anew: bool) -> None:
    """Both files are of an older version; dbt alone may have begun the table anew since."""
    for file in (settings.build_file, settings.published_file):
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"alter table {DRIFT} rename to {FORMER.split('.')[1]}")
    if has_begun_anew:
        with duckdb.connect(str(settings.build_file)) as connection:
            connection.execute(f"create table {DRIFT} as from {FORMER} where run_id = 'rerun'")
            connection.execute(f"delete from {FORMER} where run_id = 'rerun'")
    for _ in range(2):
        recover(settings)
        assert rows(settings) == KEPT_ROWS
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        left = "select 1 from duckdb_tables() where table_name = 'score_drift'"
        assert connection.execute(left).fetchall() == []


def test_kept_tables_are_those_whose_hook_deletes_nights() -> None:
    hooked = {
        (node["schema"], node["alias"])
        for node in every_vendor().manifest["nodes"].values()
        if any("delete_unpublished_nights" in h["sql"] for h in node["config"].get("pre-hook", ()))
    }
    assert hooked == set(kept.KEPT)
