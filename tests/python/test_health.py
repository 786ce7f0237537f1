"""The health score: faults of its seeds are told in words, and its parts are held to their sum."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import FIRST_NIGHT, ROOT, World
from ml_world import execute
from seed_faults import told

from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.night.figures import HealthCoverage, read_health
from plumbline.night.last_build import last_build
from plumbline.night.told import health_sentences
from plumbline.store.dbt import Dbt
from plumbline.store.outcomes import BuildOutcome

SOUND, PARTS = "assert_health_seeds_are_sound", "assert_health_is_the_sum_of_its_parts"
SEEDS = (
    "health_weights",
    "health_features",
    "health_bands",
    "health_rules",
    "health_score_bands",
    "health_overrides",
    "lifecycle_stages",
)
SAID = "insert into health_overrides values ('a', {score}, {band}, {author}, 'r', {begin}, {end})"
KNOWN = {
    "score": "50",
    "band": "null",
    "author": "'u'",
    "begin": "date '2026-01-01'",
    "end": "date '2026-02-01'",
}


def said(**changed: str) -> str:
    """An override, with some of its cells changed."""
    return SAID.format(**{**KNOWN, **changed})


def bands(change: str, feature: str, segment: str, stage: str, where: str) -> str:
    """A change of one band."""
    return (
        f"update health_bands set {change} where feature_name = '{feature}' and {where}"
        f" and segment = '{segment}' and lifecycle_stage = '{stage}'"
    )


FAULTS = {
    "update health_weights set weight = 34 where component = 'product_usage'": (
        "seed health_weights: the weights sum to 99.000, not to 100"
    ),
    "update health_weights set component = 'usage' where component = 'product_usage'": (
        "seed health_weights: 4 of the five components have a weight"
    ),
    "update health_features set feature_name = 'seat' where feature_name = 'seats'": (
        "seed health_features: seat is no feature of feat_accounts_daily"
    ),
    "update health_features set expires_days = null where feature_name = 'nps_score'": (
        "seed health_features: nps_score has only one of input_measure and expires_days"
    ),
    "delete from health_bands where feature_name = 'mrr'": (
        "seed health_features: mrr has no scale in health_bands"
    ),
    "update health_bands set lifecycle_stage = 'new' where lifecycle_stage = 'onboarding'": (
        "seed health_bands: there is no stage new"
    ),
    bands("until_value = 9", "days_since_last_login", "any", "any", "from_value = 2"): (
        "seed health_bands: days_since_last_login, segment any, stage any: bands overlap below"
        " 9.000"
    ),
    bands("until_value = 7", "days_since_last_login", "any", "any", "from_value = 2"): (
        "seed health_bands: days_since_last_login, segment any, stage any: a gap above 7.000"
    ),
    bands("until_value = 90", "seats", "Enterprise", "any", "from_value = 60"): (
        "seed health_bands: seats, segment Enterprise, stage any: the highest band has an"
        " until_value"
    ),
    bands("from_value = 0", "seats", "any", "any", "from_value is null"): (
        "seed health_bands: seats, segment any, stage any: the lowest band has a from_value"
    ),
    bands("points_until = 60", "seats", "any", "any", "from_value is null"): (
        "seed health_bands: seats, segment any, stage any: an open band has two points"
    ),
    "update lifecycle_stages set until_age_days = 80 where lifecycle_stage = 'onboarding'": (
        "seed lifecycle_stages: onboarding does not end where the next stage begins"
    ),
    "update lifecycle_stages set from_age_days = 1 where lifecycle_stage = 'onboarding'": (
        "seed lifecycle_stages: no stage begins at age 0"
    ),
    "update health_score_bands set min_score = 1 where min_score = 0": (
        "seed health_score_bands: no band begins at 0"
    ),
    "update health_rules set rule_value = 35 where rule_name = 'trend_days'": (
        "seed health_rules: trend_days exceeds 34, the days back for which each has a row"
        " (var health_daily_days)"
    ),
    said(end="null"): "seed health_overrides: the override of a has no expires_date",
    said(author="null"): "seed health_overrides: the override of a has no author",
    said(band="'watch'"): "seed health_overrides: the override of a needs either a score or a band",
    said(score="null"): "seed health_overrides: the override of a needs either a score or a band",
    said(score="null", band="'fine'"): "seed health_overrides: a has the unknown band fine",
    said(end="date '2026-01-01'"): (
        "seed health_overrides: the override of a expires before it begins"
    ),
    "; ".join((said(), said(begin="date '2026-01-31'", end="date '2026-03-01'"))): (
        "seed health_overrides: a has two overrides at one time"
    ),
}
"""A change of the seeds, and what the night says of it."""


def test_seeds_as_they_are_have_no_fault() -> None:
    assert told(SOUND, SEEDS) == []
    assert (
        told(SOUND, SEEDS, said(), said(begin="date '2026-02-01'", end="date '2026-03-01'")) == []
    )


@pytest.mark.parametrize("change", FAULTS)
def test_a_fault_of_a_seed_is_told(change: str) -> None:
    assert FAULTS[change] in told(SOUND, SEEDS, change)


@pytest.fixture
def world(ci_first_night: World, tmp_path: Path) -> World:
    return ci_first_night.copy(tmp_path)


def built(world: World, *names: str) -> BuildOutcome:
    """Run tests on what a night has built."""
    settings = load_settings(raw=world.raw, environ=world.environment)
    return Dbt(settings, last_build(settings, None)[1]).build(names)


def test_a_night_stops_with_the_words_of_the_fault(world: World) -> None:
    """One line: the seed and its fault, not how many rows a test has found."""
    built(world, SOUND).require_success("the build")
    execute(world.build_file, "update reference.health_weights set weight = 20 where weight = 15")
    with pytest.raises(UserError) as stopped:
        built(world, SOUND).require_success("the build")
    assert "nothing was published" in stopped.value.message
    assert stopped.value.message.endswith(
        "seed health_weights: the weights sum to 105.000, not to 100"
    )


@pytest.mark.parametrize(
    "fault",
    [
        "update health.rpt_health_contributions set contribution = contribution + 0.000001"
        " where contribution > 1 and account_id = (select min(account_id)"
        " from health.fct_account_health_daily where as_of_date = '2026-02-27'"
        " and computed_score is not null)",
        "delete from health.rpt_account_health"
        " where account_id = (select min(account_id) from health.rpt_account_health)",
        "update health.rpt_account_health set computed_score = null where computed_score > 90",
    ],
)
def test_a_part_or_an_account_that_is_lost_is_found(fault: str, world: World) -> None:
    built(world, PARTS).require_success("the build")
    execute(world.build_file, fault)
    [failed] = built(world, PARTS).failed
    assert failed.name == PARTS


def test_a_night_says_where_health_is_not_known(world: World) -> None:
    """Most accounts without a score, and an override that meets nobody; else nothing."""
    with duckdb.connect(str(world.build_file)) as connection:
        before = read_health(connection, FIRST_NIGHT)
        assert before.accounts > 2 * before.unscored and not [*health_sentences(before)]
        connection.execute(
            "insert into reference.health_overrides values"
            " ('nobody', 50, null, 'u', 'r', ?, ?), ('over', 50, null, 'u', 'r', '2026-01-01', ?)",
            [FIRST_NIGHT, FIRST_NIGHT + timedelta(days=1), FIRST_NIGHT],
        )
        connection.execute("update health.rpt_account_health set computed_score = null")
        unscored, idle = health_sentences(read_health(connection, FIRST_NIGHT))
    assert f"{before.accounts} of {before.accounts} accounts have no health score" in unscored
    assert idle.startswith("1 of the overrides in seeds/reference/health_overrides.csv")
    assert not [*health_sentences(HealthCoverage(4, 2, 70.0, 0))]


def test_the_page_says_what_the_seeds_say() -> None:
    """Every row of the seeds that the page shows as tables, and no other."""
    page = (ROOT / "docs" / "health-scoring-model.md").read_text(encoding="utf-8")
    rows = {line for line in page.splitlines() if line.startswith("| `")}
    wanted = set()
    for seed, columns in {
        "health_weights": "component, weight",
        "health_features": "feature_name, component, weight, stands_for, expires_days",
        "lifecycle_stages": "lifecycle_stage, from_age_days, until_age_days, renews_within_days",
        "health_rules": "rule_name, rule_value",
        "health_score_bands": "health_band, min_score, is_at_risk",
    }.items():
        file = ROOT / "seeds" / "reference" / f"{seed}.csv"
        found = duckdb.sql(f"select {columns} from read_csv('{file}', all_varchar = true)")
        for name, *cells in found.fetchall():
            told = [{"true": "yes", "false": "no"}.get(cell, cell) for cell in cells]
            if seed == "health_features":
                told[0] = f"`{told[0]}`"
            wanted.add(f"| `{name}` |" + "".join(f" {cell} |" if cell else " |" for cell in told))
    assert rows == wanted
