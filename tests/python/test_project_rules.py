"""The project keeps its own rules (docs of the rules: the functions' docstrings).

Exceptions are rows of tests/project_rule_exceptions.csv: a rule, the node that a violation names,
why it may stay, and who answers for it. Those of published columns are in `UNEXPECTED`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from empty_warehouse import found_columns
from manifest import (
    ROOT,
    all_vendors,
    digest_of,
    every_vendor,
    landed_by_tools,
    parse_project,
    read_project,
    this_project,
)
from personal_lineage import carried_columns
from project_types import Model, Project, Violation
from rule_faults import SOUND, Fault
from rule_faults_in_files import ALL_FAULTS
from rules_on_files import FILE_RULES
from rules_on_house import CALLERS, HOUSE_RULES, OWNERS, PAGE
from rules_on_models import MODEL_RULES
from rules_on_personal_data import PERSONAL_RULES
from rules_on_portability import PORTABILITY_RULES
from rules_on_reads import READ_RULES

from plumbline.store.dbt import NIGHTLY_VARS

RULES: dict[str, Callable[[Project], Iterable[Violation]]] = {
    rule.__name__: rule
    for rule in (
        *READ_RULES,
        *MODEL_RULES,
        *PERSONAL_RULES,
        *FILE_RULES,
        *PORTABILITY_RULES,
        *HOUSE_RULES,
    )
}
with (ROOT / "tests" / "project_rule_exceptions.csv").open(newline="") as file:
    EXCEPTIONS = list(csv.DictReader(file))

# Published columns (model.column) that no unit test expects, and why.
UNEXPECTED: Mapping[str, str] = {}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This project, with the columns that its SQL returns on empty inputs: whom they lead to."""
    columns = found_columns(every_vendor(), tmp_path_factory.mktemp("raw"))
    personal = carried_columns(every_vendor(), columns)
    for tool, compilation in landed_by_tools().items():
        # a base model returns the same columns whichever way its rows came
        landed = found_columns(compilation, tmp_path_factory.mktemp(tool))
        assert {n: c for n, c in landed.items() if n in columns}.items() <= columns.items(), tool
        columns |= landed
        led = carried_columns(compilation, landed)
        for relation in led.keys() & personal.keys():
            assert persons_in(led[relation]) == persons_in(personal[relation]), (tool, relation)
        personal = led | personal
    return replace(this_project(), found_columns=columns, personal_columns=personal)


def persons_in(columns: Mapping[str, Collection[str]]) -> set[str]:
    """Columns that lead to a person."""
    return {column for column, origins in columns.items() if origins}


def unexcused(
    rule: str, violations: Iterable[Violation], exceptions: Iterable[dict[str, str]]
) -> list[str]:
    """Violations without an exception, and exceptions without a violation."""
    found = list(violations)
    excused = {row["node"] for row in exceptions if row["rule"] == rule}
    needless = sorted(excused - {violation.node for violation in found})
    return [
        *(f"{v.node}: {v.detail}" for v in found if v.node not in excused),
        *(f"{node}: the exception is no longer needed" for node in needless),
    ]


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_kept(rule: str, project: Project) -> None:
    """No violation but the excepted ones, and no exception without a violation."""
    problems = unexcused(rule, RULES[rule](project), EXCEPTIONS)
    assert not problems, "\n".join([f"{RULES[rule].__doc__}", *problems])


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda f: f"{f.rule}-{f.node}")
def test_rule_finds_its_fault(fault: Fault) -> None:
    """Each rule can fail, and names the node."""
    assert fault.node in {violation.node for violation in RULES[fault.rule](fault.project)}


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_silent_where_all_is_well(rule: str) -> None:
    """A rule that always fires proves nothing."""
    assert list(RULES[rule](SOUND)) == []


def test_every_rule_has_a_planted_fault() -> None:
    """A rule that nobody saw fail is not a rule."""
    assert {fault.rule for fault in ALL_FAULTS} == set(RULES)


def test_exceptions_say_why_and_whose() -> None:
    """Each exception names a rule and a node once, a reason and an owner."""
    for row in EXCEPTIONS:
        assert row["rule"] in RULES, row
        assert all(text and text.strip() for text in row.values()), row
        assert len(row["reason"].split()) >= 4, row
    pairs = [(row["rule"], row["node"]) for row in EXCEPTIONS]
    assert len(pairs) == len(set(pairs))


def test_exceptions_work_and_end() -> None:
    """An exception excuses its own node only, and fails once nothing needs it."""
    violation = Violation("no_clock", "a.sql", "line 1")
    exceptions = [{"rule": "no_clock", "node": "a.sql"}]
    assert unexcused("no_clock", [violation], exceptions) == []
    assert unexcused("no_clock", [replace(violation, node="b.sql")], exceptions) == [
        "b.sql: line 1",
        "a.sql: the exception is no longer needed",
    ]
    assert unexcused("no_colon_cast", [violation], exceptions) == ["a.sql: line 1"]


def unexpected_columns(manifest: Mapping[str, Any]) -> list[Violation]:
    """Published columns of the marts that no unit test of their model expects."""
    expected: dict[str, set[str]] = defaultdict(set)
    for test in manifest["unit_tests"].values():
        if test["expect"]["format"] == "dict":
            expected[test["model"]].update(*test["expect"]["rows"])
    return [
        Violation("expected", f"{model.name}.{column}", "no unit test of the model expects it")
        for model in read_project(manifest, {}).models
        if model.access == "public"
        for column in model.columns
        if column not in expected[model.name]
    ]


def test_every_published_column_is_expected() -> None:
    """A fault in a column that no unit test looks at goes unseen."""
    assert all(len(reason.split()) >= 4 for reason in UNEXPECTED.values())
    exceptions = [{"rule": "expected", "node": node} for node in UNEXPECTED]
    problems = unexcused("expected", unexpected_columns(every_vendor().manifest), exceptions)
    assert not problems, "\n".join(problems)


def test_a_column_that_only_other_models_expect_is_found() -> None:
    """A model's columns are named once its own unit test is gone, and no others."""
    known = every_vendor().manifest
    others = {k: t for k, t in known["unit_tests"].items() if t["model"] != "metrics_catalogue"}
    found = {violation.node for violation in unexpected_columns({**known, "unit_tests": others})}
    columns = known["nodes"]["model.plumbline.metrics_catalogue"]["columns"]
    assert "unit" in columns
    before = {violation.node for violation in unexpected_columns(known)}
    assert found - before == {f"metrics_catalogue.{column}" for column in columns}


def test_nothing_escapes_the_rules(project: Project) -> None:
    """Every model's text, columns and inputs are there to be judged, so that no rule is idle."""
    assert len(project.models) > 100 and project.seeds and project.sources
    assert set(project.found_columns) == {model.name for model in project.models}
    for model in project.models:
        assert model.file in project.files and project.found_columns[model.name], model.name
        assert model.reads or model.sources, model.name
    assert "churn_probability" in project.found_columns["rpt_at_risk_accounts"]
    assert {PAGE, OWNERS} <= set(project.files)
    assert all(any(file.startswith(start) for file in project.files) for start in CALLERS)


def test_what_is_parsed_serves_every_night() -> None:
    """No date and no run id of one night stays in the parsed project that the next one uses."""
    known = every_vendor().manifest
    nightly = {
        "as_of_date": "2025-03-09",
        "changed_since": "2025-03-08",
        "run_id": "some-run",
        "tests_read_everything": True,
    }
    assert set(nightly) == set(NIGHTLY_VARS)
    other = parse_project({"vendors": all_vendors(), **nightly})
    asked = ("config", "unrendered_config", "depends_on", "description", "raw_code", "columns")
    for kind in ("nodes", "sources", "macros"):
        assert known[kind].keys() == other[kind].keys()
        for name, node in known[kind].items():
            for part in asked:
                assert node.get(part) == other[kind][name].get(part), f"{name}: {part}"


def test_plain_data_is_the_manifests() -> None:
    """A manifest's model, its tests and its inputs arrive as the rules expect them."""
    common = {"package_name": "plumbline", "original_file_path": "", "columns": {}}
    key = {"combination_of_columns": ["a", "b"]}
    nodes = {
        "model.plumbline.fct_a": {
            **common,
            "unique_id": "model.plumbline.fct_a",
            "name": "fct_a",
            "resource_type": "model",
            "original_file_path": "models/marts/core/fct_a.sql",
            "patch_path": "plumbline://models/marts/core/fct_a.yml",
            "description": "One row per a.",
            "columns": {"a": {"description": "A."}, "b": {"description": ""}},
            "config": {"contract": {"enforced": True}, "group": "core"},
            "access": "public",
            "depends_on": {"nodes": ["source.plumbline.ops.runs", "seed.plumbline.tiers"]},
        },
        "seed.plumbline.tiers": {
            **common,
            "name": "tiers",
            "resource_type": "seed",
            "description": "T.",
        },
        **{
            f"test.plumbline.{kind}_{attached}": {
                **common,
                "name": kind,
                "resource_type": "test",
                "attached_node": f"model.plumbline.{attached}",
                "column_name": column,
                "test_metadata": {"name": kind, "kwargs": kwargs},
            }
            for kind, attached, column, kwargs in (
                ("unique", "fct_a", "a", {}),
                ("not_null", "fct_a", "b", {}),
                ("unique", "fct_b", "b", {}),
                ("unique_combination_of_columns", "fct_a", None, key),
            )
        },
    }
    source = {"source_name": "ops", "name": "runs", "description": "", "columns": {}}
    group = {"name": "core", "owner": {"name": "analytics"}}
    group["config"] = {"meta": {"reads": ["staging"]}}
    manifest = {
        "nodes": nodes,
        "sources": {"source.plumbline.ops.runs": source},
        "groups": {"group.plumbline.core": group},
    }
    assert read_project(manifest, {}).rooms == {"core": frozenset({"staging"})}
    assert read_project(manifest, {}).owners == {"core": "analytics"}
    assert read_project(manifest, {}).models == (
        Model(
            name="fct_a",
            file="models/marts/core/fct_a.sql",
            yaml_file="models/marts/core/fct_a.yml",
            reads=("tiers",),
            sources=("ops.runs",),
            description="One row per a.",
            columns={"a": "A.", "b": ""},
            keys=(("a",), ("a", "b")),
            has_contract=True,
            group="core",
            access="public",
        ),
    )


def test_a_kept_compilation_is_of_these_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules read what was compiled of the same text, never of an older one."""
    room, other = tmp_path / "models" / "base" / "a.sql", tmp_path / "models" / "marts" / "b.sql"
    macro = tmp_path / "macros" / "c.sql"
    for file in (room, other, macro):
        file.parent.mkdir(parents=True)
        file.write_text("select 1")
    monkeypatch.setattr("manifest.ROOT", tmp_path)

    def digests() -> tuple[str, str]:
        return digest_of({"vendors": ["a"]}, ()), digest_of({"vendors": ["a"]}, ("base",))

    whole, base = digests()
    assert (whole, base) == digests() and whole != base
    assert digest_of({"vendors": ["b"]}, ()) != whole
    other.write_text("select 2")
    assert digests()[0] != whole and digests()[1] == base
    room.rename(room.with_name("d.sql"))
    assert digests()[1] != base
    base = digests()[1]
    macro.write_text("select 3")
    assert digests()[1] != base
