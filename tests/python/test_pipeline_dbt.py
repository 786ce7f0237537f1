"""What a night asks of dbt, and how it tells what came of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from conftest import ROOT, World
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from ml_world import execute

from plumbline.config import load_settings
from plumbline.night.last_build import last_build
from plumbline.store.dbt import AFTER_SCORING, BEFORE_TRAINING, QUIET, SEEDS_KEPT, Dbt
from plumbline.store.folded_tests import fold
from plumbline.store.outcomes import BuildOutcome, NodeOutcome, read_outcome

FEATURES = "feat_accounts_daily"
MOST_NODES = 480


def test_a_failed_test_names_the_columns_that_are_null(tmp_path: Path) -> None:
    file = tmp_path / "plumbline.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table found as from (values (' b a'), (' b'), (null)) as t(null_columns)"
        )
    node = SimpleNamespace(
        resource_type="test", name="never_null_t", compiled_code="select null_columns from found"
    )
    result = SimpleNamespace(node=node, status="fail", message="Got 3 results", failures=3)
    line = read_outcome(result, file).line
    assert line == "test never_null_t: null in a, b (Got 3 results)"
    node.compiled_code = "select 1 as id"
    assert read_outcome(result, file).message == "Got 3 results"


def test_a_failed_test_that_has_words_of_its_own_tells_them(tmp_path: Path) -> None:
    file = tmp_path / "plumbline.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table found as from (values ('b'), ('a'), ('a')) as t(fault_told)"
        )
    node = SimpleNamespace(
        resource_type="test", name="assert_seed", compiled_code="select fault_told from found"
    )
    result = SimpleNamespace(node=node, status="fail", message="Got 3 results", failures=3)
    assert read_outcome(result, file).line == "test assert_seed: a; b"


def test_a_failed_unit_test_is_told_without_colours(tmp_path: Path) -> None:
    node = SimpleNamespace(resource_type="unit_test", name="t__adds", compiled_code="")
    message = "\n\x1b[32mactual\x1b[0m differs:\n\n@@ \x1b[33m,\x1b[0m\x1b[0;1mamount\x1b[0m\n"
    result = SimpleNamespace(node=node, status="fail", message=message, failures=1)
    line = read_outcome(result, tmp_path / "none").line
    assert line == "unit test t__adds: actual differs: @@ ,amount"


def test_tests_that_share_a_node_fail_each_in_its_own_name(
    ci_first_night: World, tmp_path: Path
) -> None:
    """All tests are run, in fewer nodes, and a planted row is told as `dbt test` tells it."""
    world = ci_first_night.copy(tmp_path)
    execute(
        world.build_file,
        "insert into revenue.fct_renewals from revenue.fct_renewals limit 1",
        "update core.dim_accounts set account_id = null"
        " where account_id = (select min(account_id) from core.dim_accounts)",
    )
    settings = load_settings(raw=world.raw, environ=world.environment)
    dbt = Dbt(settings, {**last_build(settings, None)[1], "changed_since": ""})
    outcome = dbt.build(("resource_type:test",))
    declared = [
        node.name for node in dbt.manifest.nodes.values() if str(node.resource_type) == "test"
    ]
    run = [node.name for node in outcome.nodes if node.kind == "test"]
    assert sorted(run) == sorted(declared)
    failed = {node.name: node.message for node in outcome.failed}
    alone = dbt.test(list(failed)).failed
    assert failed == {node.name: node.message for node in alone}
    lines = sorted(f"{name}: {told}" for name, told in failed.items())
    assert any("fct_renewals" in line and "Got 1 result" in line for line in lines), lines
    assert any("dim_accounts" in line and "null in account_id" in line for line in lines), lines
    manifest, folded = fold(dbt.manifest, ())
    held = sum(map(len, folded.values()))
    assert held > 0.8 * len(declared) and len(folded) < 60
    assert len(manifest.nodes) == len(dbt.manifest.nodes) - held + len(folded)
    # each costs a night a tenth of a second
    assert len(manifest.nodes) <= MOST_NODES


def test_metrics_without_their_parents_are_refused(ci_raw: World, tmp_path: Path) -> None:
    """A build of the values alone in an empty file says what to build; it does not end well."""
    world = replace(ci_raw, folder=tmp_path)
    world.build_file.parent.mkdir(parents=True)
    settings = load_settings(raw=world.raw, environ=world.environment)
    outcome = Dbt(settings, {"as_of_date": "2026-02-28"}).build(("metric_values",))
    [failed] = outcome.failed
    assert failed.name == "metric_values"
    assert "which was never built: dbt build --select +metric_values" in failed.message


def test_a_night_builds_and_tests_everything_once(tmp_path: Path) -> None:
    """Two selectors share out all nodes; a test goes with the build that makes its last parent."""
    dbt = Dbt(replace(load_settings(raw=tmp_path), target=tmp_path), {})
    dbt.parse()
    nodes = {k: n for k, n in dbt.manifest.nodes.items() if n.resource_type != "operation"}
    asked = [f"--project-dir={ROOT}", f"--profiles-dir={ROOT}", f"--target-path={tmp_path}"]
    asked += ["--output=json", "--output-keys=unique_id", "--indirect-selection=cautious", *QUIET]

    def listed(selector: str) -> set[str]:
        found = dbtRunner(manifest=dbt.manifest).invoke(["list", f"--selector={selector}", *asked])
        return {json.loads(line)["unique_id"] for line in found.result} & nodes.keys()

    before, kept, after = map(listed, (BEFORE_TRAINING, SEEDS_KEPT, AFTER_SCORING))
    assert before | after == nodes.keys() and not before & after
    tests = {key for key in after if nodes[key].resource_type == "test"}
    assert not {key for key in tests if before.issuperset(nodes[key].depends_on.nodes)}
    seeds = {key for key in nodes if nodes[key].resource_type == "seed"}
    tests = {key for key in before if nodes[key].resource_type == "test"}
    of_seeds = {key for key in tests if seeds.issuperset(nodes[key].depends_on.nodes)}
    assert before - kept == seeds | of_seeds
    assert {
        "model.plumbline.rpt_retraining_decision",
        "model.plumbline.feat_accounts_daily",
    } < before
    assert not any("rpt_alerts" in key or "rpt_at_risk" in key for key in before)


@pytest.mark.parametrize(("since", "is_full"), [("", True), ("2026-02-27", False)])
def test_a_night_leaves_out_seeds_that_tell_nothing_new(
    since: str, is_full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(_: Dbt, arguments: list[str], *more: object, **named: object) -> None:
        asked.extend(arguments)

    monkeypatch.setattr(Dbt, "_invoke", ask)
    dbt = Dbt(load_settings(raw=tmp_path), {"changed_since": since})
    dbt.manifest = Manifest()
    dbt.build(("+feat_accounts_daily",))
    assert ("path:seeds" not in asked) == is_full


def test_a_hook_is_neither_a_relation_nor_a_test() -> None:
    kinds = ("operation", "seed", "model", "model", "test", "unit_test")
    nodes = tuple(NodeOutcome(kind, "a", "success", "", 0) for kind in kinds)
    assert BuildOutcome(nodes).counted() == "3 relations, 2 tests"
    assert not BuildOutcome(nodes[:1]).tests
