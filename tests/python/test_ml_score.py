"""Scoring end to end: reasons, idempotent rows, published runs, faults that must change nothing."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest
from ml_world import AS_OF, LABEL, contract_text, execute, feature_rows, fetch, write_mart

from ml import warehouse
from ml.config import load_settings
from ml.fitting.explain import Explainer
from ml.registry import stages
from ml.score import first_of_lists, score
from ml.train import train
from plumbline.errors import UserError

SETTINGS = load_settings()
QUICK = replace(
    SETTINGS,
    evaluation=replace(SETTINGS.evaluation, resamples=20),
    additive_boosting=replace(SETTINGS.additive_boosting, max_iter=60),
)
PREDICTIONS = "select * from ml.predictions order by all"
REASONS = "select * from ml.prediction_reasons order by all"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("score") / "world"
    folder.mkdir()
    write_mart(folder / "plumbline.duckdb", feature_rows())
    (folder / "contract.yml").write_text(contract_text())
    run_training(folder)
    return folder


@pytest.fixture
def world(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "world")


def run_training(folder, settings=QUICK):
    return train(
        folder / "plumbline.duckdb",
        folder / "models",
        AS_OF,
        "run-0",
        (),
        30,
        LABEL,
        contract_path=folder / "contract.yml",
        settings=settings,
    )


def run_scoring(folder, run_id="run-1", as_of=AS_OF):
    return score(folder / "plumbline.duckdb", folder / "models", as_of, run_id)


def publish(folder, run_id, hour):
    execute(
        folder / "plumbline.duckdb",
        f"insert into ops.runs values ('{run_id}', date '{AS_OF}', 'demo', 'published', "
        f"timestamp '2026-02-28 {hour:02}:00:00', '{{}}')",
    )


def test_every_paying_account_is_scored_with_all_its_reasons(world):
    execute(
        world / "plumbline.duckdb",
        "update features.feat_accounts_daily set is_paying = false "
        "where account_id = (select min(account_id) from features.feat_accounts_daily)",
    )
    result = run_scoring(world)
    database = world / "plumbline.duckdb"
    paying = fetch(database, "select count(*) from features.feat_accounts_daily where is_paying")
    assert [(result.scored,)] == paying == fetch(database, "select count(*) from ml.predictions")
    assert result.reasons == result.scored * 7  # eight features less the constant one
    (worst,) = fetch(
        database,
        """
        with parts as (
            select account_id, sum(contribution) as part, count(*) as features,
                count(distinct reason_rank) as ranks, max(reason_rank) as last_rank
            from ml.prediction_reasons group by account_id
        )
        select max(abs(baseline_log_odds + part - log_odds)), min(features), min(ranks),
            max(last_rank), max(abs(probability - 1 / (1 + exp(-log_odds)))),
            min(probability) > 0, max(probability) < 1
        from ml.predictions left join parts on predictions.account_id = parts.account_id""",
    )
    assert worst[0] < 1e-6
    assert worst[1:4] == (7, 7, 7)
    assert worst[4] < 1e-12
    assert worst[5:] == (True, True)


def test_of_very_many_accounts_the_first_of_lists_have_reasons(world):
    few = replace(
        SETTINGS, scoring=replace(SETTINGS.scoring, all_reasons_up_to=100, most_reasons=20)
    )
    database = world / "plumbline.duckdb"
    result = run_scoring(world)
    assert result.scored > 100
    everything = fetch(database, PREDICTIONS), fetch(database, REASONS)
    again = score(database, world / "models", AS_OF, "run-1", settings=few)
    assert (again.scored, again.reasons) == (result.scored, 20 * 7)
    assert fetch(database, PREDICTIONS) == everything[0]
    assert set(fetch(database, REASONS)) < set(everything[1])
    explained = set(fetch(database, "select distinct account_id from ml.prediction_reasons"))
    assert len(explained) == 20
    for order in ("log_odds", "probability * mrr"):
        first = set(
            fetch(
                database,
                f"""
            select account_id from ml.predictions
            inner join features.feat_accounts_daily using (account_id)
            order by {order} desc, account_id limit 10""",
            )
        )
        assert first < explained, order


def test_an_account_is_explained_by_the_higher_of_its_two_places():
    """Places by score 0 1 2 3 4, by value 4 3 2 0 1."""
    log_odds, mrr = np.array([2.0, 1.0, 0.0, -1.0, -2.0]), np.array([1.0, 2, 4, 900, 90])
    assert [list(first_of_lists(log_odds, mrr, n)) for n in range(1, 6)] == [
        [0],
        [0, 3],
        [0, 1, 3],
        [0, 1, 3, 4],
        [0, 1, 2, 3, 4],
    ]
    # Where nobody pays, as among trials, the scores decide.
    assert list(first_of_lists(log_odds[::-1], np.zeros(5), 2)) == [3, 4]


def test_without_mrr_the_highest_scores_have_reasons(world):
    few = replace(
        SETTINGS, scoring=replace(SETTINGS.scoring, all_reasons_up_to=100, most_reasons=20)
    )
    database = world / "plumbline.duckdb"
    execute(database, "update features.feat_accounts_daily set mrr = 0")
    score(database, world / "models", AS_OF, "run-1", settings=few)
    assert fetch(
        database,
        """
        select account_id from ml.predictions order by log_odds desc, account_id limit 20
        """,
    ) == fetch(
        database,
        """
        select distinct on (account_id) account_id from ml.prediction_reasons
        inner join ml.predictions using (account_id) order by log_odds desc, account_id""",
    )


def test_unknown_features_rank_behind_all_known_ones(world):
    run_scoring(world)
    assert (
        fetch(
            world / "plumbline.duckdb",
            """
        select account_id from ml.prediction_reasons group by account_id
        having max(reason_rank) filter (where feature_value is not null)
            > min(reason_rank) filter (where feature_value is null)""",
        )
        == []
    )
    assert fetch(
        world / "plumbline.duckdb",
        "select count(*) > 0 from ml.prediction_reasons where feature_value is null "
        "and contribution > 0",
    ) == [(True,)]


def test_scoring_the_same_night_again_leaves_the_same_rows(world):
    database = world / "plumbline.duckdb"
    run_scoring(world)
    rows = fetch(database, PREDICTIONS), fetch(database, REASONS)
    run_scoring(world)
    assert (fetch(database, PREDICTIONS), fetch(database, REASONS)) == rows


def test_a_run_that_was_never_published_makes_way(world):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    assert run_scoring(world, "run-2").is_new
    assert fetch(database, "select distinct run_id from ml.predictions") == [("run-2",)]
    assert fetch(database, "select distinct run_id from ml.prediction_reasons") == [("run-2",)]


def test_equal_published_rows_stay_as_they_are(world):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    publish(world, "run-1", 1)
    rows = fetch(database, PREDICTIONS), fetch(database, REASONS)
    result = run_scoring(world, "run-2")
    assert not result.is_new
    assert (fetch(database, PREDICTIONS), fetch(database, REASONS)) == rows


def test_changed_rows_stand_beside_the_published_ones(world):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    publish(world, "run-1", 1)
    published = fetch(database, PREDICTIONS)
    execute(
        database,
        "update features.feat_accounts_daily set avg_dau_30d = avg_dau_30d / 2 "
        "where account_id = (select max(account_id) from "
        "features.feat_accounts_daily)",
    )
    assert run_scoring(world, "run-2").is_new
    rows = fetch(database, PREDICTIONS)
    assert [row for row in rows if row[0] == "run-1"] == published
    assert len(rows) == 2 * len(published)
    publish(world, "run-2", 2)
    # Readers see run-2 now: the same values again write nothing, the old ones again do.
    assert not run_scoring(world, "run-3").is_new
    execute(
        database,
        "update features.feat_accounts_daily set avg_dau_30d = avg_dau_30d * 2 "
        "where account_id = (select max(account_id) from "
        "features.feat_accounts_daily)",
    )
    assert run_scoring(world, "run-3").is_new


def test_one_reason_that_differs_is_a_difference(world):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    publish(world, "run-1", 1)
    execute(
        database,
        "update ml.prediction_reasons set feature_value = feature_value + 1 "
        "where account_id = (select max(account_id) from ml.predictions) "
        "and feature_name = 'mrr'",
    )
    assert run_scoring(world, "run-2").is_new


def test_a_model_from_the_future_is_not_used(world):
    with pytest.raises(UserError, match="no champion"):
        run_scoring(world, as_of=date(2026, 2, 27))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("update features.feat_accounts_daily set mrr = 'inf'::double", "infinite values"),
        ("update features.feat_accounts_daily set mrr = null", "contract says missing: never"),
        (
            "update features.feat_accounts_daily set usage_trend_ratio = null",
            "usage_trend_ratio is null for all",
        ),
        (
            "alter table features.feat_accounts_daily rename column nps_score to nps",
            "feature nps_score is not a column",
        ),
        (
            "update features.feat_accounts_daily set is_paying = false",
            "no account to score for churn",
        ),
        ("drop table features.feat_accounts_daily", "feat_accounts_daily does not exist"),
        ("delete from ml.model_stages", "no champion"),
    ],
)
def test_a_fault_is_one_clear_line_and_keeps_the_rows(world, statement, message):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    rows = fetch(database, PREDICTIONS)
    execute(database, statement)
    with pytest.raises(UserError, match=message) as caught:
        run_scoring(world, "run-2")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert fetch(database, PREDICTIONS) == rows


def test_a_hurt_or_missing_artefact_is_refused(world):
    run = stages.champion(world / "plumbline.duckdb", "churn")
    path = world / "models" / run.artefact_path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="SHA-256 differs"):
        run_scoring(world)
    path.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        run_scoring(world)
    assert fetch(
        world / "plumbline.duckdb",
        "select 1 from information_schema.tables where table_name = 'predictions'",
    ) in ([], [(1,)])


def test_a_database_that_another_program_holds_is_one_clear_line(world):
    database = world / "plumbline.duckdb"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, sys; c = duckdb.connect({str(database)!r});"
            " print('open', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline().strip() == "open"
        with pytest.raises(UserError, match="is locked: another program has it open"):
            run_scoring(world)
    finally:
        holder.communicate(timeout=30)
    with duckdb.connect(str(database)), pytest.raises(UserError, match="is locked"):
        run_scoring(world)
    assert run_scoring(world).is_new


def test_a_file_that_is_no_database_is_one_clear_line(world):
    (world / "plumbline.duckdb").write_text("not a database")
    with pytest.raises(UserError, match="cannot be opened") as caught:
        run_scoring(world)
    assert "\n" not in str(caught.value)


def test_a_crash_in_the_middle_of_writing_leaves_nothing(world, monkeypatch):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    rows = fetch(database, PREDICTIONS), fetch(database, REASONS)
    insert = warehouse._insert

    def crash_at_reasons(connection, table, *arguments):
        if table == "prediction_reasons":
            raise KeyboardInterrupt
        insert(connection, table, *arguments)

    monkeypatch.setattr(warehouse, "_insert", crash_at_reasons)
    with pytest.raises(KeyboardInterrupt):
        run_scoring(world, "run-2")
    assert (fetch(database, PREDICTIONS), fetch(database, REASONS)) == rows


def before_rows(database):
    """Give the mart a night thirty days before: less use, one account not there, one not paying."""
    first, second = (
        account
        for (account,) in fetch(
            database,
            "select account_id from features.feat_accounts_daily order by account_id limit 2",
        )
    )
    execute(
        database,
        "insert into features.feat_accounts_daily select * replace ("
        " as_of_date - 30 as as_of_date, avg_dau_30d / 3 as avg_dau_30d,"
        f" account_id <> '{second}' as is_paying)"
        f" from features.feat_accounts_daily where account_id <> '{first}'",
    )
    return first, second


def test_the_same_model_says_what_it_would_have_said_thirty_days_before(world):
    """Scored tonight, the features of then give what stands beside tonight's."""
    database = world / "plumbline.duckdb"
    absent = before_rows(database)
    run_scoring(world)
    told = fetch(
        database,
        "select account_id, feature_name, value_before, contribution_before, feature_value"
        " from ml.prediction_reasons",
    )
    assert {row[0] for row in told if row[3] is None} == set(absent)
    assert all(row[2] is None for row in told if row[0] in absent)
    used = [row for row in told if row[1] == "avg_dau_30d" and row[0] not in absent]
    assert len(used) > 100 and all(row[2] == pytest.approx(row[4] / 3) for row in used)
    execute(
        database,
        f"delete from features.feat_accounts_daily where as_of_date = date '{AS_OF}'",
        "update features.feat_accounts_daily set as_of_date = as_of_date + 30",
    )
    run_scoring(world, "run-2")
    again = fetch(
        database,
        "select account_id, feature_name, feature_value, contribution from ml.prediction_reasons",
    )
    assert sorted(row[:4] for row in told if row[3] is not None) == sorted(again)


def test_reasons_of_then_that_do_not_add_up_are_refused(world, monkeypatch):
    """Planted: contributions of the earlier date, and of it alone, that are a little off."""
    database = world / "plumbline.duckdb"
    before_rows(database)
    run_scoring(world, "run-1")
    rows = fetch(database, REASONS)
    contributions = Explainer.contributions
    calls = []

    def off(self, pipeline, features, calibration):
        calls.append(len(features))
        found = contributions(self, pipeline, features, calibration)
        return found + 1e-5 if len(calls) == 2 else found

    monkeypatch.setattr(Explainer, "contributions", off)
    with pytest.raises(UserError, match="reasons do not add up to the score"):
        run_scoring(world, "run-2")
    assert len(calls) == 2 and calls[1] == calls[0] - 2
    assert fetch(database, REASONS) == rows


def test_a_file_of_an_older_version_gets_the_new_columns(world):
    database = world / "plumbline.duckdb"
    run_scoring(world, "run-1")
    rows = fetch(database, REASONS)
    execute(
        database,
        "alter table ml.prediction_reasons drop column contribution_before",
        "alter table ml.prediction_reasons drop column value_before",
    )
    run_scoring(world, "run-1")
    assert fetch(database, REASONS) == rows
