"""What leads to a person: where it may be read, and how it is masked."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from conftest import FIRST_NIGHT, ROOT, World
from manifest import Compilation, said_of_columns
from personal_lineage import carried_columns

from plumbline.config import Settings, load_settings
from plumbline.errors import UserError
from plumbline.night import kept, publish
from plumbline.night.gate import Night
from plumbline.night.masking import KEY, SEED, read_masking
from plumbline.store import ops
from plumbline.store.outcomes import read_outcome

SECRET = "a secret of the night"
TOKEN = re.compile(r"[\w@.+-]+")
# Employees are published for the reasons that the seed gives.
EMPLOYEES = {("salesforce", "account", "OwnerId"), ("salesforce", "task", "OwnerId")} | {
    ("salesforce", "note", "OwnerId"),
    ("cs_platform", "interventions", "csm_id"),
    ("dashboards", "dashboard_views", "viewer_id"),
}
# Demo companies pay under the name that they have in the CRM.
COMPANIES = ("salesforce", "account", "Name")


def declared_columns() -> list[tuple[str, str, str]]:
    """Vendor, table and column of all that the sources of the demo's vendors declare personal."""
    return [
        (source["name"], table["name"], column)
        for file in sorted((ROOT / "models" / "base").glob("*/_*__sources.yml"))
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
        for table in source["tables"]
        for column, is_personal in said_of_columns(
            {"columns": {column["name"]: column for column in table["columns"]}}
        ).items()
        if is_personal
    ]


def values_of(raw: Path, column: tuple[str, str, str]) -> set[str]:
    """All values of a raw column, none where the source is not of the demo."""
    vendor, table, name = column
    files = raw / vendor / table
    if not files.exists():
        return set()
    relation = f"read_parquet('{files}/*/*.parquet', union_by_name = true)"
    query = f'select distinct cast("{name}" as varchar) from {relation} where "{name}" is not null'
    return {value for (value,) in duckdb.sql(query).fetchall()}


def published_text(file: Path) -> str:
    """Every text that stands in a database file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where database_name = 'plumbline' and not internal and data_type like '%VARCHAR%'"
        ).fetchall()
        return "\n".join(
            value
            for schema, table, column in columns
            for (value,) in connection.execute(
                f'select distinct cast("{column}" as varchar) from {schema}."{table}"'
                f' where "{column}" is not null'
            ).fetchall()
        )


@cache
def words_of(text: str) -> frozenset[str]:
    """The words of a text; an address and an id are one each."""
    return frozenset(TOKEN.findall(text))


def found_in(text: str, values: Collection[str]) -> set[str]:
    """Values that stand in a text: those of one word as a word, of the longer ones about 100."""
    words = {value for value in values if TOKEN.fullmatch(value)}
    longer = sorted(set(values) - words)
    longer = longer[:: max(1, len(longer) // 100)]
    return (words & words_of(text)) | {value for value in longer if value in text}


@pytest.fixture(scope="module")
def personal(ci_raw: World) -> dict[tuple[str, str, str], set[str]]:
    """Values of each raw column that is declared personal."""
    values = {column: values_of(ci_raw.raw, column) for column in declared_columns()}
    companies = values_of(ci_raw.raw, COMPANIES)
    return {column: found - companies for column, found in values.items() if found - companies}


def test_no_personal_value_is_published_or_told(
    ci_first_night: World, personal: dict[tuple[str, str, str], set[str]]
) -> None:
    """Neither in tables nor in the records of runs, nor in what a night says; but employees."""
    assert len(personal) > 20
    text = published_text(ci_first_night.published_file)
    said = (ci_first_night.folder / "said.txt").read_text(encoding="utf-8")
    left = sorted((ci_first_night.folder / "target").rglob("*"))
    results = "\n".join(f.read_text("utf-8") for f in left if f.suffix in (".json", ".log"))
    records = json.dumps(ci_first_night.read("select * from ops.runs", private=True), default=str)
    for column, values in personal.items():
        assert bool(found_in(text, values)) == (column in EMPLOYEES), column
        for told in (said, records, results):
            assert not found_in(told, values), column
    # and it would be found: an address, a name and a text, planted
    for column in (("product", "users", "email"), ("product", "users", "name"), COMMENTS):
        one = sorted(personal[column])[0]
        assert found_in(f"{text}\nat 'x', {one}: told", personal[column]) == {one}


COMMENTS = ("zendesk", "ticket_comments", "body")


def masked_night(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The night published once more, with its employees masked."""
    monkeypatch.setenv(KEY, SECRET)
    copied = world.copy(folder)
    settings = replace(
        load_settings(raw=world.raw), warehouse=copied.warehouse, masked=("employee",)
    )
    [(run,)] = copied.read("select run_id from ops.runs where state = 'published'")
    relations = copied.read("select schema_name, table_name from duckdb_tables()")
    publish.publish(settings, Night(run, FIRST_NIGHT, {}), relations, {})
    return settings


def test_masked_employees_are_nowhere_and_join_as_before(
    ci_first_night: World,
    personal: dict[tuple[str, str, str], set[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = masked_night(ci_first_night, tmp_path, monkeypatch)
    text = published_text(settings.published_file)
    for column in EMPLOYEES & personal.keys():
        assert not found_in(text, personal[column]), column
    joined = (
        "select count(*), count(distinct owner), count(distinct metric_name)"
        " from (select distinct owner from core.dim_account_months) as owners"
        " left join catalogue.metric_values on dimension_name = 'owner' and dimension_value = owner"
    )
    with duckdb.connect(str(settings.published_file), read_only=True) as connection:
        assert connection.execute(joined).fetchall() == ci_first_night.read(joined)
        rows = connection.execute(
            "select distinct owner from core.dim_account_months where owner <> 'unassigned'"
        ).fetchall()
        cuts = connection.execute(
            "select distinct dimension_name from catalogue.metric_values"
            " where dimension_value like 'masked_%'"
        ).fetchall()
    owners = ci_first_night.read(
        "select distinct owner from core.dim_account_months where owner <> 'unassigned'"
    )
    assert {name for (name,) in rows} == {
        f"masked_{hmac.new(SECRET.encode(), owner.encode(), hashlib.sha256).hexdigest()}"
        for (owner,) in owners
    }
    assert cuts == [("owner",)]
    assert ci_first_night.read("select 1 from core.dim_accounts where csm_id like 'masked_%'") == []


def test_a_night_put_back_from_the_published_file_is_not_masked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, SECRET * 10)
    made = replace(load_settings(raw=tmp_path), warehouse=tmp_path, masked=("employee",))
    made.build_file.parent.mkdir()
    table = "risk.rpt_at_risk_accounts_history"
    with duckdb.connect(str(made.build_file)) as connection:
        connection.execute("create schema risk; create schema core")
        connection.execute(
            f"create table {table} as select 'r1' as run_id, date '2026-02-28' as as_of_date,"
            " unnest(['o1', 'o''2', null, 'unassigned']) as csm_id"
        )
        ops.create_tables(connection, ROOT)
        ops.record_start(connection, "r1", FIRST_NIGHT, "demo", {"code_fingerprint": "c"}, [])
        ops.record(connection, "r1", FIRST_NIGHT, "demo", ops.PUBLISHED)
    night = Night("r1", date(2026, 2, 28), {})
    relations = [("risk", "rpt_at_risk_accounts_history")]
    publish.publish(made, night, relations, {})
    read = f"select csm_id from {table} order by all"
    with duckdb.connect(str(made.published_file), read_only=True) as connection:
        first = connection.execute(read).fetchall()
    with duckdb.connect(str(made.build_file)) as connection:
        connection.execute(f"delete from {table}")
        assert kept.restore(connection, made.published_file) == 4
    publish.publish(made, night, relations, {})
    with duckdb.connect(str(made.published_file), read_only=True) as connection:
        assert connection.execute(read).fetchall() == first
    long_key = (SECRET * 10).encode()
    hashes = [hmac.new(long_key, owner, hashlib.sha256).hexdigest() for owner in (b"o1", b"o'2")]
    masked = sorted(f"masked_{found}" for found in hashes)
    assert [value for (value,) in first] == [*masked, "unassigned", None]


CONTACTS = """
with source as (select * from read_parquet('contacts')),
renamed as (select source.id as contact_id, lower(source.email) as way, source.n from source)
select * from renamed
"""
REACHED = """
with contacts as (select * from "p"."base"."base_crm__contacts"),
others as (
    select contacts.n, case when contains(contacts.way, '@x') then 'staff' else 'guest' end as kind,
        contacts.way
    from contacts
    union all
    select 1, 'none', null
)
select
    others.n as account_id,
    others.kind,
    max(others.way) filter (where others.n > 1) as reached_by,
    coalesce(others.kind, (select min(c.way) from contacts as c)) as of_subquery,
    row_number() over (partition by others.way order by others.way) as place,
    count(distinct others.way) as ways,
    max(length(others.way)) as letters,
    cast(count(distinct others.way) as varchar) as ways_told,
    max(others.kind) filter (where contains(others.way, 'x')) as filtered,
    cast(others.way = 'a@x' as varchar) as is_one,
    case others.way when 'a@x' then 'a' end as letter,
    first(others.kind) over (partition by others.way) as kind_of_way,
    any_value(lasts.last_way) as last_way
from others
left join (select o.n, last(o.way) as last_way from others as o group by all) as lasts
    on others.n = lasts.n and others.way = lasts.last_way
group by all
"""


def test_lineage_follows_a_value_and_not_what_it_decides() -> None:
    """An address under another name, through stars, unions, aggregates and subqueries."""
    source = {
        "resource_type": "source",
        "schema": "raw_crm",
        "name": "contacts",
        "relation_name": "read_parquet('contacts')",
        "columns": {"id": {}, "n": {}, "email": {"config": {"meta": {"pii": True}}}},
    }
    base, mart = (
        {
            "resource_type": "model",
            "schema": schema,
            "name": name,
            "alias": name,
            "columns": {},
            "depends_on": {"nodes": [read]},
        }
        for schema, name, read in (
            ("base", "base_crm__contacts", "source"),
            ("core", "fct_contacts", "base"),
        )
    )
    found = carried_columns(
        Compilation(
            {"sources": {"source": source}, "nodes": {"mart": mart, "base": base}},
            {"base_crm__contacts": CONTACTS, "fct_contacts": REACHED},
        ),
        {
            "base_crm__contacts": {"contact_id": "VARCHAR", "way": "VARCHAR", "n": "BIGINT"},
            "fct_contacts": {
                "account_id": "BIGINT",
                **dict.fromkeys(
                    ("kind", "reached_by", "of_subquery", "last_way", "is_one", "letter"), "VARCHAR"
                ),
                **dict.fromkeys(("kind_of_way", "ways_told", "filtered"), "VARCHAR"),
                **dict.fromkeys(("place", "ways", "letters"), "BIGINT"),
            },
        },
    )
    personal = {relation: {c for c, o in found[relation].items() if o} for relation in found}
    assert personal == {
        "raw_crm.contacts": {"email"},
        "base.base_crm__contacts": {"way"},
        "core.fct_contacts": {"reached_by", "of_subquery", "last_way"},
    }
    assert found["core.fct_contacts"]["reached_by"] == {"raw_crm.contacts.email"}


@pytest.mark.parametrize("kind", ["integer", "timestamp", "date", "boolean", "json", "double"])
def test_a_value_that_the_engine_cannot_read_is_not_repeated(kind: str, tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.sql(f"select cast(x as {kind}) from (values ('ada@x.example')) as t (x)").fetchall()
    text = str(caught.value).partition("LINE 1")[0]
    assert "ada@x.example" in text
    node = SimpleNamespace(resource_type="model", name="int_x")
    result = SimpleNamespace(node=node, status="error", failures=None, message=text)
    told = read_outcome(result, tmp_path / "none").line
    assert "Conversion Error" in told and "ada" not in told


def test_a_key_must_be_there_and_long_enough() -> None:
    settings = load_settings()
    assert read_masking(settings, {}).columns == {}
    masking = replace(settings, masked=("employee",))
    for environ, fault in (({}, "is not set"), ({KEY: "short"}, "has fewer than 16 characters")):
        with pytest.raises(UserError, match=f"masks employee, and {KEY} {fault}"):
            read_masking(masking, environ)
    found = read_masking(masking, {KEY: SECRET})
    with (ROOT / SEED).open(encoding="utf-8", newline="") as file:
        employees = [row for row in csv.DictReader(file) if row["person"] == "employee"]
    assert sum(len(columns) for columns in found.columns.values()) == len(employees) > 5
    assert SECRET not in repr(found)
    assert read_masking(replace(settings, masked=("user",)), {KEY: SECRET}).columns == {}
