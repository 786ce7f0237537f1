"""A BI tool reads the published file through SQLAlchemy.

That it reads whole nights while one is published is among the tests of killed runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import LAST_NIGHT, World
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect, select, text
from sqlalchemy.pool import NullPool

METRICS = ("mrr", "paying_accounts", "net_revenue_retention")

# One row a read, all in one connection: what a dashboard shows, and the night of each part.
DASHBOARD = """
select
    (select as_of_date from ops.runs where state = 'published'
     order by recorded_at desc, run_id desc limit 1) as night_run,
    (select max(as_of_date) from risk.rpt_at_risk_accounts) as night_worklist,
    (select max(as_of_date) from features.feat_accounts_daily) as night_features,
    (select max(predictions.as_of_date) from ml.predictions) as night_predictions,
    (select count(*) from risk.rpt_at_risk_accounts where is_on_worklist) as listed,
    (select sum(arr_at_risk_usd) from risk.rpt_at_risk_accounts) as arr_at_risk_usd,
    (select count(*) from core.dim_accounts) as accounts
"""
CATALOGUE = """
select
    (select max(known_until_date) from catalogue.metrics_catalogue) as night_catalogue,
    (select count(distinct known_until_date) from catalogue.metrics_catalogue) as nights,
    (select count(*) from catalogue.metrics_catalogue) as metrics
"""
METRIC = """
select metric_values.value
from catalogue.metric_values
inner join catalogue.metrics_catalogue
    on metric_values.metric_name = metrics_catalogue.metric_name
where metric_values.metric_name = :metric
    and metric_values.grain = 'month'
    and metric_values.dimension_name = 'total'
order by metric_values.period_start_date desc
limit 1
"""
READER = """
import json, sys, time
from test_bi_reading import engine_of, read
from pathlib import Path
file, keeps_open = Path(sys.argv[1]), sys.argv[2] == "keeps-open"
engine = engine_of(file)
kept = engine.connect() if keeps_open else None
while True:
    if kept is not None:
        row = read(kept)
    else:
        with engine.connect() as connection:
            row = read(connection)
    print(json.dumps(row, default=str), flush=True)
    time.sleep(0.6)
"""


def engine_of(file: Path) -> Engine:
    """The file as a BI tool opens it: read only, a connection for each request."""
    # (one thread: the night that runs beside it needs the processor more)
    arguments = {"read_only": True, "config": {"threads": 1}}
    return create_engine(f"duckdb:///{file}", connect_args=arguments, poolclass=NullPool)


def read(connection: Any) -> dict[str, Any]:
    """All numbers of the dashboard, in one connection."""
    found = dict(connection.execute(text(DASHBOARD)).one()._mapping)
    found |= dict(connection.execute(text(CATALOGUE)).one()._mapping)
    for metric in METRICS:
        found[metric] = connection.execute(text(METRIC), {"metric": metric}).scalar_one()
    connection.rollback()
    return found


@contextmanager
def reading(file: Path, how: str) -> Iterator[list[dict[str, Any]]]:
    """A process that reads over and over, and must never fail."""
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(file), how],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    rows: list[dict[str, Any]] = []
    assert process.stdout is not None
    stream = process.stdout
    follower = threading.Thread(target=lambda: lines.extend(iter(stream.readline, "")))
    follower.start()
    try:
        deadline = time.monotonic() + 60
        while not lines and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        yield rows
        time.sleep(1.0)
        assert process.poll() is None, "".join(lines[-20:])
    finally:
        process.kill()
        process.wait()
        follower.join()
        # (the last line may be cut off by the kill)
        whole = [line for line in lines if line.endswith("}\n")]
        rows.extend(json.loads(line) for line in whole)


def nights_of(row: dict[str, Any]) -> set[str]:
    """The nights that the parts of one read come from."""
    return {str(value) for name, value in row.items() if name.startswith("night_")}


@pytest.fixture(scope="module")
def engine(ci_world: World) -> Engine:
    """The published file of the last night."""
    return engine_of(ci_world.published_file)


@pytest.fixture(scope="module")
def manifest() -> Mapping[str, Any]:
    """dbt's manifest of the project."""
    # (not at the top: the readers, which import this file, need no dbt)
    from manifest import every_vendor

    return every_vendor().manifest


def test_schemas_tables_columns_and_comments_are_listed(engine: Engine) -> None:
    inspector = inspect(engine)
    listed = {name.split(".")[-1].strip('"') for name in inspector.get_schema_names()}
    rooms = {"core", "revenue", "features", "risk", "quality", "reference", "ml", "ops"}
    rooms |= {"catalogue", "semantic"}
    assert rooms <= listed
    assert not {"base", "staging", "intermediate"} & listed
    for room in sorted(rooms):
        tables = inspector.get_table_names(schema=room)
        assert tables, room
        assert [table for table in tables if table.startswith("int_")] == []
        for table in tables:
            columns = inspector.get_columns(table, schema=room)
            assert columns, f"{room}.{table}"
            silent = [column["name"] for column in columns if not column.get("comment")]
            assert silent == [], f"{room}.{table}"
            comment = inspector.get_table_comment(table, schema=room)["text"]
            assert comment and comment.startswith("One row per "), f"{room}.{table}"


@pytest.mark.filterwarnings("ignore:duckdb-engine doesn't yet support reflection on indices")
def test_tables_are_reflected(engine: Engine) -> None:
    for room in ("core", "risk", "catalogue", "ops"):
        reflected = MetaData()
        reflected.reflect(engine, schema=room, views=True)
        listed = inspect(engine).get_table_names(schema=room)
        assert {table.name for table in reflected.tables.values()} >= set(listed) > set(), room
    accounts = Table("rpt_at_risk_accounts", MetaData(), autoload_with=engine, schema="risk")
    assert accounts.comment and accounts.comment.startswith("One row per ")
    assert all(column.comment for column in accounts.columns)
    types = {column.name: str(column.type) for column in accounts.columns}
    assert types["account_id"] == "VARCHAR" and types["as_of_date"] == "DATE"
    assert types["is_on_worklist"] == "BOOLEAN" and types["churn_probability"] == "FLOAT"
    with engine.connect() as connection:
        listed_ids = connection.execute(
            select(accounts.c.account_id).where(accounts.c.is_on_worklist)
        ).all()
    frame = pd.read_sql_table("rpt_at_risk_accounts", engine, schema="risk")
    assert list(frame.columns) == list(types)
    assert frame["is_on_worklist"].sum() == len(listed_ids) > 0


def test_what_the_semantic_layer_reads_is_published(
    engine: Engine, manifest: Mapping[str, Any]
) -> None:
    read = {
        (model["node_relation"]["schema_name"], model["node_relation"]["alias"])
        for model in manifest["semantic_models"].values()
    }
    inspector = inspect(engine)
    listed = {
        (room, table)
        for room in {room for room, _ in read}
        for table in inspector.get_table_names(schema=room)
    }
    assert read and read <= listed


def test_three_numbers_and_the_catalogue_are_read(
    engine: Engine, manifest: Mapping[str, Any]
) -> None:
    with engine.connect() as connection:
        row = read(connection)
    assert nights_of(row) == {LAST_NIGHT.isoformat()}
    assert row["listed"] > 0
    assert row["arr_at_risk_usd"] > 0
    assert row["accounts"] > 0
    declared = [m for m in manifest["metrics"].values() if "tier" in m["config"]["meta"]]
    assert row["metrics"] == len(declared) >= 60
    assert row["nights"] == 1
    assert row["mrr"] > 0
    assert row["paying_accounts"] > 0
    assert 0 < row["net_revenue_retention"] < 2


def test_nothing_can_be_written(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="read-only"):
        connection.execute(text("delete from risk.rpt_at_risk_accounts"))
