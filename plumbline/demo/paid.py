"""Paid service as billing's raw rows tell it, read row by row: a check on what was written.

Only the shapes that the demo delivers are read; the project's models read many more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from plumbline.demo.plain_rows import CENTS_PER_MINOR, Row

SERVED = ("active", "past_due", "unpaid", "trialing")
OPEN = date(9999, 1, 1)
_MONTHS = {
    "day": Fraction(12, 365),
    "week": Fraction(12, 52),
    "month": Fraction(1),
    "year": Fraction(12),
}


@dataclass(frozen=True)
class Spell:
    """Paid service at one price, from a day to the day before another."""

    account_id: str
    subscription_id: str
    from_date: date
    until_date: date
    mrr_usd: float


@dataclass(frozen=True)
class Billing:
    """Rows of billing's raw tables."""

    subscriptions: list[Row]
    schedules: list[Row]
    prices: list[Row]
    customers: list[Row]


def paid_spells(billing: Billing, end: date) -> Iterator[Spell]:
    """All paid service before `end`.

    Parameters
    ----------
    billing : Billing
        All rows there are; what is corrected counts as corrected.
    end : date
        Until when what goes on is told.
    """
    prices = {row["id"]: row for row in billing.prices}
    discounts = {row["customer"]: [] for row in billing.subscriptions}
    for row in billing.customers:
        discounts[row["id"]] = _listed(row["discount"])
    deleted = {row["id"] for row in billing.subscriptions if row["_is_deleted"]}
    told: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in sorted(billing.subscriptions, key=lambda r: (r["_extracted_at"], r["items"])):
        if row["livemode"] and row["id"] not in deleted:
            told[row["id"]][_seconds(row["updated"])] = row
    for schedule in billing.schedules:
        _add_phases(told[schedule["subscription"]], schedule)
    for versions in told.values():
        moments = sorted(versions)
        for moment, later in zip(moments, [*moments[1:], None], strict=True):
            until = end if later is None else _day(later)
            row = versions[moment]
            yield from _spells(row, _day(moment), until, prices, discounts[row["customer"]])


def _add_phases(versions: dict[int, Row], schedule: Row) -> None:
    for phase in json.loads(schedule["phases"]):
        start = phase["start_date"]
        before = [moment for moment in versions if moment < start]
        if start > schedule["updated"] and start not in versions and before:
            items = json.dumps(phase["items"])
            versions[start] = {**versions[max(before)], "items": items}


def _seconds(epoch: int) -> int:
    return epoch // 1000 if epoch > 10**11 else epoch


def _day(epoch: int) -> date:
    return (datetime(1970, 1, 1) + timedelta(seconds=_seconds(epoch))).date()


def _listed(text: str | None) -> list[dict[str, Any]]:
    found = json.loads(text or "[]")
    if isinstance(found, dict):
        return found.get("data", [found])
    return found


def _spells(
    row: Row, start: date, until: date, prices: dict[str, Row], of_customer: list[dict[str, Any]]
) -> Iterator[Spell]:
    items = _listed(row["items"])
    pause = json.loads(row["pause_collection"] or "null")
    if pause:
        resumes = pause["resumes_at"]
        start = max(start, _day(resumes)) if resumes else OPEN
    if row["status"] == "trialing":
        start = max(start, _day(row["trial_end"]))
    cancels = row["cancel_at"]
    if row["cancel_at_period_end"]:
        cancels = cancels or row["current_period_end"] or items[0]["current_period_end"]
    until = min(until, _day(cancels)) if cancels else until
    if row["status"] not in SERVED or start >= until:
        return
    discounts = [*_listed(row["discount"]), *_listed(row["discounts"])] or of_customer
    dated = [(discount, _until(discount, row)) for discount in discounts]
    days = sorted({start, until, *(day for _, day in dated if start < day < until)})
    for first, last in zip(days, days[1:], strict=False):
        standing = [discount for discount, end in dated if first < end]
        cents = floor(_monthly_cents(items, row["currency"], standing, prices) + Fraction(1, 2))
        if cents:
            account = json.loads(row["metadata"])["account_id"]
            yield Spell(account, row["id"], first, last, cents / 100)


def _until(discount: dict[str, Any], row: Row) -> date:
    coupon = _coupon(discount)
    if discount.get("end"):
        return _day(discount["end"])
    if coupon.get("duration") == "once":
        is_past = discount["start"] < row["current_period_start"]
        return _day(row["current_period_start" if is_past else "current_period_end"])
    if coupon.get("duration") == "repeating":
        first, months = _day(discount["start"]), coupon["duration_in_months"]
        years, month = divmod(first.month - 1 + months, 12)
        return first.replace(year=first.year + years, month=month + 1)
    return OPEN


def _coupon(discount: dict[str, Any]) -> dict[str, Any]:
    return discount.get("coupon") or discount["source"]["coupon"]


def _monthly_cents(
    items: list[dict[str, Any]],
    currency: str,
    discounts: list[dict[str, Any]],
    prices: dict[str, Row],
) -> Fraction:
    monthly, off, months = Fraction(0), Fraction(0), Fraction(12)
    for item in items:
        price = item.get("price") or item["plan"]
        price = prices[price] if isinstance(price, str) else price
        every = price.get("recurring") or price
        every = json.loads(every) if isinstance(every, str) else every
        if every.get("usage_type") == "metered":
            continue
        months = _MONTHS[every["interval"]] * every.get("interval_count", 1)
        of_item = [d for d in discounts if _reaches(d, price["product"])]
        share = _share(item.get("discounts", [])) * _share(of_item)
        monthly += _minor(price, int(item["quantity"]), currency) / months * share
    off = sum((Fraction(_coupon(d).get("amount_off") or 0) for d in discounts), Fraction(0))
    return max(monthly - off / months, Fraction(0)) * CENTS_PER_MINOR[currency]


def _reaches(discount: dict[str, Any], product: str) -> bool:
    applies = _coupon(discount).get("applies_to")
    return not applies or product in applies["products"]


def _share(discounts: Iterable[dict[str, Any]]) -> Fraction:
    share = Fraction(1)
    for discount in discounts:
        share *= 1 - Fraction(str(_coupon(discount).get("percent_off") or 0)) / 100
    return share


def _minor(price: dict[str, Any], quantity: int, currency: str) -> Fraction:
    """What an item costs in an interval; of the demo's tiers the last has a unit's price."""
    price = {**price, **price.get("currency_options", {}).get(currency, {})}
    package = price.get("transform_quantity")
    units = -(-quantity // package["divide_by"]) if package else quantity
    tiers = price.get("tiers") or [{}]
    amounts = (
        price.get("unit_amount"),
        price.get("amount"),
        price.get("unit_amount_decimal"),
        tiers[-1].get("unit_amount"),
    )
    return units * Fraction(str(next(amount for amount in amounts if amount is not None)))
