"""What a night asks of dbt, and how it tells what came of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from plumbline.config import load_settings
from plumbline.store.dbt import TESTS_OF_SEEDS, Dbt
from plumbline.store.outcomes import read_outcome


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


@pytest.mark.parametrize(("since", "is_full"), [("", True), ("2026-02-27", False)])
def test_a_night_leaves_out_tests_that_tell_nothing_new(
    since: str, is_full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Dbt, "_invoke", lambda _, arguments, *more: asked.extend(arguments))
    dbt = Dbt(load_settings(raw=tmp_path), {"changed_since": since})
    dbt.build(("+feat_accounts_daily",))
    assert (TESTS_OF_SEEDS not in asked) == is_full
