"""The published file: what is in it, and that nothing but a finished copy replaces it."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, World, digest
from manifest import every_vendor

from ml.config import load_settings as load_knobs
from plumbline.config import Settings, load_settings
from plumbline.errors import UserError
from plumbline.night import gate, publish
from plumbline.night.additivity import measure
from plumbline.night.gate import Night
from plumbline.night.nightly import recover
from plumbline.store import ops

T = date(2026, 2, 28)
NIGHT = Night("r2", T, {"churn": "r2"})
RELATIONS = {
    ("features", "feat_accounts_daily"),
    ("risk", "rpt_at_risk_accounts"),
    ("risk", "rpt_seen"),
    ("reference", "internal_user_rules"),
    ("core", "dim_of_a_vendor_that_is_off"),
}
TABLES = """
create schema features; create schema risk; create schema ml; create schema intermediate;
create table features.feat_accounts_daily as
    select 'a' || n as account_id, as_of_date, true as is_paying
    from range(3) t(n), (values (date '2026-02-28'), (date '2025-01-24'), (date '2025-01-25'))
        as d(as_of_date);
comment on table features.feat_accounts_daily is 'One row per account''s day.';
comment on column features.feat_accounts_daily.is_paying is 'Whether MRR > 0.';
create table risk.rpt_at_risk_accounts as
    select account_id, as_of_date from features.feat_accounts_daily
    where as_of_date = date '2026-02-28';
create view risk.rpt_seen as select 1 as id;
comment on view risk.rpt_seen is 'A view.';
create table intermediate.int_private as select 1 as id;
create table risk.int_at_risk_accounts__ranked as select 1 as id;
create table risk.rpt_of_an_older_version as select 1 as id;
create schema reference; create table reference.internal_user_rules as select 1 as id;
create table ml.predictions as
    select run_id, 'm1' as model_version, 'churn' as target, date '2026-02-28' as as_of_date,
        'a' || n as account_id, 0.5 as probability, cast(0 as double) as log_odds,
        cast(-1 as double) as baseline_log_odds
    from range(3) t(n), (values ('r1'), ('r2'), ('dead')) as r(run_id);
create table ml.prediction_reasons as
    select run_id, model_version, target, as_of_date, account_id, f as feature_name,
        cast(0.5 as double) as contribution
    from ml.predictions, (values ('f1'), ('f2')) as g(f);
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A private file with two rooms, and an earlier published file."""
    made = replace(load_settings(raw=tmp_path), warehouse=tmp_path)
    made.build_file.parent.mkdir()
    with duckdb.connect(str(made.build_file)) as connection:
        connection.execute(TABLES)
        ops.create_tables(connection, ROOT)
        for run in ("r1", "dead", "r2"):
            ops.record_start(connection, run, T, "demo", {"code_fingerprint": "c"}, [])
        ops.record(connection, "r1", T, "demo", ops.PUBLISHED)
    made.published_file.write_bytes(b"the night before")
    return made


def published(settings: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(settings.published_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_what_is_published(settings: Settings) -> None:
    publish.publish(settings, NIGHT, RELATIONS, {})
    tables = published(settings, "select schema_name || '.' || table_name from duckdb_tables()")
    assert {name for (name,) in tables} == {
        "features.feat_accounts_daily",
        "risk.rpt_at_risk_accounts",
        "risk.rpt_seen",
        "reference.internal_user_rules",
        "ml.predictions",
        "ml.prediction_reasons",
        "ops.runs",
    }
    comments = dict(
        published(settings, "select table_name, comment from duckdb_tables() where comment <> ''")
    )
    assert comments["feat_accounts_daily"] == "One row per account's day."
    assert comments["rpt_seen"] == "A view."
    assert comments["runs"] == "One row per state that a nightly run reached."
    assert comments["predictions"].startswith("One row per run, target and account")
    column = "select comment from duckdb_columns() where column_name = 'is_paying'"
    assert published(settings, column) == [("Whether MRR > 0.",)]
    column = "select comment from duckdb_columns() where column_name = 'probability'"
    assert published(settings, column) == [
        ("Calibrated probability (0 to 1) of the target within its label's horizon.",)
    ]
    assert published(settings, "select current_database()") == [("plumbline",)]
    runs = "select distinct run_id from ml.predictions order by all"
    assert published(settings, runs) == [("r1",), ("r2",)]
    states = "select run_id, state from ops.runs where state = 'published' order by all"
    assert published(settings, states) == [("r1", "published"), ("r2", "published")]
    assert not published(settings, "select 1 from ops.runs where run_id = 'dead'")


def test_daily_tables_keep_the_last_400_days(settings: Settings) -> None:
    publish.publish(settings, NIGHT, RELATIONS, {})
    days = published(settings, "select min(as_of_date) from features.feat_accounts_daily")
    assert days == [(T - timedelta(days=399),)]


def test_reasons_keep_the_last_35_days(settings: Settings) -> None:
    with duckdb.connect(str(settings.build_file)) as connection:
        for days in (34, 35):
            connection.execute(
                "insert into ml.prediction_reasons select * replace (? as as_of_date)"
                " from ml.prediction_reasons where as_of_date = ?",
                [T - timedelta(days=days), T],
            )
    publish.publish(settings, NIGHT, RELATIONS, {})
    days = published(settings, "select distinct as_of_date from ml.prediction_reasons order by 1")
    assert days == [(T - timedelta(days=34),), (T,)]


def test_models_and_studies_are_shown_whatever_their_age(settings: Settings) -> None:
    """A champion may be older than any night that is shown."""
    old = "create table {} as select date '2020-01-01' as as_of_date, 'm1' as model_version"
    with duckdb.connect(str(settings.build_file)) as connection:
        connection.execute("create schema if not exists monitoring")
        for schema, table in publish.OF_ANY_AGE:
            connection.execute(f"drop table if exists {schema}.{table}")
            connection.execute(old.format(f"{schema}.{table}"))
    publish.publish(settings, NIGHT, RELATIONS | publish.OF_ANY_AGE, {})
    for schema, table in publish.OF_ANY_AGE:
        assert published(settings, f"select count(*) from {schema}.{table}") == [(1,)], table


def test_older_readers_open_the_file(settings: Settings) -> None:
    publish.publish(settings, NIGHT, RELATIONS, {})
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.published_file}' as p (read_only)")
        tags = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = 'p'"
        ).fetchone()
    assert tags is not None
    assert str(tags[0]).startswith("v1.2.0")


def test_a_copy_that_fails_leaves_the_old_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(settings.published_file)

    def no_room(number: float, total: float | None, what: str) -> None:
        if number == 4:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        publish.publish(settings, NIGHT, RELATIONS, {}, no_room)
    assert digest(settings.published_file) == before
    assert publish.leftovers(settings) == []


def test_a_publication_without_its_record_is_healed(settings: Settings) -> None:
    publish.publish(settings, NIGHT, RELATIONS, {})
    settings.published_file.with_name("plumbline.duckdb.r9.tmp").write_bytes(b"left behind")
    for expected in ("r2", "r2"):
        recover(settings)
        with duckdb.connect(str(settings.build_file)) as connection:
            assert ops.published_run_ids(connection)[-1] == expected
            rows = connection.execute(
                "select count(*) from ops.runs where run_id = 'r2' and state = 'published'"
            ).fetchone()
            assert rows == (1,)
    assert publish.leftovers(settings) == []


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        ("delete from ml.predictions where run_id = 'r2' and account_id = 'a1'", "every paying"),
        ("delete from risk.rpt_at_risk_accounts where account_id = 'a1'", "every paying"),
        (
            "insert into risk.rpt_at_risk_accounts select * from risk.rpt_at_risk_accounts",
            "every paying",
        ),
        ("update ml.predictions set probability = 1 where account_id = 'a1'", "probab"),
        ("update ml.predictions set probability = null where account_id = 'a1'", "probab"),
        ("update ml.predictions set log_odds = 0.00001 where account_id = 'a1'", "reasons"),
        ("delete from ml.prediction_reasons where account_id = 'a1'", "reasons"),
    ],
)
def test_publish_gate_sees(settings: Settings, spoil: str, name: str) -> None:
    with duckdb.connect(str(settings.build_file)) as connection:
        gate.require_gate(gate.check_gate(connection, NIGHT))
        connection.execute(spoil)
        checks = gate.check_gate(connection, NIGHT)
    assert any(check.name.startswith(name) and not check.is_passed for check in checks)
    with pytest.raises(UserError, match="publish gate failed, nothing was published"):
        gate.require_gate(checks)


FEW = replace(load_knobs().scoring, all_reasons_up_to=2, most_reasons=1)
"""The night of three accounts is a very large one."""
ONLY_ONE = "delete from ml.prediction_reasons where account_id <> 'a1'"


@pytest.mark.parametrize(
    ("statements", "is_passed"),
    [
        ((), False),
        ((ONLY_ONE,), True),
        ((ONLY_ONE, "update ml.predictions set log_odds = 9 where account_id <> 'a1'"), True),
        ((ONLY_ONE, "update ml.predictions set log_odds = 0.00001 where account_id = 'a1'"), False),
        (("delete from ml.prediction_reasons",), False),
    ],
)
def test_a_very_large_night_explains_as_many_as_it_must(
    settings: Settings, statements: tuple[str, ...], is_passed: bool
) -> None:
    """Too many, the right number, those beside them, a wrong sum, none."""
    with duckdb.connect(str(settings.build_file)) as connection:
        for statement in statements:
            connection.execute(statement)
        check = gate.check_gate(connection, NIGHT, FEW)[-1]
        every_night = measure(connection, "true", [], FEW)
    assert check.name.startswith("reasons") and check.is_passed == is_passed
    assert every_night.is_passed == is_passed
    if is_passed:
        assert check.measured.startswith("1 explained") and check.limit == "1, 1e-06"
        assert (every_night.scored, every_night.required) == (9, 3)  # three runs of one night


@pytest.mark.parametrize(
    ("explained", "up_to", "most", "gap", "found"),
    [
        (3, 3, 3, 0, 0),
        (2, 3, 3, 0, 1),
        (1, 2, 1, 0, 0),
        (2, 2, 1, 0, 1),
        (0, 2, 1, 0, 1),
        (3, 3, 3, 0.00001, 3),
        (1, 2, 1, 0.00001, 1),
    ],
)
def test_the_singular_test_counts_the_explained(
    explained: int, up_to: int, most: int, gap: float, found: int
) -> None:
    """Three accounts: one row for a wrong number, and one for each sum that is wrong."""
    sql = every_vendor().sql["assert_reason_groups_sum_to_the_score"]
    for before, after in (("100000", up_to), ("5000", most)):
        assert re.search(rf"\b{before}\b", sql)
        sql = re.sub(rf"\b{before}\b", str(after), sql)
    sql = re.sub(r'"\w+"\."(staging|risk)"', r'"\1"', sql)
    with duckdb.connect() as connection:
        connection.execute(
            "create schema staging; create schema risk;"
            "create table staging.stg_ml__predictions as select 'r' as run_id, 'churn' as target,"
            " date '2026-02-28' as as_of_date, 'a' || n as account_id,"
            " cast(0 as double) as log_odds, cast(-1 as double) as baseline_log_odds"
            " from range(3) as t(n)"
        )
        connection.execute(
            "create table risk.rpt_risk_reasons as select 'r' as run_id, 'a' || n as account_id,"
            f" cast(0.5 + {gap} as decimal(18, 12)) as contribution"
            f" from range({explained}) as t(n), range(2) as g(part)"
        )
        # (the parts of the change: tests/python/test_reasons.py)
        connection.execute(
            "create table risk.rpt_at_risk_accounts (run_id varchar, account_id varchar,"
            " log_odds_change double, log_odds_change_of_model double)"
        )
        assert len(connection.execute(sql).fetchall()) == found


def test_input_gate_stops_with_the_line_of_the_check() -> None:
    with duckdb.connect() as connection:
        assert gate.read_input_gate(connection) == []
        connection.execute(
            "create schema quality; create table quality.rpt_input_gate as"
            " select * from (values"
            " ('stale_events', 'error', 9.0, 'at most', 2.0, false, 'days'),"
            " ('null_rate', 'warn', 0.06, 'at most', 0.05, false, ''),"
            " ('volume', 'error', 3.0, 'at least', 2.0, true, '')) as t(check_name, severity,"
            " measured_value, comparison, limit_value, is_passed, detail)"
        )
        checks = gate.read_input_gate(connection)
    assert [check.is_passed for check in checks] == [False, False, True]
    stale = r"nothing was scored.*stale events: 9, must be at most 2 \(days\)"
    with pytest.raises(UserError, match=stale):
        gate.require_input_gate(checks)
    gate.require_input_gate(checks[1:])


def test_what_is_private_is_readable_by_its_owner_alone(ci_first_night: World) -> None:
    """And what is published by everybody, as far as the umask allows."""
    world = ci_first_night
    private = (world.build_file.parent, world.warehouse / "models", world.raw, world.truth)
    modes = {folder.name: stat.S_IMODE(folder.stat().st_mode) for folder in private}
    assert modes == dict.fromkeys(modes, 0o700)
    usual = world.folder / "usual"
    usual.touch()
    assert world.published_file.stat().st_mode == usual.stat().st_mode
    usual.unlink()
