"""MRR beside invoices: what is right needs no excuse, and no wrong reading finds one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from billed_cases import Case, faults, legitimate
from conftest import ROOT

from plumbline.store.raw import read_contract

VENDORS = ["stripe", "salesforce"]
TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
FIRST_EXPORT = "2026-01-01"


def write(raw: Path, table: str, rows: list[dict[str, Any]]) -> None:
    """Write a raw table; what a row does not name is null."""
    vendor, name = table.split("/")
    (contract,) = (t for t in read_contract(ROOT, raw, VENDORS, "the test") if t.name == name)
    lowered = [{key.lower(): value for key, value in row.items()} for row in rows]
    columns = {}
    for column, kind in contract.columns:
        if column != "landed":
            values = [lower.get(column.lower()) for lower in lowered]
            told = [json.dumps(v) if isinstance(v, dict | list) else v for v in values]
            columns[column] = pa.array(told, TYPES[kind])
    file = raw / table / "landed=2026-03-31" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), file)


def extracted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the moment at which the sync read them."""
    first = datetime.fromisoformat(FIRST_EXPORT)
    epoch = datetime(1970, 1, 1)
    return [
        row | {"_extracted_at": max(epoch + timedelta(seconds=row["updated"] + 60), first)}
        for row in rows
    ]


def build(folder: Path, cases: list[Case]) -> Path:
    """Build the report over the accounts and return the warehouse."""
    raw, file = folder / "raw", folder / "plumbline.duckdb"
    write(raw, "stripe/subscriptions", extracted([r for c in cases for r in c.subscriptions]))
    write(raw, "stripe/invoices", extracted([r for c in cases for r in c.invoices]))
    for table in ("customers", "prices", "subscription_schedules"):
        write(raw, f"stripe/{table}", [])
    day = datetime(2024, 1, 1)
    write(
        raw,
        "salesforce/account",
        [
            {
                "Id": case.name,
                "CreatedDate": day,
                "SystemModstamp": day,
                "_extracted_at": day,
                "IsDeleted": False,
            }
            for case in cases
        ],
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMBLINE_", "DBT_"))}
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "run"]
    command += ["--vars", json.dumps({"as_of_date": "2026-04-01", "vendors": VENDORS})]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    places = {"PLUMBLINE_RAW": str(raw), "PLUMBLINE_BUILD": str(file)}
    for what in (["seed", *command[4:]], [*command[3:], "--select", "+rpt_mrr_against_invoices"]):
        done = subprocess.run(
            [*command[:3], *what],
            cwd=ROOT,
            env={**kept, **places},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return file


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The report over all accounts, legitimate and faulty."""
    file = build(tmp_path_factory.mktemp("billed"), [*legitimate(), *faults()])
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


def march(report: duckdb.DuckDBPyConnection, account: str) -> dict[str, float]:
    """An account's row of March; empty where it has none."""
    frame = report.execute(
        "select * from revenue.rpt_mrr_against_invoices"
        " where account_id = ? and month_start_date = date '2026-03-01'",
        [account],
    ).df()
    return frame.to_dict("records")[0] if len(frame) else {}


@pytest.mark.parametrize("name", [case.name for case in legitimate()])
def test_what_is_right_is_explained(report: duckdb.DuckDBPyConnection, name: str) -> None:
    """To the cents of rounded lines; a proration of part of a period has more of these."""
    row = march(report, name)
    assert abs(float(row.get("unexplained_usd", 0))) <= 0.02, row
    if name not in ("on trial", "paused"):
        assert row["mrr_usd"] > 0 or row["billed_usd"] > 0


@pytest.mark.parametrize("name", [case.name for case in faults()])
def test_no_wrong_reading_finds_an_excuse(report: duckdb.DuckDBPyConnection, name: str) -> None:
    """Each lowers the metric by what it is wrong by."""
    row = march(report, name)
    assert abs(float(row["unexplained_usd"])) >= 20 or name.startswith("a year"), row
    assert abs(float(row["unexplained_usd"])) > 8


@pytest.mark.parametrize(
    ("account", "reason", "amount"),
    [
        ("upgraded True", "proration", 200),
        ("upgraded and not billed yet", "proration", 200),
        ("cancelled at once", "proration", -100),
        ("paused within the period", "proration", -100),
        ("credited for a seat too many", "credit_note", -100),
        ("credited of goodwill", "credit_note", 0),
        ("discount that ended", "discount", 20),
        ("past due for long", "unpaid", -33.33),
        ("never paid", "unpaid", -100),
        ("billed in arrears", "not_invoiced", 100),
        ("price read as 0", "unexplained", -100),
        ("discount ignored", "unexplained", 20),
        ("pays for ever", "unexplained", 100),
        ("missing from the sync", "unexplained", -100),
        ("there twice", "unexplained", 100),
    ],
)
def test_the_reason_is_named(
    report: duckdb.DuckDBPyConnection, account: str, reason: str, amount: float
) -> None:
    assert float(march(report, account)[f"{reason}_usd"]) == pytest.approx(amount, abs=0.02)


def test_reasons_add_up_and_mrr_is_mrr(report: duckdb.DuckDBPyConnection) -> None:
    """To the cent, of every account; months that began before the first export are left out."""
    reasons = "proration discount credit_note unpaid price_unknown not_invoiced unexplained"
    total = " + ".join(f"{reason}_usd" for reason in reasons.split())
    wrong = report.execute(
        "select * from revenue.rpt_mrr_against_invoices where difference_usd <> mrr_usd -"
        f" billed_usd or difference_usd <> {total}"
    ).fetchall()
    assert wrong == []
    months = report.execute(
        "select distinct cast(month_start_date as varchar) from revenue.rpt_mrr_against_invoices"
        " order by all"
    ).fetchall()
    assert [month for (month,) in months] == ["2026-02-01", "2026-03-01"]


def test_without_lines_nothing_is_known(tmp_path: Path) -> None:
    """A source whose invoices have no lines has no row, not a wrong one."""
    cases = legitimate()[:3]
    for case in cases:
        for invoice in case.invoices:
            invoice["lines"] = None
    with duckdb.connect(str(build(tmp_path, cases)), read_only=True) as connection:
        (count,) = connection.execute(
            "select count(*) from revenue.rpt_mrr_against_invoices"
        ).fetchall()
    assert count == (0,)
