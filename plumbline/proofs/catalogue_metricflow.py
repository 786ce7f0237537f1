"""The second of three ways: MetricFlow, through its Python engine, in this process."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from plumbline.errors import UserError

DIMENSION = "account_month__{}"


class _RenderOnly:
    """Stands where MetricFlow expects a database: it only asks how to write SQL."""

    def __init__(self) -> None:
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer

        self.sql_engine_type = SqlEngine.DUCKDB
        self.sql_plan_renderer = DuckDbSqlPlanRenderer()


def require_metricflow() -> None:
    """Say so where the optional package is missing.

    Raises
    ------
    UserError
        MetricFlow is not installed.
    """
    if importlib.util.find_spec("metricflow") is None:
        raise UserError(
            "MetricFlow is not installed, and it is one of the three ways",
            "pip install 'dbt-metricflow==0.15.0', or `make setup`, which brings it",
        )


def semantic_manifest(manifest: Any) -> str:
    """What dbt would write to semantic_manifest.json.

    Parameters
    ----------
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.
    """
    from dbt.contracts.graph.semantic_manifest import SemanticManifest

    return SemanticManifest(manifest)._get_pydantic_semantic_manifest().json()


def make_engine(manifest: Any) -> Any:
    """MetricFlow's engine on a parsed project.

    Parameters
    ----------
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.
    """
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    parsed = parse_manifest_from_dbt_generated_manifest(semantic_manifest(manifest))
    lookup = SemanticManifestLookup(parsed)
    return MetricFlowEngine(lookup, _RenderOnly())


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    engine: Any,
    grains: Mapping[str, Sequence[str]],
    dimensions: Sequence[str],
) -> None:
    """Evaluate metrics into the temporary table `metricflow_values`.

    Parameters
    ----------
    grains : mapping of str to sequence of str
        Metrics by grain; all of a grain are asked for in one query.
    dimensions : sequence of str
        Dimensions to cut by, at month grain.
    """
    for grain, names in grains.items():
        _evaluate(connection, engine, grain, names, None)
        if grain == "month":
            for dimension in dimensions:
                _evaluate(connection, engine, grain, names, dimension)


def _evaluate(
    connection: duckdb.DuckDBPyConnection,
    engine: Any,
    grain: str,
    names: Sequence[str],
    dimension: str | None,
) -> None:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    # (it warns of queries that take it long to write)
    logging.getLogger("metricflow_semantics").setLevel(logging.ERROR)
    time, cut = f"metric_time__{grain}", dimension and DIMENSION.format(dimension)
    request = MetricFlowQueryRequest.create(
        metric_names=list(names), group_by_names=[time, cut] if cut else [time]
    )
    connection.execute(
        f"create or replace temp table asked as {engine.explain(request).sql_statement.sql}"
    )
    value = f"coalesce({cut}, 'unassigned')" if cut else "'total'"
    for name in names:
        connection.execute(
            f"insert into metricflow_values select '{name}', '{grain}', cast({time} as date),"
            f" '{dimension or 'total'}', {value}, cast({name} as double) from asked"
        )
