"""The project keeps its own rules (docs of the rules: the functions' docstrings).

Exceptions are rows of tests/project_rule_exceptions.csv: a rule, the node that a violation names,
why it may stay, and who answers for it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from empty_warehouse import found_columns
from manifest import ROOT, every_vendor, this_project
from project_types import Project, Violation
from rule_faults import SOUND, Fault
from rule_faults_in_files import ALL_FAULTS
from rules_on_files import FILE_RULES
from rules_on_models import MODEL_RULES
from rules_on_portability import PORTABILITY_RULES
from rules_on_reads import READ_RULES

RULES: dict[str, Callable[[Project], Iterable[Violation]]] = {
    rule.__name__: rule for rule in (*READ_RULES, *MODEL_RULES, *FILE_RULES, *PORTABILITY_RULES)
}
with (ROOT / "tests" / "project_rule_exceptions.csv").open(newline="") as file:
    EXCEPTIONS = list(csv.DictReader(file))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This project, with the columns that its SQL returns on empty inputs."""
    columns = found_columns(every_vendor(), tmp_path_factory.mktemp("raw"))
    return replace(this_project(), found_columns=columns)


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


def test_columns_come_from_the_sql(project: Project) -> None:
    """The empty warehouse knows every model's columns, so that no comparison is skipped."""
    assert set(project.found_columns) == {model.name for model in project.models}
    assert "churn_probability" in project.found_columns["rpt_at_risk_accounts"]
