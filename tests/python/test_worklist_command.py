"""`plumbline worklist`: what the published night says, and a file that a spreadsheet may open."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from conftest import LAST_NIGHT, World

from plumbline.store.list_files import WIDEST, write_xlsx

Command = Callable[..., tuple[int, str, str]]
LISTED = """
    select csm_id, account_id, account_name, reason_1 from risk.rpt_at_risk_accounts
    where is_on_worklist order by csm_id, list_rank
"""

TEXTS = ("csm_id", "account_id", "account_name", "risk_tier", "why_now", "reason_1", "reason_2")
NUMBERS = ("list_rank", "churn_probability", "arr_usd", "expected_saved_usd")


@pytest.fixture
def world(ci_world: World) -> World:
    """Two published nights, read only."""
    return ci_world


def rows_of(file: Path) -> list[dict[str, str]]:
    """The file as a spreadsheet reads it."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_it_is_the_list_of_the_published_night(
    world: World, plumbline: Command, tmp_path: Path
) -> None:
    listed = world.read(LISTED)
    code, told, _ = plumbline("worklist", "--csv", str(tmp_path / "list.csv"))
    managers = len({row[0] for row in listed if row[0]})
    assert code == 0
    assert f"Worklist of {LAST_NIGHT}: {len(listed)} accounts, {managers} managers. " in told
    assert "Rule expected_value: By the value that a contact is expected to save" in told
    assert all(row[2] in told for row in listed)
    found = rows_of(tmp_path / "list.csv")
    assert [(r["csm_id"], r["account_id"], r["account_name"], r["reason_1"]) for r in found] == [
        tuple(value or "" for value in row) for row in listed
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["list.csv"]


def test_one_manager_alone_or_one_clear_line(
    world: World, plumbline: Command, tmp_path: Path
) -> None:
    manager = world.read(LISTED)[0][0]
    code, told, _ = plumbline("worklist", "--csm", manager, "--csv", str(tmp_path / "one.csv"))
    assert code == 0 and ", 1 manager. " in told
    assert {row["csm_id"] for row in rows_of(tmp_path / "one.csv")} == {manager}
    code, _, error = plumbline("worklist", "--csm", "nobody")
    assert code == 1 and error.startswith("error: no account of manager nobody is on the worklist")
    assert manager in error
    code, _, error = plumbline("worklist", "--csv", str(tmp_path / "no" / "folder.csv"))
    assert code == 1 and "cannot be written" in error and error.count("\n") == 1


def test_who_is_left_out_is_told_and_no_text_is_a_formula(world: World, tmp_path: Path) -> None:
    copied = world.copy(tmp_path)
    with duckdb.connect(str(copied.published_file)) as connection:
        connection.execute(
            "update risk.rpt_at_risk_accounts set account_name = '=cmd|calc',"
            " is_on_worklist = true, list_rank = 1 where risk_rank = 2"
        )
        connection.execute(
            "update risk.rpt_at_risk_accounts set account_name = 'Riskiest',"
            " is_on_worklist = false, worklist_status = 'no slot left' where risk_rank = 1"
        )
    done = copied.run("worklist", "--csv", str(tmp_path / "list.csv"))
    told = " ".join(done.stdout.split())
    assert "The riskiest account, Riskiest (" in told and "is not on it: no slot left." in told
    assert "'=cmd|calc" in {row["account_name"] for row in rows_of(tmp_path / "list.csv")}
    with duckdb.connect(str(copied.published_file)) as connection:
        connection.execute(
            "update risk.rpt_at_risk_accounts set is_on_worklist = false,"
            " worklist_status = 'no signal'"
        )
    told = " ".join(copied.run("worklist").stdout.split())
    assert "Nobody is on it: no signal" in told


def test_without_a_published_night(world: World, tmp_path: Path) -> None:
    done = World(tmp_path, world.raw).run("worklist")
    assert done.returncode == 1 and done.stderr.startswith("error: nothing is published yet")


def test_the_excel_file_is_the_list_as_texts_numbers_and_dates(
    world: World, plumbline: Command, tmp_path: Path
) -> None:
    csv_file, xlsx_file = tmp_path / "list.csv", tmp_path / "list.xlsx"
    code, told, _ = plumbline("worklist", "--csv", str(csv_file), "--xlsx", str(xlsx_file))
    assert code == 0 and told.count("All of them with all columns: ") == 2
    sheet = openpyxl.load_workbook(xlsx_file).active
    assert sheet.title == f"worklist {LAST_NIGHT}" and sheet.freeze_panes == "A2"
    names, *rows = sheet.iter_rows(values_only=True)
    found = [dict(zip(names, row, strict=True)) for row in rows]
    expected = rows_of(csv_file)
    assert [[row[name] or "" for name in TEXTS] for row in found] == [
        [row[name] for name in TEXTS] for row in expected
    ]
    assert [[row[name] for name in NUMBERS] for row in found] == [
        [float(row[name]) for name in NUMBERS] for row in expected
    ]
    dates = [row["renewal_date"] for row in found if row["renewal_date"] is not None]
    assert dates and all(isinstance(day, datetime) for day in dates)
    widths = {column.width for column in sheet.column_dimensions.values()}
    assert min(widths) >= 8 and max(widths) == WIDEST
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["list.csv", "list.xlsx"]


def test_no_cell_of_the_excel_file_is_a_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\t=1", "plain", "a\x00b", None]
    file = tmp_path / "list.xlsx"
    write_xlsx(
        file, "list", ["text", "number", "day"], [(t, -1.5, date(2026, 2, 1)) for t in texts]
    )
    sheet = openpyxl.load_workbook(file).active
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [one.value for one in cells] == [
        "'=1+1", "'+1", "'-1", "'@x", "'\t=1", "plain", "ab", None,
    ]  # fmt: skip
    assert {one.data_type for one in cells} <= {"s", "n"}
    assert {row[1].value for row in sheet.iter_rows(min_row=2)} == {-1.5}


def test_without_the_library_one_clear_line(
    world: World, plumbline: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    code, _, error = plumbline("worklist", "--xlsx", str(tmp_path / "list.xlsx"))
    assert code == 1 and error.count("\n") == 1
    assert "openpyxl, which is not installed" in error and "pip install '.[xlsx]'" in error
    assert not list(tmp_path.iterdir())
