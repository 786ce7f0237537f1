"""Shapes of billing as they lie in a raw folder, counted by what stands in the rows alone."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

Row = dict[str, Any]
SHAPES = (
    "deleted customer",
    "discount of an item",
    "discount of one product",
    "discount of some months",
    "discount of the customer",
    "discount once",
    "discount with its end",
    "end by cancel_at alone",
    "end by its period alone",
    "file with a column of type null",
    "file with times in a zone",
    "in jpy",
    "in kwd",
    "interval of 1 weeks",
    "interval of 365 days",
    "interval of 52 weeks",
    "milliseconds",
    "package not full",
    "phase that begins alone",
    "price below a minor unit",
    "price by its id",
    "price in several currencies",
    "several discounts",
    "several licensed items",
    "trial that ends alone",
)
"""Names of the shapes that are told apart here."""


def _rows(raw: Path, table: str) -> list[Row]:
    return ds.dataset(raw / "stripe" / table, partitioning="hive").to_table().to_pylist()


def _list(text: str | None) -> list[Row]:
    found = json.loads(text or "[]")
    return found["data"] if isinstance(found, dict) else found


def _discount_shapes(row: Row, items: list[Row]) -> Iterator[str]:
    one = json.loads(row["discount"] or "null")
    own = [*([one] if one else []), *_list(row["discounts"])]
    if len(own) > 1:
        yield "several discounts"
    if any(item.get("discounts") for item in items):
        yield "discount of an item"
    for discount in own:
        coupon = discount.get("coupon") or discount["source"]["coupon"]
        if coupon.get("applies_to"):
            yield "discount of one product"
        if coupon.get("duration") == "once":
            yield "discount once"
        if coupon.get("duration") == "repeating":
            yield "discount with its end" if discount["end"] else "discount of some months"


def _price_shapes(item: Row) -> Iterator[str]:
    if isinstance(item.get("price"), str):
        yield "price by its id"
        return
    price = item.get("price") or item["plan"]
    every = price.get("recurring") or price
    decimal = str(price.get("unit_amount_decimal") or "0")
    if decimal.rstrip("0")[-1:] not in ("", ".") and "." in decimal:
        yield "price below a minor unit"
    package = price.get("transform_quantity")
    if package and item["quantity"] % package["divide_by"]:
        yield "package not full"
    if every["interval"] in ("week", "day"):
        yield f"interval of {every.get('interval_count', 1)} {every['interval']}s"
    if price.get("currency_options"):
        yield "price in several currencies"


def _shapes(row: Row) -> Iterator[str]:
    items = _list(row["items"])
    yield from _discount_shapes(row, items)
    for item in items:
        yield from _price_shapes(item)
    if sum('"metered"' not in json.dumps(item) for item in items) > 1:
        yield "several licensed items"
    if row["currency"] in ("jpy", "kwd"):
        yield f"in {row['currency']}"
    if row["updated"] > 10**12:
        yield "milliseconds"


def _alone(raw: Path, told: dict[str, list[Row]]) -> Iterator[str]:
    """Changes that take effect without a further row."""
    for versions in told.values():
        versions.sort(key=lambda row: row["updated"])
        last = versions[-1]
        if last["status"] == "active" and (last["cancel_at"] or last["cancel_at_period_end"]):
            yield "end by cancel_at alone" if last["cancel_at"] else "end by its period alone"
        for row, later in zip(versions, versions[1:], strict=False):
            if row["status"] == "trialing" and later["updated"] > row["trial_end"]:
                yield "trial that ends alone"
    for schedule in _rows(raw, "subscription_schedules"):
        start = json.loads(schedule["phases"])[-1]["start_date"]
        if start not in {row["updated"] for row in told[schedule["subscription"]]}:
            yield "phase that begins alone"


def _of_customers(raw: Path, told: dict[str, list[Row]]) -> Iterator[str]:
    versions: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(raw, "customers"):
        versions[row["id"]].append(row)
    open_ones = ("active", "past_due", "trialing", "paused")
    last = (rows[-1] for rows in told.values() if not rows[-1]["_is_deleted"])
    paying = {row["customer"] for row in last if row["status"] in open_ones}
    for name, rows in versions.items():
        if any(row["discount"] for row in rows):
            yield "discount of the customer"
        if any(row["_is_deleted"] for row in rows) and name not in paying:
            yield "deleted customer"


def _of_files(raw: Path) -> Iterator[str]:
    for file in sorted((raw / "stripe").rglob("*.parquet")):
        schema = pq.read_schema(file)
        if any(pa.types.is_null(field.type) for field in schema):
            yield "file with a column of type null"
        if schema.field("_extracted_at").type.tz is not None:
            yield "file with times in a zone"


def shapes_seen(raw: Path) -> Counter[str]:
    """How many subscriptions, customers, schedules or files of a raw folder come in each shape."""
    told: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(raw, "subscriptions"):
        told[row["id"]].append(row)
    seen = Counter(
        shape for rows in told.values() for shape in {s for row in rows for s in _shapes(row)}
    )
    for found in (_alone(raw, told), _of_customers(raw, told), _of_files(raw)):
        seen.update(found)
    return seen
