"""Rows of subscriptions in the generator's plain shape: what they say, and how to write them anew.

One item, its price in whole minor units, at most one discount in percent that lasts for ever.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
DAY_SECONDS = 86_400
_MONTHS = {"week": Fraction(12, 52), "month": Fraction(1), "year": Fraction(12)}
CENTS_PER_MINOR = {
    "usd": Fraction(1),
    "eur": Fraction("1.08"),
    "gbp": Fraction("1.27"),
    "jpy": Fraction("0.67"),
    "kwd": Fraction("0.325"),
}
"""US cents of a minor unit: the rate and the digits of the seed `currency_rates`."""


def draw_of(name: str, among: int) -> int:
    """A number below `among`, from a name."""
    return zlib.crc32(name.encode()) % among


def percent_off(row: Row) -> int:
    """The discount of a row in the plain shape."""
    return json.loads(row["discount"])["coupon"]["percent_off"] if row["discount"] else 0


def is_any(_: Row) -> bool:
    """Whatever it is."""
    return True


def is_discounted(row: Row) -> bool:
    """Whether it has a discount."""
    return percent_off(row) > 0


def monthly_cents(row: Row) -> Fraction:
    """MRR of a row in the plain shape, US cents before they are rounded."""
    [item] = items_of(row)
    every = item["price"]["recurring"]
    minor = Fraction(item["quantity"] * item["price"]["unit_amount"] * (100 - percent_off(row)))
    months = _MONTHS[every["interval"]] * every["interval_count"]
    return minor / 100 / months * CENTS_PER_MINOR[row["currency"]]


def is_clear(row: Row) -> bool:
    """Whether MRR is not so near to half a cent that another way of adding up decides it."""
    return abs(monthly_cents(row) % 1 - Fraction(1, 2)) > Fraction(1, 100_000)


def items_of(row: Row) -> list[dict[str, Any]]:
    """Items of a row in the plain shape."""
    return json.loads(row["items"])


def with_items(row: Row, items: list[dict[str, Any]]) -> Row:
    """The row with other items."""
    return {**row, "items": json.dumps(items, separators=(",", ":"))}


def priced(row: Row, change: Callable[[dict[str, Any], int], dict[str, Any]]) -> Row:
    """The row with the price of each item written otherwise."""
    items = [{**i, "price": change(i["price"], i["quantity"])} for i in items_of(row)]
    return with_items(row, items)
