"""Stripe-like billing: customers, prices, subscriptions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plumbline.demo import book as bk
from plumbline.demo import text
from plumbline.demo.accounts import INTERVALS, PLAN_KEYS, PLAN_NAMES, Accounts, price_minor
from plumbline.demo.billing_shapes import deliver
from plumbline.demo.config import CURRENCIES, DAY_US, END, NONE, Config, stream
from plumbline.demo.draws import known_accounts, stack
from plumbline.demo.invoices import invoice_tables
from plumbline.demo.product import company_names, domains
from plumbline.demo.simulation import World
from plumbline.demo.writer import Tables, known, make_table, moment, seconds

_RECURRING = (
    '{"interval":"week","interval_count":1}',
    '{"interval":"month","interval_count":1}',
    '{"interval":"month","interval_count":3}',
    '{"interval":"year","interval_count":1}',
)
_SHAPE = (5, 4, 3, 2)


def billing_tables(config: Config, accounts: Accounts, world: World) -> Tables:
    """Build the billing system's tables."""
    rng = stream(config, "billing")
    log = _ordered(world.versions)
    log = log[log["day"] < END]
    prices, price_json = _prices(config, rng)
    invoices, failures = invoice_tables(config, rng, accounts, log, price_index(log))
    customers = _customers(rng, accounts)
    return deliver(
        {
            ("stripe", "customers"): customers,
            ("stripe", "prices"): prices,
            ("stripe", "subscriptions"): _subscriptions(rng, accounts, log, price_json),
            ("stripe", "invoices"): invoices,
            ("stripe", "payment_failures"): failures,
        }
    )


def _ordered(log: np.ndarray) -> np.ndarray:
    return log[np.lexsort((log["second"], log["day"], log["sub"]))]


def price_index(log: np.ndarray) -> np.ndarray:
    """Number of the price of each subscription version."""
    parts = (log["plan"], log["interval"], log["currency"], log["vintage"])
    return np.ravel_multi_index(parts, _SHAPE)


def _customer(rows: np.ndarray) -> pa.Array:
    return text.ids("cus_", rows, 14)


def _metadata(accounts: Accounts, who: np.ndarray) -> pa.Array:
    return text.joined('{"account_id":"', accounts.id.take(pa.array(who)), '"}')


def _customers(rng: np.random.Generator, accounts: Accounts) -> pa.Table:
    who = known_accounts(accounts)
    n = len(who)
    created = moment(accounts.created[who], 21_000)
    change = np.where(rng.random(n) < 0.05, rng.integers(5, END, n), NONE)
    change = np.where(change > accounts.created[who], change, NONE)
    names, mail = company_names(len(accounts)), domains(len(accounts))
    tables = []
    for later in (False, True):
        on = np.flatnonzero(change != NONE) if later else np.arange(n)
        at = moment(change[on], 50_000) if later else created[on]
        pick = pa.array(who[on])
        tables.append(
            make_table(
                "stripe",
                "customers",
                id=_customer(who[on]),
                name=names.take(pick),
                email=text.joined("finance@" if later else "billing@", mail.take(pick)),
                currency=text.picked(CURRENCIES, accounts.currency[who[on]]),
                discount=pa.nulls(len(on), pa.string()),
                metadata=text.joined(
                    '{"account_id":"',
                    accounts.id.take(pick),
                    '","workspace_id":"',
                    accounts.workspace.take(pick),
                    '"}',
                ),
                created=created[on] // 1_000_000,
                updated=at // 1_000_000,
                _is_deleted=np.zeros(len(on), bool),
                _extracted_at=known(rng, at),
            )
        )
    return stack(*tables)


def _prices(config: Config, rng: np.random.Generator) -> tuple[pa.Table, pa.Array]:
    minor = price_minor(config).ravel()
    plan, interval, currency, vintage = np.unravel_index(np.arange(minor.size), _SHAPE)
    ident = text.ids("price_", minor.size, 12)
    nickname = text.joined(text.picked(PLAN_NAMES, plan), " ", text.picked(INTERVALS, interval))
    code, recurring = text.picked(CURRENCIES, currency), text.picked(_RECURRING, interval)
    product = text.picked(PLAN_KEYS, plan)
    json = text.joined(
        '{"id":"',
        ident,
        '","product":"',
        product,
        '","nickname":"',
        nickname,
        '","unit_amount":',
        minor,
        ',"currency":"',
        code,
        '","recurring":',
        recurring,
        "}",
    )
    every, old = np.arange(minor.size), np.flatnonzero(vintage == 0)
    row = np.concatenate([every, old])
    ends = np.arange(len(row)) >= len(every)
    created = np.where(vintage[row] == 0, -900, 273)
    updated = np.where(ends, 273, created)
    pick = pa.array(row)
    table = make_table(
        "stripe",
        "prices",
        id=ident.take(pick),
        product=product.take(pick),
        nickname=nickname.take(pick),
        currency=code.take(pick),
        unit_amount=minor[row],
        recurring=recurring.take(pick),
        active=~ends,
        created=seconds(created),
        updated=seconds(updated),
        _extracted_at=known(rng, moment(updated, 0)),
    )
    return table, json


def _known_with_faults(rng: np.random.Generator, log: np.ndarray, at: np.ndarray) -> np.ndarray:
    """When versions become known: some changes and ends are entered days later, backdated."""
    seen = known(rng, at)
    u = rng.random(len(log))
    backdated = (log["kind"] == bk.CHANGED) & (u < 0.05)
    tardy = (log["kind"] == bk.ENDED) & (u < 0.02)
    delay = np.where(backdated, rng.integers(5, 26, len(log)), rng.integers(2, 10, len(log)))
    return np.where(backdated | tardy, seen + delay * DAY_US, seen)


def _subscriptions(
    rng: np.random.Generator, accounts: Accounts, log: np.ndarray, price_json: pa.Array
) -> pa.Table:
    at = moment(log["day"], log["second"])
    seen = _known_with_faults(rng, log, at)
    fixable = (log["kind"] == bk.RENEWED) | (log["kind"] == bk.CHANGED)
    wrong = np.flatnonzero(fixable & (rng.random(len(log)) < 0.008) & (log["day"] > 0))
    first = log[wrong].copy()
    first["quantity"] += 1
    late = seen[wrong] + rng.integers(3, 21, len(wrong)) * DAY_US
    rows = np.concatenate([log, first])
    known_at = np.concatenate([seen, seen[wrong]])
    known_at[wrong] = late
    main = _versions(accounts, rows, rows["sub"], known_at, price_json)
    opened = np.flatnonzero((log["kind"] == bk.OPENED) & (rng.random(len(log)) < 0.004))
    error = log[opened].copy()
    copies = mistaken(error["sub"])
    birth = known(rng, moment(error["day"], 30_000))
    made = _versions(accounts, error, copies, birth, price_json, second=30_000)
    gone = error["day"] + rng.integers(1, 6, len(error))
    dead = _versions(
        accounts,
        error,
        copies,
        known(rng, moment(gone, 40_000)),
        price_json,
        updated=seconds(gone, 40_000),
        deleted=True,
    )
    return stack(main, made, dead)


def mistaken(sub: np.ndarray) -> np.ndarray:
    """Numbers of subscriptions that were opened by mistake, apart from the real ones."""
    return sub.astype(np.int64) + 10_000_000


def _versions(
    accounts: Accounts,
    rows: np.ndarray,
    number: np.ndarray,
    seen: np.ndarray,
    price_json: pa.Array,
    second: int = 0,
    updated: pa.Array | None = None,
    deleted: bool = False,
) -> pa.Table:
    n = len(rows)
    who = rows["account"]
    item = text.joined(
        '[{"id":"',
        text.ids("si_", number, 14),
        '","quantity":',
        rows["quantity"],
        ',"price":',
        price_json.take(pa.array(price_index(rows))),
        "}]",
    )
    coupon = text.joined('{"coupon":{"percent_off":', rows["discount"], "}}")
    reason = text.joined('{"reason":"', text.picked(bk.REASONS, rows["reason"]), '"}')
    resumes = text.joined(
        '{"behavior":"void","resumes_at":', seconds(rows["resumes"]).fill_null(0), "}"
    )
    if updated is None:
        updated = seconds(rows["day"], rows["second"] + second)
    return make_table(
        "stripe",
        "subscriptions",
        id=text.ids("sub_", number, 14),
        customer=_customer(who),
        status=text.picked(bk.STATUS, rows["status"]),
        currency=text.picked(CURRENCIES, rows["currency"]),
        items=item,
        discount=text.masked(coupon, rows["discount"] > 0),
        discounts=pa.nulls(n, pa.string()),
        livemode=np.ones(n, bool),
        cancel_at=pa.nulls(n, pa.int64()),
        start_date=seconds(rows["start"]),
        trial_start=seconds(rows["trial_start"]),
        trial_end=seconds(rows["trial_end"]),
        current_period_start=seconds(rows["period_start"]),
        current_period_end=seconds(rows["period_end"]),
        cancel_at_period_end=rows["will_cancel"],
        canceled_at=seconds(rows["canceled"]),
        ended_at=seconds(rows["ended"]),
        cancellation_details=reason,
        pause_collection=text.masked(resumes, rows["paused"]),
        metadata=_metadata(accounts, who),
        created=seconds(rows["created"]),
        updated=updated,
        _is_deleted=np.full(n, deleted),
        _extracted_at=seen,
    )
