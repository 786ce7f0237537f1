"""Leakage gates, each with its fault planted: what knows the outcome is not learnt from."""

import doctest
import hashlib
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from ml_world import AS_OF, LABEL, contract_text, execute, feature_rows, fetch, write_mart
from sklearn.metrics import roc_auc_score

from ml.config import load_settings
from ml.contract import load_contract
from ml.fitting.splits import Split, check_rows_apart, check_split_rows, split_dates
from ml.judging import leakage
from ml.judging.gates import check_leakage
from ml.judging.leakage import (
    Alone,
    auc_alone,
    check_alone,
    check_schemas,
    slices_of,
    strongest_alone,
)
from ml.registry import stages
from ml.registry.challenge import fits
from ml.score import score
from ml.study import study
from ml.train import train
from plumbline.errors import UserError

SETTINGS = load_settings()
QUICK = replace(
    SETTINGS,
    evaluation=replace(SETTINGS.evaluation, resamples=20),
    additive_boosting=replace(SETTINGS.additive_boosting, max_iter=40, min_iter=10),
)
CHURN = SETTINGS.of("churn")
EXAMPLES, DAILY = "features.feat_training_examples", "features.feat_accounts_daily"
TYPES = {"account_id": "VARCHAR", "as_of_date": "DATE", "mrr": "DOUBLE", "is_paying": "BOOLEAN"}
LABELS = ("churned_within_60d", "left_us")


@pytest.fixture(scope="module")
def rows():
    frame = feature_rows()
    return frame[frame[LABEL].notna()].reset_index(drop=True)


@pytest.fixture(scope="module")
def split(rows):
    return split_dates(rows["as_of_date"].to_numpy(), SETTINGS.split, CHURN.known_after_days)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A world with a champion and its published night; tests copy it."""
    folder = tmp_path_factory.mktemp("leakage") / "world"
    folder.mkdir()
    write_mart(folder / "plumbline.duckdb", feature_rows())
    (folder / "contract.yml").write_text(contract_text())
    run_training(folder)
    run_scoring(folder)
    return folder


@pytest.fixture
def world(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "world")


def run_training(folder, settings=QUICK):
    return train(
        folder / "plumbline.duckdb",
        folder / "models",
        AS_OF,
        "run-1",
        (),
        30,
        LABEL,
        contract_path=folder / "contract.yml",
        settings=settings,
    )


def run_scoring(folder):
    return score(folder / "plumbline.duckdb", folder / "models", AS_OF, "run-1")


def run_study(folder):
    return study.study(
        folder / "plumbline.duckdb",
        AS_OF,
        (),
        30,
        LABEL,
        contract_path=folder / "contract.yml",
        settings=QUICK,
    )


def state(folder):
    """Everything that a refused run must leave: schema ml and the model files."""
    tables = (
        "model_runs",
        "model_stages",
        "model_performance",
        "predictions",
        "prediction_reasons",
    )
    files = sorted((folder / "models").iterdir())
    return (
        [fetch(folder / "plumbline.duckdb", f"from ml.{table} order by all") for table in tables],
        [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files],
    )


def refused(folder, run, message):
    """One clear line with its remedy, and nothing changed."""
    before = state(folder)
    with pytest.raises(UserError, match=message) as caught:
        run(folder)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert state(folder) == before


def test_auc_alone_is_the_auc_in_the_better_direction(rows):
    labels = rows[LABEL].to_numpy()
    for name in ("mrr", "support_tickets_30d", "downgraded_last_period"):
        known = roc_auc_score(labels, rows[name])
        assert auc_alone(rows[name].to_numpy(), labels) == pytest.approx(max(known, 1 - known))
    dark = [roc_auc_score(labels, rows["nps_score"].fillna(end)) for end in (-1e9, 1e9)]
    best = max(max(auc, 1 - auc) for auc in dark)
    assert auc_alone(rows["nps_score"].to_numpy(), labels) == pytest.approx(best)
    assert doctest.testmod(leakage).failed == 0


def test_what_the_small_world_knows_passes_and_is_on_record(trained):
    run = stages.champion(trained / "plumbline.duckdb", "churn")
    alone = run.metrics["strongest_alone"]
    assert alone["feature"] in ("avg_dau_30d", "usage_trend_ratio", "nps_score")
    assert 0.6 < alone["auc"] < alone["limit"] == 0.95
    assert "avg_csat" in run.parameters["nullable_features"]
    found = check_leakage(
        trained / "plumbline.duckdb", AS_OF, (), LABEL, contract_path=trained / "contract.yml"
    )
    assert found == Alone(**alone)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("where", ["train", "test"])
def test_a_feature_that_alone_tells_the_outcome_is_named(rows, split, sign, where):
    """Nine of ten positives of one slice stand apart, above or below."""
    rng = np.random.default_rng(1)
    told = (rows[LABEL] == 1) & (rng.random(len(rows)) < 0.95)
    told &= rows["as_of_date"].isin(getattr(split, where).astype("datetime64[us]"))
    leaking = rows.assign(mrr=np.where(told, sign * 1e6, rng.random(len(rows))))
    names = ["support_tickets_30d", "mrr"]
    with pytest.raises(UserError, match=rf"feature mrr alone .* AUC 0\.9\d+ \({where}; 0.95"):
        check_alone(slices_of(leaking, split), names, CHURN, SETTINGS)
    assert check_alone(slices_of(rows, split), names, CHURN, SETTINGS).auc < 0.9


def test_that_a_value_is_missing_can_tell_the_outcome(rows, split):
    leaking = rows.assign(nps_score=rows["nps_score"].fillna(5).where(rows[LABEL] == 0))
    with pytest.raises(UserError, match="feature nps_score alone") as caught:
        check_alone(slices_of(leaking, split), ["mrr", "nps_score"], CHURN, SETTINGS)
    assert "targets_off" not in caught.value.remedy
    # the prices of fixed terms change where these end: then the target says nothing
    with pytest.raises(UserError, match="targets_off"):
        check_alone(
            slices_of(leaking, split), ["nps_score"], CHURN, SETTINGS.only("expansion", None)
        )


def test_few_accounts_prove_nothing(rows):
    """With 19 accounts of a kind a perfect order is not judged, with 20 it is."""
    for count, judged in ((19, False), (20, True)):
        few = pd.concat(
            [
                rows[rows[LABEL] == 0].head(500),
                rows[rows[LABEL] == 1].drop_duplicates("account_id").head(count),
            ]
        )
        few = few.assign(mrr=few[LABEL])
        found = strongest_alone({"all": few}, ["mrr"], LABEL, SETTINGS)
        assert (found is not None and found.auc == 1.0) is judged


def test_schemas_are_one_and_hold_no_outcome():
    examples = {**TYPES, "churned_within_60d": "DOUBLE"}
    check_schemas(examples, TYPES, LABELS)
    for extra, message in (
        ({"is_churned": "DOUBLE"}, "is_churned .* named like an outcome"),
        ({"converted_within_30d": "DOUBLE"}, "converted_within_30d .* named like an outcome"),
        ({"left_us": "DOUBLE"}, "left_us .* named like an outcome"),
        ({"engagement": "DOUBLE"}, "engagement of .* is not in"),
        ({"mrr": "BIGINT"}, "mrr is BIGINT in .* and DOUBLE in"),
    ):
        with pytest.raises(UserError, match=message):
            check_schemas(examples, {**TYPES, **extra}, LABELS)


def test_no_feature_of_the_project_is_named_like_an_outcome():
    names = load_contract().names
    assert [name for name in names if leakage.OUTCOME_NAME.search(name)] == []


COPY = f"update {EXAMPLES} set avg_csat = 0.3 + 0.1 * {LABEL} where {LABEL} is not null"
NEAR = f"{COPY}; update {EXAMPLES} set avg_csat = 0.4 where hash(account_id, as_of_date) % 500 = 0"
APART = f"update {EXAMPLES} set mrr = case when {LABEL} = 1 then -mrr else mrr end"


@pytest.mark.parametrize(
    ("statement", "run", "message"),
    [
        (COPY, run_training, "column avg_csat of .* nearly the label churned_within_60d"),
        (NEAR, run_training, r"column avg_csat .*\(correlation 0\.9"),
        (COPY, run_study, "column avg_csat of .* nearly the label"),
        (APART, run_training, "feature mrr alone ranks churned accounts with AUC 1.000"),
        (APART, run_study, "feature mrr alone ranks churned accounts with AUC 1.000"),
        (
            f"alter table {DAILY} add column will_churn_soon double; alter table {EXAMPLES} add "
            f"column will_churn_soon double; update {EXAMPLES} set mrr = mrr + 1",
            run_training,
            "will_churn_soon .* named like an outcome",
        ),
        (
            f"alter table {DAILY} alter column mrr type float; update {EXAMPLES} set mrr = mrr + 1",
            run_training,
            "column mrr is FLOAT in .* and DOUBLE in",
        ),
        (
            f"alter table {DAILY} alter column mrr type float",
            run_scoring,
            "column mrr is FLOAT in .* and DOUBLE in",
        ),
        (f"alter table {DAILY} add column churned double", run_scoring, "named like an outcome"),
        (f"alter table {DAILY} add column other double", run_scoring, "column other of .* not in"),
    ],
)
def test_a_gate_refuses_the_run_and_changes_nothing(world, statement, run, message):
    execute(world / "plumbline.duckdb", *statement.split("; "))
    refused(world, run, message)


def test_another_label_is_found_in_a_column_too(world):
    """A copy of a label that this training does not even read, in a column that is no feature."""
    database = world / "plumbline.duckdb"
    for table in (EXAMPLES, DAILY):
        execute(database, f"alter table {table} add column quiet boolean")
    execute(
        database,
        f"alter table {EXAMPLES} add column expanded_within_90d double",
        f"update {EXAMPLES} set expanded_within_90d = cast(hash(account_id) % 9 = 0 as double)",
        f"update {EXAMPLES} set quiet = expanded_within_90d = 1",
    )
    refused(world, run_training, "column quiet of .* nearly the label expanded_within_90d")
    execute(
        database,
        f"update {EXAMPLES} set quiet = null where quiet and account_id not in (select distinct"
        f" account_id from {EXAMPLES} where quiet order by account_id limit 19)",
    )
    leakage.check_mart(database, QUICK)  # among 19 accounts it may be chance


def test_rows_are_apart_by_the_embargo(rows, split):
    check_split_rows(rows, split, CHURN.known_after_days)
    dates = np.unique(rows["as_of_date"].to_numpy().astype("datetime64[D]"))
    leaking = Split(dates[:12], dates[13:20], dates[:20], dates[27:])
    with pytest.raises(UserError, match=r"account 001\d+ is in train on .* and in validation from"):
        check_split_rows(rows, leaking, CHURN.known_after_days)


def test_one_account_on_both_sides_is_found_to_the_day():
    earlier = pd.DataFrame({"account_id": ["a", "b"], "as_of_date": pd.to_datetime("2025-01-01")})
    later = pd.DataFrame(
        {
            "account_id": ["b", "c"],
            "as_of_date": pd.to_datetime(["2025-04-01", "2025-01-02"]),
        }
    )
    check_rows_apart(earlier, later, 90, ("train", "test"))
    with pytest.raises(UserError, match=r"account b is in train on 2025-01-01 and in test from"):
        check_rows_apart(earlier, later, 91, ("train", "test"))


def test_a_feature_that_the_champion_knew_may_not_go_dark(world):
    execute(world / "plumbline.duckdb", f"update {EXAMPLES} set usage_trend_ratio = null")
    refused(world, run_training, "usage_trend_ratio is null in all .* the champion learnt from it")


def test_a_feature_that_nobody_ever_knew_is_left_out_and_told(trained, tmp_path):
    shutil.copy(trained / "contract.yml", tmp_path)
    write_mart(tmp_path / "plumbline.duckdb", feature_rows(accounts=500).assign(avg_csat=np.nan))
    left_out = run_training(tmp_path).left_out
    assert left_out == {"avg_csat": "unknown", "always_zero": "constant"}


def test_another_null_policy_is_another_contract(trained, tmp_path):
    """A model that learnt under another policy does not fit: it gives way, or one is trained."""
    run = stages.champion(trained / "plumbline.duckdb", "churn")
    text = (trained / "contract.yml").read_text()
    assert fits(run, load_contract(trained / "contract.yml"), LABEL)
    for old, new in (("missing: never", "missing: allowed"), ("name: mrr", "name: arr")):
        (tmp_path / "contract.yml").write_text(text.replace(old, new, 1))
        assert not fits(run, load_contract(tmp_path / "contract.yml"), LABEL)
    assert not fits(run, load_contract(trained / "contract.yml"), "expanded_within_90d")


def test_a_night_without_labels_is_not_judged(trained):
    found = check_leakage(
        trained / "plumbline.duckdb",
        date(2024, 12, 1),
        (),
        LABEL,
        contract_path=trained / "contract.yml",
    )
    assert found is None
