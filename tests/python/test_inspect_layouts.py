"""Files of every tool's layout are told apart, counted and dated; odd forms are read."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import raw_folders as folders
from conftest import ROOT, World

from plumbline.config import load_settings
from plumbline.inspect_raw.contract import NATIVE
from plumbline.inspect_raw.look import Look, look_at
from plumbline.inspect_raw.proposal import propose

VENDORS = Path(os.environ.get("PLUMBLINE_VENDORS") or ROOT.parent / "shared/data/vendors")


def tables(look: Look) -> set[tuple[str, str, str, str, int]]:
    """Path, tool, vendor, object and rows of each table."""
    return {
        (t.seen.read.path, t.seen.tool.name, t.seen.vendor, t.seen.object_name, t.seen.read.rows)
        for t in look.tables
    }


def only_table(look: Look) -> tuple[str, str, str, str, int]:
    (found,) = tables(look)
    return found


@pytest.mark.parametrize(
    ("land", "expected"),
    [
        (
            folders.clean_company,
            {
                ("salesforce/account", "native", "salesforce", "account", 4),
                ("stripe/subscriptions", "native", "stripe", "subscriptions", 4),
                ("zendesk/tickets", "native", "zendesk", "tickets", 4),
            },
        ),
        (
            folders.airbyte,
            {
                ("stripe/subscriptions", "airbyte", "stripe", "subscriptions", 4),
                ("zendesk/tickets", "airbyte", "zendesk", "tickets", 4),
                ("local/Account", "airbyte", "salesforce", "account", 4),
                ("salesforce/Account", "airbyte", "salesforce", "account", 4),
            },
        ),
        (
            folders.fivetran,
            {
                ("lake/salesforce/account", "fivetran", "salesforce", "account", 4),
                ("stripe/subscription", "fivetran", "stripe", "subscriptions", 4),
                ("zendesk/ticket_tag", "fivetran", "zendesk", "ticket_tags", 2),
            },
        ),
        (
            folders.dlt,
            {
                ("stripe_data/subscription", "dlt", "stripe", "subscriptions", 4),
                (
                    "stripe_data/subscription__items__data",
                    "dlt",
                    "stripe",
                    "subscriptions__items__data",
                    4,
                ),
                ("stripe_data/tickets", "dlt", "zendesk", "tickets", 4),
            },
        ),
        (
            folders.segment_logs,
            {("segment-logs/AbC123", "plain files", "segment", "events", 4)},
        ),
    ],
    ids=["native", "airbyte", "fivetran", "dlt", "segment"],
)
def test_every_layout_is_told(
    land: Callable[[Path], Path], expected: set[tuple[str, str, str, str, int]], tmp_path: Path
) -> None:
    look = look_at(land(tmp_path), ROOT)
    assert tables(look) == expected
    names = {finding.kind.name for finding in look.findings}
    assert not names & {"unreadable_file", "lines_unread", "link_missing", "key_repeats"}
    dated = [t for t in look.tables if t.seen.object_name in ("subscriptions", "account", "events")]
    assert {str(table.clock.begin)[:7] for table in dated if table.clock} == {"2026-01"}


def test_the_demo_world_has_only_what_is_planted(ci_raw: World) -> None:
    """The project's own data: every object of the contract, and no false alarm."""
    look = look_at(ci_raw.raw, ROOT)
    settings = load_settings(root=ROOT, environ={})
    read = {(t.seen.vendor, t.seen.object_name) for t in look.tables}
    declared = {
        (t.vendor, t.name)
        for t in look.known.contract
        if t.tool == NATIVE and t.vendor in settings.vendors
    }
    assert read == declared
    assert {table.seen.tool.name for table in look.tables} == {"native"}
    assert {finding.kind.name for finding in look.findings} <= {
        "link_missing",
        "test_rows",
        "ids_15_and_18",
        "epoch_milliseconds",
    }
    section = propose(look, "demo", ROOT)
    assert all(f'"{vendor}"' in section for vendor in settings.vendors)
    assert "source_types_off" not in section and "as_of" not in section


@pytest.mark.skipif(not VENDORS.is_dir(), reason="the vendors' seed tables are not here")
def test_seed_tables_of_vendors_are_recognised() -> None:
    """Rows that nobody here wrote: each table's tool and vendor, and no key that repeats."""
    look = look_at(VENDORS, ROOT)
    seeds = [table for table in look.tables if "fivetran_" in table.seen.read.folder]
    assert len(seeds) == 29
    for table in seeds:
        assert table.seen.tool.name == "fivetran", table.seen.label
        assert f"fivetran_{table.seen.vendor}" == table.seen.read.folder
        assert table.seen.object_name, table.seen.label
    assert "key_repeats" not in {finding.kind.name for finding in look.findings}


SUBJECT = 'Müller; said "no"\nand left'
TICKETS = [{**folders.own(row), "subject": SUBJECT} for row in folders.tickets()]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tickets.csv", {}),
        ("tickets.tsv.csv", {"delimiter": "\t"}),
        ("tickets.csv", {"delimiter": ";", "encoding": "latin-1"}),
        ("tickets.csv", {"delimiter": "|", "quotechar": "'"}),
        ("tickets.csv", {"encoding": "utf-16"}),
        ("tickets.csv", {"encoding": "utf-8-sig"}),
        ("tickets.csv.gz", {}),
        ("tickets.jsonl", {}),
        ("tickets.ndjson.gz", {}),
    ],
)
def test_every_form_of_text_is_read(name: str, options: dict, tmp_path: Path) -> None:
    folders.write(tmp_path / "zendesk" / name, TICKETS, **options)
    look = look_at(tmp_path, ROOT)
    assert only_table(look)[2:] == ("zendesk", "tickets", 4)
    names = {finding.kind.name for finding in look.findings}
    assert not names & {"lines_unread", "header_missing", "word_unmapped", "link_missing"}


@pytest.mark.parametrize(
    ("document", "rows", "is_cut_off"),
    [
        (TICKETS, 4, False),
        ({"tickets": TICKETS, "next_page": None, "count": 4}, 4, False),
        ({"object": "list", "data": TICKETS, "has_more": True}, 4, True),
    ],
    ids=["list", "last page", "a page of several"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_documents_of_interfaces_are_read(
    document: object, rows: int, is_cut_off: bool, indent: int | None, tmp_path: Path
) -> None:
    text = json.dumps(document, default=str, indent=indent)
    (tmp_path / "zendesk_tickets.json").write_text(text, encoding="utf-8")
    look = look_at(tmp_path, ROOT)
    assert only_table(look)[2:] == ("zendesk", "tickets", rows)
    assert ("list_cut_off" in {f.kind.name for f in look.findings}) == is_cut_off


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"null"),
        ("a.json", b'{"id": 1'),
        ("a.jsonl", b"id,status"),
        ("a.jsonl.gz", b"\x1f\x8b\x08\x00cut off"),
        ("a.jsonl.gz", gzip.compress(b'{"id": 1}\n' * 9000)[:-9]),
        ("a.csv.gz", gzip.compress(b"id,status\n" + b"1,open\n" * 9000)[:-9]),
        ("a.csv", b"\xff\xfe"),
        ("a.csv", b"\n\n"),
        ("a.csv", b""),
        ("a.xlsx", b"PK\x03\x04"),
        ("a.parquet", b"PAR1"),
    ],
)
def test_broken_files_are_named_and_the_rest_goes_on(
    name: str, content: bytes, tmp_path: Path
) -> None:
    folders.clean_company(tmp_path)
    (tmp_path / name).write_bytes(content)
    look = look_at(tmp_path, ROOT)
    assert [(f.kind.name, f.where) for f in look.findings] == [("unreadable_file", name)]
    assert len(look.tables) == 3


def test_linked_folders_are_walked_once(tmp_path: Path) -> None:
    """The models' patterns follow links; a link to a folder above is none to follow."""
    folders.clean_company(tmp_path / "real")
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "zendesk").symlink_to(tmp_path / "real" / "zendesk")
    (tmp_path / "seen" / "loop").symlink_to(tmp_path / "seen")
    assert only_table(look_at(tmp_path / "seen", ROOT))[:1] == ("zendesk/tickets",)


def test_a_column_that_only_unsampled_files_have_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.inspect_raw.reading.SAMPLE_ROWS", 4)
    monkeypatch.setattr("plumbline.inspect_raw.reading.SAMPLE_FILES", 2)
    for n, more in enumerate(({}, {"_airbyte_raw_id": "x", "churned_at": folders.BEGAN}, {})):
        rows = [{"sku": f"s{n}{row}", **more} for row in range(3)]
        folders.write(tmp_path / "plans" / f"part-{n}.parquet", rows)
    look = look_at(tmp_path, ROOT)
    told = {finding.kind.name: finding.text for finding in look.findings}
    assert told["columns_differ"].startswith("_airbyte_raw_id in 2, churned_at in 2 of 3 files")
    assert only_table(look)[1] == "airbyte"


def test_a_key_is_never_read_with_its_quotes(tmp_path: Path) -> None:
    """Quotes that begin only far down the file are quotes."""
    lines = ["id,priority,status,updated_at"]
    lines += [f"{n},low,open,2026-01-15" for n in range(30_000)]
    lines += ['"30000",low,"open",2026-01-15']
    (tmp_path / "tickets.csv").write_text("\n".join(lines))
    look = look_at(tmp_path, ROOT)
    assert only_table(look)[4] == 30_001
    assert not {"word_unmapped", "lines_unread"} & {f.kind.name for f in look.findings}


def test_large_tables_are_sampled_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.inspect_raw.reading.SAMPLE_ROWS", 40)
    monkeypatch.setattr("plumbline.inspect_raw.reading.WHOLE_TEXT_BYTES", 1000)
    monkeypatch.setattr("plumbline.inspect_raw.reading.SAMPLE_TEXT_ROWS", 60)
    rows = [{**row, "status": "frozen"} for row in folders.tickets(200)]
    folders.write(tmp_path / "zendesk/tickets" / folders.DAY / "part-0.parquet", rows)
    folders.write(tmp_path / "dump/tickets.csv", [folders.own(row) for row in rows])
    look = look_at(tmp_path, ROOT)
    parquet, text = sorted(look.tables, key=lambda table: table.seen.tool.name)
    assert (parquet.seen.read.rows, parquet.seen.read.sample_rows) == (200, 40)
    assert not parquet.seen.read.is_estimate
    # the last ticket is not in the sample; its day is in the footer
    assert parquet.clock and (parquet.clock.end - parquet.clock.begin).days == 8
    assert not parquet.clock.is_of_sample
    assert text.seen.read.is_estimate and text.seen.read.sample_rows == 60
    assert abs(text.seen.read.rows - 200) <= 20
    assert text.clock and text.clock.is_of_sample
    told = {f.where: f.text for f in look.findings if f.kind.name == "word_unmapped"}
    assert "(sample: 40 of 200 rows)" in told["zendesk/tickets"]
    assert "(sample: 60 of about " in told["dump/tickets"]
