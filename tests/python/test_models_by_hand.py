"""Models as their keeper meets them: listed, promoted, rolled back, compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import duckdb
import pandas as pd
import pytest
from conftest import FIRST_NIGHT, World
from ml_world import execute

import ml.config
from ml.config import Settings, load_settings
from plumbline.commands.compare import for_review

Command = Callable[..., tuple[int, str, str]]
NEXT_NIGHT = FIRST_NIGHT + timedelta(days=1)
STAGES = "select * from ml.model_stages order by all"
NEXT = "next: plumbline nightly scores and publishes with it"


@pytest.fixture(scope="module")
def world(ci_first_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One copy of the night; a test leaves the champion that it found."""
    return ci_first_night.copy(tmp_path_factory.mktemp("by_hand"))


def crowned(world: World) -> str:
    """The champion for churn."""
    [(version,)] = world.read(
        "select model_version from ml.model_stages where target = 'churn' and stage = 'champion'"
        " order by since_date desc, recorded_at desc limit 1",
        private=True,
    )
    return version


def test_a_model_is_promoted_and_rolled_back(world: World, plumbline: Command) -> None:
    old = crowned(world)
    code, shown, _ = plumbline("models")
    assert code == 0 and f"{old} champion" in shown
    assert re.search(rf"{FIRST_NIGHT} {old} champion \w+", shown)

    execute(world.build_file, "update features.feat_training_examples set seats = 2 * seats")
    code, shown, errors = plumbline("train")
    assert (code, errors) == (0, "")
    new = re.search(rf"{old}, after (churn-\S+): ", shown).group(1)
    assert f"{new} candidate" in plumbline("models")[1]

    code, shown, errors = plumbline("promote", new)
    told = f"{new} is champion for churn from {NEXT_NIGHT} on in the place of {old}"
    assert (code, shown, errors) == (0, f"{told} {NEXT}", "")
    code, shown, _ = plumbline("models")
    assert code == 0 and f"{new} champion" in shown and f"{old} retired" in shown
    assert f"{NEXT_NIGHT} {new} champion promoted by hand" in shown
    assert crowned(world) == new

    code, _, told = plumbline("promote", new)
    assert (code, told) == (1, f"error: {new} is the champion already — see `plumbline models`\n")

    code, shown, errors = plumbline("rollback")
    told = f"{old} is champion for churn again from {NEXT_NIGHT} on, in the place of {new}"
    assert (code, shown, errors) == (0, f"{told} {NEXT}", "")
    code, shown, _ = plumbline("models")
    assert code == 0 and f"{old} champion" in shown and f"{new} retired" in shown
    assert crowned(world) == old


def test_a_training_by_hand_touches_no_published_night(world: World, plumbline: Command) -> None:
    """And a model that nights could not score with is refused, not replaced in silence."""
    old = crowned(world)
    [(features,)] = world.read(
        f"select feature_names from ml.model_runs where model_version = '{old}'", private=True
    )
    execute(world.build_file, "update features.feat_training_examples set seats = 3 * seats")
    rename = "update ml.model_runs set feature_names = ? where model_version = ?"
    with duckdb.connect(str(world.build_file)) as connection:
        connection.execute(rename, ['["rainfall"]', old])
    code, shown, errors = plumbline("train")
    assert (code, errors) == (0, "")
    assert f"next: plumbline nightly scores with the champions, from {NEXT_NIGHT} on" in shown
    new = crowned(world)
    crownings = dict(
        world.read(
            "select model_version, max(since_date) from ml.model_stages"
            " where target = 'churn' and stage = 'champion' group by all",
            private=True,
        )
    )
    assert new != old and crownings[new] == NEXT_NIGHT

    line = (
        f"error: {old} learnt from other features, other nulls or another label than there are"
        " now: the next night would replace it — train on what there is: `plumbline train`\n"
    )
    for arguments in (("promote", old), ("rollback",)):
        code, shown, told = plumbline(*arguments)
        assert (code, told) == (1, line), shown
    assert crowned(world) == new
    with duckdb.connect(str(world.build_file)) as connection:
        connection.execute(rename, [features, old])
    assert plumbline("rollback")[0] == 0
    assert crowned(world) == old


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("promote", "churn-20260101-nobody"),
            "there is no model churn-20260101-nobody — see `plumbline models`",
        ),
        (
            ("rollback", "--target", "expansion"),
            "expansion had no other champion before — see `plumbline models`",
        ),
        (
            ("rollback", "--target", "rain"),
            f"there is no target rain — choose one of {', '.join(load_settings().target)}",
        ),
        (
            ("compare", "--target", "rain"),
            f"there is no target rain — choose one of {', '.join(load_settings().target)}",
        ),
    ],
)
def test_what_is_not_there_is_one_clear_line(
    arguments: tuple[str, ...], line: str, world: World, plumbline: Command
) -> None:
    before = world.read(STAGES, private=True)
    code, shown, told = plumbline(*arguments)
    assert (code, told) == (1, f"error: {line}\n"), shown
    assert world.read(STAGES, private=True) == before


def small(**given: Any) -> Settings:
    """Knobs that take seconds."""
    settings = load_settings(**given)
    return replace(
        settings,
        comparison=replace(
            settings.comparison, origins=2, rounds=5, latency_calls=5, ablation_origins=1
        ),
        random_forest=replace(settings.random_forest, trees=5),
        multilayer_perceptron=replace(settings.multilayer_perceptron, epochs=1),
        evaluation=replace(settings.evaluation, resamples=20),
    )


def test_kinds_are_compared_and_features_named_for_review(
    world: World, plumbline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ml.config, "load_settings", small)
    champion = crowned(world)
    code, shown, errors = plumbline("compare")
    assert (code, errors) == (0, "")
    assert "churn: 2 origins, judged on" in shown
    for kind in ("logistic regression", "additive boosting", "random forest"):
        assert f"{kind} yes 0." in shown and f"{kind} no 0." in shown
    assert "all of usage" in shown
    named = re.search(r"for review: (.+) next: plumbline nightly shows it", shown).group(1)
    known = world.read(
        "select distinct left_out from ml.feature_ablation where left_out_kind = 'feature'",
        private=True,
    )
    assert {(name,) for name in named.split(", ")} <= set(known)
    assert crowned(world) == champion

    _, shown, _ = plumbline("compare", "--no-ablation")
    assert "churn: 2 origins" in shown and "all of usage" not in shown
    assert "for review" not in shown


def test_for_review_is_what_nothing_is_lost_without() -> None:
    """The rows of the unit test of `rpt_feature_ablation`."""
    rows = [
        ("feature", "useless", -0.002, 0.0, 0.0, 0.2),
        ("feature", "keeps the ranking", -0.002, -0.0001, 0.0, 0.2),
        ("feature", "keeps the level", -0.002, 0.0, 0.0001, 0.2),
        ("source_type", "usage", -0.002, 0.0, 0.0, 0.2),
    ]
    table = pd.DataFrame(
        [
            (kind, name, metric, lower, upper)
            for kind, name, *bounds in rows
            for metric, (lower, upper) in (("auc_roc", bounds[:2]), ("log_loss", bounds[2:]))
        ],
        columns=["left_out_kind", "left_out", "metric_name", "lower_bound", "upper_bound"],
    )
    assert for_review(table) == ["useless"]
