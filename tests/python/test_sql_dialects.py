"""Compiled SQL parses in every dialect that the project is to run on, and keeps its style."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from manifest import ROOT, every_vendor, landed_by_tools, reduced
from sql_parsing import DIALECTS, Reading, all_faults, as_elsewhere, faults

KEPT_RESULTS = ROOT / "target" / "sqlfluff"


@pytest.fixture(scope="module")
def compiled() -> Mapping[str, str]:
    """Compiled SQL of models and singular tests; a second form of those that vars change."""
    first, second = as_elsewhere(every_vendor().sql), as_elsewhere(reduced().sql)
    again = {f"{name} (reduced)": sql for name, sql in second.items() if sql != first[name]}
    landed = {
        f"{name} ({tool})": sql
        for tool, compilation in landed_by_tools().items()
        for name, sql in as_elsewhere(compilation.sql).items()
        if name not in first
    }
    return {**first, **again, **landed}


@pytest.fixture(scope="module")
def readings(compiled: Mapping[str, str]) -> Mapping[Reading, list[str]]:
    """Faults of all compiled SQL in all dialects, read in one go."""
    wanted = [Reading(sql, d, d == "duckdb") for sql in compiled.values() for d in DIALECTS]
    return all_faults(wanted, KEPT_RESULTS)


def found_faults(
    compiled: Mapping[str, str], readings: Mapping[Reading, list[str]], dialect: str, parse: bool
) -> list[str]:
    """Faults as a person reads them: the parse errors, or all others."""
    return [
        f"{name}, {fault}"
        for name, sql in compiled.items()
        for fault in readings[Reading(sql, dialect, dialect == "duckdb")]
        if (" PRS " in fault) == parse
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_model_parses(
    dialect: str, compiled: Mapping[str, str], readings: Mapping[Reading, list[str]]
) -> None:
    """One engine's own syntax belongs into a dispatched macro (macros/dialect)."""
    found = found_faults(compiled, readings, dialect, parse=True)
    assert not found, "\n".join(found)


def test_every_model_keeps_the_style(
    compiled: Mapping[str, str], readings: Mapping[Reading, list[str]]
) -> None:
    """The rules of .sqlfluff, on compiled SQL."""
    found = found_faults(compiled, readings, "duckdb", parse=False)
    assert not found, "\n".join(found)


def test_every_model_is_read(compiled: Mapping[str, str]) -> None:
    """No model escapes: none is switched off, and each was compiled to some SQL."""
    manifest = every_vendor().manifest
    models = {n["name"] for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    landed = {n for compilation in landed_by_tools().values() for n in compilation.sql}
    off = {
        n["name"]
        for nodes in manifest["disabled"].values()
        for n in nodes
        if not PurePosixPath(n["original_file_path"]).match("models/base/*/*/*")
        or (n["resource_type"] == "model" and n["name"] not in landed)
    }
    assert len(models) > 100
    assert off | (models - {name for name, sql in compiled.items() if sql.strip()}) == set()


@pytest.mark.parametrize(
    ("sql", "unread_in"),
    [
        ("select a.x from a qualify row_number() over (order by a.x) = 1\n", {"postgres"}),
        ("select * exclude (x) from a\n", {"postgres", "sparksql"}),
        ("select a.x, count(*) as n from a group by all\n", {"postgres", "sparksql"}),
        ("from a select a.x\n", {"postgres", "sparksql"}),
        ("select cast(a.x as varchar) as y from a\n", {"sparksql"}),
        ("select a.x from where\n", {"duckdb", "postgres", "sparksql"}),
    ],
)
def test_foreign_syntax_is_found(sql: str, unread_in: set[str]) -> None:
    """The check can fail: planted syntax that a dialect does not have."""
    found = {d for d in DIALECTS if any(" PRS " in f for f in faults(Reading(sql, d)))}
    assert found == unread_in


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT a.x from a\n", "CP01"),
        ("select a.x::date as y from a\n", "CV11"),
        ("select a.x y from a\n", "AL02"),
        ("select a.x\nfrom a\ninner join b using (x)\n", "ST07"),
    ],
)
def test_faulty_style_is_found(sql: str, rule: str) -> None:
    """The check can fail: planted breaches of the style."""
    assert rule in " ".join(faults(Reading(sql, "duckdb", is_linted=True)))


def test_kept_results_are_those_of_the_text(tmp_path: Path) -> None:
    """A result is read again for the same text, and never for another text or dialect."""
    bad, good = "select * exclude (x) from a\n", "select a.x from a\n"
    first = all_faults([Reading(bad, "postgres"), Reading(bad, "duckdb")], tmp_path)
    assert first[Reading(bad, "postgres")] and not first[Reading(bad, "duckdb")]
    times = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    again = all_faults([Reading(bad, "postgres"), Reading(bad, "duckdb")], tmp_path)
    assert again == first
    assert times == {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert all_faults([Reading(good, "postgres")], tmp_path) == {Reading(good, "postgres"): []}
    assert len(list(tmp_path.iterdir())) == 1
