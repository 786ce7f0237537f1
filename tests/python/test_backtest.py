"""The backtest: a past night again, a killed one, bad input, and what its page says."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from backtest_small import small_settings
from conftest import FIRST_NIGHT, ROOT, World
from rich.console import Console

import ml.config
import ml.score
import ml.train
from plumbline.backtest import page, replay, run
from plumbline.backtest.announcements import announced
from plumbline.backtest.figures import gather
from plumbline.commands.backtest import backtest
from plumbline.config import Settings, load_settings
from plumbline.errors import UserError
from plumbline.night.last_build import last_build
from plumbline.replay import nights
from plumbline.replay import past as read_past
from plumbline.replay.chain import Chain, Memory, load_chain
from plumbline.replay.work import STATE, Work

FIRST, LAST = date(2025, 11, 28), date(2025, 12, 26)  # two origins, five nights
WARNINGS = "fct_churn_warnings"
CHURNED = "core.fct_account_churns"


@dataclass(frozen=True)
class Source:
    """The `ci` world after two nights, and the nights' SQL, compiled once."""

    world: World
    settings: Settings
    chain: Chain


@dataclass(frozen=True)
class Whole:
    """A replay to its end: what it read, what its origins left, its figures and page."""

    past: run.Past
    file: Path
    figures: dict[str, Any]
    page: Path


@pytest.fixture(scope="module")
def source(ci_world: World, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A copy: a backtest holds the lock of a warehouse while it reads."""
    world = ci_world.copy(tmp_path_factory.mktemp("backtest"))
    settings = load_settings(environ=world.environment)
    _, variables = last_build(settings, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_BUILD", "")
        patch.setenv("PLUMBLINE_RAW", "")
        chain = load_chain(settings, variables, (*run.MODELS, WARNINGS))
    return Source(world, settings, chain)


@pytest.fixture
def prepared(source: Source, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The compiled SQL stands; reading, training and scoring are done each time."""
    needed = source.chain.needed(run.MODELS)
    short = replace(
        source.chain, steps={n: s for n, s in source.chain.steps.items() if s in needed}
    )
    monkeypatch.setattr(read_past, "load_chain", lambda *_: short)
    return source


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer churned accounts are asked for, everywhere."""
    for module in (ml.config, ml.train, ml.score):
        monkeypatch.setattr(module, "load_settings", small_settings)


@pytest.fixture(scope="module")
def whole(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A replay that nobody stopped; its work stays."""
    out = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        for module in (ml.config, ml.train, ml.score):
            patch.setattr(module, "load_settings", small_settings)
        patch.setattr(read_past, "load_chain", lambda *_: source.chain)
        past = run.prepare(source.settings, asked(out))
        work, _ = Work.open(out / "work", past.fingerprint)
        for origin in past.plan.dates.origins:
            replay.replay_origin(past.plan, work, origin, lambda *_: None)
        file = work.current / "build" / "plumbline.duckdb"
        figures = gather(past.plan, file, (FIRST, LAST), past.as_of, past.tables)
    return Whole(past, file, figures, page.write(out, figures))


def asked(out: Path, begin: date = FIRST, end: date = LAST, target: str = "churn") -> run.Asked:
    """What a user types."""
    return run.Asked(begin, end, target, out)


def test_a_past_night_is_the_one_that_was(prepared: Source, tmp_path: Path) -> None:
    """The night before the last build: the same model, scores, list and drift, from today's file.

    The model's version holds the hash of its training rows: labels are those known then.
    """
    past = run.prepare(prepared.settings, asked(tmp_path, FIRST_NIGHT, FIRST_NIGHT))
    assert past.as_of > FIRST_NIGHT
    work, _ = Work.open(tmp_path / "work", past.fingerprint)
    replay.replay_origin(past.plan, work, FIRST_NIGHT, lambda *_: None)
    file = work.current / "build" / "plumbline.duckdb"
    with duckdb.connect(str(prepared.settings.build_file), read_only=True) as connection:
        connection.execute(f"attach '{file}' as again (read_only)")

        def same(one: str, other: str) -> None:
            differing = connection.execute(
                f"select (select count(*) from ({one})), (select count(*) from"
                f" (({one} except {other}) union all ({other} except {one})))"
            ).fetchone()
            assert differing[0] > 0 and differing[1] == 0, (one, differing)

        scored = (
            "select model_version, account_id, probability from {}ml.predictions"
            f" where target = 'churn' and as_of_date = date '{FIRST_NIGHT}'"
        )
        same(scored.format(""), scored.format("again."))
        listed = (
            "select account_id, risk_rank, risk_tier, is_on_worklist from {}"
            f" where as_of_date = date '{FIRST_NIGHT}'"
        )
        same(
            listed.format("risk.rpt_at_risk_accounts_history"),
            listed.format("again.backtest.scores"),
        )
        drifted = (
            "select feature_name, round(psi, 9), is_beyond_chance from {}"
            f" where as_of_date = date '{FIRST_NIGHT}' and {{}}"
        )
        same(
            drifted.format("monitoring.rpt_feature_drift", "target = 'churn'"),
            drifted.format("again.backtest.drifts", "feature_name <> '(score)'"),
        )


def test_a_label_that_was_not_known_stops_the_replay(
    prepared: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No label is there before its maturity. Planted: training knows what came 12 weeks later."""
    past = run.prepare(prepared.settings, asked(tmp_path))
    memory = past.plan.memory
    memory.know(FIRST)
    memory.run(FIRST, nights.EXAMPLES)
    known = memory.read(
        "select max(as_of_date) filter (where churned_within_60d is not null) as labelled,"
        f" max(as_of_date) as latest from features.{nights.EXAMPLES}"
    ).to_pylist()[0]
    assert known["latest"] == FIRST and (FIRST - known["labelled"]).days in range(90, 104)
    later, know, honest = timedelta(weeks=12), Memory.know, Memory.run
    monkeypatch.setattr(Memory, "know", lambda self, day: know(self, day + later))
    monkeypatch.setattr(
        Memory, "run", lambda self, day, *names, given=(): honest(self, day + later, *names)
    )
    work, _ = Work.open(tmp_path / "work", past.fingerprint)
    with pytest.raises(UserError, match=f"origin {FIRST} have a label that was not known by then"):
        replay.replay_origin(past.plan, work, FIRST, lambda *_: None)
    assert not (work.folder / STATE).exists()


def test_a_killed_backtest_goes_on(
    prepared: Source, small: None, whole: Whole, tmp_path: Path
) -> None:
    """Killed after its first origin, it does the second one alone, and writes the same page."""
    world, killed = prepared.world, tmp_path / "killed"
    script = Path(__file__).with_name("backtest_small.py")
    process = subprocess.Popen(
        [
            sys.executable,
            str(script),
            "backtest",
            "--from",
            str(FIRST),
            "--to",
            str(LAST),
            "--out",
            str(killed),
        ],
        cwd=ROOT,
        env={**world.environment, "PYTHONPATH": ":".join([str(ROOT), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 600  # a guard against hanging, no measurement
    while not (killed / "work" / STATE).exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "index.html").exists()
    again = Console(record=True, width=100)
    done = run.run_backtest(prepared.settings, asked(killed), again)
    told = again.export_text()
    assert f"goes on after the origin of {FIRST}" in told and f"{FIRST}: done before" in told
    assert done.figures == whole.figures
    assert done.page.read_bytes() == whole.page.read_bytes()
    assert json.loads((killed / "figures.json").read_text()) == whole.figures
    assert not (killed / "work").exists()


def test_the_page_has_its_figures(source: Source, whole: Whole) -> None:
    """The page of a real replay: all five plots, no network, no account; 80 columns."""
    from plumbline.backtest.summary import print_summary

    text, figures = whole.page.read_text(), whole.figures
    assert text.count("<svg") == 5 and "<script" not in text
    assert not re.findall(r"(?:src|href)=\"(?!#)", text)
    accounts = source.world.read("select account_id, account_name from core.dim_accounts")
    kept = text + json.dumps(figures)
    assert not [name for row in accounts for name in row if name and name in kept]
    assert figures["figures"]["auc_roc"]["value"] > 0.5
    assert figures["matured_nights"] == 1 and len(figures["nights"]) == 5
    console = Console(record=True, width=80)
    print_summary(whole.page, figures, console)
    text = console.export_text()
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("page:"))
    assert "early warning, 30+ days" in text and "keeps 30% (5% to 39%)" in text


def test_early_warnings_are_those_of_the_scorecard(whole: Whole) -> None:
    """The scorecard's own SQL counts and dates the same churns, on the replayed nights.

    Who is listed and who churns is drawn: a world so small has next to none of both.
    """
    past, memory, rng = whole.past, whole.past.plan.memory, np.random.default_rng(7)
    lists = "risk.rpt_at_risk_accounts_history"
    with duckdb.connect(str(whole.file), read_only=True) as connection:
        scores = connection.sql(
            "select * from backtest.scores order by account_id, as_of_date"
        ).to_arrow_table()
    flags = pa.array(rng.random(len(scores)) < 0.6)
    scores = scores.set_column(scores.column_names.index("is_on_worklist"), "is_on_worklist", flags)
    scores = scores.append_column("is_replayed", pa.array([True] * len(scores)))
    accounts = scores["account_id"].unique()
    days = rng.integers(0, (LAST - FIRST).days + 36, len(accounts), endpoint=True)
    churns = pa.table(
        {
            "account_month_id": accounts,
            "account_id": accounts,
            "lost_arr_usd": [1.0] * len(days),
            "churn_date": [FIRST + timedelta(days=int(day)) for day in days],
            "established_date": [FIRST] * len(days),
        }
    )
    memory.put(lists, scores)
    memory.put(CHURNED, churns)
    memory.run(past.as_of, WARNINGS, given=[lists, CHURNED])
    [counted] = memory.read(
        f"select sum(warned_count) as hits, sum(churn_count) as trials from monitoring.{WARNINGS}"
    ).to_pylist()
    found = announced(churns.to_pandas(), scores.to_pandas(), past.plan.dates.nights)
    assert int(counted["hits"]) == found["was_announced"].sum() > 0
    assert int(counted["trials"]) == len(found) > counted["hits"]
    warnings = memory.read(f"select * from monitoring.{WARNINGS}").to_pylist()
    leads = {row["account_id"]: row["lead_time_days"] for row in warnings}
    assert leads == {
        row.account_id: None if row.lead_days != row.lead_days else int(row.lead_days)
        for row in found.itertuples()
    }
    assert len(set(leads.values()) - {None}) > 5 and None in leads.values()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--from", "2026-02-01", "--to", "2026-01-01"],
            "error: --from 2026-02-01 lies after --to 2026-01-01 — swap the two dates",
        ),
        (
            ["--from", "2020-01-01", "--to", "2026-01-01"],
            "there are no features as of --from 2020-01-01: they reach from",
        ),
        (
            ["--from", "2026-01-01", "--to", "2027-01-01"],
            "or run `plumbline nightly --as-of 2027-01-01` first",
        ),
        (["--from", "01.02.2026", "--to", "2026-01-01"], "'01.02.2026' is not a date"),
        (
            ["--from", "2025-11-28", "--to", "2025-11-28"],
            "no night was scored at the origin 2025-11-28: No model was trained: too few churned"
            " accounts",
        ),
        (["--from", "2026-01-01", "--to", "2026-01-02", "--out", "FILE"], "give one that can"),
    ],
)
def test_bad_input_is_one_line(
    prepared: Source,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    line: str,
) -> None:
    """What is wrong and what to do; no page."""
    for name, value in prepared.world.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "file").touch()
    given = [str(tmp_path / "file") if text == "FILE" else text for text in arguments]
    out = [] if "--out" in given else ["--out", str(tmp_path / "out")]
    with pytest.raises(UserError) as raised:
        backtest.main([*given, *out], standalone_mode=False)
    assert line in raised.value.line and "\n" not in raised.value.line
    assert not (tmp_path / "out" / "index.html").exists()


def test_without_a_warehouse(ci_raw: World, tmp_path: Path) -> None:
    """One line, exit code 1, as the command's process says it."""
    empty = replace(ci_raw, folder=tmp_path)
    done = empty.run("backtest", "--from", "2026-01-01", "--to", "2026-02-01")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: nothing is built for source 'demo' — run `plumbline nightly` first"
    ]
