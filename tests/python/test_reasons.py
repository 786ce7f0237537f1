"""Every feature has its words on both sides; features that go together lie in one group."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, World

from ml.contract import FeatureContract, load_contract

SEEDS = ROOT / "seeds" / "reference"
FLAG = "0 or 1"
CLOSE = 0.7


@pytest.fixture(scope="module")
def contract() -> FeatureContract:
    return load_contract()


@pytest.fixture(scope="module")
def words() -> pd.DataFrame:
    return pd.read_csv(SEEDS / "feature_reasons.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def groups() -> dict[str, str]:
    seed = pd.read_csv(SEEDS / "feature_groups.csv")
    return dict(zip(seed["feature_name"], seed["reason_group"], strict=True))


def faults_of(
    contract: FeatureContract, words: pd.DataFrame, groups: Mapping[str, str]
) -> list[str]:
    """What the seeds lack or say wrongly, a line each."""
    rows = {(row.feature_name, row.comparison): row for row in words.itertuples()}
    found = [f"{name} is no feature" for name in set(words["feature_name"]) - set(contract.names)]
    found += [f"{name} is no feature" for name in groups.keys() - set(contract.names)]
    for feature in contract.features:
        name = feature.name
        if name not in groups:
            found.append(f"{name} is in no group")
        for comparison, harmless in (("below", 1), ("above", -1)):
            row = rows.get((name, comparison))
            if row is None:
                found.append(f"{name} has no words for {comparison}")
                continue
            if row.is_reason and feature.direction == harmless:
                found.append(f"{name} is named on its harmless side, {comparison}")
            if feature.unit != FLAG and "{value}" not in row.reason:
                found.append(f"{name} {comparison} has no number")
            if "  " in row.reason or row.reason != row.reason.strip():
                found.append(f"{name} {comparison} has a blank too many")
    return sorted(found)


def strangers(frame: pd.DataFrame, groups: Mapping[str, str]) -> list[str]:
    """Pairs of features whose ranks go together, and that lie in different groups."""
    ranked = frame.rank().corr(min_periods=100).abs()
    return [
        f"{first} and {second}: {ranked.loc[first, second]:.2f}"
        for place, first in enumerate(ranked.columns)
        for second in ranked.columns[place + 1 :]
        if ranked.loc[first, second] > CLOSE and groups[first] != groups[second]
    ]


def test_every_feature_has_its_words_and_group(
    contract: FeatureContract, words: pd.DataFrame, groups: Mapping[str, str]
) -> None:
    assert faults_of(contract, words, groups) == []


def test_planted_faults_of_the_words_are_found(
    contract: FeatureContract, words: pd.DataFrame, groups: Mapping[str, str]
) -> None:
    planted = words.copy()
    below = planted["comparison"] == "below"
    planted.loc[(planted["feature_name"] == "ticket_backlog") & below, "is_reason"] = True
    planted.loc[(planted["feature_name"] == "seats") & below, "reason"] = "few seats"
    planted = planted[~((planted["feature_name"] == "is_past_due") & ~below)]
    fewer = {name: group for name, group in groups.items() if name != "mrr"}
    assert faults_of(contract, planted, fewer) == [
        "is_past_due has no words for above",
        "mrr is in no group",
        "seats below has no number",
        "ticket_backlog is named on its harmless side, below",
    ]


def test_features_that_go_together_lie_in_one_group(
    ci_first_night: World, contract: FeatureContract, groups: Mapping[str, str]
) -> None:
    """Ranks: a few large accounts would tie whatever grows with size by their values."""
    with duckdb.connect(str(ci_first_night.published_file), read_only=True) as connection:
        frame = connection.execute(
            f"select {', '.join(contract.names)} from features.feat_accounts_daily"
            " where is_paying and date_diff('day', as_of_date, date '2026-02-27') % 28 = 0"
        ).df()
    assert len(frame) > 2_000
    assert strangers(frame, groups) == []
    apart = {**groups, "features_adopted_90d": "elsewhere"}
    assert "features_adopted and features_adopted_90d" in [
        pair.split(":")[0] for pair in strangers(frame, apart)
    ]


def test_features_that_go_together_the_other_way_are_found() -> None:
    rng = np.random.default_rng(7)
    size = rng.lognormal(size=200)
    frame = pd.DataFrame({"a": size, "b": -(size**3), "c": rng.normal(size=200)})
    assert strangers(frame, {"a": "x", "b": "y", "c": "z"}) == ["a and b: 1.00"]
    assert strangers(frame, {"a": "x", "b": "x", "c": "z"}) == []
