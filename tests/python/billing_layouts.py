"""One small company's billing, as each tool lands it: the same facts, other tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tool_layouts import Row, at, load

Rows = list[dict[str, Any]]
OPEN = datetime(9999, 12, 31)


def epoch(moment: datetime) -> int:
    """Seconds since 1970 of a moment in UTC."""
    return int(moment.replace(tzinfo=UTC).timestamp())


def moment(seconds: int | None) -> datetime | None:
    """The moment of such seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


FIRST, SECOND, THIRD, LAST = (epoch(at(day, 10)) for day in (1, 2, 3, 5))
YEAR_END = epoch(datetime(2026, 12, 31))
NAMED = {"account_id": 'A "one"'}
COUPONS: dict[str, dict[str, Any]] = {
    "fifth": {"id": "fifth", "percent_off": 20.0, "duration": "forever"},
    "five": {
        "id": "five",
        "amount_off": 500,
        "currency": "usd",
        "duration": "repeating",
        "duration_in_months": 3,
    },
    "tenth": {"id": "tenth", "percent_off": 10.0, "duration": "once"},
}
DISCOUNTS: dict[str, dict[str, Any]] = {
    "di_1": {"id": "di_1", "coupon": COUPONS["fifth"], "start": FIRST, "end": None},
    "di_2": {"id": "di_2", "coupon": COUPONS["five"], "start": FIRST, "end": YEAR_END},
    "di_3": {"id": "di_3", "coupon": COUPONS["tenth"], "start": SECOND, "end": None},
}
MONTHLY = {"interval": "month", "interval_count": 1, "usage_type": "licensed"}
_PRICE = {"currency": "usd", "livemode": True, "active": True, "created": FIRST, "updated": FIRST}
_TIER = dict.fromkeys(
    ("up_to", "unit_amount", "unit_amount_decimal", "flat_amount", "flat_amount_decimal")
)
PRICES: Rows = [
    {"id": "price_1", "product": "plan_1", "unit_amount": 10000, "recurring": MONTHLY, **_PRICE},
    {
        "id": "price_2",
        "product": "plan_2",
        "unit_amount_decimal": "0.5",
        **_PRICE,
        "recurring": {**MONTHLY, "interval": "year"},
        "transform_quantity": {"divide_by": 10, "round": "up"},
    },
    {
        "id": "price_3",
        "product": "plan_3",
        "tiers_mode": "volume",
        "recurring": MONTHLY,
        **_PRICE,
        "tiers": [{**_TIER, "up_to": 5, "unit_amount": 900}, {**_TIER, "unit_amount": 700}],
    },
]
_IN_ITEM = (
    "id",
    "product",
    "currency",
    "unit_amount",
    "unit_amount_decimal",
    "recurring",
    "transform_quantity",
    "tiers_mode",
)


def in_item(price: str) -> dict[str, Any]:
    """A price as an item or a line holds it."""
    [found] = [row for row in PRICES if row["id"] == price]
    return {name: found[name] for name in _IN_ITEM if name in found}


def item(key: str, price: str, quantity: int, *discounts: str) -> dict[str, Any]:
    """An item of a subscription."""
    return {
        "id": key,
        "quantity": quantity,
        "price": in_item(price),
        "discounts": [DISCOUNTS[name] for name in discounts],
        "current_period_start": FIRST,
        "current_period_end": YEAR_END,
    }


_SUBSCRIPTION = {
    "id": "sub_1",
    "customer": "cus_1",
    "status": "active",
    "currency": "usd",
    "livemode": True,
    "start_date": FIRST,
    "cancel_at_period_end": False,
    "metadata": NAMED,
    "created": FIRST,
}
SUBSCRIPTIONS: Rows = [
    {
        **_SUBSCRIPTION,
        "updated": FIRST,
        "discounts": [DISCOUNTS["di_1"]],
        "items": [item("si_1", "price_1", 2, "di_2")],
    },
    # seats, an add-on and a pause
    {
        **_SUBSCRIPTION,
        "updated": THIRD,
        "discounts": [DISCOUNTS["di_1"]],
        "items": [item("si_1", "price_1", 3, "di_2"), item("si_2", "price_2", 40)],
        "pause_collection": {"behavior": "void", "resumes_at": YEAR_END},
    },
    {
        **_SUBSCRIPTION,
        "id": "sub_2",
        "updated": SECOND,
        "trial_start": FIRST,
        "trial_end": SECOND,
        "items": [item("si_3", "price_1", 1)],
    },
    {
        **_SUBSCRIPTION,
        "id": "sub_2",
        "updated": LAST,
        "trial_start": FIRST,
        "trial_end": SECOND,
        "items": [item("si_3", "price_1", 1)],
        "status": "canceled",
        "canceled_at": LAST,
        "ended_at": LAST,
        "cancellation_details": {"reason": "cancellation_requested"},
    },
]
_CUSTOMER = {"livemode": True, "created": FIRST, "updated": FIRST, "_is_deleted": False}
CUSTOMERS: Rows = [
    {"id": "cus_1", "metadata": NAMED, "discount": DISCOUNTS["di_3"], **_CUSTOMER},
    {"id": "cus_2", "metadata": {"account_id": "B"}, **_CUSTOMER},
    {
        "id": "cus_2",
        "metadata": {"account_id": "B"},
        **_CUSTOMER,
        "updated": LAST,
        "_is_deleted": True,
    },
]
LINE = {
    "id": "il_1",
    "amount": 20000,
    "currency": "usd",
    "proration": False,
    "type": "subscription",
    "subscription": "sub_1",
    "subscription_item": "si_1",
    "metadata": NAMED,
    "period": {"start": FIRST, "end": YEAR_END},
    "price": in_item("price_1"),
    "discount_amounts": [{"amount": 400}, {"amount": 50}],
}
INVOICES: Rows = [
    {
        "id": "in_1",
        "subscription": "sub_1",
        "status": "paid",
        "currency": "usd",
        "amount_due": 19550,
        "amount_paid": 19550,
        "period_start": FIRST,
        "period_end": YEAR_END,
        "attempt_count": 1,
        "lines": [LINE, {**LINE, "id": "il_2", "proration": True}],
        "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 30,
        "metadata": NAMED,
        "created": FIRST,
        "updated": SECOND,
    },
]
SCHEDULES: Rows = [
    {
        "id": "sched_1",
        "subscription": "sub_1",
        "status": "active",
        "end_behavior": "release",
        "livemode": True,
        "created": FIRST,
        "updated": SECOND,
        "phases": [
            {"start_date": FIRST, "end_date": LAST, "items": [{"price": "price_1", "quantity": 2}]},
            {
                "start_date": LAST,
                "end_date": YEAR_END,
                "items": [
                    {"price": "price_1", "quantity": 4},
                    {"price": "price_2", "quantity": 10},
                ],
            },
        ],
    },
]
FAILURES: Rows = [
    {
        "id": "ch_1",
        "invoice": "in_1",
        "amount": 19550,
        "currency": "usd",
        "metadata": NAMED,
        "failure_code": "card_declined",
        "created": FIRST,
        "updated": SECOND,
    },
]
NATIVE: dict[str, Rows] = {
    "customers": CUSTOMERS,
    "prices": PRICES,
    "subscriptions": SUBSCRIPTIONS,
    "invoices": INVOICES,
    "subscription_schedules": SCHEDULES,
    "payment_failures": FAILURES,
}


def _as_text(row: Row) -> dict[str, Any]:
    return {n: json.dumps(v) if isinstance(v, (dict, list)) else v for n, v in row.items()}


def _known(row: Row, name: str) -> dict[str, Any]:
    told = _as_text(row)
    told[name] = moment(told["updated"])
    if "failure_code" in told:
        del told["updated"]
    return told


def _without(rows: Iterable[Row], *names: str) -> Rows:
    return [{n: v for n, v in row.items() if n not in names} for row in rows]


def native(tool: str) -> dict[str, Rows]:
    """The native layout, without what the tool does not deliver."""
    tables = dict(NATIVE)
    if tool == "dlt":
        tables["customers"] = [row for row in CUSTOMERS if not row["_is_deleted"]]
    if tool == "fivetran":
        tables["prices"] = _without(PRICES, "tiers")
        tables["subscription_schedules"] = []
        tables["subscriptions"] = [
            {**row, "items": [{**i, "price": i["price"]["id"]} for i in row["items"]]}
            for row in _without(SUBSCRIPTIONS, "cancellation_details")
        ]
        lines = [_without(row["lines"], "discount_amounts") for row in INVOICES]
        short = {"id": "price_1", "recurring": MONTHLY}
        tables["invoices"] = [
            {**row, "lines": [{**line, "price": short} for line in own]}
            for row, own in zip(INVOICES, lines, strict=True)
        ]
    shaped = {n: [_known(row, "_extracted_at") for row in rows] for n, rows in tables.items()}
    for row in shaped["subscriptions"]:
        row["_is_deleted"] = False
    return shaped


def airbyte() -> dict[str, Rows]:
    """The columns of the API; an end comes by the event of a deletion."""
    names = {"subscription_schedules": "subscription_schedule", "payment_failures": "charges"}
    tables = {
        names.get(name, name): [_known(row, "_airbyte_extracted_at") for row in rows]
        for name, rows in NATIVE.items()
    }
    for row in tables["customers"]:
        row["is_deleted"] = row.pop("_is_deleted") or None
    for row in tables["subscriptions"]:
        row["is_deleted"] = True if row["status"] == "canceled" else None
        row["_airbyte_meta"] = '{"changes": [], "sync_id": 1}'
    [failed] = tables["charges"]
    failed["status"] = "failed"
    tables["charges"].append({**failed, "id": "ch_2", "status": "succeeded"})
    return tables


def flattened(row: Row, prefix: str = "") -> dict[str, Any]:
    """Nested objects as columns, as dlt names them; lists are left out."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= flattened(value, f"{prefix}{name}__")
        elif not isinstance(value, list):
            flat[prefix + name] = value
    return flat


def _unnested(tables: dict[str, Rows], table: str, row: Row, key: str) -> None:
    """Put the lists of a row into child tables, whose rows have the row's `_dlt_id`."""
    for name, value in row.items():
        if not isinstance(value, list):
            continue
        for place, element in enumerate(value):
            child, own = f"{table}__{name}", f"{key}.{name}.{place}"
            told = flattened(element)
            told.pop("coupon__id", None)
            told |= {"_dlt_parent_id": key, "_dlt_list_idx": place}
            if any(isinstance(part, list) for part in element.values()) or name in (
                "items__data",
                "lines__data",
                "phases",
            ):
                told["_dlt_id"] = own
            tables.setdefault(child, []).append(told)
            _unnested(tables, child, element, own)


def dlt() -> dict[str, Rows]:
    """Child tables for lists, columns for objects; each version is a load."""
    names = {
        "customers": "customer",
        "prices": "price",
        "subscriptions": "subscription",
        "invoices": "invoice",
        "subscription_schedules": "subscription_schedule",
        "payment_failures": "charge",
    }
    listed = {"items": "items__data", "lines": "lines__data"}
    tables: dict[str, Rows] = {}
    for name, rows in native_rows("dlt").items():
        for number, row in enumerate(rows):
            nested = {listed.get(n, n): v for n, v in row.items()}
            flat = flattened(nested)
            for unknown in ("discount__coupon__id", "_is_deleted"):
                flat.pop(unknown, None)
            flat["_dlt_load_id"] = load(moment(flat.pop("updated")) or OPEN)
            if name not in ("customers", "payment_failures"):
                flat["_dlt_id"] = f"{name}.{number}"
            tables.setdefault(names[name], []).append(flat)
            _unnested(tables, names[name], nested, f"{name}.{number}")
    [failed] = tables["charge"]
    failed["status"] = "failed"
    tables["charge"].append({**failed, "id": "ch_2", "status": "succeeded"})
    return tables


def native_rows(tool: str) -> dict[str, Rows]:
    """The native rows before they are text."""
    rows = {name: [dict(row) for row in rows] for name, rows in NATIVE.items()}
    if tool == "dlt":
        rows["customers"] = [row for row in rows["customers"] if not row["_is_deleted"]]
    return rows


def _dated(row: Row, *names: str) -> dict[str, Any]:
    told = _as_text(row)
    told |= {name: moment(told[name]) for name in names if name in told}
    told["_fivetran_synced"] = moment(told.pop("updated"))
    return told


def fivetran() -> dict[str, Rows]:
    """Relational tables: history of the subscription alone, timestamps, one price a plan."""
    tables: dict[str, Rows] = {"subscription_item": [], "subscription_history": []}
    times = ("start_date", "trial_start", "trial_end", "canceled_at", "ended_at", "created")
    for row in SUBSCRIPTIONS:
        told = _dated(
            {
                n: v
                for n, v in row.items()
                if n
                not in (
                    "items",
                    "discounts",
                    "currency",
                    "pause_collection",
                    "customer",
                    "cancellation_details",
                )
            },
            *times,
        )
        pause = row.get("pause_collection", {})
        told |= {
            "customer_id": row["customer"],
            "pause_collection_behavior": pause.get("behavior"),
            "pause_collection_resumes_at": moment(pause.get("resumes_at")),
            "_fivetran_start": told["_fivetran_synced"],
        }
        later = [
            r["updated"]
            for r in SUBSCRIPTIONS
            if r["id"] == row["id"] and r["updated"] > row["updated"]
        ]
        told["_fivetran_end"] = moment(later[0]) if later else OPEN
        told["_fivetran_active"] = not later
        tables["subscription_history"].append(told)
        for part in row["items"]:
            tables["subscription_item"].append(
                {
                    "id": part["id"],
                    "subscription_id": row["id"],
                    "plan_id": part["price"]["id"],
                    "quantity": part["quantity"],
                    "current_period_start": moment(FIRST),
                    "current_period_end": moment(YEAR_END),
                    "_fivetran_synced": moment(row["updated"]),
                    "created": moment(THIRD if part["id"] == "si_2" else FIRST),
                }
            )
    synced = {"_fivetran_synced": moment(FIRST)}
    tables["coupon"] = [{**coupon, **synced} for coupon in COUPONS.values()]
    tables["subscription_discount"] = [_discount("di_1", subscription_id="sub_1")]
    tables["discount"] = [
        # the newer table repeats the older one, and says what each is of
        _discount("di_1", subscription_id="sub_1", type_id="sub_1"),
        _discount("di_2", subscription_id="sub_1", type_id="si_1"),
        _discount("di_3", type_id="cus_1"),
        _discount("di_4", subscription_id="sub_1", type_id="sub_1", invoice_id="in_1"),
    ]
    tables["customer_discount"] = [_discount("di_5", subscription_id="sub_9")]
    tables["price"], tables["plan"] = [], []
    for price in PRICES:
        told = _dated(_without([price], "recurring", "transform_quantity", "tiers")[0], "created")
        told["product_id"] = told.pop("product")
        units = price.get("transform_quantity", {})
        if price["id"] == "price_2":
            told["amount_decimal"] = float(told.pop("unit_amount_decimal"))
            told |= {
                "transform_usage_divide_by": units["divide_by"],
                "transform_usage_round": units["round"],
                **price["recurring"],
            }
            tables["plan"].append(told)
        else:
            told |= {f"recurring_{name}": value for name, value in price["recurring"].items()}
            tables["price"].append(told)
    tables["customer"] = [
        {
            **{
                n: v
                for n, v in _dated(row, "created").items()
                if n not in ("discount", "_is_deleted")
            },
            "is_deleted": row["_is_deleted"],
        }
        for row in CUSTOMERS
    ]
    tables["invoice"], tables["invoice_line_item"] = [], []
    for invoice in INVOICES:
        told = _dated(_without([invoice], "lines")[0], "created", "period_start", "period_end")
        told["subscription_id"] = told.pop("subscription")
        tables["invoice"].append(told)
        for line in invoice["lines"]:
            tables["invoice_line_item"].append(
                {
                    **_without(
                        [_as_text(line)],
                        "subscription",
                        "subscription_item",
                        "price",
                        "period",
                        "discount_amounts",
                    )[0],
                    "subscription_id": "sub_1",
                    "subscription_item_id": "si_1",
                    "plan_id": "price_1",
                    "period_start": moment(FIRST),
                    "period_end": moment(YEAR_END),
                    "invoice_id": invoice["id"],
                    "_fivetran_synced": moment(SECOND),
                }
            )
    [failed] = [_dated(row, "created") for row in FAILURES]
    failed |= {"invoice_id": failed.pop("invoice"), "status": "failed"}
    tables["charge"] = [failed, {**failed, "id": "ch_2", "status": "succeeded"}]
    return tables


def _discount(key: str, **owners: str) -> dict[str, Any]:
    told = DISCOUNTS.get(key, DISCOUNTS["di_1"])
    return {
        "id": key,
        "customer_id": "cus_1",
        "coupon_id": told["coupon"]["id"],
        "start": moment(told["start"]),
        "end": moment(told["end"]),
        "_fivetran_synced": moment(FIRST),
        **owners,
    }


LAYOUTS: Mapping[str, Any] = {"airbyte": airbyte, "dlt": dlt, "fivetran": fivetran}
