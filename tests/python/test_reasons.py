"""Every feature has its words on both sides; features that go together lie in one group.

What the words of a list are worth: hardly two accounts are told the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, World
from proof_context import context_of

from ml.contract import FeatureContract, load_contract
from plumbline.proofs.registry import reasons_differ, select_proofs
from plumbline.store.dbt import Dbt

SEEDS = ROOT / "seeds" / "reference"
FLAG = "0 or 1"
CLOSE = 0.7
AGES = (
    (0, 90, "in their first 90 days"),
    (90, 365, "in their first year"),
    (365, 10_000, "older than a year"),
)
# What the words may hold, as the seed's page says.
HELD = {
    "before", "then", "users_before", "value", "s", "peer", "peers", "last_used",
    "term_end", "departed", "departed_role",
    "vacant_since", "vacant_role", "users", "mrr", "age",
}  # fmt: skip


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
            phrases = (row.reason, row.detail_reason, row.zero_reason, row.change_reason)
            if any("  " in phrase or phrase != phrase.strip() for phrase in phrases):
                found.append(f"{name} {comparison} has a blank too many")
            held = set(re.findall(r"{([^}]*)}", "".join(phrases)))
            found += [f"{name} {comparison} holds {{{what}}}" for what in sorted(held - HELD)]
            if row.is_change and row.change_reason:
                found.append(f"{name} {comparison} is a change of a change")
            if row.change_reason and not {"before", "last_used", "vacant_since"} & held:
                found.append(f"{name} {comparison} tells no change")
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
    planted.loc[(planted["feature_name"] == "nps_score") & below, "detail_reason"] = "{average}"
    planted = planted[~((planted["feature_name"] == "is_past_due") & ~below)]
    fewer = {name: group for name, group in groups.items() if name != "mrr"}
    assert faults_of(contract, planted, fewer) == [
        "is_past_due has no words for above",
        "mrr is in no group",
        "nps_score below holds {average}",
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


def test_a_group_has_one_name_in_sentences() -> None:
    seed = pd.read_csv(SEEDS / "feature_groups.csv")
    assert seed.groupby("reason_group")["group_words"].nunique().max() == 1
    assert seed["group_words"].nunique() == seed["reason_group"].nunique()


def test_hardly_two_accounts_of_a_list_are_told_the_same(ci_world: World, tmp_path: Path) -> None:
    """On the sixty accounts with most to save; planted, too: seven that are told the same."""
    world = ci_world.copy(tmp_path)
    first = "(select account_id from risk.rpt_at_risk_accounts order by expected_saved_usd desc, 1"
    with duckdb.connect(str(world.build_file)) as connection:
        connection.execute(
            f"update risk.rpt_at_risk_accounts set is_on_worklist = account_id in {first} limit 60)"
        )
    found = reasons_differ(context_of(world))
    assert found.is_passed and " of 60 (all managers): '" in found.measured, found
    with duckdb.connect(str(world.build_file)) as connection:
        connection.execute(
            "update risk.rpt_at_risk_accounts set reason_1 = 'up for renewal'"
            f" where account_id in {first} limit 7)"
        )
    found = reasons_differ(context_of(world))
    assert not found.is_passed and found.measured.endswith(
        "7 of 60 (all managers): 'up for renewal'"
    )


def test_words_tell_the_numbers_of_the_marts(ci_world: World) -> None:
    """Each comparison with peers and with 30 days before, worked out anew from the features."""
    told = ci_world.read(
        """
        select reasons.account_id, feature_name, feature_value, value_before, peers, peer_value,
            segment, account_age_days
        from risk.rpt_risk_reasons as reasons
        inner join features.feat_accounts_daily using (account_id, as_of_date)
        left join core.dim_accounts using (account_id)
        where reason_number <= 3
        """
    )
    with duckdb.connect(str(ci_world.published_file), read_only=True) as connection:
        frame = connection.execute(
            "select features.*, segment from features.feat_accounts_daily as features"
            " left join core.dim_accounts using (account_id)"
            " where features.is_paying and as_of_date in (date '2026-02-28', date '2026-01-29')"
        ).df()
    now = frame[frame["as_of_date"] == "2026-02-28"]
    then = frame[frame["as_of_date"] == "2026-01-29"].set_index("account_id")
    kinds = set()
    for account, name, value, before, peers, mean, segment, age in told:
        words = {f"{segment} accounts": now["segment"] == segment, "all accounts": now["mrr"] >= 0}
        if name != "account_age_days":
            first, last, age_words = next(band for band in AGES if band[0] <= age < band[1])
            own = now["account_age_days"].between(first, last - 1)
            words = {f"{segment} accounts {age_words}": words[f"{segment} accounts"] & own, **words}
        fit = (w for w, rows in words.items() if now.loc[rows, name].count() >= 20)
        assert peers == next(fit, "all accounts"), (account, name)
        assert mean == pytest.approx(now.loc[words[peers], name].mean(), abs=1e-6)
        assert value == pytest.approx(now.set_index("account_id").loc[account, name], abs=1e-6)
        expected = then[name].get(account, np.nan)
        if np.isnan(expected):
            assert before is None
        else:
            assert before == pytest.approx(expected, abs=1e-6)
        kinds.add(len(words) - list(words).index(peers))
    assert len(told) > 100 and kinds >= {1, 2, 3}


def test_what_another_model_makes_is_a_part_of_the_change(ci_world: World, tmp_path: Path) -> None:
    """A night published thirty days before, whose model gave half a log-odds less to everybody.

    Planted, too: parts that sum to a thousandth more than the change of what was published.
    """
    world = ci_world.copy(tmp_path)
    with duckdb.connect(str(world.build_file)) as connection:
        connection.execute(
            """
            insert into ml.predictions (run_id, model_version, target, as_of_date, account_id,
                probability, log_odds, baseline_log_odds)
            select run_id, 'another', 'churn', date '2026-01-29', account_id,
                1 / (1 + exp(-then_odds)), then_odds, 0
            from (
                select predictions.run_id, account_id,
                    any_value(baseline_log_odds) + sum(contribution_before) - 0.5 as then_odds
                from ml.predictions as predictions
                inner join ml.prediction_reasons as reasons using (run_id, target, account_id)
                where predictions.as_of_date = date '2026-02-28' and target = 'churn'
                group by all having count(contribution_before) > 0
            )
            """
        )
    context = context_of(world)
    changed = ("stg_ml__predictions", "int_risk_changes__told", "rpt_at_risk_accounts")
    assert not Dbt(context.settings, context.variables).build(changed).failed
    told = world.read(
        "select log_odds_change_of_model, why_now from risk.rpt_at_risk_accounts"
        " where log_odds_change is not null",
        private=True,
    )
    assert len(told) > 200 and {round(part, 9) for part, _ in told} == {0.5}
    assert {why.endswith("x1.65 from another model") or "little" in why for _, why in told} == {
        True
    }
    (proof,) = select_proofs("reasons-honest")
    assert proof.run(context).is_passed
    with duckdb.connect(str(world.build_file)) as connection:
        connection.execute(
            "update risk.rpt_at_risk_accounts set"
            " log_odds_change_of_model = log_odds_change_of_model + 0.001"
        )
    found = proof.run(context)
    assert not found.is_passed and "assert_reason_groups_sum_to_the_score" in found.measured
