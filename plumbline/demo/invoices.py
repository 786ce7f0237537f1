"""Invoices with their lines, and the payments that fail.

A renewal bills a whole period in advance; a change within it bills, or gives back, the rest of it,
at once or with the period's end. Beside these stand lines that are no recurring revenue (services,
metered use) and invoices that were drafts first, were made by mistake, or were credited later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plumbline.demo import book as bk
from plumbline.demo import text
from plumbline.demo.accounts import Accounts, price_minor
from plumbline.demo.config import CURRENCIES, DAY_US, END, Config, stream
from plumbline.demo.draws import stack
from plumbline.demo.invoice_lines import further_lines, lines_json, net_minor
from plumbline.demo.writer import known, make_table, moment, seconds

_FAILURES = ("card_declined", "insufficient_funds", "expired_card", "processing_error")
_STATUS = ("open", "paid", "uncollectible", "draft", "void")
OPEN, PAID, UNCOLLECTIBLE, DRAFT, VOID = range(5)

BILLED_AT_ONCE = 0.7
DRAFTED, MISTAKEN, CREDITED = 0.05, 0.01, 0.02
"""Shares: of changes billed at once; of invoices with a draft, a twin by mistake, a credit."""


@dataclass(frozen=True)
class Bills:
    """Invoices before they are written, one element each.

    Attributes
    ----------
    rows : structured array
        Version of the subscription that was billed.
    number : array of int
        What makes the invoice's id.
    day, second : array of int
        When it was opened.
    due : array of int
        Amount due, minor units.
    lines : pyarrow.Array
        JSON list object of its lines.
    """

    rows: np.ndarray
    number: np.ndarray
    day: np.ndarray
    second: np.ndarray
    due: np.ndarray
    lines: pa.Array


def invoice_tables(
    config: Config, rng: np.random.Generator, accounts: Accounts, log: np.ndarray, price: np.ndarray
) -> tuple[pa.Table, pa.Table]:
    """Build invoices and payment failures.

    Parameters
    ----------
    rng : numpy Generator
        Billing's own; what was drawn before lines were added is drawn in the same order.
    log : structured array
        Versions of subscriptions, by subscription and time.
    price : array of int
        Number of the price of each version.
    """
    starts = np.isin(log["kind"], (bk.INITIAL, bk.CONVERTED, bk.RENEWED, bk.FAILED, bk.RESUME))
    starts |= (log["kind"] == bk.OPENED) & (log["status"] == bk.ACTIVE)
    at = np.flatnonzero(starts)
    rows, n = log[at], len(at)
    following = log[np.minimum(at + 1, len(log) - 1)]
    failed = rows["kind"] == bk.FAILED
    settled = failed & (following["sub"] == rows["sub"])
    lost = settled & (following["kind"] == bk.ENDED)
    unit = price_minor(config).ravel()
    full = rows["quantity"] * unit[price[at]]
    net = net_minor(rows, unit[price[at]])
    opened = moment(rows["period_start"], 600)
    paid = opened + rng.integers(1, 180, n) * 60_000_000
    slow = rng.random(n) < 0.12
    paid = np.where(slow, paid + rng.integers(1, 12, n) * DAY_US, paid)
    paid = np.where(failed, moment(following["day"], following["second"] + 60), paid)
    tries = np.where(settled, np.minimum(1 + (following["day"] - rows["day"]) // 5, 4), 1)
    own = stream(config, "invoices")
    extra, extra_due = further_lines(own, accounts, rows, price[at], net, failed)
    whole = lines_json(
        accounts,
        rows,
        price[at],
        np.arange(n),
        full,
        full - net,
        rows["period_start"],
        rows["period_end"],
    )
    number = rows["sub"].astype(np.int64) * 100_000 + rows["period_start"] + 20_000
    bills = Bills(
        rows,
        number,
        rows["period_start"],
        np.full(n, 600),
        net + extra_due,
        text.joined('{"object":"list","data":[', whole, pa.array(extra), '],"has_more":false}'),
    )
    unpaid, done = np.flatnonzero(failed | slow), np.flatnonzero(~failed | settled)
    row = np.concatenate([unpaid, done])
    final = np.arange(len(row)) >= len(unpaid)
    status = np.where(final, np.where(lost[row], UNCOLLECTIBLE, PAID), OPEN)
    when = np.where(final, paid[row], opened[row])
    attempts = np.where(final, tries[row], 1)
    main = _versions(rng, accounts, bills, row, status, when, attempts)
    ident = text.ids("in_", number, 14)
    failures = _failures(rng, accounts, rows, ident, net, tries, np.flatnonzero(failed))
    more = _further_invoices(own, accounts, bills, paid, np.flatnonzero(~failed))
    changes = _changes(own, config, accounts, log, price)
    return stack(main, *more, *changes), failures


def _further_invoices(own, accounts, bills: Bills, paid, good) -> tuple[pa.Table, ...]:
    """Drafts that came first, invoices by mistake that were made void, credits of later days."""
    draw = own.random(len(good))
    draft = good[draw < DRAFTED]
    drafts = _versions(
        own,
        accounts,
        bills,
        draft,
        np.full(len(draft), DRAFT),
        moment(bills.day[draft], 60),
        np.zeros(len(draft), np.int64),
    )
    wrong = good[(draw > 0.5) & (draw < 0.5 + MISTAKEN)]
    made = moment(bills.day[wrong], 900)
    twice = np.r_[wrong, wrong]
    status = np.repeat([OPEN, VOID], len(wrong))
    twins = _versions(
        own,
        accounts,
        bills,
        twice,
        status,
        np.r_[made, made + DAY_US // 24],
        np.zeros(len(twice), np.int64),
        shift=4_000_000_000,
    )
    credited = good[draw > 1 - CREDITED]
    share = own.choice([0.1, 0.25, 1.0], len(credited), p=[0.5, 0.3, 0.2])
    credits_ = _versions(
        own,
        accounts,
        bills,
        credited,
        np.full(len(credited), PAID),
        paid[credited] + own.integers(2, 20, len(credited)) * DAY_US,
        np.ones(len(credited), np.int64),
        credit=np.round(bills.due[credited] * share).astype(np.int64),
    )
    return drafts, twins, credits_


def _changes(own, config, accounts, log, price) -> tuple[pa.Table, ...]:
    """Invoices of the rest of a period whose subscription changed within it."""
    at = np.flatnonzero((log["kind"] == bk.CHANGED) & (log["day"] >= 0))
    rows, before = log[at], log[at - 1]
    unit = price_minor(config).ravel()
    length = (rows["period_end"] - rows["period_start"]) * 86_400
    rest = (rows["period_end"] - rows["day"]) * 86_400 - rows["second"]
    charge = np.round(net_minor(rows, unit[price[at]]) * rest / length).astype(np.int64)
    back = -np.round(net_minor(before, unit[price[at - 1]]) * rest / length).astype(np.int64)
    none = np.zeros(len(at), np.int64)
    given = lines_json(
        accounts,
        before,
        price[at - 1],
        2 * at,
        back,
        none,
        rows["day"],
        rows["period_end"],
        second=rows["second"],
        is_proration=True,
    )
    taken = lines_json(
        accounts,
        rows,
        price[at],
        2 * at + 1,
        charge,
        none,
        rows["day"],
        rows["period_end"],
        second=rows["second"],
        is_proration=True,
    )
    day, second = _billed(rows, own.random(len(at)) < BILLED_AT_ONCE)
    bills = Bills(
        rows,
        5_000_000_000 + at.astype(np.int64),
        day,
        second,
        np.maximum(charge + back, 0),
        text.joined('{"object":"list","data":[', given, ",", taken, '],"has_more":false}'),
    )
    on = np.flatnonzero(bills.day < END)
    when = moment(bills.day[on], bills.second[on] + 300)
    ones = np.ones(len(on), np.int64)
    return (_versions(own, accounts, bills, on, PAID * ones, when, ones),)


def _billed(rows: np.ndarray, soon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When changes are billed: at once, with the next that is, or with the period's end."""
    day, second = rows["period_end"].copy(), np.full(len(rows), 1_200)
    period = rows[["sub", "period_end"]]
    for i in range(len(rows) - 1, -1, -1):
        if soon[i]:
            day[i], second[i] = rows["day"][i], rows["second"][i] + 60
        elif i + 1 < len(rows) and period[i] == period[i + 1]:
            day[i], second[i] = day[i + 1], second[i + 1]
    return day, second


def _versions(
    rng, accounts, bills: Bills, row, status, when, attempts, *, shift=0, credit=None
) -> pa.Table:
    """Rows of the table of invoices: versions of the bills that `row` numbers."""
    rows, pick = bills.rows[row], pa.array(row)
    due, nothing = bills.due[row], np.zeros(len(row), np.int64)
    return make_table(
        "stripe",
        "invoices",
        id=text.ids("in_", bills.number[row] + shift, 14),
        customer=text.ids("cus_", rows["account"], 14),
        subscription=text.ids("sub_", rows["sub"].astype(np.int64), 14),
        status=text.picked(_STATUS, status),
        currency=text.picked(CURRENCIES, rows["currency"]),
        amount_due=due,
        amount_paid=np.where(status == PAID, due, 0),
        period_start=seconds(rows["period_start"]),
        period_end=seconds(rows["period_end"]),
        due_date=seconds(bills.day[row] + 14),
        attempt_count=attempts,
        lines=bills.lines.take(pick),
        pre_payment_credit_notes_amount=nothing,
        post_payment_credit_notes_amount=nothing if credit is None else credit,
        metadata=_metadata(accounts, rows),
        created=moment(bills.day[row], bills.second[row]) // 1_000_000,
        updated=when // 1_000_000,
        _extracted_at=known(rng, when),
    )


def _metadata(accounts: Accounts, rows: np.ndarray) -> pa.Array:
    return text.joined('{"account_id":"', accounts.id.take(pa.array(rows["account"])), '"}')


def _failures(rng, accounts, rows, ident, due, tries, failed) -> pa.Table:
    row = np.repeat(failed, tries[failed])
    attempt = np.arange(len(row)) - np.repeat(
        np.cumsum(tries[failed]) - tries[failed], tries[failed]
    )
    when = moment(rows["day"][row] + attempt * 5, 7_200)
    return make_table(
        "stripe",
        "payment_failures",
        id=text.ids("pf_", len(row), 14),
        invoice=ident.take(pa.array(row)),
        customer=text.ids("cus_", rows["account"][row], 14),
        amount=due[row],
        currency=text.picked(CURRENCIES, rows["currency"][row]),
        failure_code=text.picked(_FAILURES, rng.choice(4, len(row), p=[0.5, 0.25, 0.15, 0.1])),
        metadata=_metadata(accounts, rows[row]),
        created=when // 1_000_000,
        _extracted_at=known(rng, when),
    )
