"""One version of a subscription in each shape in which the vendor may write it, worth the same.

A shape takes a version in the generator's plain shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from plumbline.demo.plain_rows import (
    CENTS_PER_MINOR,
    DAY_SECONDS,
    Row,
    draw_of,
    items_of,
    percent_off,
    priced,
    with_items,
)

Shape = Callable[[Row], Row]
EPOCHS = (
    "cancel_at",
    "start_date",
    "trial_start",
    "trial_end",
    "current_period_start",
    "current_period_end",
    "canceled_at",
    "ended_at",
    "created",
    "updated",
)


def as_list_object(row: Row) -> Row:
    """Items as the API's list object, periods on the items, discounts as a list: since 2025-03."""
    period = {name: row[name] for name in ("current_period_start", "current_period_end")}
    items = [{**item, **period} for item in items_of(row)]
    listed = {"object": "list", "data": items, "has_more": False}
    discounts = None
    if row["discount"]:
        coupon = {**json.loads(row["discount"])["coupon"], "duration": "forever"}
        source = {"type": "coupon", "coupon": coupon}
        discounts = json.dumps([{"id": f"di_{row['id'][4:]}", "source": source}])
    return {
        **row,
        "items": json.dumps(listed, separators=(",", ":")),
        "discount": None,
        "discounts": discounts,
        **dict.fromkeys(period),
    }


def as_decimal_price(row: Row) -> Row:
    """The price as text with decimals, as of prices below a minor unit."""

    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        return {**price, "unit_amount": None, "unit_amount_decimal": f"{price['unit_amount']}.0"}

    return priced(row, change)


def as_legacy_plan(row: Row) -> Row:
    """A plan in the place of the price, as before 2021."""
    items = []
    for item in items_of(row):
        price = item.pop("price")
        every = price.pop("recurring")
        item["plan"] = {**price, "amount": price.pop("unit_amount"), **every}
        items.append(item)
    return with_items(row, items)


def _tiered(price: dict[str, Any], mode: str, tiers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **price,
        "unit_amount": None,
        "billing_scheme": "tiered",
        "tiers_mode": mode,
        "tiers": tiers,
    }


def as_graduated(row: Row) -> Row:
    """The first unit as a flat fee, each further one at its own price."""

    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        unit = price["unit_amount"]
        first = {"up_to": 1, "flat_amount": unit, "unit_amount": 0}
        return _tiered(price, "graduated", [first, {"up_to": None, "unit_amount": unit}])

    return priced(row, change)


def as_volume(row: Row) -> Row:
    """A higher price for fewer units than these."""

    def change(price: dict[str, Any], quantity: int) -> dict[str, Any]:
        unit = price["unit_amount"]
        fewer = [{"up_to": quantity - 1, "unit_amount": 2 * unit}] if quantity > 1 else []
        return _tiered(price, "volume", [*fewer, {"up_to": None, "unit_amount": unit}])

    return priced(row, change)


def with_metered_item(row: Row) -> Row:
    """Usage billed afterwards beside the plan: no recurring revenue."""
    (first, *rest) = items_of(row)
    every = {**first["price"]["recurring"], "usage_type": "metered"}
    price = {**first["price"], "id": "price_usage", "product": "plan_usage", "recurring": every}
    return with_items(row, [first, *rest, {"id": f"{first['id']}u", "price": price}])


def as_amount_off(row: Row) -> Row:
    """The discount as an amount of each invoice, where it is a whole one."""
    if not row["discount"]:
        return row
    percent = json.loads(row["discount"])["coupon"]["percent_off"]
    full = sum(i["quantity"] * i["price"]["unit_amount"] for i in items_of(row))
    if full * percent % 100:
        return row
    coupon = {
        "amount_off": full * percent // 100,
        "currency": row["currency"],
        "percent_off": None,
        "duration": "forever",
    }
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
    return with_items(row, [{**i, "quantity": float(i["quantity"])} for i in items_of(row)])


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

    return priced(row, change)


def without_interval_count(row: Row) -> Row:
    """A single interval that is not counted."""

    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        every = dict(price["recurring"])
        if every["interval_count"] == 1:
            del every["interval_count"]
        return {**price, "recurring": every}

    return priced(row, change)


def _amount(price: dict[str, Any], minor: Fraction) -> dict[str, Any]:
    """The price at another amount: whole, or in parts of a minor unit as text."""
    whole = int(minor) if minor.denominator == 1 else None
    text = format(Decimal(minor.numerator) / Decimal(minor.denominator), "f")
    return {**price, "unit_amount": whole, "unit_amount_decimal": text}


def _has_end(minor: Fraction) -> bool:
    """Whether an amount can be written with the twelve decimals that the vendor takes."""
    return (10**12 * minor).denominator == 1


def _fee(item: dict[str, Any], minor: Fraction) -> dict[str, Any]:
    """A further licensed item beside the seats: the platform, once."""
    price = {
        **item["price"],
        "id": f"{item['price']['id']}fee",
        "product": "plan_platform",
        "nickname": "Platform",
    }
    return {"id": f"{item['id']}f", "quantity": 1, "price": _amount(price, minor)}


def with_platform_fee(row: Row) -> Row:
    """The seats a little cheaper, in parts of a cent, and the rest as an item of its own."""
    [item] = items_of(row)
    unit, eighth = item["price"]["unit_amount"], Fraction(item["price"]["unit_amount"], 8)
    fee = _fee(item, eighth * item["quantity"])
    return with_items(row, [{**item, "price": _amount(item["price"], unit - eighth)}, fee])


def as_discount_of_one_product(row: Row) -> Row:
    """The discount for the seats alone; the platform beside them costs what it would with it."""
    [item] = items_of(row)
    eighth = Fraction(item["price"]["unit_amount"], 8)
    fee = _fee(item, eighth * item["quantity"] * (100 - percent_off(row)) / 100)
    seats = {**item, "price": _amount(item["price"], item["price"]["unit_amount"] - eighth)}
    coupon = {**_forever(row), "applies_to": {"products": [item["price"]["product"]]}}
    told = json.dumps([{"id": f"di_{row['id'][4:]}", "source": {"coupon": coupon}}])
    return {**with_items(row, [seats, fee]), "discount": None, "discounts": told}


def _forever(row: Row) -> dict[str, Any]:
    return {"percent_off": percent_off(row), "amount_off": None, "duration": "forever"}


def as_discount_of_the_item(row: Row) -> Row:
    """The discount on the item."""
    [item] = items_of(row)
    told = [{"id": f"di_{row['id'][4:]}", "coupon": _forever(row)}]
    return {**with_items(row, [{**item, "discounts": told}]), "discount": None}


def _amount_of_two(row: Row) -> Fraction:
    """What is taken off the whole besides the first five percent, minor units."""
    [item] = items_of(row)
    full = item["quantity"] * item["price"]["unit_amount"]
    return Fraction(full * (percent_off(row) - 5), 100)


def is_in_two_discounts(row: Row) -> bool:
    """Whether the discount is five percent and an amount in whole minor units."""
    return percent_off(row) > 5 and _amount_of_two(row).denominator == 1


def as_two_discounts(row: Row) -> Row:
    """Five percent, and the rest of the discount as an amount."""
    amount = {
        "percent_off": None,
        "amount_off": int(_amount_of_two(row)),
        "duration": "forever",
        "currency": row["currency"],
    }
    share = {**_forever(row), "percent_off": 5}
    told = [{"id": f"di_{row['id'][4:]}{n}", "coupon": c} for n, c in enumerate((share, amount))]
    return {**row, "discount": None, "discounts": json.dumps(told)}


def as_partly_filled_packages(row: Row) -> Row:
    """Units sold by the package, of which the last is not full."""

    def change(price: dict[str, Any], quantity: int) -> dict[str, Any]:
        full = quantity * price["unit_amount"]
        sizes = (n for n in (3, 4, 5, 7, 8, 10) if n < quantity and quantity % n)
        some = (n for n in sizes if _has_end(Fraction(full, -(-quantity // n))))
        size = next(some, quantity // 10 * 10 + 10)
        package = {"divide_by": size, "round": "up"}
        price = _amount(price, Fraction(full, -(-quantity // size)))
        return {**price, "transform_quantity": package}

    return priced(row, change)


def as_price_id(row: Row) -> Row:
    """The price by its id alone."""
    return with_items(row, [{**i, "price": i["price"]["id"]} for i in items_of(row)])


def is_yearly(row: Row) -> bool:
    """Whether it is billed once a year."""
    return items_of(row)[0]["price"]["recurring"]["interval"] == "year"


def as_weeks_or_days(row: Row) -> Row:
    """A year as 52 weeks, or as 365 days."""
    every = (("week", 52), ("day", 365))[draw_of(row["id"], 2)]
    told = dict(zip(("interval", "interval_count"), every, strict=True))
    return priced(row, lambda price, _: {**price, "recurring": told})


def is_foreign(row: Row) -> bool:
    """Whether it is billed in another currency than the price's own could be."""
    return row["currency"] != "usd"


def as_price_in_several_currencies(row: Row) -> Row:
    """A price in US dollars, and an option for the currency that is billed."""

    def change(price: dict[str, Any], _: int) -> dict[str, Any]:
        own = price["unit_amount"]
        dollars = int(own * CENTS_PER_MINOR[price["currency"]])
        options = {
            name: {"unit_amount": minor, "unit_amount_decimal": str(minor)}
            for name, minor in (("usd", dollars), (price["currency"], own))
        }
        return {**price, "currency": "usd", "unit_amount": dollars, "currency_options": options}

    return priced(row, change)


def in_milliseconds(row: Row) -> Row:
    """Times in milliseconds."""
    told = {name: row[name] * 1000 for name in EPOCHS if row[name] is not None}
    pause = json.loads(row["pause_collection"] or "null")
    if pause and pause["resumes_at"]:
        told["pause_collection"] = json.dumps({**pause, "resumes_at": pause["resumes_at"] * 1000})
    return {**row, **told}
