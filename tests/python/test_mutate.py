"""Faults are planted as they are meant, and those that no test notices are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from bench.mutate import operators
from bench.mutate.judge import DATA_TESTS, EQUIVALENT, PROOFS, SURVIVES, UNIT_TESTS, Judge, Mutant
from bench.mutate.project import DataTest, Model, Project, UnitTest
from bench.mutate.run import named, place, sample, unnoticed

CASES = [
    ("comparison", "SELECT a < 7", "SELECT a <= 7"),
    ("comparison", "SELECT a = b", "SELECT a <> b"),
    ("aggregate", "SELECT SUM(a)", "SELECT MAX(a)"),
    ("aggregate", "SELECT COUNT(*)", "SELECT MAX(1)"),
    ("aggregate", "SELECT COUNT(a)", "SELECT COUNT(*)"),
    ("aggregate", "SELECT LAG(a) OVER (ORDER BY b)", "SELECT LEAD(a) OVER (ORDER BY b)"),
    ("join", "FROM t LEFT JOIN u ON t.a = u.a", "SELECT * FROM t INNER JOIN u ON t.a = u.a"),
    ("join", "FROM t INNER JOIN u ON t.a = u.a", "SELECT * FROM t LEFT JOIN u ON t.a = u.a"),
    ("distinct", "SELECT DISTINCT a FROM t", "SELECT a FROM t"),
    ("distinct", "SELECT COUNT(DISTINCT a)", "SELECT COUNT(a)"),
    ("boolean", "SELECT a AND b", "SELECT a OR b"),
    ("arithmetic", "SELECT a + b", "SELECT a - b"),
    ("arithmetic", "SELECT a * b", "SELECT a / b"),
    ("constant", "SELECT a + 30", "SELECT a + 31"),
    ("constant", "SELECT a + INTERVAL '30' DAY", "SELECT a + INTERVAL '31' DAY"),
    ("coalesce", "SELECT COALESCE(a, 0)", "SELECT a"),
    (
        "partition",
        "SELECT SUM(a) OVER (PARTITION BY b, c)",
        "SELECT SUM(a) OVER (PARTITION BY c)",
    ),
    (
        "order",
        "SELECT FIRST_VALUE(a) OVER (ORDER BY b DESC)",
        "SELECT FIRST_VALUE(a) OVER (ORDER BY b ASC)",
    ),
    (
        "frame",
        "SELECT SUM(a) OVER (ORDER BY b ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)",
        "SELECT SUM(a) OVER (ORDER BY b ROWS BETWEEN 6 PRECEDING AND UNBOUNDED FOLLOWING)",
    ),
    (
        "date",
        "SELECT CAST('2026-02-28' AS DATE)",
        "SELECT CAST(CAST('2026-02-28' AS DATE) + 1 AS DATE)",
    ),
    ("condition", "FROM t WHERE a AND b", "SELECT * FROM t WHERE TRUE AND b"),
]


@pytest.mark.parametrize(("operator", "before", "after"), CASES)
def test_an_operator_changes_one_place(operator: str, before: str, after: str) -> None:
    found = operators.sites(operators.parse(before))
    number = next(i for i, site in enumerate(found) if site.operator == operator)
    assert operators.mutated(before, number)[0].replace(" NULLS FIRST", "") == after


def test_what_would_join_everything_or_is_no_rule_is_left() -> None:
    sql = "select cast(a as decimal(18, 2)) from t join u on t.a = u.a where 1 = 0"
    assert {site.operator for site in operators.sites(operators.parse(sql))} == {"join"}


def test_the_place_is_found_in_a_unit_test() -> None:
    """Fixtures stand for relations, and a var may have another value."""
    model = 'with t as (from "plumbline"."core"."u") select a < 30, b < 30, a < 30 from t'
    test = (
        "with __dbt__cte__u as (select 1 < 30), t as (from __dbt__cte__u)"
        " select a < 9, b < 9 from t"
    )
    sites = [s for s in operators.sites(operators.parse(model)) if s.operator == "comparison"]
    found = [operators.twin(test, site) for site in sites]
    assert found[0].endswith("SELECT a <= 9, b < 9 FROM t") and "SELECT 1 < 30" in found[0]
    assert found[1].endswith("SELECT a < 9, b <= 9 FROM t") and found[2] is None


@pytest.fixture
def judge(tmp_path: Path):
    """Two models of which the first has a unit test, and the second a data test."""
    big = "select n from raw.numbers\nwhere n > 2"
    rows = "select 3 as n union all select 2"
    actual = f"with __dbt__cte__numbers as ({rows}) select n from __dbt__cte__numbers where n > 2"
    compared = (
        f"select n, 'actual' as s from ({actual}) union all select n, 'expected' from (select 3 n)"
    )
    models = {
        "big": Model("big", "core.big", big, "models/marts/core/dim_csms.sql", ()),
        "few": Model(
            "few",
            "core.few",
            "select max(n) as n from core.big",
            "models/staging/few.sql",
            ("big",),
        ),
    }
    project = Project(
        models,
        (DataTest("few_is_large", "select n from core.few where n < 5", ("few",)),),
        (UnitTest("big_is_over_2", "big", actual, compared),),
        tmp_path / "plumbline.duckdb",
        tmp_path,
    )
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("create schema raw; create schema core")
        connection.execute("create table raw.numbers as select range as n from range(7)")
        for model in models.values():
            connection.execute(f"create table {model.relation} as {model.sql}")
    with project.open() as connection:
        yield Judge(project, connection)


def test_who_notices_a_fault_first(judge: Judge) -> None:
    def by_text(judge: Judge, model: str, after: str) -> str:
        mutants = [Mutant(judge.project.models[model], n) for n in range(9)]
        (found,) = [
            m
            for m in mutants[: len(judge.sites_of(mutants[0].model))]
            if after in operators.mutated(m.model.sql, m.number)[0]
        ]
        verdict = judge.judge(found)
        assert judge.judge(named(judge, found.name)).outcome == verdict.outcome
        return verdict.outcome

    before = judge.connection.execute("from core.big").fetchall()
    assert by_text(judge, "big", "n >= 2") == UNIT_TESTS
    assert by_text(judge, "few", "MIN(n)") == DATA_TESTS
    assert judge.connection.execute("from core.big").fetchall() == before

    untested = Judge(replace(judge.project, unit_tests=(), data_tests=()), judge.connection)
    assert by_text(untested, "big", "n >= 2") == SURVIVES
    assert by_text(untested, "few", "MIN(n)") == SURVIVES
    untested.proofs = [lambda _, changed: "wrong" if "few" in changed else ""]
    assert by_text(untested, "few", "MIN(n)") == PROOFS
    judge.connection.execute("delete from raw.numbers where n = 2")
    assert by_text(untested, "big", "n >= 2") == EQUIVALENT


def test_of_every_room_its_share(judge: Judge) -> None:
    verdicts = sample(judge, 4, seed=1)
    assert [v.mutant.name for v in verdicts] == [v.mutant.name for v in sample(judge, 4, seed=1)]
    assert {v.mutant.model.room for v in verdicts} == {"core", "staging"}
    assert len({v.mutant.name for v in verdicts}) == len(verdicts)
    assert unnoticed(verdicts) == 0
    with pytest.raises(ValueError, match="there is no room attic: choose one of core, staging"):
        sample(judge, 4, 1, "attic")
    for name in ("big", "big.99", "none.0"):
        with pytest.raises(ValueError, match=f"there is no mutant {name}"):
            named(judge, name)


def test_the_line_is_that_of_the_file() -> None:
    file = "models/staging/ml/stg_ml__model_runs.sql"
    text = (Path(__file__).parents[2] / file).read_text()
    line = next(i for i, t in enumerate(text.split("\n"), 1) if "left join ranked" in t)
    model = Model("m", "staging.m", f"\n\n{text}", file, ())
    assert place(model, line + 2) == f"{file}:{line}"
