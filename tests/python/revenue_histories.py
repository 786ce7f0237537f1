"""Random account histories as a billing system would record them, with all that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np

AS_OF = date(2026, 2, 28)
FIRST_DAY = date(2024, 1, 3)
# Billing intervals, as billing writes them.
INTERVALS = (
    ("day", 30),
    ("week", 1),
    ("week", 2),
    ("month", 1),
    ("month", 1),
    ("month", 3),
    ("year", 1),
)
CURRENCIES = ("usd", "usd", "usd", "usd", "eur", "gbp", "jpy", "kwd")
PERCENTS = ("5", "10", "12.5", "33", "100")
PLANS = ("plan_a", "plan_b", "plan_c", "plan_d", "plan_without_record")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Tier:
    """A tier of a price up to `up_to` units, amounts in minor units as decimal text."""

    up_to: int | None
    unit: str | None
    flat: str | None


@dataclass(frozen=True)
class Price:
    """What a unit costs for each `count` x `interval`; without a currency the subscription's."""

    price_id: str
    plan_id: str
    amount: str | None
    interval: str
    count: int
    currency: str | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    divide_by: int | None = None
    rounding: str | None = None
    is_metered: bool = False


# Prices that a subscription may merely name.
NAMED_PRICES = (
    Price("named_1", "plan_a", "2500", "month", 1, "usd"),
    Price(
        "named_2",
        "plan_b",
        None,
        "year",
        1,
        "gbp",
        tiers_mode="graduated",
        tiers=(Tier(5, "4000", None), Tier(20, "3000.5", "9000"), Tier(None, "1000", "100")),
    ),
    Price("named_3", "plan_c", "12000", "month", 3, "eur", divide_by=5, rounding="up"),
)


@dataclass(frozen=True)
class Item:
    """A line of a subscription; `form`: how it says its price (price, plan or name)."""

    item_id: str
    price: Price
    quantity: int | None
    form: str = "price"


@dataclass(frozen=True)
class Discount:
    """Something off an item, a subscription or all of a customer's."""

    discount_id: str
    percent: str | None
    amount: int | None
    currency: str
    duration: str
    months: int | None
    started: datetime
    ended: datetime | None
    plans: tuple[str, ...] = ()
    item_id: str | None = None


@dataclass(frozen=True)
class Version:
    """A version of a subscription; None where the vendor says nothing.

    Attributes
    ----------
    unreadable : column that nobody can read, None where all can be read.
    form : how the row is written: plain, object (lists as the API's objects), milliseconds.
    """

    subscription_id: str
    account_id: str | None
    customer_id: str
    status: str
    currency: str
    items: tuple[Item, ...]
    started: datetime
    changed_at: datetime
    known_at: datetime
    discounts: tuple[Discount, ...] = ()
    trial_started: datetime | None = None
    trial_ended: datetime | None = None
    ends_trial_unpaid: bool = False
    term_started: datetime | None = None
    term_ended: datetime | None = None
    cancel_at: datetime | None = None
    cancels_at_term: bool = False
    ended: datetime | None = None
    reason: str | None = None
    is_paused: bool = False
    resumes: datetime | None = None
    is_deleted: bool = False
    is_live: bool = True
    unreadable: str | None = None
    form: str = "plain"


@dataclass(frozen=True)
class Customer:
    """A version of a customer."""

    customer_id: str
    discount: Discount | None
    changed_at: datetime
    known_at: datetime


@dataclass(frozen=True)
class Phase:
    """What a schedule says that a subscription has for a while."""

    started: datetime
    ended: datetime
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Schedule:
    """A version of a schedule."""

    schedule_id: str
    subscription_id: str
    status: str
    cancels: bool
    phases: tuple[Phase, ...]
    changed_at: datetime
    known_at: datetime


@dataclass(frozen=True)
class Billing:
    """All that a billing system delivers."""

    versions: list[Version]
    customers: list[Customer]
    schedules: list[Schedule]


@dataclass
class Story:
    """A subscription while it is being told: the newest version and all before it."""

    rng: np.random.Generator
    now: Version
    told: list[Version] = field(default_factory=list)

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def days(self, low: int, high: int) -> timedelta:
        return timedelta(days=int(self.rng.integers(low, high)))

    def tell(self, at: datetime, **changes: object) -> None:
        """Add a version that takes effect at `at`, mostly known at once, sometimes much later."""
        lag = timedelta(minutes=int(self.rng.integers(5, 2000)))
        if self.chance(0.04):
            lag += self.days(10, 120)
        form = str(self.rng.choice(["plain", "object", "milliseconds"], p=[0.6, 0.3, 0.1]))
        self.now = replace(self.now, **changes, changed_at=at, known_at=at + lag, form=form)
        self.told.append(self.now)

    def correct(self) -> None:
        """Correct the newest version in hindsight."""
        first = self.now.items[0]
        items = (replace(first, quantity=(first.quantity or 0) + 3), *self.now.items[1:])
        self.now = replace(self.now, items=items, known_at=self.now.known_at + self.days(3, 60))
        self.told.append(self.now)


def moment(rng: np.random.Generator, day: date) -> datetime:
    """A time of a day: midnight, its last second, or any."""
    midnight = datetime(day.year, day.month, day.day)
    kind = rng.random()
    if kind < 0.25:
        return midnight
    if kind < 0.5:
        return midnight + timedelta(days=1) - SECOND
    return midnight + timedelta(seconds=int(rng.integers(86400)))


def _price(rng: np.random.Generator, name: str, like: Price | None) -> Price:
    """A price of one of the forms that a vendor knows."""
    interval, count = INTERVALS[rng.integers(len(INTERVALS))]
    if like:
        interval, count = like.interval, like.count
    plan, amount = str(rng.choice(PLANS)), str(rng.integers(1, 60_000))
    plain = Price(f"p_{name}", plan, amount, interval, count)
    kind = rng.random()
    if kind < 0.7:
        return plain
    if kind < 0.78:
        return replace(plain, amount=f"{rng.integers(0, 900)}.{rng.integers(1, 1000):03d}")
    if kind < 0.85:
        divide_by, rounding = int(rng.integers(1, 7)), str(rng.choice(["up", "down"]))
        return replace(plain, divide_by=divide_by, rounding=rounding)
    limits = sorted(int(limit) for limit in rng.choice(np.arange(1, 25), 2, replace=False))
    tiers = tuple(
        Tier(
            limit,
            None if flat and rng.random() < 0.3 else str(rng.integers(1, 9000)),
            flat,
        )
        for limit, flat in zip(
            [*limits, None], [None, str(rng.integers(1, 20_000)), None], strict=True
        )
    )
    mode = str(rng.choice(["volume", "graduated"]))
    return replace(plain, amount=None, tiers=tiers, tiers_mode=mode)


def _item(rng: np.random.Generator, name: str, like: Item | None = None) -> Item:
    kind = rng.random()
    quantity = int(rng.integers(1, 30))
    if kind < 0.06:
        return Item(name, NAMED_PRICES[rng.integers(len(NAMED_PRICES))], quantity, "name")
    price = _price(rng, name, like.price if like else None)
    if like and kind < 0.3:
        return Item(name, replace(price, is_metered=True), None)
    if like and kind < 0.4:
        return Item(name, replace(price, currency="eur"), quantity)
    return Item(name, price, quantity, "plan" if kind > 0.85 else "price")


def _discount(rng: np.random.Generator, name: str, at: datetime, item: Item | None) -> Discount:
    """A discount that begins about `at`, of one kind of them, with an end of one kind."""
    is_percent = rng.random() < 0.6
    started = at - timedelta(days=int(rng.choice([0, 0, 0, 10, 40])))
    duration = str(rng.choice(["forever", "once", "repeating"]))
    months = int(rng.integers(1, 7)) if duration == "repeating" else None
    ends = moment(rng, at.date() + timedelta(days=int(rng.integers(5, 200))))
    plans = tuple(map(str, rng.choice(PLANS, 2, replace=False)))
    return Discount(
        name,
        str(rng.choice(PERCENTS)) if is_percent else None,
        None if is_percent else int(rng.integers(1, 30_000)),
        str(rng.choice(["usd", "eur", "jpy"])),
        duration,
        months,
        started,
        ends if rng.random() < 0.4 else None,
        plans if rng.random() < 0.25 else (),
        item.item_id if item else None,
    )


def _discounts(rng: np.random.Generator, now: Version, at: datetime) -> tuple[Discount, ...]:
    """None, one or more discounts of a subscription; at most one amount off its whole."""
    name, first = f"{now.subscription_id}d{rng.integers(1_000_000)}", now.items[0]
    kind = rng.random()
    if kind < 0.45:
        return ()
    whole = _discount(rng, f"{name}w", at, None)
    if kind < 0.75:
        return (whole,)
    own = _discount(rng, f"{name}i", at, first)
    if kind < 0.85:
        return (own,)
    share = replace(_discount(rng, f"{name}s", at, None), percent="20", amount=None)
    return (whole, own, share)


def _term_end(item: Item, start: datetime) -> datetime:
    days = {"day": 1, "week": 7, "month": 30, "year": 365}[item.price.interval] * item.price.count
    return start + timedelta(days=days)


def _next(story: Story, at: datetime) -> None:
    """One thing that happens to a subscription at `at`."""
    now, rng = story.now, story.rng
    term = {"term_started": at, "term_ended": _term_end(now.items[0], at)}
    if (now.cancel_at or now.cancels_at_term) and story.chance(0.4):
        story.tell(at, cancel_at=None, cancels_at_term=False)
        return
    if now.status == "canceled":
        paid_again = {"status": "active", "ended": None, "reason": None, "cancel_at": None}
        story.tell(at, **paid_again, cancels_at_term=False, **term)
        return
    is_unpaid = now.is_paused or now.status in ("trialing", "past_due", "unpaid", "incomplete")
    if is_unpaid and story.chance(0.6):
        story.tell(at, status="active", is_paused=False, resumes=None, **term)
        return
    kind = rng.choice(
        ["quantity", "item", "discount", "pause", "due", "roll", "cancel", "end"],
        p=[0.22, 0.09, 0.1, 0.1, 0.13, 0.15, 0.07, 0.14],
    )
    first, rest = now.items[0], now.items[1:]
    if kind == "quantity":
        story.tell(at, items=(replace(first, quantity=int(rng.integers(0, 30))), *rest))
    elif kind == "item":
        more = (_item(rng, f"{first.item_id}x", first),) if not rest else ()
        story.tell(at, items=(first, *more))
    elif kind == "discount":
        story.tell(at, discounts=_discounts(rng, now, at))
    elif kind == "pause":
        # some vendors change the status, some only stop collecting, some say until when
        resumes = moment(rng, at.date() + story.days(1, 80)) if story.chance(0.5) else None
        status = "paused" if not resumes and story.chance(0.5) else now.status
        story.tell(at, is_paused=True, status=status, resumes=resumes)
    elif kind == "due":
        story.tell(at, status="unpaid" if story.chance(0.2) else "past_due")
    elif kind == "roll":
        start = now.term_ended or at
        story.tell(at, term_started=start, term_ended=_term_end(first, start))
    elif kind == "cancel":
        day = at.date() + story.days(1, 90)
        told = {"cancels_at_term": True} if story.chance(0.5) else {"cancel_at": moment(rng, day)}
        story.tell(at, **told)
    else:
        # an end is often entered some days after it, and a new start may come a minute later
        day = at.date() - (story.days(1, 25) if story.chance(0.4) else timedelta())
        reason = rng.choice(["cancellation_requested", "payment_failed", "other", ""])
        ended = at if day == at.date() else moment(rng, day)
        story.tell(at, status="canceled", ended=ended, reason=str(reason) or None)


def subscription(
    rng: np.random.Generator, name: str, owner: tuple[str | None, str], start: date
) -> Story:
    """One subscription, its versions in no particular order of knowledge."""
    item = _item(rng, f"{name}i")
    currency = CURRENCIES[rng.integers(len(CURRENCIES))]
    at = moment(rng, start)
    draft = Version(name, *owner, "active", currency, (item,), at, at, at)
    story = Story(rng, draft)
    begins = {
        "discounts": _discounts(rng, draft, at),
        "term_started": at if story.chance(0.7) else None,
        "term_ended": _term_end(item, at) if story.chance(0.9) else None,
    }
    if story.chance(0.2):
        ended = None if story.chance(0.05) else moment(rng, start + timedelta(days=14))
        trial = {"trial_started": at, "trial_ended": ended}
        story.tell(at, **begins, **trial, status="trialing", ends_trial_unpaid=story.chance(0.5))
        at += timedelta(days=14)
    elif story.chance(0.15):
        # first heard of when it had run for a while, or before it begins
        at += story.days(-40, 90)
        story.tell(at, **begins)
    else:
        story.tell(at, **begins, status="incomplete" if story.chance(0.03) else "active")
    for _ in range(int(rng.integers(0, 12))):
        # gaps shorter and longer than the churn gap, the two limits themselves, the same day
        wait = rng.choice([0, 1, 29, 30, 31, 32, int(rng.integers(2, 90))])
        later = at + timedelta(days=int(wait), minutes=int(rng.integers(1, 300)))
        at = max(moment(rng, later.date()), at + SECOND)
        if at.date() > AS_OF + timedelta(days=20):
            break
        _next(story, at)
        if story.chance(0.08):
            story.correct()
    story.told += _spoilt(story)
    return story


def _spoilt(story: Story) -> Iterator[Version]:
    """What is wrong in the export: deletions, redeliveries, overlaps, negative lines, tests."""
    last, rng = story.told[-1], story.rng
    later = last.changed_at + story.days(1, 60)
    if story.chance(0.03):
        yield replace(last, is_deleted=True, changed_at=later, known_at=later + story.days(0, 9))
        if story.chance(0.3):
            later += story.days(1, 9)
            yield replace(last, changed_at=later, known_at=later + story.days(0, 9))
    one = story.told[rng.integers(len(story.told))]
    if story.chance(0.05):
        yield one
    if story.chance(0.02):
        yield replace(one, items=(replace(one.items[0], quantity=99), *one.items[1:]))
    if story.chance(0.02):
        wrong = replace(one.items[0], item_id="wrong", quantity=-7)
        yield replace(one, items=(*one.items, wrong), known_at=one.known_at + timedelta(days=1))
    if story.chance(0.02):
        yield replace(one, is_live=False, changed_at=later + SECOND, known_at=later + SECOND)


def _put_aside(rng: np.random.Generator, version: Version) -> Version:
    """A version that nobody can read, or whose price nobody can."""
    first, rest = version.items[0], version.items[1:]
    price = first.price
    kind = rng.integers(8)
    if kind == 0:
        return replace(version, status="frozen")
    if kind <= 3:
        column = ("start_date", "ended_at", "items")[kind - 1]
        return replace(version, unreadable=column, form="plain")
    if kind == 4:
        return replace(version, currency="xxx")
    if kind == 5:
        return replace(version, items=())
    unknown = replace(price, price_id="unknown", amount=None, tiers=())
    unknown = unknown if kind == 6 else replace(price, interval="era")
    return replace(version, items=(replace(first, price=unknown, form="price"), *rest))


def _schedules(story: Story) -> Iterator[Schedule]:
    """A schedule of one or two phases, sometimes moved or canceled before they begin."""
    now, rng = story.told[0], story.rng
    at = now.changed_at + story.days(1, 90)
    begins = moment(rng, at.date() + story.days(2, 120))
    phases, start = [], begins
    for place in range(int(rng.integers(1, 3))):
        end = moment(rng, start.date() + story.days(20, 120))
        item = _item(rng, f"{now.subscription_id}p{place}")
        # a phase names its prices; what it has is an item of its own
        phases.append(Phase(start, end, (replace(item, item_id=item.price.price_id),)))
        start = end
    known = at + timedelta(minutes=int(rng.integers(5, 2000)))
    told = Schedule(
        f"{now.subscription_id}s",
        now.subscription_id,
        "active",
        story.chance(0.4),
        tuple(phases),
        at,
        known,
    )
    yield told
    if story.chance(0.3):
        again = known + story.days(1, 40)
        yield replace(told, known_at=again)
    if story.chance(0.4):
        at += story.days(1, 150)
        known = at + story.days(0, 9)
        if story.chance(0.5):
            yield replace(told, status="canceled", changed_at=at, known_at=known)
        else:
            moved = story.days(3, 40)
            first, end = phases[0].started + moved, phases[0].ended + moved
            phase = replace(phases[0], started=first, ended=end)
            yield replace(told, phases=(phase,), changed_at=at, known_at=known)


def _customers(story: Story) -> Iterator[Customer]:
    """Versions of a customer who has a discount for some time."""
    rng, name = story.rng, story.now.customer_id
    at = story.told[0].changed_at + story.days(-50, 120)
    yield Customer(name, None, at - timedelta(days=200), at - timedelta(days=199))
    discount = _discount(rng, f"{name}d", at, None)
    told = Customer(name, discount, at, at + story.days(0, 60))
    yield told
    if story.chance(0.3):
        yield replace(told, known_at=told.known_at + story.days(1, 60))
    if story.chance(0.5):
        at += story.days(1, 200)
        yield Customer(name, None, at, at + story.days(0, 20))


def account(rng: np.random.Generator, number: int) -> Billing:
    """All subscriptions of one account; 1 in 100 is of no account."""
    owner = (None if rng.random() < 0.01 else f"a{number:05d}", f"c{number:05d}")
    span = (date(2025, 12, 20) - FIRST_DAY).days
    start = FIRST_DAY + timedelta(days=int(rng.integers(span)))
    stories = [subscription(rng, f"s{number:05d}_0", owner, start)]
    for place in range(1, int(rng.choice([1, 2, 3], p=[0.6, 0.28, 0.12]))):
        ends = [v.ended for story in stories for v in story.told if v.ended]
        # after the one before, by a gap near the churn gap, or at any time
        if ends and rng.random() < 0.6:
            gap = timedelta(days=int(rng.choice([0, 3, 29, 30, 31, 32, 60])))
            start = (max(ends) + timedelta(minutes=1) + gap).date()
        else:
            start = FIRST_DAY + timedelta(days=int(rng.integers(span)))
        if start < AS_OF:
            stories.append(subscription(rng, f"s{number:05d}_{place}", owner, start))
    kind = rng.random()
    customers: list[Customer] = []
    schedules: list[Schedule] = []
    if kind < 0.25:
        # what is put aside holds the state: told from elsewhere, it would be one more puzzle
        for story in stories:
            times = [(v.changed_at, v.known_at) for v in story.told]
            story.told = [
                _put_aside(rng, v) if rng.random() < 0.2 and times.count(at) == 1 else v
                for v, at in zip(story.told, times, strict=True)
            ]
    elif kind < 0.4:
        customers = list(_customers(stories[0]))
    if 0.3 < kind < 0.5:
        schedules = list(_schedules(stories[-1]))
    return Billing([v for story in stories for v in story.told], customers, schedules)


def histories(count: int, seed: int) -> Billing:
    """What billing says of `count` accounts, always the same for a seed."""
    rng = np.random.default_rng(seed)
    told = [account(rng, number) for number in range(count)]
    return Billing(
        [v for one in told for v in one.versions],
        [c for one in told for c in one.customers],
        [s for one in told for s in one.schedules],
    )
