"""The proof `catalogue`: every metric, evaluated in three independent ways, is one number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from plumbline.proofs import catalogue_metricflow, catalogue_plain
from plumbline.proofs.registry import Context, Proven, proof
from plumbline.store.dbt import Dbt

DIMENSIONS = ("segment", "industry")
TOLERANCE = 1e-9
KEY = "metric_name, grain, period_start_date, dimension_name, dimension_value"
CREATE = "create temp table {} (metric_name text, grain text, period_start_date date,"
CREATE += " dimension_name text, dimension_value text, value double)"

# A sum without a row is 0 (of scores: unknown), a ratio without one is NULL; the periods that the
# plain SQL holds are the measure of what must be there: the total of each is a row of
# metric_values, and no other is.
COMPARE = f"""
create or replace temp table compared as
with complete as (
    select distinct metric_name, grain, period_start_date from plain_values
),
asked as (
    select {KEY} from metric_values where dimension_name in ('total', 'segment', 'industry')
    union
    select {KEY} from plain_values
    union
    select {KEY} from metricflow_values
    semi join complete using (metric_name, grain, period_start_date)
),
joined as (
    select a.*, c.additivity <> 'not_additive' and c.source_type <> 'predictions' as is_sum,
        dimension_name = 'total' and (m.metric_name is null) <> (p.metric_name is null)
            as is_one_sided,
        m.value as catalogue, f.value as metricflow, p.value as plain
    from asked a
    left join catalogue.metrics_catalogue c using (metric_name)
    left join metric_values m using ({KEY})
    left join metricflow_values f using ({KEY})
    left join plain_values p using ({KEY})
)
select * exclude (is_sum, catalogue, metricflow, plain),
    if(is_sum, coalesce(catalogue, 0), catalogue) as catalogue,
    if(is_sum, coalesce(metricflow, 0), metricflow) as metricflow,
    if(is_sum, coalesce(plain, 0), plain) as plain
from joined
"""
DIFFERS = (
    "({0} is null) <> ({1} is null) or isnan(coalesce({0}, 0)) or isnan(coalesce({1}, 0))"
    f" or abs({{0}} - {{1}}) > {TOLERANCE} * greatest(abs({{0}}), abs({{1}})) + 1e-12"
)
WORST = (
    f"select {KEY}, catalogue, metricflow, plain from compared"
    f" where is_one_sided or {DIFFERS.format('catalogue', 'metricflow')}"
    f" or {DIFFERS.format('catalogue', 'plain')}"
    " order by dimension_name <> 'total', metric_name, grain, period_start_date, dimension_value"
)


@proof(
    "catalogue",
    "Every metric is the same in metric_values, in MetricFlow and in plain SQL over staging.",
)
def catalogue(context: Context) -> Proven:
    """Each metric at each of its grains in total, and by month cut by segment and industry.

    Raises
    ------
    UserError
        MetricFlow is not installed.
    """
    catalogue_metricflow.require_metricflow()
    dbt = Dbt(context.settings, context.variables)
    dbt.parse()
    grains = metric_grains(dbt.manifest)
    declared = {name for names in grains.values() for name in names}
    missing = sorted(declared ^ catalogue_plain.metric_names())
    if missing:
        return Proven(False, f"{missing[0]}: not both a metric and a plain definition")
    with context.open_build() as connection:
        evaluate(connection, context, dbt.manifest)
        return compare(connection)


def evaluate(connection: duckdb.DuckDBPyConnection, context: Context, manifest: Any) -> None:
    """Leave the values of the three ways in temporary tables, for `compare`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the private file; nothing is written to it.
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.
    """
    as_of = date.fromisoformat(context.variables["as_of_date"])
    variables = {
        name: context.variables.get(name, context.settings.dbt_var(name))
        for name in catalogue_plain.DAYS.values()
    }
    variables["source_types_off"] = context.variables.get(
        "source_types_off", context.settings.source_types_off
    )
    for table in ("plain_values", "metricflow_values"):
        connection.execute(CREATE.format(table))
    connection.execute(
        f"create temp table metric_values as select {KEY}, value from catalogue.metric_values"
    )
    catalogue_plain.evaluate(connection, as_of, variables)
    engine = catalogue_metricflow.make_engine(manifest)
    catalogue_metricflow.evaluate(connection, engine, metric_grains(manifest), DIMENSIONS)


def metric_grains(manifest: Any) -> dict[str, list[str]]:
    """Metrics of the catalogue by grain.

    Parameters
    ----------
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.
    """
    grains: dict[str, list[str]] = {}
    for metric in manifest.metrics.values():
        for grain in metric.config.meta.get("grains", ()):
            grains.setdefault(grain, []).append(metric.name)
    return {grain: sorted(names) for grain, names in grains.items()}


def compare(connection: duckdb.DuckDBPyConnection) -> Proven:
    """Compare what `evaluate` has left, and name the first difference."""
    connection.execute(COMPARE)
    count, metrics = connection.execute(
        "select count(*), count(distinct metric_name) from compared"
    ).fetchone()
    differences = connection.execute(f"select count(*) from ({WORST})").fetchone()[0]
    if not count:
        return Proven(False, "there is no value to compare")
    if not differences:
        return Proven(True, f"{metrics} metrics, {count:,} values, each equal in three ways")
    found = connection.execute(WORST)
    names = [column[0] for column in found.description]
    first = dict(zip(names, found.fetchone(), strict=True))
    return Proven(False, f"{describe(first)}; {differences:,} of {count:,} values differ")


def describe(row: Mapping[str, Any]) -> str:
    """A difference in words: metric, period, cut, and the three values."""
    cut = "" if row["dimension_name"] == "total" else f" {row['dimension_name']}"
    cut += "" if row["dimension_name"] == "total" else f" {row['dimension_value']}"
    values = ", ".join(
        f"{label} {json.dumps(row[column])}"
        for label, column in (
            ("metric_values", "catalogue"),
            ("MetricFlow", "metricflow"),
            ("plain SQL", "plain"),
        )
    )
    return f"{row['metric_name']}, {row['grain']} {row['period_start_date']}{cut}: {values}"
