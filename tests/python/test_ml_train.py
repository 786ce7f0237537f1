"""Training end to end on a DuckDB file: verdicts, registry, repeatability, faults."""

import doctest
import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from ml_world import (
    AS_OF,
    FEATURES,
    LABEL,
    QUICK,
    contract_text,
    execute,
    feature_rows,
    fetch,
    write_mart,
)

from ml.fitting.pipeline import CHAMPION_KINDS
from ml.registry import runs, stages
from ml.registry.artefact import load_artefact
from ml.tables import table_columns
from ml.train import train
from plumbline.errors import UserError


@pytest.fixture(scope="module")
def mart(tmp_path_factory):
    """A folder with a feature mart and the contract; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("mart")
    write_mart(folder / "plumbline.duckdb", feature_rows())
    (folder / "contract.yml").write_text(contract_text())
    return folder


@pytest.fixture(scope="module")
def trained(mart, tmp_path_factory):
    """One training with its result, for the tests that only look."""
    folder = tmp_path_factory.mktemp("trained") / "world"
    shutil.copytree(mart, folder)
    return folder, run_training(folder)


@pytest.fixture
def world(mart, tmp_path):
    return shutil.copytree(mart, tmp_path / "world")


def run_training(folder, settings=QUICK, as_of=AS_OF, types_off=()):
    return train(
        folder / "plumbline.duckdb",
        folder / "models",
        as_of,
        "run-1",
        types_off,
        30,
        LABEL,
        contract_path=folder / "contract.yml",
        settings=settings,
    )


def test_a_planted_signal_is_found_and_reported(trained):
    folder, result = trained
    assert result.verdict == "ok"
    assert result.model_kind in CHAMPION_KINDS
    assert result.left_out == {"always_zero": "constant"}
    metrics = result.metrics.set_index(["model_kind", "slice", "metric_name"])["metric_value"]
    metrics = metrics.sort_index()
    kinds = set(CHAMPION_KINDS)
    assert set(metrics.index.get_level_values(0)) == kinds | {"nobody_churns"}
    named = {
        "auc_roc",
        "auc_pr",
        "precision_at_80_recall",
        "lift_at_decile",
        "precision_at_capacity",
        "recall_at_capacity",
        "brier",
        "log_loss",
        "ece",
        "calibration_slope",
    }
    for kind in kinds:
        for part in ("validation", "test"):
            assert named <= set(metrics.loc[kind, part].index)
    test = metrics.loc[result.model_kind, "test"]
    assert test["auc_roc"] > 0.7
    assert test["brier"] < metrics.loc["nobody_churns", "test", "brier"]
    assert test["ece"] < 0.05
    assert 0.5 < test["calibration_slope"] < 2


def test_the_champion_has_the_lowest_validation_log_loss(trained):
    _, result = trained
    losses = result.metrics.query("slice == 'validation' and metric_name == 'log_loss'")
    losses = losses.set_index("model_kind")["metric_value"]
    assert losses.idxmin() == result.model_kind


def test_the_run_is_a_row_that_says_how_it_was_made(trained):
    folder, result = trained
    run = stages.champion(folder / "plumbline.duckdb", "churn")
    assert run.model_version == result.model_version
    assert run.model_version.startswith("churn-20260228-")
    assert run.parameters["dropped_features"] == ["always_zero"]
    assert run.feature_names == [name for name in FEATURES if name != "always_zero"]
    assert run.parameters["deployed_model"].startswith("refitted on all matured rows")
    assert run.metrics["verdict"] == "ok"
    slices = run.parameters["slices"]
    last_train = date.fromisoformat(slices["train"]["dates"][1])
    first_validation = date.fromisoformat(slices["validation"]["dates"][0])
    assert first_validation - last_train >= timedelta(days=90)
    last_test = date.fromisoformat(slices["test"]["dates"][1])
    assert last_test + timedelta(days=90) <= AS_OF
    database = folder / "plumbline.duckdb"
    for table in ("model_runs", "model_performance", "feature_importance", "feature_bins"):
        held = fetch(database, f"select * from ml.{table} where model_version is null")
        assert held == []
        assert fetch(database, f"select count(*) from ml.{table}")[0][0] > 0
    columns = fetch(
        database,
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'ml' order by ordinal_position",
    )
    assert {t: [c for name, c in columns if name == t] for t in table_columns()} == {
        t: list(listed) for t, listed in table_columns().items()
    }


def test_drift_has_a_reference(trained):
    """Bins of every feature and of the out-of-time probabilities, and their number of accounts."""
    folder, result = trained
    database = folder / "plumbline.duckdb"
    bins = dict(
        fetch(
            database,
            "select feature_name, sum(share) from ml.feature_bins group by feature_name",
        )
    )
    run = runs.find(database, result.model_version)
    assert set(bins) == {*run.feature_names, "(score)"}
    assert list(bins.values()) == pytest.approx([1.0] * len(bins))
    ((lowest, highest),) = fetch(
        database,
        "select min(upper_bound), max(lower_bound) from ml.feature_bins"
        " where feature_name = '(score)'",
    )
    assert 0 < lowest < highest < 1
    counts = run.parameters["reference_accounts"]
    assert 0 < counts["score"] <= counts["features"] <= 700
    assert counts["score"] < run.parameters["slices"]["test"]["examples"]


def test_the_same_training_twice_gives_the_same_bits(trained, world):
    folder, first = trained
    second = run_training(world)
    assert second.is_new
    assert second.model_version == first.model_version
    pd.testing.assert_frame_equal(first.metrics, second.metrics, check_exact=True)
    runs = [stages.champion(f / "plumbline.duckdb", "churn") for f in (folder, world)]
    assert runs[0].artefact_sha256 == runs[1].artefact_sha256
    rows = feature_rows(accounts=200, seed=99)
    scores = [
        load_artefact(f / "models" / r.artefact_path, r.artefact_sha256).log_odds(
            rows[r.feature_names]
        )
        for f, r in zip((folder, world), runs, strict=True)
    ]
    assert scores[0].tobytes() == scores[1].tobytes()


def test_a_known_training_is_not_repeated_until_its_file_is_hurt(trained, world):
    folder, first = trained
    shutil.rmtree(world)
    shutil.copytree(folder, world)
    again = run_training(world)
    assert not again.is_new
    assert (again.model_version, again.verdict) == (first.model_version, "ok")
    assert len(again.metrics) == len(first.metrics)
    path = world / "models" / f"{first.model_version}.joblib"
    path.write_bytes(path.read_bytes()[:-1])
    assert run_training(world).is_new
    database = world / "plumbline.duckdb"
    assert fetch(database, "select count(*) from ml.model_runs") == [(1,)]
    counts = fetch(database, "select count(*) from ml.model_performance")
    assert counts == [(len(first.metrics),)]
    assert not list((world / "models").glob(".*.tmp"))


def test_other_data_or_knobs_give_another_version(trained, world):
    _, first = trained
    execute(
        world / "plumbline.duckdb",
        "update features.feat_training_examples set mrr = mrr + 1 where account_id = '00100001'",
    )
    changed = run_training(world, settings=replace(QUICK, seed=1))
    assert changed.model_version != first.model_version


def test_labels_from_after_the_date_are_not_used(world):
    as_of = date(2025, 12, 20)
    run_training(world, as_of=as_of)
    run = stages.champion(world / "plumbline.duckdb", "churn")
    assert run.as_of_date == as_of
    assert date.fromisoformat(run.parameters["slices"]["test"]["dates"][1]) <= date(2025, 9, 21)
    # A night before the training does not know this champion.
    assert stages.champion(world / "plumbline.duckdb", "churn", date(2025, 12, 19)) is None


def test_types_that_are_off_are_recorded(world):
    run_training(world, types_off=("sentiment",))
    run = stages.champion(world / "plumbline.duckdb", "churn")
    assert "nps_score" not in run.feature_names
    assert run.parameters["source_types_off"] == ["sentiment"]


def test_no_signal_is_said_and_still_registered(mart, tmp_path):
    write_mart(tmp_path / "plumbline.duckdb", feature_rows(signal=0.0))
    shutil.copy(mart / "contract.yml", tmp_path)
    result = run_training(tmp_path)
    assert result.verdict == "no_signal"
    assert "no better than chance" in result.sentence
    run = stages.champion(tmp_path / "plumbline.duckdb", "churn")
    assert run.metrics["verdict"] == "no_signal"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            f"update features.feat_training_examples set {LABEL} = 0 where account_id > '00100003'",
            "too few churned accounts",
        ),
        (f"update features.feat_training_examples set {LABEL} = 0", "too few churned accounts"),
        (
            "delete from features.feat_training_examples where as_of_date < date '2025-09-01'",
            "the history is too short",
        ),
        (
            "delete from features.feat_training_examples",
            f"no row with is_paying has a known label {LABEL}",
        ),
        (
            f"delete from features.feat_training_examples where not {LABEL} = 1 "
            "or account_id > '00100011'",
            "too few churned accounts",
        ),
    ],
)
def test_too_little_data_is_a_verdict_and_leaves_no_champion(world, statement, told):
    execute(world / "plumbline.duckdb", statement)
    result = run_training(world)
    assert result.verdict == "too_few_positives"
    assert told in result.sentence
    assert result.model_kind is None
    assert result.metrics.empty
    database = world / "plumbline.duckdb"
    assert stages.champion(database, "churn") is None
    ((metrics, path),) = fetch(database, "select metrics, artefact_path from ml.model_runs")
    assert (json.loads(metrics)["verdict"], path) == (result.verdict, None)
    assert stages.history(database, "churn") == []
    assert not run_training(world).is_new


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "alter table features.feat_training_examples rename column mrr to monthly",
            "feature mrr is not a column of features.feat_training_examples",
        ),
        (
            "alter table features.feat_training_examples alter column mrr type varchar",
            "feature mrr .* has type VARCHAR",
        ),
        (
            "update features.feat_training_examples set mrr = 'inf'::double "
            "where account_id = '00100002'",
            "feature mrr has .* infinite values",
        ),
        (
            "update features.feat_training_examples set mrr = null where account_id = '00100002'",
            "feature mrr has .* nulls, first account 00100002",
        ),
        (f"update features.feat_training_examples set {LABEL} = 1", "a single class"),
        ("drop table features.feat_training_examples", "feat_training_examples does not exist"),
        (
            f"alter table features.feat_training_examples rename column {LABEL} to other",
            f"the label {LABEL} is not a column",
        ),
        (
            "insert into features.feat_training_examples from features.feat_training_examples "
            "limit 1",
            "1 rows repeat a key",
        ),
    ],
)
def test_a_fault_is_one_clear_line_and_changes_nothing(world, statement, message):
    execute(world / "plumbline.duckdb", statement)
    with pytest.raises(UserError, match=message) as caught:
        run_training(world)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert not (world / "models").exists()
    assert (
        fetch(
            world / "plumbline.duckdb",
            "select 1 from information_schema.tables where table_schema = 'ml'",
        )
        == []
    )


def test_missing_databases_and_unwritable_folders_are_one_clear_line(world):
    with pytest.raises(UserError, match="does not exist"):
        stages.champion(world / "nowhere.duckdb", "churn")
    (world / "models").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be written"):
        run_training(world)
    assert stages.champion(world / "plumbline.duckdb", "churn") is None


def test_the_fingerprints_see_what_matters():
    rows = feature_rows(accounts=20)
    first = runs.data_fingerprint(rows)
    assert first == runs.data_fingerprint(rows.copy())
    changed = rows.copy()
    changed.loc[5, "mrr"] = np.nextafter(changed.loc[5, "mrr"], np.inf)
    assert runs.data_fingerprint(changed) != first
    assert runs.data_fingerprint(rows.rename(columns={"mrr": "other"})) != first


def test_the_example_of_a_version_is_true():
    assert doctest.testmod(runs).failed == 0
