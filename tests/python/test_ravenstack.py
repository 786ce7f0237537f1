"""The RavenStack adapter on the published data set, end to end; skipped where it is not there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, World

DATA = Path(os.environ.get("PLUMBLINE_RAVENSTACK") or ROOT.parent / "shared/data/ravenstack")
VENDOR_LABEL = "vendor_churned_within_60d"
OFF = {"preparedness", "sentiment", "engagement"}

pytestmark = pytest.mark.skipif(
    not (DATA / "ravenstack_accounts.csv").exists(),
    reason=f"no RavenStack data in {DATA}; set PLUMBLINE_RAVENSTACK to its folder",
)

# Worked out from the files alone, without the project's models.
EXPECTED_FAILING = {
    "event_before_workspace_began": "select count(*) from usage join subscriptions as s"
    " using (subscription_id) where usage.usage_date < s.start_date",
    "event_after_subscription_ended": "select count(*) from usage join subscriptions as s"
    " using (subscription_id) where usage.usage_date >= s.end_date",
    "event_id_on_different_events": "select count(*) from (select usage_id from usage"
    " group by usage_id having count(*) > 1)",
    "ticket_opened_before_account": "select count(*) from tickets join accounts"
    " using (account_id) where submitted_at < signup_date",
    "solved_ticket_without_rating": "select count(*) from tickets where satisfaction_score is null",
    "first_reply_after_ticket_solved": "select count(*) from tickets"
    " where first_response_time_minutes > 60 * resolution_time_hours",
    "trial_without_end": "select count(*) from subscriptions where is_trial and end_date is null",
    "subscription_never_in_force": "select count(*) from subscriptions"
    " where end_date <= start_date",
    "subscription_open_after_vendor_churn": "select count(distinct account_id) from churns"
    " semi join (select account_id from subscriptions where end_date is null) using (account_id)",
    "account_not_marked_after_vendor_churn": "select count(distinct account_id) from churns"
    " join accounts using (account_id) where not churn_flag",
    "account_marked_churned_without_event": "select count(*) from accounts"
    " anti join churns using (account_id) where churn_flag",
    "vendor_churn_before_first_subscription": "select count(*) from churns join (select"
    " account_id, min(start_date) as first_date from subscriptions group by account_id)"
    " using (account_id) where churn_date < first_date",
    "vendor_churn_repeated_on_a_day": "select count(*) - count(distinct (account_id, churn_date))"
    " from churns",
}


@pytest.fixture(scope="module")
def files() -> duckdb.DuckDBPyConnection:
    """The five files as tables, read as DuckDB finds them."""
    connection = duckdb.connect()
    names = {
        "accounts": "accounts",
        "subscriptions": "subscriptions",
        "usage": "feature_usage",
        "tickets": "support_tickets",
        "churns": "churn_events",
    }
    for table, file in names.items():
        path = DATA / f"ravenstack_{file}.csv"
        connection.execute(f"create table {table} as select * from read_csv('{path}')")
    return connection


def nightly(world: World) -> subprocess.CompletedProcess[str]:
    """One night on the world's raw folder."""
    return world.run(
        "nightly", "--source", "ravenstack", "--raw", str(world.raw), "--no-docs", timeout=600
    )


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[subprocess.CompletedProcess[str], Callable[[str], list[tuple]]]:
    """A published night on the data where it lies, and a way to query what it published."""
    world = World(tmp_path_factory.mktemp("ravenstack"), DATA)
    done = nightly(world)
    assert done.returncode == 0, done.stdout + done.stderr

    def read(query: str) -> list[tuple]:
        file = world.warehouse / "ravenstack" / "plumbline.duckdb"
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return done, read


def test_every_paying_account_is_scored(run, files) -> None:
    _, read = run
    paying = files.execute(
        "select count(distinct account_id) from subscriptions where mrr_amount > 0"
        " and start_date < date '2025-01-01' and (end_date is null or end_date > '2024-12-31')"
    ).fetchone()
    assert read("select count(*), count(distinct account_id) from risk.rpt_at_risk_accounts") == [
        (*paying, *paying)
    ]


def test_mrr_is_the_files_to_the_dollar(run, files) -> None:
    _, read = run
    by_hand = files.execute(
        "select account_id, sum(mrr_amount), sum(seats) from subscriptions"
        " where start_date < date '2025-01-01' and (end_date is null or end_date > '2024-12-31')"
        " group by account_id having sum(mrr_amount) > 0 order by account_id"
    ).fetchall()
    computed = read(
        "select account_id, mrr, seats from features.feat_accounts_daily"
        " where as_of_date = date '2025-01-01' and is_paying order by account_id"
    )
    assert computed == by_hand


def test_contradictions_are_counted_as_in_the_files(run, files) -> None:
    _, read = run
    report = dict(read("select rule_name, rows_failing from quality.rpt_source_contradictions"))
    expected = {
        rule: files.execute(query).fetchone()[0] for rule, query in EXPECTED_FAILING.items()
    }
    assert {rule: report[rule] for rule in expected} == expected
    # Whether its event types are in the seed is no matter of the data.
    others = set(report) - set(expected) - {"event_of_unmapped_type"}
    assert {rule: report[rule] for rule in others if report[rule]} == {}


def test_no_row_is_lost_on_the_way_to_the_report(run) -> None:
    _, read = run
    checked = dict(read("select rule_name, rows_checked from quality.rpt_source_contradictions"))
    assert checked["event_before_workspace_began"] == 25_000
    assert checked["workspace_of_unknown_account"] == 5_000
    assert checked["ticket_of_unknown_account"] == 2_000
    assert checked["vendor_churn_of_unknown_account"] == 600


def test_both_labels_are_counted_and_the_vendors_is_learnt(run) -> None:
    _, read = run
    [(own, vendors)] = read(
        f"select sum(churned_within_60d), sum({VENDOR_LABEL}) from features.feat_training_examples"
    )
    assert 0 < own < 50 < 500 < vendors
    learnt = read("select label_name from ml.model_runs where target = 'churn'")
    assert {name for (name,) in learnt} == {VENDOR_LABEL}


def test_summary_says_what_the_data_cannot_bear(run) -> None:
    done, read = run
    told = " ".join(done.stdout.split())
    assert f"Learnt from {VENDOR_LABEL}" in told and "not from churned_within_60d" in told
    assert "event_before_workspace_began 19,142 of 25,000" in told
    assert "do not act on this list" in told
    assert "riskiest" not in told and "first reason" not in told
    assert read("select count(*) from risk.rpt_at_risk_accounts where is_on_worklist") == [(0,)]


def test_vendor_label_is_the_files_events(run, files) -> None:
    _, read = run
    churns = files.execute("select account_id, churn_date from churns").fetchall()
    days: dict[str, list] = {}
    for account, day in churns:
        days.setdefault(account, []).append(day)
    examples = read(
        f"select account_id, as_of_date, {VENDOR_LABEL} from features.feat_training_examples"
        f" where {VENDOR_LABEL} is not null"
    )
    wrong = [
        (account, day)
        for account, day, label in examples
        if label != any(0 <= (churn - day).days < 60 for churn in days.get(account, []))
    ]
    assert examples and not wrong


def test_run_records_the_types_that_are_off(run) -> None:
    _, read = run
    [(parameters,)] = read("select parameters from ml.model_runs limit 1")
    assert set(json.loads(parameters)["source_types_off"]) == OFF
    [(names,)] = read("select feature_names from ml.model_runs limit 1")
    assert not {"nps_score", "meeting_show_rate", "onboarding_completion"} & set(json.loads(names))


def without_file(raw: Path) -> None:
    (raw / "ravenstack_subscriptions.csv").unlink()


def without_column(raw: Path) -> None:
    file = raw / "ravenstack_subscriptions.csv"
    file.write_text(file.read_text().replace("mrr_amount", "mrr", 1))


def with_text_for_a_number(raw: Path) -> None:
    file = raw / "ravenstack_subscriptions.csv"
    file.write_text(file.read_text().replace(",2786,", ",many,", 1))


@pytest.mark.parametrize("spoil", [without_file, without_column, with_text_for_a_number])
def test_bad_file_ends_in_one_clear_line(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(DATA, raw, copy_function=shutil.copyfile)
    raw.chmod(0o755)
    spoil(raw)
    done = nightly(World(tmp_path, raw))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "subscriptions" in done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "warehouse" / "ravenstack" / "plumbline.duckdb").exists()
