"""The small sound world that cases are planted in, and settings to run it with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from plumbline.config import ROOT, Settings, load_settings
from plumbline.demo.generate import generate
from plumbline.proofs.exports.cases import INVOICES, Case
from plumbline.proofs.exports.rows import filled, write_rows
from plumbline.store.raw import RawTable, read_contract

SIZE = "tiny"
SEED = 7
NAME = "exports"
DEMO = "demo"
CSV_SOURCE = "ravenstack"
CRM_ACCOUNTS = ("salesforce/account", "hubspot/companies")


def settings_for(
    scratch: Path, landed_by: Mapping[str, str] | None = None, vendors: Iterable[str] = ()
) -> Settings:
    """Settings of a source of its own in a scratch folder, read as those of a user are.

    Raises
    ------
    UserError
        plumbline.toml does not know the layout.
    """
    demo = load_settings(DEMO)
    section = {
        "vendors": list(vendors or demo.vendors),
        "label": demo.label,
        # the demo's own seeds are those of this world, for instance its event types
        "vars": {"source_name": DEMO},
        **({"landed_by": dict(landed_by)} if landed_by else {}),
    }
    lines = [f"{key} = {_toml(value)}" for key, value in section.items()]
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / "plumbline.toml"
    file.write_text("\n".join([f"[source.{NAME}]", *lines, ""]), encoding="utf-8")
    return in_scratch(
        load_settings(NAME, scratch / "raw", ROOT, {"PLUMBLINE_CONFIG": str(file)}), scratch
    )


def csv_settings(scratch: Path) -> Settings:
    """Settings of the source whose files are CSV."""
    return in_scratch(load_settings(CSV_SOURCE, scratch / "raw"), scratch)


def in_scratch(settings: Settings, scratch: Path) -> Settings:
    """The same source, everything that it writes in a scratch folder."""
    scratched = replace(
        settings, raw=scratch / "raw", warehouse=scratch / "warehouse", target=scratch / "target"
    )
    scratched.build_file.parent.mkdir(parents=True, exist_ok=True)
    return scratched


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


def sound_world(folder: Path, seed: int = SEED) -> Path:
    """The raw files of a small demo world of a seed; made once a folder."""
    raw = folder / f"sound-{seed}"
    if not raw.exists():
        generate(SIZE, seed, None, raw, folder / f"truth-{seed}")
    return raw


def plant(
    settings: Settings, sound: Path, cases: Iterable[Case], crowd: Case | None = None
) -> None:
    """Put the cases into a copy of the sound world, in the place of what lay in `settings.raw`."""
    cases = [*cases, *([crowded(crowd)] if crowd else [])]
    cases += on_file(cases, sound, settings)
    shutil.rmtree(settings.raw, ignore_errors=True)
    landed_by = cases[0].landed_by if cases else {}
    for vendor in settings.vendors:
        # what a sync tool lands is the cases' alone: the sound world is in the native layout
        if vendor not in landed_by and (sound / vendor).exists():
            shutil.copytree(sound / vendor, settings.raw / vendor)
    contract = contract_of(settings)
    invoices = settings.raw / INVOICES
    if cases and invoices.exists() and not any(case.is_billed for case in cases):
        # cases say what a subscription is worth, not what was billed: nothing is compared
        change(invoices, "select * exclude (lines) from rows")
    for case in cases:
        write_rows(with_records(case, settings.vendors), settings.raw, contract)
        for table, sql in case.changes.items():
            change(settings.raw / table, sql)
    for table, declared in contract.items():
        # a small world, or the cases of a sync tool, may have no row of a table
        if not declared.files() and not declared.may_be_absent:
            rest = Case("rest", "", "", "", "", rows={table: [_rest(declared)]})
            write_rows(rest, settings.raw, contract)


def _rest(table: RawTable) -> dict[str, Any]:
    """A row that joins to nothing."""
    keys = {"varchar": "none", "bigint": 1}
    day = "2026-01-10"
    values = {"bigint": day, "timestamp": day, "date": day, "boolean": False}
    row = {
        name: (keys if name.lower().endswith("id") else values).get(kind)
        for name, kind in table.columns
        if name != "landed"
    }
    # dlt's load ids are times
    return row | ({"_dlt_load_id": "1768003200.5"} if "_dlt_load_id" in row else {})


def crowded(case: Case) -> Case:
    """A case as many times as it asks for, each under a name of its own."""
    rows: dict[str, list[dict[str, Any]]] = {}
    case = with_records(case, ["salesforce"])
    one = {table: filled(case, table) for table in case.rows}
    text = json.dumps(one)
    for number in range(case.crowd):
        for table, more in json.loads(text.replace(f"{case.name}-", f"crowd{number}-")).items():
            rows.setdefault(table, []).extend(more)
    return replace(case, name="crowd", rows=rows, mrr={})


def with_records(case: Case, vendors: Iterable[str]) -> Case:
    """The case with a CRM record for each account that it names and gives none for."""
    table = "salesforce/account"
    if "salesforce" not in vendors or "salesforce" in case.landed_by or table in case.rows:
        return case
    records = [{"Id": account} for account in case.accounts]
    return replace(case, rows={**case.rows, table: records}) if records else case


def on_file(cases: Iterable[Case], sound: Path, settings: Settings) -> list[Case]:
    """The accounts of the sound world as records of the CRM that the cases are in, if not its."""
    if "salesforce" in settings.vendors and "salesforce" not in settings.landed_by:
        return []
    known = f"select Id as id from '{sound}/salesforce/account/*/*.parquet'"
    if "hubspot" in settings.vendors:
        # no 15 characters are short for 18 there
        known += f" union all select crm_account_id from '{sound}/product/workspaces/*/*.parquet'"
    accounts = duckdb.sql(
        f"select distinct id from ({known}) where id is not null order by id"
    ).fetchall()
    for case in cases:
        for table in CRM_ACCOUNTS:
            if table in case.rows:
                record = filled(case, table)[0]
                key = "id" if "id" in record else "Id"
                rows = [{**record, key: account} for (account,) in accounts]
                return [replace(case, name="on_file", rows={table: rows}, without={}, mrr={})]
    return []


def contract_of(settings: Settings) -> dict[str, RawTable]:
    """The raw tables of the settings' vendors, by `vendor/table`."""
    tables = read_contract(
        settings.root, settings.raw, settings.vendors, "the catalogue", settings.landed_by
    )
    return {f"{table.vendor}/{table.name}": table for table in tables}


def change(table: Path, sql: str) -> None:
    """Rewrite every file of a raw table; in the SQL, `rows` are those of one file."""
    for file in sorted(table.glob("*/*.parquet")):
        new = file.with_suffix(".new")
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(
                f"create view rows as from read_parquet('{file}', hive_partitioning = false)"
            )
            connection.execute(f"copy ({sql}) to '{new}' (format parquet)")
        new.rename(file)


def plant_csv(settings: Settings, cases: Iterable[Case]) -> None:
    """Write the CSV files of cases below the valid lines of each file."""
    valid = json.loads((Path(__file__).parent / "valid_lines.json").read_text(encoding="utf-8"))
    shutil.rmtree(settings.raw, ignore_errors=True)
    settings.raw.mkdir(parents=True)
    cases = list(cases)
    for name, lines in valid.items():
        header, *rows = lines
        added: list[str] = []
        for case in cases:
            for line in case.files.get(name, ()):
                if line.startswith("header: "):
                    header = line.removeprefix("header: ")
                else:
                    added.extend(_repeated(line))
        text = "\n".join([header, *rows, *added, ""])
        (settings.raw / name).write_text(text, encoding="utf-8")


def _repeated(line: str) -> list[str]:
    """`20000 times: A-{n},x` as so many lines, numbered from 1."""
    count, marked, rest = line.partition(" times: ")
    if not marked:
        return [line]
    return [rest.replace("{n}", str(number)) for number in range(1, int(count) + 1)]
