"""The feature contract and the checks of what it promises."""

import numpy as np
import pandas as pd
import pytest
from ml_world import FEATURES, LABEL, contract_text, feature_rows

from ml.checks import (
    check_columns,
    check_labels,
    check_not_all_null,
    check_values,
    constant_features,
)
from ml.config import SETTINGS_PATH, load_settings
from ml.contract import CONTRACT_PATH, load_contract
from ml.labels import read_labels
from plumbline.errors import UserError


@pytest.fixture
def contract(tmp_path):
    path = tmp_path / "feat_accounts_daily.yml"
    path.write_text(contract_text())
    return load_contract(path)


@pytest.fixture
def rows():
    return feature_rows(accounts=40)


def test_the_contract_lists_features_in_order(contract):
    assert contract.names == list(FEATURES)
    first = contract.features[0]
    assert (first.source_type, first.may_be_missing, first.direction) == ("usage", False, -1)


def test_the_projects_own_contract_is_complete():
    if not CONTRACT_PATH.exists():
        pytest.skip("the feature mart is not there yet")
    names = load_contract().names
    assert {"avg_dau_7d", "nps_score", "mrr", "seat_utilization"} <= set(names)
    assert len(names) >= 27


def test_types_that_are_off_leave_the_list(contract):
    names = contract.without_types(("support", "sentiment")).names
    assert {"avg_csat", "nps_score", "support_tickets_30d"}.isdisjoint(names)
    with pytest.raises(UserError, match="no feature is left"):
        contract.without_types(("usage", "subscription", "support", "sentiment"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mrr": ("subscription", "sometimes", "up")}, "feature mrr .*missing is 'sometimes'"),
        ({"mrr": ("subscription", "never", "left")}, "feature mrr .*direction is 'left'"),
        ({"mrr": (None, "never", "up")}, "feature mrr .*has no source_type"),
    ],
)
def test_incomplete_metadata_names_the_feature(tmp_path, change, message):
    path = tmp_path / "contract.yml"
    path.write_text(contract_text({**FEATURES, **change}))
    with pytest.raises(UserError, match=message):
        load_contract(path)


@pytest.mark.parametrize("text", ["", "models: [", "models: []", "models: [{name: other}]"])
def test_a_broken_contract_file_is_one_clear_line(tmp_path, text):
    path = tmp_path / "contract.yml"
    path.write_text(text)
    with pytest.raises(UserError, match="contract.yml"):
        load_contract(path)
    with pytest.raises(UserError, match="cannot be read"):
        load_contract(tmp_path / "absent.yml")


def test_a_missing_or_mistyped_feature_names_itself(contract):
    types = dict.fromkeys(contract.names, "DOUBLE")
    check_columns(types, contract, "features.x")
    with pytest.raises(UserError, match="feature mrr in features.x has type VARCHAR"):
        check_columns({**types, "mrr": "VARCHAR"}, contract, "features.x")
    del types["avg_csat"]
    with pytest.raises(UserError, match="feature avg_csat is not a column of features.x"):
        check_columns(types, contract, "features.x")


def test_unexpected_values_name_feature_account_and_date(contract, rows):
    check_values(rows, contract)
    broken = rows.copy()
    broken.loc[3, "mrr"] = np.nan
    with pytest.raises(UserError, match="mrr has 1 nulls, first account 00100003 on 2024-09-15"):
        check_values(broken, contract)
    broken.loc[3, "mrr"] = np.inf
    with pytest.raises(UserError, match="mrr has 1 infinite values, first account 00100003"):
        check_values(broken, contract)
    with pytest.raises(UserError, match="1 rows repeat a key"):
        check_values(pd.concat([rows, rows.iloc[[5]]]), contract)


def test_a_feature_that_went_dark_is_found(contract, rows):
    shares = {name: float(rows[name].isna().mean()) for name in contract.names}
    dark = rows.assign(usage_trend_ratio=np.nan, nps_score=np.nan)
    # nps_score is unknown for most in training too: that proves nothing.
    with pytest.raises(UserError, match="usage_trend_ratio is null for all"):
        check_not_all_null(dark, contract, shares, min_accounts=50)
    check_not_all_null(dark.head(49), contract, shares, min_accounts=50)


def test_constant_features_are_those_without_variation():
    frame = pd.DataFrame(
        {
            "flat": [1.0, 1.0, 1.0],
            "dark": [np.nan] * 3,
            "flag": [1.0, np.nan, 1.0],
            "free": [0.0, 1.0, 1.0],
        }
    )
    assert constant_features(frame, list(frame)) == ("flat", "dark")


def test_labels_are_of_two_classes(rows):
    labelled = rows[rows[LABEL].notna()]
    check_labels(labelled, LABEL, 20)
    accounts = labelled["account_id"].nunique()
    positive = labelled.assign(**{LABEL: 1.0})
    with pytest.raises(UserError, match="single class"):
        check_labels(positive, LABEL, accounts)
    # three trials that all turned paid are too few to learn from, and no fault
    check_labels(positive, LABEL, accounts + 1)
    check_labels(labelled.head(0), LABEL, 20)
    with pytest.raises(UserError, match="other than 0 and 1"):
        check_labels(labelled.assign(**{LABEL: 0.5}), LABEL, 20)


def test_settings_name_the_key_that_is_wrong(tmp_path):
    text = SETTINGS_PATH.read_text()
    path = tmp_path / "model.toml"
    for old, new, message in (
        ("resamples = 200", "resamples = 'many'", r"\[evaluation\]: resamples = 'many'"),
        ("resamples = 200", "samples = 200", r"\[evaluation\]: resamples is missing"),
        ("[calibration]", "[calibrate]", r"\[calibration\] is missing"),
        ("seed = 20240901", "seed =", "cannot be read"),
    ):
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(UserError, match=message):
            load_settings(path)


def test_a_label_is_known_when_the_days_of_its_vars_have_passed():
    targets = load_settings(dbt_vars={"churn_gap_days": 45}).target
    churn, expansion, conversion = (targets[n] for n in ("churn", "expansion", "conversion"))
    assert (churn.horizon_days, churn.known_after_days) == (60, 105)
    assert (expansion.horizon_days, expansion.known_after_days) == (90, 90)
    assert (conversion.population, conversion.known_after_days) == ("is_trial", 30)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"population": "is_paying", "horizon": "no_such_var"}, "no_such_var"),
        ({"horizon": "days"}, "population"),
        ({"population": "is_paying", "horizon": "words"}, "words|invalid"),
        (None, "label late"),
    ],
)
def test_a_label_that_cannot_be_read_is_one_line(declared, told):
    with pytest.raises(UserError, match=f"dbt_project.yml: label late .*({told})|{told}"):
        read_labels({"labels": {"late": declared}, "days": 30, "words": "thirty"})


def test_a_var_of_the_wrong_type_is_one_line():
    with pytest.raises(UserError, match="most_reasons = 'many' is not of type int"):
        load_settings(dbt_vars={"most_reasons": "many"})


def test_another_label_brings_its_own_days_and_an_unknown_one_is_named():
    settings = load_settings()
    assert settings.only("churn", "converted_within_30d").of("churn").known_after_days == 30
    with pytest.raises(UserError, match="no label churned_soon"):
        settings.only("churn", "churned_soon")
