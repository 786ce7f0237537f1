"""The catalogue of exports: how a case is read, written and compared, and its fast part.

`plumbline verify exports` runs all of it, whole nights and sync tools' layouts included.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.proofs.exports import checks, rows, sound, world
from plumbline.proofs.exports.cases import Case, Counted, read_cases, read_shared
from plumbline.proofs.exports.runs import (
    Held,
    by_layout,
    compared,
    files_only,
    part_of_night,
    run_stop,
    run_values,
    stop_line,
)
from plumbline.terminal import Step

CASES = read_cases()
SUBSCRIPTIONS = "stripe/subscriptions"


def told(held: list[Held]) -> list[str]:
    """What does not hold, a line a case."""
    return [f"{one.case.name}: {'; '.join(one.problems)}" for one in held if one.problems]


def example(**changed: object) -> Case:
    """A case of one account that pays 100.00 a month and never left."""
    steady = {f"2025-{month:02}": 100 for month in range(6, 13)} | {"2026-01": 100}
    case = Case("ex", "kind", "title", "source", "by hand", mrr={"ex-a": steady})
    return replace(case, **changed)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where worlds are made."""
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def sound_counts(scratch: Path) -> dict[str, int]:
    """What each rule counts in the sound world, which must not alarm."""
    (found,) = sound.look_at([world.SEED], scratch, Step())
    assert found.lines == ()
    return found.counts


def test_catalogue_is_whole() -> None:
    names = [case.name for case in CASES]
    assert len(CASES) >= 60
    assert len(set(names)) == len(names)
    assert len({case.source for case in CASES}) >= 30
    for case in CASES:
        says = case.mrr or case.answers or case.counted or case.stopped
        assert says and case.title and case.source and case.worked_out, case.name


def test_a_later_row_repeats_what_it_does_not_name() -> None:
    planted = [{"currency": "eur"}, {"updated": "2025-09-01", "items": [{"quantity": 2}]}]
    first, second = rows.filled(example(rows={SUBSCRIPTIONS: planted}), SUBSCRIPTIONS)
    assert (first["currency"], second["currency"]) == ("eur", "eur")
    assert (first["updated"], first["_extracted_at"]) == ("2025-06-01", "2025-06-01")
    assert (second["created"], second["_extracted_at"]) == ("2025-06-01", "2025-09-01")
    assert second["items"][0]["quantity"] == 2
    assert second["items"][0]["price"]["unit_amount"] == 10000
    assert second["metadata"] == {"account_id": "ex-a"}


def test_rows_are_written_as_the_vendor_writes_them(tmp_path: Path) -> None:
    planted = [
        {
            "ended_at": "2025-10-31T23:59:59",
            "discount": {"end": "2025-09-01"},
            "items": [{"price": {"recurring": {"interval_count": "(absent)"}}}],
            "livemode": False,
        }
    ]
    case = example(
        rows={SUBSCRIPTIONS: planted},
        types={SUBSCRIPTIONS: {"trial_end": "null", "_extracted_at": "timestamp +02:00"}},
        without={SUBSCRIPTIONS: ["pause_collection"]},
    )
    settings = world.settings_for(tmp_path)
    rows.write_rows(case, settings.raw, world.contract_of(settings))
    (file,) = settings.raw.rglob("*.parquet")
    table = pq.read_table(file, partitioning=None)
    (row,) = table.to_pylist()
    assert row["start_date"] == 1748736000
    assert row["ended_at"] == 1761955199
    assert json.loads(row["discount"]) == {"end": 1756684800}
    assert json.loads(row["items"])[0]["price"]["recurring"] == {"interval": "month"}
    assert row["livemode"] is False
    assert "pause_collection" not in table.column_names
    assert str(table.schema.field("trial_end").type) == "null"
    assert table.schema.field("_extracted_at").type.tz == "+02:00"


@pytest.mark.parametrize(
    ("told_", "line"),
    [
        ({"titel": "x"}, "unknown key 'titel'"),
        ({"expect": {"mmr": {}}}, "unknown key 'mmr'"),
        ({"expect": {"mrr": {"@a": {"2025-06": 1}}}}, "bad-a is not paid in every month"),
        ({"source": None}, "does not say its 'source'"),
    ],
)
def test_a_case_that_says_nonsense_is_refused(
    tmp_path: Path, told_: dict[str, object], line: str
) -> None:
    case = {"title": "t", "source": "s", "worked_out": "w", "expect": {}} | told_
    case = {key: value for key, value in case.items() if value is not None}
    (tmp_path / "kind").mkdir()
    (tmp_path / "kind" / "bad.json").write_text(json.dumps(case))
    with pytest.raises(UserError, match=line):
        read_cases(tmp_path)


def test_shared_cases_are_read(tmp_path: Path) -> None:
    row = {"id": "s_1", "metadata": json.dumps({"account_id": "acme"})}
    shared = {"public_source": "p", "expected": "e", "rows": [row]}
    known = {"mrr_by_account_and_month": {"acme": {"2026-01": 5.0}}}
    (tmp_path / "1.json").write_text(json.dumps(shared | known))
    (tmp_path / "2.json").write_text(json.dumps(shared))
    first, second = read_shared(tmp_path)
    assert first.mrr == {"shared_1-acme": {"2026-01": 5.0}}
    assert first.rows[SUBSCRIPTIONS][0]["id"] == "shared_1-s_1"
    assert second.churns == {"shared_2-acme": []}
    assert second.counted[0].rule == "subscription_stale"


def told_world(mrr: float, churns: dict[str, list], rules: dict[str, int]) -> checks.World:
    """A world that says the same MRR of `ex-a` in every month."""
    months = example().mrr["ex-a"]
    return checks.World(
        duckdb.connect(),
        mrr={"ex-a": dict.fromkeys(months, mrr)},
        churns=churns,
        movements={"ex-a": {"2025-06": "new 100.00"}},
        rates={"usd": 1.0, "eur": 1.08},
        rules={rule: (count, "error") for rule, count in rules.items()},
    )


def test_what_is_not_right_is_seen() -> None:
    right = told_world(100, {}, {})
    assert checks.value_problems(example(), right) == []
    for wrong, problem in (
        (told_world(99.99, {}, {}), "MRR 100.00, is 99.99"),
        (told_world(100, {"ex-a": [("2025-10-01", None)]}, {}), "no churn, is 2025-10-01"),
    ):
        (line,) = checks.value_problems(example(), wrong)
        assert problem in line
    for case, problem in (
        (example(mrr={"ex-a": {}}), "MRR 0.00, is 100.00"),
        (example(mrr={"ex-a": {"2026-01": "5 xts"}}), "no rate for xts"),
        (example(churns={"ex-a": [("2025-10-01", None)]}), "churns"),
        (example(movements={"ex-a": {}}), "movements"),
        (example(answers={"select 1": 2}), "2, is 1"),
        (example(answers={"select nonsense": 2}), "nonsense"),
    ):
        (line,) = checks.value_problems(case, right)
        assert problem in line
    euro = example(mrr={"ex-a": dict.fromkeys(example().mrr["ex-a"], "92.59 eur")})
    assert checks.value_problems(euro, right) == []
    assert checks.value_problems(example(answers={"select 1": 1}), right) == []


def test_rules_count_what_was_planted_no_less_and_no_more() -> None:
    counted = example(counted=(Counted("price_unknown", 1),))
    other = replace(counted, name="other")
    two = told_world(0, {}, {"price_unknown": 2})
    assert checks.counted_problems([counted, other], two, {}) == {}
    for count in (0, 1, 3):
        found = checks.counted_problems(
            [counted, other], told_world(0, {}, {"price_unknown": count}), {}
        )
        assert set(found) == {"ex", "other"}
    sound_ = {"price_unknown": 1}
    built = told_world(0, {}, {"price_unknown": 3})
    assert checks.counted_problems([counted, other], built, sound_) == {}
    assert list(checks.counted_problems([example()], built, {})) == [""]
    assert list(checks.counted_problems([counted], told_world(0, {}, {}), {})) == ["ex"]
    held = example(counted=(Counted("price_unknown", 1, 100.0),))
    one = told_world(0, {}, {"price_unknown": 1})
    assert checks.counted_problems([held], replace(one, held={"ex": 100.0}), {}) == {}
    for amount in (0.0, 90.0):
        found = checks.counted_problems([held], replace(one, held={"ex": amount}), {})
        assert found == {"ex": [f"100.00 is held, {amount:.2f} is told"]}


TABLES = """
create schema revenue; create schema core; create schema reference; create schema quality;
create table revenue.fct_account_mrr_monthly as
    select account_id, unnest(range(date '2025-06-01', date '2026-02-01', interval 1 month))
        as month_start_date, 100.0 as mrr_usd
    from (select distinct metadata ->> 'account_id' as account_id from {rows});
create table core.fct_account_churns (account_id text, churn_date date, returned_date date);
create table revenue.fct_mrr_movements (
    account_id text, month_start_date date, movement text, amount_usd double,
    is_late_renewal boolean);
create table reference.currency_rates (currency text, usd_per_unit double);
create table quality.rpt_source_contradictions (
    rule_name text, rows_failing bigint, severity text);
create table quality.rpt_doubtful_subscriptions (subscription_id text, mrr_usd double);
"""


def test_what_stops_a_world_is_found_by_halving(scratch: Path) -> None:
    def run(settings: Settings) -> None:
        planted = settings.raw / "stripe" / "subscriptions" / "*" / "case-*.parquet"
        if list(settings.raw.rglob("case-c3.parquet")):
            raise UserError("c3 is bad", "leave it out")
        settings.build_file.parent.mkdir(exist_ok=True)
        settings.build_file.unlink(missing_ok=True)
        with duckdb.connect(str(settings.build_file)) as connection:
            connection.execute(TABLES.format(rows=f"'{planted}'"))

    months = example().mrr["ex-a"]
    cases = [
        replace(example(), name=name, rows={SUBSCRIPTIONS: [{}]}, mrr={f"{name}-a": months})
        for name in ("c0", "c1", "c2", "c3", "c4")
    ]
    raw = world.sound_world(scratch)
    held = run_values(cases, scratch / "halved", run, raw, halves_run=run)
    assert told(held) == ["c3: the night stops: error: c3 is bad — leave it out"]
    assert len(held) == len(cases)


def test_native_cases_hold(scratch: Path, sound_counts: dict[str, int]) -> None:
    native = [c for c in CASES if not c.landed_by and not c.vendors and not c.files]
    raw = world.sound_world(scratch)
    worlds = by_layout(native)
    held = [run_values(cases, scratch, part_of_night, raw, sound_counts) for cases in worlds]
    assert [told(one) for one in held] == [[] for _ in worlds]


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.stopped_by == "files"],
    ids=lambda case: case.name,
)
def test_faults_of_files_stop_before_anything_is_built(scratch: Path, case: Case) -> None:
    assert told([run_stop(case, scratch, world.sound_world(scratch))]) == []


def test_a_sound_world_does_not_stop(scratch: Path) -> None:
    settings = world.settings_for(scratch / "world")
    assert stop_line(files_only, settings, [], world.sound_world(scratch)) == ""
    nothing = replace(example(), stopped=("x",), stopped_by="files", mrr={})
    held = run_stop(nothing, scratch, world.sound_world(scratch))
    assert held.problems == ("the night goes on",)


def test_cases_of_one_layout_share_a_world() -> None:
    worlds = by_layout(CASES)
    for members in worlds:
        assert len({json.dumps(dict(case.landed_by)) for case in members}) == 1
        assert len({case.is_billed for case in members}) == 1
    tools = [dict(case.landed_by) for case in CASES if case.is_billed and case.landed_by]
    assert {"stripe": "dlt"} in tools and {"stripe": "fivetran"} in tools
    assert sum(map(len, worlds)) == sum(not case.stopped for case in CASES)
    assert compared([example()], told_world(100, {}, {}), {})[0].problems == ()
