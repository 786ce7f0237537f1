"""The backfill: replayed nights are those that were, are kept once, and survive what comes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from backtest_small import small_settings
from conftest import FIRST_NIGHT, LAST_NIGHT, ROOT, World
from rich.console import Console

import ml.config
import ml.score
import ml.train
from plumbline.backfill.calendar import Asked, lay_out
from plumbline.backfill.run import run_backfill
from plumbline.config import Settings, load_settings
from plumbline.errors import UserError
from plumbline.night.kept import KEPT
from plumbline.replay import past
from plumbline.replay.work import STATE
from plumbline.store import ops

FIRST, LAST = date(2025, 11, 14), date(2026, 2, 6)
EVERY = 21
NIGHTS = [FIRST + timedelta(days=EVERY * number) for number in range(5)]
FEATURES = (date(2025, 1, 1), date(2026, 2, 28))


@dataclass(frozen=True)
class Source:
    """A copy of the `ci` world after two nights, of which a test may forget some."""

    world: World
    settings: Settings

    def read(self, query: str) -> list[tuple]:
        """Rows of the published file."""
        with duckdb.connect(str(self.settings.published_file), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def compiled() -> dict[str, object]:
    """The nights' SQL, which needs to be compiled once."""
    return {}


@pytest.fixture
def source(
    ci_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: dict
) -> Source:
    """Nothing of another test is left, but for the compiled SQL."""
    world = ci_world.copy(tmp_path)
    monkeypatch.setenv("PLUMBLINE_BUILD", "")
    monkeypatch.setenv("PLUMBLINE_RAW", "")
    honest = past.load_chain

    def load_once(*arguments: object) -> object:
        if "chain" not in compiled:
            compiled["chain"] = honest(*arguments)
        return compiled["chain"]

    monkeypatch.setattr(past, "load_chain", load_once)
    return Source(world, load_settings(environ=world.environment))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer churned accounts are asked for, everywhere."""
    for module in (ml.config, ml.train, ml.score):
        monkeypatch.setattr(module, "load_settings", small_settings)


def backfill(source: Source, asked: Asked) -> tuple[object, str]:
    """What was done, and what was said."""
    console = Console(record=True, width=100)
    done = run_backfill(source.settings, asked, console, site=False)
    return done, console.export_text()


def test_a_replayed_night_is_the_one_that_was(source: Source) -> None:
    """A real night, forgotten and replayed: each row that it kept, but for who wrote it.

    All three targets, the list, both drifts and the sentiment; the same model versions, which hold
    the hash of their training rows.
    """
    parts = [("ml", "predictions"), *KEPT]
    of_night = f"as_of_date = date '{FIRST_NIGHT}'"
    with duckdb.connect(str(source.settings.build_file)) as connection:
        for schema, table in parts:
            connection.execute(
                f"create table was_{table} as select * from {schema}.{table} where {of_night};"
                f"delete from {schema}.{table} where {of_night}"
            )
        connection.execute(f"delete from ops.runs where {of_night}")
    done, said = backfill(source, Asked(FIRST_NIGHT, FIRST_NIGHT))
    assert done.nights == (FIRST_NIGHT,) and done.scored > 0, said
    with duckdb.connect(str(source.settings.build_file)) as connection:
        for schema, table in parts:
            names = [
                name if kind != "DOUBLE" else f"round({name}, 9)"
                for name, kind in connection.execute(
                    "select column_name, data_type from duckdb_columns() where schema_name = ?"
                    " and table_name = ? and column_name not in"
                    # (a replay keeps no reasons, and playbooks answer reasons)
                    " ('run_id', 'is_replayed', 'playbook')",
                    [schema, table],
                ).fetchall()
            ]
            was = f"select {', '.join(names)} from was_{table}"
            now = f"select {', '.join(names)} from {schema}.{table} where {of_night}"
            counts = connection.execute(
                f"select (select count(*) from ({was})), (select count(*) from ({now})),"
                f" (select count(*) from (({was} except {now}) union all ({now} except {was})))"
            ).fetchall()[0]
            assert counts[0] == counts[1] > 0 and counts[2] == 0, (table, counts)
    states = source.read(f"select distinct state from ops.runs where {of_night}")
    assert states == [(ops.REPLAYED,)]
    marks = dict(
        source.read(
            "select as_of_date, bool_and(is_replayed) from risk.rpt_at_risk_accounts_history"
            " group by all"
        )
    )
    assert marks == {FIRST_NIGHT: True, LAST_NIGHT: False}


def test_history_is_there_and_stays(source: Source, small: None) -> None:
    """Killed after its first nights it goes on; a further one does nothing; a night keeps all.

    What readers see of the nights: scores, lists, drift, outcomes, the catalogue's months; no
    contact with a list that nobody saw.
    """
    asked = Asked(FIRST, LAST, EVERY)
    work = source.settings.warehouse / "backfill" / "work"
    _kill_after(source, work / STATE, asked)
    before = source.settings.published_file.read_bytes()
    assert not source.read(f"select 1 from ops.runs where state = '{ops.REPLAYED}'")
    done, said = backfill(source, asked)
    assert "goes on after the origin of" in said and list(done.nights) == NIGHTS
    assert not work.exists()
    _check_history(source)
    seen = source.settings.published_file.stat()
    again, _ = backfill(source, asked)
    assert again.nights == () and source.settings.published_file.stat() == seen
    # stopped between the keeping and the publication
    source.settings.published_file.write_bytes(before)
    again, said = backfill(source, asked)
    assert again.nights == () and "Publish" in said
    _check_history(source)
    night = source.world.run("nightly", "--as-of", str(LAST_NIGHT), "--no-docs")
    assert night.returncode == 0, night.stdout + night.stderr
    _check_history(source)


def _kill_after(source: Source, file: Path, asked: Asked) -> None:
    script = Path(__file__).with_name("backtest_small.py")
    dates = ["--from", str(asked.begin), "--to", str(asked.end), "--every", str(asked.every)]
    process = subprocess.Popen(
        [sys.executable, str(script), "backfill", *dates],
        cwd=ROOT,
        env={**source.world.environment, "PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 600  # a guard against hanging, no measurement
    while not file.exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _check_history(source: Source) -> None:
    runs = source.read(f"select as_of_date from ops.runs where state = '{ops.REPLAYED}' order by 1")
    assert [night for (night,) in runs] == NIGHTS
    scored = source.read(
        "select as_of_date, scored_count from outcomes.fct_scored_nights"
        " where target = 'churn' and is_replayed order by 1"
    )
    assert len(scored) >= 3 and [night for night, _ in scored] == NIGHTS[-len(scored) :]
    for table in ("monitoring.rpt_feature_drift", "monitoring.rpt_score_drift"):
        shown = source.read(
            f"select distinct as_of_date from {table} where target = 'churn' and is_replayed"
        )
        assert len(shown) == len(scored), table
    listed = source.read(
        "select as_of_date, count(*) from risk.rpt_at_risk_accounts_history"
        " where is_replayed group by all order by 1"
    )
    assert listed == scored
    matured = source.read(
        "select count(distinct as_of_date) from outcomes.fct_prediction_outcomes"
        " where target = 'churn'"
    )
    assert matured[0][0] > 0
    months = source.read(
        "select month_start_date, sum(shown_count), count(contacted_count)"
        " from monitoring.fct_account_risk_monthly where is_replayed group by all"
    )
    assert len(months) >= 2 and all(row[1:] == (0, 0) for row in months)
    early = source.read("select min(as_of_date) from risk.rpt_at_risk_accounts_history")
    assert early[0][0] == scored[0][0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(FIRST, FIRST_NIGHT), f"the night of {FIRST_NIGHT} was published"),
        (Asked(date(2024, 12, 31)), "there are no features as of --from 2024-12-31"),
        (Asked(LAST, FIRST), "swap the two dates"),
        (Asked(FIRST_NIGHT), "swap the two dates"),
    ],
)
def test_dates_that_no_backfill_can_have(asked: Asked, told: str) -> None:
    """Over a published night, before the first export, in the wrong order."""
    with pytest.raises(UserError) as caught:
        lay_out(asked, FEATURES, FIRST_NIGHT, set())
    assert told in caught.value.line


def test_the_default_reaches_twenty_weeks_back_or_to_the_first_features() -> None:
    """A step before the first published night it ends; a young source has what there is."""
    usual = lay_out(Asked(), FEATURES, FIRST_NIGHT, set()).nights
    assert (usual[0], usual[-1]) == (
        FIRST_NIGHT - timedelta(days=140),
        FIRST_NIGHT - timedelta(days=7),
    )
    young = lay_out(Asked(), (FIRST_NIGHT - timedelta(days=20), FIRST_NIGHT), FIRST_NIGHT, set())
    assert [(FIRST_NIGHT - night).days for night in young.nights] == [14, 7]


def test_a_build_that_was_not_published_stops_it(source: Source) -> None:
    """It would become visible with the replayed nights; the remedy is a night to its end."""
    with duckdb.connect(str(source.settings.build_file)) as connection:
        connection.execute(
            "delete from ops.runs where state = 'published' and as_of_date = ?", [LAST_NIGHT]
        )
    source.settings.published_file.unlink()
    with pytest.raises(UserError, match="was not published — run `plumbline nightly` to its end"):
        backfill(source, Asked())


def test_a_published_file_that_is_gone_is_one_line(source: Source) -> None:
    """Somebody moved it away: the next night writes it anew."""
    source.settings.published_file.unlink()
    with pytest.raises(UserError, match="nothing is published yet .* — run `plumbline nightly`"):
        backfill(source, Asked())


def test_two_at_a_time_are_one_too_many(
    source: Source, plumbline: Callable[..., tuple[int, str, str]]
) -> None:
    """The second one says who is at work, in one line."""
    from plumbline.replay.work import only_writer

    with only_writer(source.settings.warehouse / "backfill"):
        code, _, error = plumbline("backfill")
    assert code == 1 and "another process is writing to" in error


@pytest.fixture
def world(source: Source) -> World:
    """The world of the command."""
    return replace(source.world)
