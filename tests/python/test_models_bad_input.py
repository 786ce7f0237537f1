"""Feature marts and models that are no good, as the user of `plumbline` meets them.

Each fault is planted in a copy of a published night; each ends in one clear line or one sentence,
and leaves the champion, the predictions, the model files and the published file as they were.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from conftest import FIRST_NIGHT, LAST_NIGHT, World, digest
from ml_world import execute
from proof_context import QUIET, context_of

from plumbline.errors import UserError
from plumbline.night import leakage
from plumbline.night.scoring import choose_models
from plumbline.proofs import registry

EXAMPLES, DAILY = "features.feat_training_examples", "features.feat_accounts_daily"
LABEL = "churned_within_60d"


@pytest.fixture(scope="module")
def copied(ci_first_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One copy of the night for all faults."""
    return ci_first_night.copy(tmp_path_factory.mktemp("bad"))


@pytest.fixture
def world(copied: World, ci_first_night: World) -> World:
    """The copy, as the night left it."""
    shutil.copy(ci_first_night.build_file, copied.build_file)
    shutil.copytree(
        ci_first_night.warehouse / "models", copied.warehouse / "models", dirs_exist_ok=True
    )
    return copied


def state(world: World) -> dict[str, Any]:
    """What a run that was refused must leave."""
    rows = {
        table: world.read(f"select * from ml.{table} order by all", private=True)
        for table in ("model_stages", "predictions")
    }
    files = {path.name: digest(path) for path in (world.warehouse / "models").glob("*.joblib")}
    return {**rows, **files, "published": digest(world.published_file)}


def statements(*texts: str) -> Callable[[World], None]:
    """A fault that is planted by SQL in the private file."""
    return lambda world: execute(world.build_file, *texts)


def tonight(change: str) -> Callable[[World], None]:
    """A fault in the rows that the night scores."""
    return statements(f"update {DAILY} set {change} where as_of_date = date '{FIRST_NIGHT}'")


def tamper(world: World) -> None:
    """Turn one bit of the churn model's file."""
    file = next((world.warehouse / "models").glob("churn*.joblib"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def rename_on_record(world: World) -> None:
    """Register the model under other features, as an older night may have had them."""
    execute(
        world.build_file,
        "update ml.model_runs set feature_names = replace(feature_names, '\"mrr\"', '\"arr\"')"
        " where target = 'churn'",
    )


FAULTS = {
    "no rows": (
        "score",
        statements(f"delete from {DAILY}"),
        ["feat_accounts_daily", "no account to score", "dbt build"],
    ),
    "a single class": (
        "train",
        statements(f"update {EXAMPLES} set {LABEL} = 1"),
        [LABEL, "single class", "accounts that stayed"],
    ),
    "infinite values": (
        "score",
        tonight("mrr = 'inf'"),
        ["mrr", "infinite values", f"on {FIRST_NIGHT}", "denominator"],
    ),
    "all null": (
        "score",
        tonight("usage_trend_ratio_7d_30d = null"),
        ["usage_trend_ratio_7d_30d", "null for all", "training knew", "source_types_off"],
    ),
    "a file tampered with": ("score", tamper, ["churn-", ".joblib", "SHA-256 differs", "backup"]),
    "a model of other features": (
        "score",
        statements(
            *(f"alter table {table} rename column seats to places" for table in (DAILY, EXAMPLES))
        ),
        ["feature seats", "not a column", "retrain"],
    ),
}
"""Of each fault: the command that meets it, how it is planted, and words of the line. Others are
planted in small worlds: `test_ml_train`, `test_ml_score`, `test_ml_leakage`, `test_ml_artefact`."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_clear_line_and_changes_nothing(
    fault: str, world: World, plumbline: Callable[..., tuple[int, str, str]]
) -> None:
    command, plant, words = FAULTS[fault]
    plant(world)
    before = state(world)
    code, _, told = plumbline(command)
    assert code == 1, told
    [line] = [line for line in told.splitlines() if line.strip()]
    assert re.match(r"error: .+ — .+", line)
    for word in words:
        assert word in line
    assert state(world) == before


def test_a_night_that_cannot_end_well_does_not_begin(
    world: World, plumbline: Callable[..., tuple[int, str, str]]
) -> None:
    """Nothing is built, and no run is on record that the next night would meet."""
    runs = world.read("select * from ops.runs order by all", private=True)
    before = state(world)
    for as_of in ("2030-01-01", "2024-09-01"):
        code, _, told = plumbline("nightly", "--as-of", as_of)
        assert (code, state(world)) == (1, before)
        assert f"cover 2024-09-01 to 2026-02-27, and --as-of {as_of} lies outside" in told
        assert "give a date from 2024-09-02 to 2026-02-28" in told
    tamper(world)
    before = state(world)
    code, _, told = plumbline("nightly")
    assert (code, state(world)) == (1, before)
    assert "SHA-256 differs" in told and "kept" not in told
    assert world.read("select * from ops.runs order by all", private=True) == runs


def test_too_few_churners_are_a_sentence_and_the_champion_stays(
    world: World, plumbline: Callable[..., tuple[int, str, str]]
) -> None:
    execute(world.build_file, f"update {EXAMPLES} set {LABEL} = 0 where hash(account_id) % 4 > 0")
    before = state(world)
    code, shown, errors = plumbline("train")
    assert (code, errors) == (0, "")
    told = r"churn-\S+ stays\. No model was trained: too few churned accounts to judge a model: "
    assert re.search(told + r"\d+ in the train slice, at least 20 are needed; wait for", shown)
    assert state(world) == before


def test_a_model_of_other_features_scores_nothing(
    world: World, plumbline: Callable[..., tuple[int, str, str]]
) -> None:
    """With too little to train another from, the night has no list instead of a wrong one."""
    rename_on_record(world)
    execute(world.build_file, f"update {EXAMPLES} set {LABEL} = 0")
    before = state(world)
    code, shown, errors = plumbline("score")
    assert (code, errors) == (0, "")
    assert "0 for churn" in shown and "No model was trained: too few churned accounts" in shown
    assert state(world) == before


def test_a_leak_stops_nights_that_build_everything_anew(world: World) -> None:
    """Also where the champion fits and nothing is trained."""
    settings, as_of = context_of(world).settings, FIRST_NIGHT + timedelta(days=1)
    models = choose_models(settings, "run", as_of, retrain=False)
    leakage.check_unchanged_models(settings, as_of, models)
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        [check] = leakage.recorded_checks(connection, models)
    assert check.is_passed and check.measured.startswith("churn: ") and check.limit == "below 0.95"
    execute(world.build_file, f"update {EXAMPLES} set seats = -seats where {LABEL} = 1")
    with pytest.raises(UserError, match="feature seats alone ranks churned accounts"):
        leakage.check_unchanged_models(settings, as_of, models)
    # a model of this very night went through the gates when it was trained
    leakage.check_unchanged_models(settings, FIRST_NIGHT, models)


def test_the_proof_names_the_leak(world: World) -> None:
    [proof] = registry.select_proofs("no-leakage")
    sound = proof.run(context_of(world))
    assert sound.is_passed and re.search(r"churn \w+ 0\.\d{3} \(", sound.measured)
    assert "conversion" in sound.measured
    execute(world.build_file, f"update {EXAMPLES} set avg_csat = 0.1 + 0.8 * {LABEL}")
    planted = proof.run(replace(context_of(world), console=QUIET))
    assert not planted.is_passed
    assert "column avg_csat" in planted.measured and "nearly the label" in planted.measured


def test_a_leak_stops_the_night(world: World) -> None:
    """A feature that tells the churns of the next 60 days, in rows that the next night keeps."""
    execute(
        world.build_file,
        f"""
        update {DAILY} as features set nps_score = case when exists (
            select 1 from core.fct_account_churns as churns
            where churns.account_id = features.account_id
                and churns.churn_date >= features.as_of_date
                and churns.churn_date < features.as_of_date + interval 60 day
        ) then 1 else 9 end
        """,
    )
    before = state(world)
    done = world.run("nightly", "--as-of", LAST_NIGHT.isoformat(), "--no-docs", "--retrain")
    assert done.returncode == 1, done.stdout
    [line] = [line for line in done.stderr.splitlines() if line.strip()]
    assert re.match(r"error: column nps_score .* nearly the label churned_within_60d .* — .+", line)
    assert state(world) == before
    nights = world.read("select max(as_of_date) from ops.runs where state = 'published'")
    assert nights == [(FIRST_NIGHT,)]
