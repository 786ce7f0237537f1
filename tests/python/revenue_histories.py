"""Random account histories as a billing system would record them, with all that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np

AS_OF = date(2026, 2, 28)
FIRST_DAY = date(2024, 1, 3)
# Months of a billing interval, as billing writes it.
INTERVALS = (("week", 1), ("week", 2), ("month", 1), ("month", 1), ("month", 3), ("year", 1))
CURRENCIES = ("usd", "usd", "usd", "eur", "gbp")
DISCOUNTS = (None, None, None, 5.0, 10.0, 12.5, 33.0, 100.0)
PLANS = ("plan_a", "plan_b", "plan_c", "plan_without_record")


@dataclass(frozen=True)
class Item:
    """A line of a subscription; `amount` in minor units for each `count` x `interval`."""

    item_id: str
    plan_id: str
    amount: int
    quantity: int
    interval: str
    count: int


@dataclass(frozen=True)
class Version:
    """A version of a subscription; None where the vendor says nothing."""

    subscription_id: str
    account_id: str | None
    status: str
    currency: str
    items: tuple[Item, ...]
    discount: float | None
    started: date
    changed_at: datetime
    known_at: datetime
    trial_started: date | None = None
    trial_ended: date | None = None
    term_ended: date | None = None
    ended: date | None = None
    reason: str | None = None
    is_paused: bool = False
    is_deleted: bool = False


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
        self.now = replace(self.now, **changes, changed_at=at, known_at=at + lag)
        self.told.append(self.now)

    def correct(self) -> None:
        """Correct the newest version in hindsight."""
        first = self.now.items[0]
        items = (replace(first, quantity=first.quantity + 3), *self.now.items[1:])
        self.now = replace(self.now, items=items, known_at=self.now.known_at + self.days(3, 60))
        self.told.append(self.now)


def _item(rng: np.random.Generator, name: str, like: Item | None = None) -> Item:
    interval, count = INTERVALS[rng.integers(len(INTERVALS))]
    if like:
        interval, count = like.interval, like.count
    return Item(
        name, PLANS[rng.integers(len(PLANS))], int(rng.integers(1, 60_000)),
        int(rng.integers(1, 30)), interval, count,
    )  # fmt: skip


def _term_end(item: Item, day: date) -> date:
    days = {"week": 7, "month": 30, "year": 365}[item.interval] * item.count
    return day + timedelta(days=days)


def _next(story: Story, at: datetime) -> None:
    """One thing that happens to a subscription at `at`."""
    now, rng, day = story.now, story.rng, at.date()
    if now.status == "canceled":
        story.tell(at, status="active", ended=None, reason=None,
                   term_ended=_term_end(now.items[0], day))  # fmt: skip
        return
    is_unpaid = now.is_paused or now.status in ("trialing", "past_due")
    if is_unpaid and story.chance(0.6):
        paid_again = {"status": "active", "is_paused": False}
        story.tell(at, **paid_again, term_ended=_term_end(now.items[0], day))
        return
    kind = rng.choice(["quantity", "item", "discount", "pause", "due", "roll", "end"],
                      p=[0.25, 0.08, 0.07, 0.1, 0.15, 0.2, 0.15])  # fmt: skip
    first, rest = now.items[0], now.items[1:]
    if kind == "quantity":
        story.tell(at, items=(replace(first, quantity=int(rng.integers(0, 30))), *rest))
    elif kind == "item":
        more = (_item(rng, f"{first.item_id}x", first),) if not rest else ()
        story.tell(at, items=(first, *more))
    elif kind == "discount":
        story.tell(at, discount=DISCOUNTS[rng.integers(len(DISCOUNTS))])
    elif kind == "pause":
        # some vendors change the status, some only stop collecting
        story.tell(at, is_paused=True, status="paused" if story.chance(0.5) else now.status)
    elif kind == "due":
        story.tell(at, status="past_due")
    elif kind == "roll":
        story.tell(at, term_ended=_term_end(first, now.term_ended or day))
    else:
        # an end is often entered some days after it
        ended = day - (story.days(0, 25) if story.chance(0.4) else timedelta())
        reason = rng.choice(["cancellation_requested", "payment_failed", "other", ""])
        story.tell(at, status="canceled", ended=ended, reason=str(reason) or None)


def subscription(
    rng: np.random.Generator, name: str, account_id: str | None, start: date
) -> list[Version]:
    """All versions of one subscription, in no particular order of knowledge."""
    item = _item(rng, f"{name}i")
    currency = "xxx" if rng.random() < 0.01 else CURRENCIES[rng.integers(len(CURRENCIES))]
    at = datetime(start.year, start.month, start.day) + timedelta(hours=int(rng.integers(24)))
    draft = Version(name, account_id, "active", currency, (item,), None, start, at, at)
    story = Story(rng, draft)
    begins = {
        "discount": DISCOUNTS[rng.integers(len(DISCOUNTS))],
        "term_ended": _term_end(item, start),
    }
    if story.chance(0.2):
        trial_end = start + timedelta(days=14)
        story.tell(at, **begins, status="trialing", trial_started=start, trial_ended=trial_end)
        at = datetime(trial_end.year, trial_end.month, trial_end.day)
    elif story.chance(0.15):
        # first heard of when it had run for a while, or before it begins
        at += story.days(-40, 90)
        story.tell(at, **begins)
    else:
        story.tell(at, **begins)
    for _ in range(int(rng.integers(0, 12))):
        # gaps shorter and longer than the churn gap, the two limits themselves, the same day
        wait = rng.choice([0, 1, 29, 30, 31, 32, int(rng.integers(2, 90))])
        at += timedelta(days=int(wait), minutes=int(rng.integers(1, 300)))
        if at.date() > AS_OF + timedelta(days=20):
            break
        _next(story, at)
        if story.chance(0.08):
            story.correct()
    return [*story.told, *_spoilt(story)]


def _spoilt(story: Story) -> Iterator[Version]:
    """What is wrong in the export: deletions, redeliveries, overlaps, negative lines."""
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


def account(rng: np.random.Generator, number: int) -> list[Version]:
    """The versions of all subscriptions of one account; 1 in 100 is of no account."""
    name = None if rng.random() < 0.01 else f"a{number:05d}"
    span = (date(2025, 12, 20) - FIRST_DAY).days
    start = FIRST_DAY + timedelta(days=int(rng.integers(span)))
    told = subscription(rng, f"s{number:05d}_0", name, start)
    for place in range(1, int(rng.choice([1, 2, 3], p=[0.6, 0.28, 0.12]))):
        ends = [version.ended for version in told if version.ended]
        # after the one before, by a gap near the churn gap, or at any time
        if ends and rng.random() < 0.6:
            start = max(ends) + timedelta(days=int(rng.choice([0, 3, 29, 30, 31, 32, 60])))
        else:
            start = FIRST_DAY + timedelta(days=int(rng.integers(span)))
        if start < AS_OF:
            told += subscription(rng, f"s{number:05d}_{place}", name, start)
    return told


def histories(count: int, seed: int) -> list[Version]:
    """Versions of `count` accounts, always the same for a seed."""
    rng = np.random.default_rng(seed)
    return [version for number in range(count) for version in account(rng, number)]
