"""All features of one account on one date, the slow and plain way, from the definitions alone.

At T: take what was known before T, find the state that it gives, look back over `[T - n, T)`.
No window is carried from date to date, nothing is summed up and taken apart again, and nothing of
the project is imported: an error would have to be made twice.

**Source** of every definition: the metric definitions page, and DECISIONS.md where that leaves
room (lives D009, redeliveries D011, first versions D005, past due D006).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from plain_care import care, support
from plain_exports import Account, Exports, Numbers, Row, Version, known_by, ratio

GAP, GRACE = 30, 30
DAY = timedelta(days=1)
OPEN = date(9999, 1, 1)


@dataclass(frozen=True)
class Service:
    """A subscription in force."""

    is_paid: bool
    since: date
    version: Version
    cents: int


@dataclass(frozen=True)
class Life:
    """The life of an account in which a date lies."""

    number: int
    started: date


def effective(version: Version, versions: list[Version]) -> date:
    """From when on a version holds: the oldest one on record, when it came, from the start."""
    older = any(v.changed < version.changed and v.known <= version.known for v in versions)
    changed = version.changed.date()
    if older:
        return changed
    return min(changed, version.trial_started or version.started, version.started)


def service(versions: list[Version], day: date) -> Service | None:
    """What a subscription gives on the day before `day`, as known at its midnight."""
    dated = [(v, effective(v, versions)) for v in known_by(versions, day)]
    dated = [(v, since) for v, since in dated if since < day]
    if not dated:
        return None
    version, since = max(dated, key=lambda pair: (pair[0].changed, pair[0].known))
    is_over = version.resumes is not None and version.resumes < day
    if version.is_deleted or (version.is_paused and not is_over):
        return None
    if version.is_paused:
        since = max(since, version.resumes)
    until = min(version.ended or OPEN, version.cancels or OPEN)
    priced_since, cents = version.priced(day - DAY)
    is_on_trial = version.status == "trialing" and day <= (version.trial_ended or OPEN)
    if version.status == "trialing" and not is_on_trial:
        since = max(since, version.trial_ended)
    if is_on_trial:
        until = min(until, version.trial_ended or OPEN)
    elif version.status in ("trialing", "active", "past_due") and cents > 0:
        since = max(since, version.started, priced_since)
        if version.status == "past_due":
            until = min(until, version.changed.date() + GRACE * DAY)
    else:
        return None
    if since <= day - DAY < until:
        return Service(not is_on_trial, since, version, cents)
    return None


def services(account: Account, day: date) -> list[Service]:
    """All that is in force on the day before `day`, as known at its midnight."""
    found = (service(versions, day) for versions in account.subscriptions.values())
    return [one for one in found if one]


def life(account: Account, day: date) -> Life | None:
    """The life of the account at `day`; None before the first and after the end of one."""
    times = [v.known for versions in account.subscriptions.values() for v in versions]
    if not times:
        return None
    found, last = None, None
    step = min(times).date()
    while step <= day:
        serving = services(account, step)
        if serving:
            if found is None or (step - last).days - 1 > GAP:
                number = found.number + 1 if found else 1
                found = Life(number, min(one.since for one in serving))
            last = step
        step += DAY
    return found if found and (day - last).days <= GAP else None


def term_end(version: Version, day: date) -> date:
    """First day after the term in force before `day`: one that begins later ends it."""
    return version.term_end if version.term_start < day else version.term_start


def renewing_days(version: Version, day: date) -> float:
    """Days that the renewals of `[day, day + 60)` pay for.

    The first falls on the end of the term, or on `day` where that is past; each next one on the
    first whole day after a period more.
    """
    every = version.months * Fraction("30.4375") if version.months >= 1 else Fraction(7)
    due, renewals = Fraction(max((term_end(version, day) - day).days, 0)), 0
    while math.ceil(due) < 60:
        due, renewals = due + every, renewals + 1
    return float(renewals * every)


def features(exports: Exports, account_id: str, day: date) -> Numbers | None:
    """All columns of an account's row on a date; None where it has none."""
    account = exports.accounts[account_id]
    now = life(account, day)
    if now is None:
        return None
    age = (day - now.started).days

    def within(days: int, happened: date | datetime | None) -> bool:
        if happened is None:
            return False
        on = happened.date() if isinstance(happened, datetime) else happened
        return max(day - days * DAY, now.started) <= on < day

    return {
        "life_number": now.number,
        **_billing(account, now, day, within),
        **_usage(exports, account, day, age, within),
        **support(exports, account, day, now.started, within),
        **care(account, day, now.started, within),
    }


def _billing(account: Account, now: Life, day: date, within: Any) -> Numbers:
    serving = services(account, day)
    priced = [one for one in serving if one.is_paid]
    paid = [one.version for one in priced]
    cents = sum(one.cents for one in priced)
    months = max((v.months for v in paid), default=None)
    # by name, so that between equal ones the first speaks
    by_name = sorted(priced, key=lambda one: one.version.subscription)
    first = max(by_name, key=lambda one: one.cents, default=None)
    largest = first and first.version
    period, before = None, 0
    if months is not None:
        period = round(months * Fraction("30.4375")) if months >= 1 else 7
        earlier = day - period * DAY
        if earlier > now.started:
            before = sum(one.cents for one in services(account, earlier) if one.is_paid)
    failures = known_by(account.payment_failures, day)
    failed = [datetime(1970, 1, 1) + timedelta(seconds=row["created"]) for row in failures]
    return {
        "is_paying": cents > 0,
        "is_trial": cents == 0 and any(not one.is_paid for one in serving),
        "mrr": cents / 100,
        "account_age_days": (day - now.started).days,
        "downgraded_last_period": int(cents < before),
        "days_to_term_end": (min(term_end(v, day) for v in paid) - day).days if paid else None,
        "has_annual_term": int(period is not None and period > 360),
        "seats": sum(one.version.seats for one in serving),
        "payment_failures_90d": sum(within(90, moment) for moment in failed),
        "renewing_days_60d": renewing_days(largest, day) if largest else None,
        "is_past_due": int(largest is not None and largest.status == "past_due"),
    }


def _events(account: Account, day: date) -> list[Row]:
    deliveries = defaultdict(list)
    for row in known_by(account.events, day):
        if row["people_known"] < datetime.combine(day, time()):
            same = ("event_id", "user_id", "workspace_id", "event_type")
            key = (*(row[name] for name in same), row["timestamp"].date())
            deliveries[key].append(row)
    return [min(rows, key=lambda row: row["known"]) for rows in deliveries.values()]


def _usage(exports: Exports, account: Account, day: date, age: int, within: Any) -> Numbers:
    life_so_far = [r for r in _events(account, day) if within(100_000, r["timestamp"])]
    types = exports.event_types

    def marked(rows: list[Row], mark: str) -> list[Row]:
        return [r for r in rows if types.get(r["event_type"], {}).get(mark) == "true"]

    def last(days: int) -> list[Row]:
        return [row for row in life_so_far if within(days, row["timestamp"])]

    def user_days(days: int) -> int:
        return len({(row["timestamp"].date(), row["user_id"]) for row in last(days)})

    def mean_users(days: int) -> Fraction:
        return Fraction(user_days(days), min(days, age))

    def categories(rows: list[Row]) -> Counter[str]:
        named = (types.get(row["event_type"], {}).get("feature_category") for row in rows)
        return Counter(name for name in named if name)

    month = last(30)
    before = len(last(60)) - len(month)
    core = {days: len(marked(last(days), "is_core_action")) for days in (7, 30)}
    active_days = [row["timestamp"].date() for row in life_so_far]
    seats = sum(one.version.seats for one in services(account, day))
    invites = len(marked(month, "is_invite"))
    year = categories(last(365))
    first = (day - min(active_days)).days if active_days else 0
    earlier = Fraction(user_days(210) - user_days(30), max(min(180, first - 30), 1))
    return {
        "avg_dau_7d": float(mean_users(7)),
        "avg_dau_14d": float(mean_users(14)),
        "avg_dau_30d": float(mean_users(30)),
        "usage_trend_ratio_7d_30d": ratio(mean_users(7), mean_users(30)),
        "action_trend_ratio": ratio(
            Fraction(core[7], min(7, age)), Fraction(core[30], min(30, age))
        ),
        "usage_trend_ratio_30d_90d": ratio(mean_users(30), mean_users(90)),
        "features_adopted": len(categories(month)),
        "features_adopted_90d": len(categories(last(90))),
        "feature_breadth_365d": ratio(
            year.total() * (year.total() - 1), sum(n * (n - 1) for n in year.values())
        ),
        "usage_held_ratio_30d_180d": (
            float((user_days(30) + 3) / (30 * earlier + 3)) if first >= 44 else None
        ),
        "seat_utilization": ratio(len({row["user_id"] for row in month}), seats),
        "invites_sent_30d": invites,
        "invite_rate_30d": float(30 * Fraction(invites, min(30, age))),
        "users_commenting": len({row["user_id"] for row in marked(month, "is_comment")}),
        "days_since_last_login": (day - max(active_days)).days if active_days else None,
        "never_active": int(not active_days),
        "usage_change_ratio_30d": ratio(len(month), before) if age >= 60 else None,
        "usage_decline": int(10 * len(month) <= 7 * before) if before >= 50 else None,
        "core_actions_per_seat_30d": ratio(core[30], seats),
    }
