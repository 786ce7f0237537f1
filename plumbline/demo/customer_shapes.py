"""What the vendor says of a customer as a whole: its own discount, another currency, its deletion.

A shape changes the customer's record, all of its subscriptions and its invoices together.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from plumbline.demo.plain_rows import (
    CENTS_PER_MINOR,
    DAY_SECONDS,
    Row,
    is_clear,
    items_of,
    monthly_cents,
    percent_off,
    with_items,
)
from plumbline.demo.writer import END_US

FURTHER_CURRENCIES = ("jpy", "kwd")
"""With no digit after the point, and with three."""


def _at(seconds: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)


def has_one_discount(customer: Row, told: list[Row]) -> bool:
    """Whether all that the customer has bears the same discount, and the customer is known."""
    first_day = min(row["_extracted_at"] for row in told).date()
    return (
        len({percent_off(row) for row in told}) == 1
        and percent_off(told[0]) > 0
        and customer["_extracted_at"].date() <= first_day
    )


def as_discount_of_the_customer(told: list[Row]) -> tuple[str, list[Row]]:
    """The discount on the customer's own record, and on none of the subscriptions."""
    coupon = {"percent_off": percent_off(told[0]), "amount_off": None, "duration": "forever"}
    discount = json.dumps({"id": f"di_{told[0]['customer'][4:]}", "coupon": coupon})
    return discount, [{**row, "discount": None} for row in told]


def converted(minor: int, currency: str) -> int:
    """US cents in the minor units of another currency."""
    return floor(minor / CENTS_PER_MINOR[currency] + Fraction(1, 2))


def in_currency(row: Row, currency: str) -> Row:
    """A row in US dollars billed in another currency, at a price in whole minor units."""
    [item] = items_of(row)
    price = {
        **item["price"],
        "id": f"{item['price']['id']}{currency}",
        "currency": currency,
        "unit_amount": converted(item["price"]["unit_amount"], currency),
    }
    return {**with_items(row, [{**item, "price": price}]), "currency": currency}


def fits_currency(told: list[Row], currency: str) -> bool:
    """Whether every version is worth the same to the cent in another currency."""

    def cents(row: Row) -> int:
        return floor(monthly_cents(row) + Fraction(1, 2))

    if any(row["currency"] != "usd" for row in told):
        return False
    moved = [in_currency(row, currency) for row in told]
    return all(
        is_clear(there) and cents(there) == cents(here)
        for here, there in zip(told, moved, strict=True)
    )


def billed_in(row: Row, currency: str) -> Row:
    """An invoice in US dollars, in another currency."""
    lines = json.loads(row["lines"])
    for line in lines["data"]:
        line["amount"] = converted(line["amount"], currency)
        line["currency"] = currency
        for off in line["discount_amounts"]:
            off["amount"] = converted(off["amount"], currency)
        named: dict[str, Any] = line.get("price") or {}
        if "id" in named:
            named["id"] += currency
        if "pricing" in line:
            line["pricing"]["price_details"]["price"] += currency
    amounts = (
        "amount_due",
        "amount_paid",
        "pre_payment_credit_notes_amount",
        "post_payment_credit_notes_amount",
    )
    told = {name: converted(row[name], currency) for name in amounts}
    written = json.dumps(lines, separators=(",", ":"))
    return {**row, **told, "currency": currency, "lines": written}


def failed_in(row: Row, currency: str) -> Row:
    """A failed payment in US dollars, in another currency."""
    return {**row, "amount": converted(row["amount"], currency), "currency": currency}


def is_gone(told: list[Row]) -> bool:
    """Whether all that the customer had ended, more than a month before the window does."""
    last = {row["id"]: row for row in sorted(told, key=lambda row: row["updated"])}
    return all(
        (row["status"] == "canceled" or row["_is_deleted"])
        and row["updated"] < END_US // 1_000_000 - 40 * DAY_SECONDS
        and row["_extracted_at"] < _at(row["updated"] + DAY_SECONDS)
        for row in last.values()
    )


def deleted(customer: Row, told: list[Row]) -> Row:
    """The customer's deletion, some days after the last subscription had ended."""
    ended = max(row["updated"] for row in told)
    days = 3 + ended // DAY_SECONDS % 20
    at = ended + days * DAY_SECONDS + 40_000
    return {**customer, "updated": at, "_is_deleted": True, "_extracted_at": _at(at + 900)}
