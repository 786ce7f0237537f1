"""Billing landed by any tool is the same rows of the input contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from billing_layouts import FIRST, LAST, LAYOUTS, THIRD, airbyte, dlt, fivetran, moment, native
from test_sync_tools import SEEDS, TOOLS, land_seeds, rows, seed
from tool_layouts import write_raw

CUSTOMERS = ("base_stripe__customers", "stg_subscription__customer_versions")
PRICES = ("base_stripe__prices", "stg_subscription__price_versions")
SUBSCRIPTIONS = ("base_stripe__subscriptions", "stg_subscription__subscription_versions")
ITEMS = ("base_stripe__subscription_items", "stg_subscription__subscription_item_versions")
DISCOUNTS = ("base_stripe__subscription_discounts", "stg_subscription__discount_versions")
SCHEDULED = ("base_stripe__scheduled_items", "stg_subscription__scheduled_item_versions")
INVOICES = ("base_stripe__invoices", "stg_subscription__invoice_versions")
LINES = ("base_stripe__invoice_line_items", "stg_subscription__invoice_line_item_versions")
FAILURES = ("base_stripe__payment_failures", "stg_subscription__payment_failures")
# rows of the small company, by hand
COUNTS = {
    CUSTOMERS: 3,
    PRICES: 3,
    SUBSCRIPTIONS: 4,
    ITEMS: 5,
    DISCOUNTS: 4,
    SCHEDULED: 3,
    INVOICES: 1,
    LINES: 2,
    FAILURES: 1,
}
LACKING = {("dlt", CUSTOMERS): 2, ("fivetran", SCHEDULED): 0}


def landed(raw: Path, tool: str, tables: dict[str, Any], *days: str) -> Path:
    """Write tables as a tool lands them, whole on each day."""
    for day in days or ("landed=2026-01-31",):
        write_raw(raw / tool, "stripe", tool, tables, day)
    return raw / tool


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("models", COUNTS, ids=lambda models: models[0])
def test_a_tool_lands_what_the_biller_says(
    models: tuple[str, str], tool: str, tmp_path: Path
) -> None:
    """And a table that lands whole once more says nothing new."""
    tables = LAYOUTS[tool]()
    read = rows(
        landed(tmp_path, tool, tables, "landed=2026-01-30", "landed=2026-01-31"), tool, models
    )
    told = rows(landed(tmp_path, "native", native(tool)), "native", models)
    assert len(told) == LACKING.get((tool, models), COUNTS[models])
    assert read == told


def test_what_airbyte_could_not_deliver_is_no_gap_in_silence(tmp_path: Path) -> None:
    """The version says that it cannot be read; a column that nobody reads may be lost."""
    tables = airbyte()
    first, second, *_ = tables["subscriptions"]
    first["_airbyte_meta"] = '{"errors": ["Problem with `billing_thresholds`."]}'
    second["items"] = None
    second["_airbyte_meta"] = '{"changes": [{"field": "items", "change": "NULLED"}]}'
    read = rows(landed(tmp_path, "airbyte", tables), "airbyte", SUBSCRIPTIONS)
    unreadable = {(r["subscription_id"], r["changed_at"]): r["unreadable"] for r in read}
    assert unreadable["sub_1", moment(FIRST)] is None
    assert unreadable["sub_1", moment(THIRD)] == "items"


def test_what_airbyte_reads_again_whole_holds_from_the_reading_on(tmp_path: Path) -> None:
    """A full read names the time of creation as that of the change, whatever changed since."""
    tables = airbyte()
    for row in tables["subscriptions"]:
        row["updated"] = row["created"]
    read = rows(landed(tmp_path, "airbyte", tables), "airbyte", SUBSCRIPTIONS)
    own = sorted((r["changed_at"], r["known_at"]) for r in read if r["subscription_id"] == "sub_1")
    assert own == [(moment(FIRST), moment(FIRST)), (moment(THIRD), moment(THIRD))]


def test_a_load_without_a_change_is_no_version(tmp_path: Path) -> None:
    """dlt replaces the whole table each time, and has no column of a change."""
    tables = dlt()
    last = tables["subscription"][1]
    again = {**last, "_dlt_load_id": f"{LAST}.5", "_dlt_id": "again"}
    tables["subscription"].append(again)
    for part in [
        p for p in tables["subscription__items__data"] if p["_dlt_parent_id"] == last["_dlt_id"]
    ]:
        key = f"again.{part['_dlt_id']}"
        tables["subscription__items__data"].append(
            {**part, "_dlt_parent_id": "again", "_dlt_id": key}
        )
    for part in list(tables["subscription__discounts"]):
        if part["_dlt_parent_id"] == last["_dlt_id"]:
            tables["subscription__discounts"].append({**part, "_dlt_parent_id": "again"})
    for part in list(tables["subscription__items__data__discounts"]):
        if part["_dlt_parent_id"].startswith(f"{last['_dlt_id']}."):
            tables["subscription__items__data__discounts"].append(
                {**part, "_dlt_parent_id": f"again.{part['_dlt_parent_id']}"}
            )
    read = rows(landed(tmp_path, "dlt", tables), "dlt", SUBSCRIPTIONS)
    assert len(read) == COUNTS[SUBSCRIPTIONS]


def quantities(raw: Path) -> dict[Any, dict[str, int]]:
    """Items and their quantities of the first subscription, by the time from which they hold."""
    found: dict[Any, dict[str, int]] = {}
    for row in rows(raw, "fivetran", ITEMS):
        if row["subscription_id"] == "sub_1":
            found.setdefault(row["changed_at"], {})[row["item_id"]] = row["quantity"]
    return found


def test_an_item_that_changed_alone_is_a_version(tmp_path: Path) -> None:
    """Fivetran writes no row of the subscription where only an item has changed, or is gone."""
    tables = fivetran()
    [one] = [r for r in tables["subscription_item"] if r["id"] == "si_1" and r["quantity"] == 3]
    [two] = [r for r in tables["subscription_item"] if r["id"] == "si_2"]
    tables["subscription_item"] += [
        {**one, "quantity": 7, "_fivetran_synced": moment(LAST)},
        {**two, "_fivetran_deleted": True, "_fivetran_synced": moment(LAST)},
    ]
    assert quantities(landed(tmp_path, "fivetran", tables)) == {
        moment(FIRST): {"si_1": 2},
        moment(THIRD): {"si_1": 3, "si_2": 40},
        moment(LAST): {"si_1": 7},
    }


def test_the_latest_state_of_items_serves_the_versions_before(tmp_path: Path) -> None:
    """Landed once, long after: an item was not there before it was created."""
    tables = fivetran()
    newest = [r for r in tables["subscription_item"] if r["quantity"] != 2]
    tables["subscription_item"] = [{**r, "_fivetran_synced": moment(LAST)} for r in newest]
    assert quantities(landed(tmp_path, "fivetran", tables)) == {
        moment(FIRST): {"si_1": 3},
        moment(THIRD): {"si_1": 3, "si_2": 40},
    }


needs_seeds = pytest.mark.skipif(
    not (SEEDS / "fivetran_stripe").is_dir(),
    reason=f"no vendors' rows in {SEEDS}; set PLUMBLINE_VENDORS to their folder",
)
FILES = {
    name: name
    for name in (
        "customer",
        "price",
        "plan",
        "subscription_history",
        "subscription_item",
        "coupon",
        "discount",
        "subscription_discount",
        "invoice",
        "invoice_line_item",
    )
}


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """The rows of the package, landed."""
    land_seeds(tmp_path, "stripe", "fivetran_stripe", FILES)
    return tmp_path


@needs_seeds
def test_every_customer_and_price_of_the_seeds_arrives(seeds: Path) -> None:
    """With its key and its amount; deleted ones marked, test mode left out."""
    customers = {r["customer_id"]: r["is_deleted"] for r in rows(seeds, "fivetran", CUSTOMERS)}
    told = seed("fivetran_stripe", "customer")
    assert customers == {r["id"]: r["is_deleted"] == "TRUE" for r in told}
    prices = {
        r["price_id"]: (
            int(r["unit_amount_minor"]),
            r["billing_interval"],
            r["billing_interval_count"],
            r["plan_id"],
        )
        for r in rows(seeds, "fivetran", PRICES)
    }
    assert prices == {
        r["id"]: (
            int(r["unit_amount"]),
            r["recurring_interval"] or None,
            int(r["recurring_interval_count"] or 1),
            r["product_id"],
        )
        for r in seed("fivetran_stripe", "price")
    } | {
        r["id"]: (int(r["amount"]), r["interval"], int(r["interval_count"]), r["product_id"])
        for r in seed("fivetran_stripe", "plan")
    }


@needs_seeds
def test_every_subscription_of_the_seeds_arrives(seeds: Path) -> None:
    """With its key, its times and its item; items of subscriptions that are not there are not."""
    told = seed("fivetran_stripe", "subscription_history")
    read = rows(seeds, "fivetran", SUBSCRIPTIONS)
    assert sorted(
        (
            r["subscription_id"],
            r["customer_id"],
            r["status"],
            str(r["started_at"]),
            str(r["ended_at"]),
            r["is_deleted"],
            r["unreadable"],
        )
        for r in read
    ) == sorted(
        (r["id"], r["customer_id"], r["status"], r["start_date"], r["ended_at"], False, None)
        for r in told
    )
    keys = {r["id"] for r in told}
    items = {
        (r["subscription_id"], r["item_id"], r["price_id"], r["quantity"])
        for r in rows(seeds, "fivetran", ITEMS)
    }
    assert items == {
        (r["subscription_id"], r["id"], r["plan_id"], int(r["quantity"]))
        for r in seed("fivetran_stripe", "subscription_item")
        if r["subscription_id"] in keys
    }
    assert rows(seeds, "fivetran", DISCOUNTS) == []


@needs_seeds
def test_every_invoice_of_the_seeds_arrives_or_is_counted(seeds: Path) -> None:
    """The package's invoices lack the time of creation, and say so; lines keep their amounts.

    One of the two is of test mode, and left out.
    """
    invoices = {r["invoice_id"]: r["unreadable"] for r in rows(seeds, "fivetran", INVOICES)}
    told = [row for row in seed("fivetran_stripe", "invoice") if row["livemode"] == "TRUE"]
    assert len(told) == 1
    assert invoices == {r["id"]: "created" for r in told}
    assert {
        (r["line_id"], r["invoice_id"], r["amount_minor"], r["price_id"], r["is_proration"])
        for r in rows(seeds, "fivetran", LINES)
    } == {
        (r["id"], r["invoice_id"], int(r["amount"]), r["plan_id"], r["proration"] == "TRUE")
        for r in seed("fivetran_stripe", "invoice_line_item")
        if r["invoice_id"] in {row["id"] for row in told}
    }
