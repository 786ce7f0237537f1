"""What watches the models: its limits hold, planted faults are found, and nights obey it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import LAST_NIGHT, World, night_without_tests
from manifest import ROOT, every_vendor

from ml.config import load_settings
from plumbline.proofs import drift

AS_OF = date(2026, 2, 28)  # the default of the var as_of_date, with which models are compiled
HEADS = {
    "staging.stg_ml__predictions": "target varchar, as_of_date date, model_version varchar,"
    " account_id varchar, probability double, is_replayed boolean",
    "staging.stg_ml__model_runs": "model_version varchar, target varchar, as_of_date date,"
    " model_kind varchar, label_name varchar, parameters varchar",
    "staging.stg_ml__model_performance": "model_version varchar, model_kind varchar,"
    " slice varchar, metric_name varchar, metric_value double",
    "staging.stg_subscription__vendor_churn_events": "account_id varchar, churned_at timestamp",
    "intermediate.int_account_churns__dated": "account_id varchar, churn_date date,"
    " returned_date date",
    "intermediate.int_account_mrr_rises__dated": "account_id varchar, from_date date,"
    " until_date date, mrr_cents bigint, risen_date date",
}
SEEDS = ("monitoring_thresholds", "retraining_rules")
LABELS = "int_account_labels__ranged"
MODELS = (
    "fct_scored_nights",
    "int_prediction_outcomes__labelled",
    "fct_prediction_outcomes",
    "int_realised_aucs__measured",
    "int_champion_promises__levelled",
    "rpt_realised_deciles",
    "rpt_realised_performance",
)
MATURITY = "assert_realised_performance_is_mature"


def rates(sql: str, *sizes: int, **changed: str) -> list[drift.Rates]:
    """Rates of a few sample sizes, the one for power among them."""
    models = {**every_vendor().sql, drift.MODEL: sql, **changed}
    seeds = {
        name: pd.read_csv(ROOT / "seeds" / "reference" / f"{name}.csv") for name in drift.SEEDS
    }
    return [
        drift.measure(models, seeds, size, with_power=size == drift.POWER_SIZE)
        for size in (*sizes, drift.POWER_SIZE)
    ]


def test_the_drift_limit_keeps_its_promise() -> None:
    proven = drift.judged(rates(every_vendor().sql[drift.MODEL], 50, 1_000))
    assert proven.is_passed, proven.measured


@pytest.mark.parametrize(
    ("sound", "faulty"),
    [
        ("limited.psi > limited.psi_limit", "limited.psi > 0.10"),
        ("limited.psi > limited.psi_limit", "limited.psi > 3 * limited.psi_limit"),
        ("summed.bins_count - 1.0", "summed.bins_count - 4.0"),
        (
            "1.0 / shared.current_accounts + 1.0 / shared.reference_accounts",
            "1.0 / shared.current_accounts",
        ),
    ],
)
def test_a_planted_fault_of_the_drift_limit_is_found(sound: str, faulty: str) -> None:
    """A fixed limit, one out of reach, wrong degrees of freedom, a sample size forgotten."""
    sql = every_vendor().sql[drift.MODEL]
    assert sound in sql
    assert not drift.judged(rates(sql.replace(sound, faulty), 200)).is_passed


def test_alarms_that_ask_for_too_much_are_found() -> None:
    """Planted: a notable size of 0.30, so that what lies beyond chance does not alarm."""
    sql = every_vendor().sql
    sound, faulty = ">= compared.notable_psi", ">= compared.notable_psi + 0.2"
    alarms = sql[drift.ALERTED].replace(sound, faulty)
    assert alarms != sql[drift.ALERTED]
    [rate] = rates(sql[drift.MODEL], **{drift.ALERTED: alarms})
    assert rate.power >= drift.LEAST_POWER > rate.alarm_power
    assert not drift.judged([rate]).is_passed


def weeks(folder: Path, outcomes_sql: str) -> tuple[int, int]:
    """Weeks that are judged, and those that the maturity test refuses, over random nights."""
    sql = {**every_vendor().sql, "int_prediction_outcomes__labelled": outcomes_sql}
    rng = np.random.default_rng(7)
    with duckdb.connect(str(folder / "plumbline.duckdb")) as connection:
        for schema in ("staging", "intermediate", "reference", "outcomes"):
            connection.execute(f"create schema {schema}")
        for table, columns in HEADS.items():
            connection.execute(f"create table {table} ({columns})")
        for seed in SEEDS:
            connection.execute(
                f"create table reference.{seed} as from '{ROOT}/seeds/reference/{seed}.csv'"
            )
        connection.execute(
            "insert into staging.stg_ml__model_runs values"
            " ('m', 'churn', '2025-09-01', 'boosting', 'churned_within_60d', ?)",
            [json.dumps({"embargo_days": load_settings().of("churn").known_after_days})],
        )
        connection.execute(
            "insert into staging.stg_ml__model_performance values"
            " ('m', 'boosting', 'test', 'auc_roc', 0.8)"
        )
        nights = pd.DataFrame(  # noqa: F841 (DuckDB reads it)
            [
                ("churn", day.date(), "m", f"account {i}", rng.random(), False)
                for day in pd.date_range("2025-11-01", AS_OF)
                for i in range(20)
            ]
        )
        connection.execute("insert into staging.stg_ml__predictions from nights")
        connection.execute(
            "insert into intermediate.int_account_churns__dated"
            " select 'account ' || i, date '2025-11-20' + cast(20 * i as integer), null"
            " from generate_series(0, 4) as t(i)"
        )
        connection.execute(f"create table intermediate.{LABELS} as {sql[LABELS]}")
        for name in MODELS:
            connection.execute(f"create table outcomes.{name} as {sql[name]}")
        judged = connection.execute("select * from outcomes.rpt_realised_performance").fetchall()
        return len(judged), len(connection.execute(sql[MATURITY]).fetchall())


def test_only_mature_weeks_are_judged(tmp_path: Path) -> None:
    judged, refused = weeks(tmp_path, every_vendor().sql["int_prediction_outcomes__labelled"])
    assert (judged, refused) == (5, 0)


def test_an_immature_week_is_found(tmp_path: Path) -> None:
    """Planted: the night instead of the day on which its outcomes are known."""
    sql = every_vendor().sql["int_prediction_outcomes__labelled"]
    faulty = sql.replace("matured_date <= ", "as_of_date <= ")
    assert faulty != sql
    judged, refused = weeks(tmp_path, faulty)
    assert judged > 5 and refused == judged - 5


def test_a_night_obeys_the_retraining_rule(ci_world: World, tmp_path: Path) -> None:
    """Two weeks of an upside-down ranking, by a model trained long ago: the night trains anew."""
    world = ci_world.copy(tmp_path)
    with duckdb.connect(str(world.build_file)) as connection:
        version, run_id = connection.execute(
            "select model_version, run_id from ml.predictions"
            " where target = 'churn' and as_of_date = '2026-02-27' limit 1"
        ).fetchall()[0]
        connection.execute("update ml.model_runs set as_of_date = '2025-11-01'")
        connection.execute("update ml.model_stages set since_date = '2025-11-01'")
        connection.execute(
            "insert into ml.predictions (run_id, model_version, target, as_of_date, account_id,"
            " probability, log_odds, baseline_log_odds)"
            " select ?, ?, 'churn', as_of_date, account_id,"
            " avg_dau_30d / (1 + avg_dau_30d) * 0.9 + 0.05, 0, 0"
            " from features.feat_accounts_daily"
            " where is_paying and as_of_date in ('2025-11-16', '2025-11-23')",
            [run_id, version],
        )
    done = night_without_tests(world, LAST_NIGHT)
    told = " ".join(done.stdout.split())
    assert "in 2 weeks running, below" in told
    ((reason, asked, decided),) = world.read(
        "select reason, should_retrain, model_version from outcomes.rpt_retraining_decision"
        " where target = 'churn'"
    )
    assert asked and decided == version and reason in told
    trained = world.read(
        f"select count(*) from ml.model_runs where target = 'churn' and as_of_date = '{LAST_NIGHT}'"
    )
    assert trained == [(1,)]
    alerts = world.read(
        "select severity, consecutive_count, is_standing from monitoring.rpt_alerts"
        " where check_name = 'realised_performance' order by as_of_date"
    )
    assert alerts == [("warn", 1, False), ("error", 2, True)]
