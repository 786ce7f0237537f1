"""Each kind of finding is planted once, seen once, and absent where all is well."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import raw_folders as folders
from conftest import ROOT
from raw_folders import DAY, NIGHT, accounts, native, own, subscriptions, tickets, write

from plumbline.inspect_raw.kinds import KINDS
from plumbline.inspect_raw.look import look_at

PART = f"{DAY}/part-0.parquet"


@dataclass(frozen=True)
class Fault:
    """What is done to the clean company, and what the look must say of it, and where."""

    kind: str
    where: str
    text: str
    plant: Callable[[Path], object]
    also: frozenset[str] = frozenset()


def changed(rows: list[dict], place: int = 0, **values: object) -> list[dict]:
    """The rows with other values in one of them."""
    return [{**row, **values} if n == place else row for n, row in enumerate(rows)]


def land(table: str, rows: list[dict], name: str = PART) -> Callable[[Path], object]:
    """Write these rows in the place of a table's."""
    return lambda root: write(root / table / name, rows)


def flat(rows: list[dict], **more: object) -> list[dict]:
    """Rows as Airbyte flattens them."""
    mark = {"_airbyte_raw_id": "r", "_airbyte_extracted_at": NIGHT, "_airbyte_meta": "{}"}
    return [{**mark, **own(row), **more} for row in rows]


def cut(root: Path) -> None:
    """Cut a Parquet file off."""
    file = root / "zendesk/tickets" / DAY / "part-1.parquet"
    write(file, tickets())
    file.write_bytes(file.read_bytes()[:-40])


def lake(root: Path) -> None:
    """A table with Iceberg's metadata beside its files."""
    write(root / "salesforce/account" / PART, accounts())
    (root / "salesforce/account/metadata").mkdir()
    (root / "salesforce/account/metadata/v1.metadata.json").write_text("{}")


def half_loaded(root: Path) -> None:
    """Files of a load package that dlt's own folder does not call complete."""
    folders.dlt(root / "sync")
    for file in (root / "sync/stripe_data/_dlt_loads").iterdir():
        file.unlink()


def without(rows: list[dict], *names: str) -> list[dict]:
    return [{n: v for n, v in row.items() if n not in names} for row in rows]


def text_dates(rows: list[dict], text: str) -> list[dict]:
    return [{**row, "SystemModstamp": text if n else "2026-01-15"} for n, row in enumerate(rows)]


LATE = timedelta(days=400)
WORKSPACES = native(
    "product",
    "workspaces",
    [
        {
            "id": f"ws_{n}",
            "crm_account_id": folders.ACCOUNT.format(n)[:15],
            "created_at": folders.BEGAN,
            "updated_at": folders.BEGAN,
        }
        for n in range(3)
    ],
)
META = json.dumps({"changes": [{"field": "priority", "change": "NULLED"}], "sync_id": 1})
ALONE = frozenset({"object_not_read", "no_read_time"})
# How far a tool's layout is read is not what these are about.
SYNCED = frozenset(
    {
        "object_not_read",
        "layout_not_read",
        "not_where_read",
        "column_missing",
        "column_unknown",
        "link_missing",
        "reference_null",
    }
)

FAULTS = (
    Fault("unreadable_file", f"zendesk/tickets/{DAY}/part-1.parquet", "no whole footer", cut),
    Fault(
        "unreadable_file",
        "zendesk/more.csv.gz",
        "",
        lambda root: (root / "zendesk/more.csv.gz").write_bytes(b"\x1f\x8b\x08\x00cut"),
    ),
    Fault(
        "object_missing",
        "subscriptions",
        "no table here",
        lambda root: (root / "stripe/subscriptions" / PART).unlink(),
    ),
    Fault(
        "layout_not_read",
        "dump/subscriptions",
        "stripe as plain files; models/base/stripe/",
        land("dump", [own(row) for row in subscriptions()], "subscriptions.csv"),
        ALONE,
    ),
    Fault(
        "not_where_read",
        "more/ticket_comments",
        "zendesk/ticket_comments/*/*.parquet",
        land(
            "more/ticket_comments",
            native(
                "zendesk",
                "ticket_comments",
                [
                    {
                        "id": n,
                        "ticket_id": 100,
                        "author_id": 1,
                        "author_role": "agent",
                        "public": True,
                        "body": "Hello",
                        "created_at": folders.BEGAN,
                    }
                    for n in range(3)
                ],
            ),
        ),
    ),
    Fault(
        "empty_table",
        "zendesk/tickets",
        "1 file(s), no row",
        lambda root: pq.write_table(
            pq.read_table(root / "zendesk/tickets" / PART).slice(0, 0),
            root / "zendesk/tickets" / PART,
        ),
    ),
    Fault(
        "key_missing",
        "zendesk/tickets",
        "no column id",
        land("zendesk/tickets", without(tickets(), "id")),
    ),
    Fault(
        "key_null",
        "zendesk/tickets",
        "id: 1 of 4 rows, 25.0%",
        land("zendesk/tickets", changed(tickets(), id=None)),
    ),
    Fault(
        "column_missing",
        "zendesk/tickets",
        "priority",
        land("zendesk/tickets", without(tickets(), "priority")),
    ),
    Fault(
        "value_not_of_type",
        "zendesk/tickets",
        "requester_id: 1 of 4 do not read as bigint",
        land(
            "zendesk/tickets",
            [{**row, "requester_id": "8" if n else "8.5"} for n, row in enumerate(tickets())],
        ),
    ),
    Fault(
        "word_unmapped",
        "stripe/subscriptions",
        "status: on_ice (1);",
        land("stripe/subscriptions", changed(subscriptions(), status="On_ice")),
    ),
    Fault(
        "word_unmapped",
        "stripe/subscriptions",
        "currency: xxx (1);",
        land("stripe/subscriptions", changed(subscriptions(), currency="xxx")),
    ),
    Fault(
        "link_missing",
        "stripe/subscriptions",
        "metadata.account_id is empty in 1 of 4 rows",
        land("stripe/subscriptions", changed(subscriptions(), metadata="{}")),
    ),
    Fault(
        "link_missing",
        "zendesk/tickets",
        "custom_fields entry 360001 is empty in 1 of 4",
        land("zendesk/tickets", changed(tickets(), custom_fields='[{"id": 1, "value": "x"}]')),
    ),
    Fault(
        "link_missing",
        "product/workspaces",
        "crm_account_id is empty in 1 of 3 rows, 33.3%",
        land(
            "product/workspaces",
            changed(
                [
                    {**row, "crm_account_id": folders.ACCOUNT.format(n)}
                    for n, row in enumerate(WORKSPACES)
                ],
                crm_account_id=None,
            ),
        ),
    ),
    Fault(
        "ids_15_and_18",
        "salesforce/account",
        "Id: 1 of 15, 3 of 18 characters",
        land("salesforce/account", changed(accounts(), Id="001A00000000000")),
    ),
    Fault(
        "ids_15_and_18",
        "product/workspaces",
        "crm_account_id has 15 characters; ",
        land("product/workspaces", WORKSPACES),
    ),
    Fault(
        "epoch_milliseconds",
        "stripe/subscriptions",
        "created: 4 of 4 in milliseconds",
        land(
            "stripe/subscriptions",
            [{**row, "created": row["created"] * 1000} for row in subscriptions()],
        ),
    ),
    Fault(
        "epoch_milliseconds",
        "stripe/subscriptions",
        "1 of 4 in milliseconds, 3 in seconds",
        land("stripe/subscriptions", changed(subscriptions(), created=folders.EPOCH * 1000)),
    ),
    Fault(
        "date_outside",
        "zendesk/tickets",
        "created_at: 1 of 4",
        land("zendesk/tickets", changed(tickets(), created_at=datetime(1970, 1, 1))),
    ),
    Fault(
        "date_unread",
        "salesforce/account",
        "SystemModstamp: 3 of 4",
        land("salesforce/account", text_dates(accounts(), "27/07/2025")),
    ),
    Fault(
        "key_repeats",
        "salesforce/account",
        "Id: 1 keys, for instance 001A00000000001AAA",
        land(
            "salesforce/account",
            changed(
                accounts(),
                0,
                Id="001A00000000001AAA",
                SystemModstamp=accounts()[1]["SystemModstamp"],
            ),
        ),
    ),
    Fault(
        "nulled_by_sync",
        "sync/zendesk/tickets",
        "priority in 4 rows",
        land("sync/zendesk/tickets", flat(tickets(), _airbyte_meta=META), "2026_02_01_1_0.jsonl"),
        SYNCED,
    ),
    Fault(
        "json_broken",
        "zendesk/tickets",
        "tags: 1 of 4",
        land("zendesk/tickets", changed(tickets(), tags="['vip']")),
    ),
    Fault(
        "list_cut_off",
        "stripe/subscriptions",
        "items: 1 of 4",
        land(
            "stripe/subscriptions", changed(subscriptions(), items='{"data": [], "has_more": true}')
        ),
    ),
    Fault("files_superseded", "salesforce/account", "Iceberg", lake),
    Fault("load_unfinished", "_dlt_loads", "1769914800.204439", half_loaded, SYNCED),
    Fault(
        "lines_unread",
        "plans.csv",
        "1 line(s) do not fit the others, the first in line 3",
        lambda root: (root / "plans.csv").write_text("sku,seats\na,1\nb,2,3,4\nc,3\n"),
        ALONE,
    ),
    Fault(
        "header_missing",
        "plans",
        "the first line is a row",
        lambda root: (root / "plans.csv").write_text("1,2026-01-15\n2,2026-01-15\n"),
        ALONE,
    ),
    Fault(
        "table_stale",
        "zendesk/tickets",
        "_extracted_at ends 2024-12-28, 400 days before",
        land("zendesk/tickets", [{**row, "_extracted_at": NIGHT - LATE} for row in tickets()]),
    ),
    Fault(
        "rows_repeat",
        "zendesk/tickets",
        "4 rows",
        land("zendesk/tickets", tickets(), f"{DAY}/part-1.parquet"),
    ),
    Fault(
        "test_rows",
        "stripe/subscriptions",
        "livemode is false in 1 of 4 rows",
        land(
            "stripe/subscriptions",
            [{**row, "livemode": n > 0} for n, row in enumerate(subscriptions())],
        ),
        frozenset({"column_unknown"}),
    ),
    Fault(
        "deleted_rows",
        "fivetran/organizations",
        "_fivetran_deleted is true in 1 of 2 rows",
        land(
            "fivetran/organizations",
            [
                {
                    "id": n,
                    "shared_tickets": True,
                    "shared_comments": True,
                    "external_id": "x",
                    "_fivetran_synced": NIGHT,
                    "_fivetran_deleted": n == 0,
                }
                for n in range(2)
            ],
        ),
        SYNCED,
    ),
    Fault(
        "reference_null",
        "zendesk/tickets",
        "requester_id 25.0%",
        land("zendesk/tickets", changed(tickets(), requester_id=None)),
    ),
    Fault(
        "column_unknown",
        "zendesk/tickets",
        "mood",
        land("zendesk/tickets", [{**row, "mood": "fine"} for row in tickets()]),
    ),
    Fault(
        "columns_differ",
        "zendesk/tickets",
        "description in 1 of 2 files looked at",
        land("zendesk/tickets", without(tickets(2), "description"), f"{DAY}/part-1.parquet"),
        frozenset({"rows_repeat"}),
    ),
    Fault(
        "dialect",
        "plans",
        "delim = ';', encoding = 'latin-1'",
        lambda root: write(
            root / "plans.csv", [{"sku": "ä", "seats": 1}], delimiter=";", encoding="latin-1"
        ),
        ALONE,
    ),
    Fault(
        "no_read_time",
        "zendesk/tickets",
        "_extracted_at is empty",
        land("zendesk/tickets", [{**row, "_extracted_at": None} for row in tickets()]),
    ),
    Fault(
        "object_not_read",
        "unknown",
        "plans",
        land("plans", [{"sku": "a", "seats": 1}], "plans.parquet"),
        ALONE - {"object_not_read"},
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.kind}-{f.text[:24]}")
def test_a_planted_fault_is_found_once(fault: Fault, tmp_path: Path) -> None:
    """The kind, at its place, with its figure; and nothing that was not planted."""
    fault.plant(folders.clean_company(tmp_path))
    look = look_at(tmp_path, ROOT)
    found = [f for f in look.findings if f.kind.name == fault.kind and fault.where in f.where]
    assert [f for f in found if fault.text in f.text], look.findings
    assert len([f for f in found if fault.text in f.text]) == 1
    assert {f.kind.name for f in look.findings} - fault.also == {fault.kind}


def test_a_clean_company_has_no_finding(tmp_path: Path) -> None:
    assert look_at(folders.clean_company(tmp_path), ROOT).findings == ()


def test_every_kind_was_planted() -> None:
    assert {fault.kind for fault in FAULTS} == {kind.name for kind in KINDS}
    assert all(kind.title and kind.remedy for kind in KINDS)


def test_no_text_of_a_person_is_told(tmp_path: Path) -> None:
    """Neither where all is well nor where a name stands in the column of a word or a key."""
    people = ["Jane Doe, Main Street 1", "jane@doe.example", "Jane Doe"]
    rows = changed(tickets(), 0, status=people[0], subject=people[2])
    rows = changed(rows, 1, status=people[1])
    write(folders.clean_company(tmp_path) / "zendesk/tickets" / PART, rows)
    write(tmp_path / "users.csv", [{"id": people[1], "seats": seats} for seats in (1, 2)])
    (tmp_path / "broken.jsonl").write_text(f'{{"id": "{people[2]}\nnot json {people[1]}\n')
    told = " ".join(f"{f.where} {f.text}" for f in look_at(tmp_path, ROOT).findings)
    assert "a text of 23 characters (1), a text of 16 characters (1)" in told
    assert "broken.jsonl" in told and "id: 1 keys" in told
    assert not re.search("jane|doe|main street", told, re.IGNORECASE)


def test_types_that_differ_between_files_are_read_all_the_same(tmp_path: Path) -> None:
    """One file with epochs, one with times: both are counted."""
    write(tmp_path / "plans" / "part-0.parquet", [{"id": 1, "updated": folders.EPOCH}])
    write(tmp_path / "plans" / "part-1.parquet", [{"id": "b", "updated": folders.BEGAN}])
    (table,) = look_at(tmp_path, ROOT).tables
    assert table.seen.read.rows == table.seen.read.sample_rows == 2
    assert table.clock and table.clock.begin == table.clock.end == folders.BEGAN.date()


def test_a_column_without_a_type_is_no_fault(tmp_path: Path) -> None:
    """Parquet's type null, as writers give it where every value is empty."""
    root = folders.clean_company(tmp_path)
    file = root / "zendesk/tickets" / PART
    table = pq.read_table(file)
    place = table.schema.get_field_index("description")
    pq.write_table(table.set_column(place, "description", pa.nulls(len(table))), file)
    assert look_at(root, ROOT).findings == ()


def test_the_field_that_names_the_account_is_the_one_that_is_set(tmp_path: Path) -> None:
    """Of a help desk as its own interface has it, and by the column that Fivetran makes of it."""
    root = folders.clean_company(tmp_path / "native")
    (found,) = look_at(root, ROOT, variables={"zendesk_account_field": "42"}).findings
    assert "custom_fields entry 42 is empty in 4 of 4 rows" in found.text
    rows = [
        {
            "id": n,
            "status": "open",
            "custom_crm": "" if n else "001A00000000001AAA",
            "_fivetran_synced": NIGHT,
        }
        for n in range(2)
    ]
    land("zendesk/ticket", rows)(tmp_path / "fivetran")
    look = look_at(tmp_path / "fivetran", ROOT, variables={"zendesk_account_column": "custom_crm"})
    told = [f.text for f in look.findings if f.kind.name == "link_missing"]
    assert told == ["custom_crm is empty in 1 of 2 rows, 50.0%"]
