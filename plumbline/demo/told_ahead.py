"""Versions of a subscription of which one is never delivered: an earlier row told it ahead.

A way takes a subscription's versions in the generator's plain shape, oldest first, and says which
rows the vendor delivers in their place; what the subscription is worth on a day stays the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from plumbline.demo.plain_rows import (
    DAY_SECONDS,
    Row,
    draw_of,
    items_of,
    monthly_cents,
    percent_off,
)
from plumbline.demo.writer import END_US, EPOCH

SCHEDULE_DAYS = 5
_DAY = timedelta(days=1)


@dataclass
class Delivered:
    """Rows of a subscription, and those of its schedules."""

    rows: list[Row]
    schedules: list[Row] = field(default_factory=list)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _is_soon_known(row: Row) -> bool:
    return timedelta(0) <= row["_extracted_at"] - _at(row["updated"]) < _DAY


def _told_once(told: list[Row]) -> set[int]:
    """Moments of change of which no row was corrected."""
    return {moment for moment, n in Counter(row["updated"] for row in told).items() if n == 1}


def without_resumes(told: list[Row]) -> Delivered:
    """Leave out the version that only says that a pause is over, as was told ahead."""

    def kept() -> Iterator[Row]:
        before: Row | None = None
        for row in told:
            pause = (
                json.loads(before["pause_collection"])
                if before and before["pause_collection"]
                else {}
            )
            is_over = row["status"] == "active" and not row["pause_collection"]
            is_told = pause.get("resumes_at", -1) // DAY_SECONDS == row["updated"] // DAY_SECONDS
            if not (is_over and is_told):
                yield row
            before = row

    return Delivered(list(kept()))


def with_checkout_given_up(told: list[Row]) -> Delivered:
    """A checkout that was given up: its first payment never came, a day later it expired."""
    first = told[0]
    begun = {
        **first,
        "id": f"{first['id']}x",
        "status": "incomplete",
        "trial_start": None,
        "trial_end": None,
        "ended_at": None,
        "canceled_at": None,
    }
    expired = {
        **begun,
        "status": "incomplete_expired",
        "updated": first["updated"] + 82_800,
        "_extracted_at": first["_extracted_at"] + timedelta(days=1),
    }
    return Delivered([*told, begun, expired])


def with_test_mode(told: list[Row]) -> Delivered:
    """A twin that the vendor's test mode made."""
    twins = ({**row, "id": f"{row['id']}test", "livemode": False} for row in told)
    return Delivered([*told, *twins])


def _scheduled_change(told: list[Row]) -> int | None:
    """Place of the first change of quantity that can have been known some days before."""
    for place, (before, after) in enumerate(zip(told, told[1:], strict=False), start=1):
        old, new = items_of(before)[0], items_of(after)[0]
        is_change = after["status"] == before["status"] == "active"
        if not is_change or old["quantity"] == new["quantity"]:
            continue
        if after["updated"] - before["updated"] <= SCHEDULE_DAYS * DAY_SECONDS:
            continue
        if after["_extracted_at"] >= before["_extracted_at"]:
            return place
    return None


def with_schedule(told: list[Row]) -> Delivered:
    """A schedule that tells the first change of quantity five days before it comes."""
    place = _scheduled_change(told)
    return Delivered(told, [] if place is None else [_schedule(told[place - 1], told[place])])


def _schedule(before: Row, after: Row) -> Row:
    at = after["updated"] - SCHEDULE_DAYS * DAY_SECONDS
    phases = [
        {
            "start_date": start,
            "end_date": end,
            "items": [{"price": item["price"]["id"], "quantity": item["quantity"]}],
        }
        for start, end, item in (
            (before["current_period_start"], after["updated"], items_of(before)[0]),
            (after["updated"], after["current_period_end"], items_of(after)[0]),
        )
    ]
    return {
        "id": f"sub_sched_{after['id'][4:]}",
        "subscription": after["id"],
        "status": "active",
        "end_behavior": "release",
        "phases": json.dumps(phases),
        "livemode": True,
        "created": at,
        "updated": at,
        "_extracted_at": after["_extracted_at"] - timedelta(days=SCHEDULE_DAYS),
    }


def is_change_told(told: list[Row]) -> bool:
    """Whether the scheduled change needs no row of its own."""
    place = _scheduled_change(told)
    if place is None:
        return False
    before, after = told[place - 1], told[place]
    known = after["_extracted_at"] - timedelta(days=SCHEDULE_DAYS)
    same = ("current_period_end", "discount", "cancel_at_period_end")
    return (
        _is_soon_known(after)
        and before["_extracted_at"] <= known
        and after["updated"] in _told_once(told)
        and all(before[name] == after[name] for name in same)
    )


def by_schedule_alone(told: list[Row]) -> Delivered:
    """A schedule whose phase takes effect without a further row."""
    place = _scheduled_change(told)
    schedule = _schedule(told[place - 1], told[place])
    return Delivered([*told[:place], *told[place + 1 :]], [schedule])


def is_end_told(told: list[Row]) -> bool:
    """Whether the last row says nothing that the announcement before it does not."""
    if len(told) < 2:
        return False
    asked, gone = told[-2:]
    return (
        gone["status"] == "canceled"
        and asked["status"] == "active"
        and asked["cancel_at_period_end"]
        and asked["current_period_end"] == gone["ended_at"]
        and asked["_extracted_at"] < _at(gone["ended_at"])
        and _is_soon_known(gone)
        and {asked["updated"], gone["updated"]} <= _told_once(told)
    )


def by_announcement_alone(told: list[Row]) -> Delivered:
    """An end at the period's end, or on a day that is named, without a row on that day."""
    asked, gone = told[-2:]
    last = {**asked, "cancellation_details": gone["cancellation_details"]}
    if draw_of(f"{asked['id']}named", 2):
        last |= {"cancel_at": gone["ended_at"], "cancel_at_period_end": False}
    return Delivered([*told[:-2], last])


def is_trial_told(told: list[Row]) -> bool:
    """Whether the trial's end needs no row: the next one comes within about a month."""
    if len(told) < 3:
        return False
    trial, won, later = told[:3]
    same = ("items", "discount")
    return (
        trial["status"] == "trialing"
        and won["status"] == "active"
        and won["updated"] == trial["trial_end"]
        and later["updated"] - won["updated"] < 40 * DAY_SECONDS
        and items_of(won)[0]["price"]["recurring"]["interval"] != "week"
        and all(trial[name] == won[name] for name in same)
        and all(map(_is_soon_known, (trial, won)))
        and won["updated"] in _told_once(told)
        and won["updated"] + 40 * DAY_SECONDS < END_US // 1_000_000
    )


def by_trial_alone(told: list[Row]) -> Delivered:
    """A trial that becomes paid service on its day, with the next row a period later."""
    return Delivered([told[0], *told[2:]])


def _month_before(seconds: int) -> int:
    day = _at(seconds)
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return seconds - (day - day.replace(year=year, month=month)).days * DAY_SECONDS


def can_begin_free(told: list[Row], others: list[Row]) -> bool:
    """Whether it could have begun a month earlier, free, beside what the customer had."""
    first = told[0]
    begins = first["start_date"]
    is_first = (
        first["status"] == "active"
        and first["updated"] == begins == first["current_period_start"]
        and begins % DAY_SECONDS == 0
        and begins - 40 * DAY_SECONDS > EPOCH // 1_000_000
        and _at(begins).day <= 28
        and monthly_cents(first) > 0
    )
    return (
        is_first
        and _is_soon_known(first)
        and first["updated"] in _told_once(told)
        and not any(row["_is_deleted"] for row in told)
        and min((r["start_date"] for r in others), default=begins) < begins - 35 * DAY_SECONDS
        and min((r["_extracted_at"] for r in others), default=_at(begins)) < _at(begins) - 35 * _DAY
    )


FREE_WAYS = ("repeating", "amount with an end", "two that end", "once")


def by_discount_alone(told: list[Row]) -> Delivered:
    """Free for its first month, by a discount whose end comes without a further row."""
    first, way = told[0], FREE_WAYS[draw_of(told[0]["id"], len(FREE_WAYS))]
    ends = first["start_date"]
    begins = _month_before(ends)
    [item] = items_of(first)
    full = item["quantity"] * item["price"]["unit_amount"]
    whole = {
        "percent_off": 100,
        "amount_off": None,
        "duration": "repeating",
        "duration_in_months": 1,
    }
    amount = {**whole, "percent_off": None, "amount_off": full, "currency": first["currency"]}
    given = {
        "repeating": [(whole, None)],
        "amount with an end": [(amount, ends)],
        "two that end": [
            ({**whole, "percent_off": 50}, ends),
            ({**amount, "amount_off": full - full // 2}, ends),
        ],
        "once": [({**whole, "duration": "once", "duration_in_months": None}, None)],
    }[way]
    told = [{**row, "start_date": begins, "created": begins} for row in told]
    discounts = [
        {"id": f"di_{first['id'][4:]}{n}", "coupon": coupon, "start": begins, "end": end}
        for n, (coupon, end) in enumerate(given)
    ]
    own = {"id": f"di_{first['id'][4:]}own", "coupon": {"percent_off": percent_off(first)}}
    listed = [*([own] if first["discount"] else []), *discounts]
    named = (
        {"discount": json.dumps(listed[0])}
        if len(listed) == 1
        else {"discount": None, "discounts": json.dumps(listed)}
    )
    earlier = first["_extracted_at"] - timedelta(seconds=ends - begins)
    free = {
        **told[0],
        **named,
        "updated": begins,
        "current_period_start": begins,
        "_extracted_at": earlier,
    }
    if way != "once":
        return Delivered([free, *told[1:]])
    # its period ends with it; the row of the next one still names it
    return Delivered([{**free, "current_period_end": ends}, {**told[0], **named}, *told[1:]])
