"""Accounts as a billing vendor delivers them: what was subscribed, and what was invoiced.

Each account is one shape, with a monthly price of 100 dollars unless it says otherwise. T is
2026-04-01; the month that is judged is March.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]
YEAR, QUARTER, MONTH, WEEK = ("year", 1), ("month", 3), ("month", 1), ("week", 1)
MARCH, APRIL = "2026-03-10", "2026-04-10"


@dataclass
class Case:
    """One account: rows of the raw tables."""

    name: str
    subscriptions: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)


def seconds(day: str) -> int:
    """Epoch seconds of a day, or of a day and time, UTC."""
    return int((datetime.fromisoformat(day) - datetime(1970, 1, 1)).total_seconds())


class Shape:
    """Rows of one account, in the order in which things happen to it."""

    def __init__(self, name: str, every: tuple[str, int] = MONTH, currency: str = "usd") -> None:
        self.case, self.every, self.currency = Case(name), every, currency
        self.state: Row = {
            "status": "active",
            "quantity": 1,
            "amount": 10_000,
            "discount": None,
            "start": "2025-01-10",
            "term": ("2026-03-10", "2026-04-10"),
            "ended": None,
            "paused": False,
            "sub": f"sub_{name}",
        }

    def told(self, day: str, **changes: Any) -> Shape:
        """A version of the subscription."""
        self.state |= changes
        s, (interval, count) = self.state, self.every
        price = {
            "id": f"price_{s['amount']}",
            "product": "p",
            "unit_amount": s["amount"],
            "currency": self.currency,
            "recurring": {"interval": interval, "interval_count": count},
        }
        self.case.subscriptions.append(
            {
                "id": s["sub"],
                "customer": "c",
                "status": s["status"],
                "currency": self.currency,
                "items": [{"id": f"si_{s['sub']}", "quantity": s["quantity"], "price": price}],
                "discount": s["discount"] and {"coupon": {"percent_off": s["discount"]}},
                "start_date": seconds(s["start"]),
                "current_period_start": seconds(s["term"][0]),
                "current_period_end": seconds(s["term"][1]),
                "cancel_at_period_end": False,
                "ended_at": s["ended"] and seconds(s["ended"]),
                "pause_collection": {"behavior": "void"} if s["paused"] else None,
                "metadata": {"account_id": self.case.name},
                "created": seconds(s["start"]),
                "updated": seconds(day),
                "_is_deleted": False,
            }
        )
        return self

    def line(
        self,
        amount: int,
        start: str = MARCH,
        end: str = APRIL,
        *,
        off: int = 0,
        part: bool = False,
        usage: str = "licensed",
        kind: str = "subscription",
        new: bool = False,
    ) -> Row:
        """A line of an invoice, in the API's shape before 2025-03-31 or after it."""
        interval, count = self.every
        common = {
            "id": f"il_{self.case.name}_{start}_{end}_{amount}_{usage}_{kind}",
            "amount": amount,
            "currency": self.currency,
            "period": {"start": seconds(start), "end": seconds(end)},
            "discount_amounts": [{"amount": off, "discount": "di"}] if off else [],
        }
        if new:
            details = {
                "subscription": self.state["sub"],
                "subscription_item": "si",
                "proration": part,
            }
            kind = "invoice_item_details" if part else "subscription_item_details"
            return {
                **common,
                "parent": {"type": kind, kind: details},
                "taxes": [{"amount": 1900}],
                "pricing": {"type": "price_details", "price_details": {"price": "price"}},
            }
        recurring = {"interval": interval, "interval_count": count, "usage_type": usage}
        return {
            **common,
            "type": "invoiceitem" if part else kind,
            "proration": part,
            "subscription": self.state["sub"],
            "price": {"id": "p", "recurring": recurring},
        }

    def billed(
        self,
        *lines: Row,
        status: str = "paid",
        created: str = MARCH,
        credit: int = 0,
        later: str | None = None,
        more: bool = False,
    ) -> Shape:
        """An invoice, and where asked its later state."""
        number = len(self.case.invoices)
        for state, hours in ((status, 1), (later, 2)):
            if state:
                self.case.invoices.append(
                    {
                        "id": f"in_{self.case.name}_{number}",
                        "customer": "c",
                        "subscription": self.state["sub"],
                        "status": state,
                        "currency": self.currency,
                        "amount_due": 0,
                        "amount_paid": 0,
                        "lines": {"object": "list", "data": list(lines), "has_more": more},
                        "post_payment_credit_notes_amount": credit,
                        "metadata": {"account_id": self.case.name},
                        "created": seconds(created),
                        "updated": seconds(created) + 3600 * hours,
                    }
                )
        return self


def legitimate() -> list[Case]:
    """Shapes that are right on both sides, or differ for a reason."""
    s, start = Shape, "2025-01-10"
    found = []
    for name, every, first, end in (
        ("monthly", MONTH, MARCH, APRIL),
        ("annual prepay", YEAR, "2025-06-15", "2026-06-15"),
        ("quarterly", QUARTER, "2026-02-01", "2026-05-01"),
        ("weekly", WEEK, "2026-03-27", "2026-04-03"),
        ("to the last second", MONTH, "2026-03-01", "2026-03-31 23:59:59"),
    ):
        shape = s(name, every).told(start)
        found.append(shape.billed(shape.line(10_000, first, end)))
        shape = s(f"{name} by the new API", every).told(start)
        found.append(shape.billed(shape.line(10_000, first, end, new=True)))

    for new in (False, True):
        shape = s(f"upgraded {new}").told(start).told("2026-03-20 14:00", quantity=3)
        rest = (seconds(APRIL) - seconds("2026-03-20 14:00")) / (seconds(APRIL) - seconds(MARCH))
        shape.billed(shape.line(10_000, new=new))
        found.append(
            shape.billed(
                shape.line(round(-10_000 * rest), "2026-03-20 14:00", part=True, new=new),
                shape.line(round(30_000 * rest), "2026-03-20 14:00", part=True, new=new),
                created="2026-03-20",
            )
        )
    shape = s("upgraded and not billed yet").told(start)
    found.append(shape.billed(shape.line(10_000)).told("2026-03-20", quantity=3))

    shape = s("from months to a year").told(start)
    shape.billed(shape.line(10_000))
    shape.every = YEAR
    shape.told("2026-03-20", amount=100_000, term=("2026-03-20", "2027-03-20"))
    found.append(
        shape.billed(
            shape.line(100_000, "2026-03-20", "2027-03-20"),
            shape.line(round(-10_000 * 21 / 31), "2026-03-20", part=True),
            created="2026-03-20",
        )
    )

    shape = s("credited of goodwill").told(start)
    found.append(shape.billed(shape.line(10_000), credit=5_000))
    shape = s("credited for a seat too many").told(start)
    found.append(shape.billed(shape.line(20_000), credit=10_000))
    shape = s("discounted").told(start, discount=20)
    found.append(shape.billed(shape.line(10_000, off=2_000)))
    shape = s("discount that ended").told(start, discount=20)
    found.append(shape.billed(shape.line(10_000, off=2_000)).told("2026-03-20", discount=None))
    shape = s("on trial").told(MARCH, status="trialing", start=MARCH)
    found.append(shape.billed(shape.line(0)))
    shape = s("past due").told(start).told(MARCH, status="past_due")
    found.append(shape.billed(shape.line(10_000), status="open"))
    shape = s("past due for long", QUARTER).told(start).told("2026-02-01", status="past_due")
    found.append(shape.billed(shape.line(10_000, "2026-02-01", "2026-05-01"), status="open"))
    shape = s("never paid").told(start)
    shape.told("2026-03-30", status="canceled", ended="2026-03-30")
    found.append(shape.billed(shape.line(10_000), status="open", later="uncollectible"))
    shape = s("billed twice, once void").told(start)
    shape.billed(shape.line(10_000))
    found.append(shape.billed(shape.line(10_000), status="open", later="void"))
    shape = s("services and use").told(start)
    found.append(
        shape.billed(
            shape.line(10_000),
            shape.line(70_000, kind="invoiceitem"),
            shape.line(3_000, usage="metered"),
        )
    )
    shape = s("in euros", currency="eur").told(start)
    found.append(shape.billed(shape.line(10_000)))
    shape = s("billed in arrears").told(start)
    found.append(shape.billed(shape.line(10_000, "2026-02-10", MARCH), created=MARCH))
    shape = s("not finalised").told(start)
    found.append(shape.billed(shape.line(10_000), status="draft"))
    shape = s("paused").told(start).told(MARCH, paused=True)
    found.append(shape.billed(shape.line(10_000), status="draft", later="void"))
    shape = s("paused within the period").told(start)
    found.append(shape.billed(shape.line(10_000)).told("2026-03-20", paused=True))
    shape = s("cancelled at once").told(start)
    shape.billed(shape.line(10_000))
    found.append(shape.told("2026-03-20", status="canceled", ended="2026-03-20"))
    shape = s("in milliseconds").told(start)
    shape.case.subscriptions[0]["start_date"] *= 1000
    shape.billed(shape.line(10_000))
    for edge in ("start", "end"):
        shape.case.invoices[0]["lines"]["data"][0]["period"][edge] *= 1000
    found.append(shape)
    shape = s("cancelled and given back").told(start)
    shape.billed(shape.line(10_000)).told("2026-03-20", status="canceled", ended="2026-03-20")
    found.append(
        shape.billed(
            shape.line(round(-10_000 * 21 / 31), "2026-03-20", part=True), created="2026-03-20"
        )
    )
    return [shape.case for shape in found]


def faults() -> list[Case]:
    """Shapes of which one side is wrong."""
    s, start = Shape, "2025-01-10"
    found = []
    shape = s("price read as 0").told(start, amount=0)
    found.append(shape.billed(shape.line(10_000)))
    shape = s("price of nothing from now on").told(start).told("2026-03-20", amount=0)
    found.append(shape.billed(shape.line(10_000)))
    shape = s("discount ignored").told(start)
    found.append(shape.billed(shape.line(10_000, off=2_000)))
    shape = s("lines of a time that is none").told(start)
    shape.billed(shape.line(10_000))
    for edge in ("start", "end"):
        shape.case.invoices[0]["lines"]["data"][0]["period"][edge] *= 7_000
    found.append(shape)
    shape = s("begun a year too late").told(start, start="2027-01-10")
    found.append(shape.billed(shape.line(10_000)))
    shape = s("missing from the sync")
    found.append(shape.billed(shape.line(10_000)))
    shape = s("with two decimals too many").told(start, amount=1_000_000)
    found.append(shape.billed(shape.line(10_000)))
    shape = s("pays for ever").told(start, term=("2026-01-10", "2026-02-10"))
    found.append(shape.billed(shape.line(10_000, "2026-01-10", "2026-02-10"), created="2026-01-10"))
    shape = s("there twice").told(start)
    shape.billed(shape.line(10_000))
    found.append(shape.told(start, sub="sub_again"))
    shape = s("an upgrade that was lost").told(start)
    found.append(
        shape.billed(
            shape.line(10_000),
            shape.line(-6_774, "2026-03-20", part=True),
            shape.line(20_323, "2026-03-20", part=True),
        )
    )
    shape = s("a year read as a month", YEAR).told(start)
    shape.case.subscriptions[0]["items"][0]["price"]["recurring"]["interval"] = "month"
    found.append(shape.billed(shape.line(10_000, "2025-06-15", "2026-06-15")))
    shape = s("lines cut off").told(start, quantity=2)
    found.append(shape.billed(shape.line(10_000), more=True))
    return [shape.case for shape in found]
