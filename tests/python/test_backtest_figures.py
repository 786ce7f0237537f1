"""The backtest's arithmetic, by hand: calendar, lead times, intervals, curves, unfinished work."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ml.config import load_settings
from plumbline.backtest import curves
from plumbline.backtest.announcements import announced
from plumbline.backtest.draws import Draws
from plumbline.backtest.figures import ASSUMPTIONS, WORKLIST_RULES, assumption_of
from plumbline.backtest.judge import lead
from plumbline.errors import UserError
from plumbline.replay.chain import FEATURES, Chain, Memory, Step
from plumbline.replay.dates import plan_dates
from plumbline.replay.work import STATE, Work, only_writer

KNOWN = (date(2025, 1, 1), date(2025, 12, 31))


def test_nights_and_origins() -> None:
    """A night a week; a training every fourth one; grids reach back to the first features."""
    dates = plan_dates(date(2025, 6, 4), date(2025, 7, 10), KNOWN, 28)
    assert [day.isoformat()[5:] for day in dates.nights] == [
        "06-04",
        "06-11",
        "06-18",
        "06-25",
        "07-02",
        "07-09",
    ]
    assert dates.origins == (date(2025, 6, 4), date(2025, 7, 2))
    assert dates.nights_of(date(2025, 6, 4)) == dates.nights[:4]
    assert dates.nights_of(date(2025, 7, 2)) == dates.nights[4:]
    read = dates.read(KNOWN[0], 14)
    grids = {
        origin - timedelta(days=14 * step)
        for origin in dates.origins
        for step in range(14)
        if origin - timedelta(days=14 * step) >= KNOWN[0]
    }
    # (the nights of a year before lie before the first features)
    assert set(read) == grids | set(dates.nights)
    # ten days between trainings are two weeks of nights
    assert plan_dates(date(2025, 6, 4), date(2025, 7, 10), KNOWN, 10).origins == dates.nights[::2]


def nights(*listed: tuple[str, str, bool], life: int = 1) -> pd.DataFrame:
    """Rows of the lists: account, night, whether it is on the list."""
    return pd.DataFrame(
        [(account, day, life, flag) for account, day, flag in listed],
        columns=["account_id", "as_of_date", "life_number", "is_flagged"],
    )


def test_lead_times_by_hand() -> None:
    """The flag must still stand; a lead counts from the last unbroken stay of that life."""
    lists = pd.concat(
        [
            nights(
                ("stood", "2025-06-04", False),
                ("stood", "2025-06-11", True),
                ("stood", "2025-06-18", True),
                ("left", "2025-06-04", True),
                ("left", "2025-06-11", True),
                ("left", "2025-06-18", False),
                ("late", "2025-06-04", False),
                ("late", "2025-06-11", False),
                ("late", "2025-06-18", True),
                ("never", "2025-06-04", False),
                ("never", "2025-06-11", False),
                ("never", "2025-06-18", False),
                ("gap", "2025-06-04", True),
                ("gap", "2025-06-11", False),
                ("gap", "2025-06-18", True),
                ("held", "2025-06-04", True),
                ("held", "2025-06-11", True),
                ("held", "2025-06-18", True),
            ),
            nights(("back", "2025-06-04", True)),
            nights(("back", "2025-06-11", False), ("back", "2025-06-18", True), life=2),
        ]
    )
    churns = pd.DataFrame(
        [
            ("stood", date(2025, 7, 15), 100.0),
            ("left", date(2025, 7, 18), 200.0),
            ("late", date(2025, 7, 17), 300.0),  # on the list 29 days before
            ("never", date(2025, 7, 20), 400.0),
            ("back", date(2025, 7, 18), 500.0),
            ("gap", date(2025, 7, 18), 10.0),
            ("held", date(2025, 7, 18), 20.0),
            ("new", date(2025, 7, 4), 600.0),  # not scored before
            ("soon", date(2025, 7, 3), 700.0),  # 29 days after the first night
            ("after", date(2025, 7, 25), 800.0),  # no list in the week before its 30 days
        ],
        columns=["account_id", "churn_date", "lost_arr_usd"],
    )
    days = [date(2025, 6, 4), date(2025, 6, 11), date(2025, 6, 18)]
    found = announced(churns, lists, days).set_index("account_id")
    assert list(found.index) == [
        "stood",
        "left",
        "late",
        "never",
        "back",
        "gap",
        "held",
        "new",
    ]
    assert found["was_announced"].to_dict() == {
        "stood": True,
        "left": False,
        "late": False,
        "never": False,
        "back": True,
        "gap": True,
        "held": True,
        "new": False,
    }
    leads = found["lead_days"].dropna().to_dict()
    assert leads == {"stood": 34, "late": 29, "back": 30, "gap": 30, "held": 44}
    assert found.index[found["is_from_start"]].tolist() == ["held"]
    assert found.index[~found["was_listed"]].tolist() == ["never", "new"]
    assert found.loc["stood", "chance"] == 3 / 7 and found.loc["left", "chance"] == 5 / 7
    saved = {"low_value": 0.05, "central_value": 0.2, "high_value": 0.35}
    settings = load_settings()
    figures = lead(found.reset_index(), saved, settings.evaluation, settings.seed)
    assert figures["early_warning_rate"].value == 4 / 8
    assert figures["flagged_before"].value == 6 / 8
    assert figures["lead_time_days"].value == 30
    assert figures["announced_arr_usd"].value == 630
    assert figures["revenue_saved_usd"].value == 126
    assert figures["lost_arr_usd"].value == 2130
    low, high = figures["announced_arr_usd"].lower, figures["announced_arr_usd"].upper
    assert figures["revenue_saved_usd"].lower == pytest.approx(0.05 * low)
    assert figures["revenue_saved_usd"].upper == pytest.approx(0.35 * high)


def test_intervals_count_accounts_not_rows() -> None:
    """A hundred rows of one account are one account: nothing varies; of ten, it does."""
    hits, ones = np.tile([1.0, 0.0], 50), np.ones(100)
    one = Draws.of(np.repeat("a", 100), 200, 0.95, 1).ratio(hits, ones)
    assert (one.value, one.lower, one.upper) == (0.5, 0.5, 0.5)
    by_ten = Draws.of(np.repeat(list("abcdefghij"), 10), 400, 0.95, 1)
    some = by_ten.ratio(np.repeat([1.0, 0.0], 50), ones)
    # of ten draws, half of which hit, 2 to 8 hits in 95% of cases
    assert (some.lower, some.upper) == (pytest.approx(0.2, abs=0.1), pytest.approx(0.8, abs=0.1))
    assert by_ten.ratio(hits * 0, ones * 0).value is None
    sure = by_ten.ratio(ones, ones)
    # Wilson at 10 of 10: 10 / (10 + 1.96^2)
    assert (sure.value, sure.upper) == (1, 1) and sure.lower == pytest.approx(10 / 13.8415, 1e-4)
    assert by_ten.ratio(hits * 0, ones).upper == pytest.approx(3.8415 / 13.8415, 1e-4)
    values = np.repeat(np.arange(10.0), 10)
    middle = by_ten.median(values)
    assert middle.value == 4.5 and 0 < middle.lower < 4.5 < middle.upper < 9


def test_curves_by_hand() -> None:
    """Twenty accounts on one night, the three positives among the first four."""
    rows = pd.DataFrame(
        {
            "account_id": [f"{n:02d}" for n in range(20)],
            "as_of_date": pd.Timestamp("2025-06-04"),
            "probability": np.linspace(0.95, 0.0, 20),
            "is_positive": [1, 0, 1, 1] + [0] * 16,
        }
    )
    draws = Draws.of(rows["account_id"].to_numpy(), 100, 0.95, 1)
    lifted = curves.lift(rows, draws).set_index("decile")
    # two accounts a tenth: one of two, then two of two, at a base rate of 3/20
    assert lifted.loc[1, "lift"] == pytest.approx(0.5 / 0.15)
    assert lifted.loc[2, "lift"] == pytest.approx(1 / 0.15)
    assert (lifted.loc[3:, "lift"] == 0).all() and lifted["positives"].sum() == 3
    line = curves.precision_recall(rows, draws).set_index("recall")
    precision = line["precision"].to_numpy()
    assert precision[0] == 1 and precision[-1] == 3 / 4
    assert np.interp(0.5, line.index, precision) == pytest.approx(2 / 3)
    bins = curves.calibration(rows, draws)
    assert bins["examples"].sum() == 20 and bins["positives"].sum() == 3
    assert bins["realised_rate"].iloc[-1] == pytest.approx(0.5)
    assert bins["mean_probability"].is_monotonic_increasing


def test_ties_are_one_step() -> None:
    """Without any difference in probability, precision is the base rate at every recall."""
    rows = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "as_of_date": pd.Timestamp("2025-06-04"),
            "probability": 0.1,
            "is_positive": [1, 0, 0, 0],
        }
    )
    draws = Draws.of(rows["account_id"].to_numpy(), 20, 0.95, 1)
    assert set(curves.precision_recall(rows, draws)["precision"]) == {0.25}
    assert len(curves.calibration(rows, draws)) == 1


def test_memory_knows_what_the_day_knew() -> None:
    """Rows known on the day itself, and later dates, are not seen; the SQL's date is the day's."""
    days = [date(2025, 6, 3), date(2025, 6, 4), date(2025, 6, 5)]
    tables = {
        "staging.stg_word": pa.table({"word": ["a", "b", "c"], "known_at": days}),
        FEATURES: pa.table({"account_id": ["x"] * 3, "as_of_date": days}),
        "reference.tiers": pa.table({"tier": ["high"]}),
    }
    names = ["staging.stg_word", FEATURES, "reference.tiers"]
    sql = "select cast(getvariable('as_of_date') as date) as day, " + ", ".join(
        f"(select count(*) from {name}) as n{number}" for number, name in enumerate(names)
    )
    steps = {
        "int_counts": Step("intermediate.int_counts", tuple(names), sql),
        "rpt_day": Step(
            "core.rpt_day", ("intermediate.int_counts",), "select * from intermediate.int_counts"
        ),
    }
    memory = Memory(Chain(steps, tuple(names)), tables)
    for day, known in ((days[1], 1), (days[2], 2)):
        memory.know(day)
        memory.run(day, "rpt_day")
        [row] = memory.read("select * from core.rpt_day").to_pylist()
        assert row == {"day": day, "n0": known, "n1": known + 1, "n2": 1}
    memory.put("intermediate.int_counts", pa.table({"day": [days[0]]}))
    memory.run(days[2], "rpt_day", given=["intermediate.int_counts"])
    assert memory.read("select * from core.rpt_day").to_pylist() == [{"day": days[0]}]
    same = Memory(memory.chain, {name: rows.slice(0) for name, rows in tables.items()})
    assert same.fingerprint() == memory.fingerprint()
    tables["reference.tiers"] = pa.table({"tier": ["low"]})
    assert Memory(memory.chain, tables).fingerprint() != memory.fingerprint()


def begun(folder: Path) -> Work:
    """Work with one origin done and a second one begun."""
    work, told = Work.open(folder, "print")
    assert told == ""
    copy = work.begin()
    (copy / "build" / "rows").write_text("first")
    work.commit(date(2025, 6, 4))
    (work.begin() / "build" / "rows").write_text("half of the second")
    return work


def test_unfinished_work_is_taken_up(tmp_path: Path) -> None:
    """What was committed counts; what was begun does not."""
    begun(tmp_path / "work")
    work, told = Work.open(tmp_path / "work", "print")
    assert work.done == [date(2025, 6, 4)] and told == "goes on after the origin of 2025-06-04"
    assert (work.begin() / "build" / "rows").read_text() == "first"


def test_one_backtest_writes_to_a_folder(tmp_path: Path) -> None:
    """A second one is told so; after the first, it may."""
    with (
        only_writer(tmp_path / "out"),
        pytest.raises(UserError, match="another process is wr"),
        only_writer(tmp_path / "out"),
    ):
        pass
    with only_writer(tmp_path / "out"):
        pass


@pytest.mark.parametrize("fault", ["other", "changed", "lost", "torn"])
def test_work_that_is_not_what_it_was_begins_anew(tmp_path: Path, fault: str) -> None:
    """Other data, a changed or missing file, a state that cannot be read: nothing is used."""
    work = begun(tmp_path / "work")
    rows = work.current / "build" / "rows"
    if fault == "changed":
        rows.write_text("other")
    elif fault == "lost":
        rows.unlink()
    elif fault == "torn":
        state = work.folder / STATE
        state.write_text(state.read_text()[:40])
    again, told = Work.open(tmp_path / "work", "another" if fault == "other" else "print")
    assert again.done == [] and told.endswith("it begins anew")
    assert list(again.folder.iterdir()) == []


def assumptions(low: float, **rules: float) -> dict[str, pa.Table]:
    """Both seeds, as the last build has them."""
    return {
        ASSUMPTIONS: pa.Table.from_pylist(
            [
                {
                    "assumption_name": "saved_share",
                    "low_value": low,
                    "high_value": 0.39,
                    "source": "s",
                }
            ]
        ),
        WORKLIST_RULES: pa.Table.from_pylist(
            [
                {"rule_name": name, "rule_value": value, "source": "c"}
                for name, value in rules.items()
            ]
        ),
    }


def test_the_assumption_is_the_worklists() -> None:
    """The centre is read from the rules of the list, and lies within the range; else one line."""
    found = assumption_of(assumptions(0.05, contact_cost=150.0, save_effect=0.25))
    assert (found["low_value"], found["central_value"], found["high_value"]) == (0.05, 0.25, 0.39)
    with pytest.raises(UserError, match=r"worklist_rules.csv has no row save_effect.* — add "):
        assumption_of(assumptions(0.05, contact_cost=150.0))
    lost = assumptions(0.05, save_effect=0.25)
    with pytest.raises(UserError, match=r"backtest_assumptions.csv has no row saved_share"):
        assumption_of({**lost, ASSUMPTIONS: lost[ASSUMPTIONS].slice(1)})
    with pytest.raises(UserError, match=r"save_effect 0.25 of .* lies outside 0.3 to 0.39"):
        assumption_of(assumptions(0.3, save_effect=0.25))


def test_nothing_to_count_is_no_value() -> None:
    """No churn, no figures; no flagged churn, no lead time."""
    settings = load_settings()
    saved = {"low_value": 0.05, "central_value": 0.2, "high_value": 0.35}
    lists = nights(("a", "2025-06-04", False))
    churns = pd.DataFrame(columns=["account_id", "churn_date", "lost_arr_usd"])
    nobody = announced(churns, lists, [date(2025, 6, 4)])
    assert nobody.empty and lead(nobody, saved, settings.evaluation, 1) == {}
    one = pd.DataFrame([("a", date(2025, 7, 4), 5.0)], columns=churns.columns)
    figures = lead(announced(one, lists, [date(2025, 6, 4)]), saved, settings.evaluation, 1)
    assert figures["lead_time_days"].value is None
    assert figures["early_warning_rate"].value == 0 and math.isclose(
        figures["revenue_saved_usd"].value, 0
    )
