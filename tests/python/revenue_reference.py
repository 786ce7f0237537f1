"""The revenue definitions in slow, plain Python: day by day, without any of the project's SQL.

Source: the definitions page (conventions; revenue; churn), one function per sentence of it.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import ceil, floor, prod

from revenue_histories import Billing, Customer, Discount, Item, Schedule, Version

DAY = timedelta(days=1)
FAR = date(9999, 1, 1)
GRACE_DAYS = GAP_DAYS = 30
# US dollars for a unit, and decimal digits of what billing writes.
RATES = {
    "usd": ("1", 2),
    "eur": ("1.08", 2),
    "gbp": ("1.27", 2),
    "jpy": ("0.0067", 0),
    "kwd": ("3.25", 3),
}
MONTHS_PER_INTERVAL = {
    "day": Fraction(12, 365),
    "week": Fraction(12, 52),
    "month": Fraction(1),
    "year": Fraction(12),
}
STATUSES = {
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "past_due",
    "paused": "paused",
    "canceled": "canceled",
    "incomplete": "never_begun",
}
PLAN_NAMES = {"plan_a": "Alpha", "plan_b": "Beta", "plan_c": "Gamma", "plan_d": "Delta"}
SEAT_PLANS, ADD_ONS = ("plan_a", "plan_b"), ("plan_d",)
SEGMENTS = (("Enterprise", 5000), ("Mid-Market", 1000), ("SMB", 200), ("Self-Serve", 0))


@dataclass
class Account:
    """What is expected of one account; months by their first day, money in cents.

    Attributes
    ----------
    held : the part of MRR that is kept from what could be read last.
    movements : movement, before, after, whether it is a late renewal.
    churns : by churn date: day of return or None, lost MRR.
    retention : by grain and first day: start, end and least MRR, churned (None: not settled).
    cuts : plan, segment, cohort.
    """

    mrr: dict[date, int] = field(default_factory=dict)
    held: dict[date, int] = field(default_factory=dict)
    seats: dict[date, int | None] = field(default_factory=dict)
    movements: dict[date, tuple[str, int, int, bool]] = field(default_factory=dict)
    churns: dict[date, tuple[date | None, int]] = field(default_factory=dict)
    retention: dict[tuple[str, date], tuple] = field(default_factory=dict)
    cuts: dict[date, tuple[str, str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """What a subscription is: its last readable version, with the items of a phase if one came."""

    version: Version
    items: tuple[Item, ...]
    ended: datetime | None = None

    @property
    def status(self) -> str:
        return "canceled" if self.ended else STATUSES[self.version.status]


@dataclass(frozen=True)
class Row:
    """A moment from which a state holds; None: nothing was ever readable.

    `read` is what the row itself says, which is put aside where nobody can read it.
    """

    at: datetime
    state: State | None
    is_held: bool
    read: Version
    customer: Discount | None


@dataclass(frozen=True)
class Paid:
    """A day of paid service."""

    subscription_id: str
    mrr: int
    seats: int | None
    plan: str | None
    is_held: bool


def end_day(moment: datetime | None) -> date:
    """First day that is not served by what ends then: the last minute of a day is midnight."""
    return (moment + timedelta(minutes=1)).date() if moment else FAR


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def cents(minor: Fraction, currency: str) -> Fraction:
    """US cents of an amount in minor units."""
    rate, digits = RATES[currency]
    return minor * Fraction(rate) * Fraction(10) ** (2 - digits)


def interval_months(item: Item) -> Fraction:
    """Months of the interval that an item is billed for."""
    return MONTHS_PER_INTERVAL[item.price.interval] * item.price.count


def tiers_amount(item: Item, units: int) -> Fraction:
    """By volume all units cost what the last one does; graduated, each what its tier says."""
    price, below, total = item.price, 0, Fraction(0)
    for tier in price.tiers:
        last = tier.up_to is None or units <= tier.up_to
        unit, flat = Fraction(tier.unit or 0), Fraction(tier.flat or 0)
        if price.tiers_mode == "volume" and last:
            return units * unit + flat
        if price.tiers_mode == "graduated" and (units > below or below == 0):
            total += ((units if last else tier.up_to) - below) * unit + flat
        below = tier.up_to
        if last:
            break
    return total


@cache
def monthly(item: Item, currency: str) -> Fraction | None:
    """Price of an item for a month in US cents; None where nobody can read it."""
    price = item.price
    if price.is_metered:
        return Fraction(0)
    currency = price.currency or currency
    known = price.amount is not None or price.tiers
    if currency not in RATES or price.interval not in MONTHS_PER_INTERVAL or not known:
        return None
    units = item.quantity
    if price.divide_by:
        round_ = floor if price.rounding == "down" else ceil
        units = round_(Fraction(units, price.divide_by))
    minor = tiers_amount(item, units) if price.tiers else Fraction(price.amount) * units
    return cents(minor / interval_months(item), currency)


def lines(items: Iterable[Item]) -> list[Item]:
    """Items that count: those of a negative quantity are left out."""
    return [item for item in items if (item.quantity or 0) >= 0]


def stands_until(discount: Discount, state: State) -> date:
    """First day on which a discount stands no more."""
    version, start = state.version, discount.started
    if discount.ended:
        return end_day(discount.ended)
    if discount.duration == "repeating":
        return add_months(start.date(), discount.months)
    if discount.duration == "forever":
        return FAR
    # once: the billing period that it began in
    if version.term_started and start.date() < version.term_started.date():
        return version.term_started.date()
    if version.term_ended:
        return end_day(version.term_ended)
    months = [max(floor(interval_months_or_one(item)), 1) for item in lines(state.items)]
    return add_months(start.date(), min(months, default=1))


def standing(row: Row, day: date) -> list[Discount]:
    """Discounts of a day: the customer's only where neither item nor subscription has one."""
    assert row.state
    for discounts in (row.state.version.discounts, filter(None, [row.customer])):
        found = [d for d in discounts if d.started.date() <= day < stands_until(d, row.state)]
        if found:
            return found
    return []


def less(amount: Fraction, months: Fraction, discounts: Iterable[Discount]) -> Fraction:
    """An item's own: percentages, then amounts for each interval, never below 0."""
    for discount in discounts:
        if discount.percent:
            amount *= 1 - Fraction(discount.percent) / 100
    for discount in discounts:
        if discount.amount:
            amount -= cents(Fraction(discount.amount), discount.currency) / months
    return max(amount, Fraction(0))


def mrr_cents(state: State, discounts: Sequence[Discount]) -> int:
    """Items for a month less discounts, in USD; rounded once."""
    currency = state.version.currency
    known = [(i, a) for i in lines(state.items) if (a := monthly(i, currency)) is not None]

    def reached(item: Item, discount: Discount) -> bool:
        return not discount.plans or item.price.plan_id in discount.plans

    left: dict[str, Fraction] = {}
    whole = [d for d in discounts if not d.item_id]
    for item, amount in known:
        own = [d for d in discounts if d.item_id == item.item_id and reached(item, d)]
        percents = [d.percent for d in whole if d.percent and reached(item, d)]
        kept = prod((1 - Fraction(percent) / 100 for percent in percents), start=Fraction(1))
        left[item.item_id] = less(amount, interval_months_or_one(item), own) * kept
    off = dict.fromkeys(left, Fraction(0))
    for discount in whole:
        reach = [i for i, amount in known if amount and reached(i, discount)]
        total = sum(left[i.item_id] for i in reach)
        if discount.amount and total:
            amount = cents(Fraction(discount.amount), discount.currency)
            for i in reach:
                off[i.item_id] += amount / interval_months(i) * left[i.item_id] / total
    total = sum((max(left[name] - off[name], Fraction(0)) for name in left), Fraction(0))
    return floor(total + Fraction(1, 2))


def interval_months_or_one(item: Item) -> Fraction:
    """Months of the interval; 1 for usage, whose interval may be of any name."""
    return Fraction(1) if item.price.is_metered else interval_months(item)


def seats(items: Iterable[Item]) -> int | None:
    """Quantities of plans that count seats; None where none does."""
    counted = [i.quantity for i in lines(items) if i.price.plan_id in SEAT_PLANS]
    known = [quantity for quantity in counted if quantity is not None]
    return sum(known) if known else None


def largest_plan(state: State) -> str:
    """Plan of the item with the highest monthly amount that is no add-on."""

    def rank(item: Item) -> tuple:
        is_beside = item.price.plan_id in ADD_ONS or item.price.is_metered
        return is_beside, -(monthly(item, state.version.currency) or 0), item.item_id

    plan = min(lines(state.items), key=rank).price.plan_id
    return "add-on only" if plan in ADD_ONS else plan


def cannot_be_read(version: Version, items: Iterable[Item]) -> bool:
    """Unreadable, of an unknown word, or in paid service at a price that nobody knows."""
    if version.is_deleted:
        return False
    if version.unreadable or version.status not in STATUSES:
        return True
    is_paid = STATUSES[version.status] in ("active", "past_due")
    if not is_paid or (version.is_paused and not version.resumes):
        return False
    prices = [monthly(item, version.currency) for item in lines(items)]
    return not prices or (None in prices and not any(prices))


def latest_words(versions: Iterable[Version], midnight: datetime) -> list[Version]:
    """What was known by then, in order; of two that overlap none."""
    by_times = defaultdict(set)
    for version in versions:
        if version.known_at < midnight and version.is_live:
            content = replace(version, form="plain")
            by_times[version.changed_at, version.known_at].add(content)
    return [next(iter(found)) for _, found in sorted(by_times.items()) if len(found) == 1]


def told_phases(
    schedules: Iterable[Schedule], midnight: datetime
) -> list[tuple[datetime, tuple[Item, ...] | None]]:
    """Phases and ends (None) to come: what was told before it began and not taken back before."""
    known: dict[datetime, Schedule] = {}
    for schedule in sorted(schedules, key=lambda s: (s.changed_at, s.known_at)):
        if schedule.known_at < midnight:
            known[schedule.changed_at] = schedule
    changes, found = sorted(known), []
    for changed_at, following in zip(changes, [*changes[1:], datetime.max], strict=False):
        schedule = known[changed_at]
        told = [p for p in schedule.phases if changed_at < p.started < following]
        if schedule.status == "active":
            found += [(phase.started, phase.items) for phase in told]
            end = max(phase.ended for phase in schedule.phases)
            if schedule.cancels and changed_at < end < following:
                found.append((end, None))
    return found


def told_rows(
    versions: Iterable[Version],
    schedules: Iterable[Schedule],
    customers: Iterable[Customer],
    as_of: date,
) -> list[Row]:
    """All moments at which something changes, as known before `as_of`, with the state from then."""
    midnight = datetime(as_of.year, as_of.month, as_of.day)
    words = latest_words(versions, midnight)
    if not words:
        return []
    first = words[0].changed_at
    has_discount = any(c.discount and c.known_at < midnight for c in customers)
    known = sorted(
        (c for c in customers if c.known_at < midnight and has_discount),
        key=lambda c: (c.changed_at, c.known_at),
    )
    events: list[tuple[datetime, int, object]] = [(w.changed_at, 0, w) for w in words]
    moments = {word.changed_at for word in words}
    for at, items in told_phases(schedules, midnight):
        if at > first and at not in moments:
            events.append((at, 1, items))
    events += [(c.changed_at, 2, c) for c in known if c.changed_at > first]
    customer = next((c for c in reversed(known) if c.changed_at <= first), None)
    rows: dict[datetime, Row] = {}
    state, word, items, ended = None, words[0], None, None
    for at, kind, told in sorted(events, key=lambda e: (e[0], e[1])):
        if kind == 0:
            word, items, ended = told, told.items, None
        elif kind == 1:
            items, ended = (told, None) if told else (word.items, at)
        else:
            customer = told
        is_held = cannot_be_read(word, items)
        state = state if is_held else State(word, items, ended)
        rows[at] = Row(at, state, is_held, word, customer.discount if customer else None)
    ordered = [rows[at] for at in sorted(rows)]
    return [] if ordered[-1].state and ordered[-1].state.version.is_deleted else ordered


def told_until(row: Row) -> date:
    """First day without service, as the state itself says ahead."""
    assert row.state
    version = row.state.version
    cancel = version.cancel_at
    if version.cancels_at_term and not cancel:
        cancel = version.term_ended
    return min(end_day(version.ended), end_day(row.state.ended), end_day(cancel))


def _paid(row: Row, mrr: int) -> Paid:
    state, version = row.state, row.state.version
    plan = largest_plan(state) if lines(state.items) else None
    return Paid(version.subscription_id, mrr, seats(state.items), plan, row.is_held)


def service(row: Row, day: date, price: Paid | None) -> str:
    """What a state gives on a day, apart from ends: paid, trial, none or unknown."""
    if row.state is None:
        return "unknown"
    version, status = row.state.version, row.state.status
    is_paused = version.is_paused and not (version.resumes and version.resumes.date() <= day)
    if version.is_deleted or is_paused:
        return "none"
    if status == "trialing" and day < end_day(version.trial_ended):
        return "trial"
    if status == "trialing" and version.ends_trial_unpaid:
        return "none"
    return "paid" if status in ("trialing", "active", "past_due") and price.mrr > 0 else "none"


def paid_days(rows: Sequence[Row], as_of: date) -> tuple[dict[date, Paid], set[date]]:
    """Each paid day before `as_of`, and the days of which nothing is known."""
    found: dict[date, Paid] = {}
    unknown: set[date] = set()
    if not rows:
        return found, unknown
    ends = [told_end(row) for row in rows]
    prices: dict[tuple, Paid | None] = {}

    def price(place: int, day: date) -> Paid | None:
        state = rows[place].state
        discounts = standing(rows[place], day) if state else []
        key = (place, *(d.discount_id for d in discounts))
        if key not in prices:
            prices[key] = state and _paid(rows[place], mrr_cents(state, discounts))
        return prices[key]

    first = rows[0]
    started = first.read.started.date() if first.read.unreadable != "start_date" else None
    begun = first.at.date()
    trial = first.read.trial_started.date() if first.read.trial_started else None
    day = min(begun, trial or started or begun, started or begun)
    last = 0
    while day < as_of:
        while last + 1 < len(rows) and rows[last + 1].at.date() <= day:
            last += 1
        place = last
        given = service(rows[place], day, price(place, day))
        # what ends service within a day's last minute ends it with the day
        while place and given == "none" and end_day(rows[place].at) > day:
            place -= 1
            given = service(rows[place], day, price(place, day))
        if given in ("paid", "unknown") and _is_in_force(rows, ends, place, day):
            if given == "unknown":
                unknown.add(day)
            else:
                found[day] = price(place, day)
        day += DAY
    return found, unknown


def told_end(row: Row) -> date:
    """An end that a row is sure of; one that is put aside is sure of none."""
    if row.is_held or row.state is None:
        return FAR
    return min(end_day(row.state.version.ended), end_day(row.state.ended))


def _is_in_force(rows: Sequence[Row], ends: Sequence[date], place: int, day: date) -> bool:
    """Begun and not over: by its own words, by any later end, or by the days of grace."""
    row = rows[place]
    version = row.state.version if row.state else row.read
    if version.unreadable != "start_date" and day < version.started.date():
        return False
    if min(ends[place:]) <= day:
        return False
    if row.state is None:
        return True
    until = told_until(row)
    if row.state.status == "past_due":
        start = place
        while start and rows[start - 1].state and rows[start - 1].state.status == "past_due":
            start -= 1
        until = min(until, rows[start].at.date() + GRACE_DAYS * DAY)
    if not row.is_held:
        return day < until
    # what was in force when the first version was put aside goes on until one can be read
    while place and rows[place - 1].is_held and rows[place - 1].state is row.state:
        place -= 1
    return rows[place].at.date() < until


def keep(paid: list[dict[date, Paid]], unknown: Mapping[str, set[date]]) -> dict[date, Paid]:
    """What an account keeps while a subscription of it is there that was never readable."""
    found: dict[date, Paid] = {}
    holds: list[list[date]] = []
    for day in sorted(set().union(*unknown.values())):
        if holds and holds[-1][-1] + DAY == day:
            holds[-1].append(day)
        else:
            holds.append([day])
    for hold in holds:
        before = max((d for days in paid for d in days if d < hold[0]), default=None)
        if before is None or (hold[0] - before - DAY).days > GAP_DAYS:
            continue
        last = [days[before] for days in paid if before in days]
        name = min(name for name, days in unknown.items() if not days.isdisjoint(hold))
        plan = max(one.plan for one in last)
        for day in hold:
            rest = sum(o.mrr for o in last) - sum(days[day].mrr for days in paid if day in days)
            if rest > 0:
                found[day] = Paid(name, rest, None, plan, True)
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
    for grain, size in (("month", 1), ("quarter", 3), ("year", 12)):
        for last in found.mrr:
            if last.month % size:
                continue
            start = last.replace(month=last.month - size + 1)
            before = (start - DAY).replace(day=1)
            # what nobody could read at either end enters no rate
            is_held = found.held.get(before, 0) + found.held[last] > 0
            if found.mrr.get(before, 0) > 0 and not is_held:
                end = next_month(last)
                churned = any(start <= day < end for day, _ in long)
                settled = end + GAP_DAYS * DAY <= as_of
                found.retention[grain, start] = (
                    found.mrr[before],
                    found.mrr[last],
                    min(found.mrr[before], found.mrr[last]),
                    int(churned) if settled else None,
                )


def _cuts(found: Account, plans: Mapping[date, str]) -> None:
    """Plan, segment and cohort at each month's end; after the last payment as they were then."""
    cohort = min(found.mrr).strftime("%Y-%m")
    plan, paid = "", 0
    for month, cents in found.mrr.items():
        if cents:
            plan, paid = plans[month], cents
        segment = next(name for name, limit in SEGMENTS if paid >= 100 * limit)
        found.cuts[month] = (plan, segment, cohort)


def expected(billing: Billing, as_of: date) -> Mapping[str, Account]:
    """All that the revenue tables should say of each account."""
    versions, schedules, customers = defaultdict(list), defaultdict(list), defaultdict(list)
    for version in billing.versions:
        versions[version.subscription_id].append(version)
    for schedule in billing.schedules:
        schedules[schedule.subscription_id].append(schedule)
    for customer in billing.customers:
        customers[customer.customer_id].append(customer)
    paid, unknown = defaultdict(list), defaultdict(dict)
    for name in sorted(versions):
        one = versions[name][0]
        owner = one.account_id or "unassigned"
        rows = told_rows(versions[name], schedules[name], customers[one.customer_id], as_of)
        days, unknown[owner][name] = paid_days(rows, as_of)
        paid[owner].append(days)
    for owner, days in paid.items():
        if any(unknown[owner].values()):
            days.append(keep(days, unknown[owner]))
    found = {name: _account(days, as_of) for name, days in paid.items()}
    if found.get("unassigned"):
        found["unassigned"].cuts.clear()
    return {name: account for name, account in found.items() if account}


def _account(paid: list[dict[date, Paid]], as_of: date) -> Account | None:
    days = sorted(set().union(*paid))
    if not days:
        return None
    account, plans = Account(), {}
    for month in month_starts(days[0], as_of):
        last = next_month(month) - DAY
        running = [subscription[last] for subscription in paid if last in subscription]
        if running or account.mrr:
            account.mrr[month] = sum(one.mrr for one in running)
            account.held[month] = sum(one.mrr for one in running if one.is_held)
            counted = [one.seats for one in running if one.seats is not None]
            account.seats[month] = sum(counted) if counted or not running else None
        if running:
            plan = min(running, key=lambda one: (-one.mrr, one.subscription_id)).plan
            plans[month] = PLAN_NAMES.get(plan, plan)
    gaps = _gaps(days, as_of)
    long = [(a, b) for a, b in gaps if ((b or as_of) - a).days > GAP_DAYS]
    for start, back in long:
        lost = sum(s[start - DAY].mrr for s in paid if start - DAY in s)
        account.churns[start] = (back, lost)
    _movements(account, gaps, long, as_of)
    _retention(account, long, as_of)
    if account.mrr:
        _cuts(account, plans)
    return account
