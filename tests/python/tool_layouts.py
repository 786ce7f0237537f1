"""One small help desk and CRM, as each tool lands them: the same facts, other tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from manifest import ROOT

from plumbline.store.raw import read_contract

Row = Mapping[str, Any]
SHORT, LONG = "001CF0000000001", "001CF0000000001YAA"
TYPES = {
    "bigint": pa.int64(),
    "varchar": pa.string(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def at(day: int, hour: int = 9) -> datetime:
    """A moment of January 2026, UTC."""
    return datetime(2026, 1, day, hour)


def load(moment: datetime) -> str:
    """The id that dlt gives a load that begins then."""
    return f"{moment.replace(tzinfo=UTC).timestamp():.0f}.25"


def write_raw(
    raw: Path, vendor: str, tool: str, tables: Mapping[str, Iterable[Row]], landed: str = ""
) -> None:
    """Write the tables of a tool in the types of its contract; those not given have no rows."""
    landed_by = {} if tool == "native" else {vendor: tool}
    for table in read_contract(ROOT, raw, [vendor], "the test", landed_by):
        # names in SQL are not case-sensitive
        rows = [{n.lower(): v for n, v in row.items()} for row in tables.get(table.name, ())]
        unknown = {name for row in rows for name in row} - {name for name, _ in table.columns}
        assert not unknown, f"{table.label} has no column {sorted(unknown)}"
        given = [
            (name, kind)
            for name, kind in table.columns
            if name != "landed"
            and (not rows or any(name in row for row in rows) or name not in table.optional)
        ]
        schema = pa.schema([(name, TYPES[kind]) for name, kind in given])
        values = [{name: row.get(name) for name, _ in given} for row in rows]
        folder = raw / vendor / table.name / (landed or "landed=2026-01-31")
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(values, schema), folder / "part-0.parquet")


_FIELD = f'[{{"id": 7, "value": "x"}}, {{"id": 360001, "value": "{SHORT}"}}]'
_NEW = {"id": 1, "priority": "normal", "status": "open", "created_at": at(1), "updated_at": at(1)}
_SOLVED = {**_NEW, "priority": "high", "status": "solved", "updated_at": at(3)}
_MERGED = {**_NEW, "id": 2, "priority": None, "status": "closed", "updated_at": at(2)}
_COMMENT = {"id": 11, "ticket_id": 1, "public": True, "body": "Slow."}
_ANSWER = {"id": 12, "ticket_id": 1, "public": True, "body": "Mended."}
_RATING = {"id": 21, "ticket_id": 1, "created_at": at(4)}
_OFFERED = {**_RATING, "score": "offered", "updated_at": at(4)}
_GOOD = {**_RATING, "score": "good", "updated_at": at(5)}
_ESCALATED, _BY_MERGE = '["escalated"]', '["vip", "closed_by_merge"]'


def _native(known: str = "_extracted_at", people: Row | None = None, **deleted: bool) -> Any:
    """The desk in the columns of its interface, as `native` and Airbyte land it."""
    who = [{"author_role": role} for role in ("end-user", "agent")]
    if people is not None:
        who = [{"author_id": 31}, {"author_id": 32}]
    tables = {
        "tickets": [
            {**_NEW, "tags": None, "custom_fields": _FIELD, known: at(1, 10), **deleted},
            {**_SOLVED, "tags": _ESCALATED, "custom_fields": _FIELD, known: at(3, 10), **deleted},
            {**_MERGED, "tags": _BY_MERGE, "custom_fields": _FIELD, known: at(2, 10), **deleted},
        ],
        "ticket_comments": [
            {**_COMMENT, **who[0], "created_at": at(1, 11), known: at(1, 12)},
            {**_ANSWER, **who[1], "created_at": at(2, 11), known: at(2, 12)},
        ],
        "satisfaction_ratings": [{**_OFFERED, known: at(4, 10)}, {**_GOOD, known: at(5, 10)}],
    }
    if people is not None:
        tables["users"] = [
            {"id": 31, "role": "end-user", known: at(1)},
            {"id": 32, "role": "admin", known: at(1)},
        ]
    return tables


def _dlt_desk() -> Any:
    tables = _native("_dlt_load_id", {})
    tickets = tables["tickets"]
    lists = {"tickets__tags": [], "tickets__custom_fields": []}
    for number, ticket in enumerate(tickets):
        tags = {_ESCALATED: ["escalated"], _BY_MERGE: ["vip", "closed_by_merge"]}
        key = f"row {number}"
        for tag in tags.get(ticket["tags"], []):
            lists["tickets__tags"].append({"value": tag, "_dlt_parent_id": key})
        for field, value in ((7, "x"), (360001, SHORT)):
            row = {"id": field, "value": value, "_dlt_parent_id": key}
            lists["tickets__custom_fields"].append(row)
        del ticket["tags"], ticket["custom_fields"]
        ticket["_dlt_id"] = key
    for rows in tables.values():
        for row in rows:
            row["_dlt_load_id"] = load(row["_dlt_load_id"])
    return {**tables, **lists}


def _fivetran_desk() -> Any:
    def changed(ticket: int, field: str, value: str, day: int) -> Row:
        return {
            "ticket_id": ticket,
            "field_name": field,
            "value": value,
            "updated": at(day),
            "_fivetran_synced": at(day, 10),
        }

    known = "_fivetran_synced"
    return {
        "ticket": [
            {**_SOLVED, "custom_account_id": SHORT, known: at(3, 10)},
            {**_MERGED, "custom_account_id": SHORT, known: at(2, 10)},
        ],
        "ticket_tag": [
            {"ticket_id": 1, "tag": "escalated", known: at(3, 10)},
            {"ticket_id": 2, "tag": "vip", known: at(2, 10)},
            {"ticket_id": 2, "tag": "closed_by_merge", known: at(2, 10)},
        ],
        "ticket_field_history": [
            changed(1, "status", "open", 1),
            changed(1, "priority", "normal", 1),
            changed(1, "status", "solved", 3),
            changed(1, "priority", "high", 3),
            changed(1, "assignee_id", "32", 2),
            changed(99, "status", "open", 1),
        ],
        "ticket_comment": [
            {**_COMMENT, "user_id": 31, "created": at(1, 11), known: at(1, 12)},
            {**_ANSWER, "user_id": 32, "created": at(2, 11), known: at(2, 12)},
        ],
        "user": [
            {"id": 31, "role": "end-user", known: at(1)},
            {"id": 32, "role": "admin", known: at(1)},
        ],
        "satisfaction_rating": [{**_OFFERED, known: at(4, 10)}, {**_GOOD, known: at(5, 10)}],
    }


DESKS: Mapping[str, Mapping[str, list[Row]]] = {
    "native": _native(_is_deleted=False),
    "airbyte": _native("_airbyte_extracted_at", {}),
    "dlt": _dlt_desk(),
    "fivetran": _fivetran_desk(),
}

_NATIVE_CRM = {
    "account": [
        {
            "Id": SHORT,
            "Name": "First",
            "OwnerId": "005CS0000000001",
            "Type": "Prospect",
            "ARR__c": 12.5,
            "Contract_End_Date__c": at(9).date(),
            "CreatedDate": at(1),
            "SystemModstamp": at(1),
            "IsDeleted": False,
            "known": at(1, 10),
        },
        {
            "Id": LONG,
            "Name": "Second",
            "OwnerId": "005CS0000000001",
            "Type": "Customer",
            "CreatedDate": at(1),
            "SystemModstamp": at(2),
            "IsDeleted": False,
            "known": at(2, 10),
        },
        {
            "Id": LONG,
            "Name": "Second",
            "OwnerId": "005CS0000000001",
            "Type": "Customer",
            "CreatedDate": at(1),
            "SystemModstamp": at(5),
            "IsDeleted": True,
            "known": at(5),
        },
    ],
    "opportunity": [
        {
            "Id": "006CF0000000001",
            "AccountId": SHORT,
            "Type": "Upsell",
            "StageName": "Closed Won",
            "Amount": 99.0,
            "CloseDate": at(8).date(),
            "IsWon": True,
            "IsClosed": True,
            "CreatedDate": at(1),
            "SystemModstamp": at(2),
            "IsDeleted": False,
            "known": at(2, 10),
        },
    ],
    "contact": [
        {
            "Id": "003CF0000000001",
            "AccountId": LONG,
            "Title": "CFO",
            "Is_Champion__c": True,
            "CreatedDate": at(1),
            "SystemModstamp": at(2),
            "IsDeleted": False,
            "known": at(2, 10),
        },
    ],
    "task": [
        {
            "Id": "00TCF0000000001",
            "AccountId": SHORT,
            "OwnerId": None,
            "Type": None,
            "Status": "Waiting on someone else",
            "ActivityDate": None,
            "CreatedDate": at(1),
            "SystemModstamp": at(2),
            "IsDeleted": False,
            "known": at(2, 10),
        },
    ],
    "campaign": [
        {
            "Id": "701CF0000000001",
            "Name": "Spring",
            "Type": "Webinar",
            "Status": "In Progress",
            "StartDate": at(3).date(),
            "EndDate": None,
            "CreatedDate": at(1),
            "SystemModstamp": at(2),
            "IsDeleted": False,
            "known": at(2, 10),
        },
        {
            "Id": "701CF0000000001",
            "Name": "Spring",
            "Type": "Webinar",
            "Status": "Completed",
            "StartDate": at(3).date(),
            "EndDate": at(9).date(),
            "CreatedDate": at(1),
            "SystemModstamp": at(9),
            "IsDeleted": False,
            "known": at(9, 10),
        },
    ],
    "note": [
        {
            "Id": "002CF0000000001",
            "ParentId": SHORT,
            "OwnerId": "005CS0000000001",
            "CreatedDate": at(1),
            "SystemModstamp": at(2),
            "IsDeleted": False,
            "known": at(2, 10),
        },
        {
            "Id": "002CF0000000001",
            "ParentId": LONG,
            "OwnerId": "005CS0000000001",
            "CreatedDate": at(1),
            "SystemModstamp": at(3),
            "IsDeleted": True,
            "known": at(3, 10),
        },
    ],
}


def _snake(name: str, custom: str) -> str:
    if name.endswith("__c"):
        return name[:-3].lower() + custom
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _crm(rename: Any, known: str, told: Any = lambda moment: moment) -> Any:
    return {
        table: [
            {
                known if n == "known" else rename(n): told(v) if n == "known" else v
                for n, v in row.items()
            }
            for row in rows
        ]
        for table, rows in _NATIVE_CRM.items()
    }


def _fivetran_crm() -> Any:
    """History mode; the deletion is the end of the last version, nothing says so but its end."""
    tables = _crm(lambda name: _snake(name, "_c"), "_fivetran_synced")
    for rows in tables.values():
        for row in rows:
            row["_fivetran_start"] = row.pop("system_modstamp")
            row["_fivetran_end"], row["_fivetran_active"] = datetime(9999, 12, 31), True
    first, second, deleted = tables["account"]
    first |= {"_fivetran_end": at(1, 23), "_fivetran_active": False, "id": LONG}
    second |= {"_fivetran_end": deleted["_fivetran_start"], "_fivetran_active": False}
    tables["account"] = [first, second]
    return tables


CRMS: Mapping[str, Mapping[str, list[Row]]] = {
    "native": _crm(lambda name: name, "_extracted_at"),
    "airbyte": _crm(lambda name: name, "_airbyte_extracted_at"),
    "dlt": _crm(lambda name: _snake(name, "__c"), "_dlt_load_id", load),
    "fivetran": _fivetran_crm(),
}
