"""The command teaches, its lines fit, and errors are said once."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, World
from rich.console import Console

from plumbline.cli import cli
from plumbline.config import load_settings
from plumbline.errors import UserError, explain, explain_engine_text
from plumbline.night.figures import (
    Account,
    Contradiction,
    FixedCut,
    Invoiced,
    Label,
    ModelQuality,
    Standing,
)
from plumbline.night.gate import Check, InputCheck, plain
from plumbline.night.restatements import Restated
from plumbline.night.scoring import Model
from plumbline.night.summary import Summary, money, print_summary
from plumbline.proofs import registry
from plumbline.store.landings import Landing, landings_of, read_text_facts
from plumbline.store.outcomes import BuildOutcome, NodeOutcome
from plumbline.store.preflight import RawState, check_as_of, check_label
from plumbline.terminal import Stages

COMMANDS = sorted(cli.commands)


def summary(is_trusted: bool = True, warnings: tuple[str, ...] = (), flagged: int = 240) -> Summary:
    reason = "daily active users fell 42% in 30 days, and nobody has logged in for 12 days"
    return Summary(
        source="demo",
        as_of=date(2026, 2, 28),
        run_id="20260228T0-20260301T020000Z-1a2b",
        scored=4187,
        flagged=flagged,
        fixed_cut=FixedCut(0.65, 3),
        arr_usd=48_300_000.0,
        arr_at_risk_usd=1_240_000.0,
        first_accounts=tuple(
            Account(rank, f"001CF793ce4eb{rank:02d}", 0.31, 125_000.0, reason)
            for rank in range(1, 11)
        ),
        cut=("Rule risk: By probability.", "The riskiest account, Alder (90.1%), is not on it: x."),
        model=ModelQuality("churn-20260228-0599376a", "additive_boosting", 0.7, 0.62, 0.78, 60),
        label="vendor_churned_within_60d",
        labels=(
            Label("churned_within_60d", 5, 6145),
            Label("vendor_churned_within_60d", 1141, 6991),
        ),
        contradictions=tuple(
            Contradiction(f"rule_{number}", 100 - number, 1000) for number in range(5)
        ),
        invoiced=Invoiced(0.9961, 1_234.0, 14),
        is_trusted=is_trusted,
        input_checks=(
            InputCheck("usage_lag_hours", "error", 0.5, "at most", 30.0, True, ""),
            InputCheck("usage_null_rate", "warn", 0.06, "at most", 0.05, False, ""),
        ),
        gate_checks=(Check("probabilities inside (0, 1)", "0 outside", "0", True),),
        warnings=warnings,
        published_file=ROOT / "warehouse" / "plumbline.duckdb",
        site=None,
        seconds={"Build to the features": 20.0, "Train": 3.0},
        alerts=(
            Standing("error", "model input", "churn", 3, date(2026, 2, 27)),
            Standing("warn", "key accounts", "none", 1, date(2026, 2, 28)),
        ),
        restated=Restated(
            *(1200, 2, "dau", "Daily active users", "users", "day", date(2026, 2, 25)),
            *(3944.0, 3949.0, ("late rows", "unexplained")),
        ),
    )


@pytest.mark.parametrize("command", [None, *COMMANDS])
@pytest.mark.parametrize("width", [80, 200])
def test_help_teaches_and_fits(command: str | None, width: int) -> None:
    context = cli.make_context("plumbline", ["--help"], resilient_parsing=True)
    context.terminal_width = width
    shown = cli if command is None else cli.commands[command]
    text = shown.get_help(type(context)(shown, parent=context, info_name=command or "plumbline"))
    assert max(len(line) for line in text.splitlines()) <= width
    assert "..." not in text.replace("[ARGS]...", "")
    if command is not None:
        assert f"plumbline {command}" in text.split("Example", 1)[1]


def test_every_dated_command_has_date_and_source() -> None:
    for name in ("nightly", "train", "score", "verify", "docs"):
        options = {parameter.name for parameter in cli.commands[name].params}
        assert {"as_of", "source", "raw"} <= options


@pytest.mark.parametrize("width", [80, 200])
def test_summary_fits(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    print_summary(summary(), console)
    text = console.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    for words in ("4,187", "240", "$1.2M of $48.3M", "0.700", "20260301T020000Z", "23.0 in all"):
        assert words in text
    restated = "1,200 closed values, largest: Daily active users, day 2026-02-25, 3,944 to 3,949"
    assert restated in " ".join(text.split())
    assert "Worklist, the first 10 of 240" in text and "the 10 riskiest" not in text
    assert "001CF793ce4eb10" in text
    assert "usage null rate" in text
    told = " ".join(text.split())
    learnt = "vendor_churned_within_60d (1,141 of 6,991 examples); not from churned_within_60d"
    assert learnt in told
    assert "rule_0 100 of 1,000" in told and "and 2 more rules" in told
    assert "99.6% of MRR; $1.2K a month of 14 accounts is not" in told
    assert (
        "Rule risk: By probability. The riskiest account, Alder (90.1%), is not on it: x." in told
    )
    assert "error: model input (churn), 3 since 2026-02-27; warn: key accounts, 1 since" in told


def test_a_list_without_signal_is_not_shown() -> None:
    sentence = "The data holds no signal that the model could use; do not act on this list."
    console = Console(file=io.StringIO(), width=100)
    print_summary(summary(False, (sentence,)), console)
    text = console.file.getvalue()
    assert sentence in text
    assert "001CF793ce4eb10" not in text and "first reason" not in text


def test_the_riskiest_are_shown_where_nobody_is_on_the_list() -> None:
    console = Console(file=io.StringIO(), width=100)
    print_summary(summary(flagged=0), console)
    text = console.file.getvalue()
    assert "Nobody is on the worklist; the 10 riskiest accounts" in text
    assert "is not on it" not in text
    assert "001CF793ce4eb10" in text


def test_stages_are_plain_lines_where_there_is_no_terminal() -> None:
    console = Console(file=io.StringIO(), width=80)
    stages = Stages(console, 2)
    with stages.stage("Build [all]") as step:
        step.update(1, 2, "model")
        step.outcome = "3 tables"
    with stages.stage("Publish"):
        pass
    text = console.file.getvalue()
    assert text == "[1/2] Build [all]\n      3 tables\n[2/2] Publish\n"
    assert list(stages.seconds) == ["Build [all]", "Publish"]


def test_stages_on_a_terminal_leave_one_line_each() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with Stages(console, 9).stage("Publish") as step:
        step.update(1, 2, "core.dim_accounts")
        step.outcome = "38 tables"
    last = console.file.getvalue().splitlines()[-1]
    assert "[1/9]" in last
    assert last.rstrip().endswith("38 tables")


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_a_stage_did_is_wrapped_and_never_cut(width: int, is_terminal: bool) -> None:
    outcome = "new: churn-20260228-90058338; no expansion model: too little data; no conversion"
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=is_terminal, color_system=None)
    with Stages(console, 9).stage("Build worklist and marts") as step:
        step.outcome = f"{outcome} model: too little data"
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", file.getvalue()).splitlines()
    margin = " " * (9 if is_terminal else 6)
    below = [line for line in told if line.startswith(margin) and line.strip()]
    assert " ".join(line.removeprefix(margin) for line in below) == step.outcome
    assert all(len(line) <= width for line in below)


def test_errors_of_the_engine_are_said_in_one_line() -> None:
    text = (
        'IO Error: Could not set lock on file "/w/plumbline.duckdb": Conflicting lock is held in '
        "/usr/bin/python3.11 (PID 4981). See also https://duckdb.org/docs"
    )
    locked = explain_engine_text(text)
    assert locked is not None
    assert "/w/plumbline.duckdb is open in another program (PID 4981)" in locked.line
    full = explain(OSError(28, "No space left on device"))
    assert full is not None
    assert "the disk is full" in full.line
    text = "Invalid Input Error: No magic bytes found at end of file '/r/a.parquet'"
    broken = explain_engine_text(text)
    assert broken is not None
    assert "/r/a.parquet" in broken.line
    assert explain(ValueError("a defect")) is None


def test_failed_nodes_have_a_line_each() -> None:
    failed = NodeOutcome("test", "not_null_x", "fail", "Got 3 results", 3)
    broken = NodeOutcome("model", "int_x", "error", "Binder Error: no column y", 0)
    with pytest.raises(UserError) as one:
        BuildOutcome((failed,)).require_success("the build")
    assert "test not_null_x: Got 3 results" in one.value.line
    assert one.value.notes == ()
    with pytest.raises(UserError) as two:
        BuildOutcome((failed, broken)).require_success("the build")
    assert len(two.value.notes) == 2


def test_constant_features_are_one_sentence() -> None:
    left_out = {"a": "constant", "c": "unknown", "b": "constant"}
    model = Model("m", "churn", "ok", "fine", "", left_out)
    assert model.sentences == (
        "Left out of the model, constant in training: a, b.",
        "Left out of the model, unknown in training: c.",
    )
    assert replace(model, verdict="no_signal").sentences[0] == "fine"


def test_numbers_as_people_read_them() -> None:
    assert [money(x) for x in (95, 12_300, 1_240_000)] == ["$95", "$12.3K", "$1.2M"]
    assert [plain(x) for x in (None, 5402.0, 0.05, 1.1089)] == ["unknown", "5,402", "0.05", "1.11"]
    assert [plain(x) for x in (0.0, 0.0002)] == ["0", "under 0.001"]


def test_registering_a_proof_is_one_decorator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PROOFS", dict(registry.PROOFS))

    @registry.proof("two-is-two", "Two is two.")
    def two_is_two(context: registry.Context) -> registry.Proven:
        return registry.Proven(True, "2")

    assert [entry.name for entry in registry.select_proofs("two-is-two")] == ["two-is-two"]
    with pytest.raises(ValueError, match="registered already"):
        registry.proof("two-is-two", "Again.")(two_is_two)
    assert len(registry.select_proofs(None)) == len(registry.PROOFS)


def test_settings_of_a_second_source_are_apart(tmp_path: Path) -> None:
    demo, other = load_settings(raw=tmp_path), load_settings("ravenstack", raw=tmp_path)
    assert demo.build_file != other.build_file
    assert other.warehouse.name == "ravenstack"
    assert other.site.parent.name == "ravenstack"


def test_raw_given_by_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    environ = {"PLUMBLINE_RAW": str(tmp_path / "environment")}
    assert load_settings(raw=tmp_path / "flag", environ=environ).raw == tmp_path / "flag"
    assert load_settings(environ=environ).raw == tmp_path / "environment"
    assert load_settings(environ={}).raw == ROOT / "data" / "raw"


def test_files_without_a_footer_are_hashed_whole(tmp_path: Path) -> None:
    def land(text: str) -> Landing:
        file = tmp_path / "accounts.csv"
        file.write_text(text, encoding="utf-8")
        return landings_of("ravenstack", "accounts", [read_text_facts(str(file))])[0]

    first = land("id\n1\n")
    assert (first.landed, first.first_extracted_at) == ("", None)
    assert land("id\n2\n").fingerprint != first.fingerprint
    assert land("id\n1\n").fingerprint == first.fingerprint


def test_every_proof_holds_on_a_published_night(ci_world: World) -> None:
    done = ci_world.run("verify", "reasons-add-up")
    assert done.returncode == 0, done.stderr
    assert re.match(r"holds  reasons-add-up: [\d,]+ scores, .* 0 wrong", done.stdout)
    listed = ci_world.run("verify", "--list")
    assert all(name in listed.stdout for name in registry.PROOFS)


def test_every_unit_test_of_a_model_holds(ci_world: World, tmp_path: Path) -> None:
    done = ci_world.copy(tmp_path).run("verify", "models-behave")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_run_writes_down_what_it_used(ci_world: World) -> None:
    rows = ci_world.read("select state, detail from ops.runs order by recorded_at", private=True)
    states = [state for state, _ in rows]
    assert states == ["started", "built", "scored", "published"] * 2
    second = json.loads(rows[4][1])
    assert second["changed_since"] == "2026-02-27"
    assert "segment" in second["vendors"]
    assert "Publish gate" in json.loads(rows[7][1])["seconds"]


def test_the_published_file_opens_without_the_project(ci_world: World) -> None:
    with duckdb.connect(str(ci_world.published_file), read_only=True) as connection:
        rows = connection.execute("select count(*) from duckdb_tables()").fetchone()
        silent = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where comment is null"
            " union all"
            " select schema_name || '.' || table_name || '.' || column_name"
            " from duckdb_columns() where not internal and comment is null"
        ).fetchall()
    assert rows is not None
    assert rows[0] > 30
    assert silent == []


def test_a_wrong_label_names_the_right_ones() -> None:
    settings = load_settings()
    check_label(settings)
    for label in ("churned_within_61d", "avg_dau_7d"):
        with pytest.raises(UserError, match=rf"'{label}' is no label .* known: churned_within_60d"):
            check_label(replace(settings, label=label))


def test_a_date_outside_the_data_is_told() -> None:
    """Late is the input gate's matter, up to the longest lag that it allows."""

    def state(*days: str) -> RawState:
        landings = tuple(Landing("v", "t", day, 1, 1, "x", None) for day in days)
        return RawState(landings, 1, 1, 1, ())

    settings, raw = load_settings(), state("2026-01-01", "2026-02-27")
    for day in (date(2026, 1, 2), date(2026, 2, 28), date(2026, 3, 7)):
        check_as_of(settings, day, raw)
    for day in (date(2026, 1, 1), date(2026, 3, 8)):
        with pytest.raises(UserError, match="cover 2026-01-01 to 2026-02-27"):
            check_as_of(settings, day, raw)
    check_as_of(settings, date(2030, 1, 1), state(""))
    check_as_of(replace(settings, landed_by={"stripe": "dlt"}), date(2025, 1, 1), raw)
