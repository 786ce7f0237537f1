"""Why a value of a closed period moved: each cause on its own, over a file published before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import LAST_NIGHT, World

from plumbline.config import Settings, load_settings
from plumbline.night import restatements
from plumbline.night.gate import Night
from plumbline.store import ops
from plumbline.store.connections import open_private
from plumbline.store.dbt import Dbt

MONTH = "2026-01-01"
TOTAL = f"dimension_name = 'total' and grain = 'month' and period_start_date = date '{MONTH}'"
WAU = f"metric_name = 'wau' and {TOTAL}"


@pytest.fixture(scope="module")
def world(ci_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The last night, with a published file that tests may change."""
    return ci_world.copy(tmp_path_factory.mktemp("restated"))


@pytest.fixture(scope="module")
def manifest(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What dbt parsed."""
    dbt = Dbt(settings_of(world), {**settings_of(world).shaping_vars})
    dbt.parse()
    return dbt.manifest


def settings_of(world: World) -> Settings:
    """Where the world's files are."""
    settings = replace(load_settings(raw=world.raw), warehouse=world.warehouse)
    return replace(settings, target=world.folder / "target")


@pytest.fixture
def restated(world: World, manifest: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """What the last night restates, where the file published before is changed by `changes`."""

    def run(*changes: str) -> list[tuple[Any, ...]]:
        settings = settings_of(world)
        kept = settings.published_file.read_bytes()
        try:
            with duckdb.connect(str(settings.published_file)) as connection:
                connection.execute(f"attach '{settings.build_file}' as built (read_only)")
                for change in changes:
                    connection.execute(change)
                connection.execute("detach built")
            with open_private(settings) as connection:
                run_id, as_of = ops.last_published(connection) or ("", LAST_NIGHT)
                night = Night(run_id, as_of, ())
                restatements.record(connection, settings, night, manifest)
                return connection.execute(
                    "select metric_name, cause, difference, account_count, row_count"
                    " from ops.metric_restatements"
                    f" where {TOTAL} and recorded_at = (select max(recorded_at) from"
                    " ops.metric_restatements) and recorded_at > (select max(recorded_at)"
                    " from ops.runs where state = 'published') order by all"
                ).fetchall()
        finally:
            settings.published_file.write_bytes(kept)

    return run


def test_nothing_differs_from_itself(restated: Callable[..., list[tuple[Any, ...]]]) -> None:
    assert restated() == []


def test_a_changed_rate_moves_the_accounts_billed_in_it(
    restated: Callable[..., list[tuple[Any, ...]]], world: World
) -> None:
    billed = (
        "(select distinct account_id from built.staging.stg_subscription__subscription_versions"
        " where currency = 'eur')"
    )
    fact = "revenue.fct_account_mrr_monthly"
    cut = f"where month_start_date = date '{MONTH}'"
    found = restated(
        "update reference.currency_rates set usd_per_unit = 1.35 where currency = 'eur'",
        f"update {fact} set mrr_usd = mrr_usd * 1.25 {cut} and account_id in {billed}",
        f"update catalogue.metric_values set value = (select sum(mrr_usd) from {fact} {cut})"
        f" where metric_name = 'mrr' and {TOTAL}",
    )
    [(accounts, amount)] = world.read(
        f"select count(*), sum(mrr_usd) from {fact} {cut} and mrr_usd > 0 and account_id in"
        " (select distinct account_id from staging.stg_subscription__subscription_versions"
        " where currency = 'eur')",
        private=True,
    )
    assert accounts > 0
    [(metric, cause, difference, counted, rows)] = found
    assert (metric, cause, counted) == ("mrr", "rate", accounts)
    assert difference == pytest.approx(-0.25 * float(amount), rel=1e-4)
    assert rows >= accounts


def test_another_version_is_another_definition(
    restated: Callable[..., list[tuple[Any, ...]]],
) -> None:
    found = restated(
        "update catalogue.metrics_catalogue set version = version - 1 where metric_name = 'wau'",
        f"update catalogue.metric_values set value = value + 7 where {WAU}",
    )
    assert found == [("wau", "definition", -7.0, 0, 0)]


def test_what_no_row_explains_is_not_explained(
    restated: Callable[..., list[tuple[Any, ...]]],
) -> None:
    tampered = f"update catalogue.metric_values set value = value + 7 where {WAU}"
    assert restated(tampered) == [("wau", "unexplained", -7.0, 0, 0)]
    # of another project, it may be another definition
    mark = 'code_fingerprint": "'
    other_code = f"update ops.runs set detail = replace(detail, '{mark}', '{mark}x')"
    assert restated(tampered, other_code) == [("wau", "definition", -7.0, 0, 0)]


def test_masked_managers_are_compared_as_they_were_published(
    world: World, manifest: Any, tmp_path: Path
) -> None:
    """A manager's name is masked on both sides: a mask alone restates nothing."""
    settings = settings_of(world)
    masking = restatements.Masking(
        {("catalogue", "metric_values"): {"dimension_value": "dimension_name = 'owner'"}},
        b"0123456789abcdef",
    )
    selected, parameters = masking.selected("catalogue", "metric_values")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.build_file}' as built (read_only)")
        connection.execute("use built")
        connection.execute(f"attach '{tmp_path / 'earlier.duckdb'}' as earlier")
        connection.execute("create schema earlier.catalogue")
        connection.execute(
            f"create table earlier.catalogue.metric_values as select {selected}"
            " from catalogue.metric_values",
            parameters,
        )
        connection.execute(
            "create table earlier.catalogue.metrics_catalogue as from catalogue.metrics_catalogue"
        )
        restatements._find(connection, masking)
        assert connection.execute("select count(*) from restated").fetchall() == [(0,)]
        restatements._find(connection, restatements.Masking())
        assert connection.execute("select count(*) > 0 from restated").fetchall() == [(True,)]
