"""The revenue definitions in slow, plain Python: day by day, without any of the project's SQL.

Source: the definitions page (conventions; revenue; churn), one function per sentence of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor

from revenue_histories import Version

DAY = timedelta(days=1)
GRACE_DAYS = GAP_DAYS = 30
RATES = {"usd": Fraction(1), "eur": Fraction("1.08"), "gbp": Fraction("1.27")}
MONTHS_PER_INTERVAL = {"week": Fraction(12, 52), "month": Fraction(1), "year": Fraction(12)}
PLAN_NAMES = {"plan_a": "Alpha", "plan_b": "Beta", "plan_c": "Gamma"}
SEGMENTS = (("Enterprise", 5000), ("Mid-Market", 1000), ("SMB", 200), ("Self-Serve", 0))


@dataclass
class Account:
    """What is expected of one account; months by their first day, money in cents.

    Attributes
    ----------
    movements : movement, before, after, whether it is a late renewal.
    churns : by churn date: day of return or None, lost MRR.
    retention : by grain and first day: start, end and least MRR, churned (None: not settled).
    cuts : plan, segment, cohort.
    """

    mrr: dict[date, int] = field(default_factory=dict)
    seats: dict[date, int] = field(default_factory=dict)
    movements: dict[date, tuple[str, int, int, bool]] = field(default_factory=dict)
    churns: dict[date, tuple[date | None, int]] = field(default_factory=dict)
    retention: dict[tuple[str, date], tuple] = field(default_factory=dict)
    cuts: dict[date, tuple[str, str, str]] = field(default_factory=dict)


def mrr_cents(version: Version) -> int:
    """Unit price x quantity normalised to a month, less discount, in USD; rounded once."""
    if version.currency not in RATES:
        return 0
    monthly = sum(
        (
            Fraction(item.amount * item.quantity)
            / (MONTHS_PER_INTERVAL[item.interval] * item.count)
            for item in version.items
            if item.quantity >= 0 and item.amount >= 0
        ),
        Fraction(0),
    )
    kept = 1 - Fraction(version.discount or 0) / 100
    return floor(monthly * kept * RATES[version.currency] + Fraction(1, 2))


def largest_plan(version: Version) -> str:
    """Plan of the item with the highest monthly amount."""
    items = [item for item in version.items if item.quantity >= 0]
    return min(items, key=lambda i: (-i.amount * i.quantity, i.item_id)).plan_id


def known_changes(versions: Iterable[Version], as_of: date) -> list[Version]:
    """The changes of a subscription as known before `as_of`: the latest word on each."""
    midnight = datetime(as_of.year, as_of.month, as_of.day)
    by_times = defaultdict(set)
    for version in versions:
        if version.known_at < midnight:
            by_times[version.changed_at, version.known_at].add(version)
    latest: dict[datetime, Version] = {}
    for changed_at, known_at in sorted(by_times):
        if len(by_times[changed_at, known_at]) == 1:
            (latest[changed_at],) = by_times[changed_at, known_at]
    changes = [latest[changed_at] for changed_at in sorted(latest)]
    return [] if changes and changes[-1].is_deleted else changes


def paid_days(changes: Sequence[Version], as_of: date) -> dict[date, Version]:
    """Each paid day before `as_of`, with the version that was in force."""
    found: dict[date, Version] = {}
    if not changes:
        return found
    first, prices = changes[0], [mrr_cents(version) for version in changes]
    day = min(first.changed_at.date(), first.trial_started or first.started, first.started)
    while day < as_of:
        place = max((i for i, v in enumerate(changes) if v.changed_at.date() <= day), default=0)
        version = changes[place]
        is_paid = version.status in ("active", "past_due") and prices[place] > 0
        if version.status == "past_due":
            start = place
            while start and changes[start - 1].status == "past_due":
                start -= 1
            since = changes[start].changed_at.date()
            is_paid = is_paid and day < since + GRACE_DAYS * DAY
        is_over = any(v.ended and v.ended <= day for v in changes[place:])
        is_off = version.is_paused or version.is_deleted or day < version.started
        if is_paid and not (is_over or is_off):
            found[day] = version
        day += DAY
    return found


def month_starts(first: date, as_of: date) -> list[date]:
    """First days of the complete months from the one of `first` on."""
    months, month = [], first.replace(day=1)
    while next_month(month) <= as_of:
        months.append(month)
        month = next_month(month)
    return months


def next_month(month: date) -> date:
    """First day of the month after."""
    return (month.replace(day=28) + 4 * DAY).replace(day=1)


def _gaps(days: Sequence[date], as_of: date) -> list[tuple[date, date | None]]:
    """First day without paid service and first day with it again, of each gap before `as_of`."""
    found = [(a + DAY, b) for a, b in zip(days, days[1:], strict=False) if b > a + DAY]
    return found + ([(days[-1] + DAY, None)] if days[-1] + DAY < as_of else [])


def _movements(found: Account, gaps: list, long: list, as_of: date) -> None:
    """New, reactivation, churn, expansion, contraction: in this order, at month ends."""
    before, ever, left = 0, False, None
    for month, after in found.mrr.items():
        name = None
        if before == 0 and after > 0:
            name = "reactivation" if ever else "new"
        elif before > 0 and after == 0:
            name, left = "churn", month
        elif after != before:
            name = "expansion" if after > before else "contraction"
        if name:
            found.movements[month] = (name, before, after, False)
        if name == "reactivation":
            _mark_late(found, left, month, long, as_of)
            left = None
        before, ever = after, ever or after > 0
    last_day = left and next_month(left) - DAY
    if left and any(back and back > last_day for _, back in gaps):
        _mark_late(found, left, None, long, as_of)


def _mark_late(found: Account, left: date, back: date | None, long: list, as_of: date) -> None:
    """A return is late where no gap longer than the churn gap lies between the two rows."""
    first, end = next_month(left) - DAY, back or as_of
    if not any(start < end and (until or as_of) > first for start, until in long):
        for month in filter(None, (left, back)):
            found.movements[month] = (*found.movements[month][:3], True)


def _retention(found: Account, long: list, as_of: date) -> None:
    """Start, end and least MRR, and a churn date in the period: for who paid the day before it."""
    for grain, size in (("monthly", 1), ("quarterly", 3), ("yearly", 12)):
        for last in found.mrr:
            if last.month % size:
                continue
            start = last.replace(month=last.month - size + 1)
            before = (start - DAY).replace(day=1)
            if found.mrr.get(before, 0) > 0:
                end = next_month(last)
                churned = any(start <= day < end for day, _ in long)
                settled = end + GAP_DAYS * DAY <= as_of
                found.retention[grain, start] = (
                    found.mrr[before], found.mrr[last], min(found.mrr[before], found.mrr[last]),
                    int(churned) if settled else None,
                )  # fmt: skip


def _cuts(found: Account, plans: Mapping[date, str]) -> None:
    """Plan, segment and cohort at each month's end; after the last payment as they were then."""
    cohort = min(found.mrr).strftime("%Y-%m")
    plan, paid = "", 0
    for month, cents in found.mrr.items():
        if cents:
            plan, paid = plans[month], cents
        segment = next(name for name, limit in SEGMENTS if paid >= 100 * limit)
        found.cuts[month] = (plan, segment, cohort)


def expected(versions: Iterable[Version], as_of: date) -> Mapping[str, Account]:
    """All that the revenue tables should say of each account."""
    subscriptions, accounts = defaultdict(list), defaultdict(list)
    for version in versions:
        subscriptions[version.subscription_id].append(version)
    for name in sorted(subscriptions):
        owner = subscriptions[name][0].account_id or "unassigned"
        accounts[owner].append(paid_days(known_changes(subscriptions[name], as_of), as_of))
    found = {name: _account(days, as_of) for name, days in accounts.items()}
    if found.get("unassigned"):
        found["unassigned"].cuts.clear()
    return {name: account for name, account in found.items() if account}


def _account(paid: list[dict[date, Version]], as_of: date) -> Account | None:
    days = sorted(set().union(*paid))
    if not days:
        return None
    account, plans = Account(), {}
    for month in month_starts(days[0], as_of):
        last = next_month(month) - DAY
        running = [subscription[last] for subscription in paid if last in subscription]
        if running or account.mrr:
            account.mrr[month] = sum(mrr_cents(version) for version in running)
            account.seats[month] = sum(
                item.quantity for v in running for item in v.items if item.quantity >= 0
            )
        if running:
            largest = min(running, key=lambda v: (-mrr_cents(v), v.subscription_id))
            plan = largest_plan(largest)
            plans[month] = PLAN_NAMES.get(plan, plan)
    gaps = _gaps(days, as_of)
    long = [(a, b) for a, b in gaps if ((b or as_of) - a).days > GAP_DAYS]
    for start, back in long:
        lost = sum(mrr_cents(s[start - DAY]) for s in paid if start - DAY in s)
        account.churns[start] = (back, lost)
    _movements(account, gaps, long, as_of)
    _retention(account, long, as_of)
    if account.mrr:
        _cuts(account, plans)
    return account
