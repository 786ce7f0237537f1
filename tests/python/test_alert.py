"""`plumbline alert`: one message an incident, once an episode, by channels that fail as they do."""

from __future__ import annotations

import email
import email.policy
import json
import socket
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiosmtpd.controller import Controller
from conftest import World
from crm_server import BUSY, DROP_BEFORE, THROTTLE, Crm, running
from sync_world import SyncWorld

from plumbline.activation.channels import header, mail_message, slack_message
from plumbline.activation.incidents import Cause, Notice
from plumbline.store.notices import Told

Command = Callable[..., tuple[int, str, str]]
Alert = Callable[..., tuple[int, str]]
PASSWORD = "password-that-nobody-may-see"
COLUMNS = (
    "as_of_date date, incident varchar, check_name varchar, target varchar, checked_object varchar,"
    " severity varchar, evidence varchar, first_seen_date date, consecutive_count bigint,"
    " is_standing boolean, what_to_do varchar"
)
LEFT = ("key accounts", "champion_left", "none", "acme", "warn", "the champion left")
DRIFT = ("model input", "feature_drift", "churn", "mrr", "warn", "PSI 0.3")


class Mailbox:
    """Takes mails, or refuses the next ones with these answers."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answers: deque[str] = deque()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.popleft()
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty warehouse."""
    (tmp_path / "warehouse").mkdir()
    return World(tmp_path, tmp_path / "raw")


@pytest.fixture
def slack() -> Iterator[Crm]:
    """What takes Slack's messages."""
    with running() as crm:
        yield crm


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server that is up, and named in the environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    for name, value in {
        "PLUMBLINE_SMTP_HOST": "127.0.0.1",
        "PLUMBLINE_SMTP_PORT": str(port),
        "PLUMBLINE_ALERT_FROM": "plumbline@example.com",
        "PLUMBLINE_ALERT_TO": "cs@example.com, data@example.com",
    }.items():
        monkeypatch.setenv(name, value)
    yield box
    controller.stop()


@pytest.fixture
def alert(world: World, plumbline: Command, monkeypatch: pytest.MonkeyPatch) -> Alert:
    """The command: exit code, and all that it said."""
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(SyncWorld(world).config))

    def run(*arguments: str) -> tuple[int, str]:
        code, said, wrong = plumbline("alert", *arguments)
        return code, said + " ".join(wrong.split())

    return run


def publish(world: World, *alerts: tuple[str, ...], as_of: date = date(2026, 2, 28)) -> None:
    """Replace the published night, with alerts that stand."""
    world.published_file.unlink(missing_ok=True)
    with duckdb.connect(str(world.published_file)) as connection:
        connection.execute(
            "create schema monitoring; create schema ops;"
            f"create table monitoring.rpt_alerts ({COLUMNS});"
            "create table ops.runs (state varchar, as_of_date date)"
        )
        connection.execute("insert into ops.runs values ('published', ?)", [as_of])
        for incident, check, target, about, severity, evidence in alerts:
            connection.execute(
                "insert into monitoring.rpt_alerts"
                " values (?, ?, ?, ?, ?, ?, ?, ?, 1, true, 'Look')",
                [as_of, incident, check, target, about, severity, evidence, as_of],
            )
        connection.execute(
            "insert into monitoring.rpt_alerts select * replace (false as is_standing, 'old' as"
            " checked_object) from monitoring.rpt_alerts"
        )


def titles(slack: Crm) -> list[str]:
    """Titles of the messages that Slack got."""
    return [json.loads(body)["text"] for _, body in slack.received]


def test_one_message_an_incident_once_an_episode(
    world: World, alert: Alert, slack: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_SLACK_URL", f"{slack.url}/hook")
    many = [(*DRIFT[:3], f"feature {number}", *DRIFT[4:]) for number in range(14)]
    publish(world, LEFT, *many)
    code, said = alert()
    assert code == 0 and "2 incidents stand." in said
    assert titles(slack) == [
        "Plumbline demo: warn: key accounts, since 2026-02-28",
        "Plumbline demo: warn: model input (churn), since 2026-02-28",
    ]
    blocks = json.loads(slack.received[1][1])["blocks"]
    texts = [block["text"]["text"] for block in blocks]
    assert texts[1] == "feature_drift, feature 0: PSI 0.3" and texts[-2] == "To do: Look"
    assert texts[-1] == "And 4 more, in monitoring.rpt_alerts." and len(texts) == 13
    assert "old" not in "".join(texts)
    slack.received.clear()
    # another cause of the same incident, on another night, is the same episode
    publish(world, (*LEFT[:3], "other", *LEFT[4:]), *many, as_of=date(2026, 3, 1))
    code, said = alert()
    assert code == 0 and "Nobody is told anything new." in said and not slack.received


def test_what_gets_worse_and_what_is_over_is_told_once(
    world: World, alert: Alert, slack: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_SLACK_URL", f"{slack.url}/hook")
    nights = [
        [LEFT],
        [LEFT, (*LEFT[:3], "b", "error", LEFT[5])],
        [LEFT],
        [],
        [],
        [LEFT],
    ]
    for number, alerts in enumerate(nights, start=1):
        publish(world, *alerts, as_of=date(2026, 3, number))
        assert alert()[0] == 0
        assert alert()[0] == 0
    assert [title.partition("demo: ")[2] for title in titles(slack)] == [
        "warn: key accounts, since 2026-03-01",
        "now an error: key accounts, since 2026-03-01",
        "over: key accounts, since 2026-03-01",
        "warn: key accounts, since 2026-03-06",
    ]


def test_what_does_not_go_out_is_tried_again_and_told_the_next_time(
    world: World, alert: Alert, slack: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"{slack.url}/hook"
    monkeypatch.setenv("PLUMBLINE_SLACK_URL", url)
    publish(world, LEFT)
    file = tmp_path / "alerts.jsonl"
    slack.faults.extend([BUSY, DROP_BEFORE, BUSY])
    code, said = alert("--to-file", str(file))
    assert code == 1 and "slack was not told of 1: 127.0.0.1 answered 503" in said
    assert "what went out is not told twice" in said and url not in said
    assert len(file.read_text().splitlines()) == 1, "one channel does not hold up the other"
    slack.faults.extend([THROTTLE, DROP_BEFORE])
    assert alert("--to-file", str(file))[0] == 0
    assert len(slack.received) == 1 and len(file.read_text().splitlines()) == 1
    states = world.read("select channel, state, error is null from ops.notices", private=True)
    assert states == [("slack", "failed", False), ("file", "sent", True), ("slack", "sent", True)]


def test_mail_goes_out_once_and_is_tried_again(
    world: World, alert: Alert, mailbox: Mailbox
) -> None:
    publish(world, LEFT)
    mailbox.answers.extend(["451 greylisted", "421 busy"])
    code, said = alert()
    assert code == 0, said
    [mail] = mailbox.mails
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert message["Subject"] == "Plumbline demo: warn: key accounts, since 2026-02-28"
    assert message["To"] == "cs@example.com, data@example.com"
    assert "champion_left, acme: the champion left" in message.get_content()
    assert alert()[0] == 0 and len(mailbox.mails) == 1
    publish(world, DRIFT)
    mailbox.answers.append("554 spam")
    code, said = alert()
    assert code == 1 and "mail was not told of 1: 127.0.0.1 answered 554: spam" in said
    assert alert()[0] == 0
    assert len(mailbox.mails) == 3, "the end of the first incident, and the second one"


def test_a_dry_run_tells_nobody(
    world: World, alert: Alert, slack: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_SLACK_URL", f"{slack.url}/hook")
    publish(world, LEFT)
    code, said = alert("--dry-run")
    assert code == 0 and "slack would be told: Plumbline demo: warn: key accounts" in said
    assert not slack.received and world.read("select * from ops.notices", private=True) == []


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({}, "nothing says whom to tell"),
        ({"PLUMBLINE_SMTP_HOST": "127.0.0.1"}, "PLUMBLINE_ALERT_FROM is not set"),
        ({"PLUMBLINE_SLACK_URL": "http://hooks.example.com/x"}, "is no https address"),
    ],
)
def test_channels_that_are_not_complete_are_named(
    environment: dict[str, str],
    line: str,
    world: World,
    alert: Alert,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    publish(world, LEFT)
    code, said = alert()
    assert code == 1 and line in said


def hostile(text: str) -> Notice:
    """A notice whose every text is an attack."""
    told = Told(text, text, date(2026, 2, 28), "opened", "warn")
    cause = Cause(text, text, "warn", text, date(2026, 2, 28), text)
    return Notice("0" * 32, told, (cause,), text, date(2026, 2, 28))


def test_slack_finds_no_mention_and_no_link() -> None:
    message = json.dumps(slack_message(hostile("<!channel> <http://x|y>\n*b*")))
    assert "<" not in message and "&lt;!channel&gt;" in message
    assert "mrkdwn" not in message and len(slack_message(hostile("x" * 9999))["text"]) == 150


def test_a_header_is_one_line() -> None:
    attack = "Acme\r\nBcc: all@example.com\r\n\r\nbody\x85\u2028Cc: x"
    message = mail_message(hostile(attack), "a@example.com", header("b@example.com\nBcc: c@d.e"))
    parsed = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
    assert parsed["Bcc"] is None and parsed["Cc"] is None
    assert set(parsed.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
