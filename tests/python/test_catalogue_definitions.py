"""The catalogue is the semantic layer, and no definition changes unseen. No warehouse needed."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from manifest import ROOT, every_vendor

from plumbline.errors import UserError
from plumbline.proofs import catalogue_plain
from plumbline.proofs.metric_versions import (
    Definition,
    definitions,
    faults,
    registered,
    renewed,
)

SIDES = ("numerator", "denominator", "second_numerator", "second_denominator")
# Of a metric's inputs, no part of a side: the length of a month, and what says whether the query
# asks for one cohort, or for months that are over.
NO_PART = {
    "days_in_month",
    "months_in_cohort",
    "quarters_in_cohort",
    "years_in_cohort",
    "complete_account_months",
    "unsettled_account_months",
}
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


def parts(metric: Mapping[str, Any]) -> set[str]:
    """Parts of a metric in the catalogue's formula."""
    return {part for side in SIDES for part in metric["config"]["meta"].get(side, {})}


def test_every_metric_is_defined_in_plain_sql(metrics: dict[str, Any]) -> None:
    assert len(metrics) >= 70
    assert set(metrics) == catalogue_plain.metric_names()


def test_every_metric_says_all_of_itself(metrics: dict[str, Any]) -> None:
    needed = {"owner", "unit", "direction", "grains", "additivity", "category", "version"}
    for name, metric in metrics.items():
        meta = metric["config"]["meta"]
        assert needed | {"formula", "calculation", "over_time", "numerator"} <= set(meta), name
        assert metric["label"] and metric["description"].endswith((".", "account.")), name
        assert meta["direction"] in ("up_is_good", "down_is_good", "neutral"), name
        assert set(meta["grains"]) <= {"day", "month", "quarter", "year"}, name
        assert meta["tier"] in (1, 2, 3), name
        assert bool(meta.get("denominator")) == (meta["calculation"] != "sum"), name


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


def test_parts_are_the_inputs_of_the_semantic_metric(metrics: dict[str, Any]) -> None:
    for name, metric in metrics.items():
        inputs = {measure["name"] for measure in metric["type_params"]["input_measures"]}
        assert parts(metric) == inputs - NO_PART, name


def test_states_are_never_summed_over_months(
    metrics: dict[str, Any], measures: dict[str, Any]
) -> None:
    for name, metric in metrics.items():
        meta = metric["config"]["meta"]
        is_state = {measures[part]["non_additive_dimension"] is not None for part in parts(metric)}
        if meta["calculation"] == "sum":
            (state,) = is_state
            assert meta["additivity"] == ("additive_over_accounts" if state else "additive"), name
            assert meta["over_time"] == ("last" if state else "sum"), name
        else:
            assert meta["additivity"] == "not_additive", name
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
