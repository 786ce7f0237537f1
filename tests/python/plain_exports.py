"""Raw exports as plain lists of facts, by account: what the plain reference reads.

Written from the shapes of the exports alone; nothing of the project is imported. Every fact keeps
`known`, the time from which on it may be used, and nothing is left out for the date it has.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

Row = dict[str, Any]
Numbers = dict[str, float | None]
MONTHS = {
    "year": Fraction(12),
    "month": Fraction(1),
    "week": Fraction(12, 52),
    "day": Fraction(12, 365),
}
EPOCHS = (
    "start_date",
    "trial_start",
    "trial_end",
    "current_period_start",
    "current_period_end",
    "cancel_at",
    "canceled_at",
    "ended_at",
    "created",
    "updated",
)
ALWAYS, NEVER = date(1900, 1, 1), date(9999, 1, 1)


@dataclass(frozen=True)
class Version:
    """One version of a subscription; `amounts` are MRR in cents by the day that each holds from."""

    subscription: str
    account: str
    status: str
    amounts: dict[date, int]
    seats: int
    months: Fraction
    started: date
    trial_started: date | None
    trial_ended: date | None
    term_start: date
    term_end: date
    ended: date | None
    cancels: date | None
    is_paused: bool
    resumes: date | None
    is_deleted: bool
    changed: datetime
    known: datetime

    def priced(self, day: date) -> tuple[date, int]:
        """From when on the amount of a day holds, and the amount."""
        return max((since, cents) for since, cents in self.amounts.items() if since <= day)


@dataclass
class Account:
    """All that was ever delivered about one account; lists of versions are by object."""

    subscriptions: dict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))
    events: list[Row] = field(default_factory=list)
    tickets: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    comments: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    ratings: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    answers: list[Row] = field(default_factory=list)
    steps: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    trainings: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    tasks: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    reviews: dict[Any, list[Row]] = field(default_factory=lambda: defaultdict(list))
    contact_changes: list[Row] = field(default_factory=list)
    payment_failures: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Exports:
    """The accounts, and what reference data says of words, events and people."""

    accounts: dict[str, Account]
    event_types: dict[str, Row]
    lexicon: dict[str, Fraction]


def rows_of(raw: Path, table: str, keep: Any = None, without: str = "") -> list[Row]:
    """Rows of a table as dictionaries, `landed` included; `known` is the time of extraction."""
    files = ds.dataset(raw / table, partitioning="hive")
    columns = [name for name in files.schema.names if name != without]
    data = files.to_table(columns=columns, filter=keep)
    rows = data.rename_columns(
        ["known" if name == "_extracted_at" else name for name in data.column_names]
    )
    return rows.to_pylist()


def seed(seeds: Path, name: str) -> list[dict[str, str]]:
    """Rows of a reference seed."""
    with (seeds / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_exports(raw: Path, seeds: Path, accounts: Iterable[str]) -> Exports:
    """Read what was delivered about some accounts."""
    read = {name: Account() for name in accounts}
    _read_subscriptions(raw, seeds, read)
    _read_events(raw, seeds, read)
    _read_support(raw, read)
    for row in rows_of(raw, "surveys/nps_responses"):
        named = json.loads(row["properties"])
        if named["account_id"] in read:
            row["who"] = named.get("contact_id") or row["id"]
            read[named["account_id"]].answers.append(row)
    for row in rows_of(raw, "stripe/payment_failures"):
        account = json.loads(row["metadata"])["account_id"]
        if account in read:
            read[account].payment_failures.append(row)
    for table, key, where in (
        ("academy/onboarding_steps", "account_id", "steps"),
        ("academy/course_enrolments", "account_id", "trainings"),
        ("cs_platform/business_reviews", "account_id", "reviews"),
        ("salesforce/task", "AccountId", "tasks"),
    ):
        for row in rows_of(raw, table, ds.field(key).isin(list(read))):
            getattr(read[row[key]], where)[row.get("id") or row["Id"]].append(row)
    keep = ds.field("account_id").isin(list(read))
    for row in rows_of(raw, "cs_platform/key_contact_changes", keep):
        read[row["account_id"]].contact_changes.append(row)
    lexicon = {row["word"]: Fraction(row["score"]) for row in seed(seeds, "sentiment_lexicon")}
    types = {row["event_type"]: row for row in seed(seeds, "event_types")}
    return Exports(read, types, lexicon)


def id_18(account: str | None) -> str | None:
    """A Salesforce id of 15 characters with the three that its capitals give."""
    if account is None or len(account) != 15:
        return account
    fives = (account[i : i + 5] for i in (0, 5, 10))
    signs = (sum(2**k for k, letter in enumerate(five) if letter.isupper()) for five in fives)
    return account + "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sign] for sign in signs)


def day_of(seconds: int | None) -> date | None:
    """UTC day of epoch seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).date()


def end_of(seconds: int | None) -> date | None:
    """First day not served by what ends then: within a day's last minute is midnight."""
    return None if seconds is None else day_of(seconds + 60)


def listed(text: str | None) -> list[Row]:
    """A JSON list, or the data of a list object."""
    found = json.loads(text or "[]")
    return found["data"] if isinstance(found, dict) else found


def _tier_amount(tiers: list[Row], mode: str, units: int) -> Fraction:
    """Unit by unit, as the tiers say."""

    def tier_of(unit: int) -> Row:
        return next(t for t in tiers if t["up_to"] is None or unit <= t["up_to"])

    if mode == "volume":
        tier = tier_of(units)
        return Fraction(units * tier["unit_amount"] + tier.get("flat_amount", 0))
    reached = [tier_of(unit) for unit in range(1, units + 1)]
    flat = {id(tier): tier.get("flat_amount", 0) for tier in reached}
    return Fraction(sum(tier["unit_amount"] for tier in reached) + sum(flat.values()))


def price_of(item: Row, prices: dict[str, Row], currency: str) -> tuple[Fraction, Fraction]:
    """What an item costs in an interval, in minor units, and the months of the interval."""
    price = item.get("price") or item["plan"]
    if isinstance(price, str):
        price = prices[price]
    price = {**price, **price.get("currency_options", {}).get(currency, {})}
    every = price.get("recurring", price)
    every = json.loads(every) if isinstance(every, str) else every
    months = MONTHS[every["interval"]] * every.get("interval_count", 1)
    if every.get("usage_type") == "metered":
        return Fraction(0), months
    units = int(item["quantity"])
    if price.get("tiers"):
        return _tier_amount(price["tiers"], price["tiers_mode"], units), months
    amount = price.get("unit_amount")
    amount = price.get("amount") if amount is None else amount
    amount = Fraction(price["unit_amount_decimal"]) if amount is None else Fraction(amount)
    package = price.get("transform_quantity")
    if package:
        units = -(-units // package["divide_by"])
    return amount * units, months


@dataclass(frozen=True)
class Discount:
    """A share or an amount off, from a day to the day before another."""

    since: date
    until: date
    share: Fraction
    minor: int
    products: list[str] | None


def _discounts(named: list[Row], period: Row) -> Iterator[Discount]:
    for discount in named:
        coupon = discount.get("coupon") or discount["source"]["coupon"]
        since = day_of(discount.get("start")) or ALWAYS
        until = end_of(discount.get("end")) or NEVER
        if until == NEVER and coupon.get("duration") == "once":
            is_past = since < day_of(period["current_period_start"])
            until = day_of(period["current_period_start" if is_past else "current_period_end"])
        if until == NEVER and coupon.get("duration") == "repeating":
            month = since.month - 1 + coupon["duration_in_months"]
            until = since.replace(year=since.year + month // 12, month=month % 12 + 1)
        share = 1 - Fraction(str(coupon.get("percent_off") or 0)) / 100
        products = coupon.get("applies_to", {}).get("products")
        yield Discount(since, until, share, coupon.get("amount_off") or 0, products)


def _product(item: Row, reading: Reading) -> str:
    price = item.get("price") or item["plan"]
    return (reading.prices[price] if isinstance(price, str) else price)["product"]


def _amounts(row: Row, items: list[Row], period: Row, reading: Reading) -> dict[date, int]:
    """Cents a month by the day from which on they hold, as the version alone tells it."""
    named = [json.loads(row["discount"])] if row["discount"] else listed(row["discounts"])
    if not named and not any(item.get("discounts") for item in items):
        named = reading.discounts.get(row["customer"], [])
    own = list(_discounts(named, period))
    of_items = [list(_discounts(item.get("discounts", []), period)) for item in items]
    every = [*own, *(discount for some in of_items for discount in some)]
    rate = reading.rates[row["currency"]]
    amounts = {}
    for day in {ALWAYS, *(d.since for d in every), *(d.until for d in every)} - {NEVER}:
        standing = [d for d in own if d.since <= day < d.until]
        monthly, lengths = Fraction(0), []
        for item, some in zip(items, of_items, strict=True):
            amount, length = price_of(item, reading.prices, row["currency"])
            for d in (*(d for d in some if d.since <= day < d.until), *standing):
                if d.products is None or _product(item, reading) in d.products:
                    amount *= d.share
            monthly += amount / length
            lengths.append(length)
        off = sum(d.minor for d in standing) / min(lengths)
        amounts[day] = int(max(monthly - off, Fraction(0)) * rate + Fraction(1, 2))
    return amounts


def _version(row: Row, items: list[Row], reading: Reading) -> Version:
    lengths = [price_of(item, reading.prices, row["currency"])[1] for item in items]
    seats = sum(
        int(item["quantity"]) for item in items if _product(item, reading) in reading.seat_plans
    )
    pause = json.loads(row["pause_collection"]) if row["pause_collection"] else None
    period = {**items[0], **{k: v for k, v in row.items() if k.startswith("current_") and v}}
    words = {"unpaid": "past_due", "incomplete": "none", "incomplete_expired": "none"}
    cancels = row["cancel_at"]
    if row["cancel_at_period_end"]:
        cancels = cancels or period["current_period_end"]
    return Version(
        subscription=row["id"],
        account=json.loads(row["metadata"])["account_id"],
        status=words.get(row["status"], row["status"]),
        amounts=_amounts(row, items, period, reading),
        seats=seats,
        months=min(lengths),
        started=day_of(row["start_date"]),
        trial_started=day_of(row["trial_start"]),
        trial_ended=end_of(row["trial_end"]),
        term_start=day_of(period["current_period_start"]),
        term_end=end_of(period["current_period_end"]),
        ended=end_of(row["ended_at"]),
        cancels=end_of(cancels),
        is_paused=row["status"] == "paused" or bool(pause and pause.get("behavior")),
        resumes=day_of(pause.get("resumes_at")) if pause else None,
        is_deleted=row["_is_deleted"],
        changed=datetime.fromtimestamp(row["updated"], UTC).replace(tzinfo=None),
        known=row["known"],
    )


@dataclass(frozen=True)
class Reading:
    """What is needed to read a price: rates, prices by id, plans sold by the seat, discounts.

    Rates are cents of a minor unit; discounts are those of customers.
    """

    rates: dict[str, Fraction]
    prices: dict[str, Row]
    seat_plans: frozenset[str]
    discounts: dict[str, list[Row]]


def in_seconds(row: Row) -> Row:
    """A row whose times may be milliseconds."""
    told = {name: row[name] // 1000 for name in EPOCHS if (row[name] or 0) > 10**11}
    pause = json.loads(row["pause_collection"] or "null")
    if pause and (pause["resumes_at"] or 0) > 10**11:
        pause["resumes_at"] //= 1000
        told["pause_collection"] = json.dumps(pause)
    return {**row, **told}


def _read_subscriptions(raw: Path, seeds: Path, read: dict[str, Account]) -> None:
    plans = rows_of(raw, "product/plans")
    reading = Reading(
        {
            r["currency"]: Fraction(r["usd_per_unit"]) * 100 / 10 ** int(r["minor_unit_digits"])
            for r in seed(seeds, "currency_rates")
        },
        {row["id"]: row for row in rows_of(raw, "stripe/prices")},
        frozenset(row["id"] for row in plans if row["quantity_unit"] == "seats"),
        {
            row["id"]: [json.loads(row["discount"])]
            for row in rows_of(raw, "stripe/customers")
            if row["discount"]
        },
    )
    delivered: dict[str, list[Row]] = defaultdict(list)
    for row in map(in_seconds, rows_of(raw, "stripe/subscriptions")):
        account = json.loads(row["metadata"])["account_id"]
        if account in read and row["livemode"]:
            delivered[row["id"]].append(row)
            version = _version(row, listed(row["items"]), reading)
            read[account].subscriptions[row["id"]].append(version)
    for schedule in rows_of(raw, "stripe/subscription_schedules"):
        rows = delivered.get(schedule["subscription"], [])
        for phase in json.loads(schedule["phases"]):
            before = [
                row
                for row in rows
                if row["updated"] < phase["start_date"] and row["known"] <= schedule["known"]
            ]
            if before and phase["start_date"] > schedule["updated"]:
                last = max(before, key=lambda row: (row["updated"], row["known"]))
                told = {**last, "updated": phase["start_date"], "known": schedule["known"]}
                period = listed(last["items"])[0]
                items = [{**period, **item} for item in phase["items"]]
                version = _version(told, items, reading)
                read[version.account].subscriptions[version.subscription].append(version)


def first_known(rows: Iterable[Row], changed: str = "updated_at") -> Row:
    """The version that stood first: of the first known day the oldest."""
    return min(rows, key=lambda row: (row["known"].date(), row[changed], row["known"]))


def latest(rows: Iterable[Row], changed: str = "updated_at") -> Row:
    """The newest word on an object."""
    return max(rows, key=lambda row: (row[changed], row["known"]))


def known_by(rows: Iterable[Any], day: date) -> list[Any]:
    """What was known before the midnight that begins `day`."""
    midnight = datetime.combine(day, time())
    return [r for r in rows if (r.known if isinstance(r, Version) else r["known"]) < midnight]


def ratio(above: float | Fraction, below: float | Fraction) -> float | None:
    """A rate; nothing where there is nothing to divide by."""
    return float(Fraction(above) / Fraction(below)) if below else None


def _grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def _read_events(raw: Path, seeds: Path, read: dict[str, Account]) -> None:
    rules = {(r["matches_on"], r["match_value"]) for r in seed(seeds, "internal_user_rules")}
    users: dict[str, datetime] = {}
    for user, versions in _grouped(rows_of(raw, "product/users"), "id").items():
        row = first_known(versions)
        domain = row["email"].rpartition("@")[2].lower()
        if not {("email_domain", domain), ("user_type", row["user_type"])} & rules:
            users[user] = row["known"]
    owned = [r for r in rows_of(raw, "product/workspaces") if r["crm_account_id"]]
    for row in owned:
        row["crm_account_id"] = id_18(row["crm_account_id"])
    owners = {key: first_known(rows) for key, rows in _grouped(owned, "id").items()}
    wanted = [key for key, row in owners.items() if row["crm_account_id"] in read]
    keep = ds.field("workspace_id").isin(wanted)
    for row in rows_of(raw, "segment/events", keep, without="properties"):
        owner = owners[row["workspace_id"]]
        if row["user_id"] in users:
            row["people_known"] = max(users[row["user_id"]], owner["known"])
            read[owner["crm_account_id"]].events.append(row)


def _read_support(raw: Path, read: dict[str, Account]) -> None:
    owners: dict[int, str] = {}
    for ticket, rows in _grouped(rows_of(raw, "zendesk/tickets"), "id").items():
        fields = json.loads(first_known(rows)["custom_fields"] or "[]")
        account = next((id_18(f["value"]) for f in fields if f["id"] == 360001), None)
        if account in read:
            owners[ticket] = account
            read[account].tickets[ticket] = rows
    keep = ds.field("ticket_id").isin(list(owners))
    for table, where in (("ticket_comments", "comments"), ("satisfaction_ratings", "ratings")):
        for row in rows_of(raw, f"zendesk/{table}", keep):
            getattr(read[owners[row["ticket_id"]]], where)[row["ticket_id"]].append(row)
