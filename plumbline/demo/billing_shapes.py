"""Billing as the vendor truly delivers it: every documented shape of the same facts.

What an account is worth on a day does not change with a shape; a share of subscriptions and of
customers, chosen by their ids, comes in each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.demo import customer_shapes as of_customer
from plumbline.demo import row_shapes as of_row
from plumbline.demo import told_ahead as ahead
from plumbline.demo.plain_rows import Row, draw_of, is_any, is_clear, is_discounted
from plumbline.demo.row_shapes import Shape
from plumbline.demo.schema import SCHEMAS
from plumbline.demo.told_ahead import Delivered
from plumbline.demo.writer import Tables

# Of a hundred subscriptions, how many come in each shape.
SHAPES: tuple[tuple[int, Shape], ...] = (
    (10, of_row.as_list_object),
    (5, of_row.as_decimal_price),
    (5, of_row.as_legacy_plan),
    (4, of_row.as_graduated),
    (3, of_row.as_volume),
    (4, of_row.with_metered_item),
    (5, of_row.as_amount_off),
    (5, of_row.ends_a_second_early),
    (5, of_row.tells_its_end),
    (5, of_row.as_unpaid),
    (3, of_row.with_decimal_quantity),
    (1, of_row.with_empty_texts),
    (3, of_row.as_packages),
    (3, of_row.without_interval_count),
)
WAYS: tuple[tuple[int, Callable[[list[Row]], Delivered]], ...] = (
    (5, ahead.without_resumes),
    (3, ahead.with_checkout_given_up),
    (4, ahead.with_schedule),
)
CHOSEN = range(73, 97)
"""Lots of subscriptions, and customers of such alone, that take a shape that not all could."""

TEST_MODE = 99

ALONE = (
    (ahead.is_change_told, ahead.by_schedule_alone),
    (ahead.is_end_told, ahead.by_announcement_alone),
    (ahead.is_trial_told, ahead.by_trial_alone),
)
"""What can be told ahead without a row on its day, and how."""

Fits = Callable[[Row], bool]
OF_DISCOUNTS: tuple[tuple[int, Fits, Shape], ...] = (
    (1, of_row.is_in_two_discounts, of_row.as_two_discounts),
    (1, is_discounted, of_row.as_discount_of_the_item),
    (1, is_discounted, of_row.as_discount_of_one_product),
)
OF_PRICES: tuple[tuple[int, Fits, Shape], ...] = (
    (1, is_any, of_row.with_platform_fee),
    (1, is_any, of_row.as_partly_filled_packages),
    (1, is_any, of_row.as_price_id),
    (1, is_any, of_row.in_milliseconds),
    (3, of_row.is_yearly, of_row.as_weeks_or_days),
    (2, of_row.is_foreign, of_row.as_price_in_several_currencies),
)
"""Shapes of rows, with their weight where each version of a subscription fits."""


def lot_of(name: str) -> int:
    """The lot (0 to 99) that decides in which shape a subscription comes."""
    return draw_of(name, 100)


def _of_lot(lot: int, shares: tuple) -> Callable | None:
    for share, shape in shares:
        if 0 <= lot < share:
            return shape
        lot -= share
    return None


def _way_alone(name: str, told: list[Row]) -> Callable[[list[Row]], Delivered] | None:
    """How something about a subscription is told ahead without a row on its day."""
    drawn = (way for n, way in enumerate(ALONE) if draw_of(f"{name}{n}", 3))
    return next((deliver_by for fits, deliver_by in drawn if fits(told)), None)


def _chosen(name: str, told: list[Row]) -> Delivered:
    """A subscription in one of the shapes that fit it."""
    if way := _way_alone(name, told):
        return way(told)
    kinds = OF_DISCOUNTS if is_discounted(told[0]) else OF_PRICES
    if all(map(is_clear, told)):
        fitting = [shape for n, fits, shape in kinds if all(map(fits, told)) for _ in range(n)]
        if fitting:
            shape = fitting[draw_of(f"{name}shape", len(fitting))]
            return Delivered([shape(row) for row in told])
    return Delivered(told)


def _delivered(name: str, told: list[Row], others: list[Row]) -> Delivered:
    lot = lot_of(name)
    if ahead.can_begin_free(told, others):
        return ahead.by_discount_alone(told)
    if shape := _of_lot(lot, SHAPES):
        return Delivered([shape(row) for row in told])
    if way := _of_lot(lot - sum(share for share, _ in SHAPES), WAYS):
        return way(told)
    if lot == TEST_MODE:
        return ahead.with_test_mode(told)
    return _chosen(name, told) if lot in CHOSEN else Delivered(told)


def deliver(plain: Tables) -> Tables:
    """Billing's tables in the vendor's shapes.

    Parameters
    ----------
    plain : dict of (vendor, table) to pa.Table
        Customers, subscriptions, invoices and payment failures in one plain shape.

    Returns
    -------
    dict of (vendor, table) to pa.Table
        The same and ``stripe.subscription_schedules``, which tell some changes ahead.
    """
    owned: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in plain["stripe", "subscriptions"].to_pylist():
        owned[row["customer"]][row["id"]].append(row)
    customers: dict[str, list[Row]] = defaultdict(list)
    for row in plain["stripe", "customers"].to_pylist():
        customers[row["id"]].append(row)
    rows: list[Row] = []
    schedules: list[Row] = []
    currencies: dict[str, str] = {}
    for customer, subscriptions in owned.items():
        for told in subscriptions.values():
            told.sort(key=lambda row: (row["updated"], row["_extracted_at"]))
        every = [row for told in subscriptions.values() for row in told]
        is_gone = of_customer.is_gone(every) and draw_of(f"{customer}gone", 2)
        shaped = None
        if all(
            lot_of(name) in CHOSEN and not _way_alone(name, told)
            for name, told in subscriptions.items()
        ):
            shaped = _of_whole_customer(customers[customer], every, currencies)
        if shaped is not None:
            rows.extend(shaped)
        else:
            for name, told in subscriptions.items():
                others = [row for row in every if row["id"] != name]
                delivered = _delivered(name, told, others)
                rows.extend(delivered.rows)
                schedules.extend(delivered.schedules)
        if is_gone:
            known = customers[customer]
            known.append(of_customer.deleted(known[-1], every))
    told_of = [row for versions in customers.values() for row in versions]
    return {
        **plain,
        ("stripe", "customers"): _table("customers", told_of),
        ("stripe", "subscriptions"): _table("subscriptions", rows),
        ("stripe", "subscription_schedules"): _table("subscription_schedules", schedules),
        **{
            ("stripe", name): _billed(name, plain["stripe", name], currencies)
            for name in ("invoices", "payment_failures")
        },
    }


def _of_whole_customer(
    customer: list[Row], told: list[Row], currencies: dict[str, str]
) -> list[Row] | None:
    """All subscriptions of a customer in a shape of the customer's, whose record changes too."""
    name = customer[0]["id"]
    kind = draw_of(f"{name}whole", 5)
    if kind < 2 and of_customer.has_one_discount(customer[0], told):
        discount, shaped = of_customer.as_discount_of_the_customer(told)
        customer[:] = [{**row, "discount": discount} for row in customer]
        return shaped
    turn = draw_of(name, 2)
    for currency in of_customer.FURTHER_CURRENCIES[turn:] + of_customer.FURTHER_CURRENCIES[:turn]:
        if kind == 2 and of_customer.fits_currency(told, currency):
            currencies[name] = currency
            customer[:] = [{**row, "currency": currency} for row in customer]
            return [of_customer.in_currency(row, currency) for row in told]
    return None


def _billed(name: str, plain: pa.Table, currencies: dict[str, str]) -> pa.Table:
    """Invoices and failures, those of customers that pay in a further currency in it."""
    is_moved = pc.is_in(plain["customer"], value_set=pa.array(list(currencies), pa.string()))
    change = of_customer.billed_in if name == "invoices" else of_customer.failed_in
    moved = [change(row, currencies[row["customer"]]) for row in plain.filter(is_moved).to_pylist()]
    return pa.concat_tables([plain.filter(pc.invert(is_moved)), _table(name, moved)])


def _table(name: str, rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, SCHEMAS["stripe", name])
