"""Lines of invoices as JSON, in the shape that the API had on their day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.demo import text
from plumbline.demo.accounts import Accounts
from plumbline.demo.config import CURRENCIES
from plumbline.demo.writer import seconds

NEW_API_DAY = 273
"""From this day on lines name their subscription in `parent` and their price in `pricing`."""

SERVICES, METERED = 0.02, 0.03
"""Shares of invoices that bill a service, or metered use of the 30 days before, too."""

SERVICE_MINOR = 50_000
"""What a service costs, minor units of any currency."""

_INTERVAL = ("week", "month", "month", "year")
_INTERVAL_COUNT = np.array([1, 1, 3, 1])


def net_minor(rows: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """What a whole period of a subscription costs after its discount, minor units."""
    return np.round(rows["quantity"] * unit * (100 - rows["discount"]) / 100).astype(np.int64)


def unused(before: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of the earlier period that a new one of the subscription takes over, and whether."""
    length = np.maximum(before["period_end"] - before["period_start"], 1)
    left = before["period_end"] - rows["period_start"]
    overlaps = (before["sub"] == rows["sub"]) & (left > 0) & (left < length)
    return left / length, overlaps


def lines_json(
    accounts: Accounts,
    rows: np.ndarray,
    price: np.ndarray,
    number: np.ndarray,
    amount: np.ndarray,
    discount: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    *,
    second: np.ndarray | int = 0,
    is_proration: bool = False,
    usage: str = "licensed",
) -> pa.Array:
    """One JSON line of an invoice for each row, as the API wrote it on its day."""
    sub = text.ids("sub_", rows["sub"].astype(np.int64), 14)
    item = text.ids("si_", rows["sub"].astype(np.int64), 14)
    code = text.ids("price_", price, 12)
    flag = "true" if is_proration else "false"
    currency = text.picked(CURRENCIES, rows["currency"])
    head = text.joined(
        '{"id":"',
        text.ids("il_" + flag[0] + usage[0], number.astype(np.int64), 14),
        '","amount":',
        amount,
        ',"currency":"',
        currency,
        '","discount_amounts":',
        _discounts(discount),
        ',"period":{"start":',
        seconds(start, second),
        ',"end":',
        seconds(end),
        '},"quantity":',
        rows["quantity"],
        ',"metadata":{"account_id":"',
        accounts.id.take(pa.array(rows["account"])),
        '"},',
    )
    old = text.joined(
        head,
        '"type":"',
        "invoiceitem" if is_proration else "subscription",
        '","proration":',
        flag,
        ',"subscription":"',
        sub,
        '","subscription_item":"',
        item,
        '","price":{"id":"',
        code,
        '","recurring":{"interval":"',
        text.picked(_INTERVAL, rows["interval"]),
        '","interval_count":',
        _INTERVAL_COUNT[rows["interval"]],
        ',"usage_type":"',
        usage,
        '"}}}',
    )
    kind = "invoice_item_details" if is_proration else "subscription_item_details"
    new = text.joined(
        head,
        '"parent":{"type":"',
        kind,
        '","',
        kind,
        '":{"proration":',
        flag,
        ',"subscription":"',
        sub,
        '","subscription_item":"',
        item,
        '"}},"pricing":{"type":"price_details","price_details":{"price":"',
        code,
        '"}}}',
    )
    return pc.if_else(pa.array(start < NEW_API_DAY), old, new)


def _discounts(discount: np.ndarray) -> pa.Array:
    given = text.joined('[{"amount":', discount, ',"discount":"di_1"}]')
    return pc.if_else(pa.array(discount > 0), given, pa.scalar("[]"))


def services_json(rows: np.ndarray, number: np.ndarray) -> pa.Array:
    """One line for each row that bills a service beside the subscription, once."""
    day = seconds(rows["period_start"])
    return text.joined(
        '{"id":"',
        text.ids("il_s", number.astype(np.int64), 14),
        f'","amount":{SERVICE_MINOR},"currency":"',
        text.picked(CURRENCIES, rows["currency"]),
        '","discount_amounts":[],"period":{"start":',
        day,
        ',"end":',
        day,
        '},"quantity":1,"type":"invoiceitem","proration":false,',
        '"subscription":"',
        text.ids("sub_", rows["sub"].astype(np.int64), 14),
        '","price":null}',
    )


def further_lines(
    own: np.random.Generator,
    accounts: Accounts,
    rows: np.ndarray,
    price: np.ndarray,
    net: np.ndarray,
    failed: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Text of the lines after the first, each led by a comma, and what they add to the due."""
    n = len(rows)
    extra, due = np.full(n, "", dtype=object), np.zeros(n, dtype=np.int64)
    draw = own.random(n)
    before = np.r_[rows[:1], rows[:-1]]
    _, overlaps = unused(before, rows)
    over = np.flatnonzero(overlaps)
    unused_minor, _ = unused(before[over], rows[over])
    back = -np.round(np.r_[net[:1], net[:-1]][over] * unused_minor).astype(np.int64)
    credit = lines_json(
        accounts,
        before[over],
        np.r_[price[:1], price[:-1]][over],
        over,
        back,
        np.zeros(len(over), np.int64),
        rows["period_start"][over],
        before["period_end"][over],
        is_proration=True,
    )
    service = np.flatnonzero((draw < SERVICES) & ~failed)
    metered = np.flatnonzero((draw > 1 - METERED) & ~failed & (rows["period_start"] < NEW_API_DAY))
    use = own.integers(200, 9_000, len(metered))
    used = lines_json(
        accounts,
        rows[metered],
        price[metered],
        metered,
        use,
        np.zeros(len(metered), np.int64),
        rows["period_start"][metered] - 30,
        rows["period_start"][metered],
        usage="metered",
    )
    for where, amount, told in (
        (over, back, credit),
        (service, np.full(len(service), SERVICE_MINOR), services_json(rows[service], service)),
        (metered, use, used),
    ):
        extra[where] = extra[where] + np.array([f",{line}" for line in told.to_pylist()], object)
        due[where] += amount
    return extra, np.maximum(due, -net)
