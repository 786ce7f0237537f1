"""The objects of Stripe's public API description through base and staging: nobody here wrote them.

They are all of test mode, so as they lie nothing arrives; in live mode each does, with its key.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from test_sync_tools import SEEDS, rows
from test_sync_tools_billing import (
    CUSTOMERS,
    DISCOUNTS,
    FAILURES,
    INVOICES,
    ITEMS,
    LINES,
    PRICES,
    SCHEDULED,
    SUBSCRIPTIONS,
    moment,
)
from tool_layouts import at, write_raw

from plumbline.store.raw import read_contract

FILE = SEEDS / "stripe_api" / "fixtures.json"
TABLES = {
    "customers": "customer",
    "prices": "price",
    "subscriptions": "subscription",
    "subscription_schedules": "subscription_schedule",
    "invoices": "invoice",
    "payment_failures": "charge",
}
ALL = (CUSTOMERS, PRICES, SUBSCRIPTIONS, ITEMS, DISCOUNTS, SCHEDULED, INVOICES, LINES, FAILURES)
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason=f"no {FILE}; set PLUMBLINE_VENDORS to the folder of vendors' rows"
)


def objects() -> dict[str, Any]:
    """The objects by kind."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def land(raw: Path, **changed: Any) -> Path:
    """Land one object of each kind as a loader of the API does: objects and lists as JSON text."""
    found = objects()
    tables = {}
    for table in read_contract(ROOT, raw, ["stripe"], "the test"):
        told = {**found[TABLES[table.name]], **changed}
        row = {
            name: json.dumps(told[name]) if isinstance(told[name], (dict, list)) else told[name]
            for name, _ in table.columns
            if name in told
        }
        tables[table.name] = [
            {**row, "_extracted_at": at(31), "_is_deleted": False}
            if any(n == "_is_deleted" for n, _ in table.columns)
            else {**row, "_extracted_at": at(31)}
        ]
    write_raw(raw, "stripe", "native", tables)
    return raw


def test_objects_of_test_mode_arrive_nowhere(tmp_path: Path) -> None:
    land(tmp_path)
    assert [rows(tmp_path, "native", models) for models in ALL] == [[] for _ in ALL]


def test_every_object_arrives_with_its_key(tmp_path: Path) -> None:
    """Each value is the object's own, worked out from the text of the file."""
    told = objects()
    land(tmp_path, livemode=True, subscription=told["subscription"]["id"])
    [customer] = rows(tmp_path, "native", CUSTOMERS)
    assert customer["customer_id"] == told["customer"]["id"]
    [price] = rows(tmp_path, "native", PRICES)
    assert (price["price_id"], int(price["unit_amount_minor"]), price["billing_interval"]) == (
        told["price"]["id"],
        2000,
        "month",
    )
    [subscription] = rows(tmp_path, "native", SUBSCRIPTIONS)
    assert subscription["subscription_id"] == told["subscription"]["id"]
    assert subscription["customer_id"] == told["subscription"]["customer"]
    assert subscription["ended_at"] == moment(told["subscription"]["ended_at"])
    [item] = rows(tmp_path, "native", ITEMS)
    own = told["subscription"]["items"]["data"][0]
    # both `price` and the older `plan` stand in it: the price counts
    assert (
        item["item_id"],
        item["price_id"],
        int(item["unit_amount_minor"]),
        item["currency"],
    ) == (own["id"], own["price"]["id"], 2000, "usd")
    assert rows(tmp_path, "native", DISCOUNTS) == []
    [phase] = rows(tmp_path, "native", SCHEDULED)
    first = told["subscription_schedule"]["phases"][0]
    assert (phase["price_id"], phase["quantity"], phase["phase_started_at"]) == (
        first["items"][0]["price"],
        1,
        moment(first["start_date"]),
    )
    [invoice] = rows(tmp_path, "native", INVOICES)
    assert (invoice["invoice_id"], invoice["status"]) == (
        told["invoice"]["id"],
        told["invoice"]["status"],
    )
    [line] = rows(tmp_path, "native", LINES)
    bill = told["invoice"]["lines"]["data"][0]
    assert (line["line_id"], line["invoice_id"], line["amount_minor"], line["is_proration"]) == (
        bill["id"],
        told["invoice"]["id"],
        1000,
        True,
    )
    [failure] = rows(tmp_path, "native", FAILURES)
    assert failure["payment_failure_id"] == told["charge"]["id"]
