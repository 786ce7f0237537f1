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
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import ROOT
from revenue_histories import (
    AS_OF,
    NAMED_PRICES,
    Billing,
    Customer,
    Discount,
    Item,
    Price,
    Schedule,
    Version,
)
from revenue_reference import ADD_ONS, GAP_DAYS, GRACE_DAYS, PLAN_NAMES, SEAT_PLANS, Account

from plumbline.store.raw import read_contract

# In the order in which they are built.
MODELS = (
    "int_scheduled_items__told",
    "int_subscription_items__listed",
    "int_price_tiers__summed",
    "int_subscription_items__priced",
    "int_subscription_versions__overlapped",
    "int_subscription_versions__told",
    "int_subscription_versions__judged",
    "int_subscription_discounts__dated",
    "int_subscription_versions__cut",
    "int_subscription_items__discounted",
    "int_subscription_versions__priced",
    "int_subscription_versions__served",
    "int_subscription_versions__valid_ranged",
    "int_subscription_versions__known_ranged",
    "int_account_mrr__held",
    "int_subscriptions__valid_ranged",
    "int_periods__completed",
    "int_account_starts__dated",
    "int_account_attributes__ranged",
    "int_account_paid_spells__merged",
    "int_account_churns__dated",
    "int_subscription_months__stated",
    "int_account_mrr_months__summed",
    "int_account_unpaid_months__merged",
    "int_account_retention_periods__compared",
    "dim_account_months",
    "fct_account_churns",
    "fct_account_mrr_monthly",
    "fct_mrr_movements",
    "fct_account_retention",
)
LAST_MODELS = MODELS[MODELS.index("dim_account_months") :]
ALSO_BUILT = (
    "fct_renewals",
    "int_billing_reads__counted",
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


# A column that nobody can read, as it lands.
UNREADABLE = {"items": '[{"id": ', "start_date": 17672256000, "ended_at": 17672256000}


def _seconds(moment: datetime | None, form: str = "plain") -> int | None:
    if moment is None:
        return None
    return int((moment - EPOCH).total_seconds()) * (1000 if form == "milliseconds" else 1)


def _number(text: str | None) -> int | float | None:
    return None if text is None or "." in text else int(text)


def _price(price: Price, currency: str) -> dict[str, object]:
    """A price as the vendor has it; parts of a minor unit stand in the decimal fields alone."""
    tiers = [
        {
            "up_to": t.up_to,
            "unit_amount": _number(t.unit),
            "unit_amount_decimal": t.unit,
            "flat_amount": _number(t.flat),
            "flat_amount_decimal": t.flat,
        }
        for t in price.tiers
    ]
    package = price.divide_by and {"divide_by": price.divide_by, "round": price.rounding}
    usage = "metered" if price.is_metered else "licensed"
    return {
        "id": price.price_id,
        "product": price.plan_id,
        "currency": price.currency or currency,
        "unit_amount": _number(price.amount),
        "unit_amount_decimal": price.amount,
        "tiers_mode": price.tiers_mode,
        "tiers": tiers or None,
        "transform_quantity": package,
        "recurring": {
            "interval": price.interval,
            "interval_count": price.count,
            "usage_type": usage,
        },
    }


def _item(item: Item, version: Version | None, currency: str) -> dict[str, object]:
    found: dict[str, object] = {"id": item.item_id}
    if item.quantity is not None:
        found["quantity"] = item.quantity
    price = _price(item.price, currency)
    if item.form == "name":
        found["price"] = item.price.price_id
    elif item.form == "plan":
        old = price | price["recurring"]
        old["amount"], old["amount_decimal"] = old["unit_amount"], old["unit_amount_decimal"]
        old["transform_usage"] = old["transform_quantity"]
        new = ("unit_amount", "unit_amount_decimal", "transform_quantity", "recurring")
        found["plan"] = {name: old[name] for name in old if name not in new}
    else:
        found["price"] = price
    own = [_discount(d) for d in version.discounts if d.item_id == item.item_id] if version else []
    return found | ({"discounts": own} if own else {})


def _discount(discount: Discount) -> dict[str, object]:
    """A discount; in half of them the coupon stands in its source."""
    coupon = {
        "percent_off": discount.percent and float(discount.percent),
        "amount_off": discount.amount,
        "currency": discount.amount and discount.currency,
        "duration": discount.duration,
        "duration_in_months": discount.months,
        "applies_to": {"products": list(discount.plans)} if discount.plans else None,
    }
    times = {"start": _seconds(discount.started), "end": _seconds(discount.ended)}
    is_sourced = hash_of(discount.discount_id) % 2
    held = {"source": {"type": "coupon", "coupon": coupon}} if is_sourced else {"coupon": coupon}
    return {"id": discount.discount_id, **times, **held}


def _listed(objects: list[dict[str, object]], form: str) -> str:
    return json.dumps({"object": "list", "data": objects} if form == "object" else objects)


def _stripe_row(version: Version) -> dict[str, object]:
    """A version as the billing vendor exports it."""
    form = version.form
    whole = [_discount(d) for d in version.discounts if not d.item_id]
    one = whole[0] if len(whole) == 1 else None
    behavior = {"behavior": "void", "resumes_at": _seconds(version.resumes)}
    missing = {"end_behavior": {"missing_payment_method": "cancel"}}
    empty = "" if form == "object" else None
    row = {
        "id": version.subscription_id,
        "customer": version.customer_id,
        "status": version.status,
        "currency": version.currency,
        "items": _listed([_item(i, version, version.currency) for i in version.items], form),
        # older versions of the API name one, newer ones list them, with the id alone or in full
        "discount": json.dumps(one) if one and form == "plain" else empty,
        "discounts": json.dumps([one["id"]] if one and form == "plain" else whole),
        "livemode": version.is_live if form == "object" or not version.is_live else None,
        "trial_settings": json.dumps(missing) if version.ends_trial_unpaid else empty,
        "cancel_at": _seconds(version.cancel_at, form),
        "cancel_at_period_end": version.cancels_at_term,
        "start_date": _seconds(version.started, form),
        "trial_start": _seconds(version.trial_started, form),
        "trial_end": _seconds(version.trial_ended, form),
        "current_period_start": _seconds(version.term_started, form),
        "current_period_end": _seconds(version.term_ended, form),
        "ended_at": _seconds(version.ended, form),
        "cancellation_details": json.dumps({"reason": version.reason}) if version.reason else empty,
        "pause_collection": json.dumps(behavior) if version.is_paused else empty,
        "metadata": json.dumps({"account_id": version.account_id} if version.account_id else {}),
        "created": _seconds(version.started),
        "updated": _seconds(version.changed_at, form),
        "_is_deleted": version.is_deleted,
        "_extracted_at": version.known_at,
    }
    if version.unreadable:
        row[version.unreadable] = UNREADABLE[version.unreadable]
    return row


def _customer_row(customer: Customer) -> dict[str, object]:
    discount = customer.discount and json.dumps(_discount(customer.discount))
    return {
        "id": customer.customer_id,
        "metadata": "{}",
        "discount": discount,
        "updated": _seconds(customer.changed_at),
        "_is_deleted": False,
        "_extracted_at": customer.known_at,
    }


def _schedule_row(schedule: Schedule, currency: str) -> dict[str, object]:
    phases = [
        {
            "start_date": _seconds(phase.started),
            "end_date": _seconds(phase.ended),
            "items": [_item(item, None, currency) for item in phase.items],
        }
        for phase in schedule.phases
    ]
    return {
        "id": schedule.schedule_id,
        "subscription": schedule.subscription_id,
        "status": schedule.status,
        "phases": json.dumps(phases),
        "end_behavior": "cancel" if schedule.cancels else "release",
        "updated": _seconds(schedule.changed_at),
        "_extracted_at": schedule.known_at,
    }


def _write(raw: Path, table: str, rows: list[dict[str, object]]) -> None:
    vendor, name = table.split("/")
    tables = read_contract(ROOT, raw, [vendor], "the test", {})
    (contract,) = (table for table in tables if table.name == name)
    columns = {
        column: pa.array(
            [{k.lower(): v for k, v in row.items()}.get(column) for row in rows], TYPES[kind]
        )
        for column, kind in contract.columns
        if column != "landed"
    }
    file = raw / table / "landed=2026-02-27" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), file)


def write_raw(raw: Path, billing: Billing, on_file: Iterable[str]) -> None:
    """Write billing, plans and CRM accounts; accounts that are not named are not on file."""
    _write(raw, "stripe/subscriptions", [_stripe_row(version) for version in billing.versions])
    _write(raw, "stripe/customers", [_customer_row(customer) for customer in billing.customers])
    currencies = {v.subscription_id: v.currency for v in billing.versions if v.currency != "xxx"}
    _write(
        raw,
        "stripe/subscription_schedules",
        [
            _schedule_row(schedule, currencies[schedule.subscription_id])
            for schedule in billing.schedules
        ],
    )
    at = datetime(2024, 1, 1)
    prices = []
    for price in NAMED_PRICES:
        row = _price(price, "") | {"created": _seconds(at), "updated": _seconds(at)}
        for column in ("tiers", "transform_quantity", "recurring"):
            row[column] = row[column] and json.dumps(row[column])
        prices.append(row | {"_extracted_at": at})
    _write(raw, "stripe/prices", prices)
    plans = [
        {
            "id": plan,
            "name": name,
            "is_add_on": plan in ADD_ONS,
            "quantity_unit": "seats" if plan in SEAT_PLANS else None,
            "created_at": at,
            "updated_at": at,
            "_extracted_at": at,
        }
        for plan, name in PLAN_NAMES.items()
    ]
    # nothing is billed: what is in doubt is told by what it counts with
    _write(raw, "stripe/invoices", [])
    _write(raw, "product/plans", plans)
    accounts = [
        {
            "id": name,
            "industry": f"industry {hash_of(name) % 5}",
            "createddate": at,
            "systemmodstamp": at,
            "_extracted_at": at,
            "isdeleted": False,
        }
        for name in sorted(on_file)
    ]
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
    command += ["--select", *(f"+{model}" for model in (*LAST_MODELS, *ALSO_BUILT))]
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

    for name, month, mrr, held, seats in rows(
        "select account_id, month_start_date, mrr_usd, held_mrr_usd, seat_count"
        " from revenue.fct_account_mrr_monthly order by all"
    ):
        accounts[name].mrr[month], accounts[name].held[month] = mrr, held
        accounts[name].seats[month] = seats
    for name, month, *movement in rows(
        "select account_id, month_start_date, movement, mrr_before_usd, mrr_after_usd,"
        " is_late_renewal from revenue.fct_mrr_movements"
    ):
        accounts[name].movements[month] = tuple(movement)
    for name, day, back, lost in rows(
        "select account_id, churn_date, returned_date, lost_mrr_usd from core.fct_account_churns"
    ):
        accounts[name].churns[day] = (back, lost)
    for name, grain, start, *amounts in rows(
        "select account_id, grain, period_start_date, start_mrr_usd, end_mrr_usd,"
        " retained_mrr_usd, churned_account_count from revenue.fct_account_retention"
    ):
        accounts[name].retention[grain, start] = tuple(amounts)
    for name, month, *cut in rows(
        "select account_id, month_start_date, plan, segment, signup_cohort"
        " from core.dim_account_months where account_id <> 'unassigned'"
        " and signup_cohort <> 'unassigned'"
    ):
        accounts[name].cuts[month] = tuple(cut)
    return accounts
