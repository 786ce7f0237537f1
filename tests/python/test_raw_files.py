"""Files as vendors and tools truly write them: read right, or refused in one clear line."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, World

MACROS = ("whole_number", "decimal_number", "epoch_to_timestamp", "readable_json")
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]


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


def test_files_of_one_table_read_as_its_contract_says(tmp_path: Path) -> None:
    """Lacking, null, narrower, wider and zoned columns; files that differ from each other."""
    world = World(tmp_path, tmp_path / "raw")
    moment = datetime(2026, 2, 1, 12)
    sparse = {
        "id": pa.array([7], pa.int32()),
        "ticket_id": pa.array([8.0], pa.float64()),
        "body": pa.nulls(1),
        "created_at": pa.array([moment], pa.timestamp("ms", tz="Europe/Berlin")),
        "_extracted_at": pa.array([moment], pa.timestamp("ns")),
    }
    full = {
        "id": pa.array([2**40]),
        "ticket_id": pa.array([9], pa.int16()),
        "author_role": pa.array(["agent"]).dictionary_encode(),
        "body": pa.array(["hello"], pa.large_string()),
        "public": pa.array([True]),
        "created_at": pa.array([moment], pa.timestamp("us")),
        "_extracted_at": pa.array([moment], pa.timestamp("us")),
        "not_in_the_contract": pa.array([1]),
    }
    land(world, "zendesk/ticket_comments", "2026-02-01", sparse)
    land(world, "zendesk/ticket_comments", "2026-02-02", full)
    dbt(world, "run", "--select", "base_zendesk__ticket_comments")
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.table("base.base_zendesk__ticket_comments").order("comment_id")
        rows = found.fetchall()
        types = dict(zip(found.columns, found.types, strict=True))
    assert rows == [
        (str(2**40), "9", "agent", "hello", True, moment, moment),
        ("7", "8", None, None, None, moment, moment),
    ]
    assert types["commented_at"] == "TIMESTAMP"
    assert types["is_public"] == "BOOLEAN"


@pytest.fixture(scope="module")
def dialect(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A connection in which each macro under test is one of the engine, as dbt renders it."""
    folder = tmp_path_factory.mktemp("dialect")
    code = "".join(f"create macro {name}(x) as {{{{ {name}('x') }}}};" for name in MACROS)
    connection = duckdb.connect()
    connection.execute(dbt(World(folder, folder / "raw"), "compile", "--inline", code))
    return connection


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("whole_number('3')", 3),
        ("whole_number('3.0')", 3),
        ("whole_number(3.0)", 3),
        ("whole_number(' 12 ')", 12),
        ("whole_number('123456789012345678')", 123456789012345678),
        ("whole_number('2.5')", None),
        ("whole_number('')", None),
        ("whole_number('1_000')", None),
        ("whole_number('12 seats')", None),
        ("whole_number('99999999999999999999')", None),
        ("decimal_number('0.25')", Decimal("0.25")),
        ("decimal_number('1e-05')", Decimal("0.00001")),
        ("decimal_number('-4')", Decimal(-4)),
        ("decimal_number('')", None),
        ("decimal_number('1,5')", None),
        ("decimal_number('nan')", None),
        ("epoch_to_timestamp(1767225600)", datetime(2026, 1, 1)),
        ("epoch_to_timestamp(1767225600000)", datetime(2026, 1, 1)),
        ("epoch_to_timestamp(1767225600000000)", datetime(2026, 1, 1)),
        ("epoch_to_timestamp('1767225600.5')", datetime(2026, 1, 1, 0, 0, 0, 500000)),
        ("epoch_to_timestamp(946684800)", datetime(2000, 1, 1)),
        ("epoch_to_timestamp(946684799)", None),
        ("epoch_to_timestamp(4102444799)", datetime(2099, 12, 31, 23, 59, 59)),
        ("epoch_to_timestamp(4102444800)", None),
        ("epoch_to_timestamp(4102444800000)", None),
        ("epoch_to_timestamp(0)", None),
        ("epoch_to_timestamp('')", None),
        ("epoch_to_timestamp('2026-01-01')", None),
        ("epoch_to_timestamp('nan')", None),
        ("epoch_to_timestamp(null)", None),
        ("readable_json('{\"a\": 1}')", '{"a": 1}'),
        ("readable_json('{\"a\": ')", None),
        ("readable_json('')", None),
    ],
)
def test_dialect_macro(
    dialect: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    """A value as it is meant, or null; never an engine's error and never a rounded number."""
    assert dialect.execute(f"select {expression}").fetchone() == (expected,)
