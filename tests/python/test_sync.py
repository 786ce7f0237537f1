"""`plumbline sync` against a server that speaks as the CRM does, and fails as it does.

What is proven, for each destination: what differs arrives, effectively once a row; nothing is lost
where connections break, the server throttles or the process is killed; rows that are refused are
sent again with their error kept; too much at once is not sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import COMMAND, LAST_NIGHT, ROOT, World, night_without_tests
from crm_server import BUSY, DROP_AFTER, DROP_BEFORE, THROTTLE, TOKEN, Crm, running
from sync_world import SyncWorld, Told, accounts

Command = Callable[..., tuple[int, str, str]]
LATER_NIGHT = date(2026, 3, 1)
DESTINATIONS = ("salesforce", "hubspot", "webhook")
SECRET = "secret-of-the-webhook"
RISK = {
    "salesforce": "Churn_Risk_Score__c",
    "hubspot": "churn_risk_score",
    "webhook": "churn_risk_pct",
}
REASON = {"salesforce": "Churn_Risk_Reason__c", "hubspot": "churn_risk_reason", "webhook": "reason"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty warehouse."""
    (tmp_path / "warehouse").mkdir()
    return World(tmp_path, tmp_path / "raw")


@pytest.fixture
def crm() -> Iterator[Crm]:
    """A CRM that is up."""
    with running() as crm:
        yield crm


@pytest.fixture
def small(world: World, crm: Crm, plumbline: Command, monkeypatch: pytest.MonkeyPatch) -> SyncWorld:
    """A warehouse, with all that is needed to reach the CRM in the environment."""
    made = SyncWorld(world)
    made.environment = {
        "PLUMBLINE_CONFIG": str(made.config),
        "SALESFORCE_INSTANCE_URL": crm.url,
        "SALESFORCE_ACCESS_TOKEN": TOKEN,
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "HUBSPOT_BASE_URL": crm.url,
        "PLUMBLINE_WEBHOOK_URL": f"{crm.url}/hook",
        "PLUMBLINE_WEBHOOK_SECRET": SECRET,
    }
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def sync(small: SyncWorld, plumbline: Command) -> Callable[..., tuple[int, str]]:
    """The command: exit code, and all that it said."""

    def run(*arguments: str) -> tuple[int, str]:
        assert small.config.exists()  # written with the world's present knobs
        code, said, wrong = plumbline("sync", *arguments)
        assert TOKEN not in said + wrong and SECRET not in said + wrong
        return code, said + " ".join(wrong.split())

    return run


def loaded(small: SyncWorld, sync: Callable[..., tuple[int, str]], count: int, to: str) -> None:
    """A first load that went well."""
    small.publish(accounts(count))
    code, said = sync("--destination", to, "--accept-changes")
    assert code == 0, said


# --- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize("to", DESTINATIONS)
def test_only_what_differs_is_sent(
    to: str, small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    loaded(small, sync, 250, to)
    assert len(crm.records) == 250 and set(crm.carried.values()) == {1}
    crm.carried.clear()
    assert sync("--destination", to)[0] == 0
    assert not crm.carried, "a night that says the same is sent nobody"
    night = accounts(250)
    night[3] = replace(night[3], pct=9)
    night[4] = replace(night[4], reason="another reason")
    small.publish(night, LATER_NIGHT)
    code, said = sync("--destination", to)
    assert code == 0 and "sent 2 rows of the night of 2026-03-01" in said, said
    assert crm.carried == {"00100003": 1, "00100004": 1}
    assert str(crm.records["00100003"][RISK[to]]) == "9"
    assert crm.records["00100004"][REASON[to]] == "another reason"


@pytest.mark.parametrize("to", DESTINATIONS)
def test_fields_are_emptied_once_where_an_account_has_left(
    to: str, small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    loaded(small, sync, 3, to)
    crm.records["00100000"]["Owner"] = "is nobody's business"
    night = [replace(accounts(3)[0], action="blank"), *accounts(3)[1:]]
    night.append(Told("never sent", action="blank"))
    small.publish(night, LATER_NIGHT)
    assert sync("--destination", to)[0] == 0
    assert crm.records["00100000"][RISK[to]] in (None, "")
    assert crm.records["00100000"]["Owner"] == "is nobody's business"
    assert "never sent" not in crm.carried
    crm.carried.clear()
    assert sync("--destination", to)[0] == 0
    assert not crm.carried
    small.publish(accounts(3), date(2026, 3, 2))
    assert sync("--destination", to)[0] == 0
    assert str(crm.records["00100000"][RISK[to]]) == "5", "who comes back is told again"


def test_who_is_held_is_never_seen(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    held = "two accounts have this CRM id"
    small.publish(
        [*accounts(2), Told("x", action="hold", held=held), Told("X", action="hold", held=held)]
    )
    code, said = sync("--accept-changes")
    assert code == 0 and f"held back, {held}: 2" in said
    assert set(crm.carried) == {"00100000", "00100001"}


def test_a_value_that_is_unknown_leaves_the_field_as_it_is(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    loaded(small, sync, 1, "salesforce")
    small.publish([replace(accounts(1)[0], pct=8, reason=None)], LATER_NIGHT)  # type: ignore[arg-type]
    assert sync()[0] == 0
    assert crm.records["00100000"]["Churn_Risk_Score__c"] == 8
    assert crm.records["00100000"]["Churn_Risk_Reason__c"] == "4 tickets waited"


def test_a_dry_run_sends_and_writes_nothing(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    small.publish(accounts(30))
    code, said = sync("--dry-run")
    assert code == 0 and "would be sent 30 rows" in said
    assert "needs --accept-changes: this would be the first load, of 30 records" in said
    assert not crm.carried and small.read("select * from ops.outbox") == []
    assert small.read("select * from ops.syncs") == []


# --- effectively once, nothing lost ---------------------------------------------------------------


@pytest.mark.parametrize("to", DESTINATIONS)
@pytest.mark.parametrize(
    "faults", [[DROP_BEFORE], [DROP_AFTER], [THROTTLE, BUSY], ["", DROP_AFTER, DROP_BEFORE]]
)
def test_what_breaks_off_is_sent_again_and_changes_each_record_once(
    to: str, faults: list[str], small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.faults.extend(faults)
    loaded(small, sync, 450, to)
    assert len(crm.records) == 450 and set(crm.changed.values()) == {1}
    assert set(small.states(to).values()) == {("sent", 1)}
    assert not crm.faults, "every fault was met"
    crm.carried.clear()
    assert sync("--destination", to)[0] == 0
    assert not crm.carried


@pytest.mark.parametrize("to", DESTINATIONS)
def test_a_system_that_is_down_loses_nothing_and_makes_no_dead_letter(
    to: str, small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    small.publish(accounts(5))
    for _ in range(4):
        crm.faults.extend([BUSY, DROP_BEFORE, BUSY])
        code, said = sync("--destination", to, "--accept-changes")
        assert code == 1 and "0 rows were sent, 5 wait" in said, said
        assert "it goes on where it stopped" in said
    assert set(small.states(to).values()) == {("pending", 1)}
    assert sync("--destination", to)[0] == 0, "what was accepted needs no second word"
    assert set(small.states(to).values()) == {("sent", 1)} and len(crm.records) == 5


@pytest.mark.parametrize("to", DESTINATIONS)
def test_a_process_that_is_killed_before_the_answer_goes_on_where_it_was(
    to: str, small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    small.publish(accounts(450))
    process = subprocess.Popen(
        [*COMMAND, "sync", "--destination", to, "--accept-changes"],
        cwd=ROOT,
        env={
            **small.world.environment,
            **small.environment,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def kill_at_the_second_batch() -> None:
        if len(crm.writes) == 2:
            process.kill()
            process.wait()

    crm.on_applied = kill_at_the_second_batch
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert 0 < len(crm.records) < 450, "it was killed in the middle"
    in_doubt = crm.writes[1]
    crm.on_applied = None
    assert sync("--destination", to)[0] == 0
    assert len(crm.records) == 450 and set(crm.changed.values()) == {1}
    assert sorted(crm.carried.values()) == [1] * (450 - in_doubt) + [2] * in_doubt
    assert set(small.states(to).values()) == {("sent", 1)}


def test_a_value_that_may_have_arrived_is_written_over(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    """Back to the value that was there before: what is in the CRM now is the one in doubt."""
    loaded(small, sync, 1, "salesforce")
    small.publish(accounts(1, "high", 40), LATER_NIGHT)
    crm.faults.extend([DROP_AFTER] * 3)
    assert sync()[0] == 1
    assert crm.records["00100000"]["Risk_Tier__c"] == "high"
    small.publish(accounts(1), date(2026, 3, 2))
    assert sync()[0] == 0
    assert crm.records["00100000"]["Risk_Tier__c"] == "low"
    assert small.states() == {"00100000": ("sent", 3)}


# --- rows that are refused ------------------------------------------------------------------------


@pytest.mark.parametrize("to", DESTINATIONS)
def test_a_refused_row_keeps_its_error_and_is_sent_again_by_the_next_sync(
    to: str, small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.refused["00100002"] = ["FIELD_CUSTOM_VALIDATION_EXCEPTION: not while in review"]
    small.publish(accounts(5))
    code, said = sync("--destination", to, "--accept-changes")
    assert code == 0 and "refused, 00100002: FIELD_CUSTOM" in said
    assert len(crm.records) == 4 and "00100002" not in crm.records
    [(error,)] = small.read("select error from ops.deliveries where state = 'failed'")
    assert "not while in review" in error
    crm.carried.clear()
    crm.refused.clear()
    assert sync("--destination", to)[0] == 0
    assert crm.carried == {"00100002": 1} and crm.records["00100002"]
    assert set(small.states(to).values()) == {("sent", 1)}
    keys = small.read("select count(distinct idempotency_key), count(*) from ops.outbox")
    assert keys == [(5, 5)], "the same version, under the same key"


def test_a_row_that_is_refused_too_often_is_a_dead_letter(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.refused["00100002"] = ["REQUIRED_FIELD_MISSING: Name"]
    small.publish(accounts(5))
    for number in range(3):
        code, said = sync("--accept-changes")
        assert code == 0 and ("dead letters now: 1" in said) == (number == 2)
    crm.carried.clear()
    code, said = sync()
    assert code == 0 and "dead letters: 1" in said and not crm.carried
    assert small.states()["00100002"] == ("dead", 1)
    crm.refused.clear()
    assert sync("--retry-dead")[0] == 0
    assert small.states()["00100002"] == ("sent", 1)


def test_what_never_arrived_is_not_emptied(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.refused["00100002"] = ["REQUIRED_FIELD_MISSING: Name"]
    small.publish(accounts(5))
    assert sync("--accept-changes")[0] == 0
    crm.carried.clear()
    small.publish([*accounts(2), Told("00100002", action="blank")], LATER_NIGHT)
    assert sync()[0] == 0 and not crm.carried


def test_a_new_value_of_a_dead_letter_is_sent(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.refused["00100002"] = ["REQUIRED_FIELD_MISSING: Name"]
    small.publish(accounts(5))
    for _ in range(3):
        sync("--accept-changes")
    crm.refused.clear()
    small.publish(accounts(5, pct=6), LATER_NIGHT)
    assert sync()[0] == 0
    assert small.states()["00100002"] == ("sent", 2)


def test_a_locked_row_is_tried_again_within_the_sync(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.refused["00100001"] = ["UNABLE_TO_LOCK_ROW: unable to obtain exclusive access", ""]
    loaded(small, sync, 3, "salesforce")
    assert crm.carried == {"00100000": 1, "00100001": 2, "00100002": 1}
    assert small.states()["00100001"] == ("sent", 1)


def test_one_row_that_is_not_valid_does_not_sink_its_batch(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    """HubSpot refuses a whole batch for it."""
    crm.invalid = {"00100007", "00100033"}
    small.publish(accounts(120))
    code, said = sync("--destination", "hubspot", "--accept-changes")
    assert code == 0 and "refused, 00100007: VALIDATION_ERROR 00100007 is not valid" in said
    assert len(crm.records) == 118 and set(crm.carried.values()) == {1}


def test_a_request_that_can_never_work_stops_at_once(
    small: SyncWorld,
    sync: Callable[..., tuple[int, str]],
    crm: Crm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small.publish(accounts(3))
    monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", "an old one")
    code, said = sync("--accept-changes")
    assert code == 1 and "Salesforce refused the request (401)" in said
    assert "an old one" not in said and "not valid: Bearer ***" in said
    assert "check the SALESFORCE_ variables" in said
    monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", TOKEN)
    assert sync()[0] == 0 and len(crm.records) == 3


# --- too much at once -----------------------------------------------------------------------------


def test_a_first_load_needs_a_word(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    small.publish(accounts(3))
    code, said = sync()
    assert (
        code == 1 and said.startswith("error: nothing was sent to salesforce") or "error:" in said
    )
    assert "first load, of 3 records" in said and "--accept-changes" in said
    assert not crm.carried
    assert small.read("select state from ops.syncs") == [("refused",)]
    assert small.read("select * from ops.outbox") == []


def test_the_ceiling(small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm) -> None:
    loaded(small, sync, 100, "salesforce")

    def night(tiers: int, blanks: int, pct: int = 5) -> list[Told]:
        rows = accounts(100, pct=pct)
        for number in range(tiers):
            rows[number] = replace(rows[number], tier="high")
        for number in range(tiers, tiers + blanks):
            rows[number] = replace(rows[number], action="blank")
        return rows

    crm.carried.clear()
    small.publish(night(11, 10), LATER_NIGHT)
    code, said = sync()
    assert code == 1 and not crm.carried
    assert "21 of 100 records would change their tier or be emptied (21%), more than 20%" in said
    small.publish(night(10, 10, pct=6), LATER_NIGHT)
    assert sync()[0] == 0 and len(crm.carried) == 100, "a share of just 20%, and any percents"
    small.publish(night(60, 0), date(2026, 3, 2))
    assert sync()[0] == 1
    assert sync("--accept-changes")[0] == 0


def test_a_few_changes_are_never_too_many(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    loaded(small, sync, 10, "salesforce")
    small.publish(accounts(10, "high"), LATER_NIGHT)
    assert sync()[0] == 0


def test_a_new_model_and_an_older_night_need_a_word(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    loaded(small, sync, 3, "salesforce")
    small.publish(accounts(3, pct=6), LATER_NIGHT, model="churn-2")
    code, said = sync()
    assert code == 1 and "the model is a new one (churn-2, before churn-1)" in said
    assert sync("--accept-changes")[0] == 0
    small.publish(accounts(3), date(2026, 2, 27), model="churn-2")
    code, said = sync()
    assert code == 1 and "2026-02-27, is older than the one sent last, 2026-03-01" in said


# --- jobs of the Bulk API -------------------------------------------------------------------------


@pytest.fixture
def bulk(small: SyncWorld) -> SyncWorld:
    """The same, with few rows called many."""
    small.bulk_from = 50
    assert small.config.exists()
    return small


def test_many_rows_go_as_a_job(
    bulk: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.refused["00100002"] = ["REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"]
    crm.refused["00100003"] = ["UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--", ""]
    crm.unprocessed = {"00100004"}
    bulk.publish(accounts(300))
    code, said = sync("--accept-changes")
    assert code == 0 and "refused, 00100002: REQUIRED_FIELD_MISSING" in said
    assert crm.writes[0] == 300 and len(crm.jobs) == 1
    assert crm.carried["00100002"] == 1, "what the job says of a row is read"
    assert len([one for one in crm.records.values() if one]) == 299
    assert set(crm.changed.values()) - {0} == {1}
    night = [replace(row, action="blank") if n < 60 else row for n, row in enumerate(accounts(300))]
    bulk.publish(night, LATER_NIGHT)
    assert sync("--accept-changes")[0] == 0
    assert len(crm.jobs) == 2
    assert crm.records["00100059"]["Churn_Risk_Score__c"] is None
    assert crm.records["00100060"]["Churn_Risk_Score__c"] == "5"


@pytest.mark.parametrize(
    "faults", [["", DROP_AFTER], ["", "", DROP_BEFORE], ["", "", BUSY, BUSY, THROTTLE], [BUSY]]
)
def test_a_look_that_breaks_off_gives_no_second_job(
    faults: list[str], bulk: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.faults.extend(faults)
    bulk.publish(accounts(300))
    code, said = sync("--accept-changes")
    if code:  # three faults in a row: the next sync learns what became of the job
        code, said = sync()
    assert code == 0, said
    assert len(crm.jobs) == 1 and set(crm.carried.values()) == {1}
    assert set(bulk.states().values()) == {("sent", 1)}


def test_a_sync_that_is_killed_learns_what_became_of_its_job(
    bulk: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    bulk.publish(accounts(300))
    process = subprocess.Popen(
        [*COMMAND, "sync", "--accept-changes"],
        cwd=ROOT,
        env={**bulk.world.environment, **bulk.environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def kill() -> None:
        process.kill()
        process.wait()

    crm.on_applied = kill
    assert process.wait(timeout=60) == -signal.SIGKILL
    crm.on_applied = None
    assert [job.state for job in crm.jobs.values()] == ["UploadComplete"] and not crm.records
    # meanwhile the night says something else: the old job comes first, and the newer value last
    bulk.publish(accounts(300, "low", 7), LATER_NIGHT)
    assert sync()[0] == 0
    assert {row["Churn_Risk_Score__c"] for row in crm.records.values()} == {"7"}
    assert set(bulk.states().values()) == {("sent", 2)} and len(crm.jobs) == 2


def test_nothing_newer_overtakes_a_job_that_still_waits(
    bulk: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    bulk.publish(accounts(300))
    crm.faults.extend(["", "", BUSY, BUSY, BUSY])
    assert sync("--accept-changes")[0] == 1
    bulk.publish(accounts(300, "low", 7), LATER_NIGHT)
    crm.faults.extend([BUSY])
    code, said = sync()
    assert code == 1 and "what the last sync gave to Salesforce is not known yet" in said
    assert len(crm.jobs) == 1 and not crm.records


def test_nothing_newer_is_sent_where_access_to_an_old_job_is_refused(
    bulk: SyncWorld,
    sync: Callable[..., tuple[int, str]],
    crm: Crm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bulk.publish(accounts(300))
    crm.faults.extend(["", "", BUSY, BUSY, BUSY])
    assert sync("--accept-changes")[0] == 1
    monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", "an old one")
    code, said = sync()
    assert code == 1 and "nothing newer was sent" in said and "an old one" not in said
    monkeypatch.setenv("SALESFORCE_ACCESS_TOKEN", TOKEN)
    crm.jobs.clear()  # and after a week it is not there any more
    assert sync()[0] == 0
    assert set(bulk.states().values()) == {("sent", 1)} and len(crm.records) == 300


def test_a_job_that_fails_as_a_whole_stops_the_sync(
    bulk: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.failing_job = "InvalidBatch : Field name not found : Risk_Tier__c"
    bulk.publish(accounts(300))
    code, said = sync("--accept-changes")
    assert code == 1 and "Field name not found : Risk_Tier__c" in said and "300 wait" in said
    crm.failing_job = ""
    assert sync()[0] == 0
    assert set(bulk.states().values()) == {("sent", 1)}


# --- webhook and files ----------------------------------------------------------------------------


def test_a_webhook_is_signed_and_says_the_same_key_again(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], crm: Crm
) -> None:
    crm.faults.append(DROP_AFTER)
    loaded(small, sync, 2, "webhook")
    (first, body), (second, again) = crm.received
    assert body == again and first["Idempotency-Key"] == second["Idempotency-Key"]
    when, _, signature = first["X-Plumbline-Signature"].partition(",v1=")
    wanted = hmac.new(SECRET.encode(), f"{when[2:]}.".encode() + body, hashlib.sha256)
    assert signature == wanted.hexdigest()
    row = json.loads(body)["rows"][0]
    assert row["values"] == {
        "churn_risk_pct": 5,
        "risk_tier": "low",
        "reason": "4 tickets waited",
        "health_band": "healthy",
    }


def test_files_hold_what_differs_and_nothing_that_a_spreadsheet_calculates(
    small: SyncWorld, sync: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    rows = [Told("a", reason='=HYPERLINK("http://x")'), Told("-b"), Told("c", reason=" @sum")]
    small.publish(rows)
    to = ("--destination", "csv", "--to", str(folder))
    assert sync(*to, "--accept-changes")[0] == 0
    [file] = folder.iterdir()
    assert re.fullmatch(r"accounts_20260228_[0-9a-f]{12}\.csv", file.name)
    text = file.read_text()
    assert "'=HYPERLINK" in text and "'-b" in text and "' @sum" in text
    assert not re.search(r"(^|,)\"? *[=+@-]", text, re.M)
    assert sync(*to)[0] == 0 and len(list(folder.iterdir())) == 1
    small.publish([rows[0], rows[1], replace(rows[2], action="blank")], LATER_NIGHT)
    assert sync(*to)[0] == 0
    [newer] = set(folder.iterdir()) - {file}
    assert newer.read_text().splitlines()[1].split(",")[1:] == ["c", "true", "", "", "", ""]


# --- what the user gets wrong ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "unset", "line"),
    [
        ("salesforce", "SALESFORCE_ACCESS_TOKEN", "nothing says how to log in to Salesforce"),
        ("hubspot", "HUBSPOT_ACCESS_TOKEN", "HUBSPOT_ACCESS_TOKEN is not set"),
        ("webhook", "PLUMBLINE_WEBHOOK_SECRET", "PLUMBLINE_WEBHOOK_SECRET is not set"),
    ],
)
def test_credentials_that_are_missing_are_named(
    to: str,
    unset: str,
    line: str,
    small: SyncWorld,
    sync: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small.publish(accounts(1))
    monkeypatch.delenv(unset)
    code, said = sync("--destination", to)
    assert code == 1 and line in said


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("salesforce", "SALESFORCE_INSTANCE_URL"),
        ("hubspot", "HUBSPOT_BASE_URL"),
        ("webhook", "PLUMBLINE_WEBHOOK_URL"),
    ],
)
def test_credentials_go_over_https_alone(
    to: str,
    name: str,
    small: SyncWorld,
    sync: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small.publish(accounts(1))
    monkeypatch.setenv(name, "http://crm.example.com/secret-in-the-path")
    code, said = sync("--destination", to)
    assert code == 1 and f"{name} is no https address" in said
    assert "secret-in-the-path" not in said


def test_fields_that_the_seed_leaves_out_are_named(
    small: SyncWorld, sync: Callable[..., tuple[int, str]]
) -> None:
    small.publish(accounts(1), fields={("salesforce", "risk_tier"): ""})
    code, said = sync()
    assert code == 1 and "sync_fields has no field for risk_tier of salesforce" in said
    small.publish(accounts(1), fields={("salesforce", "risk_tier"): "Churn_Risk_Score__c"})
    code, said = sync()
    assert code == 1 and "one field for two columns of salesforce" in said


def test_without_simple_salesforce_the_command_says_how_to_get_it(
    small: SyncWorld, tmp_path: Path
) -> None:
    small.publish(accounts(1))
    package = tmp_path / "without" / "simple_salesforce"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('not installed')\n")
    done = small.world.run(
        "sync",
        **small.environment,
        PYTHONPATH=os.pathsep.join([str(package.parent), str(ROOT), *sys.path]),
    )
    assert done.returncode == 1
    assert "needs simple-salesforce — pip install 'plumbline[salesforce]'" in done.stderr


def test_a_night_that_scored_nobody_sends_nothing(
    small: SyncWorld, sync: Callable[..., tuple[int, str]]
) -> None:
    small.publish([])
    code, said = sync()
    assert code == 1 and "the published night scored nobody" in said


# --- from one real night to the next --------------------------------------------------------------

SAID = """
    select account_id, cast(round(churn_probability * 100) as bigint), risk_tier,
        coalesce(reason_1, 'no single reason stands out'),
        coalesce(health_band, 'insufficient data')
    from risk.rpt_at_risk_accounts left join health.rpt_account_health using (account_id)
"""
HELD = "select account_id from activation.sync_salesforce__accounts where sync_action = 'hold'"


def test_from_night_to_night(ci_first_night: World, crm: Crm, tmp_path: Path) -> None:
    """What two published nights say is what the CRM holds; between them only what differs went."""
    world = ci_first_night.copy(tmp_path)
    login = {"SALESFORCE_INSTANCE_URL": crm.url, "SALESFORCE_ACCESS_TOKEN": TOKEN}
    login["PYTHONPATH"] = os.pathsep.join(sys.path)
    said = []
    for number in range(2):
        done = world.run("sync", *([] if number else ["--accept-changes"]), **login)
        assert done.returncode == 0, done.stdout + done.stderr
        held = {account for (account,) in world.read(HELD)}
        assert 0 < len(held) < 10, "accounts that the CRM has deleted, and that are still billed"
        night = {row[0]: row[1:] for row in world.read(SAID) if row[0] not in held}
        names = ("Churn_Risk_Score__c", "Risk_Tier__c", "Churn_Risk_Reason__c", "Health_Band__c")
        told = {key: tuple(row[name] for name in names) for key, row in crm.records.items()}
        assert told == night
        said.append(night)
        if not number:
            crm.carried.clear()
            night_without_tests(world, LAST_NIGHT)
    differ = {account for account in said[1] if said[0].get(account) != said[1][account]}
    assert set(crm.carried) == differ and 0 < len(differ) < len(said[1])
    rows = world.read("select state, count(*) from activation.rpt_sync_deliveries group by all")
    assert rows == [("sent", len(said[0]))], "as of the second night, what the first sync did"
