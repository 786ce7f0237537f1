"""The subscriptions as the vendor truly delivers them: every documented shape of the same facts.

What a subscription is worth on a day does not change with its shape; a share of subscriptions,
chosen by their ids, comes in each.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa

from demo.schema import SCHEMAS

Row = dict[str, Any]
Shape = Callable[[Row], Row]
SCHEDULE_DAYS = 5
DAY_SECONDS = 86_400
TEST_MODE = 99


def _items(row: Row) -> list[dict[str, Any]]:
    return json.loads(row["items"])


def _with_items(row: Row, items: list[dict[str, Any]]) -> Row:
    return {**row, "items": json.dumps(items, separators=(",", ":"))}


def _priced(row: Row, change: Callable[[dict[str, Any], int], dict[str, Any]]) -> Row:
    """The row with the price of each item written otherwise."""
    items = [{**i, "price": change(i["price"], i["quantity"])} for i in _items(row)]
    return _with_items(row, items)


def as_list_object(row: Row) -> Row:
    """Items as the API's list object, periods on the items, discounts as a list: since 2025-03."""
    period = {name: row[name] for name in ("current_period_start", "current_period_end")}
    items = [{**item, **period} for item in _items(row)]
    listed = {"object": "list", "data": items, "has_more": False}
    discounts = None
    if row["discount"]:
        coupon = {**json.loads(row["discount"])["coupon"], "duration": "forever"}
        source = {"type": "coupon", "coupon": coupon}
        discounts = json.dumps([{"id": f"di_{row['id'][4:]}", "source": source}])
    return {
        **row, "items": json.dumps(listed, separators=(",", ":")), "discount": None,
        "discounts": discounts, **dict.fromkeys(period),
    }  # fmt: skip


def as_decimal_price(row: Row) -> Row:
    """The price as text with decimals, as of prices below a minor unit."""
    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        return {**price, "unit_amount": None, "unit_amount_decimal": f"{price['unit_amount']}.0"}

    return _priced(row, change)


def as_legacy_plan(row: Row) -> Row:
    """A plan in the place of the price, as before 2021."""
    items = []
    for item in _items(row):
        price = item.pop("price")
        every = price.pop("recurring")
        item["plan"] = {**price, "amount": price.pop("unit_amount"), **every}
        items.append(item)
    return _with_items(row, items)


def _tiered(price: dict[str, Any], mode: str, tiers: list[dict[str, Any]]) -> dict[str, Any]:
    return {**price, "unit_amount": None, "billing_scheme": "tiered", "tiers_mode": mode,
            "tiers": tiers}  # fmt: skip


def as_graduated(row: Row) -> Row:
    """The first unit as a flat fee, each further one at its own price."""
    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        unit = price["unit_amount"]
        first = {"up_to": 1, "flat_amount": unit, "unit_amount": 0}
        return _tiered(price, "graduated", [first, {"up_to": None, "unit_amount": unit}])

    return _priced(row, change)


def as_volume(row: Row) -> Row:
    """A higher price for fewer units than these."""
    def change(price: dict[str, Any], quantity: int) -> dict[str, Any]:
        unit = price["unit_amount"]
        fewer = [{"up_to": quantity - 1, "unit_amount": 2 * unit}] if quantity > 1 else []
        return _tiered(price, "volume", [*fewer, {"up_to": None, "unit_amount": unit}])

    return _priced(row, change)


def with_metered_item(row: Row) -> Row:
    """Usage billed afterwards beside the plan: no recurring revenue."""
    (first, *rest) = _items(row)
    every = {**first["price"]["recurring"], "usage_type": "metered"}
    price = {**first["price"], "id": "price_usage", "product": "plan_usage", "recurring": every}
    return _with_items(row, [first, *rest, {"id": f"{first['id']}u", "price": price}])


def as_amount_off(row: Row) -> Row:
    """The discount as an amount of each invoice, where it is a whole one."""
    if not row["discount"]:
        return row
    percent = json.loads(row["discount"])["coupon"]["percent_off"]
    full = sum(i["quantity"] * i["price"]["unit_amount"] for i in _items(row))
    if full * percent % 100:
        return row
    coupon = {"amount_off": full * percent // 100, "currency": row["currency"],
              "percent_off": None, "duration": "forever"}  # fmt: skip
    return {**row, "discount": json.dumps({"coupon": coupon})}


def ends_a_second_early(row: Row) -> Row:
    """An end at midnight, written as the last second of the day before."""
    ended = row["ended_at"]
    return {**row, "ended_at": ended - 1} if ended and ended % DAY_SECONDS == 0 else row


def tells_its_end(row: Row) -> Row:
    """A cancellation at the period's end with the time of the end."""
    is_told = row["cancel_at_period_end"] and row["status"] != "canceled"
    return {**row, "cancel_at": row["current_period_end"] if is_told else None}


def as_unpaid(row: Row) -> Row:
    """Past due, once the retries are over and the vendor leaves the invoice open."""
    return {**row, "status": "unpaid"} if row["status"] == "past_due" else row


def with_decimal_quantity(row: Row) -> Row:
    """Whole numbers that some tool has made decimal ones of."""
    return _with_items(row, [{**i, "quantity": float(i["quantity"])} for i in _items(row)])


def with_empty_texts(row: Row) -> Row:
    """Empty text where nothing is meant."""
    empty = {name: row[name] or "" for name in ("discount", "pause_collection")}
    return {**row, **empty}


def as_packages(row: Row) -> Row:
    """Units sold by the package, where they fill whole ones."""
    def change(price: dict[str, Any], quantity: int) -> dict[str, Any]:
        size = next((n for n in (2, 3, 5, 7) if quantity % n == 0), 1)
        package = {"divide_by": size, "round": "up"} if size > 1 else None
        return {**price, "unit_amount": price["unit_amount"] * size, "transform_quantity": package}

    return _priced(row, change)


def without_interval_count(row: Row) -> Row:
    """A single interval that is not counted."""
    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        every = dict(price["recurring"])
        if every["interval_count"] == 1:
            del every["interval_count"]
        return {**price, "recurring": every}

    return _priced(row, change)


# Of a hundred subscriptions, how many come in each shape.
SHAPES: tuple[tuple[int, Shape], ...] = (
    (10, as_list_object), (5, as_decimal_price), (5, as_legacy_plan), (4, as_graduated),
    (3, as_volume), (4, with_metered_item), (5, as_amount_off), (5, ends_a_second_early),
    (5, tells_its_end), (5, as_unpaid), (3, with_decimal_quantity), (1, with_empty_texts),
    (3, as_packages), (3, without_interval_count),
)  # fmt: skip
FIRST_OF_VERSIONS = sum(share for share, _ in SHAPES)
RESUMED_UNTOLD = range(FIRST_OF_VERSIONS, FIRST_OF_VERSIONS + 5)
NEVER_BEGUN = range(RESUMED_UNTOLD.stop, RESUMED_UNTOLD.stop + 3)
SCHEDULED = range(NEVER_BEGUN.stop, NEVER_BEGUN.stop + 4)


def lot_of(subscription_id: str) -> int:
    """The lot (0 to 99) that decides in which shape a subscription comes."""
    return zlib.crc32(subscription_id.encode()) % 100


def _shape_of(lot: int) -> Shape | None:
    for share, shape in SHAPES:
        if lot < share:
            return shape
        lot -= share
    return None


def deliver(subscriptions: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Subscriptions in the vendor's shapes, and the schedules that tell some changes ahead.

    Parameters
    ----------
    subscriptions : pa.Table
        ``stripe.subscriptions`` in one plain shape.

    Returns
    -------
    pa.Table, pa.Table
        ``stripe.subscriptions`` and ``stripe.subscription_schedules``.
    """
    lots = pa.array([lot_of(name) for name in subscriptions["id"].to_pylist()])
    is_plain = [_shape_of(n) is None and n != TEST_MODE and n >= SCHEDULED.stop
                for n in lots.to_pylist()]  # fmt: skip
    plain = subscriptions.filter(pa.array(is_plain))
    versions: dict[str, list[Row]] = defaultdict(list)
    for row in subscriptions.filter(pa.array([not one for one in is_plain])).to_pylist():
        versions[row["id"]].append(row)
    rows: list[Row] = []
    schedules: list[Row] = []
    for name, told in versions.items():
        told.sort(key=lambda row: (row["updated"], row["_extracted_at"]))
        lot = lot_of(name)
        shape = _shape_of(lot)
        if lot in RESUMED_UNTOLD:
            told = list(_without_resumes(told))
        elif lot in SCHEDULED:
            schedules.extend(_schedules(told))
        rows.extend(shape(row) if shape else row for row in told)
        if lot in NEVER_BEGUN:
            rows.extend(_never_begun(told[0]))
        elif lot == TEST_MODE:
            rows.extend({**row, "id": f"{name}test", "livemode": False} for row in told)
    schema = SCHEMAS["stripe", "subscriptions"]
    shaped = pa.Table.from_pylist(rows, schema)
    table = pa.concat_tables([plain, shaped])
    return table, pa.Table.from_pylist(schedules, SCHEMAS["stripe", "subscription_schedules"])


def _without_resumes(told: list[Row]) -> Iterator[Row]:
    """Leave out the version that only says that a pause is over, as was told ahead."""
    before: Row | None = None
    for row in told:
        pause = json.loads(before["pause_collection"]) if before and before[
            "pause_collection"] else {}  # fmt: skip
        is_over = row["status"] == "active" and not row["pause_collection"]
        is_told = pause.get("resumes_at", -1) // DAY_SECONDS == row["updated"] // DAY_SECONDS
        if not (is_over and is_told):
            yield row
        before = row


def _never_begun(first: Row) -> Iterator[Row]:
    """A checkout that was given up: its first payment never came, a day later it expired."""
    begun = {**first, "id": f"{first['id']}x", "status": "incomplete", "trial_start": None,
             "trial_end": None, "ended_at": None, "canceled_at": None}  # fmt: skip
    yield begun
    yield {**begun, "status": "incomplete_expired", "updated": first["updated"] + 82_800,
           "_extracted_at": first["_extracted_at"] + timedelta(days=1)}  # fmt: skip


def _schedules(told: list[Row]) -> Iterator[Row]:
    """A schedule that tells the first change of quantity five days before it comes."""
    for before, after in zip(told, told[1:], strict=False):
        old, new = _items(before)[0], _items(after)[0]
        is_change = after["status"] == before["status"] == "active"
        if not is_change or old["quantity"] == new["quantity"]:
            continue
        if after["updated"] - before["updated"] <= SCHEDULE_DAYS * DAY_SECONDS:
            continue
        if after["_extracted_at"] < before["_extracted_at"]:
            continue
        at = after["updated"] - SCHEDULE_DAYS * DAY_SECONDS
        phases = [
            {"start_date": start, "end_date": end,
             "items": [{"price": item["price"]["id"], "quantity": item["quantity"]}]}
            for start, end, item in (
                (before["current_period_start"], after["updated"], old),
                (after["updated"], after["current_period_end"], new),
            )
        ]  # fmt: skip
        yield {
            "id": f"sub_sched_{after['id'][4:]}", "subscription": after["id"], "status": "active",
            "end_behavior": "release", "phases": json.dumps(phases), "livemode": True,
            "created": at, "updated": at,
            "_extracted_at": after["_extracted_at"] - timedelta(days=SCHEDULE_DAYS),
        }  # fmt: skip
        return

