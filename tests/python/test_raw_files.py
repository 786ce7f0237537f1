"""Files as vendors and tools truly write them: read right, or refused in one clear line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT, World

from plumbline.errors import UserError
from plumbline.store.json_columns import check_json
from plumbline.store.parquet_files import check_values, read_facts
from plumbline.store.raw import RawTable, known_vendors, read_contract

DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
NOON = datetime(2026, 2, 1, 12)
LATEST = "2026-02-02"


def land(world: World, table: str, day: str, columns: dict[str, pa.Array]) -> None:
    """Write one file of a raw table, with the columns given and no others."""
    file = world.raw / table / f"landed={day}" / "part-0.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), file)


def dbt(world: World, *arguments: str) -> str:
    """Run dbt on the world and return what it prints."""
    world.build_file.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*DBT, "--quiet", *arguments, "--log-path", str(world.folder / "logs")],
        cwd=ROOT,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine without a file, in UTC."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A raw folder without files."""
    return World(tmp_path, tmp_path / "raw")


def contract(world: World, label: str) -> RawTable:
    """A table of the project's own contract."""
    vendor, name = label.split(".")
    tables = read_contract(ROOT, world.raw, [vendor], "the test")
    return next(table for table in tables if table.name == name)


def check(engine: duckdb.DuckDBPyConnection, table: RawTable) -> tuple[str, ...]:
    """All checks of a Parquet table."""
    facts = [read_facts(table, path) for path in table.files()]
    check_values(engine, table, facts)
    return check_json(engine, table, table.files())


def like_the_contract(table: RawTable, rows: int = 2) -> dict[str, pa.Array]:
    """Columns of the declared types, with nulls alone."""
    kinds = {
        "varchar": pa.string(),
        "bigint": pa.int64(),
        "integer": pa.int32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }
    return {n: pa.nulls(rows, kinds[kind]) for n, kind in table.columns if n != "landed"}


def test_files_of_one_table_read_as_its_contract_says(
    world: World, engine: duckdb.DuckDBPyConnection
) -> None:
    """Lacking, null, narrower, wider, zoned and malformed values; files that differ."""
    sparse = {
        "id": pa.array([7], pa.int32()),
        "ticket_id": pa.array([8.0], pa.float64()),
        "body": pa.nulls(1),
        "created_at": pa.array([NOON], pa.timestamp("ms", tz="Europe/Berlin")),
        "_extracted_at": pa.array([NOON], pa.timestamp("ns")),
    }
    full = {
        "id": pa.array([2**40]),
        "ticket_id": pa.array([9], pa.int16()),
        "author_role": pa.array(["agent"]).dictionary_encode(),
        "body": pa.array(["hello"], pa.large_string()),
        "public": pa.array([True]),
        "created_at": pa.array([NOON], pa.timestamp("us")),
        "_extracted_at": pa.array([NOON], pa.timestamp("us")),
        "not_in_the_contract": pa.array([1]),
    }
    land(world, "zendesk/ticket_comments", "2026-02-01", sparse)
    land(world, "zendesk/ticket_comments", LATEST, full)
    opportunities = contract(world, "salesforce.opportunity")
    sold = {
        **like_the_contract(opportunities, 1),
        "amount": pa.array([Decimal("10.50")], pa.decimal128(18, 2)),
        "closedate": pa.array([datetime(2026, 2, 1)], pa.timestamp("us")),
        "iswon": pa.nulls(1),
    }
    land(world, "salesforce/opportunity", "2026-02-01", sold)
    missing = {**like_the_contract(opportunities, 1), "amount": pa.array([float("nan")])}
    land(world, "salesforce/opportunity", LATEST, missing)
    answers = contract(world, "surveys.nps_responses")
    given = {
        **like_the_contract(answers, 3),
        "id": pa.array(["a1", "a2", "a3"]),
        "score": pa.array([9, None, None], pa.int8()),
        "properties": pa.array(['{"account_id": "A"}', '{"account_id": "B', ""]),
    }
    land(world, "surveys/nps_responses", LATEST, given)

    assert check(engine, opportunities) == ()
    dbt(
        world,
        "run",
        "--select",
        "base_zendesk__ticket_comments base_salesforce__opportunities base_surveys__nps_responses",
    )
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        comments = connection.table("base.base_zendesk__ticket_comments").order("comment_id")
        assert comments.fetchall() == [
            (str(2**40), "9", "agent", "hello", True, NOON, NOON),
            ("7", "8", None, None, None, NOON, NOON),
        ]
        types = dict(zip(comments.columns, comments.types, strict=True))
        assert (types["commented_at"], types["is_public"]) == ("TIMESTAMP", "BOOLEAN")
        assert connection.execute(
            "select amount_usd, close_date, is_won from base.base_salesforce__opportunities"
            " order by close_date nulls last"
        ).fetchall() == [(10.5, date(2026, 2, 1), None), (None, None, None)]
        assert connection.execute(
            "select response_id, account_id, score from base.base_surveys__nps_responses"
            " order by response_id"
        ).fetchall() == [("a1", "A", 9), ("a2", None, None), ("a3", None, None)]


@pytest.mark.parametrize(
    ("label", "columns", "words"),
    [
        (
            "zendesk.ticket_comments",
            {"ticket_id": pa.array([3.0, 2.5])},
            ["part-0.parquet, row 2: column ticket_id is 2.5", "says bigint", "mend the value"],
        ),
        (
            "zendesk.ticket_comments",
            {"ticket_id": pa.array([3.0, float("nan")])},
            ["row 2: column ticket_id is nan", "says bigint"],
        ),
        (
            "zendesk.ticket_comments",
            {"id": pa.array([2.0**53 + 2, 1.0])},
            ["row 1: column id is 9007199254740994.0", "says bigint"],
        ),
        (
            "zendesk.ticket_comments",
            {"ticket_id": pa.array(["3", "4"])},
            ["column ticket_id is varchar", "says bigint"],
        ),
        (
            "zendesk.ticket_comments",
            {"public": pa.array([0, 1])},
            ["column public is bigint", "says boolean"],
        ),
        (
            "zendesk.ticket_comments",
            {"created_at": pa.array(["2026-02-01T12:00:00+02:00", None])},
            ["column created_at is varchar", "says timestamp"],
        ),
        (
            "zendesk.tickets",
            {"custom_fields": pa.array([[{"id": 360001, "value": "A"}], None])},
            ["column custom_fields is list<", "land it as JSON text"],
        ),
        (
            "surveys.nps_responses",
            {"properties": pa.array([{"account_id": "A"}, None])},
            ["column properties is struct<", "land it as JSON text"],
        ),
        (
            "surveys.nps_responses",
            {"score": pa.array([9, 2**40])},
            ["row 2: column score is 1099511627776", "says integer"],
        ),
        (
            "salesforce.opportunity",
            {"id": pa.array([1.0, None])},
            ["column id is double", "says varchar"],
        ),
        (
            "salesforce.opportunity",
            {"closedate": pa.array([datetime(2026, 2, 1), datetime(2026, 2, 1, 14, 30)])},
            ["row 2: column closedate is 2026-02-01 14:30:00", "says date"],
        ),
        # the first file of an event stream decides for all: a null type there could be anything
        ("segment.events", {"event_type": pa.nulls(2)}, ["column event_type is null"]),
    ],
)
def test_parquet_that_cannot_be_read(
    world: World,
    engine: duckdb.DuckDBPyConnection,
    label: str,
    columns: dict[str, pa.Array],
    words: list[str],
) -> None:
    table = contract(world, label)
    land(world, label.replace(".", "/"), LATEST, {**like_the_contract(table), **columns})
    with pytest.raises(UserError) as caught:
        check(engine, table)
    for word in words:
        assert word in caught.value.line
    land(world, label.replace(".", "/"), LATEST, like_the_contract(table))
    assert check(engine, table) == ()


def test_an_id_is_not_rounded_by_another_file(
    world: World, engine: duckdb.DuckDBPyConnection
) -> None:
    """One file of doubles makes doubles of all: what is whole and too large there is refused."""
    table = contract(world, "zendesk.ticket_comments")
    for day, ids in (("2026-02-01", pa.array([2**53 + 1])), (LATEST, pa.array([3.0]))):
        land(world, "zendesk/ticket_comments", day, {**like_the_contract(table, 1), "id": ids})
    with pytest.raises(UserError, match=r"landed=2026-02-01.*row 1: column id is 9007199254740992"):
        check(engine, table)


def answers_with(world: World, *properties: str | None) -> RawTable:
    """The table of survey answers, two files: the second one has these properties."""
    table = contract(world, "surveys.nps_responses")
    for day, texts in (("2026-02-01", ["{}"]), (LATEST, properties)):
        columns = like_the_contract(table, len(texts))
        land(world, "surveys/nps_responses", day, {**columns, "properties": pa.array(texts)})
    return table


@pytest.mark.parametrize(
    "malformed", ['{"account_id": "A', "{'account_id': 'A'}", '"{\\"account_id\\": 1}"', "NaN", "7"]
)
def test_malformed_json_is_told(
    world: World, engine: duckdb.DuckDBPyConnection, malformed: str
) -> None:
    table = answers_with(world, '{"account_id": "A"}', malformed, None, "", " ", "null", "[]")
    (told,) = check(engine, table)
    assert told.startswith("surveys.nps_responses: 1 of 8 values of properties are not JSON")
    assert told.endswith(f"landed={LATEST}/part-0.parquet, row 2")


def test_too_much_malformed_json_stops(world: World, engine: duckdb.DuckDBPyConnection) -> None:
    assert len(check(engine, answers_with(world, *["{"] * 19))) == 1
    with pytest.raises(UserError, match="20 of 21 values of properties are not JSON"):
        check(engine, answers_with(world, *["{"] * 20))
    assert len(check(engine, answers_with(world, *["{"] * 20, *["{}"] * 2000))) == 1


def test_malformed_json_of_a_json_type_stops(
    world: World, engine: duckdb.DuckDBPyConnection
) -> None:
    """The engine itself refuses such a value wherever the column is read."""
    for last, stops in (("{}", False), ('{"account_id": "A', True)):
        table = answers_with(world, "{}")
        file = table.files()[-1]
        texts = pa.ExtensionArray.from_storage(pa.json_(), pa.array([last]))
        given = pa.table({**like_the_contract(table, 1), "properties": texts})
        pq.write_table(given, file)
        if stops:
            with pytest.raises(UserError, match=r"nps_responses.*land properties as plain text"):
                check(engine, table)
        else:
            assert check(engine, table) == ()


def test_every_json_text_that_is_read_is_checked() -> None:
    unchecked = [
        f"{source['name']}.{table['name']}.{column['name']}"
        for file in sorted((ROOT / "models" / "base").glob("**/*__sources.yml"))
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]
        for table in source["tables"]
        for column in table["columns"]
        if "JSON" in column["description"]
        and "not read" not in column["description"]
        and not column.get("config", {}).get("meta", {}).get("is_json")
    ]
    assert unchecked == []


def test_one_malformed_json_stops_no_base_model(
    world: World, engine: duckdb.DuckDBPyConnection
) -> None:
    """In every column of JSON text there is, of every vendor."""
    vendors = known_vendors(ROOT)
    tables = read_contract(ROOT, world.raw, vendors, "the test")
    for table in (table for table in tables if table.is_parquet):
        columns = like_the_contract(table)
        columns |= {name: pa.array(["[{", "{}"]) for name in table.json}
        land(world, table.label.replace(".", "/"), LATEST, columns)
        assert len(check(engine, table)) == len(table.json)
    marked = {table.vendor for table in tables if table.json}
    assert marked >= {"stripe", "zendesk", "hubspot", "surveys", "cs_platform", "product"}
    folders = " ".join(f"path:models/base/{vendor}" for vendor in sorted(marked))
    dbt(world, "run", "--vars", f"{{vendors: [{', '.join(vendors)}]}}", "--select", folders)
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = 'base'"
        ).fetchall()
        assert len(views) > 15
        for (view,) in views:
            connection.execute(f"select * from base.{view}").fetchall()
