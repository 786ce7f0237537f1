"""What a mutation needs of the project: each statement that dbt would run, compiled once and kept.

The warehouse is that of a `ci` world's second night, built anew from the compiled SQL: every model
as a table, incremental ones whole. What keeps each night has its earlier nights from the world.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from bench import night
from bench.record import ROOT
from plumbline.config import Settings, load_settings
from plumbline.night.last_build import last_build
from plumbline.proofs import catalogue, catalogue_metricflow
from plumbline.store.dbt import Dbt

KEPT = ROOT / "target" / "mutate"
READ = ("dbt_project.yml", "profiles.yml", "macros", "models", "seeds", "tests/generic")
READ += ("tests/singular", "bench/mutate/project.py")
SETTINGS = "set TimeZone = 'UTC'; set threads = 1"


@dataclass(frozen=True)
class Model:
    """A model as dbt compiles it.

    Attributes
    ----------
    relation : str
        `schema.name`.
    sql : str
        Compiled; where it is incremental, as a build of everything has it.
    file : str
        Its source, from the root.
    reads : tuple of str
        Names of the models that it reads.
    earlier : str
        A condition on the rows that earlier nights left, which a build keeps; mostly nothing.
    """

    name: str
    relation: str
    sql: str
    file: str
    reads: tuple[str, ...]
    earlier: str = ""

    @property
    def room(self) -> str:
        """The folder of models/marts that it lies in, or else that of models."""
        parts = self.file.split("/")
        return parts[2] if parts[1] == "marts" else parts[1]


@dataclass(frozen=True)
class DataTest:
    """A data test: its statement returns the rows that are wrong."""

    name: str
    sql: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class UnitTest:
    """A unit test of a model.

    Attributes
    ----------
    actual : str
        The model's statement over the given rows.
    compared : str
        What dbt runs: it holds `actual`, and returns the rows found and the rows expected, marked
        by the last column.
    """

    name: str
    model: str
    actual: str
    compared: str


@dataclass(frozen=True)
class Project:
    """All statements, and the warehouse that they run on.

    Attributes
    ----------
    metricflow : tuple of str
        What MetricFlow runs to leave every metric's values in `metricflow_values`.
    left_out : tuple of str
        Models that the demo company's vendors do not need: hubspot, ravenstack, sync tools.
    """

    models: Mapping[str, Model]
    data_tests: tuple[DataTest, ...]
    unit_tests: tuple[UnitTest, ...]
    warehouse: Path
    raw: Path
    metricflow: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a copy of the warehouse in memory, which nobody else sees."""
        with duckdb.connect() as connection:
            connection.execute(SETTINGS)
            connection.execute(f"attach '{self.warehouse}' as kept (read_only)")
            connection.execute("attach ':memory:' as plumbline")
            connection.execute("copy from database kept to plumbline")
            connection.execute("detach kept; use plumbline")
            yield connection


def statement(model: Model, sql: str, kept: str = "") -> str:
    """The statement that builds a model of this SQL; rows of earlier nights come from `kept`."""
    earlier = f" union all by name select * from {kept} where {model.earlier}"
    return (
        f"create or replace table {model.relation} as "
        f"select * from (\n{sql}\n){earlier if model.earlier and kept else ''}"
    )


def in_order(models: Mapping[str, Model]) -> list[Model]:
    """Models, each after those that it reads."""
    graph = {name: model.reads for name, model in models.items()}
    return [models[name] for name in TopologicalSorter(graph).static_order()]


def load(world: Path) -> Project:
    """The project's statements and its warehouse, kept until code or world changes.

    Parameters
    ----------
    world : Path
        Folder of a `ci` world with two nights; made where it is not there.
    """
    if not night.build_file(world).exists():
        world.mkdir(parents=True, exist_ok=True)
        night.make_world(world, "ci")
        for day in (night.FIRST_NIGHT, night.SECOND_NIGHT):
            night.run_night(world, day)
    folder = KEPT / "compiled" / digest_of(world)
    file = folder / "project.json"
    if not file.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        (folder / "build").mkdir(parents=True)
        project = _compile(world, folder)
        file.write_text(json.dumps(asdict(project), default=str), encoding="utf-8")
    kept = json.loads(file.read_text(encoding="utf-8"))
    return Project(
        {name: Model(**{**m, "reads": tuple(m["reads"])}) for name, m in kept["models"].items()},
        tuple(DataTest(t["name"], t["sql"], tuple(t["reads"])) for t in kept["data_tests"]),
        tuple(UnitTest(**test) for test in kept["unit_tests"]),
        Path(kept["warehouse"]),
        Path(kept["raw"]),
        tuple(kept["metricflow"]),
        tuple(kept["left_out"]),
    )


def digest_of(world: Path) -> str:
    """Key of what is kept: it changes with the code and with the world's last night."""
    build = night.build_file(world)
    digest = hashlib.sha256(f"{build}{build.stat().st_mtime_ns}".encode())
    for part in READ:
        for file in sorted([ROOT / part, *(ROOT / part).rglob("*")]):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _compile(world: Path, folder: Path) -> Project:
    environment = {**os.environ, **night.environment(world)}
    settings = load_settings(raw=world / "raw", environ=environment)
    variables = last_build(settings, None)[1]
    variables |= {"changed_since": "", "tests_read_everything": True}
    # a warehouse of its own: the world's stays as its nights left it
    own = replace(settings, warehouse=folder, target=folder / "target")
    dbt = Dbt(own, variables)
    dbt.parse()
    sql = dbt.compiled(["path:models", "test_type:data"])
    nodes = dbt.manifest.nodes
    models = {
        node.name: _model(node, sql[node.name], nodes, variables["run_id"])
        for node in nodes.values()
        if node.resource_type == "model"
    }
    tests = [n for n in nodes.values() if n.resource_type == "test"]
    data_tests = tuple(
        DataTest(
            test.name,
            sql[test.name],
            tuple(nodes[key].name for key in test.depends_on.nodes if key in nodes),
        )
        for test in tests
        if test.config.severity.lower() == "error"
    )
    _build(in_order(models), night.build_file(world), own)
    unit_tests = _unit_tests(dbt, own)
    files = {Path(model.file) for model in models.values()}
    left_out = sorted(
        file.stem
        for file in (ROOT / "models").rglob("*.sql")
        if file.relative_to(ROOT) not in files
    )
    return Project(
        models,
        data_tests,
        unit_tests,
        own.build_file,
        own.raw,
        _metricflow(dbt.manifest),
        tuple(left_out),
    )


def _model(node: Any, sql: str, nodes: Mapping[str, Any], run_id: str) -> Model:
    reads = (nodes[key] for key in node.depends_on.nodes if key in nodes)
    return Model(
        node.name,
        f"{node.schema}.{node.alias}",
        sql,
        node.original_file_path,
        tuple(read.name for read in reads if read.resource_type == "model"),
        # (a model that keeps each night is never built anew)
        f"run_id <> '{run_id}'" if node.config.get("full_refresh") is False else "",
    )


def _build(models: list[Model], night_file: Path, own: Settings) -> None:
    """Build every model as a table; seeds, scores and runs are those of the world."""
    built = {model.relation for model in models}
    with duckdb.connect(str(own.build_file)) as connection:
        connection.execute(SETTINGS)
        connection.execute(f"attach '{night_file}' as world (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'world'"
        ).fetchall()
        for schema in {name.split(".")[0] for name in built} | {schema for schema, _ in tables}:
            connection.execute(f"create schema if not exists {schema}")
        for schema, table in tables:
            if f"{schema}.{table}" not in built:
                connection.execute(f"create table {schema}.{table} as from world.{schema}.{table}")
        for model in models:
            connection.execute(statement(model, model.sql, f"world.{model.relation}"))


class _Statements(list[str]):
    """Stands where MetricFlow's values are read: it takes down what would be run."""

    execute = list.append


def _metricflow(manifest: Any) -> tuple[str, ...]:
    catalogue_metricflow.require_metricflow()
    statements = _Statements()
    catalogue_metricflow.evaluate(
        statements,  # type: ignore[arg-type]
        catalogue_metricflow.make_engine(manifest),
        catalogue.metric_grains(manifest),
        catalogue.DIMENSIONS,
    )
    return tuple(statements)


def _unit_tests(dbt: Dbt, own: Settings) -> tuple[UnitTest, ...]:
    """Run dbt's unit tests once, and read what it ran.

    Raises
    ------
    RuntimeError
        One of them fails as it stands.
    """
    failed = dbt.test(["test_type:unit"]).failed
    if failed:
        raise RuntimeError(f"unit tests fail before anything is mutated: {failed[0].line}")
    found = []
    for key, test in dbt.manifest.unit_tests.items():
        _, _, model, name = key.split(".")[:4]
        (actual,) = (own.target / "compiled").rglob(f"{name}.sql")
        (compared,) = (own.target / "run").rglob(f"{name}.sql")
        found.append(UnitTest(test.name, model, actual.read_text(), compared.read_text()))
    return tuple(found)
