"""Champion and challenger: who wins, who is champion when, and what cannot become one."""

import hashlib
import shutil
from datetime import date

import pytest
from ml_world import (
    AS_OF,
    LABEL,
    contract_text,
    execute,
    feature_rows,
    run_training,
    write_mart,
)

from ml.registry import stages
from plumbline.errors import UserError

# Half a year before AS_OF: outcomes have come since that neither model knew.
EARLIER = date(2025, 9, 20)
NEXT = date(2026, 3, 1)


def make_world(folder, spoilt=False):
    """Write a mart; spoilt: and beside it one whose labels fall on the wrong rows."""
    folder.mkdir(exist_ok=True)
    (folder / "contract.yml").write_text(contract_text())
    rows = feature_rows()
    if spoilt:
        known = rows[LABEL].notna()
        wrong = rows.copy()
        wrong.loc[known, LABEL] = rows.loc[known, LABEL].sample(frac=1, random_state=3).to_numpy()
        write_mart(folder / "first.duckdb", wrong)
    write_mart(folder / "plumbline.duckdb", rows)
    return folder


@pytest.fixture(scope="module")
def contested(tmp_path_factory):
    """A champion half a year old, and a challenger by the same recipe."""
    folder = make_world(tmp_path_factory.mktemp("contested"))
    return folder, run_training(folder, EARLIER), run_training(folder, AS_OF)


@pytest.fixture
def world(contested, tmp_path):
    folder, first, second = contested
    return shutil.copytree(folder, tmp_path / "world"), first, second


def versions(folder, night=None):
    run = stages.champion(folder / "plumbline.duckdb", "churn", night)
    return run.model_version if run else None


def test_an_equal_challenger_does_not_unseat_the_champion(contested):
    folder, first, second = contested
    assert first.is_champion
    assert first.decision == "the first model"
    assert not second.is_champion
    assert "not better beyond noise" in second.decision
    assert versions(folder) == first.model_version


def test_a_challenger_that_is_better_beyond_noise_wins(tmp_path):
    folder = make_world(tmp_path / "world", spoilt=True)
    true = folder / "plumbline.duckdb"
    shutil.move(true, folder / "true.duckdb")
    shutil.move(folder / "first.duckdb", true)
    poor = run_training(folder, EARLIER)
    execute(
        true,
        f"attach '{folder / 'true.duckdb'}' as mended (read_only)",
        "create or replace table features.feat_training_examples as "
        "from mended.features.feat_training_examples",
    )
    good = run_training(folder, AS_OF)
    assert good.is_champion
    assert good.decision.startswith("better beyond noise")
    assert versions(folder, date(2025, 12, 1)) == poor.model_version
    assert versions(folder, AS_OF) == good.model_version
    told = [(c.model_version, c.stage) for c in stages.history(true, "churn")]
    assert told == [
        (poor.model_version, "champion"),
        (poor.model_version, "retired"),
        (good.model_version, "champion"),
    ]


def test_too_few_fresh_outcomes_leave_the_champion(tmp_path):
    folder = make_world(tmp_path / "world")
    first = run_training(folder, date(2026, 2, 14))
    second = run_training(folder, AS_OF)
    assert "too few to compare" in second.decision
    assert versions(folder) == first.model_version


def test_a_champion_of_other_features_gives_way(world):
    folder, _, _ = world
    text = (folder / "contract.yml").read_text()
    features = text.replace("name: support_tickets_30d\n", "name: tickets\n")
    assert features != text
    (folder / "contract.yml").write_text(features)
    for table in ("feat_training_examples", "feat_accounts_daily"):
        execute(
            folder / "plumbline.duckdb",
            f"alter table features.{table} rename column support_tickets_30d to tickets",
        )
    result = run_training(folder, AS_OF)
    assert result.is_champion
    assert "other features" in result.decision


@pytest.mark.parametrize("content", [None, b"of another code version"], ids=["lost", "unreadable"])
def test_a_champion_whose_file_cannot_be_used_gives_way(world, content):
    """A training that is asked for mends it; nights refuse to begin with it."""
    folder, first, second = world
    file = next((folder / "models").glob(f"{first.model_version}*"))
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    execute(
        folder / "plumbline.duckdb",
        f"update ml.model_runs set artefact_sha256 = '{hashlib.sha256(content or b'').hexdigest()}'"
        f" where model_version = '{first.model_version}'",
        f"delete from ml.model_runs where model_version = '{second.model_version}'",
        f"delete from ml.model_performance where model_version = '{second.model_version}'",
    )
    result = run_training(folder, AS_OF)
    assert result.is_champion and result.is_new
    assert "file is lost, was changed or loads no longer" in result.decision


def test_a_champion_counts_from_the_night_that_was_named(tmp_path):
    folder = make_world(tmp_path / "new")
    result = run_training(folder, AS_OF, since=NEXT)
    assert result.is_champion
    assert versions(folder, AS_OF) is None
    assert versions(folder, NEXT) == result.model_version


def test_a_model_that_does_not_fit_is_not_promoted(world):
    folder, first, second = world
    database, models = folder / "plumbline.duckdb", folder / "models"
    before = stages.history(database, "churn")
    with pytest.raises(UserError, match="the next night would replace it"):
        stages.promote(
            database,
            models,
            second.model_version,
            NEXT,
            "by hand",
            lambda run: run.model_version == first.model_version,
        )
    assert stages.history(database, "churn") == before


def test_promotion_and_rollback_touch_no_past_night(world):
    folder, first, second = world
    database, models = folder / "plumbline.duckdb", folder / "models"
    stages.promote(database, models, second.model_version, NEXT, "by hand")
    assert versions(folder, AS_OF) == first.model_version
    assert versions(folder, NEXT) == versions(folder) == second.model_version
    later = date(2026, 3, 9)
    champion, replaced = stages.rollback(database, models, "churn", later)
    assert (champion.model_version, replaced) == (first.model_version, second.model_version)
    assert versions(folder, NEXT) == second.model_version
    assert versions(folder, later) == first.model_version


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("update ml.model_runs set model_kind = 'full_boosting'", "do not add up exactly"),
        ("update ml.model_runs set artefact_path = null", "was not trained"),
        ("update ml.model_runs set artefact_sha256 = 'other'", "hash|changed|differs"),
        ("delete from ml.model_runs", "there is no model"),
    ],
)
def test_what_cannot_be_champion_is_refused_and_changes_nothing(world, spoil, message):
    folder, _, second = world
    database = folder / "plumbline.duckdb"
    before = stages.history(database, "churn")
    execute(database, spoil)
    with pytest.raises(UserError, match=message):
        stages.promote(database, folder / "models", second.model_version, NEXT, "by hand")
    assert stages.history(database, "churn") == before


def test_the_champion_cannot_be_promoted_and_the_first_not_rolled_back(world):
    folder, first, _ = world
    database, models = folder / "plumbline.duckdb", folder / "models"
    with pytest.raises(UserError, match="champion already"):
        stages.promote(database, models, first.model_version, NEXT, "by hand")
    with pytest.raises(UserError, match="no other champion before"):
        stages.rollback(database, models, "churn", NEXT)


def test_a_night_before_the_champion_can_be_given_it(world):
    """As a past night is that is scored anew, where its own champion does not fit any more."""
    folder, first, second = world
    database, models = folder / "plumbline.duckdb", folder / "models"
    stages.promote(database, models, second.model_version, NEXT, "by hand")
    _, replaced = stages.promote(database, models, second.model_version, AS_OF, "fits")
    assert replaced == first.model_version
    assert versions(folder, AS_OF) == versions(folder) == second.model_version
    assert versions(folder, EARLIER) == first.model_version
