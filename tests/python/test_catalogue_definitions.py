"""The catalogue is the semantic layer, and no definition changes unseen. No warehouse needed."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest
from dbt.artifacts.resources import WhereFilter, WhereFilterIntersection
from dbt_semantic_interfaces.type_enums import AggregationType
from manifest import ROOT, clean_environment, every_vendor

from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.proofs import catalogue_plain
from plumbline.proofs.metric_versions import (
    DECLARED,
    Definition,
    definitions,
    faults,
    registered,
    renewed,
)
from plumbline.store.dbt import Dbt

DAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def manifest() -> Mapping[str, Any]:
    return every_vendor().manifest


@pytest.fixture(scope="module")
def metrics(manifest: Mapping[str, Any]) -> dict[str, Any]:
    found = {node["name"]: node for node in manifest["metrics"].values()}
    return {name: node for name, node in found.items() if "tier" in node["config"]["meta"]}


@pytest.fixture(scope="module")
def measures(manifest: Mapping[str, Any]) -> dict[str, Any]:
    models = manifest["semantic_models"].values()
    return {measure["name"]: measure for model in models for measure in model["measures"]}


def declared(sql: str) -> str:
    """A query for the rows that a model reads from the graph, without what it joins to them."""
    return sql.partition("\n\n)")[0] + ") select * from declared"


@pytest.fixture(scope="module")
def formulas() -> dict[str, dict[str, dict[str, int]]]:
    """The catalogue's formula of each metric: weights by part, of each side."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    query = declared(every_vendor().sql["int_metric_parts__declared"])
    for name, side, part, weight in duckdb.sql(query).fetchall():
        found.setdefault(name, {}).setdefault(side, {})[part] = weight
    return found


def parts(formula: Mapping[str, Mapping[str, int]]) -> set[str]:
    """Parts of a metric in the catalogue's formula."""
    return {part for side in formula.values() for part in side}


def test_every_metric_is_defined_in_plain_sql(metrics: dict[str, Any]) -> None:
    assert len(metrics) >= 70
    assert set(metrics) == catalogue_plain.metric_names()


def test_every_metric_says_all_of_itself(metrics: dict[str, Any]) -> None:
    """In words; its keys are held where the catalogue is compiled."""
    for name, metric in metrics.items():
        assert metric["label"] and metric["description"].endswith((".", "account.")), name


def test_seeds_that_metrics_need_are_looked_at(metrics: dict[str, Any]) -> None:
    """In the catalogue and in plain SQL; else such a metric is never there, or never left out."""
    needs = {name: metric["config"]["meta"].get("needs_seed") for name, metric in metrics.items()}
    declared = ROOT / "models" / "marts" / "catalogue" / "steps" / "int_metrics__declared.sql"
    text = declared.read_text(encoding="utf-8")
    for seed in {*needs.values()} - {None}:
        assert f"'{seed}' as seed_name from {{{{ ref('{seed}') }}}}" in text
    watched = "".join(
        file.read_text(encoding="utf-8") for file in catalogue_plain.FOLDER.glob("*.sql")
    )
    for name, seed in needs.items():
        is_so = f"-- metric: {name}, seen by {seed}\n" in watched
        assert is_so == (seed is not None), name


def test_parts_are_the_inputs_of_the_semantic_metric(
    manifest: Mapping[str, Any],
    metrics: dict[str, Any],
    formulas: dict[str, dict[str, dict[str, int]]],
) -> None:
    """All of them, but those that say what a query takes together."""
    no_part = {
        measure["name"]
        for model in manifest["semantic_models"].values()
        if model["config"]["meta"].get("is_part") is False
        for measure in model["measures"]
    }
    assert len(no_part) == 6 and set(formulas) == set(metrics)
    for name, metric in metrics.items():
        inputs = {measure["name"] for measure in metric["type_params"]["input_measures"]}
        assert parts(formulas[name]) == inputs - no_part, name


def test_formulas_have_their_signs_and_sides(
    formulas: dict[str, dict[str, dict[str, int]]],
) -> None:
    """By hand, of each kind: sum, ratio of sums, a ratio and one of its sides, two ratios."""
    assert formulas["new_mrr"] == {"numerator": {"new_mrr_usd": 1}}
    assert formulas["net_mrr_churn_rate"] == {
        "numerator": {
            "churned_mrr_usd": 1,
            "contraction_mrr_usd": 1,
            "expansion_mrr_usd": -1,
            "reactivation_mrr_usd": -1,
        },
        "denominator": {"start_mrr_usd_monthly": 1},
    }
    assert formulas["nps"] == {
        "numerator": {"nps_promoters_180d": 1, "nps_detractors_180d": -1},
        "denominator": {"nps_answers_180d": 1},
    }
    assert formulas["ltv"] == {
        "numerator": {"gross_profit_usd_at_end": 1},
        "denominator": {"paying_accounts_at_end": 1},
        "second_numerator": {"churned_mrr_usd": 1, "contraction_mrr_usd": 1},
        "second_denominator": {"start_mrr_usd_monthly": 1},
    }


# Metric, its four sides, days of the period; value, and whether a lifetime was capped.
DERIVED = [
    ("annualised_logo_churn_rate", (1, 2, 0, 0), 73, 0.96875, False),
    ("annualised_gross_mrr_churn_rate", (1, 2, 0, 0), 365, 0.5, False),
    ("revenue_logo_churn_gap", (3, 4, 1, 4), 30, 0.5, False),
    ("revenue_logo_churn_gap", (3, 4, 1, 0), 30, None, False),
    ("lift_at_decile", (3, 4, 1, 4), 30, 3, False),
    ("lift_at_decile", (3, 4, 0, 4), 30, None, False),
    ("balanced_accuracy", (3, 4, 1, 4), 30, 0.75, False),
    ("balanced_accuracy", (0, 0, 1, 4), 30, None, False),
    ("lift_at_decile", (3, 4, 1, 100), 30, 75, False),
    # capped where churn is below a 60th a month, not at it
    ("ltv", (3, 4, 1, 8), 30, 6, False),
    ("ltv", (3, 4, 1, 60), 30, 45, False),
    ("ltv", (3, 4, 1, 64), 30, 45, True),
    ("ltv", (3, 4, 0, 8), 30, 45, True),
    ("ltv", (3, 4, 0, 0), 30, None, False),
    # four answers make none
    ("nps", (-2, 4, 0, 0), 30, None, False),
    ("nps", (-2, 5, 0, 0), 30, -40, False),
]


@pytest.mark.parametrize(("name", "sides", "days", "value", "is_capped"), DERIVED)
def test_what_is_derived_is_derived_from_the_sides(
    name: str, sides: tuple[int, ...], days: int, value: float | None, is_capped: bool
) -> None:
    """metric_values, as it is compiled from the metrics' own expressions, over one row."""
    sql = every_vendor().sql
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline; use plumbline")
        connection.execute("create schema catalogue; create schema reference")
        query = declared(sql["int_metrics__declared"])
        connection.execute(f"create table catalogue.int_metrics__declared as {query}")
        connection.execute(
            "create table catalogue.int_metric_sides__summed as select * from (values"
            f" ('{name}', 'month', date '2020-01-01', 'total', 'total', {sides[0]}.0::double,"
            f" {sides[1]}.0::double, {sides[2]}.0::double, {sides[3]}.0::double)) as listed("
            "metric_name, grain, period_start_date, dimension_name, dimension_value, numerator,"
            " denominator, second_numerator, second_denominator)"
        )
        connection.execute(
            "create table catalogue.int_metric_periods__listed as select 'month' as grain,"
            " date '2020-01-01' as period_start_date, date '2020-02-01' as period_end_date,"
            f" {days} as period_days, null::date as prior_start_date,"
            " null::date as year_ago_start_date"
        )
        connection.execute(
            "create table reference.metric_targets (metric_name varchar, grain varchar,"
            " target_value double, warning_value double, critical_value double)"
        )
        found = connection.execute(
            f"select value, numerator, denominator, is_capped from ({sql['metric_values']})"
        ).fetchall()
    assert found == [(value, sides[0], sides[1], is_capped)]


def test_states_are_never_summed_over_months(
    metrics: dict[str, Any],
    measures: dict[str, Any],
    formulas: dict[str, dict[str, dict[str, int]]],
) -> None:
    for name, metric in metrics.items():
        meta, formula = metric["config"]["meta"], formulas[name]
        is_state = {measures[part]["non_additive_dimension"] is not None for part in parts(formula)}
        if "denominator" in formula:
            assert meta["additivity"] == "not_additive", name
        else:
            (state,) = is_state
            assert meta["additivity"] == ("additive_over_accounts" if state else "additive"), name
            assert meta["over_time"] == ("last" if state else "sum"), name
    for name in ("mrr", "arr", "paying_accounts", "seats", "mau", "ticket_backlog"):
        assert metrics[name]["config"]["meta"]["additivity"] == "additive_over_accounts"


def test_no_definition_changed_without_a_version(manifest: Mapping[str, Any]) -> None:
    assert faults(definitions(manifest), registered()) == []


def changed(manifest: Mapping[str, Any], measure: str, expression: str) -> dict[str, Any]:
    """The manifest with another expression of a measure."""
    other = copy.deepcopy({k: manifest[k] for k in ("metrics", "semantic_models")})
    for model in other["semantic_models"].values():
        for found in model["measures"]:
            if found["name"] == measure:
                found["expr"] = expression
    return other


def test_a_changed_expression_needs_a_version(manifest: Mapping[str, Any]) -> None:
    """Every metric that reads the measure is named; a new version is taken and registered."""
    known = registered()
    other = changed(manifest, "churned_mrr_usd", "-amount_usd")
    lines = [fault.line for fault in faults(definitions(other), known)]
    named = {line.split(":")[0] for line in lines}
    assert {"churned_mrr", "gross_mrr_churn_rate", "quick_ratio", "ltv"} <= named
    assert "mrr" not in named and all(re.search(r"version \d did not", line) for line in lines)
    with pytest.raises(UserError, match="changed without a new version"):
        renewed(definitions(other), known, DAY)
    for metric in other["metrics"].values():
        if metric["name"] in named:
            metric["config"]["meta"]["version"] += 1
    rows = renewed(definitions(other), known, DAY)
    assert len(rows) == len(known) + len(named)
    assert {d.changed_date for d in rows if d not in known} == {"2026-03-01"}
    assert faults(definitions(other), rows) == []


def test_words_need_no_version(manifest: Mapping[str, Any]) -> None:
    other = changed(manifest, "none", "")
    for metric in other["metrics"].values():
        metric["label"] = "Other"
        metric["config"]["meta"]["owner"] = "somebody"
    assert faults(definitions(other), registered()) == []


def test_a_new_metric_is_registered_and_an_old_version_refused() -> None:
    known = [Definition("a", 2, "x", "2026-01-01")]
    new = {"a": Definition("a", 2, "x"), "b": Definition("b", 1, "y")}
    assert [f.line for f in faults(new, known)] == ["b: not registered yet; run `make metrics`"]
    assert renewed(new, known, DAY) == [*known, Definition("b", 1, "y", "2026-03-01")]
    with pytest.raises(UserError):
        renewed({"a": Definition("a", 1, "x")}, known, DAY)


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    """The parsed project, without a warehouse."""
    folder = tmp_path_factory.mktemp("declared")
    (folder / "build").mkdir()
    with clean_environment(folder):
        settings = replace(load_settings(), warehouse=folder, target=folder)
        dbt = Dbt(settings, {"vendors": list(settings.vendors), "as_of_date": "2026-03-01"})
        dbt.parse()
        yield dbt


def in_meta(**keys: Any) -> Callable[[Any, Any], None]:
    """A fault in a metric's config.meta; None takes a key away."""

    def plant(metric: Any, _: Any) -> None:
        metric.config.meta |= keys
        for key in [key for key, word in keys.items() if word is None]:
            del metric.config.meta[key]

    return plant


def in_params(**params: Any) -> Callable[[Any, Any], None]:
    """A fault in a metric's type_params."""
    return lambda metric, _: [setattr(metric.type_params, k, v) for k, v in params.items()]


def in_measures(**params: Any) -> Callable[[Any, Any], None]:
    """A fault in all measures of a semantic model."""
    return lambda _, model: [setattr(m, k, v) for m in model.measures for k, v in params.items()]


def filtered(metric: Any, _: Any) -> None:
    """A filter that the catalogue's sums do not have."""
    text = "{{ Dimension('account_month__segment') }} = 'SMB'"
    metric.filter = WhereFilterIntersection([WhereFilter(where_sql_template=text)])


def of_another_fact(_: Any, model: Any) -> None:
    """A semantic model over a relation that nothing cuts."""
    model.depends_on.nodes = ["model.plumbline.rpt_realised_deciles"]


@pytest.mark.parametrize(
    ("name", "plant", "told"),
    [
        ("ltv", in_meta(graims=["month"]), r"ltv has the key graims .* grains, "),
        ("ltv", in_meta(tier=None), "ltv lacks the key tier in config.meta"),
        ("ltv", in_meta(direction="up"), "ltv has the direction up .* up_is_good, down"),
        ("ltv", in_meta(grains=["month", "week"]), "ltv has the grains week .*; give day, month"),
        ("net_new_mrr", in_meta(drivers={"old_mrr": 1}), "has the driver old_mrr, no metric"),
        ("mau", filtered, "mau has a filter.* put it into the expr of a measure"),
        ("ltv", in_params(metrics=[]), "ltv is neither a sum nor a ratio .* metric of its own"),
        ("won_mrr", in_params(expr="new_mrr * expansion_mrr"), "won_mrr is neither a sum nor"),
        (
            "mau",
            in_measures(agg=AggregationType.AVERAGE),
            "of semantic model account_usage is no sum",
        ),
        (
            "mau",
            of_another_fact,
            r"reads measure \w+ of rpt_realised_deciles, which nothing cuts: add it",
        ),
    ],
)
def test_what_the_catalogue_cannot_make_is_refused(
    dbt: Dbt, name: str, plant: Callable[[Any, Any], None], told: str
) -> None:
    """One line that names the metric or the measure, and the remedy."""
    keys = f"metric.plumbline.{name}", "semantic_model.plumbline.account_usage"
    metrics, models = dbt.manifest.metrics, dbt.manifest.semantic_models
    kept = copy.deepcopy((metrics[keys[0]], models[keys[1]]))
    try:
        plant(metrics[keys[0]], models[keys[1]])
        dbt.manifest.build_flat_graph()
        with pytest.raises(UserError, match=told) as refused:
            dbt.compiled(DECLARED)
        assert "> in macro" not in str(refused.value) and "\n" not in str(refused.value)
    finally:
        metrics[keys[0]], models[keys[1]] = kept
