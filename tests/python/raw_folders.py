"""Folders of raw exports as each sync tool lands them, with real files."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from manifest import ROOT

from plumbline.inspect_raw.contract import NATIVE, read_tables

Row = dict[str, Any]
NIGHT = datetime(2026, 2, 1, 3, 0)
BEGAN = datetime(2026, 1, 15)
EPOCH = 1768435200  # 2026-01-15
DAY = "landed=2026-02-01"
ACCOUNT = "001A00000{:06d}AAA"  # 18 characters

COLUMNS = {
    (table.vendor, table.name): table.columns for table in read_tables(ROOT) if table.tool == NATIVE
}


def write(file: Path, rows: Iterable[Mapping[str, Any]], **options: Any) -> Path:
    """Write rows in the form that the name says; options go to the CSV writer."""
    file.parent.mkdir(parents=True, exist_ok=True)
    listed = [dict(row) for row in rows]
    if file.suffix == ".parquet":
        names = list(dict.fromkeys(name for row in listed for name in row))
        pq.write_table(pa.table({n: [row.get(n) for row in listed] for n in names}), file)
        return file
    encoding = options.pop("encoding", "utf-8")
    is_zipped = file.suffix == ".gz" or options.pop("zipped", False)
    with (gzip.open if is_zipped else open)(file, "wt", encoding=encoding, newline="") as handle:
        if ".csv" in file.suffixes:
            writer = csv.DictWriter(handle, list(listed[0]), **options)
            writer.writeheader()
            writer.writerows(listed)
        else:
            handle.writelines(json.dumps(row, default=str) + "\n" for row in listed)
    return file


def native(vendor: str, table: str, rows: Iterable[Row]) -> list[Row]:
    """Rows with every column that the contract declares, as far as they do not say it."""
    declared = {name: None for name in COLUMNS[vendor, table] if name != "landed"}
    marks = {"_is_deleted": False, "IsDeleted": False, "_extracted_at": NIGHT}
    known = {name: value for name, value in marks.items() if name in declared}
    return [{**declared, **known, **row} for row in rows]


def accounts(count: int = 4) -> list[Row]:
    """CRM accounts with ids of 18 characters."""
    rows = [
        {
            "Id": ACCOUNT.format(n),
            "Name": f"Company {n}",
            "OwnerId": f"0055500000{n:05d}AAA",
            "Industry": "Retail",
            "CreatedDate": BEGAN,
            "SystemModstamp": BEGAN + timedelta(days=n),
        }
        for n in range(count)
    ]
    return native("salesforce", "account", rows)


def subscriptions(count: int = 4) -> list[Row]:
    """Billing subscriptions, one an account."""
    price = {"id": "price_1", "unit_amount": 900, "recurring": {"interval": "month"}}
    rows = [
        {
            "id": f"sub_{n}",
            "customer": f"cus_{n}",
            "status": "active",
            "currency": "usd",
            "items": json.dumps([{"id": f"si_{n}", "quantity": 1, "price": price}]),
            "start_date": EPOCH,
            "current_period_start": EPOCH,
            "current_period_end": EPOCH + 86400,
            "cancel_at_period_end": False,
            "created": EPOCH,
            "updated": EPOCH + 60 * n,
            "metadata": json.dumps({"account_id": ACCOUNT.format(n)}),
            **({"livemode": True} if "livemode" in COLUMNS["stripe", "subscriptions"] else {}),
        }
        for n in range(count)
    ]
    return native("stripe", "subscriptions", rows)


def tickets(count: int = 4) -> list[Row]:
    """Support tickets that name their account in custom field 360001."""
    rows = [
        {
            "id": 100 + n,
            "organization_id": 7,
            "requester_id": 8,
            "subject": "Jane cannot log in",
            "priority": "normal",
            "status": "open",
            "tags": "[]",
            "custom_fields": json.dumps([{"id": 360001, "value": ACCOUNT.format(n)}]),
            "created_at": BEGAN,
            "updated_at": BEGAN + timedelta(hours=n),
        }
        for n in range(count)
    ]
    return native("zendesk", "tickets", rows)


CLEAN = {
    "salesforce/account": accounts,
    "stripe/subscriptions": subscriptions,
    "zendesk/tickets": tickets,
}


def clean_company(root: Path) -> Path:
    """Three tables in the project's own layout, with nothing to find."""
    for name, rows in CLEAN.items():
        write(root / name / DAY / "part-0.parquet", rows())
    return root


def airbyte(root: Path) -> Path:
    """On S3 as JSON lines and as CSV, on a local disk as JSON lines, on S3 as Parquet."""
    mark = {"_airbyte_raw_id": "26d73cde", "_airbyte_extracted_at": 1769914800000}
    meta = {"_airbyte_generation_id": 1, "_airbyte_meta": {"changes": [], "sync_id": 1}}
    upload = "2026_02_01_1769914800000_0"

    def blob(rows: Iterable[Row]) -> list[Row]:
        return [{**mark, **meta, "_airbyte_data": own(row)} for row in rows]

    write(root / "stripe/subscriptions" / f"{upload}.jsonl.gz", blob(subscriptions()))
    flat = [{**mark, **meta, "_airbyte_meta": "{}", **own(row)} for row in tickets()]
    write(root / "zendesk/tickets" / f"{upload}.csv.gz", flat)
    write(root / "local/_airbyte_raw_Account.jsonl", blob(accounts()))
    typed = [{**mark, **meta, **own(row)} for row in accounts()]
    write(root / "salesforce/Account" / f"{upload}.parquet", typed)
    return root


def own(row: Row) -> Row:
    """A row without what the native layout adds."""
    return {n: v for n, v in row.items() if n not in ("_extracted_at", "_is_deleted")}


def snake(row: Row) -> Row:
    """A row of the CRM as Fivetran and dlt name its columns."""
    names = {
        "Id": "id",
        "OwnerId": "owner_id",
        "BillingCountry": "billing_country",
        "CreatedDate": "created_date",
        "SystemModstamp": "system_modstamp",
    }
    return {names.get(name, name.lower()): value for name, value in own(row).items()}


def fivetran(root: Path) -> Path:
    """In a data lake with Iceberg's metadata beside, and extracted to CSV."""
    synced = {"_fivetran_synced": "2026-02-01 03:00:00"}
    uuid = "9f1c2d3e-0000-4000-8000-0123456789ab"
    lake = [{**snake(row), **synced, "_fivetran_deleted": False} for row in accounts()]
    write(root / "lake/salesforce/account/data" / f"00000-0-{uuid}.parquet", lake)
    write(
        root / "stripe/subscription.csv",
        (
            {
                "id": f"sub_{n}",
                **synced,
                "status": "active",
                "customer_id": f"cus_{n}",
                "cancel_at_period_end": "FALSE",
                "current_period_start": "2026-01-15 00:00:00",
                "current_period_end": "2026-02-15 00:00:00",
                "canceled_at": "",
                "trial_end": "",
                "start_date": "2026-01-15 00:00:00",
                "created": "2026-01-15 00:00:00",
                "livemode": "TRUE",
                "metadata": json.dumps({"account_id": ACCOUNT.format(n)}),
            }
            for n in range(4)
        ),
    )
    write(
        root / "zendesk/ticket_tag.csv",
        ({"tag": tag, "ticket_id": 100, **synced} for tag in ("vip", "billing")),
    )
    return root


def dlt(root: Path) -> Path:
    """JSON lines with child tables, zipped with and without a suffix that says so."""
    load = "1769914800.204439"

    def marked(rows: Iterable[Row]) -> list[Row]:
        return [{**row, "_dlt_load_id": load, "_dlt_id": f"x{n}"} for n, row in enumerate(rows)]

    parents = [{n: v for n, v in own(row).items() if n != "items"} for row in subscriptions()]
    children = [
        {"id": f"si_{n}", "quantity": 1, "_dlt_parent_id": f"x{n}", "_dlt_list_idx": 0}
        for n in range(4)
    ]
    data = root / "stripe_data"
    write(data / "subscription" / f"{load}.4a1b2c3d4e.jsonl.gz", marked(parents))
    write(
        data / "subscription__items__data" / f"{load}.5a1b2c3d4e.jsonl",
        [{**row, "_dlt_id": f"y{n}"} for n, row in enumerate(children)],
        zipped=True,
    )
    write(data / f"zendesk.tickets.{load}.6a1b2c3d4e.jsonl", marked(map(own, tickets())))
    write(data / "_dlt_loads" / f"stripe__{load}.jsonl", [{"load_id": load, "status": 0}])
    (data / "init").touch()
    return root


def segment_logs(root: Path) -> Path:
    """Zipped lines by source and day, in files whose names say no form."""
    sent = "2026-01-15T10:00:00.000Z"
    calls = [
        {
            "messageId": f"m{n}",
            "anonymousId": "a",
            "userId": f"u{n}",
            "type": "track",
            "event": "task_created",
            "receivedAt": sent,
            "originalTimestamp": sent,
            "timestamp": sent,
        }
        for n in range(4)
    ]
    write(root / "segment-logs/AbC123/1768435200000" / "1768471200_a1b2.gz", calls)
    return root


def last_day() -> date:
    """Day on which the clean company's files landed."""
    return date.fromisoformat(DAY.partition("=")[2])
