"""Every metric is one number, however it is asked for; each way of being wrong is found."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import LAST_NIGHT, ROOT, World
from past_nights import plant_past_nights

from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.proofs import catalogue, catalogue_metricflow, catalogue_plain
from plumbline.proofs.registry import Context
from plumbline.store.dbt import Dbt
from plumbline.store.definitions import Definitions
from plumbline.trace.facts import sum_facts
from plumbline.trace.question import ask

UNSCORED_MONTH = date(2025, 9, 1)
DIFFERENCE = r"metric_values [\d.e-]+, MetricFlow [\d.e-]+, plain SQL [\d.e-]+"

# Made anew once the past has nights: what judges the models, and the catalogue.
FROM_PAST_NIGHTS = (
    "fct_scored_nights+",
    "int_worklist_responses__dated+",
    "fct_churn_warnings+",
    "int_metrics__declared+",
)


@pytest.fixture(scope="module")
def world(ci_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The last night, after eight months of nights whose outcomes are known. Read only."""
    world = ci_world.copy(tmp_path_factory.mktemp("catalogue"))
    plant_past_nights(world.build_file, date(2025, 7, 2), date(2026, 2, 24), UNSCORED_MONTH)
    return world


@pytest.fixture(scope="module")
def parsed(world: World) -> tuple[Context, Any]:
    """The last night and what dbt parsed, with the catalogue built over the planted nights."""
    settings = replace(load_settings(raw=world.raw), warehouse=world.warehouse)
    settings = replace(settings, target=world.folder / "target")
    variables = {"as_of_date": LAST_NIGHT.isoformat(), "vendors": list(settings.vendors)}
    dbt = Dbt(settings, variables)
    before = dict(os.environ)
    dbt.parse()
    dbt.build(FROM_PAST_NIGHTS, ["resource_type:test"]).require_success("the build")
    dbt.test(("metric_values,test_type:singular",)).require_success("the tests of a night")
    os.environ.clear()
    os.environ.update(before)
    return Context(settings, LAST_NIGHT, variables), dbt.manifest


@pytest.fixture(scope="module")
def evaluated(parsed: tuple[Context, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The private file, with the three ways' values in temporary tables."""
    context, manifest = parsed
    with context.open_build() as connection:
        catalogue.evaluate(connection, context, manifest)
        yield connection


@pytest.fixture
def values(evaluated: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, put back after the test."""
    tables = ("metric_values", "metricflow_values", "plain_values")
    for table in tables:
        evaluated.execute(f"create or replace temp table kept_{table} as from {table}")
    yield evaluated
    for table in tables:
        evaluated.execute(f"create or replace temp table {table} as from kept_{table}")


def test_every_metric_traces_to_the_rows_of_its_facts(parsed: tuple[Context, Any]) -> None:
    """The last value of each metric and one cut of it; states, ratios and the AUC pair by pair."""
    context, manifest = parsed
    definitions = Definitions(manifest)
    with context.open_build() as connection:
        chosen = connection.execute(
            """
            select metric_name, grain, period_start_date,
                if(dimension_name = 'total', null, dimension_name || '=' || dimension_value)
            from catalogue.metric_values
            qualify row_number() over (
                partition by metric_name, dimension_name = 'total'
                order by coalesce(value, 0) <> 0 desc, period_start_date desc, hash(dimension_value)
            ) = 1
            """
        ).fetchall()
        for metric, grain, start, cut in chosen:
            shown = {
                "day": start.isoformat(),
                "month": f"{start:%Y-%m}",
                "quarter": f"{start:%Y}-Q{(start.month + 2) // 3}",
                "year": f"{start:%Y}",
            }[grain]
            question, value = ask(connection, metric, shown, cut, None)
            sums = sum_facts(connection, definitions, question, 3)
            assert sums.adds_up(value), (metric, shown, cut, value.value, sums.whole, sums.ranked)
            assert not sums.adds_up(replace(value, value=(value.value or 0) * 1.001 + 0.001))
    assert {row[0] for row in chosen} == definitions.metrics.keys()


def test_every_metric_is_equal_in_three_ways(evaluated: duckdb.DuckDBPyConnection) -> None:
    proven = catalogue.compare(evaluated)
    assert proven.is_passed, proven.measured
    assert int(re.match(r"(\d+) metrics", proven.measured)[1]) >= 88


def test_what_nobody_scored_is_unknown(values: duckdb.DuckDBPyConnection) -> None:
    """A month without a night has no revenue at risk of 0; the proof would see one."""
    unknown = "metric_name = 'revenue_at_risk' and period_start_date = ?"
    query = f"select distinct value from metric_values where {unknown}"
    assert values.execute(query, [UNSCORED_MONTH]).fetchall() == [(None,)]
    values.execute(f"update metric_values set value = 0 where {unknown}", [UNSCORED_MONTH])
    proven = catalogue.compare(values)
    assert not proven.is_passed and "revenue_at_risk" in proven.measured


def test_the_capacity_is_not_the_list(values: duckdb.DuckDBPyConnection) -> None:
    """Planted: 25 accounts on the list, 21 slots."""
    values.execute(
        "update plain_values p set value = 1 - f.value from plain_values f"
        " where p.metric_name = 'precision_at_capacity' and f.metric_name = 'false_discovery_rate'"
        " and (p.grain, p.period_start_date, p.dimension_name, p.dimension_value)"
        " = (f.grain, f.period_start_date, f.dimension_name, f.dimension_value)"
    )
    proven = catalogue.compare(values)
    assert not proven.is_passed and "precision_at_capacity" in proven.measured


def test_each_metric_is_compared_at_its_grains_and_cuts(
    evaluated: duckdb.DuckDBPyConnection, parsed: tuple[Context, Any]
) -> None:
    """No way may be right by having nothing to say."""
    catalogue.compare(evaluated)
    for table in ("metric_values", "metricflow_values", "plain_values"):
        found = evaluated.execute(
            f"select grain, list(distinct metric_name) from {table}"
            " where dimension_name = 'total' group by grain"
        ).fetchall()
        assert {g: sorted(n) for g, n in found} == catalogue.metric_grains(parsed[1]), table
    cuts = evaluated.execute(
        "select metric_name, count(distinct dimension_name) from compared"
        " where grain = 'month' and plain is not null group by metric_name"
    ).fetchall()
    assert {number for _, number in cuts} == {3}


CLOSED = {
    "month": (
        "gross_revenue_retention",
        "net_revenue_retention",
        "logo_churn_rate",
        "logo_retention_rate",
        "gross_mrr_churn_rate",
        "net_mrr_churn_rate",
        "annualised_logo_churn_rate",
        "annualised_gross_mrr_churn_rate",
        "revenue_logo_churn_gap",
        "ltv",
    ),
    "quarter": (
        "gross_revenue_retention_quarterly",
        "net_revenue_retention_quarterly",
        "logo_churn_rate_quarterly",
    ),
    "year": (
        "gross_revenue_retention_yearly",
        "net_revenue_retention_yearly",
        "logo_churn_rate_yearly",
    ),
}
"""Rates of a cohort that is closed when the period begins, by the length of it."""
GRAINS = ("month", "quarter", "year")


def asked(
    connection: duckdb.DuckDBPyConnection,
    manifest: Any,
    metrics: Sequence[str],
    group_by: Sequence[str],
) -> list[tuple[Any, ...]]:
    """What MetricFlow answers: the metrics' values, then what they are grouped by."""
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    request = MetricFlowQueryRequest.create(
        metric_names=list(metrics), group_by_names=list(group_by)
    )
    statement = catalogue_metricflow.make_engine(manifest).explain(request).sql_statement.sql
    return connection.execute(
        f"select {', '.join([*metrics, *group_by])} from ({statement})"
    ).fetchall()


@pytest.mark.parametrize("cut", [None, "segment", "signup_cohort"])
@pytest.mark.parametrize("of", GRAINS)
def test_a_closed_cohort_has_no_rate_over_several_periods(
    evaluated: duckdb.DuckDBPyConnection, parsed: tuple[Context, Any], of: str, cut: str | None
) -> None:
    """By a coarser grain, or by none: NULL, also where a cut was there in one month alone."""
    metrics = CLOSED[of]
    by = [f"account_month__{cut}"] if cut else []
    for grain in (*GRAINS[GRAINS.index(of) + 1 :], None):
        group_by = [f"metric_time__{grain}", *by] if grain else by
        rows = asked(evaluated, parsed[1], metrics, group_by)
        assert rows, grain
        assert {value for row in rows for value in row[: len(metrics)]} == {None}, grain
    rows = asked(evaluated, parsed[1], metrics, [f"metric_time__{of}", *by])
    for place, name in enumerate(metrics):
        assert len({row[place] for row in rows}) > 2, name


def test_closed_cohorts_are_all_that_is_known_by_its_own_grain_alone(
    parsed: tuple[Context, Any],
) -> None:
    """A new metric that reads a cohort's measures is held by the test above."""
    found: dict[str, set[str]] = {grain: set() for grain in GRAINS}
    for metric in parsed[1].metrics.values():
        if "tier" in metric.config.meta:
            for measure in metric.type_params.input_measures:
                for grain in GRAINS:
                    if measure.name.endswith(f"_{grain}ly"):
                        found[grain].add(metric.name)
    assert found == {grain: set(names) for grain, names in CLOSED.items()}


def test_no_month_is_told_before_it_is_known(
    evaluated: duckdb.DuckDBPyConnection, parsed: tuple[Context, Any]
) -> None:
    """The month in progress, and one whose churns are not settled, has no value at all: no part
    of one, and no 0. `dau` is there by day. (A month of scores is one night, whose outcomes are
    known all at once, days before those of the month's last day.)"""
    names = [
        name
        for name in catalogue.metric_grains(parsed[1])["month"]
        if (meta := parsed[1].metrics[f"metric.plumbline.{name}"].config.meta)
        and (meta["source_type"] != "predictions" or meta["over_time"] == "sum")
    ]
    assert len(names) > 60 and "early_warning_rate" in names
    last = dict(
        evaluated.execute(
            "select metric_name, max(period_start_date) from metric_values where grain = 'month'"
            " group by all"
        ).fetchall()
    )
    assert len(set(last.values())) > 2
    rows = asked(evaluated, parsed[1], [*names, "dau"], ["metric_time__month"])
    running = [row for row in rows if row[-1].date() == LAST_NIGHT.replace(day=1)]
    assert len(running) == 1 and running[0][len(names)] > 0
    early = {
        (name, row[-1].date())
        for row in rows
        for name, value in zip(names, row, strict=False)
        if value is not None and row[-1].date() > last[name]
    }
    assert early == set()


def test_saved_queries_answer(
    parsed: tuple[Context, Any], evaluated: duckdb.DuckDBPyConnection
) -> None:
    """Each consumer's query gives a row a month and cut, with all of its metrics."""
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    engine = catalogue_metricflow.make_engine(parsed[1])
    queries = {query.name: query for query in parsed[1].saved_queries.values()}
    assert {"board_pack", "customer_success_weekly", "product_monthly"} <= set(queries)
    for name, query in queries.items():
        request = MetricFlowQueryRequest.create(saved_query_name=name)
        answer = evaluated.execute(engine.explain(request).sql_statement.sql)
        columns = [column[0] for column in answer.description]
        metrics = query.query_params.metrics
        assert set(columns) >= {"metric_time__month", *metrics}, name
        rows = answer.fetchall()
        assert len(rows) >= 12, name
        for place, column in enumerate(columns):
            assert any(row[place] is not None for row in rows), f"{name}: {column}"


def test_a_wrong_measure_in_the_catalogue_is_found(values: duckdb.DuckDBPyConnection) -> None:
    """Returns counted as expansion."""
    values.execute(
        "update metric_values v set value = p.amount from ("
        " select grain, period_start_date, dimension_name, dimension_value, sum(amount) as amount"
        " from catalogue.int_metric_parts__summed"
        " where part_name in ('expansion_mrr_usd', 'reactivation_mrr_usd') group by all) p"
        " where v.metric_name = 'expansion_mrr' and v.grain = p.grain"
        " and v.period_start_date = p.period_start_date"
        " and v.dimension_name = p.dimension_name and v.dimension_value = p.dimension_value"
    )
    proven = catalogue.compare(values)
    assert not proven.is_passed
    assert re.match(rf"expansion_mrr, month \d{{4}}-\d\d-01: {DIFFERENCE}; ", proven.measured)


def test_a_changed_definition_is_found(values: duckdb.DuckDBPyConnection) -> None:
    """Monthly active users over 30 days, not 28."""
    queries = {n: q for file in catalogue_plain.read_files() for n, q in file.queries.items()}
    assert "users_28" in queries["mau"]
    query = queries["mau"].replace("users_28", "users_30")
    values.execute("delete from plain_values where metric_name = 'mau'")
    values.execute(f"insert into plain_values select 'mau', * from ({query})")
    proven = catalogue.compare(values)
    assert not proven.is_passed
    assert re.match(rf"mau, month \d{{4}}-\d\d-01: {DIFFERENCE}; ", proven.measured)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("update {} set value = value * (1 + 2e-9) where metric_name = 'arpa'", "arpa"),
        ("update {} set value = null where metric_name = 'csat'", "csat"),
        ("delete from {} where metric_name = 'nps' and dimension_name = 'total'", "nps"),
        ("update {} set value = 0 where metric_name = 'arr' and grain = 'year'", "arr, year"),
        (
            "update {} set value = 1 where metric_name = 'grr' or metric_name = 'quick_ratio'"
            " and dimension_name = 'segment'",
            "quick_ratio, month .* segment",
        ),
    ],
)
@pytest.mark.parametrize("table", ["metric_values", "metricflow_values", "plain_values"])
def test_each_way_is_held_against_the_others(
    values: duckdb.DuckDBPyConnection, table: str, fault: str, named: str
) -> None:
    values.execute(fault.format(table))
    proven = catalogue.compare(values)
    assert not proven.is_passed and re.match(named, proven.measured), proven.measured


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (
            "delete from metric_values where metric_name = 'reactivation_mrr' and grain = 'month'"
            " and dimension_name = 'total' and value = 0",
            "reactivation_mrr, month",
        ),
        (
            "insert into metric_values select metric_name, grain, '2024-08-01', dimension_name,"
            " dimension_value, 0 from metric_values where metric_name = 'mau' and grain = 'month'"
            " and dimension_name = 'total' limit 1",
            "mau, month 2024-08-01",
        ),
        (
            "insert into metric_values select metric_name, grain, '2019-01-01', dimension_name,"
            " dimension_value, null from metric_values where grain = 'year'"
            " and metric_name = 'gross_revenue_retention_yearly'",
            "gross_.*, year 2019-01-01",
        ),
    ],
)
def test_its_periods_are_those_that_were_observed(
    values: duckdb.DuckDBPyConnection, fault: str, named: str
) -> None:
    """A period too few or too many is found where its value is 0 or NULL, too."""
    values.execute(fault)
    proven = catalogue.compare(values)
    assert not proven.is_passed and re.match(named, proven.measured), proven.measured


@pytest.mark.parametrize(
    "name", ["board_pack", "board_pack_by_segment", "customer_success_weekly", "product_monthly"]
)
def test_saved_queries_begin_with_the_first_export(
    evaluated: duckdb.DuckDBPyConnection, parsed: tuple[Context, Any], name: str
) -> None:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    engine = catalogue_metricflow.make_engine(parsed[1])
    asked = engine.explain(MetricFlowQueryRequest.create(saved_query_name=name))
    first, count = evaluated.execute(
        f"select min(metric_time__month), count(*) from ({asked.sql_statement.sql})"
    ).fetchone()
    (newest,) = evaluated.execute(
        "select max(observed_from_date) from catalogue.metrics_catalogue"
        " where source_type <> 'predictions'"
    ).fetchone()
    assert count and newest.replace(day=1) <= first.date() and first.year == newest.year


def test_a_period_before_which_nobody_paid_is_there_and_has_no_rate(ci_world: World) -> None:
    """A company whose records begin on a first of January: all grains begin without a cohort."""
    row = {
        "subscription_id": "s",
        "account_id": "a",
        "status": "active",
        "currency": "usd",
        "started_at": "2024-01-01",
        "changed_at": "2024-01-01",
        "known_at": "2024-01-01",
        "is_paused": "false",
        "is_deleted": "false",
    }
    item = {
        "subscription_id": "s",
        "item_id": "i",
        "unit_amount_minor": "100",
        "quantity": "1",
        "currency": "usd",
        "billing_interval": "month",
        "billing_interval_count": "1",
        "changed_at": "2024-01-01",
        "known_at": "2024-01-01",
    }
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ci_world.build_file}' as built (read_only)")
        tables = connection.execute(
            "select distinct schema_name, table_name from duckdb_columns() where"
            " database_name = 'built' and schema_name in ('staging', 'reference', 'risk', 'health')"
        ).fetchall()
        for schema, table in tables:
            rows = "" if schema == "reference" else " limit 0"
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(
                f"create table {schema}.{table} as from built.{schema}.{table}{rows}"
            )
        for table, values in (("versions", row), ("item_versions", item)):
            connection.execute(
                f"insert into staging.stg_subscription__subscription_{table}"
                f" ({', '.join(values)}) values {tuple(values.values())}"
            )
        connection.execute(catalogue.CREATE.format("plain_values"))
        days = {name: 30 for name in catalogue_plain.DAYS.values()}
        catalogue_plain.evaluate(connection, date(2025, 7, 1), {**days, "source_types_off": []})
        found = connection.execute(
            "select metric_name, grain, value from plain_values where dimension_name = 'total'"
            " and period_start_date = '2024-01-01' and metric_name like '%retention%' order by all"
        ).fetchall()
    assert found == [
        ("cohort_retention", "month", 1),
        ("gross_revenue_retention", "month", None),
        ("gross_revenue_retention_quarterly", "quarter", None),
        ("gross_revenue_retention_yearly", "year", None),
        ("logo_retention_rate", "month", None),
        ("net_revenue_retention", "month", None),
        ("net_revenue_retention_quarterly", "quarter", None),
        ("net_revenue_retention_yearly", "year", None),
    ]


def test_nothing_to_compare_is_no_proof(values: duckdb.DuckDBPyConnection) -> None:
    for table in ("metric_values", "metricflow_values", "plain_values"):
        values.execute(f"delete from {table}")
    assert not catalogue.compare(values).is_passed


def test_without_metricflow_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="MetricFlow is not installed.*pip install"):
        catalogue_metricflow.require_metricflow()


def test_the_catalogue_table_is_the_semantic_layer(
    world: World, parsed: tuple[Context, Any]
) -> None:
    """Names, words and versions of the table are those of the project."""
    rows = world.read(
        "select metric_name, label, description, version from catalogue.metrics_catalogue",
        private=True,
    )
    metrics = [m for m in parsed[1].metrics.values() if "tier" in m.config.meta]
    assert sorted(rows) == sorted(
        (m.name, m.label, m.description, m.config.meta["version"]) for m in metrics
    )
    unfilled = world.read(
        "select metric_name from catalogue.metrics_catalogue where '' in (owner, unit, formula,"
        " sql_expression, base_relations, time_dimensions, upstream_models, guarding_tests)"
        " or changed_date is null or last_period_start_date is null",
        private=True,
    )
    assert unfilled == []


@pytest.fixture(scope="module")
def semantic_project(parsed: tuple[Context, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `mf` needs of the project, with the semantic manifest where it looks for it."""
    folder = tmp_path_factory.mktemp("semantic")
    for name in ("dbt_project.yml", "profiles.yml", "selectors.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / "target").mkdir()
    text = catalogue_metricflow.semantic_manifest(parsed[1])
    (folder / "target" / "semantic_manifest.json").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("file", ["build_file", "published_file"])
def test_mf_reads_the_private_and_the_published_file(
    ci_world: World, semantic_project: Path, tmp_path: Path, file: str
) -> None:
    # a copy: another test reads the file, and dbt's adapter opens it for writing
    shutil.copy(getattr(ci_world, file), tmp_path / "plumbline.duckdb")
    environment = {**ci_world.environment, "PLUMBLINE_BUILD": str(tmp_path / "plumbline.duckdb")}
    environment = {k: v for k, v in environment.items() if not k.startswith("DBT_")}
    command = [str(Path(sys.executable).with_name("mf"))]
    asked = [
        "query",
        "--metrics",
        "mrr,net_revenue_retention,dau",
        "--group-by",
        "metric_time__month,account_month__segment",
        "--csv",
        "answer.csv",
    ]
    for arguments in (["validate-configs"], asked) if file == "published_file" else (asked,):
        done = subprocess.run(
            [*command, *arguments],
            cwd=semantic_project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ERRORS: 0" in done.stdout or arguments is asked
    answered = duckdb.read_csv(str(semantic_project / "answer.csv")).fetchall()
    assert len({row[1] for row in answered}) >= 4 and len(answered) > 50
