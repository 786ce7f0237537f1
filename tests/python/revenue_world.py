"""Random histories as raw exports, one build of the revenue models over them, and its tables."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import ROOT
from revenue_histories import AS_OF, Version
from revenue_reference import GAP_DAYS, GRACE_DAYS, PLAN_NAMES, Account

from pipeline.raw import read_contract

# In the order in which they are built.
MODELS = (
    "int_subscription_items__priced",
    "int_subscription_versions__overlapped",
    "int_subscription_versions__priced",
    "int_subscription_versions__served",
    "int_subscriptions__valid_ranged",
    "int_periods__completed",
    "int_account_starts__dated",
    "int_account_attributes__ranged",
    "int_account_paid_spells__merged",
    "int_account_churns__dated",
    "int_account_churns__explained",
    "int_subscription_months__stated",
    "int_account_mrr_months__summed",
    "int_account_unpaid_months__merged",
    "int_account_retention_periods__compared",
    "dim_account_months",
    "fct_account_churns",
    "fct_account_mrr_monthly",
    "fct_mrr_movements",
    "fct_account_retention_monthly",
    "fct_account_retention_quarterly",
    "fct_account_retention_yearly",
)
ALSO_BUILT = (
    "fct_renewals",
    "int_subscription_contradictions__counted",
    "int_account_month_contradictions__counted",
)
TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
EPOCH = datetime(1970, 1, 1)


def _seconds(moment: date | None) -> int | None:
    if moment is None:
        return None
    at = datetime(moment.year, moment.month, moment.day)
    at = moment if isinstance(moment, datetime) else at
    return int((at - EPOCH).total_seconds())


def _stripe_row(version: Version) -> dict[str, object]:
    """A version as the billing vendor exports it."""
    items = [
        {"id": i.item_id, "quantity": i.quantity,
         "price": {"id": "p", "product": i.plan_id, "unit_amount": i.amount,
                   "currency": version.currency,
                   "recurring": {"interval": i.interval, "interval_count": i.count}}}
        for i in version.items
    ]  # fmt: skip
    coupon = {"coupon": {"percent_off": version.discount}}
    return {
        "id": version.subscription_id,
        "customer": "c",
        "status": version.status,
        "currency": version.currency,
        "items": json.dumps(items),
        "discount": None if version.discount is None else json.dumps(coupon),
        "start_date": _seconds(version.started),
        "trial_start": _seconds(version.trial_started),
        "trial_end": _seconds(version.trial_ended),
        "current_period_end": _seconds(version.term_ended),
        "ended_at": _seconds(version.ended),
        "cancellation_details": json.dumps({"reason": version.reason}) if version.reason else None,
        "pause_collection": json.dumps({"behavior": "void"}) if version.is_paused else None,
        "metadata": json.dumps({"account_id": version.account_id} if version.account_id else {}),
        "created": _seconds(version.started),
        "updated": _seconds(version.changed_at),
        "_is_deleted": version.is_deleted,
        "_extracted_at": version.known_at,
    }


def _write(raw: Path, table: str, rows: list[dict[str, object]]) -> None:
    vendor, name = table.split("/")
    (contract,) = (t for t in read_contract(ROOT, raw, [vendor], "the test") if t.name == name)
    columns = {
        column: pa.array([row.get(column) for row in rows], TYPES[kind])
        for column, kind in contract.columns
        if column != "landed"
    }
    file = raw / table / "landed=2026-02-27" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), file)


def write_raw(raw: Path, versions: Iterable[Version], on_file: Iterable[str]) -> None:
    """Write subscriptions, plans and CRM accounts; accounts that are not named are not on file."""
    _write(raw, "stripe/subscriptions", [_stripe_row(version) for version in versions])
    at = datetime(2024, 1, 1)
    plans = [
        {"id": plan, "name": name, "created_at": at, "updated_at": at, "_extracted_at": at}
        for plan, name in PLAN_NAMES.items()
    ]
    _write(raw, "product/plans", plans)
    accounts = [
        {"Id": name, "Industry": f"industry {hash_of(name) % 5}", "CreatedDate": at,
         "SystemModstamp": at, "_extracted_at": at, "IsDeleted": False}
        for name in sorted(on_file)
    ]  # fmt: skip
    _write(raw, "salesforce/account", accounts)


def hash_of(name: str) -> int:
    """A number from a name, the same in every process."""
    return sum(map(ord, name))


@dataclass(frozen=True)
class Built:
    """A warehouse with the revenue models, and their compiled SQL by name."""

    file: Path
    target: Path

    def sql(self, model: str) -> str:
        """Compiled SQL of a model."""
        (found,) = self.target.glob(f"compiled/plumbline/models/**/{model}.sql")
        return found.read_text()


def build(folder: Path) -> Built:
    """Build the revenue models on `folder`/raw.

    Raises
    ------
    AssertionError
        Where a model or one of its tests fails, with dbt's output.
    """
    variables = {
        "as_of_date": AS_OF.isoformat(),
        "vendors": ["stripe", "salesforce", "product"],
        "churn_gap_days": GAP_DAYS,
        "past_due_grace_days": GRACE_DAYS,
    }
    built = Built(folder / "plumbline.duckdb", folder / "target")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMBLINE_", "DBT_"))}
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build"]
    command += ["--select", *(f"+{model}" for model in (*MODELS[15:], *ALSO_BUILT))]
    command += ["--exclude", "resource_type:unit_test", "--indirect-selection", "buildable"]
    command += ["--vars", json.dumps(variables), "--target-path", str(built.target)]
    command += ["--log-path", str(folder / "logs"), "--no-use-colors", "--quiet"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**kept, "PLUMBLINE_RAW": str(folder / "raw"), "PLUMBLINE_BUILD": str(built.file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return built


def rebuild(connection: duckdb.DuckDBPyConnection, built: Built, model: str, sql: str) -> None:
    """Replace a model's SQL and build again what comes after it, in the attached warehouse."""
    for name in MODELS[MODELS.index(model) :]:
        text = sql if name == model else built.sql(name)
        (schema,) = connection.execute(
            "select schema_name from duckdb_tables() where table_name = ?", [name]
        ).fetchone()
        connection.execute(f"create or replace table plumbline.{schema}.{name} as ({text}\n)")


def found(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Account]:
    """What the tables say, in the form of the reference; money in cents, whole by cast."""
    accounts: dict[str, Account] = defaultdict(Account)

    def rows(query: str) -> list[tuple]:
        cents = re.sub(r"\b(\w+_usd)\b", r"cast(\1 * 100 as bigint)", query)
        return connection.execute(cents).fetchall()

    for name, month, mrr, seats in rows(
        "select account_id, month_start_date, mrr_usd, seat_count"
        " from revenue.fct_account_mrr_monthly order by all"
    ):
        accounts[name].mrr[month], accounts[name].seats[month] = mrr, seats
    for name, month, *movement in rows(
        "select account_id, month_start_date, movement, mrr_before_usd, mrr_after_usd,"
        " is_late_renewal from revenue.fct_mrr_movements"
    ):
        accounts[name].movements[month] = tuple(movement)
    for name, day, back, lost in rows(
        "select account_id, churn_date, returned_date, lost_mrr_usd from core.fct_account_churns"
    ):
        accounts[name].churns[day] = (back, lost)
    for grain in ("monthly", "quarterly", "yearly"):
        for name, start, *amounts in rows(
            "select account_id, period_start_date, start_mrr_usd, end_mrr_usd, retained_mrr_usd,"
            f" churned_account_count from revenue.fct_account_retention_{grain}"
        ):
            accounts[name].retention[grain, start] = tuple(amounts)
    for name, month, *cut in rows(
        "select account_id, month_start_date, plan, segment, signup_cohort"
        " from core.dim_account_months where account_id <> 'unassigned'"
        " and signup_cohort <> 'unassigned'"
    ):
        accounts[name].cuts[month] = tuple(cut)
    return accounts
